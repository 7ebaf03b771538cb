"""Definitions as pages show them: every key once, published or not, with the document that is to be seen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.definitions.models import Draft, Live, Version
from engine.definitions.source import read_source
from rules.types import Json

Condition = Literal["live", "paused", "retired", "draft"]


@dataclass(frozen=True)
class Shown:
    """A definition with the document to show: a published version, or the draft of one that was never published.

    `has_changes` tells whether there is a draft that says something else than the live version.
    """

    kind: str
    key: str
    condition: Condition
    version: int | None
    document: dict[str, Json]
    hash: str | None
    at: datetime
    by: str
    draft_at: datetime | None
    has_changes: bool = False


@dataclass(frozen=True)
class VersionItem:
    """One published version, without its document."""

    n: int
    hash: str
    note: str | None
    published_at: datetime
    published_by: str


def list_shown(session: Session, kind: str) -> list[Shown]:
    """Every definition of a kind: the live version of each, then drafts that were never published."""
    drafts = {draft.key: draft for draft in session.execute(select(Draft).where(col(Draft.kind) == kind)).scalars()}
    statement = (
        select(Live, Version)
        .join(
            Version,
            (col(Version.kind) == Live.kind) & (col(Version.key) == Live.key) & (col(Version.n) == Live.version),
        )
        .where(col(Live.kind) == kind)
        .order_by(col(Live.key))
    )
    published = [
        _published(live, version, drafts.get(live.key), has_changes=_differs(drafts.pop(live.key, None), version))
        for live, version in session.execute(statement)
    ]
    return published + [_unpublished(drafts[key]) for key in sorted(drafts)]


def show(session: Session, kind: str, key: str, version: int | None = None) -> Shown | None:
    """One definition: the version asked for, else the live one, else its draft; None if there is no such thing."""
    draft = session.get(Draft, (kind, key))
    live = session.get(Live, (kind, key))
    if live is None:
        return _unpublished(draft) if draft and version is None else None
    current = session.get(Version, (kind, key, live.version))
    found = current if version is None else session.get(Version, (kind, key, version))
    return _published(live, found, draft, has_changes=_differs(draft, current)) if found else None


def list_versions(session: Session, kind: str, key: str) -> Sequence[VersionItem]:
    """The published versions, newest first."""
    statement = (
        select(Version).where(col(Version.kind) == kind, col(Version.key) == key).order_by(col(Version.n).desc())
    )
    return [
        VersionItem(found.n, found.hash, found.note, found.published_at, found.published_by)
        for found in session.execute(statement).scalars()
    ]


def _differs(draft: Draft | None, version: Version | None) -> bool:
    """Whether the draft says something else than the version; publishing leaves the draft where it is."""
    if draft is None or version is None or draft.document == version.document:
        return False
    return _sorted(draft.document) != _sorted(version.document)


def _sorted(text: str) -> str:
    """The document without its author's order of keys; 1 and true stay apart, as Python's == would not keep them."""
    return json.dumps(read_source(text).document, sort_keys=True)


def _published(live: Live, version: Version, draft: Draft | None, *, has_changes: bool) -> Shown:
    condition: Condition = "paused" if live.state == "paused" else "retired" if live.state == "retired" else "live"
    return Shown(
        live.kind,
        live.key,
        condition,
        version.n,
        read_source(version.document).document,
        version.hash,
        version.published_at,
        version.published_by,
        draft.updated_at if draft else None,
        has_changes,
    )


def _unpublished(draft: Draft) -> Shown:
    document = read_source(draft.document).document
    return Shown(
        draft.kind, draft.key, "draft", None, document, None, draft.updated_at, draft.updated_by, draft.updated_at
    )
