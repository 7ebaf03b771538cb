"""Edits of drafts, under the draft's lock: carried out, kept with their way back, undone and done again.

A draft has one line of edits, whoever made them. Undo takes back the latest that stands, redo does the one again that
was taken back last; a new edit leaves behind what was taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import cast

from sqlalchemy.orm import Session

from engine.access import audit
from engine.definitions.drafts import Revisions, demand_revision, find_draft, locked_draft
from engine.definitions.errors import StaleRevisionError, UnknownDefinitionError
from engine.definitions.kinds import Kind
from engine.definitions.models import Draft
from engine.definitions.source import read_source
from engine.definitions.versions import find_live_version
from engine.edits import log
from engine.edits.commands import Command, apply, demand_fits
from engine.edits.conflicts import Clash, rebased, settled
from engine.edits.deeds import kept
from engine.edits.errors import ClashError, KeyTakenError, NothingToRedoError, NothingToUndoError
from engine.edits.generic import Replace
from engine.edits.models import DraftEdit
from engine.edits.patches import patch, patched
from engine.edits.text import written
from rules.types import Json

Document = dict[str, Json]


@dataclass(frozen=True)
class Author:
    """Who changes a draft, when, and from where: `seat` tells two windows or tabs of one person apart."""

    by: str
    now: datetime
    seat: str | None = None


@dataclass(frozen=True)
class Edited:
    """The draft's revision now, and the number of the edit that was made, undone or redone; 0 if nothing changed."""

    revision: int
    n: int


@dataclass(frozen=True)
class Editable:
    """What an author works on: the draft, or the live version while there is none. Its revision is 0 then."""

    text: str
    revision: int
    by: str
    at: datetime

    @cached_property
    def document(self) -> Document:
        """The text as JSON."""
        return read_source(self.text).document


def editable(session: Session, kind: Kind, key: str) -> Editable:
    """The draft, or else what is live. Raises UnknownDefinitionError."""
    draft = find_draft(session, kind, key)
    if draft is not None:
        return Editable(draft.document, draft.revision, draft.updated_by, draft.updated_at)
    live = find_live_version(session, kind, key)
    if live is None:
        raise UnknownDefinitionError(f"There is no draft of {kind}/{key}, and no version was published.")
    return Editable(live.document, 0, live.published_by, live.published_at)


def edit(  # noqa: PLR0913  named at each call
    session: Session,
    kind: Kind,
    key: str,
    command: Command,
    *,
    by: str,
    now: datetime,
    base: int | None = None,
    over: int | None = None,
    if_match: Revisions = None,
    seat: str | None = None,
) -> Edited:
    """Carry a command out on the draft; where there is none, it begins as the live version.

    `base` is the revision that the author saw. What others changed since then stays, and ClashError is raised where
    that cannot be. `over` is a later revision whose changes the author saw too and wants to write over. A command that
    changes nothing leaves no edit. Raises CommandError, StaleRevisionError, UnknownDefinitionError.
    """
    demand_fits(kind, command)
    author = Author(by, now, seat)
    draft = locked_draft(session, kind, key)
    demand_revision(draft, if_match)
    draft = draft or _begun_from_live(session, kind, key, author)
    before = read_source(draft.document).document
    after = _carried_out(session, draft, before, command, Since(author, base, over))
    if not patch(before, after):
        return Edited(draft.revision, 0)
    return _kept(session, draft, before, after, written(after), kept(command), author)


def put_draft(  # noqa: PLR0913  named at each call
    session: Session,
    kind: Kind,
    key: str,
    text: str,
    *,
    by: str,
    now: datetime,
    if_match: Revisions = None,
    told: Json = None,
    seat: str | None = None,
    is_first: bool = False,
) -> Draft:
    """Keep the text as the draft, to the letter, with a revision counted up from the last one: the edit `replace`.

    `told` is what the list of edits tells instead, such as which version was restored. Without `if_match` the last
    write wins, unless it `is_first`: then nothing may be there, draft or version. Raises NotReadableError,
    StaleRevisionError, KeyTakenError.
    """
    after = read_source(text).document
    author = Author(by, now, seat)
    draft = locked_draft(session, kind, key)
    demand_revision(draft, if_match)
    if is_first and (draft is not None or find_live_version(session, kind, key) is not None):
        raise KeyTakenError(f"{kind}/{key}")
    if draft is None:
        draft, is_new = _begun(session, kind, key, text, author)
        if is_new:
            return draft
        if is_first:
            raise KeyTakenError(f"{kind}/{key}")
    before = read_source(draft.document).document
    _kept(session, draft, before, after, text, told or {"command": "replace"}, author)
    return draft


def delete_draft(  # noqa: PLR0913  named at each call
    session: Session,
    kind: Kind,
    key: str,
    *,
    by: str,
    now: datetime,
    if_match: Revisions = None,
    base: int | None = None,
    seat: str | None = None,
) -> None:
    """Throw the draft and its edits away. Versions stay, and no revision that it had is ever given again.

    `base` is the revision that the author saw: nobody else may have changed the draft since. Raises
    UnknownDefinitionError, StaleRevisionError.
    """
    draft = locked_draft(session, kind, key)
    demand_revision(draft, if_match)
    if draft is None:
        raise UnknownDefinitionError(f"There is no draft of {kind}/{key}.")
    author = Author(by, now, seat)
    if base is not None and base != draft.revision:
        story = log.story(session, draft, read_source(draft.document).document, base)
        if story is None or story.others(author):
            raise StaleRevisionError(draft.revision, by=draft.updated_by, at=draft.updated_at)
    log.end(session, draft, author)
    session.delete(draft)
    session.flush()
    audit.record(session, by, "draft.deleted", f"{kind}/{key}", now=now, before={"revision": draft.revision})


def undo(
    session: Session, kind: Kind, key: str, *, by: str, now: datetime, n: int | None = None, seat: str | None = None
) -> Edited:
    """Take back the latest edit that stands, whoever made it; `n` is the one that is meant.

    Raises NothingToUndoError, StaleRevisionError when another edit is the latest.
    """
    return _turned(session, kind, key, _UNDO, Author(by, now, seat), n)


def redo(
    session: Session, kind: Kind, key: str, *, by: str, now: datetime, n: int | None = None, seat: str | None = None
) -> Edited:
    """Do the edit again that was taken back last. Raises NothingToRedoError, StaleRevisionError."""
    return _turned(session, kind, key, _REDO, Author(by, now, seat), n)


@dataclass(frozen=True)
class Since:
    """Whose command it is, which revision its author saw, and up to which they write over what others did."""

    author: Author
    base: int | None
    over: int | None


@dataclass(frozen=True)
class _Turn:
    """Undoing or redoing: which edit is the next, and which of its patches is applied."""

    deed: str
    next: Callable[[Session, Kind, str], DraftEdit | None]
    nothing: type[NothingToUndoError | NothingToRedoError]


_UNDO = _Turn("undo", log.next_undone, NothingToUndoError)
_REDO = _Turn("redo", log.next_redone, NothingToRedoError)


def _turned(session: Session, kind: Kind, key: str, turn: _Turn, author: Author, n: int | None) -> Edited:
    draft = locked_draft(session, kind, key)
    if draft is None:
        raise UnknownDefinitionError(f"There is no draft of {kind}/{key}.")
    row = turn.next(session, kind, key)
    if row is None:
        raise turn.nothing(f"{kind}/{key}")
    if n is not None and row.n != n:
        raise StaleRevisionError(draft.revision, by=draft.updated_by, at=draft.updated_at)
    forward, inverse = log.patches(session, row)
    if turn is _UNDO:
        forward, inverse = inverse, forward
    after = cast("Document", patched(read_source(draft.document).document, forward))
    _write(draft, written(after), author)
    log.turn(session, row, draft.revision, turn.deed, (forward, inverse), author)
    _audit(session, draft, author, f"draft.{turn.deed}", row.n)
    return Edited(draft.revision, row.n)


def _carried_out(session: Session, draft: Draft, document: Document, command: Command, since: Since) -> Document:
    """The document after the command. Raises CommandError, ClashError, StaleRevisionError."""
    if since.base is None or since.base == draft.revision:
        return apply(document, command)
    story = log.story(session, draft, document, since.base)
    if story is None:
        raise StaleRevisionError(draft.revision, by=draft.updated_by, at=draft.updated_at)
    seen = story.seen

    def carry(current: Document) -> Document:
        if isinstance(command, Replace) and current is not seen:
            return rebased(seen, command.document, current)
        return apply(current, command)

    others = [each for each in story.others(since.author) if since.over is None or each.revision > since.over]
    found = settled(seen, document, carry, others)
    if isinstance(found, Clash):
        raise ClashError(draft.revision, found)
    return found


def _kept(
    session: Session,
    draft: Draft,
    before: Document,
    after: Document,
    text: str,
    told: Json,
    author: Author,
) -> Edited:
    patches = (patch(before, after), patch(after, before))
    _write(draft, text, author)
    n = log.add(session, draft, told, patches, author)
    command = told.get("command") if isinstance(told, dict) else None
    _audit(session, draft, author, "draft.saved", n, str(command))
    return Edited(draft.revision, n)


def _write(draft: Draft, text: str, author: Author) -> None:
    draft.revision, draft.document, draft.updated_by, draft.updated_at = draft.revision + 1, text, author.by, author.now
    draft.editors = sorted({*draft.editors, author.by})


def _begun_from_live(session: Session, kind: Kind, key: str, author: Author) -> Draft:
    live = find_live_version(session, kind, key)
    if live is None:
        raise UnknownDefinitionError(f"There is no draft of {kind}/{key}, and no version was published.")
    draft, _ = _begun(session, kind, key, live.document, author)
    return draft


def _begun(session: Session, kind: Kind, key: str, text: str, author: Author) -> tuple[Draft, bool]:
    """The new draft; or that of another author who was quicker, locked."""
    draft, is_new = log.insert_draft(session, kind, key, text, author)
    if is_new:
        live = find_live_version(session, kind, key)
        before: Document = read_source(live.document).document if live else {}
        after = read_source(text).document
        log.begin(session, draft, (patch(before, after), patch(after, before)), author)
        _audit(session, draft, author, "draft.saved", 0)
    return draft, is_new


def _audit(session: Session, draft: Draft, author: Author, action: str, n: int, command: str | None = None) -> None:
    after = {"revision": draft.revision, "edit": n, "command": command}
    told = {name: value for name, value in after.items() if value}
    audit.record(session, author.by, action, f"{draft.kind}/{draft.key}", now=author.now, after=told)


def history(session: Session, kind: Kind, key: str, *, limit: int, before: int | None = None) -> Sequence[log.EditItem]:
    """The edits that stand or can be done again, latest first, from below number `before` on."""
    return log.items(session, kind, key, limit=limit, before=before)
