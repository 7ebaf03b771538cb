"""What definitions of fields mean for the past, as a job: new sources judge every event of the log, member by member,
and what was kept plain before it was declared personal is sealed.

Which events are missed by whoever accepted them? Those whose transaction read the definitions before the new ones were
committed. It holds the locks of its members, and has an id that is lower than any given out since: so the job first
waits until no such transaction is left, and then looks at members under their locks.

    wait → members, by id → events, by their place in the log (only where something is to be sealed)

Until all are done nobody knows a derived value. Two members who merge meanwhile are looked at anew at once.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from engine.clock import Clock
from engine.database import direct
from engine.events.models import Event
from engine.events.sealing import last_place, seal_events
from engine.fields import store
from engine.fields.counting import count
from engine.fields.sources import Source
from engine.jobs.models import Job
from engine.jobs.pages import Page, Work
from engine.members import attributes
from engine.secrets.keyring import KeyRing

PER_PAGE = 500
EVENTS_PER_PAGE = 5_000
REST = 0.5


def page(clock: Clock, keys: KeyRing, *, per_page: int = PER_PAGE) -> Work:
    """The next page of a job for the sources and the names of personal fields in its arguments."""

    def work(session: Session, job: Job) -> Page:
        if "event" in job.cursor:
            return _seal_events(session, job, keys)
        if "after" not in job.cursor:
            return _wait(session, job)
        rows = direct.rows(session, _MEMBERS, {"after": job.cursor["after"], "limit": per_page})
        attributes.seal(session, keys, _personal(job), [member for member, _ in rows])
        wanted = store.unready_sources(session)
        sources = {number: each for number, each in wanted.items() if number in _asked(job)}
        look_back(session, sources, [member for member, merged in rows if merged is None])
        if len(rows) == per_page:
            return Page(len(rows), {"after": rows[-1][0]})
        store.set_ready(session, _asked(job), now=clock.now())
        upto = last_place(session) if _personal(job) else 0
        return Page(len(rows), {"event": 0, "upto": upto}, over=not upto)

    return work


def _seal_events(session: Session, job: Job, keys: KeyRing) -> Page:
    after, upto = job.cursor["event"], job.cursor["upto"]
    until = min(after + EVENTS_PER_PAGE, upto)
    seal_events(session, keys, _personal(job), after=after, upto=until)
    return Page(0, {"event": until, "upto": upto}, over=until == upto)


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


def _personal(job: Job) -> list[str]:
    return [str(name) for name in job.args["personal"]]


_TRANSACTIONS = """
    SELECT pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint FROM pg_current_snapshot() AS s"""
_MEMBERS = """
    SELECT id, merged_into FROM members WHERE id > %(after)s
    ORDER BY id LIMIT %(limit)s FOR NO KEY UPDATE"""
_LOGGED = "SELECT * FROM events WHERE member_id = ANY(%(members)s) AND type = ANY(%(types)s)"
