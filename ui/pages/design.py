"""The page on which a journey is designed: its picture with buttons on the ways, its outline, what is chosen in it.

The regions of the page fetch themselves again when the draft changes; what changes it is in `ui.pages.editing`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse

from engine.definitions.listing import Listed, Shown, list_shown
from engine.edits.store import Editable, editable
from engine.journeys.findings import Finding
from rules.limits import escape
from rules.types import Json
from ui.definitions.checking import check_context
from ui.forms.panels import PARTS
from ui.journeys.deciding import branches, decisions
from ui.journeys.design import Design, design
from ui.journeys.palette import Group, palette
from ui.pages.edit_problems import Offer, offer_of
from ui.pages.journeys import find as find_shown
from ui.pages.visit import Key, Visit, Visiting

router = APIRouter()

Node = Annotated[str | None, Query(max_length=100)]
Part = Annotated[str | None, Query(max_length=40)]


@dataclass(frozen=True)
class Desk:
    """A journey on the author's desk: what is published under its key, and what is being worked on."""

    shown: Shown
    draft: Editable
    design: Design

    @property
    def revision(self) -> int:
        """The draft's revision; 0 while the live version stands for it."""
        return self.draft.revision


@router.get("/journeys/{key}/edit")
def show_editor(visit: Visiting, key: Key, node: Node = None, part: Part = None) -> HTMLResponse:
    """The whole page. Whoever may only look sees the same without what would change anything."""
    desk = _desk(visit, key, with_decisions=True)
    context = {**_context(visit, desk, node), "palette": _palette(visit) if visit.may_operate_chain else ()}
    return visit.render("design/editor.html", {**context, "part": None if context["step"] else _known(part)})


@router.get("/journeys/{key}/edit/graph")
def show_graph(visit: Visiting, key: Key, node: Node = None) -> HTMLResponse:
    """The fragment with picture and outline."""
    desk = _desk(visit, key, with_decisions=True)
    return visit.render("design/_graph.html", _context(visit, desk, node))


@router.get("/journeys/{key}/edit/chosen")
def show_chosen(visit: Visiting, key: Key, node: Node = None, part: Part = None) -> HTMLResponse:
    """The fragment with what can be done with the chosen node; of the chosen part, what it is called."""
    desk = _desk(visit, key)
    return visit.render("design/_chosen.html", {**_context(visit, desk, node), "part": _known(part)})


def _known(part: str | None) -> str | None:
    return part if part in PARTS else None


def _context(visit: Visit, desk: Desk, node: str | None) -> dict[str, object]:
    step = desk.design.find(node)
    return {
        "step": step,
        "troubles": _troubles(visit, desk, step.id) if step else (),
        "desk": desk,
        "shown": desk.shown,
        "design": desk.design,
        "base": f"/journeys/{desk.shown.key}",
        "editing": visit.may_operate_chain,
    }


def _troubles(visit: Visit, desk: Desk, node: str) -> list[tuple[Finding, list[Offer]]]:
    """What was found at a node, and how to do away with it."""
    found = visit.deps.findings.with_mends(visit.deps, "journey", desk.shown.key, desk.draft.text)
    place = f"/nodes/{escape(node)}"
    here = [(each, mends) for each, mends in found if f"{each.pointer}/".startswith(f"{place}/")]
    return [(each, [offer_of(visit, mend) for mend in mends]) for each, mends in here]


def _desk(visit: Visit, key: str, *, with_decisions: bool = False) -> Desk:
    """The journey as it is drawn; what its branches decide on is read for those who show it."""
    with visit.begin() as session:
        shown = find_shown(session, key)
        draft = editable(session, "journey", key)
    decided = _decided(visit, draft.document) if with_decisions else {}
    found = visit.deps.findings.of(visit.deps, "journey", key, draft.text)
    return Desk(shown, draft, design(draft.document, found, visit.deps.catalogue, visit.language, decided))


def _decided(visit: Visit, document: dict[str, Json]) -> Mapping[str, str]:
    if not any(branches(document)):
        return {}
    with visit.deps.database.begin() as session:
        return decisions(document, check_context(visit.deps, session), visit.language)


def _palette(visit: Visit) -> tuple[Group, ...]:
    with visit.begin() as session:
        rulesets, journeys = _live(session, "ruleset"), _live(session, "journey")
    return palette(visit.deps.catalogue, rulesets, journeys, visit.language)


def _live(session: Session, kind: str) -> list[Listed]:
    return [shown for shown in list_shown(session, kind) if shown.condition in {"live", "paused"}]
