"""Drafts: what an author is working on. Any JSON object is kept, however unfinished. `engine.edits` changes them."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.definitions.errors import StaleRevisionError, UnknownDefinitionError
from engine.definitions.kinds import Kind
from engine.definitions.models import Draft

Revisions: TypeAlias = Collection[str] | None
"""The revisions that a change may follow, `*` for any; None for whatever comes."""


def find_draft(session: Session, kind: Kind, key: str) -> Draft | None:
    """The draft, if there is one."""
    return session.get(Draft, (kind, key))


def read_draft(session: Session, kind: Kind, key: str) -> Draft:
    """The draft. Raises UnknownDefinitionError."""
    draft = find_draft(session, kind, key)
    if draft is None:
        raise UnknownDefinitionError(f"There is no draft of {kind}/{key}.")
    return draft


def revision_of(session: Session, kind: Kind, key: str) -> int | None:
    """The draft's revision without its text, if there is a draft."""
    chosen = select(col(Draft.revision)).where(col(Draft.kind) == kind, col(Draft.key) == key)
    return session.execute(chosen).scalar_one_or_none()


def locked_draft(session: Session, kind: Kind, key: str) -> Draft | None:
    """The draft, if there is one, locked until the transaction ends."""
    chosen = select(Draft).where(col(Draft.kind) == kind, col(Draft.key) == key)
    return session.execute(chosen.with_for_update().execution_options(populate_existing=True)).scalar_one_or_none()


def demand_revision(draft: Draft | None, if_match: Revisions) -> None:
    """Raises StaleRevisionError unless the draft is at one of these revisions."""
    if if_match is None:
        return
    if draft is None or {"*", str(draft.revision)}.isdisjoint(if_match):
        if draft is None:
            raise StaleRevisionError(None)
        raise StaleRevisionError(draft.revision, by=draft.updated_by, at=draft.updated_at)
