"""Drafts: what an author is working on. Any JSON object is kept, however unfinished, as the text that was sent."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.access import audit
from engine.definitions.errors import StaleRevisionError, UnknownDefinitionError
from engine.definitions.kinds import Kind
from engine.definitions.models import Draft
from engine.definitions.source import read_source

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


def put_draft(
    session: Session,
    kind: Kind,
    key: str,
    text: str,
    *,
    by: str,
    now: datetime,
    if_match: Revisions = None,
) -> Draft:
    """Keep the text as the draft, with a revision counted up from the last one.

    Without `if_match` the last write wins. Raises NotReadableError, StaleRevisionError.
    """
    read_source(text)
    draft = _locked(session, kind, key)
    _demand(draft, if_match)
    if draft is None:
        draft = _created(session, kind, key, text, by=by, now=now)
    else:
        draft.revision, draft.document, draft.updated_by, draft.updated_at = draft.revision + 1, text, by, now
        session.flush()
    audit.record(session, by, "draft.saved", f"{kind}/{key}", now=now, after={"revision": draft.revision})
    return draft


def delete_draft(session: Session, kind: Kind, key: str, *, by: str, now: datetime, if_match: Revisions = None) -> None:
    """Throw the draft away. Versions stay. Raises UnknownDefinitionError, StaleRevisionError."""
    draft = _locked(session, kind, key)
    _demand(draft, if_match)
    if draft is None:
        raise UnknownDefinitionError(f"There is no draft of {kind}/{key}.")
    session.delete(draft)
    session.flush()
    audit.record(session, by, "draft.deleted", f"{kind}/{key}", now=now, before={"revision": draft.revision})


def _locked(session: Session, kind: Kind, key: str) -> Draft | None:
    chosen = select(Draft).where(col(Draft.kind) == kind, col(Draft.key) == key)
    return session.execute(chosen.with_for_update().execution_options(populate_existing=True)).scalar_one_or_none()


def _demand(draft: Draft | None, if_match: Revisions) -> None:
    if if_match is None:
        return
    if draft is None or {"*", str(draft.revision)}.isdisjoint(if_match):
        raise StaleRevisionError(draft.revision if draft else None)


def _created(session: Session, kind: Kind, key: str, text: str, *, by: str, now: datetime) -> Draft:
    """Insert the draft; if another author was quicker, theirs is the revision before ours."""
    values = {"document": text, "updated_by": by, "updated_at": now}
    statement = insert(Draft).values(kind=kind, key=key, revision=1, **values)
    statement = statement.on_conflict_do_update(
        index_elements=["kind", "key"], set_={**values, "revision": col(Draft.revision) + 1}
    )
    return session.execute(statement.returning(Draft)).scalar_one()
