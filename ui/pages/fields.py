"""Fields of forms: each saves itself as an edit of the draft, and asks what there is to choose from."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse

from engine.definitions.drafts import locked_draft
from engine.definitions.errors import StaleRevisionError
from engine.definitions.kinds import Kind
from engine.edits.commands import parse
from engine.edits.errors import ClashError
from engine.edits.store import edit
from rules.documents.commands import CommandError
from ui.definitions.presentable import presentable
from ui.forms.deeds import DEEDS, Deed, command_for
from ui.forms.mistakes import Mistake
from ui.forms.posting import Sent
from ui.forms.shapes import KINDS
from ui.forms.shapes import Kind as FieldKind
from ui.pages.editing import revision_in
from ui.pages.form_ground import Workplace, workplace
from ui.pages.visit import Authoring, Key, Visit, Visiting
from ui.words.people import names_of

router = APIRouter()

Pointer = Annotated[str, Query(max_length=2000)]


@dataclass(frozen=True)
class Posted:
    """What came from a form: the deed, its place, what was typed, and the revisions that its author saw."""

    pointer: str
    deed: Deed
    sent: Sent
    option: str
    base: int | None
    over: int | None


async def _posted(request: Request) -> Posted:
    async with request.form(max_fields=200) as form:
        one = {name: value for name, value in form.multi_items() if isinstance(value, str)}
        texts = tuple(value for name, value in form.multi_items() if name == "value" and isinstance(value, str))
    mode = one.get("as", "")
    deed = one.get("op", "set")
    sent = Sent(cast("FieldKind", mode) if mode in KINDS else None, texts, one.get("otherwise", ""))
    wanted = deed if deed in DEEDS else "set"
    return Posted(
        one.get("pointer", ""), wanted, sent, one.get("option", ""), revision_in(one), revision_in(one, "over")
    )


@router.post("/edit/{kind}/{key}/field")
def save(visit: Authoring, kind: Kind, key: Key, posted: Annotated[Posted, Depends(_posted)]) -> HTMLResponse:
    """Save one field. The answer is what stands below it: the value in words, or why nothing was saved."""
    try:
        with visit.operate(whole_chain=True) as session:
            _save(visit, session, kind, key, posted)
    except Mistake as mistake:
        return _refused(visit, posted, mistake.told(visit.language))
    except CommandError as error:
        return _refused(visit, posted, error.zh if visit.language == "zh" else error.en)
    except StaleRevisionError as error:
        return _overtaken(visit, posted, error)
    with visit.begin() as session:
        return _saved(visit, workplace(visit, session, kind, key), posted)


def _save(visit: Visit, session: Session, kind: Kind, key: str, posted: Posted) -> None:
    """The deed as a command on the draft as it stands, which nobody else changes meanwhile."""
    locked_draft(session, kind, key)
    place = workplace(visit, session, kind, key)
    command = command_for(place.ground, posted.deed, posted.pointer, posted.sent, posted.option)
    if command is not None:
        edit(
            session,
            kind,
            key,
            parse(command),
            by=visit.actor,
            now=visit.now(),
            base=posted.base,
            over=posted.over,
            seat=visit.seat,
        )


def _saved(visit: Visit, place: Workplace, posted: Posted) -> HTMLResponse:
    shown = place.ground.field(posted.pointer, replace(posted.sent, mode=None))
    context = {"form": place, "field": shown, "saved": place.base != posted.base, "base": place.base}
    answer = visit.render("forms/_said.html", context)
    if place.base != posted.base:
        answer.headers["HX-Trigger"] = json.dumps({"draft-changed": {"revision": place.base, "target": "body"}})
    return answer


def _refused(visit: Visit, posted: Posted, why: str) -> HTMLResponse:
    return visit.render("forms/_refused.html", {"why": why, "base": posted.base}, status=422)


def _overtaken(visit: Visit, posted: Posted, error: StaleRevisionError) -> HTMLResponse:
    """Somebody else changed the same place: what they left, what was typed, and both ways on."""
    with visit.begin() as session:
        who = names_of(session, [error.by or ""], visit.language)[error.by or ""]
    clash = error.clash if isinstance(error, ClashError) else None
    context = {
        "who": who,
        "at": error.at,
        "theirs": presentable(clash.theirs) if clash else None,
        "mine": presentable(clash.mine) if clash else None,
        "revision": clash.revision if clash else error.current,
        "base": posted.base,
    }
    return visit.render("forms/_clash.html", context, status=412)


@router.get("/edit/{kind}/{key}/field")
def show(
    visit: Visiting, kind: Kind, key: Key, pointer: Pointer, mode: Annotated[str, Query(alias="as")] = ""
) -> HTMLResponse:
    """One field anew, perhaps in another of its modes. Nothing is changed by looking."""
    with visit.begin() as session:
        place = workplace(visit, session, kind, key)
        wanted = cast("FieldKind", mode) if mode in KINDS else None
        shown = place.ground.field(pointer, Sent(wanted))
        return visit.render("forms/_field.html", {"form": place, "field": shown})
