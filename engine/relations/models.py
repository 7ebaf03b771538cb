"""The ledger of friend relations: associate x member, one row per interval (METRICS.md, M4 to M6 and M8)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import SQLModel

from engine.database.columns import identity, instant, number, reference


class Relation(SQLModel, table=True):
    """One interval of a relation. *Current friend* means `full_at` is set and `ended_at` is not."""

    __tablename__ = "relations"
    __table_args__ = (
        Index("uq_relations_open", "associate_id", "member_id", unique=True, postgresql_where=text("ended_at IS NULL")),
    )

    id: int = identity()
    associate_id: int = reference("associates.id", index=True)
    member_id: int = reference("members.id", index=True)
    half_at: datetime | None = instant(nullable=True)
    full_at: datetime | None = instant(nullable=True)
    ended_at: datetime | None = instant(nullable=True)
    ended_by: str | None = None
    kind: str | None = None
    channel_id: int | None = reference("channels.id", nullable=True)
    store_id: int | None = reference("stores.id", index=True, nullable=True)
    add_way: int | None = None
    opened_seq: int | None = number(nullable=True)
    ended_seq: int | None = number(nullable=True)
