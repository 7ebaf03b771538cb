"""Tables of the chain: regions, stores, associates, customer groups (chats), channels and their WeCom codes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from engine.database.columns import identity, instant, json_value, long_text, number, numbers, reference, sealed


class Region(SQLModel, table=True):
    """A part of the chain between headquarters and stores; regions nest."""

    __tablename__ = "regions"

    id: int = identity()
    key: str = Field(unique=True)
    title: dict[str, str] = json_value()
    parent_id: int | None = reference("regions.id", nullable=True)


class Store(SQLModel, table=True):
    """A place with staff and customers. `is_test` stores stay out of every figure (METRICS.md, M2)."""

    __tablename__ = "stores"

    id: int = identity()
    key: str = Field(unique=True)
    title: dict[str, str] = json_value()
    region_id: int = reference("regions.id", index=True)
    brand: str | None = None
    ownership: str = "own"
    price_kind: str = "full"
    mode: str = "distributed"
    address: str | None = None
    details: dict[str, Any] = json_value()
    is_test: bool = False


class Associate(SQLModel, table=True):
    """A WeCom account run by a person or a shift. `friends_elsewhere` counts friends that we hold no rows for.

    What WeCom's directory said last: whether the account was `activated`, its `department`, and when it was `seen_at`.
    """

    __tablename__ = "associates"

    id: int = identity()
    key: str = Field(unique=True)
    wecom_userid: str | None = Field(default=None, unique=True)
    name_enc: bytes | None = sealed()
    store_id: int | None = reference("stores.id", index=True, nullable=True)
    role: str = "associate"
    active: bool = True
    run_by: str | None = None
    capacity: int = 20_000
    friends_elsewhere: int = 0
    left_at: datetime | None = instant(nullable=True)
    activated: bool = True
    department: int | None = number(nullable=True)
    seen_at: datetime | None = instant(nullable=True)


class Department(SQLModel, table=True):
    """A department of WeCom's directory, and the store or region that it stands for, as far as that is known."""

    __tablename__ = "departments"

    corp_id: str = Field(primary_key=True)
    id: int = number(primary_key=True)
    parent_id: int = number()
    name: str
    region_id: int | None = reference("regions.id", nullable=True)
    store_id: int | None = reference("stores.id", index=True, nullable=True)
    seen_at: datetime = instant()


class Chat(SQLModel, table=True):
    """A customer group. `member_version` is WeCom's hash of the member list that our seats mirror."""

    __tablename__ = "chats"

    id: int = identity()
    chat_id: str = Field(unique=True)
    title: dict[str, str] = json_value()
    store_id: int | None = reference("stores.id", index=True, nullable=True)
    owner_id: int | None = reference("associates.id", nullable=True)
    hosts: list[int] = numbers()
    kind: str = "store"
    member_version: str | None = None
    created_at: datetime | None = instant(nullable=True)
    dismissed_at: datetime | None = instant(nullable=True)


class Channel(SQLModel, table=True):
    """A printed or linked code by which customers come in (渠道活码). `state` is WeCom's name for it."""

    __tablename__ = "channels"

    id: int = identity()
    key: str = Field(unique=True)
    state: str = Field(unique=True)
    title: dict[str, str] = json_value()
    kind: str
    store_id: int | None = reference("stores.id", index=True, nullable=True)
    associates: list[int] = numbers()
    backups: list[int] = numbers()
    hours: dict[str, Any] | None = json_value(nullable=True)
    expires_at: datetime | None = instant(nullable=True)


class ContactWay(SQLModel, table=True):
    """WeCom's code behind which one account receives for one channel. See `ways`: wanted, then made or refused.

    `not_before` is the end of a lease, or of the rest after a failure. A row without `config_id` is a code to come.
    """

    __tablename__ = "contact_ways"
    __table_args__ = (Index("ix_contact_ways_wanted", "wanted_at", postgresql_where=text("wanted_at IS NOT NULL")),)

    channel_id: int = reference("channels.id", primary_key=True)
    userid: str = Field(primary_key=True)
    config_id: str | None = None
    qr_url: str | None = long_text(nullable=True)
    wanted_at: datetime | None = instant(nullable=True)
    not_before: datetime | None = instant(nullable=True)
    failures: int = 0
    error: str | None = long_text(nullable=True)
