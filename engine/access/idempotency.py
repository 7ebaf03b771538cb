"""Answers to writes that carried an `Idempotency-Key`, kept for a day per API key and path.

A write claims its key first and stores its answer at the end. A claim whose answer never came, because the process
died, may be taken over after a minute. A write that must not happen again even then stores its answer in its own
transaction (`answer`): both are there or neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.access.errors import KeyInUseError, KeyReusedError
from engine.access.models import IdempotencyRecord

KEPT = timedelta(hours=24)
PATIENCE = timedelta(minutes=1)
_OPEN = 0


@dataclass(frozen=True)
class Claim:
    """One write: who asks, where, under which key, and a hash of all that they ask."""

    api_key_id: int
    path: str
    key: str
    body_hash: str


@dataclass(frozen=True)
class StoredAnswer:
    """What was answered the first time."""

    status: int
    content: dict[str, Any]


def begin(session: Session, claim: Claim, *, now: datetime) -> StoredAnswer | None:
    """None if this write is to be done now, else its answer.

    Raises KeyReusedError for another body, KeyInUseError while the first write is still being done.
    """
    values = {
        "api_key_id": claim.api_key_id,
        "path": claim.path,
        "key": claim.key,
        "body_hash": claim.body_hash,
        "status": _OPEN,
        "answer": {},
        "at": now,
    }
    if session.execute(_claiming(values, now)).first():
        return None
    found = session.get_one(IdempotencyRecord, (claim.api_key_id, claim.path, claim.key), with_for_update=True)
    if found.body_hash != claim.body_hash:
        raise KeyReusedError
    if found.status != _OPEN:
        return StoredAnswer(found.status, found.answer)
    if found.at > now - PATIENCE:
        raise KeyInUseError
    found.at = now
    return None


def _claiming(values: dict[str, Any], now: datetime) -> Any:
    """Make the record, or make it anew if its day is over."""
    again = {name: values[name] for name in ("body_hash", "status", "answer", "at")}
    statement = insert(IdempotencyRecord).values(values)
    return statement.on_conflict_do_update(
        index_elements=["api_key_id", "path", "key"], set_=again, where=col(IdempotencyRecord.at) < now - KEPT
    ).returning(col(IdempotencyRecord.key))


def answer(session: Session, claim: Claim, given: StoredAnswer) -> None:
    """Store the answer in the write's own transaction, which others of this claim wait for.

    Raises KeyInUseError when another has answered, or given up, meanwhile: the write must be rolled back.
    """
    still = update(IdempotencyRecord).where(*_is(claim), col(IdempotencyRecord.status) == _OPEN)
    values = still.values(status=given.status, answer=given.content)
    if session.execute(values.returning(col(IdempotencyRecord.key))).first() is None:
        raise KeyInUseError


def finish(session: Session, claim: Claim, answer: StoredAnswer) -> None:
    """Stores the answer of a write that was done."""
    session.execute(update(IdempotencyRecord).where(*_is(claim)).values(status=answer.status, answer=answer.content))


def give_up(session: Session, claim: Claim) -> None:
    """Forgets a write that was not done, so that it may be tried again. One that has its answer was done."""
    session.execute(delete(IdempotencyRecord).where(*_is(claim), col(IdempotencyRecord.status) == _OPEN))


def trim(session: Session, *, now: datetime, limit: int) -> int:
    """Forget answers that are older than a day, at most `limit` at a time; how many it forgot."""
    given = {"before": now - KEPT, "limit": limit}
    return session.connection().execute(_TRIM, given).rowcount


def _is(claim: Claim) -> tuple[Any, ...]:
    return (
        col(IdempotencyRecord.api_key_id) == claim.api_key_id,
        col(IdempotencyRecord.path) == claim.path,
        col(IdempotencyRecord.key) == claim.key,
    )


_TRIM = text("""
    WITH old AS MATERIALIZED (
        SELECT api_key_id, path, key FROM idempotency WHERE at < :before LIMIT :limit FOR UPDATE SKIP LOCKED)
    DELETE FROM idempotency USING old
    WHERE (idempotency.api_key_id, idempotency.path, idempotency.key) = (old.api_key_id, old.path, old.key)""")
