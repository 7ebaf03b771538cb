"""Gives a member a coupon of a batch: exactly once per effect key, never beyond the stock.

Free codes are taken past those that others are taking at this moment (SKIP LOCKED). Only when none is free do we wait
for them: "sold out" is final for whoever is told so, and must not rest on a transaction that is then rolled back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy.orm import Session

from engine.coupons.errors import BatchUnknownError
from engine.database import direct
from engine.events.incoming import INTERNAL, IncomingEvent
from engine.events.ingest import ingest
from engine.secrets.keyring import KeyRing
from rules.duration import add_to_instant, parse_duration
from rules.zones import HOME

SOURCE = f"{INTERNAL}coupons"


@dataclass(frozen=True)
class Issued:
    """The code that the member holds now, and until when it may be redeemed."""

    code: str
    expires_at: datetime | None


@dataclass(frozen=True)
class SoldOut:
    """No coupon: the stock is used up, or the member has had as many as one may."""

    reason: Literal["stock", "per_member"] = "stock"


@dataclass(frozen=True)
class _Batch:
    """A batch; what the effect was given of any before; and the key of the store that it happens in."""

    id: int
    per_member: int | None
    valid_for: str | None
    valid_until: datetime | None
    issued_code: str | None
    issued_until: datetime | None
    store_key: str | None


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

    Asked again with the same `effect_key`, it returns the same coupon and does nothing. Raises BatchUnknownError. Two
    who want the last codes may deadlock: the transaction is tried again, as turns are (`engine.database.retrying`).
    """
    given: dict[str, Any] = {"member": member_id, "store": store_id, "effect": effect_key, "now": now}
    found = direct.objects(session, _Batch, _BATCH, {"key": batch_key, "effect": effect_key, "store": store_id})
    if not found:
        raise BatchUnknownError(batch_key)
    [batch] = found
    if batch.issued_code is not None:
        return Issued(batch.issued_code, batch.issued_until)
    given["batch"] = batch.id
    if batch.per_member is not None and direct.scalars(session, _HELD, given)[0] >= batch.per_member:
        return SoldOut("per_member")
    given["expires"] = expiry(batch.valid_for, batch.valid_until, now)
    codes = direct.scalars(session, _TAKE_FREE, given) or direct.scalars(session, _TAKE_WAITING, given)
    if not codes:
        return SoldOut("stock")
    data: dict[str, Any] = {"batch": batch_key, "code": codes[0]}
    if store_id is not None:
        data["store"] = batch.store_key
    _tell(session, keys, data, member_id, now)
    return Issued(codes[0], given["expires"])


def expiry(valid_for: str | None, valid_until: datetime | None, now: datetime) -> datetime | None:
    """Until when a coupon issued now may be redeemed."""
    if valid_for is not None:
        return add_to_instant(now, parse_duration(valid_for), HOME)
    return valid_until


def _tell(session: Session, keys: KeyRing, data: dict[str, Any], member_id: int, now: datetime) -> None:
    event = IncomingEvent(SOURCE, f"issued/{data['code']}", "coupon.issued", None, now, data, member_id)
    ingest(session, [event], now=now, keys=keys)


_BATCH = """
    SELECT batch.id, per_member, valid_for, valid_until, issued.code AS issued_code, issued.expires_at AS issued_until,
        (SELECT key FROM stores WHERE id = %(store)s) AS store_key
    FROM coupon_batches AS batch LEFT JOIN coupons AS issued ON issued.effect_key = %(effect)s
    WHERE batch.key = %(key)s"""
_HELD = "SELECT count(*) FROM coupons WHERE batch_id = %(batch)s AND member_id = %(member)s"
_TAKE = """
    UPDATE coupons SET status = 'issued', member_id = %(member)s, store_id = CAST(%(store)s AS bigint),
        issued_at = %(now)s, expires_at = CAST(%(expires)s AS timestamptz), effect_key = %(effect)s
    WHERE code = (SELECT code FROM coupons WHERE batch_id = %(batch)s AND status = 'free' LIMIT 1 FOR UPDATE{skip})
    RETURNING code"""
_TAKE_FREE = _TAKE.replace("{skip}", " SKIP LOCKED")
_TAKE_WAITING = _TAKE.replace("{skip}", "")
