"""Looking back: a new source judges every event of the log, member by member, as a job.

Which events are missed by whoever accepted them? Those whose transaction read the sources before the new ones were
committed. It holds the locks of its members, and has an id that is lower than any given out since: so the job first
waits until no such transaction is left, and then looks at members under their locks.

Until all are done nobody knows a value. Two members who merge meanwhile are looked at anew at once.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from engine.clock import Clock
from engine.database import direct
from engine.events.models import Event
from engine.fields import store
from engine.fields.counting import count
from engine.fields.sources import Source
from engine.jobs.models import Job
from engine.jobs.pages import Page, Work

PER_PAGE = 500
REST = 0.5


def page(clock: Clock, *, per_page: int = PER_PAGE) -> Work:
    """The next page of a job that looks back for the sources in its arguments."""

    def work(session: Session, job: Job) -> Page:
        if "after" not in job.cursor:
            return _wait(session, job)
        sources = {number: each for number, each in store.unready_sources(session).items() if number in _asked(job)}
        given = {"after": job.cursor["after"], "limit": per_page}
        members = direct.scalars(session, _MEMBERS, given) if sources else []
        look_back(session, sources, members)
        if len(members) < per_page:
            store.set_ready(session, _asked(job), now=clock.now())
            return Page(len(members), job.cursor, over=True)
        return Page(len(members), {"after": members[-1]})

    return work


def look_back(session: Session, sources: dict[int, Source], members: Sequence[int]) -> None:
    """Judge all that is in the log of these members, whose locks the caller holds."""
    if not (sources and members):
        return
    given = {"members": list(members), "types": sorted({each.event for each in sources.values()})}
    count(session, sources, direct.objects(session, Event, _LOGGED, given))


def look_back_after_merge(session: Session, survivors: Sequence[int]) -> None:
    """For sources that have not seen everybody yet: the events of survivors are others' too now."""
    look_back(session, store.unready_sources(session), survivors)


def _wait(session: Session, job: Job) -> Page:
    """Wait for all transactions that may have begun before the job was asked for."""
    [(oldest, next_)] = direct.rows(session, _TRANSACTIONS, {})
    until = job.cursor.get("until", next_)
    if oldest < until:
        return Page(0, {"until": until}, rest=REST if "until" in job.cursor else 0.0)
    return Page(0, {"after": 0})


def _asked(job: Job) -> list[int]:
    return [int(number) for number in job.args["sources"]]


_TRANSACTIONS = """
    SELECT pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint FROM pg_current_snapshot() AS s"""
_MEMBERS = """
    SELECT id FROM members WHERE id > %(after)s AND merged_into IS NULL
    ORDER BY id LIMIT %(limit)s FOR NO KEY UPDATE"""
_LOGGED = "SELECT * FROM events WHERE member_id = ANY(%(members)s) AND type = ANY(%(types)s)"
