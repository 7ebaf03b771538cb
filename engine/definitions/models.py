"""Tables of definitions: drafts, immutable versions, the bundles they resolve to, and which version is live.

Documents are kept as JSON text: jsonb would refuse U+0000 in a draft and lose the author's order of keys.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from engine.database.columns import instant, json_value, long_text, texts


class Draft(SQLModel, table=True):
    """What an author is working on; `revision` counts the writes and is its ETag.

    `editors` are all who changed it since it was published last: each write adds one, and publishing forgets them.
    """

    __tablename__ = "drafts"

    kind: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    revision: int = 1
    document: str = long_text()
    updated_by: str
    updated_at: datetime = instant()
    editors: list[str] = texts()


class Version(SQLModel, table=True):
    """A published document. Never changed and never deleted."""

    __tablename__ = "versions"

    kind: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    hash: str
    bundle_hash: str
    document: str = long_text()
    note: str | None = long_text(nullable=True)
    published_at: datetime = instant()
    published_by: str
    approved_by: str | None = None


class Approval(SQLModel, table=True):
    """The second person who has read a draft, at this revision and with this content."""

    __tablename__ = "approvals"

    kind: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    hash: str
    revision: int
    by: str
    at: datetime = instant()


class Bundle(SQLModel, table=True):
    """All that a version resolves to, by the hash of the content: runs name this."""

    __tablename__ = "bundles"

    hash: str = Field(primary_key=True)
    content: dict[str, Any] = json_value()


class Live(SQLModel, table=True):
    """The live version of each definition; `state` is live, paused or retired."""

    __tablename__ = "live"

    kind: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    version: int
    first_published_at: datetime = instant()
    state: str = "live"
    retired_at: datetime | None = instant(nullable=True)


class LiveRevision(SQLModel, table=True):
    """One row, counted up by every change of the live set, so that routers notice it."""

    __tablename__ = "live_revision"

    singleton: bool = Field(default=True, primary_key=True)
    revision: int = 0


class AcceptedFinding(SQLModel, table=True):
    """A finding of a draft that an author accepts; `mark` is the hash of what it is about."""

    __tablename__ = "accepted_findings"

    kind: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    mark: str = Field(primary_key=True)
    reason: str = long_text()
    by: str
    at: datetime = instant()
