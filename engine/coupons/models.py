"""Coupon batches and their codes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from engine.database.columns import identity, instant, json_value, number, reference


class CouponBatch(SQLModel, table=True):
    """A batch: its stock is as many rows in `coupons`. `value` is in minor units of `currency`."""

    __tablename__ = "coupon_batches"

    id: int = identity()
    key: str = Field(unique=True)
    title: dict[str, str] = json_value()
    stock: int
    value: int = number()
    currency: str = "CNY"
    valid_for: str | None = None
    valid_until: datetime | None = instant(nullable=True)
    per_member: int | None = None
    hook: bool = False
    created_at: datetime = instant()


class Coupon(SQLModel, table=True):
    """One code; `status` is free, issued, claimed, redeemed or expired. `effect_key` makes issuing happen once."""

    __tablename__ = "coupons"
    __table_args__ = (
        Index("ix_coupons_free", "batch_id", postgresql_where=text("status = 'free'")),
        Index("ix_coupons_batch_member", "batch_id", "member_id"),
        Index("ix_coupons_due", "expires_at", postgresql_where=text("status IN ('issued', 'claimed')")),
    )

    code: str = Field(primary_key=True)
    batch_id: int = reference("coupon_batches.id")
    member_id: int | None = reference("members.id", nullable=True, index=True)
    store_id: int | None = reference("stores.id", nullable=True)
    status: str = "free"
    issued_at: datetime | None = instant(nullable=True)
    claimed_at: datetime | None = instant(nullable=True)
    redeemed_at: datetime | None = instant(nullable=True)
    expires_at: datetime | None = instant(nullable=True)
    effect_key: str | None = Field(default=None, unique=True)
