"""What the checks find in a draft, each at its place, with one-click mends."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Form, Response
from starlette.responses import HTMLResponse

from engine.definitions.accepted import Accepting, Checked, accept
from engine.definitions.errors import DefinitionError
from engine.definitions.kinds import Kind
from engine.definitions.source import read_source
from engine.edits.store import editable
from engine.journeys.findings import Finding
from rules.documents.commands import Mend
from rules.types import Json
from ui.definitions.finding_words import place_told
from ui.definitions.places import address_of
from ui.messages import text
from ui.pages.editing import Key, told
from ui.pages.visit import Authoring, Visit, Visiting

router = APIRouter(prefix="/edit/{kind}/{key}")

ACCEPTED = json.dumps({"finding-accepted": {"target": "body"}})
"""Tells the parts of a page that a warning is none any more, though the draft is the same."""


@dataclass(frozen=True)
class Offer:
    """A mend as a button: what it is called, and its command."""

    title: str
    command: str


@dataclass(frozen=True)
class Problem:
    """A finding as the list shows it: where it is in words, where that is edited, and what can be done."""

    found: Finding
    place: str
    href: str
    offers: Sequence[Offer]

    @property
    def may_accept(self) -> bool:
        """Whether an author may live with it."""
        return self.found.severity == "warning" and self.found.accepted is None


@router.get("/problems")
def show_problems(visit: Visiting, kind: Kind, key: Key) -> HTMLResponse:
    """The list, errors first; the page asks for it again whenever the draft changes."""
    return _list(visit, kind, key)


def _list(visit: Visit, kind: Kind, key: str, just_accepted: tuple[str, str, str | None] | None = None) -> HTMLResponse:
    """The list; `just_accepted` has the focus, by its code, its pointer and the other journey."""
    with visit.begin() as session:
        draft = editable(session, kind, key)
    found = visit.deps.findings.with_mends(visit.deps, kind, key, draft.text)
    ranked = sorted(found, key=lambda each: (each[0].accepted is not None, each[0].severity != "error"))
    context = {
        "base": f"/edit/{kind}/{key}",
        "revision": draft.revision,
        "problems": [_problem(visit, kind, key, draft.document, *each) for each in ranked],
        "errors": sum(each.severity == "error" for each, _ in found),
        "warnings": sum(each.severity != "error" and not each.accepted for each, _ in found),
        "may_edit": visit.may_operate_chain,
        "just_accepted": just_accepted,
    }
    return visit.render("editing/_problems.html", context)


@router.post("/problems/accept")
def accept_problem(
    visit: Authoring,
    kind: Kind,
    key: Key,
    code: Annotated[str, Form(max_length=100)],
    pointer: Annotated[str, Form(max_length=2_000)],
    other: Annotated[str | None, Form(max_length=200)] = None,
    reason: Annotated[str, Form(max_length=2_000)] = "",
) -> Response:
    """Accept a warning at a place, for a reason; the list is answered anew."""
    with visit.begin() as session:
        draft = editable(session, kind, key).text
    refused = accept_at(visit, kind, key, draft, Accepting(code, (), reason.strip(), pointer, other))
    if refused is not None:
        return told(visit, text(visit.language, refused))
    answer = _list(visit, kind, key, (code, pointer, other))
    answer.headers["HX-Trigger"] = ACCEPTED
    return answer


def accept_at(visit: Visit, kind: Kind, key: str, draft: str, accepting: Accepting) -> str | None:
    """Accept a warning of a draft's text, whatever its rows. Where nothing was accepted, the key of what to say."""
    if not accepting.reason:
        return "grid.accept.no_reason"
    found = visit.deps.findings.of(visit.deps, kind, key, draft)
    place = (accepting.code, accepting.pointer)
    rows = next((each.rows for each in found if (each.code, each.pointer) == place), ())
    try:
        with visit.operate(whole_chain=True) as session:
            checked = Checked(kind, key, read_source(draft).document, found)
            accept(session, checked, replace(accepting, rows=rows), by=visit.actor, now=visit.now())
    except DefinitionError:
        return "edits.accept_gone"
    return None


def _problem(
    visit: Visit, kind: Kind, key: str, document: dict[str, Json], found: Finding, mends: Sequence[Mend]
) -> Problem:
    offers = [offer_of(visit, mend) for mend in mends]
    place = place_told(document, visit.deps.catalogue, found.pointer, visit.language)
    return Problem(found, place, address_of(kind, key, found.pointer, found.rows), offers)


def offer_of(visit: Visit, mend: Mend) -> Offer:
    """A mend as a button."""
    command = {"command": "several", "title": {**mend.title}, "commands": [{**each} for each in mend.commands]}
    return Offer(mend.title[visit.language], json.dumps(command))
