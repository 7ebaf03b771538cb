"""The hook coupon that the demonstration gives away."""

from __future__ import annotations

from engine.coupons.models import CouponBatch
from engine.coupons.store import set_stock
from engine.seeds.part import Part

BATCH = "HOOK-2026"
STOCK = 10_000


def seed_coupons(part: Part) -> None:
    """The batch with all of its codes. These alone are not drawn from the fixed chance: a code must not be guessed."""
    batch = CouponBatch(
        key=BATCH,
        title={"zh": "入群礼券 10 元", "en": "Group coupon, 10 yuan"},
        stock=0,
        value=1_000,
        valid_for="P30D",
        hook=True,
        created_at=part.now,
    )
    part.session.add(batch)
    set_stock(part.session, batch, STOCK)
