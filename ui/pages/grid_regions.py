"""The parts of a ruleset's editor beside its table: what is found, what tests say, and trying it on facts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path
from starlette.responses import HTMLResponse, Response

from engine.audiences.counting import Counting
from engine.audiences.findings import with_counts
from engine.definitions.accepted import Accepting, Checked, accept
from engine.definitions.errors import DefinitionError
from engine.journeys.findings import Finding
from engine.rulesets.fields import ruleset_fields, seen_by
from rules.documents.commands import Mend
from rules.documents.report import Report
from rules.tables.compile import examine
from rules.tables.decide import Decision
from rules.tables.table import Table
from rules.tables.trials import run_tests
from rules.types import Json
from ui.definitions.finding_words import place_told
from ui.definitions.places import address_of, slot_of
from ui.http.problems import Forbidden
from ui.messages import Language, known, text
from ui.pages.editing import carried_out, told
from ui.pages.grid import Opened, open_ruleset
from ui.pages.trials import Trial, sent_form, trial_of
from ui.pages.visit import Authoring, Key, Visit, Visiting
from ui.trying.facts import fill

router = APIRouter()

Sent = Annotated[dict[str, str], Depends(sent_form)]


@dataclass(frozen=True)
class Told:
    """A finding as the page tells it: its name, where it is, the rows that it is about, and how to do away with it."""

    found: Finding
    name: str
    place: str
    href: str
    rows: Sequence[str]
    mends: Sequence[tuple[str, str]]

    @property
    def may_accept(self) -> bool:
        """Whether an author may live with it."""
        return self.found.severity == "warning" and self.found.accepted is None


@router.get("/rules/{key}/edit/findings")
def show_findings(visit: Visiting, key: Key) -> HTMLResponse:
    """What the checks and proofs find, errors first, each with its rows, its cases, and what can be done."""
    opened = open_ruleset(visit, key)
    pairs = visit.deps.findings.with_mends(visit.deps, "ruleset", key, opened.editable.text)
    found = _counted(visit, opened, [each for each, _ in pairs])
    listed = [_told(visit, opened, each, ways) for each, (_, ways) in zip(found, pairs, strict=True)]
    ranked = sorted(listed, key=lambda each: (each.found.accepted is not None, each.found.severity != "error"))
    context = {"shown": opened.shown, "findings": ranked, "marks": _marks(ranked, visit.language)}
    context |= {"may_edit": visit.may_operate_chain, "revision": opened.editable.revision}
    return visit.render("grid/_findings.html", context)


@router.post("/rules/{key}/edit/findings/accept")
def accept_finding(
    visit: Authoring,
    key: Key,
    code: Annotated[str, Form(max_length=100)],
    reason: Annotated[str, Form(max_length=2_000)] = "",
    row: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Accept warnings of one code about just these rows, for a reason; the list is answered anew."""
    if not reason.strip():
        return told(visit, text(visit.language, "grid.accept.no_reason"))
    opened = open_ruleset(visit, key)
    found = visit.deps.findings.of(visit.deps, "ruleset", key, opened.editable.text)
    try:
        with visit.operate(whole_chain=True) as session:
            checked = Checked("ruleset", key, opened.editable.document, found)
            accept(session, checked, Accepting(code, row or [], reason.strip()), by=visit.actor, now=visit.now())
    except DefinitionError:
        return told(visit, text(visit.language, "grid.accept.gone"))
    return show_findings(visit, key)


@router.get("/rules/{key}/edit/tests")
def show_tests(visit: Visiting, key: Key) -> HTMLResponse:
    """The tests with what came of each, and which rows they visit."""
    opened = open_ruleset(visit, key)
    table = compiled(opened)
    report = run_tests(table) if table is not None else None
    tests = opened.editable.document.get("tests")
    context = {
        "shown": opened.shown,
        "document": opened.editable.document,
        "report": report,
        "names": [_name(each) for each in tests] if isinstance(tests, list) else [],
        "marks": _visited(report),
        "may_edit": visit.may_operate_chain,
        "revision": opened.editable.revision,
    }
    return visit.render("grid/_tests.html", context)


@router.post("/rules/{key}/edit/tests")
def add_test(
    visit: Authoring,
    key: Key,
    test: Annotated[str, Form(max_length=200_000)],
    name: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """A try kept as a test."""
    try:
        given = json.loads(test)
    except ValueError:
        given = None
    if not isinstance(given, dict) or not name.strip():
        return told(visit, text(visit.language, "grid.test.no_name"))
    command: Json = {"command": "add_test", "test": {**given, "name": name.strip()}}
    return carried_out(visit, "ruleset", key, command, None)


@router.post("/rules/{key}/edit/tests/{n}/name")
def rename_test(
    visit: Authoring,
    key: Key,
    n: Annotated[int, Path(ge=0)],
    name: Annotated[str, Form(max_length=200)] = "",
    base: Annotated[int | None, Form(ge=0)] = None,
) -> Response:
    """Another name for a test."""
    if not name.strip():
        return told(visit, text(visit.language, "grid.test.no_name"))
    return carried_out(
        visit, "ruleset", key, {"command": "set", "pointer": f"/tests/{n}/name", "value": name.strip()}, base
    )


@router.get("/rules/{key}/edit/try")
def show_trial(visit: Visiting, key: Key) -> HTMLResponse:
    """The form for facts, or for a member."""
    table = compiled(open_ruleset(visit, key))
    return _trial(visit, key, Trial(fill(table, {}, visit.language) if table is not None else None))


@router.post("/rules/{key}/edit/try")
def try_out(visit: Visiting, key: Key, sent: Sent) -> HTMLResponse:
    """What the draft says of what was written; nothing is recorded."""
    table = compiled(open_ruleset(visit, key))
    if table is None:
        return _trial(visit, key, Trial(None))
    with visit.begin() as session:
        trial = trial_of(visit, session, table, sent)
    return _trial(visit, key, trial)


def compiled(opened: Opened) -> Table | None:
    """The table of a draft that has no problems."""
    context = opened.grid.context
    table, problems = examine(opened.editable.document, ruleset_fields(context), context.conditions)
    return None if problems else table


def demand_author(visit: Visit) -> None:
    """Raises Forbidden for whoever may only look."""
    if not visit.may_operate_chain:
        raise Forbidden("Rulesets hold for the whole chain: whoever may only look, or is bound to a store, edits none.")


def _trial(visit: Visit, key: str, trial: Trial) -> HTMLResponse:
    marks = _decided(trial.tried.decision, visit.language) if trial.tried is not None else {}
    context = {"base": f"/rules/{key}", "trial": trial, "marks": marks, "may_edit": visit.may_operate_chain}
    return visit.render("grid/_trial.html", context)


def _decided(decision: Decision, language: Language) -> dict[str, Json]:
    """Which rows a try matched, and which could not be decided."""
    open_rows = {*decision.undecided, *(decision.rows if decision.reason == "uncertain" else ())}
    kinds = dict.fromkeys(decision.rows, "hit") | dict.fromkeys(open_rows, "undecided")
    return {row: [{"kind": kind, "said": text(language, f"grid.mark.{kind}")}] for row, kind in kinds.items()}


def _counted(visit: Visit, opened: Opened, found: list[Finding]) -> list[Finding]:
    """The findings with who is in their boxes today, as far as the visitor may see."""
    if all(each.box is None for each in found):
        return found
    fields, zone = seen_by(opened.editable.document, opened.grid.context)
    with visit.begin() as session:
        return with_counts(Counting(session, visit.deps.keys, fields, visit.now(), zone), found)


def _told(visit: Visit, opened: Opened, found: Finding, ways: Sequence[Mend]) -> Told:
    key = f"grid.code.{found.code}"
    name = text(visit.language, key) if known(visit.language, key) else found.code
    offers = [(mend.title[visit.language], _command(mend)) for mend in ways]
    place = place_told(opened.editable.document, visit.deps.catalogue, found.pointer, visit.language)
    href = address_of("ruleset", opened.shown.key, found.pointer, found.rows)
    return Told(found, name, place, href, found.rows or _row_at(opened, found.pointer), offers)


def _command(mend: Mend) -> str:
    """A mend as one command, so that it is undone at once."""
    if len(mend.commands) == 1:
        return json.dumps([{**mend.commands[0]}])
    several: Mapping[str, Json] = {
        "command": "several",
        "title": {**mend.title},
        "commands": [*map(dict, mend.commands)],
    }
    return json.dumps([several])


def _row_at(opened: Opened, pointer: str) -> Sequence[str]:
    """The id of the row that a pointer leads into."""
    steps = pointer.split("/")
    rows = opened.grid.rows
    if steps[1:2] != ["rows"] or len(steps) < 3 or not steps[2].isdecimal() or int(steps[2]) >= len(rows):
        return ()
    row = rows[int(steps[2])]
    name = row.get("id") if isinstance(row, dict) else None
    return (name,) if isinstance(name, str) else ()


def _marks(listed: Sequence[Told], language: Language) -> dict[str, Json]:
    """What the rows of the table show of the findings, and the parts around it."""
    marks: dict[str, list[Json]] = {}
    for each in listed:
        if each.found.accepted is None and each.found.code != "changed":
            places = [] if each.found.pointer.startswith("/rows/") else [slot_of(each.found.pointer)]
            for place in [*each.rows, *places]:
                note: Json = {"kind": each.found.severity, "said": each.found.message[language]}
                marks.setdefault(place, []).append(note)
    return {**marks}


def _visited(report: Report | None) -> dict[str, Json]:
    """Which rows tests visit."""
    note: Json = {"kind": "tested", "said": ""}
    return {str(row): [note] for row, seen in (report.coverage if report is not None else ()) if seen}


def _name(test: Json) -> str:
    name = test.get("name") if isinstance(test, dict) else None
    return name if isinstance(name, str) else "?"
