"""A small chain for tests of ingest: two regions, three stores, four associates, channels, chats and a coupon batch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.coupons.models import Coupon, CouponBatch
from engine.database.connection import Database
from engine.database.retrying import run
from engine.events.heard import hear
from engine.events.incoming import IncomingEvent, IngestResult
from engine.events.ingest import ingest
from engine.events.types import EVENT_TYPES
from engine.organisation.models import Associate, Channel, Chat, Region, Store
from engine.secrets.keyring import KeyRing

NOW = datetime(2026, 1, 7, 2, tzinfo=UTC)
_numbers = count(1)


@dataclass(frozen=True)
class Chain:
    """A database with the chain in it, and how tests tell it events."""

    database: Database
    keys: KeyRing
    stores: dict[str, int]

    def tell(self, *events: IncomingEvent, now: datetime = NOW) -> IngestResult:
        """Ingests the events in one batch."""
        return run(self.database, lambda session: ingest(session, events, now=now, keys=self.keys))

    def rows(self, sql: str, **parameters: object) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with self.database.begin() as session:
            return [tuple(row) for row in session.connection().execute(text(sql), parameters)]

    def relations(self) -> list[tuple[Any, ...]]:
        """The ledger of relations in words: associate, half, full and end in minutes, by, kind, channel, store."""
        rows = self.rows("""
            SELECT a.key, half_at, full_at, ended_at, ended_by, r.kind, c.key, s.key
            FROM relations r JOIN associates a ON a.id = r.associate_id
            LEFT JOIN channels c ON c.id = r.channel_id LEFT JOIN stores s ON s.id = r.store_id
            ORDER BY r.member_id, COALESCE(half_at, full_at), a.key""")
        return [(key, *(_minutes(one) for one in times), *rest) for key, *times, rest in _grouped(rows, 4)]

    def seats(self) -> list[tuple[Any, ...]]:
        """The ledger of seats in words: chat, joined and left in minutes, by, channel, scene."""
        rows = self.rows("""
            SELECT h.chat_id, joined_at, left_at, left_by, c.key, scene
            FROM seats s JOIN chats h ON h.id = s.chat_id LEFT JOIN channels c ON c.id = s.channel_id
            ORDER BY s.member_id, joined_at, h.chat_id""")
        return [(key, *(_minutes(one) for one in times), *rest) for key, *times, rest in _grouped(rows, 3)]


def _grouped(rows: list[tuple[Any, ...]], n: int) -> list[tuple[Any, ...]]:
    return [(*row[:n], row[n:]) for row in rows]


def at(minutes: float) -> datetime:
    """An instant so many minutes after the beginning of the story, a week before now."""
    return NOW - timedelta(days=7) + timedelta(minutes=minutes)


def event(kind: str, minutes: float = 0, subject: str | None = "external_userid:wmA", **data: Any) -> IncomingEvent:
    """An event with a fresh id; `from_` stands for the key `from`."""
    return IncomingEvent(
        "test", f"e{next(_numbers)}", kind, subject, at(minutes), {k.rstrip("_"): v for k, v in data.items()}
    )


def build_chain(database: Database, keys: KeyRing) -> Chain:
    """Fills an empty database; journeys name all types that we know."""
    with database.begin() as session:
        hear(session, EVENT_TYPES)
        return Chain(database, keys, _build(session, keys))


def _build(session: Session, keys: KeyRing) -> dict[str, int]:
    east, west = Region(key="east", title=_title("东")), Region(key="west", title=_title("西"))
    session.add_all([east, west])
    session.flush()
    stores = {
        key: Store(key=key, title=_title(key), region_id=region.id)
        for key, region in (("S1", east), ("S2", east), ("S3", west))
    }
    session.add_all(stores.values())
    session.flush()
    for key, store in (("lin", "S1"), ("chen", "S1"), ("su", "S2"), ("mo", "S3")):
        name = keys.seal(key.encode())
        session.add(Associate(key=key, wecom_userid=f"wecom-{key}", name_enc=name, store_id=stores[store].id))
    for key, kind, store in (("S1-till", "pos", "S1"), ("S1-shelf", "shelf", "S1"), ("S2-till", "pos", "S2")):
        session.add(Channel(key=key, state=f"st-{key}", title=_title(key), kind=kind, store_id=stores[store].id))
    for key, store in (("wr1", "S1"), ("wr1b", "S1"), ("wr2", "S2")):
        session.add(Chat(chat_id=key, title=_title(key), store_id=stores[store].id))
    batch = CouponBatch(key="HOOK", title=_title("券"), stock=3, value=1000, created_at=NOW)
    session.add(batch)
    session.flush()
    session.add_all([Coupon(code=f"C{n}", batch_id=batch.id) for n in range(3)])
    return {key: store.id for key, store in stores.items()}


def _title(value: str) -> dict[str, str]:
    return {"zh": value, "en": value}


def _minutes(instant: datetime | None) -> float | None:
    return None if instant is None else (instant - at(0)) / timedelta(minutes=1)
