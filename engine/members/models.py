"""Tables of members and of the identities by which the outside world names them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary
from sqlmodel import Field, SQLModel

from engine.database.columns import identity, instant, json_value, number, reference, sealed


class Member(SQLModel, table=True):
    """A customer as the chain knows them. `merged_into` names the survivor once two proved to be one."""

    __tablename__ = "members"

    id: int = identity()
    created_at: datetime = instant()
    merged_into: int | None = reference("members.id", nullable=True)
    is_staff: bool = False
    attributes: dict[str, Any] = json_value()
    personal_enc: bytes | None = sealed()
    store_id: int | None = reference("stores.id", index=True, nullable=True)
    owner_id: int | None = reference("associates.id", nullable=True)
    first_channel_id: int | None = reference("channels.id", nullable=True)
    last_channel_id: int | None = reference("channels.id", nullable=True)


class Identity(SQLModel, table=True):
    """One (kind, value) of a member. `lookup` is a keyed hash of the value; the value itself is sealed."""

    __tablename__ = "identities"

    kind: str = Field(primary_key=True)
    lookup: bytes = Field(primary_key=True, sa_type=LargeBinary)
    member_id: int = reference("members.id", index=True)
    value_enc: bytes = sealed(nullable=False)


class Dispute(SQLModel, table=True):
    """Identities of one event that name two people who must not be merged by themselves."""

    __tablename__ = "disputes"

    id: int = identity()
    member_a: int = reference("members.id")
    member_b: int = reference("members.id")
    event_seq: int | None = number(nullable=True)
    reason: str
    at: datetime = instant()
