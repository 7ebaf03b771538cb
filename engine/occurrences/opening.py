"""Opens the occurrences that are due: a row each, in the transaction that moves the entry's clock on.

What was missed while nobody looked: of a schedule or a check the latest is done and the earlier are told as `late`; of
dates each day is done, for each concerns other people; and none that is older than the journey's `entry_max_age`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from sqlalchemy.orm import Session

from engine.database import direct
from engine.definitions.plans import Plans
from engine.journeys.audience_entries import AudienceEntry, Becoming, Dated
from engine.journeys.deadlines import after
from engine.journeys.plan import Plan, PlanError
from engine.occurrences.models import EntryClock, Occurrence, Reason

MOST_AT_ONCE = 400
"""So many missed occurrences of an entry are told one by one."""

log = structlog.get_logger()


@dataclass(frozen=True)
class LiveEntry:
    """An entry as the live version of its journey has it."""

    version: int
    plan: Plan
    entry: AudienceEntry


def due_clocks(session: Session, now: datetime) -> list[tuple[str, str]]:
    """The entries that are due, as (journey, entry), the longest overdue first."""
    return [(journey, entry) for journey, entry in direct.rows(session, _DUE, {"now": now})]


def open_due(session: Session, journey: str, entry: str, *, plans: Plans, now: datetime) -> list[Occurrence]:
    """Open what is due of an entry and move its clock on; nothing where another router is at it."""
    found = direct.objects(session, EntryClock, _LOCK, {"journey": journey, "entry": entry, "now": now})
    live = live_entry(session, journey, entry, plans) if found else None
    if live is None or found[0].next_at is None:
        return []
    due = list(_due(live, found[0].next_at, now))
    opened = [_open(session, live, at, _against(session, live, due, at, now), now) for at in due]
    moved = {"journey": journey, "entry": entry, "next": _next(live, due[-1], now)}
    direct.execute(session, _MOVE, moved)
    return opened


def live_entry(session: Session, journey: str, entry: str, plans: Plans) -> LiveEntry | None:
    """The entry of this name in the live version; None where there is none, or the version cannot be compiled here."""
    row = direct.first(session, _LIVE, {"journey": journey})
    if row is None:
        return None
    try:
        plan = plans.get(session, row[1])
    except PlanError as error:
        log.warning("a journey that chooses members cannot be compiled", journey=journey, reason=str(error))
        return None
    return next((LiveEntry(row[0], plan, one) for one in plan.audiences if one.id == entry), None)


def occurrence_name(entry: str, at: datetime) -> str:
    """What an occurrence is called: its entry and its instant."""
    return f"{entry}/{at.astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%S.%fZ').replace('.000000', '')}"


def is_too_old(plan: Plan, at: datetime, now: datetime) -> bool:
    """Whether an occurrence is older than the journey lets an entry be."""
    return after(at, plan.entry_max_age, plan.zone) < now


def _due(live: LiveEntry, first: datetime, now: datetime) -> Iterator[datetime]:
    """The occurrences up to now; of too many the latest ones. A check is done once, whatever was missed."""
    at: datetime | None = first
    found: list[datetime] = []
    while at is not None and at <= now:
        found.append(at)
        if isinstance(live.entry.choosing, Becoming) and len(found) > MOST_AT_ONCE:
            found = [now]
            break
        at = live.entry.next_after(at, live.plan.zone)
    yield from found[-1:] if isinstance(live.entry.choosing, Becoming) else found[-MOST_AT_ONCE:]


def _next(live: LiveEntry, last: datetime, now: datetime) -> datetime | None:
    following = live.entry.next_after(last, live.plan.zone)
    while following is not None and following <= now:
        following = live.entry.next_after(following, live.plan.zone)
    return following


def _against(session: Session, live: LiveEntry, due: Sequence[datetime], at: datetime, now: datetime) -> Reason | None:
    """Why the occurrence tells nobody. A check is done whatever stands against it, to know of whom it is true."""
    if isinstance(live.entry.choosing, Becoming):
        return None
    if is_too_old(live.plan, at, now):
        return "too-old"
    if at != due[-1] and not isinstance(live.entry.choosing, Dated):
        return "late"
    return "paused" if was_paused(session, live.plan.key, at) else None


def was_paused(session: Session, journey: str, at: datetime) -> bool:
    """Whether the journey stood still at an instant."""
    return direct.first(session, _PAUSED, {"journey": journey, "at": at}) is not None


def _open(session: Session, live: LiveEntry, at: datetime, against: Reason | None, now: datetime) -> Occurrence:
    occurrence = Occurrence(
        journey=live.plan.key,
        name=occurrence_name(live.entry.id, at),
        entry=live.entry.id,
        form=live.entry.form,
        at=at,
        version=live.version,
        hash=live.entry.hash,
        state="skipped" if against else "choosing",
        reason=against,
        opened_at=now,
        ended_at=now if against else None,
    )
    session.add(occurrence)
    session.flush()
    return occurrence


_DUE = "SELECT journey, entry FROM entry_clocks WHERE next_at <= %(now)s ORDER BY next_at"
_LOCK = """
SELECT * FROM entry_clocks WHERE journey = %(journey)s AND entry = %(entry)s AND next_at <= %(now)s
FOR UPDATE SKIP LOCKED"""
_MOVE = "UPDATE entry_clocks SET next_at = %(next)s WHERE journey = %(journey)s AND entry = %(entry)s"
_LIVE = """
SELECT live.version, versions.bundle_hash FROM live
JOIN versions ON versions.kind = live.kind AND versions.key = live.key AND versions.n = live.version
WHERE live.kind = 'journey' AND live.key = %(journey)s AND live.state <> 'retired'"""
_PAUSED = """
SELECT 1 FROM pauses WHERE journey = %(journey)s AND run_id IS NULL AND from_at <= %(at)s
AND (to_at IS NULL OR to_at > %(at)s) LIMIT 1"""
