"""Callbacks as they arrived, kept sealed until they are mapped to events."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from engine.database.columns import identity, instant, long_text, sealed


class Callback(SQLModel, table=True):
    """One accepted callback. Those that need a call to be understood wait here for the router, in order per chat."""

    __tablename__ = "callbacks"
    __table_args__ = (Index("ix_callbacks_waiting", "chat_id", "id", postgresql_where=text("mapped_at IS NULL")),)

    id: int = identity()
    app: str
    digest: bytes = Field(unique=True, sa_type=LargeBinary)
    kind: str
    chat_id: str | None = None
    received_at: datetime = instant()
    body_enc: bytes = sealed(nullable=False)
    mapped_at: datetime | None = instant(nullable=True)
    not_before: datetime | None = instant(nullable=True)
    failures: int = 0
    error: str | None = long_text(nullable=True)
