"""The ledger of group seats: chat x member, one row per interval (METRICS.md, M7)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import SQLModel

from engine.database.columns import identity, instant, number, reference


class Seat(SQLModel, table=True):
    """One interval of a seat; `left_by` is self, removed, moved, dismissed or unknown."""

    __tablename__ = "seats"
    __table_args__ = (
        Index("uq_seats_open", "chat_id", "member_id", unique=True, postgresql_where=text("left_at IS NULL")),
    )

    id: int = identity()
    chat_id: int = reference("chats.id", index=True)
    member_id: int = reference("members.id", index=True)
    joined_at: datetime = instant()
    left_at: datetime | None = instant(nullable=True)
    left_by: str | None = None
    channel_id: int | None = reference("channels.id", nullable=True)
    store_id: int | None = reference("stores.id", index=True, nullable=True)
    scene: str | None = None
    joined_seq: int | None = number(nullable=True)
    left_seq: int | None = number(nullable=True)
