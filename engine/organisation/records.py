"""The records of the chain as rules see them: `store.*`, `associate.*`, `event.channel.*`, by internal id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from sqlalchemy import select, text
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.organisation.kinds import CHANNEL_KINDS
from engine.organisation.models import Associate, Channel, Region, Store
from engine.secrets.keyring import KeyRing
from rules.types import Json

Record: TypeAlias = dict[str, Json]


def channel_records(session: Session, ids: Iterable[int]) -> dict[int, Record]:
    """Channels by id: key, kind, class, title."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    rows = session.execute(select(Channel).where(col(Channel.id).in_(wanted))).scalars()
    return {row.id: _channel(row) for row in rows}


def store_records(session: Session, ids: Iterable[int], *, whole: bool = False) -> dict[int, Record]:
    """Stores by id. `whole` adds what needs a look elsewhere: all regions above, and the current customer group."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    rows = session.execute(
        select(Store, col(Region.key))
        .join(Region, col(Region.id) == col(Store.region_id))
        .where(col(Store.id).in_(wanted))
    )
    found = {store.id: _store(store, region) for store, region in rows}
    if whole:
        for store, regions in session.connection().execute(_REGIONS, {"ids": wanted}):
            found[store]["regions"] = list(regions)
        for store, chat_id in session.connection().execute(_CHATS, {"ids": wanted}):
            found[store]["group_chat"] = chat_id
    return found


def associate_records(session: Session, ids: Iterable[int], *, keys: KeyRing | None = None) -> dict[int, Record]:
    """Associates by id; with the key ring also their names."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    rows = session.execute(
        select(Associate, col(Store.key))
        .outerjoin(Store, col(Store.id) == col(Associate.store_id))
        .where(col(Associate.id).in_(wanted))
    )
    return {associate.id: _associate(associate, store, keys) for associate, store in rows}


def plain_title(title: Mapping[str, str]) -> str:
    """A title as one text, for rules and texts: Chinese first."""
    return title.get("zh") or title.get("en") or ""


def _channel(row: Channel) -> Record:
    return {
        "key": row.key,
        "kind": row.kind,
        "class": CHANNEL_KINDS.get(row.kind, "other"),
        "title": plain_title(row.title),
    }


def _store(row: Store, region: str) -> Record:
    return {
        **{key: value for key, value in row.details.items() if value is not None},
        "key": row.key,
        "title": plain_title(row.title),
        "region": region,
        "brand": row.brand,
        "ownership": row.ownership,
        "price_kind": row.price_kind,
        "mode": row.mode,
        "address": row.address,
    }


def _associate(row: Associate, store: str | None, keys: KeyRing | None) -> Record:
    record: Record = {
        "key": row.key,
        "userid": row.wecom_userid,
        "role": row.role,
        "active": row.active,
        "store": store,
    }
    if keys is not None and row.name_enc is not None:
        record["name"] = keys.open(row.name_enc).decode()
    return record


_REGIONS = text("""
    WITH RECURSIVE above AS (
        SELECT s.id AS store_id, r.id, r.key, r.parent_id, 0 AS step
        FROM stores s JOIN regions r ON r.id = s.region_id WHERE s.id = ANY(:ids)
        UNION ALL
        SELECT a.store_id, r.id, r.key, r.parent_id, a.step + 1
        FROM above a JOIN regions r ON r.id = a.parent_id WHERE a.step < 32
    )
    SELECT store_id, array_agg(key ORDER BY step) FROM above GROUP BY store_id""")
_CHATS = text("""
    SELECT DISTINCT ON (store_id) store_id, chat_id FROM chats
    WHERE store_id = ANY(:ids) AND dismissed_at IS NULL
    ORDER BY store_id, (kind = 'store') DESC, id DESC""")
