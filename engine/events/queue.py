"""The queue of members whose events wait to be routed. One row per member, however many events wait.

A lease says which router works on a member and until when; it stands here, so that it never touches `members`. Rows
are made and removed under the member's row lock: so no event is left without a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from engine.alerts import store as alerts
from engine.database import direct
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
        direct.execute(session, _ENQUEUE, given)


def lease(
    session: Session, by: str, *, now: datetime, until: datetime, limit: int, interactive_only: bool = False
) -> list[int]:
    """Takes up to `limit` members that nobody works on, interactive ones first. Members that are locked are passed."""
    highest = INTERACTIVE if interactive_only else BULK
    given = {"by": by, "now": now, "until": until, "limit": limit, "highest": highest}
    return direct.scalars(session, _LEASE, given)


def done(session: Session, member_id: int, by: str) -> None:
    """Gives the lease back; the row goes unless events still wait. Call it under the member's row lock."""
    direct.execute(session, _DONE, {"member": member_id, "by": by})


def wait(session: Session, member_id: int, by: str, *, until: datetime, reason: str | None = None) -> None:
    """Gives the lease back and asks for the member again at `until`; this is no failed try.

    The member is as urgent as what is left to route. With a `reason` it waits for a person: its events do not count as
    backlog. Call it under the member's row lock.
    """
    given = {"member": member_id, "by": by, "until": until, "reason": reason}
    direct.execute(session, _WAIT, given)


def failed(session: Session, member_id: int, by: str, reason: str, *, now: datetime) -> bool:
    """Counts a failed routing and lets the member rest; true if it was the fifth, which parks the member and tells it.

    `reason` holds no personal data: see `engine.events.parking.reason_of`.
    """
    counted = direct.scalars(session, _FAILED, {"member": member_id, "by": by})
    if not counted:
        return False
    failures: int = counted[0]
    parked = failures > len(DELAYS)
    rest = DELAYS[min(failures, len(DELAYS)) - 1]
    told = {"member": member_id, "not_before": now + rest, "parked": now if parked else None, "reason": reason[:500]}
    [store_id] = direct.scalars(session, _REST, told)
    if parked:
        about = {"reason": reason[:500]}
        alerts.signal(session, "member-parked", f"member/{member_id}", now=now, detail=about, store_id=store_id)
    return parked


def unpark(session: Session, member_id: int, *, now: datetime) -> bool:
    """Lets a parked member be routed again; false if it was not parked."""
    return direct.execute(session, _UNPARK, {"member": member_id, "now": now}) > 0


def backlog(session: Session, *, limit: int = BACKLOG) -> int:
    """How many events wait to be routed, counted up to `limit`.

    Those of members whose routing failed, or that wait for a journey to be mended, wait for a person instead.
    """
    [waiting] = direct.scalars(session, _BACKLOG, {"limit": limit})
    return int(waiting)


_ENQUEUE = """
    INSERT INTO member_queue (member_id, priority, since, not_before, failures)
    SELECT member, priority, %(now)s, %(now)s, 0
    FROM unnest(CAST(%(members)s AS bigint[]), CAST(%(priorities)s AS int[])) AS n (member, priority)
    ON CONFLICT (member_id) DO UPDATE SET priority = EXCLUDED.priority
    WHERE member_queue.priority > EXCLUDED.priority"""
# A lease that a crash of the server takes back does no harm: nobody waits for it to reach the disk. The members are
# chosen in an ARRAY, which is made once: a plan may begin `IN (SELECT …)` anew for each row, and lease them all.
_LEASE = """
    UPDATE member_queue SET lease_by = %(by)s, lease_until = %(until)s
    WHERE (SELECT set_config('synchronous_commit', 'off', true)) = 'off' AND member_id = ANY (ARRAY(
        SELECT member_id FROM member_queue
        WHERE parked_at IS NULL AND not_before <= %(now)s AND (lease_until IS NULL OR lease_until <= %(now)s)
          AND priority <= %(highest)s
        ORDER BY priority, not_before LIMIT %(limit)s FOR UPDATE SKIP LOCKED))
    RETURNING member_id"""
_DONE = """
    WITH routed AS (
        DELETE FROM member_queue WHERE member_id = %(member)s AND lease_by = %(by)s
        AND NOT EXISTS (SELECT 1 FROM events WHERE member_id = %(member)s AND routed_at IS NULL)
        RETURNING member_id)
    UPDATE member_queue SET lease_by = NULL, lease_until = NULL, failures = 0, reason = NULL
    WHERE member_id = %(member)s AND lease_by = %(by)s AND NOT EXISTS (SELECT 1 FROM routed)"""
_WAIT = """
    UPDATE member_queue SET lease_by = NULL, lease_until = NULL, not_before = %(until)s, reason = %(reason)s,
        priority = COALESCE(
            (SELECT min(priority) FROM events WHERE member_id = %(member)s AND routed_at IS NULL), priority)
    WHERE member_id = %(member)s AND lease_by = %(by)s"""
_FAILED = """
    UPDATE member_queue SET lease_by = NULL, lease_until = NULL, failures = failures + 1
    WHERE member_id = %(member)s AND lease_by = %(by)s RETURNING failures"""
_REST = """
    UPDATE member_queue SET not_before = %(not_before)s, parked_at = %(parked)s, reason = %(reason)s
    WHERE member_id = %(member)s RETURNING (SELECT store_id FROM members WHERE id = %(member)s)"""
_UNPARK = """
    UPDATE member_queue SET parked_at = NULL, failures = 0, reason = NULL, not_before = %(now)s
    WHERE member_id = %(member)s AND parked_at IS NOT NULL"""
_BACKLOG = """
    SELECT count(*) FROM (
        SELECT 1 FROM events WHERE routed_at IS NULL AND member_id IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM member_queue q WHERE q.member_id = events.member_id AND q.reason IS NOT NULL)
        LIMIT %(limit)s) AS waiting"""
