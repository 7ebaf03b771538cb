"""Rulesets: the list, one as a table in words with its tests and versions, what the checks find, and trying it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, Response

from engine.decisions.asking import Question, facts_for, subject_of
from engine.decisions.changing import would_change
from engine.decisions.errors import DecisionError
from engine.definitions.drafts import find_draft
from engine.definitions.listing import Shown, VersionItem, list_shown, list_versions, show
from engine.definitions.source import read_source
from engine.journeys.findings import Finding
from engine.rulesets.fields import ruleset_fields
from engine.rulesets.tables import MEDIA_TYPES, Form, export_table
from rules.documents.report import Report
from rules.scalars import parse_instant
from rules.tables.compile import examine
from rules.tables.decide import Decision, decide
from rules.tables.explain import explain, masked_outcome
from rules.tables.sheet import SheetError
from rules.tables.sheet_reading import TableError
from rules.tables.table import Table
from rules.tables.trials import run_tests
from rules.types import Json
from ui.checking import check_context, find
from ui.decision_tables import named, table_view
from ui.lists import LARGEST_VERSION
from ui.pages.visit import Visit, Visiting
from ui.problems import NotFound, Unprocessable
from ui.ruleset_terms import terms_of
from ui.trying import Filled, fill

router = APIRouter()

Key = Annotated[str, Path(max_length=63)]
Number = Annotated[int, Query(ge=1, le=LARGEST_VERSION)]
Chosen = Annotated[Number | Literal["draft"] | None, Query(alias="version")]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A ruleset as it is looked at: a version or the draft, its table, and its tests where they could run."""

    shown: Shown
    document: dict[str, Json]
    table: Table | None
    versions: Sequence[VersionItem]
    is_draft: bool = False

    @cached_property
    def report(self) -> Report | None:
        """What its tests say."""
        return run_tests(self.table) if self.table is not None else None


@dataclass(frozen=True)
class Tried:
    """What came of a try; `outcome` is that of the decision, with what is personal masked."""

    decision: Decision
    outcome: Json
    missing: str
    explanation: Mapping[str, Json]


@dataclass(frozen=True)
class Trial:
    """The form as it was sent, and what came of it, or why nothing did."""

    form: Filled | None
    sent: Mapping[str, str] = field(default_factory=dict)
    tried: Tried | None = None
    failure: str | None = None


@router.get("/rules")
def show_list(visit: Visiting) -> HTMLResponse:
    """All rulesets, those that are live first."""
    with visit.begin() as session:
        found = list_shown(session, "ruleset")
    ordered = sorted(found, key=lambda shown: (shown.condition != "live", shown.key))
    return visit.render("rules/list.html", {"rulesets": ordered})


@router.get("/rules/{key}")
def show_ruleset(
    visit: Visiting, key: Key, version: Chosen = None, first: Annotated[int, Query(alias="from", ge=1)] = 1
) -> HTMLResponse:
    """The table in words, its tests, its versions, and a form to try it."""
    with visit.begin() as session:
        seen = _seen(visit, session, key, version)
    form = fill(seen.table, {}, visit.language) if seen.table is not None else None
    return _page(visit, seen, version, Trial(form), first)


@router.get("/rules/{key}/draft/table")
def download_table(visit: Visiting, key: Key, form: Annotated[Form, Query(alias="format")] = "xlsx") -> Response:
    """The rows of the draft as a file for a spreadsheet."""
    with visit.begin() as session:
        draft = find_draft(session, "ruleset", key)
        if draft is None:
            raise NotFound(f"There is no draft of the ruleset {key!r}.")
        context = check_context(visit.deps, session)
        document = read_source(draft.document).document
    try:
        content = export_table(document, form, context)
    except (SheetError, TableError) as error:
        raise Unprocessable("The draft cannot be told as a table; mend what the checks find.") from error
    headers = {"Content-Disposition": f'attachment; filename="{key}.{form}"'}
    return Response(content, media_type=MEDIA_TYPES[form], headers=headers)


@router.get("/rules/{key}/findings")
def show_findings(visit: Visiting, key: Key, version: Chosen = None) -> HTMLResponse:
    """The fragment with what the checks find; asked for by the page, since proofs take a moment."""
    with visit.begin() as session:
        seen = _seen(visit, session, key, version)
    found = find(visit.deps, "ruleset", key, seen.document, in_sight=visit.begin)
    return visit.render("rules/_findings.html", {"findings": [(each, _row_of(each, seen)) for each in found]})


async def _sent(request: Request) -> dict[str, str]:
    """The entries of the form."""
    async with request.form() as form:
        return {name: text for name, text in form.items() if isinstance(text, str)}


@router.post("/rules/{key}/try")
def try_out(
    visit: Visiting, key: Key, sent: Annotated[dict[str, str], Depends(_sent)], version: Chosen = None
) -> HTMLResponse:
    """What the ruleset says of what was written. Nothing is recorded."""
    with visit.begin() as session:
        seen = _seen(visit, session, key, version)
        if seen.table is None:
            raise NotFound(f"The ruleset {key!r} has errors and decides nothing; mend what the checks find.")
        trial = _trial(visit, session, seen.table, sent)
    return _page(visit, seen, version, trial)


def _page(visit: Visit, seen: Seen, version: int | str | None, trial: Trial, first: int = 1) -> HTMLResponse:
    table = seen.table
    given = {
        "seen": seen,
        "shown": seen.shown,
        "version": version,
        "view": table_view(table, seen.report, visit.language, first) if table is not None else None,
        "ruleset": table.document if table is not None else None,
        "terms": terms_of(table, visit.language) if table is not None else None,
        "trial": trial,
    }
    return visit.render("rules/ruleset.html", given)


def _seen(visit: Visit, session: Session, key: str, version: int | str | None) -> Seen:
    """What is looked at; a ruleset that was never published is its draft. Raises NotFound."""
    shown = show(session, "ruleset", key, version if isinstance(version, int) else None)
    draft = find_draft(session, "ruleset", key)
    if shown is None or (version == "draft" and draft is None):
        raise NotFound(f"There is no ruleset {key!r}" + (f" with a version {version}." if version else "."))
    versions = list_versions(session, "ruleset", key)
    if shown.version is not None and version != "draft":
        table = visit.deps.rulesets.version(session, key, shown.version).table
        return Seen(shown=shown, document=shown.document, table=table, versions=versions)
    document = read_source(draft.document).document if draft is not None else shown.document
    return Seen(shown=shown, document=document, table=_drafted(visit, document), versions=versions, is_draft=True)


def _drafted(visit: Visit, document: dict[str, Json]) -> Table | None:
    """The table of a draft, if it has no problems."""
    with visit.deps.database.begin() as session:
        around = check_context(visit.deps, session)
    table, problems = examine(document, ruleset_fields(around), around.conditions)
    return None if problems else table


def _trial(visit: Visit, session: Session, table: Table, sent: Mapping[str, str]) -> Trial:
    """What comes of a form as it was sent."""
    form = fill(table, sent, visit.language)
    try:
        now = _now(sent.get("now", ""), table, visit.now())
    except ValueError:
        return Trial(form, sent, failure="now")
    if form.failed:
        return Trial(form, sent, failure="entry")
    question = Question(now, sent.get("subject", "").strip() or None, form.facts)
    try:
        subject = subject_of(session, visit.deps.keys, question)
    except DecisionError:
        return Trial(form, sent, failure="subject")
    [facts] = facts_for(session, visit.deps.keys, table, [(question, subject)])
    return Trial(form, sent, _tried(visit, table, facts, now))


def _tried(visit: Visit, table: Table, facts: Mapping[str, Json], now: datetime) -> Tried:
    decision = decide(table, facts, now=now)
    rows = {*decision.rows, *decision.undecided}
    why = explain(table, facts, now=now, zone=table.zone, rows=rows)
    changed = would_change(table, facts, now=now, zone=table.zone, proofs=visit.deps.proofs)
    outcome = masked_outcome(table, decision.outcome)
    missing = named(decision.missing, table.known, visit.language)
    return Tried(decision, outcome, missing, {**why, "would_change": changed})


def _now(text: str, table: Table, present: datetime) -> datetime:
    if not text.strip():
        return present
    at = datetime.fromisoformat(text.strip())
    return parse_instant((at if at.tzinfo else at.replace(tzinfo=table.zone)).isoformat())


def _row_of(finding: Finding, seen: Seen) -> str | None:
    """The id of the row that a finding is about, if it is about one."""
    steps = finding.pointer.split("/")
    rows = seen.document.get("rows")
    if steps[1:2] != ["rows"] or len(steps) < 3 or not steps[2].isdecimal() or not isinstance(rows, list):
        return None
    row = rows[int(steps[2])] if int(steps[2]) < len(rows) else None
    return str(row["id"]) if isinstance(row, dict) and isinstance(row.get("id"), str) else None
