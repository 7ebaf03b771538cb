"""The bar of an editor's page: saved when and by whom, what undo and redo would do, who else is here.

`pulse` is asked every few seconds: it keeps the visitor present, and tells what others changed meanwhile.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse

from engine.definitions.drafts import revision_of
from engine.definitions.kinds import Kind
from engine.definitions.listing import show
from engine.edits import log, presence
from engine.edits.models import DraftEdit
from engine.edits.presence import Present
from engine.edits.store import editable
from ui.definitions.places import deed_words
from ui.messages import text
from ui.pages.editing import Key
from ui.pages.visit import Visit, Visiting
from ui.words.people import names_of

router = APIRouter(prefix="/edit/{kind}/{key}")

_TOLD = 5


@dataclass(frozen=True)
class Step:
    """What undo or redo would do: which edit, what it did, whose it is."""

    n: int
    deed: str
    who: str
    is_own: bool


@dataclass(frozen=True)
class Change:
    """What somebody else did to the draft."""

    who: str
    at: datetime
    deed: str


@router.get("/bar")
def show_bar(visit: Visiting, kind: Kind, key: Key) -> HTMLResponse:
    """The bar, which the page asks for again whenever the draft or those who are here change."""
    with visit.begin() as session:
        draft, shown = editable(session, kind, key), show(session, kind, key)
        around = presence.others(session, kind, key, seat=visit.seat, now=visit.now())
        steps = [log.next_undone(session, kind, key), log.next_redone(session, kind, key)]
        actors = {draft.by, *(each.by for each in around), *(step.by for step in steps if step)}
        names = names_of(session, actors, visit.language)
    undo, redo = (_step(visit, step, names[step.by]) if step else None for step in steps)
    context = {
        "base": f"/edit/{kind}/{key}",
        "draft": draft,
        "shown": shown,
        "saved_by": names[draft.by],
        "undo": undo,
        "redo": redo,
        "people": [_name(visit, each, names[each.by]) for each in around],
        "mark": _mark(around),
        "may_edit": visit.may_operate_chain,
    }
    return visit.render("editing/_bar.html", context)


@router.get("/changes")
def show_changes(visit: Visiting, kind: Kind, key: Key) -> HTMLResponse:
    """The fragment beside the definition's state: whether the draft says something else than what is live."""
    with visit.begin() as session:
        shown = show(session, kind, key)
    context = {"kind": kind, "key": key, "has_changes": shown is not None and shown.has_changes}
    return visit.render("editing/_changes_mark.html", context)


@router.get("/pulse")
def pulse(
    visit: Visiting,
    kind: Kind,
    key: Key,
    revision: Annotated[int, Query(ge=0)],
    told: Annotated[int | None, Query(ge=0)] = None,
    people: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """What happened since the page showed `revision`, and what others did since `told`: a notice, or nothing."""
    told = revision if told is None else told
    with visit.begin() as session:
        now = _present(visit, session, kind, key)
        around = presence.others(session, kind, key, seat=visit.seat, now=visit.now())
        found = log.since(session, kind, key, told, limit=50) if now > told else []
        others = [row for row in found if row.seat is None or (row.by, row.seat) != (visit.actor, visit.seat)]
        names = names_of(session, {row.by for row in others}, visit.language)
    changes = [Change(names[row.by], row.at, _told(visit, row)) for row in others[:_TOLD]]
    events: dict[str, object] = {}
    if now != revision:
        events["draft-changed"] = {"revision": now, "target": "body"}
    if now != told:
        events["others-told"] = {"revision": now, "target": "body"}
    if _mark(around) != people:
        events["presence-changed"] = {"target": "body"}
    answer: Response = Response(status_code=204)
    if changes:
        answer = visit.render("editing/_changes.html", {"changes": changes, "more": len(others) - len(changes)})
    if events:
        answer.headers["HX-Trigger"] = json.dumps(events)
    return answer


def _present(visit: Visit, session: Session, kind: Kind, key: str) -> int:
    """The draft's revision; those who may edit it are noted as present. Raises UnknownDefinitionError."""
    if visit.may_operate_chain:
        presence.seen(session, kind, key, by=visit.actor, seat=visit.seat, now=visit.now())
    revision = revision_of(session, kind, key)
    return editable(session, kind, key).revision if revision is None else revision


def _step(visit: Visit, row: DraftEdit, who: str) -> Step:
    deed = deed_words(json.loads(row.command), visit.language)
    return Step(row.n, deed, who, row.by == visit.actor)


def _told(visit: Visit, row: DraftEdit) -> str:
    deed = deed_words(json.loads(row.command), visit.language)
    if row.deed in ("undo", "redo"):
        return text(visit.language, f"edits.did_{row.deed}", deed=deed)
    return deed


def _name(visit: Visit, present: Present, name: str) -> str:
    return text(visit.language, "edits.other_window") if present.by == visit.actor else name


def _mark(around: Sequence[Present]) -> str:
    """Tells one set of people from another, so that the page notices a change."""
    seats = " ".join(each.seat for each in around)
    return hashlib.sha256(seats.encode()).hexdigest()[:8] if around else ""
