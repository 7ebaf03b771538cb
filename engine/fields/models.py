"""Tables of derived attributes: what they are made of, and which events count for it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from engine.database.columns import identity, instant, long_text, number, reference


class FieldSource(SQLModel, table=True):
    """A source that some published attribute is made of: see `engine.fields.sources`.

    Before `ready_at` not every event of the past has been judged, and nobody knows a value. `kept_days` is how long its
    events are kept, null for good. From `retired_at` on no attribute needs it.
    """

    __tablename__ = "field_sources"
    __table_args__ = (Index("uq_field_sources_hash", "hash", unique=True, postgresql_where=text("retired_at IS NULL")),)

    id: int = identity()
    hash: str
    event_type: str
    spec: str = long_text()
    kept_days: int | None = None
    created_at: datetime = instant()
    ready_at: datetime | None = instant(nullable=True)
    retired_at: datetime | None = instant(nullable=True)


class CountedEvent(SQLModel, table=True):
    """One event of a member that counts for a source, at its own time, with the value that `of` has in it.

    Where it is not `decided`, nobody knows whether it counts, or for how much.
    """

    __tablename__ = "counted_events"
    __table_args__ = (Index("ix_counted_events_source", "source_id", "time"),)

    member_id: int = reference("members.id", primary_key=True)
    source_id: int = reference("field_sources.id", primary_key=True)
    time: datetime = Field(primary_key=True, sa_type=DateTime(timezone=True))
    seq: int = number(primary_key=True)
    decided: bool
    value: Any = Field(default=None, sa_type=JSONB(none_as_null=True), nullable=True)
