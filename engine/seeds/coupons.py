"""The hook coupon that the demonstration gives away."""

from __future__ import annotations

import secrets

from engine.coupons.models import Coupon, CouponBatch
from engine.seeds.part import Part

BATCH = "HOOK-2026"
STOCK = 10_000


def seed_coupons(part: Part) -> None:
    """The batch with all of its codes. These alone are not drawn from the fixed chance: a code must not be guessed."""
    [batch] = part.numbered(
        CouponBatch,
        [
            {
                "key": BATCH,
                "title": {"zh": "入群礼券 10 元", "en": "Group coupon, 10 yuan"},
                "stock": STOCK,
                "value": 1_000,
                "currency": "CNY",
                "valid_for": "P30D",
                "hook": True,
                "created_at": part.now,
            }
        ],
    )
    codes = {f"{BATCH}-{secrets.token_hex(6).upper()}" for _ in range(STOCK)}
    while len(codes) < STOCK:
        codes.add(f"{BATCH}-{secrets.token_hex(6).upper()}")
    part.insert(Coupon, [{"code": code, "batch_id": batch, "status": "free"} for code in sorted(codes)])
