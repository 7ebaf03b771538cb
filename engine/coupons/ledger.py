"""What events say about coupons, onto their rows. The order in which they arrive does not matter.

A coupon is redeemed if it ever was; else expired if it ever was; else claimed; else issued.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from engine.database import direct

COUPON_TYPES = frozenset({"coupon.issued", "coupon.claimed", "coupon.redeemed", "coupon.expired"})


@dataclass(frozen=True)
class CouponFact:
    """One event about a coupon. `batch` is the key that it named, if any."""

    type: str
    code: str
    batch: str | None
    at: datetime
    member_id: int | None
    store_id: int | None


@dataclass
class _Coupon:
    """All that a batch of events says about one code: the first time of each type, and who and where."""

    member_id: int | None = None
    store_id: int | None = None
    times: dict[str, datetime] = field(default_factory=dict)


def record(session: Session, facts: Iterable[CouponFact]) -> None:
    """Changes the rows of the codes that we know; events that name another batch than the code's change nothing."""
    given = list(facts)
    codes = sorted({fact.code for fact in given})
    if not codes:
        return
    known: dict[str, str] = dict(direct.rows(session, _LOCK, {"codes": codes}))
    coupons: dict[str, _Coupon] = {}
    for fact in sorted(given, key=lambda one: one.at):
        if fact.code in known and fact.batch in {None, known[fact.code]}:
            coupon = coupons.setdefault(fact.code, _Coupon())
            coupon.times.setdefault(fact.type, fact.at)
            coupon.member_id = coupon.member_id or fact.member_id
            coupon.store_id = coupon.store_id or fact.store_id
    if coupons:
        direct.execute(session, _WRITE, _parameters(coupons))


def holders(session: Session, codes: Iterable[str]) -> dict[str, int]:
    """Who holds each of these codes, as far as somebody does."""
    wanted = sorted(set(codes))
    if not wanted:
        return {}
    return dict(direct.rows(session, _HOLDERS, {"codes": wanted}))


def _parameters(coupons: Mapping[str, _Coupon]) -> dict[str, object]:
    found: dict[str, list[object]] = {name: [] for name in ("codes", "members", "stores", *COUPON_TYPES)}
    for code, coupon in coupons.items():
        found["codes"].append(code)
        found["members"].append(coupon.member_id)
        found["stores"].append(coupon.store_id)
        for kind in COUPON_TYPES:
            found[kind].append(coupon.times.get(kind))
    return {name.removeprefix("coupon."): values for name, values in found.items()}


_LOCK = """
    SELECT c.code, b.key FROM coupons c JOIN coupon_batches b ON b.id = c.batch_id
    WHERE c.code = ANY(%(codes)s) ORDER BY c.code FOR NO KEY UPDATE OF c"""
_HOLDERS = "SELECT code, member_id FROM coupons WHERE code = ANY(%(codes)s) AND member_id IS NOT NULL"
_WRITE = """
    UPDATE coupons c SET
        member_id = COALESCE(c.member_id, n.member),
        store_id = COALESCE(c.store_id, n.store),
        issued_at = LEAST(c.issued_at, n.issued, n.claimed, n.redeemed, n.expired),
        claimed_at = LEAST(c.claimed_at, n.claimed),
        redeemed_at = LEAST(c.redeemed_at, n.redeemed),
        status = CASE
            WHEN c.redeemed_at IS NOT NULL OR n.redeemed IS NOT NULL THEN 'redeemed'
            WHEN c.status = 'expired' OR n.expired IS NOT NULL THEN 'expired'
            WHEN c.claimed_at IS NOT NULL OR n.claimed IS NOT NULL THEN 'claimed'
            ELSE 'issued' END
    FROM unnest(
        CAST(%(codes)s AS text[]), CAST(%(members)s AS bigint[]), CAST(%(stores)s AS bigint[]),
        CAST(%(issued)s AS timestamptz[]), CAST(%(claimed)s AS timestamptz[]), CAST(%(redeemed)s AS timestamptz[]),
        CAST(%(expired)s AS timestamptz[])
    ) AS n (code, member, store, issued, claimed, redeemed, expired)
    WHERE c.code = n.code"""
