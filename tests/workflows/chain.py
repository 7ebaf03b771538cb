"""One store with its associate, group, channel and coupon batch, for runs of the seeded journey."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from engine.coupons.models import CouponBatch
from engine.coupons.store import set_stock
from engine.organisation.models import Associate, Channel, Chat, Region, Store

BATCH = "HOOK-2026"


def open_store(session: Session, *, stock: int, now: datetime) -> None:
    """Make the store `S1`, the associate `a1`, the group `wr1`, the channel `pos-1` and a batch of hook coupons."""
    region = Region(key="south", title={"zh": "华南", "en": "South"})
    session.add(region)
    session.flush()
    store = Store(key="S1", title={"zh": "灯塔路店", "en": "Lighthouse Road"}, region_id=region.id)
    session.add(store)
    session.flush()
    associate = Associate(key="a1", wecom_userid="a1", store_id=store.id)
    batch = CouponBatch(
        key=BATCH,
        title={"zh": "钩子券", "en": "Hook"},
        stock=stock,
        value=1000,
        valid_for="P30D",
        hook=True,
        created_at=now,
    )
    session.add_all([associate, batch])
    session.flush()
    session.add(Chat(chat_id="wr1", title={"zh": "福利群", "en": "Group"}, store_id=store.id, owner_id=associate.id))
    title = {"zh": "收银台", "en": "Till"}
    session.add(
        Channel(key="pos-1", state="pos1", title=title, kind="pos", store_id=store.id, associates=[associate.id])
    )
    set_stock(session, batch, stock)
