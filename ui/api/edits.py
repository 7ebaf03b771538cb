"""Edits of drafts: commands that change a part of a draft, taken back and done again in one line of history."""

import secrets
from typing import Annotated, Any

from fastapi import Body, Response
from pydantic import BaseModel

from engine.definitions.kinds import Kind
from engine.edits import store
from engine.edits.commands import described, parse
from engine.edits.store import Edited
from rules.types import Json
from ui.api.definitions import Author, Key
from ui.http.conditional import IfMatch, revision_tag, revisions_in
from ui.http.problems import FieldError, Unprocessable
from ui.http.routing import api_router

router = api_router(tags=["Definitions"], takes_rules=True)

_COMMANDS = "One command. " + " ".join(f"`{name}`: {does}" for name, does in described().items())
Given = Annotated[dict[str, Any], Body(description=_COMMANDS, openapi_examples={"set": {"value": {
    "command": "set", "pointer": "/title", "value": "Welcome", "base": 3,
}}})]  # fmt: skip


class EditAnswer(BaseModel):
    """The draft's revision now, and the number of the edit; null if the command changed nothing."""

    revision: int
    edit: int | None


@router.post("/definitions/{kind}/{key}/draft/commands")
def edit_draft(
    response: Response, caller: Author, kind: Kind, key: Key, body: Given, if_match: IfMatch = None
) -> EditAnswer:
    """Change a part of the draft; where there is none, it begins as the live version.

    `base` is the revision that you saw: what others changed since stays, and 412 tells who changed the same place.
    """
    base, command = _base(body), parse({name: value for name, value in body.items() if name != "base"})
    with caller.begin() as session:
        done = store.edit(
            session,
            kind,
            key,
            command,
            by=caller.actor,
            now=caller.now(),
            base=base,
            if_match=revisions_in(if_match),
            seat=secrets.token_hex(4),  # two requests of one key are two authors
        )
    return _answer(response, done)


@router.post("/definitions/{kind}/{key}/draft/undo")
def undo_edit(response: Response, caller: Author, kind: Kind, key: Key) -> EditAnswer:
    """Take back the latest edit that stands, whoever made it; 409 when there is none."""
    with caller.begin() as session:
        done = store.undo(session, kind, key, by=caller.actor, now=caller.now())
    return _answer(response, done)


@router.post("/definitions/{kind}/{key}/draft/redo")
def redo_edit(response: Response, caller: Author, kind: Kind, key: Key) -> EditAnswer:
    """Do the edit again that was taken back last; 409 when there is none."""
    with caller.begin() as session:
        done = store.redo(session, kind, key, by=caller.actor, now=caller.now())
    return _answer(response, done)


def _base(body: dict[str, Json]) -> int | None:
    base = body.get("base")
    if base is None:
        return None
    if isinstance(base, int) and not isinstance(base, bool) and base >= 0:
        return base
    told = FieldError("/base", "The revision that you saw, as a number from 0.")
    raise Unprocessable("The request cannot be used; see errors.", errors=[told])


def _answer(response: Response, done: Edited) -> EditAnswer:
    response.headers["ETag"] = revision_tag(done.revision)
    return EditAnswer(revision=done.revision, edit=done.n or None)
