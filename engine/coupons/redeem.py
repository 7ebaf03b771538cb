"""Redeems a coupon for a till that calls us instead of sending the event, and expires coupons whose time is over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.coupons.errors import CouponSpentError, CouponUnknownError
from engine.coupons.issue import SOURCE
from engine.events.incoming import IncomingEvent
from engine.events.ingest import ingest
from engine.secrets.keyring import KeyRing
from rules.types import Json


def redeem(
    session: Session, code: str, *, keys: KeyRing, now: datetime, store: str | None = None, order_no: str | None = None
) -> None:
    """Marks the coupon redeemed and tells the log (`coupon.redeemed`).

    Raises CouponUnknownError, or CouponSpentError when it was redeemed before or has expired. The transaction must see
    all stores.
    """
    held = session.connection().execute(_HELD, {"code": code}).one_or_none()
    if held is None or held.member_id is None:
        raise CouponUnknownError(code)
    session.connection().execute(_LOCK_MEMBER, {"member": held.member_id})
    status = session.connection().execute(_STATUS, {"code": code}).scalar_one()
    if status in {"redeemed", "expired"}:
        raise CouponSpentError(code, status)
    if held.expires_at is not None and held.expires_at <= now:
        raise CouponSpentError(code, "expired")
    data: dict[str, Json] = {"batch": held.key, "code": code}
    data |= {name: value for name, value in (("store", store), ("order_no", order_no)) if value is not None}
    _tell(session, [("redeemed", code, data, held.member_id)], keys, now)


def expire_due(session: Session, *, keys: KeyRing, now: datetime, limit: int = 500) -> int:
    """Expires coupons whose time is over (`coupon.expired`), at most `limit` at a time; tells how many."""
    rows = session.connection().execute(_DUE, {"now": now, "limit": limit}).all()
    facts = [("expired", row.code, {"batch": row.key, "code": row.code}, row.member_id) for row in rows]
    _tell(session, facts, keys, now)
    return len(facts)


def _tell(session: Session, facts: list[tuple[str, str, dict[str, Any], int]], keys: KeyRing, now: datetime) -> None:
    events = [
        IncomingEvent(SOURCE, f"{what}/{code}", f"coupon.{what}", None, now, data, member)
        for what, code, data, member in facts
    ]
    ingest(session, events, now=now, keys=keys)


_HELD = text("""
    SELECT c.member_id, c.expires_at, b.key FROM coupons c JOIN coupon_batches b ON b.id = c.batch_id
    WHERE c.code = :code""")
_LOCK_MEMBER = text("SELECT id FROM members WHERE id = :member FOR NO KEY UPDATE")
_STATUS = text("SELECT status FROM coupons WHERE code = :code FOR NO KEY UPDATE")
_DUE = text("""
    SELECT c.code, c.member_id, b.key FROM coupons c JOIN coupon_batches b ON b.id = c.batch_id
    WHERE c.status IN ('issued', 'claimed') AND c.expires_at <= :now AND c.member_id IS NOT NULL
    ORDER BY c.expires_at LIMIT :limit""")
