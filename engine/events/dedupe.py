"""What makes a duplicate a duplicate: a keyed digest of (source, id), remembered for 400 days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from engine.database import direct
from engine.database.bulk import bytes_array
from engine.database.retrying import ContendedError
from engine.secrets.keyring import KeyRing

KEPT = timedelta(days=400)


def digest(keys: KeyRing, source: str, event_id: str) -> bytes:
    """The key of an event. The length of the source keeps ("a", "bc") and ("ab", "c") apart."""
    return keys.lookup("event", f"{len(source)}:{source}{event_id}")


def seen(session: Session, digests: Sequence[bytes]) -> dict[bytes, int | None]:
    """Those that were accepted before, with their place in the log."""
    return dict(direct.rows(session, _SEEN, {"digests": bytes_array(digests)}))


def claim(session: Session, seqs: Mapping[bytes, int], *, now: datetime) -> None:
    """Remembers new events with their places in the log. Raises ContendedError if one of them came in elsewhere."""
    ordered = sorted(seqs)
    given = {"digests": bytes_array(ordered), "seqs": [seqs[one] for one in ordered], "day": now.date()}
    if direct.execute(session, _CLAIM, given) < len(ordered):
        raise ContendedError("another transaction has just accepted one of these events")


def trim(session: Session, *, now: datetime, limit: int = 10_000) -> int:
    """Forgets what is older than 400 days, at most `limit` at a time; tells how many it forgot."""
    return direct.execute(session, _TRIM, {"before": (now - KEPT).date(), "limit": limit})


_SEEN = "SELECT digest, seq FROM event_keys WHERE digest = ANY(CAST(%(digests)s AS bytea[]))"
_CLAIM = """
    INSERT INTO event_keys (digest, day, seq)
    SELECT digest, %(day)s, seq FROM unnest(CAST(%(digests)s AS bytea[]), CAST(%(seqs)s AS bigint[])) AS n (digest, seq)
    ON CONFLICT DO NOTHING"""
_TRIM = """
    DELETE FROM event_keys WHERE digest IN (SELECT digest FROM event_keys WHERE day < %(before)s LIMIT %(limit)s)"""
