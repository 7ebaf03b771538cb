"""Tells the chosen, page by page: an `audience.matched` each, through ordinary ingest, at most at the entry's rate.

The event's id is made of journey, occurrence and member, and its row is marked in the transaction that accepts it: so
nobody is told twice, whatever is killed when. Its time is that of the occurrence. Locks: occurrence and clock, members
by id, then those of ingest. While many events wait to be routed, and while the journey is paused, nobody is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy.orm import Session

from engine.database import direct
from engine.definitions.plans import Plans
from engine.events import queue
from engine.events.incoming import IncomingEvent
from engine.events.ingest import ingest
from engine.journeys.audience_entries import MATCHED, SOURCE
from engine.journeys.schedules import Rate
from engine.occurrences.models import Occurrence, Reason
from engine.occurrences.opening import is_too_old, live_entry
from engine.secrets.keyring import KeyRing

PAGE = 200
CROWD = 2_000
"""So many events that wait to be routed keep further ones back: no customer is to wait for them."""
_TICK = timedelta(seconds=1)
_LONGEST_REST = timedelta(minutes=1)


def untold(session: Session, now: datetime) -> list[int]:
    """The occurrences that may tell somebody now, oldest first."""
    return direct.scalars(session, _UNTOLD, {"now": now})


def tell_page(session: Session, occurrence_id: int, *, plans: Plans, keys: KeyRing, now: datetime) -> int:
    """Tell some of the chosen: how many, 0 when no more may be told now. Run it by `engine.database.retrying.run`."""
    if queue.backlog(session, limit=CROWD) >= CROWD:
        return 0
    if direct.first(session, _LOCK, {"occurrence": occurrence_id, "now": now}) is None:
        return 0
    occurrence = session.get_one(Occurrence, occurrence_id, populate_existing=True)
    live = live_entry(session, occurrence.journey, occurrence.entry, plans)
    if live is None:
        return 0
    if is_too_old(live.plan, occurrence.at, now):
        return _over(session, occurrence, "too-old", now)
    most = _allowed(session, occurrence, live.entry.rate, now)
    members = _lock_members(session, occurrence, most) if most else []
    if members:
        _tell(session, occurrence, members, keys, now)
    elif not _is_anybody_left(session, occurrence):
        return _over(session, occurrence, None, now)
    _rest(session, occurrence, live.entry.rate, len(members), now)
    return len(members)


def event_id(occurrence: Occurrence, member: int) -> str:
    """What makes the event of a member a repetition."""
    return f"{occurrence.journey}/{occurrence.name}/{member}"


def _tell(session: Session, occurrence: Occurrence, members: Sequence[int], keys: KeyRing, now: datetime) -> None:
    data = {"journey": occurrence.journey, "occurrence": occurrence.name}
    events = [
        IncomingEvent(SOURCE, event_id(occurrence, member), MATCHED, None, occurrence.at, {**data}, member_id=member)
        for member in members
    ]
    seqs = ingest(session, events, now=now, keys=keys).seqs
    marked = {"occurrence": occurrence.id, "members": list(members), "seqs": list(seqs), "now": now}
    direct.execute(session, _TOLD, marked)
    occurrence.issued += len(members)
    session.flush()


def _lock_members(session: Session, occurrence: Occurrence, most: int) -> list[int]:
    """The next members, locked, so that no merge moves them; whom one has moved is chosen under the new id."""
    given = {"occurrence": occurrence.id, "most": most}
    chosen = direct.scalars(session, _NEXT, given)
    locked = direct.rows(session, _LOCK_MEMBERS, {"members": chosen}) if chosen else []
    if any(into is not None for _, into in locked):
        direct.execute(session, _FOLLOW_MERGES, {**given, "members": chosen})
    alive = [member for member, into in locked if into is None]
    return direct.scalars(session, _STILL, {**given, "members": alive}) if alive else []


def _allowed(session: Session, occurrence: Occurrence, rate: Rate | None, now: datetime) -> int:
    """How many may be told now: in no stretch as long as the rate's more than it says, and evenly within it."""
    if rate is None:
        return PAGE
    given = {"journey": occurrence.journey, "entry": occurrence.entry, "since": now - rate.length}
    lately: int = direct.scalars(session, _LATELY, given)[0]
    even = ceil(rate.count * min(_TICK / rate.length, 1))
    return max(0, min(PAGE, even, rate.count - lately))


def _rest(session: Session, occurrence: Occurrence, rate: Rate | None, told: int, now: datetime) -> None:
    """Let the time that these take pass before the next; after a minute it is looked whether age ends it."""
    if rate is not None:
        until = now + min(rate.each * max(1, told), _LONGEST_REST)
        direct.execute(session, _REST, {"journey": occurrence.journey, "entry": occurrence.entry, "until": until})


def _is_anybody_left(session: Session, occurrence: Occurrence) -> bool:
    return bool(direct.scalars(session, _NEXT, {"occurrence": occurrence.id, "most": 1}))


def _over(session: Session, occurrence: Occurrence, reason: Reason | None, now: datetime) -> int:
    left = occurrence.issued < occurrence.chosen and reason is not None
    occurrence.state = ("stopped" if occurrence.issued else "skipped") if left else "done"
    occurrence.reason, occurrence.ended_at = reason if left else None, now
    session.flush()
    return 0


_UNTOLD = """
SELECT o.id FROM occurrences o
JOIN entry_clocks c ON c.journey = o.journey AND c.entry = o.entry
JOIN live ON live.kind = 'journey' AND live.key = o.journey AND live.state = 'live'
WHERE o.ended_at IS NULL AND o.state = 'issuing' AND c.issue_at <= %(now)s ORDER BY o.at, o.id"""
_LOCK = """
SELECT 1 FROM occurrences o
JOIN entry_clocks c ON c.journey = o.journey AND c.entry = o.entry
JOIN live ON live.kind = 'journey' AND live.key = o.journey AND live.state = 'live'
WHERE o.id = %(occurrence)s AND o.state = 'issuing' AND c.issue_at <= %(now)s
FOR UPDATE OF o, c SKIP LOCKED"""
_NEXT = """
SELECT member_id FROM chosen_members WHERE occurrence_id = %(occurrence)s AND seq IS NULL
ORDER BY member_id LIMIT %(most)s"""
_LOCK_MEMBERS = "SELECT id, merged_into FROM members WHERE id = ANY(%(members)s) ORDER BY id FOR NO KEY UPDATE"
_STILL = """
SELECT member_id FROM chosen_members
WHERE occurrence_id = %(occurrence)s AND seq IS NULL AND member_id = ANY(%(members)s) ORDER BY member_id"""
_FOLLOW_MERGES = """
WITH gone AS (
    DELETE FROM chosen_members c USING members m
    WHERE c.occurrence_id = %(occurrence)s AND c.seq IS NULL AND c.member_id = ANY(%(members)s)
    AND m.id = c.member_id AND m.merged_into IS NOT NULL RETURNING m.merged_into)
INSERT INTO chosen_members (occurrence_id, member_id, doubtful)
SELECT DISTINCT %(occurrence)s::bigint, merged_into, FALSE FROM gone ON CONFLICT DO NOTHING"""
_TOLD = """
UPDATE chosen_members SET seq = told.seq, issued_at = %(now)s
FROM unnest(%(members)s::bigint[], %(seqs)s::bigint[]) AS told (member_id, seq)
WHERE occurrence_id = %(occurrence)s AND chosen_members.member_id = told.member_id"""
_LATELY = """
SELECT count(*) FROM occurrences o JOIN chosen_members c ON c.occurrence_id = o.id
WHERE o.journey = %(journey)s AND o.entry = %(entry)s AND (o.ended_at IS NULL OR o.ended_at > %(since)s)
AND c.issued_at > %(since)s"""
_REST = "UPDATE entry_clocks SET issue_at = %(until)s WHERE journey = %(journey)s AND entry = %(entry)s"
