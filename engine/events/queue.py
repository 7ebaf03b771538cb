"""The queue of members whose events wait to be routed. One row per member, however many events wait.

A lease says which router works on a member and until when; it stands here, so that it never touches `members`. Rows
are made and removed under the member's row lock: so no event is left without a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.alerts import store as alerts
from engine.events.types import BULK, INTERACTIVE

BACKLOG = 100_000
"""Unrouted events from which on ingest answers 429."""
DELAYS = (timedelta(seconds=1), timedelta(seconds=5), timedelta(seconds=30), timedelta(seconds=120))
"""How long a member rests after the first, second, … failed routing; after one more it is parked."""


def enqueue(session: Session, members: Mapping[int, int], *, now: datetime) -> None:
    """These members, each with a priority, have events to route. The caller holds their row locks."""
    if members:
        ordered = sorted(members)
        given = {"members": ordered, "priorities": [members[one] for one in ordered], "now": now}
        session.connection().execute(_ENQUEUE, given)


def lease(
    session: Session, by: str, *, now: datetime, until: datetime, limit: int, interactive_only: bool = False
) -> list[int]:
    """Takes up to `limit` members that nobody works on, interactive ones first. Members that are locked are passed."""
    highest = INTERACTIVE if interactive_only else BULK
    rows = session.connection().execute(
        _LEASE, {"by": by, "now": now, "until": until, "limit": limit, "highest": highest}
    )
    return [member for (member,) in rows]


def done(session: Session, member_id: int, by: str) -> None:
    """Gives the lease back; the row goes unless events still wait. Call it under the member's row lock."""
    session.connection().execute(_FORGET, {"member": member_id, "by": by})
    session.connection().execute(_RELEASE, {"member": member_id, "by": by})


def wait(session: Session, member_id: int, by: str, *, until: datetime) -> None:
    """Gives the lease back and asks for the member again at `until`; this is no failed try.

    The member is as urgent as what is left to route. Call it under the member's row lock.
    """
    session.connection().execute(_WAIT, {"member": member_id, "by": by, "until": until})


def failed(session: Session, member_id: int, by: str, reason: str, *, now: datetime) -> bool:
    """Counts a failed routing and lets the member rest; true if it was the fifth, which parks the member and tells it.

    `reason` holds no personal data: see `engine.events.parking.reason_of`.
    """
    row = session.connection().execute(_FAILED, {"member": member_id, "by": by}).first()
    if row is None:
        return False
    failures: int = row[0]
    parked = failures > len(DELAYS)
    rest = DELAYS[min(failures, len(DELAYS)) - 1]
    told = {"member": member_id, "not_before": now + rest, "parked": now if parked else None, "reason": reason[:500]}
    store_id: int | None = session.connection().execute(_REST, told).scalar_one()
    if parked:
        about = {"reason": reason[:500]}
        alerts.signal(session, "member-parked", f"member/{member_id}", now=now, detail=about, store_id=store_id)
    return parked


def unpark(session: Session, member_id: int, *, now: datetime) -> bool:
    """Lets a parked member be routed again; false if it was not parked."""
    return session.connection().execute(_UNPARK, {"member": member_id, "now": now}).rowcount > 0


def backlog(session: Session, *, limit: int = BACKLOG) -> int:
    """How many events wait to be routed, counted up to `limit`. Those of parked members wait for a person instead."""
    return int(session.connection().execute(_BACKLOG, {"limit": limit}).scalar_one())


_ENQUEUE = text("""
    INSERT INTO member_queue (member_id, priority, since, not_before, failures)
    SELECT member, priority, :now, :now, 0
    FROM unnest(CAST(:members AS bigint[]), CAST(:priorities AS int[])) AS n (member, priority)
    ON CONFLICT (member_id) DO UPDATE SET priority = EXCLUDED.priority
    WHERE member_queue.priority > EXCLUDED.priority""")
_LEASE = text("""
    UPDATE member_queue SET lease_by = :by, lease_until = :until
    WHERE member_id IN (
        SELECT member_id FROM member_queue
        WHERE parked_at IS NULL AND not_before <= :now AND (lease_until IS NULL OR lease_until <= :now)
          AND priority <= :highest
        ORDER BY priority, not_before LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING member_id""")
_FORGET = text("""
    DELETE FROM member_queue WHERE member_id = :member AND lease_by = :by
    AND NOT EXISTS (SELECT 1 FROM events WHERE member_id = :member AND routed_at IS NULL)""")
_RELEASE = text("""
    UPDATE member_queue SET lease_by = NULL, lease_until = NULL, failures = 0, reason = NULL
    WHERE member_id = :member AND lease_by = :by""")
_WAIT = text("""
    UPDATE member_queue SET lease_by = NULL, lease_until = NULL, not_before = :until, priority = COALESCE(
        (SELECT min(priority) FROM events WHERE member_id = :member AND routed_at IS NULL), priority)
    WHERE member_id = :member AND lease_by = :by""")
_FAILED = text("""
    UPDATE member_queue SET lease_by = NULL, lease_until = NULL, failures = failures + 1
    WHERE member_id = :member AND lease_by = :by RETURNING failures""")
_REST = text("""
    UPDATE member_queue SET not_before = :not_before, parked_at = :parked, reason = :reason
    WHERE member_id = :member RETURNING (SELECT store_id FROM members WHERE id = :member)""")
_UNPARK = text("""
    UPDATE member_queue SET parked_at = NULL, failures = 0, reason = NULL, not_before = :now
    WHERE member_id = :member AND parked_at IS NOT NULL""")
_BACKLOG = text("""
    SELECT count(*) FROM (
        SELECT 1 FROM events WHERE routed_at IS NULL AND member_id IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM member_queue q WHERE q.member_id = events.member_id AND q.parked_at IS NOT NULL)
        LIMIT :limit) AS waiting""")
