"""Tables of the event log, of de-duplication, and of the queue of members whose events wait to be routed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Identity, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from engine.database.columns import instant, json_value, number, reference, sealed


class EventKey(SQLModel, table=True):
    """A keyed digest of (source, id), kept 400 days: what makes a duplicate a duplicate."""

    __tablename__ = "event_keys"

    digest: bytes = Field(primary_key=True, sa_type=LargeBinary)
    day: date = Field(index=True)
    seq: int | None = number(nullable=True)


class Event(SQLModel, table=True):
    """One accepted event. Per member the order of `seq` is the order of acceptance; across members it is not.

    `data` holds no personal data: that lies in `personal_enc`. `priority` is 0 for interactive, 1 for bulk. `trace` is
    the trace that accepted it, as `traceparent` writes it.
    """

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_member_seq", "member_id", "seq"),
        Index(
            "ix_events_ledger",
            "member_id",
            postgresql_where=text(
                "type IN ('contact.added', 'contact.confirmed', 'contact.lost', 'contact.transferred',"
                " 'group.joined', 'group.left')"
            ),
        ),
        Index(
            "ix_events_staff",
            "associate_id",
            postgresql_where=text("type IN ('associate.joined', 'associate.left', 'associate.moved')"),
        ),
        Index("ix_events_unrouted", "member_id", postgresql_where=text("routed_at IS NULL AND member_id IS NOT NULL")),
    )

    seq: int = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(),))
    source: str
    event_id: str
    type: str
    member_id: int | None = reference("members.id", nullable=True)
    subject: str | None = None
    time: datetime = instant()
    accepted_at: datetime = instant()
    channel_id: int | None = reference("channels.id", nullable=True)
    store_id: int | None = reference("stores.id", index=True, nullable=True)
    associate_id: int | None = reference("associates.id", nullable=True)
    data: dict[str, Any] = json_value()
    personal_enc: bytes | None = sealed()
    priority: int = 0
    routed_at: datetime | None = instant(nullable=True)
    trace: str | None = None


class HeardType(SQLModel, table=True):
    """A type of events that a published journey has named."""

    __tablename__ = "heard_types"

    type: str = Field(primary_key=True)


class MemberQueue(SQLModel, table=True):
    """A member with unrouted events. Leases stand here, so that they never touch `members`."""

    __tablename__ = "member_queue"
    __table_args__ = (
        Index("ix_member_queue_next", "priority", "not_before", postgresql_where=text("parked_at IS NULL")),
        Index("ix_member_queue_parked", "member_id", postgresql_where=text("parked_at IS NOT NULL")),
    )

    member_id: int = reference("members.id", primary_key=True)
    priority: int = 0
    since: datetime = instant()
    not_before: datetime = instant()
    lease_by: str | None = None
    lease_until: datetime | None = instant(nullable=True)
    failures: int = 0
    parked_at: datetime | None = instant(nullable=True)
    reason: str | None = None
