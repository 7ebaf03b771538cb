"""Gives a member a coupon of a batch: exactly once per effect key, never beyond the stock.

Free codes are taken past those that others are taking at this moment (SKIP LOCKED). Only when none is free do we wait
for them: "sold out" is final for whoever is told so, and must not rest on a transaction that is then rolled back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.coupons.errors import BatchUnknownError
from engine.events.incoming import INTERNAL, IncomingEvent
from engine.events.ingest import ingest
from engine.secrets.keyring import KeyRing
from rules.duration import add_to_instant, parse_duration

SOURCE = f"{INTERNAL}coupons"
ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Issued:
    """The code that the member holds now, and until when it may be redeemed."""

    code: str
    expires_at: datetime | None


@dataclass(frozen=True)
class SoldOut:
    """No coupon: the stock is used up, or the member has had as many as one may."""

    reason: Literal["stock", "per_member"] = "stock"


def issue(
    session: Session,
    *,
    batch_key: str,
    member_id: int,
    effect_key: str,
    keys: KeyRing,
    now: datetime,
    store_id: int | None = None,
) -> Issued | SoldOut:
    """Issues a coupon and tells the log (`coupon.issued`). The caller holds the member's row lock.

    Asked again with the same `effect_key`, it returns the same coupon and does nothing. Raises BatchUnknownError.
    """
    execute = session.connection().execute
    batch = execute(_BATCH, {"key": batch_key}).one_or_none()
    if batch is None:
        raise BatchUnknownError(batch_key)
    before = execute(_ISSUED, {"effect": effect_key}).one_or_none()
    if before is not None:
        return Issued(before.code, before.expires_at)
    given: dict[str, Any] = {
        "batch": batch.id,
        "member": member_id,
        "store": store_id,
        "effect": effect_key,
        "now": now,
    }
    if batch.per_member is not None and execute(_HELD, given).scalar_one() >= batch.per_member:
        return SoldOut("per_member")
    given["expires"] = expiry(batch.valid_for, batch.valid_until, now)
    code = execute(_TAKE_FREE, given).scalar() or execute(_TAKE_WAITING, given).scalar()
    if code is None:
        return SoldOut("stock")
    _tell(session, keys, code, batch_key, member_id, store_id, now)
    return Issued(code, given["expires"])


def expiry(valid_for: str | None, valid_until: datetime | None, now: datetime) -> datetime | None:
    """Until when a coupon issued now may be redeemed."""
    if valid_for is not None:
        return add_to_instant(now, parse_duration(valid_for), ZONE)
    return valid_until


def _tell(
    session: Session, keys: KeyRing, code: str, batch: str, member_id: int, store_id: int | None, now: datetime
) -> None:
    data: dict[str, Any] = {"batch": batch, "code": code}
    if store_id is not None:
        data["store"] = session.connection().execute(_STORE, {"id": store_id}).scalar()
    event = IncomingEvent(SOURCE, f"issued/{code}", "coupon.issued", None, now, data, member_id)
    ingest(session, [event], now=now, keys=keys)


_BATCH = text("SELECT id, per_member, valid_for, valid_until FROM coupon_batches WHERE key = :key")
_ISSUED = text("SELECT code, expires_at FROM coupons WHERE effect_key = :effect")
_HELD = text("SELECT count(*) FROM coupons WHERE batch_id = :batch AND member_id = :member")
_STORE = text("SELECT key FROM stores WHERE id = :id")
_TAKE = """
    UPDATE coupons SET status = 'issued', member_id = :member, store_id = CAST(:store AS bigint), issued_at = :now,
        expires_at = CAST(:expires AS timestamptz), effect_key = :effect
    WHERE code = (SELECT code FROM coupons WHERE batch_id = :batch AND status = 'free' LIMIT 1 FOR UPDATE{skip})
    RETURNING code"""
_TAKE_FREE = text(_TAKE.replace("{skip}", " SKIP LOCKED"))
_TAKE_WAITING = text(_TAKE.replace("{skip}", ""))
