"""Batches and their codes as rows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.coupons.errors import StockTooSmallError
from engine.coupons.models import Coupon, CouponBatch

LARGEST_STOCK = 1_000_000


@dataclass(frozen=True)
class BatchCounts:
    """How many coupons of a batch were ever issued, claimed, redeemed, and have expired."""

    issued: int = 0
    claimed: int = 0
    redeemed: int = 0
    expired: int = 0


@dataclass(frozen=True)
class HeldCoupon:
    """One coupon that was given out."""

    code: str
    batch: str
    title: dict[str, str]
    member_id: int
    status: str
    issued_at: datetime | None
    claimed_at: datetime | None
    redeemed_at: datetime | None
    expires_at: datetime | None


def batch_named(session: Session, key: str, *, lock: bool = False) -> CouponBatch | None:
    """The batch of this key, if there is one; `lock` holds its row until the transaction ends."""
    wanted = select(CouponBatch).where(col(CouponBatch.key) == key)
    return session.execute(wanted.with_for_update() if lock else wanted).scalar_one_or_none()


def batches_named(session: Session, keys: Collection[str]) -> dict[str, CouponBatch]:
    """The batches of these keys, as far as there are any."""
    found = session.execute(select(CouponBatch).where(col(CouponBatch.key).in_(keys))).scalars()
    return {each.key: each for each in found}


def lock_key(session: Session, key: str) -> None:
    """Holds off other writers of this batch until the transaction ends, also while it does not exist yet."""
    session.connection().execute(_LOCK, {"name": f"coupon-batch/{key}"})


def list_batches(session: Session, *, after: str = "", limit: int = 50) -> list[CouponBatch]:
    """Batches by key."""
    wanted = select(CouponBatch).where(col(CouponBatch.key) > after).order_by(col(CouponBatch.key)).limit(limit)
    return list(session.execute(wanted).scalars())


def set_stock(session: Session, batch: CouponBatch, stock: int) -> None:
    """Makes codes up to the stock, or takes free ones away. Raises StockTooSmallError below what was given out."""
    session.flush()
    total, free = session.connection().execute(_COUNT, {"batch": batch.id}).one()
    if stock < total - free:
        raise StockTooSmallError(stock, total - free)
    while total < stock:
        made = session.connection().execute(_MAKE, {"batch": batch.id, "n": stock - total})
        total += made.rowcount
    if total > stock:
        session.connection().execute(_REMOVE, {"batch": batch.id, "n": total - stock})
    batch.stock = stock


def counts(session: Session, ids: Sequence[int]) -> dict[int, BatchCounts]:
    """The figures of batches by id."""
    rows = session.connection().execute(_COUNTS, {"ids": list(ids)})
    return {row.batch_id: BatchCounts(row.issued, row.claimed, row.redeemed, row.expired) for row in rows}


def coupon_of_code(session: Session, code: str) -> HeldCoupon | None:
    """The coupon of this code, if somebody holds it."""
    return next(iter(_held(session, select(col(Coupon.code)).where(col(Coupon.code) == code))), None)


def list_coupons(
    session: Session,
    *,
    batch: str | None = None,
    member_id: int | None = None,
    status: str | None = None,
    after: str = "",
    limit: int = 50,
) -> list[HeldCoupon]:
    """Coupons that were given out, by code."""
    wanted = select(col(Coupon.code)).where(col(Coupon.member_id).is_not(None), col(Coupon.code) > after)
    if batch is not None:
        wanted = wanted.where(
            col(Coupon.batch_id).in_(select(col(CouponBatch.id)).where(col(CouponBatch.key) == batch))
        )
    if member_id is not None:
        wanted = wanted.where(col(Coupon.member_id) == member_id)
    if status is not None:
        wanted = wanted.where(col(Coupon.status) == status)
    return _held(session, wanted.order_by(col(Coupon.code)).limit(limit))


def _held(session: Session, codes: Any) -> list[HeldCoupon]:
    wanted = (
        select(Coupon, col(CouponBatch.key), col(CouponBatch.title))
        .join(CouponBatch, col(CouponBatch.id) == col(Coupon.batch_id))
        .where(col(Coupon.code).in_(codes), col(Coupon.member_id).is_not(None))
        .order_by(col(Coupon.code))
    )
    return [
        HeldCoupon(
            coupon.code,
            key,
            title,
            coupon.member_id or 0,
            coupon.status,
            coupon.issued_at,
            coupon.claimed_at,
            coupon.redeemed_at,
            coupon.expires_at,
        )
        for coupon, key, title in session.execute(wanted)
    ]


_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_COUNT = text("SELECT count(*), count(*) FILTER (WHERE status = 'free') FROM coupons WHERE batch_id = :batch")
_COUNTS = text("""
    SELECT batch_id, count(issued_at) AS issued, count(claimed_at) AS claimed, count(redeemed_at) AS redeemed,
           count(*) FILTER (WHERE status = 'expired') AS expired
    FROM coupons WHERE batch_id = ANY(:ids) AND status <> 'free' GROUP BY batch_id""")
_MAKE = text("""
    INSERT INTO coupons (code, batch_id, status)
    SELECT upper(translate(substr(gen_random_uuid()::text, 20), '-', '')), :batch, 'free' FROM generate_series(1, :n)
    ON CONFLICT DO NOTHING""")
_REMOVE = text("""
    DELETE FROM coupons WHERE code = ANY (ARRAY(
        SELECT code FROM coupons WHERE batch_id = :batch AND status = 'free' LIMIT :n FOR UPDATE SKIP LOCKED))""")
