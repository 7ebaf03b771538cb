"""The rows of edits: one for each revision of a draft, so that what an author saw can be made again.

Revisions of a key are counted on, never again from 1: the draft that follows a deleted one begins after its last.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, cast

from sqlalchemy import ColumnElement, Select, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.definitions.drafts import locked_draft
from engine.definitions.errors import UnknownDefinitionError
from engine.definitions.kinds import Kind
from engine.definitions.models import Draft
from engine.edits.conflicts import Document, Meanwhile
from engine.edits.models import DraftEdit
from engine.edits.patches import Patch, patched
from engine.edits.text import write
from rules.types import Json

EDITS_KEPT = 1_000
REVISIONS_KEPT = 5_000
_FAR_BACK = 100
_TYPING = timedelta(seconds=2)

Patches = tuple[Patch, Patch]
"""Forward and inverse."""


class Author(Protocol):
    """Who changes a draft, when and from where."""

    @property
    def by(self) -> str: ...
    @property
    def now(self) -> datetime: ...
    @property
    def seat(self) -> str | None: ...


@dataclass(frozen=True)
class EditItem:
    """One edit as lists show it; `deeds.deed_of(command)` says what was done."""

    n: int
    revision: int
    by: str
    at: datetime
    command: Json
    undone_at: datetime | None
    undone_by: str | None


@dataclass(frozen=True)
class Story:
    """How the document that an author saw became the one of now; latest first."""

    seen: Document
    steps: Sequence[tuple[DraftEdit, Meanwhile]]

    def others(self, author: Author) -> list[Meanwhile]:
        """What was not done by the author at this seat; what was done at none, as some programs do, counts too."""
        return [told for row, told in self.steps if row.seat is None or (row.by, row.seat) != (author.by, author.seat)]


def insert_draft(session: Session, kind: Kind, key: str, text: str, author: Author) -> tuple[Draft, bool]:
    """The draft, locked, and whether it is new: another author may have been quicker."""
    values = {"document": text, "updated_by": author.by, "updated_at": author.now, "editors": [author.by]}
    last = select(func.coalesce(func.max(col(DraftEdit.revision)), 0)).where(*_of(kind, key)).scalar_subquery()
    statement = insert(Draft).values(kind=kind, key=key, revision=last + 1, **values).on_conflict_do_nothing()
    is_new = session.execute(statement.returning(col(Draft.key))).first() is not None
    draft = locked_draft(session, kind, key)
    if draft is None:
        raise UnknownDefinitionError(f"The draft of {kind}/{key} was deleted at this moment.")
    return draft, is_new


def begin(session: Session, draft: Draft, patches: Patches, author: Author) -> None:
    """Note how the draft began: from what is live, or from nothing."""
    session.add(_row(draft, 0, "begin", {"command": "begin"}, patches, author))
    session.flush()


def add(session: Session, draft: Draft, command: Json, patches: Patches, author: Author) -> int:
    """Keep an edit that brought the draft to its revision; what was taken back is left behind. Its number.

    Typing goes on: what the same author sets at the same place within two seconds is one edit.
    """
    here = _of(draft.kind, draft.key)
    if last := _goes_on(session, draft, command, author):
        session.add(_row(draft, last.n, "more", command, patches, author))
        session.flush()
        return last.n
    undone = update(DraftEdit).where(*here, col(DraftEdit.state) == "undone").values(state="dropped")
    session.execute(undone)
    n = (session.execute(select(func.max(col(DraftEdit.n))).where(*here)).scalar_one() or 0) + 1
    session.add(_row(draft, n, "edit", command, patches, author))
    session.flush()
    old = or_(col(DraftEdit.n) <= n - EDITS_KEPT, col(DraftEdit.revision) <= draft.revision - REVISIONS_KEPT)
    session.execute(delete(DraftEdit).where(*here, old))
    return n


def turn(session: Session, row: DraftEdit, revision: int, deed: str, patches: Patches, author: Author) -> None:
    """Note that an edit was taken back or done again, which brought the draft to this revision."""
    is_undo = deed == "undo"
    row.state = "undone" if is_undo else "stands"
    row.undone_at, row.undone_by = (author.now, author.by) if is_undo else (None, None)
    forward, inverse = patches
    session.add(
        DraftEdit(
            kind=row.kind,
            key=row.key,
            revision=revision,
            n=row.n,
            deed=deed,
            by=author.by,
            seat=author.seat,
            at=author.now,
            command=row.command,
            forward=write(cast("Json", forward)),
            inverse=write(cast("Json", inverse)),
        )
    )
    session.flush()


def end(session: Session, draft: Draft, author: Author) -> None:
    """Drop all edits of a draft that is deleted; its last revision stays noted."""
    session.execute(delete(DraftEdit).where(*_of(draft.kind, draft.key)))
    session.add(_row(draft, 0, "end", {"command": "end"}, ([], []), author))
    session.flush()


def next_undone(session: Session, kind: Kind, key: str) -> DraftEdit | None:
    """The edit that undo would take back."""
    found = _edits(kind, key, "stands").order_by(col(DraftEdit.n).desc()).limit(1)
    return session.execute(found).scalar_one_or_none()


def next_redone(session: Session, kind: Kind, key: str) -> DraftEdit | None:
    """The edit that redo would do again."""
    found = _edits(kind, key, "undone").order_by(col(DraftEdit.n)).limit(1)
    return session.execute(found).scalar_one_or_none()


def patches(session: Session, row: DraftEdit) -> Patches:
    """An edit's patches, forward and inverse, with all that went on with it."""
    parts = select(DraftEdit).where(*_of(row.kind, row.key), col(DraftEdit.n) == row.n)
    made = parts.where(col(DraftEdit.deed).in_(["edit", "more"])).order_by(col(DraftEdit.revision))
    rows = session.execute(made).scalars().all()
    forward = [change for each in rows for change in json.loads(each.forward)]
    return forward, [change for each in reversed(rows) for change in json.loads(each.inverse)]


def items(session: Session, kind: Kind, key: str, *, limit: int, before: int | None) -> list[EditItem]:
    """The edits that stand or can be done again, latest first."""
    found = _edits(kind, key, "stands", "undone")
    if before is not None:
        found = found.where(col(DraftEdit.n) < before)
    rows = session.execute(found.order_by(col(DraftEdit.n).desc()).limit(limit)).scalars()
    return [item(row) for row in rows]


def item(row: DraftEdit) -> EditItem:
    """A row as lists show it."""
    return EditItem(row.n, row.revision, row.by, row.at, json.loads(row.command), row.undone_at, row.undone_by)


def since(session: Session, kind: Kind, key: str, revision: int, *, limit: int) -> Sequence[DraftEdit]:
    """What brought the draft from this revision to its own, latest first."""
    later = select(DraftEdit).where(*_of(kind, key), col(DraftEdit.revision) > revision, col(DraftEdit.deed) != "end")
    return session.execute(later.order_by(col(DraftEdit.revision).desc()).limit(limit)).scalars().all()


def story(session: Session, draft: Draft, document: Document, base: int) -> Story | None:
    """What happened since a revision; None where that is not known any more, or long ago. 0: before the draft began."""
    if not 0 <= base <= draft.revision:
        return None
    rows = since(session, cast("Kind", draft.kind), draft.key, base, limit=_FAR_BACK + 1)
    has_begun = bool(rows) and rows[-1].deed == "begin"
    if has_begun != (base == 0):
        return None
    seen = rows[-1].revision - 1 if has_begun else base
    if [row.revision for row in rows] != list(range(draft.revision, seen, -1)):
        return None
    steps: list[tuple[DraftEdit, Meanwhile]] = []
    for row in rows:
        before = cast("Document", patched(document, json.loads(row.inverse)))
        told = Meanwhile(row.revision, row.by, row.at, json.loads(row.command), before, document)
        steps.append((row, told))
        document = before
    return Story(document, steps)


def _row(draft: Draft, n: int, deed: str, command: Json, patches: Patches, author: Author) -> DraftEdit:
    forward, inverse = patches
    return DraftEdit(
        kind=draft.kind,
        key=draft.key,
        revision=draft.revision,
        n=n,
        deed=deed,
        by=author.by,
        seat=author.seat,
        at=author.now,
        command=write(command),
        forward=write(cast("Json", forward)),
        inverse=write(cast("Json", inverse)),
    )


def _goes_on(session: Session, draft: Draft, command: Json, author: Author) -> DraftEdit | None:
    """The row of the revision before, if this command goes on with its edit."""
    last = session.get(DraftEdit, (draft.kind, draft.key, draft.revision - 1))
    if last is None or last.deed not in ("edit", "more") or not isinstance(command, dict):
        return None
    before = json.loads(last.command)
    alike = before.get("command") == command.get("command") == "set" and before["pointer"] == command["pointer"]
    is_same = (last.by, last.seat) == (author.by, author.seat) and author.seat is not None
    return last if alike and is_same and author.now - last.at <= _TYPING else None


def _edits(kind: str, key: str, *states: str) -> Select[DraftEdit]:
    chosen = select(DraftEdit).where(*_of(kind, key), col(DraftEdit.deed) == "edit")
    return chosen.where(col(DraftEdit.state).in_(states))


def _of(kind: str, key: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return col(DraftEdit.kind) == kind, col(DraftEdit.key) == key
