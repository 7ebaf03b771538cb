"""The records of the chain as rules see them: `store.*`, `associate.*`, `event.channel.*`, by internal id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sqlalchemy.orm import Session

from engine.database import direct
from engine.organisation.kinds import CHANNEL_KINDS
from engine.secrets.keyring import KeyRing
from rules.types import Json

Record: TypeAlias = dict[str, Json]


@dataclass(frozen=True)
class Records:
    """Records by id, of each kind."""

    channels: dict[int, Record] = field(default_factory=dict)
    stores: dict[int, Record] = field(default_factory=dict)
    associates: dict[int, Record] = field(default_factory=dict)


def records(
    session: Session, *, channels: Iterable[int] = (), stores: Iterable[int] = (), associates: Iterable[int] = ()
) -> Records:
    """The records with these ids, in one statement; none where nothing is asked."""
    found = Records()
    wanted = {"channels": list(set(channels)), "stores": list(set(stores)), "associates": list(set(associates))}
    if any(wanted.values()):
        for kind, number, row in direct.rows(session, _RECORDS, wanted):
            into: dict[int, Record] = getattr(found, kind)
            into[number] = _record(kind, row)
    return found


def store_records(session: Session, ids: Iterable[int], *, whole: bool = False) -> dict[int, Record]:
    """Stores by id. `whole` adds what needs a look elsewhere: all regions above, and the current customer group."""
    found = records(session, stores=ids).stores
    if whole and found:
        wanted = {"ids": list(found)}
        for store, regions in direct.rows(session, _REGIONS, wanted):
            found[store]["regions"] = list(regions)
        for store, chat_id in direct.rows(session, _CHATS, wanted):
            found[store]["group_chat"] = chat_id
    return found


def associate_records(session: Session, ids: Iterable[int], *, keys: KeyRing | None = None) -> dict[int, Record]:
    """Associates by id; with the key ring also their names."""
    found = records(session, associates=ids).associates
    if keys is not None and found:
        for associate, name in direct.rows(session, _NAMES, {"ids": list(found)}):
            found[associate]["name"] = keys.open(name).decode()
    return found


def plain_title(title: Mapping[str, str]) -> str:
    """A title as one text, for rules and texts: Chinese first."""
    return title.get("zh") or title.get("en") or ""


def _record(kind: str, row: dict[str, Any]) -> Record:
    """A row as rules see it: one title, and the class that a channel's kind belongs to."""
    if "title" in row:
        row["title"] = plain_title(row["title"])
    if kind == "channels":
        row["class"] = CHANNEL_KINDS.get(row["kind"], "other")
    return row


# A column goes before a detail of the same name.
_RECORDS = """
SELECT 'channels', id, jsonb_build_object('key', key, 'kind', kind, 'title', title)
FROM channels WHERE id = ANY(%(channels)s)
UNION ALL
SELECT 'stores', stores.id, stores.details || jsonb_build_object(
    'key', stores.key, 'title', stores.title, 'region', regions.key, 'brand', brand, 'ownership', ownership,
    'price_kind', price_kind, 'mode', mode, 'address', address)
FROM stores JOIN regions ON regions.id = stores.region_id WHERE stores.id = ANY(%(stores)s)
UNION ALL
SELECT 'associates', associates.id, jsonb_build_object(
    'key', associates.key, 'userid', wecom_userid, 'role', role, 'active', active, 'store', stores.key)
FROM associates LEFT JOIN stores ON stores.id = associates.store_id WHERE associates.id = ANY(%(associates)s)"""
_NAMES = "SELECT id, name_enc FROM associates WHERE id = ANY(%(ids)s) AND name_enc IS NOT NULL"
_REGIONS = """
    WITH RECURSIVE above AS (
        SELECT s.id AS store_id, r.id, r.key, r.parent_id, 0 AS step
        FROM stores s JOIN regions r ON r.id = s.region_id WHERE s.id = ANY(%(ids)s)
        UNION ALL
        SELECT a.store_id, r.id, r.key, r.parent_id, a.step + 1
        FROM above a JOIN regions r ON r.id = a.parent_id WHERE a.step < 32
    )
    SELECT store_id, array_agg(key ORDER BY step) FROM above GROUP BY store_id"""
_CHATS = """
    SELECT DISTINCT ON (store_id) store_id, chat_id FROM chats
    WHERE store_id = ANY(%(ids)s) AND dismissed_at IS NULL
    ORDER BY store_id, (kind = 'store') DESC, id DESC"""
