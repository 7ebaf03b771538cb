"""Rows that go by their age alone, and events."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

DERIVED_FROM = (
    *("contact.added", "contact.confirmed", "contact.lost", "contact.transferred", "group.joined", "group.left"),
    *("member.registered", "member.updated", "member.merged", "associate.joined", "associate.left", "associate.moved"),
)
"""Types of events that stay: ledgers, attributes and postings are derived from them anew whenever a late one comes."""


def trim_events(session: Session, *, before: datetime, limit: int) -> dict[str, int]:
    """Forget the oldest events of the log, `limit` of them looked at; `judged` says how many.

    An event stays that is not routed, that a live run holds or began with (a merge hands it over), or that ledgers and
    attributes are derived from.
    """
    connection = session.connection()
    connection.execute(_EVENTS_BEGIN)
    upto = connection.execute(_EVENTS_UPTO).scalar()
    if upto is None:
        return {"judged": 0}  # another router is at it
    given = {"upto": upto, "before": before, "limit": limit, "kept": list(DERIVED_FROM)}
    row = connection.execute(_EVENTS, given).one()
    return {"judged": row.judged, "events": row.events}


def trim_audit(session: Session, *, before: datetime, limit: int) -> dict[str, int]:
    """Forget the oldest entries of the audit; none that is younger than a year, whatever is asked."""
    return _gone(session, "audit", "SELECT forget_audit(:before, :limit)", before, limit)


def trim_funnel(session: Session, *, before: datetime, limit: int) -> dict[str, int]:
    """Forget cells of the funnel whose day is long over."""
    return _gone(session, "funnel_sums", _FUNNEL, before, limit)


def trim_sessions(session: Session, *, before: datetime, limit: int) -> dict[str, int]:
    """Forget sessions of browsers that are over."""
    return _gone(session, "user_sessions", _SESSIONS, before, limit)


def trim_attempts(session: Session, *, before: datetime, limit: int) -> dict[str, int]:
    """Forget failed sign-ins."""
    return _gone(session, "login_attempts", _ATTEMPTS, before, limit)


def _gone(session: Session, table: str, statement: str, before: datetime, limit: int) -> dict[str, int]:
    count = session.connection().execute(text(statement), {"before": before, "limit": limit}).scalar_one()
    return {"judged": count, table: count}


_EVENTS_BEGIN = text("INSERT INTO trims (of, upto) VALUES ('events', 0) ON CONFLICT DO NOTHING")
_EVENTS_UPTO = text("SELECT upto FROM trims WHERE of = 'events' FOR UPDATE SKIP LOCKED")

# The next events by place in the log, up to the first that is too young: so no statement looks at the rest of the log.
_EVENTS = text("""
WITH batch AS (
    SELECT seq, type, member_id, accepted_at, routed_at FROM events WHERE seq > :upto ORDER BY seq LIMIT :limit
), old AS (
    SELECT * FROM batch
    WHERE seq < COALESCE((SELECT min(seq) FROM batch WHERE accepted_at >= :before), 9223372036854775807)
), gone AS (
    DELETE FROM events USING old
    WHERE events.seq = old.seq AND old.routed_at IS NOT NULL AND old.type <> ALL (:kept)
      AND NOT EXISTS (
        SELECT 1 FROM runs WHERE runs.member_id = old.member_id AND runs.ended_at IS NULL AND (
            runs.entry_seq = old.seq
            OR EXISTS (SELECT 1 FROM deliveries WHERE deliveries.run_id = runs.id AND deliveries.seq = old.seq)))
    RETURNING 1
), moved AS (
    UPDATE trims SET upto = (SELECT max(seq) FROM old) WHERE of = 'events' AND EXISTS (SELECT 1 FROM old)
)
SELECT (SELECT count(*) FROM old) AS judged, (SELECT count(*) FROM gone) AS events""")

_FUNNEL = """
WITH gone AS (
    DELETE FROM funnel_sums WHERE ctid IN (
        SELECT ctid FROM funnel_sums WHERE day < CAST(:before AS timestamptz)::date LIMIT :limit) RETURNING 1)
SELECT count(*) FROM gone"""
_SESSIONS = """
WITH gone AS (
    DELETE FROM user_sessions WHERE digest IN (
        SELECT digest FROM user_sessions WHERE expires_at < :before LIMIT :limit) RETURNING 1)
SELECT count(*) FROM gone"""
_ATTEMPTS = """
WITH gone AS (
    DELETE FROM login_attempts WHERE id IN (
        SELECT id FROM login_attempts WHERE at < :before LIMIT :limit) RETURNING 1)
SELECT count(*) FROM gone"""
