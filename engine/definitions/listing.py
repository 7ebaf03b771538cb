"""Definitions as pages show them: every key once, published or not, with the document that is to be seen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.definitions.models import Draft, Live, Version
from engine.definitions.source import read_source
from engine.kept import Kept, mark
from rules.types import Json

Condition = Literal["live", "paused", "retired", "draft"]


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A definition as lists tell of it: its live version, or its draft where it was never published.

    `title` is as its author wrote it, `rows` how many a ruleset has. `has_changes` tells whether there is a draft that
    says something else than the live version.
    """

    kind: str
    key: str
    condition: Condition
    version: int | None
    title: Json
    rows: int
    hash: str | None
    at: datetime
    by: str
    draft_at: datetime | None
    has_changes: bool = False


@dataclass(frozen=True, kw_only=True)
class Shown(Listed):
    """A definition with the document to show: a published version, or the draft of one that was never published."""

    document: dict[str, Json]


@dataclass(frozen=True)
class VersionItem:
    """One published version, without its document."""

    n: int
    hash: str
    note: str | None
    published_at: datetime
    published_by: str
    approved_by: str | None = None


def list_shown(session: Session, kind: str, keys: Collection[str] | None = None) -> list[Listed]:
    """Every definition of a kind, or those of these keys: the live version of each, then drafts never published."""
    wanted = select(Draft).where(col(Draft.kind) == kind)
    statement = (
        select(Live, Version)
        .join(
            Version,
            (col(Version.kind) == Live.kind) & (col(Version.key) == Live.key) & (col(Version.n) == Live.version),
        )
        .where(col(Live.kind) == kind)
        .order_by(col(Live.key))
    )
    if keys is not None:
        wanted, statement = wanted.where(col(Draft.key).in_(keys)), statement.where(col(Live.key).in_(keys))
    drafts = {draft.key: draft for draft in session.execute(wanted).scalars()}
    published = [
        Listed(**_of_version(live, version, drafts.get(live.key), current=version), **_in_brief(version.document))
        for live, version in session.execute(statement)
    ]
    alone = sorted(drafts.keys() - {listed.key for listed in published})
    return published + [Listed(**_of_draft(drafts[key]), **_in_brief(drafts[key].document)) for key in alone]


def show(session: Session, kind: str, key: str, version: int | None = None) -> Shown | None:
    """One definition: the version asked for, else the live one, else its draft; None if there is no such thing."""
    draft = session.get(Draft, (kind, key))
    live = session.get(Live, (kind, key))
    if live is None:
        return _with_document(draft.document, _of_draft(draft)) if draft and version is None else None
    current = session.get(Version, (kind, key, live.version))
    found = current if version is None else session.get(Version, (kind, key, version))
    return _with_document(found.document, _of_version(live, found, draft, current=current)) if found else None


def list_versions(session: Session, kind: str, key: str) -> Sequence[VersionItem]:
    """The published versions, newest first."""
    statement = (
        select(Version).where(col(Version.kind) == kind, col(Version.key) == key).order_by(col(Version.n).desc())
    )
    return [
        VersionItem(found.n, found.hash, found.note, found.published_at, found.published_by, found.approved_by)
        for found in session.execute(statement).scalars()
    ]


@dataclass(frozen=True)
class _Digest:
    """What lists need of a document; made once for a text."""

    title: Json
    rows: int
    sameness: bytes


_DIGESTS: Kept[_Digest] = Kept(4_000)


def _digest(text: str) -> _Digest:
    return _DIGESTS.get(mark(text), lambda: _digested(text))


def _digested(text: str) -> _Digest:
    document = read_source(text).document
    rows = document.get("rows")
    # The order of keys is nobody's concern; 1 and true stay apart, as Python's == would not keep them.
    same = hashlib.sha256(json.dumps(document, sort_keys=True).encode("utf-8", "surrogatepass")).digest()
    return _Digest(document.get("title"), len(rows) if isinstance(rows, list) else 0, same)


def _in_brief(text: str) -> dict[str, Any]:
    digest = _digest(text)
    return {"title": digest.title, "rows": digest.rows}


def _with_document(text: str, told: dict[str, Any]) -> Shown:
    return Shown(**told, **_in_brief(text), document=read_source(text).document)


def _differs(draft: Draft | None, version: Version | None) -> bool:
    """Whether the draft says something else than the version; publishing leaves the draft where it is."""
    if draft is None or version is None or draft.document == version.document:
        return False
    return _digest(draft.document).sameness != _digest(version.document).sameness


def _of_version(live: Live, version: Version, draft: Draft | None, *, current: Version | None) -> dict[str, Any]:
    return {
        "kind": live.kind,
        "key": live.key,
        "condition": live.state if live.state in {"paused", "retired"} else "live",
        "version": version.n,
        "hash": version.hash,
        "at": version.published_at,
        "by": version.published_by,
        "draft_at": draft.updated_at if draft else None,
        "has_changes": _differs(draft, current),
    }


def _of_draft(draft: Draft) -> dict[str, Any]:
    return {
        "kind": draft.kind,
        "key": draft.key,
        "condition": "draft",
        "version": None,
        "hash": None,
        "at": draft.updated_at,
        "by": draft.updated_by,
        "draft_at": draft.updated_at,
    }
