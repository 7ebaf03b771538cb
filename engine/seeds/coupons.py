"""The coupons that the demonstration gives away, and those that the journeys of the library name."""

from __future__ import annotations

from engine.coupons.models import CouponBatch
from engine.coupons.store import set_stock
from engine.seeds.part import Part

BATCH = "HOOK-2026"
STOCK = 10_000


LIBRARY = {
    "WELCOME-2026": ({"zh": "新客券 15 元", "en": "Welcome coupon, 15 yuan"}, 1_500),
    "WINBACK-2026": ({"zh": "回归券 20 元", "en": "Come-back coupon, 20 yuan"}, 2_000),
    "BIRTHDAY-2026": ({"zh": "生日券 30 元", "en": "Birthday coupon, 30 yuan"}, 3_000),
}
LIBRARY_STOCK = 1_000


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


def seed_library_coupons(part: Part) -> None:
    """A batch for each that a journey of the library names, so that a draft made from one can be published at once."""
    for key, (title, value) in LIBRARY.items():
        batch = CouponBatch(key=key, title=title, stock=0, value=value, valid_for="P30D", created_at=part.now)
        part.session.add(batch)
        set_stock(part.session, batch, LIBRARY_STOCK)
