"""The clocks of a journey's entries: set when it is published, stopped when it is retired.

So no occurrence between a publication and the router's next look is lost. An entry that the next version has as well
goes on; what chose by an entry that is gone tells nobody any more.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.database import direct
from engine.journeys.audience_entries import AudienceEntry, Becoming
from engine.journeys.plan import Plan
from engine.occurrences.models import EntryClock, Reason


def follow(session: Session, plan: Plan, *, now: datetime) -> None:
    """The journey has this plan from now on."""
    known = set(session.execute(select(col(EntryClock.entry)).where(col(EntryClock.journey) == plan.key)).scalars())
    named = {entry.id: entry for entry in plan.audiences}
    _forget(session, plan.key, known - named.keys(), "changed", now)
    for name in sorted(named.keys() - known):
        due = first_due(named[name], plan, now)
        session.add(EntryClock(journey=plan.key, entry=name, since=now, next_at=due, issue_at=now))
    session.flush()


def stop(session: Session, journey: str, *, now: datetime) -> None:
    """The journey is retired: nobody is chosen, and nobody told."""
    known = select(col(EntryClock.entry)).where(col(EntryClock.journey) == journey)
    _forget(session, journey, set(session.execute(known).scalars()), "retired", now)


def first_due(entry: AudienceEntry, plan: Plan, now: datetime) -> datetime | None:
    """When an entry falls due first: one that becomes true at once, to know of whom it is true already."""
    return now if isinstance(entry.choosing, Becoming) else entry.next_after(now, plan.zone)


def _forget(session: Session, journey: str, entries: set[str], reason: Reason, now: datetime) -> None:
    if not entries:
        return
    gone = col(EntryClock.journey) == journey, col(EntryClock.entry).in_(sorted(entries))
    session.execute(delete(EntryClock).where(*gone))
    given = {"journey": journey, "entries": sorted(entries), "reason": reason, "now": now}
    direct.execute(session, _STOP, given)


_STOP = """
UPDATE occurrences SET state = CASE WHEN issued > 0 THEN 'stopped' ELSE 'skipped' END, reason = %(reason)s,
    ended_at = %(now)s
WHERE journey = %(journey)s AND entry = ANY(%(entries)s) AND ended_at IS NULL"""
