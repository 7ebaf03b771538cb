"""The rows of `callbacks`: put down once, waiting in order per chat, leased to one router at a time, mapped."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.secrets.keyring import KeyRing
from engine.wecom.xml import Fields

KEPT = timedelta(days=400)
"""As long as ingest remembers events: so long a callback that is replayed has no effect."""
_SHOWN = 100
"""Waiting callbacks of one chat that are taken up at once."""


@dataclass(frozen=True)
class Arrived:
    """An event as it came in, for which app and which corp; `kind` names it without personal data."""

    app: str
    corp_id: str
    event: Fields
    kind: str


@dataclass(frozen=True)
class Waiting:
    """A callback that is not mapped yet."""

    id: int
    corp_id: str
    event: Fields
    received_at: datetime
    failures: int


@dataclass(frozen=True)
class Due:
    """A callback that a router may take up: the first that waits of its chat (`chat_id`), or one that stands alone.

    `upto` is the last of the chat at this moment: whatever WeCom is asked from now on is newer than all of these. One
    that has been put off is taken up alone, so that it keeps nobody behind it from being counted for itself.
    """

    id: int
    app: str
    chat_id: str | None
    upto: int


def put(session: Session, arrived: Arrived, *, keys: KeyRing, now: datetime, chat_id: str | None = None) -> int | None:
    """Puts a callback down; its id, or None if the same event came before."""
    body = {"corp_id": arrived.corp_id, "event": arrived.event}
    given = {
        "app": arrived.app,
        "digest": _digest(keys, arrived),
        "kind": arrived.kind,
        "chat": chat_id,
        "now": now,
        "body": keys.seal_json(body),
    }
    found: int | None = session.connection().execute(_PUT, given).scalar_one_or_none()
    return found


def lock_chat(session: Session, chat_id: str) -> None:
    """Makes whoever maps callbacks of this chat wait for one another. Taken before any member is locked."""
    session.connection().execute(_LOCK, {"name": f"wecom-chat/{chat_id}"})


def waiting(session: Session, keys: KeyRing, chat_id: str) -> list[Waiting]:
    """The callbacks of a chat that wait, in the order in which they came; the caller holds the chat's lock."""
    rows = session.connection().execute(_WAITING, {"chat": chat_id, "limit": _SHOWN})
    return [_opened(keys, row) for row in rows]


def take(session: Session, keys: KeyRing, callback: int) -> Waiting | None:
    """One callback, locked; None if it has been mapped by now."""
    row = session.connection().execute(_TAKE, {"id": callback}).first()
    return _opened(keys, row) if row else None


def failures_of(session: Session, callback: int) -> int | None:
    """How often a callback that still waits was put off; locks it, and reads nothing else."""
    found: int | None = session.connection().execute(_FAILURES, {"id": callback}).scalar_one_or_none()
    return found


def lease(session: Session, *, now: datetime, until: datetime, limit: int) -> list[Due]:
    """What is due, for nobody else until then."""
    rows = session.connection().execute(_LEASE, {"now": now, "until": until, "limit": limit}).all()
    return sorted((Due(row.id, row.app, row.chat_id, row.upto) for row in rows), key=lambda one: one.id)


def mapped(session: Session, callback: int, *, now: datetime, reason: str | None = None) -> str:
    """The callback had its effect, or will have none for this reason; the app that received it."""
    given = {"id": callback, "now": now, "reason": reason}
    app: str = session.connection().execute(_MAPPED, given).scalar_one()
    return app


def put_off(session: Session, callback: int, *, until: datetime) -> None:
    """It could not be mapped now; counted."""
    session.connection().execute(_PUT_OFF, {"id": callback, "until": until})


def trim(session: Session, *, now: datetime, limit: int = 1000) -> int:
    """Forgets the oldest mapped callbacks once they are old enough; how many."""
    return session.connection().execute(_TRIM, {"before": now - KEPT, "limit": limit}).rowcount


def _digest(keys: KeyRing, arrived: Arrived) -> bytes:
    """The same for every delivery, whichever app of the corp it came through."""
    return keys.lookup("callback", json.dumps([arrived.corp_id, arrived.event], sort_keys=True))


def _opened(keys: KeyRing, row: Any) -> Waiting:
    body = keys.open_json(bytes(row.body_enc))
    return Waiting(row.id, body["corp_id"], body["event"], row.received_at, row.failures)


_PUT = text("""
    INSERT INTO callbacks (app, digest, kind, chat_id, received_at, body_enc, failures)
    VALUES (:app, :digest, :kind, :chat, :now, :body, 0)
    ON CONFLICT (digest) DO NOTHING RETURNING id""")
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_WAITING = text("""
    SELECT id, body_enc, received_at, failures FROM callbacks
    WHERE chat_id = :chat AND mapped_at IS NULL ORDER BY id LIMIT :limit""")
_TAKE = text(
    "SELECT id, body_enc, received_at, failures FROM callbacks WHERE id = :id AND mapped_at IS NULL FOR UPDATE"
)
_FAILURES = text("SELECT failures FROM callbacks WHERE id = :id AND mapped_at IS NULL FOR UPDATE")
_LEASE = text("""
    UPDATE callbacks c SET not_before = :until
    WHERE id = ANY (ARRAY(
        SELECT w.id FROM callbacks w
        WHERE w.mapped_at IS NULL AND (w.not_before IS NULL OR w.not_before <= :now)
          AND NOT EXISTS (
            SELECT 1 FROM callbacks e WHERE e.mapped_at IS NULL AND e.chat_id = w.chat_id AND e.id < w.id)
        ORDER BY w.id LIMIT :limit FOR UPDATE SKIP LOCKED))
    RETURNING id, app, chat_id, COALESCE((
        SELECT max(l.id) FROM callbacks l
        WHERE c.failures = 0 AND l.mapped_at IS NULL AND l.chat_id = c.chat_id), id) AS upto""")
_MAPPED = text("UPDATE callbacks SET mapped_at = :now, error = :reason WHERE id = :id RETURNING app")
_PUT_OFF = text("UPDATE callbacks SET failures = failures + 1, not_before = :until WHERE id = :id")
_TRIM = text("""
    DELETE FROM callbacks WHERE id IN (SELECT id FROM callbacks WHERE mapped_at IS NOT NULL ORDER BY id LIMIT :limit)
    AND received_at < :before""")
