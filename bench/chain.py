"""What a benchmark finds in the seeded chain: a door for its customers, and its own journeys in place of the others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.clock import SystemClock
from engine.coupons.store import batch_named, set_stock
from engine.database.connection import Database
from engine.definitions import life
from engine.definitions.kinds import Kind
from engine.definitions.publish import publish
from engine.edits.store import put_draft
from engine.journeys.catalogue import Catalogue
from engine.seeds.coupons import BATCH
from workflows.activities.registry import catalogue_of, load_activities

FOLDER = Path(__file__).parent / "definitions"
STOCK = 100_000
ACTOR = "bench"


@dataclass(frozen=True)
class Door:
    """A code with somebody and a group behind it: keys as events name them, `state` as WeCom does."""

    channel: str
    state: str
    associate: str
    userid: str
    chat: str
    store: str


def door_of(database: Database) -> Door:
    """The first door of the chain."""
    with database.begin() as session:
        return Door(*session.connection().execute(_DOOR).one())


def only(database: Database, *keys: str) -> None:
    """Of all journeys let these alone take events; there are coupons enough for everybody."""
    catalogue, now = catalogue_of(load_activities()), SystemClock().now()
    with database.begin() as session:
        for (key,) in session.connection().execute(_LIVE).all():
            life.retire(session, key, by=ACTOR, now=now)
        for key in keys:
            _publish(session, "journey", key, catalogue, now)
        _fill_stock(session)


def publish_ruleset(database: Database, key: str) -> None:
    """Publish a ruleset of the benchmarks."""
    with database.begin() as session:
        _publish(session, "ruleset", key, catalogue_of(load_activities()), SystemClock().now())


def publish_text(database: Database, kind: Kind, key: str, document: str) -> None:
    """Publish any document, and leave it as the draft."""
    with database.begin() as session:
        _publish_text(session, kind, key, document, catalogue_of(load_activities()), SystemClock().now())


def _publish(session: Session, kind: Kind, key: str, catalogue: Catalogue, now: datetime) -> None:
    _publish_text(session, kind, key, (FOLDER / f"{key}.json").read_text(encoding="utf-8"), catalogue, now)


def _publish_text(session: Session, kind: Kind, key: str, document: str, catalogue: Catalogue, now: datetime) -> None:
    put_draft(session, kind, key, document, by=ACTOR, now=now)
    publish(session, kind, key, catalogue=catalogue, by=ACTOR, now=now)


def _fill_stock(session: Session) -> None:
    batch = batch_named(session, BATCH, lock=True)
    if batch is not None and batch.stock < STOCK:
        set_stock(session, batch, STOCK)


_LIVE = text("SELECT key FROM live WHERE kind = 'journey' AND retired_at IS NULL")
_DOOR = text("""
SELECT channels.key, channels.state, associates.key, associates.wecom_userid, chats.chat_id, stores.key
FROM channels
JOIN stores ON stores.id = channels.store_id
JOIN associates ON associates.store_id = stores.id AND associates.active AND associates.wecom_userid IS NOT NULL
JOIN chats ON chats.store_id = stores.id AND chats.dismissed_at IS NULL
WHERE channels.kind = 'pos' AND channels.state IS NOT NULL ORDER BY channels.id, associates.id LIMIT 1""")
