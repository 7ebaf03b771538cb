"""The sources that published attributes are made of: which there are, which can be read, which can go."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from engine.database import direct
from engine.fields.catalogue import Derived, OwnFields, own_fields
from engine.fields.sources import DAYS_OF_YEAR, Source, source_from
from engine.jobs import store as jobs
from engine.jobs.kinds import PAST
from engine.jobs.models import Job

LATE_DAYS = 400
"""A decision may be made as of a moment that lies so far back, as late as an event may come."""


def follow(session: Session, before: OwnFields, *, by: str, now: datetime) -> Job | None:
    """Bring the sources in step with what is published; the job that looks at the past, where there is a need.

    `before` is what was published until now. The caller holds the lock of the live set. Every event accepted after its
    commit is judged for new sources, and sealed where it tells what has become personal.
    """
    after = own_fields(session)
    personal = sorted(after.personal - before.personal)
    wanted = {each.source.name: each.source for each in after.derived.values()}
    direct.execute(session, _RETIRE, {"wanted": list(wanted), "now": now})
    new = [number for source in wanted.values() for number in _want(session, source, now)]
    if not new and not personal:
        return None
    return jobs.create(session, PAST, {"sources": new, "personal": personal}, by=by, now=now, stores="*")


def _want(session: Session, source: Source, now: datetime) -> list[int]:
    """The id of the source if it was not there."""
    kept = None if source.years is None else source.years * DAYS_OF_YEAR + LATE_DAYS
    given = {"name": source.name, "event": source.event, "spec": source.text, "kept": kept, "now": now}
    return direct.scalars(session, _WANT, given)


def ready_ids(session: Session, derived: Iterable[Derived]) -> dict[str, int]:
    """The ids of the sources of these attributes by name, without those that have still to look back."""
    names = {each.source.name for each in derived}
    return dict(direct.rows(session, _READY, {"names": list(names)})) if names else {}


def ready_fields(session: Session, derived: Collection[Derived]) -> list[Derived]:
    """Those of these attributes whose values can be known."""
    ids = ready_ids(session, derived)
    return [each for each in derived if each.source.name in ids]


def unready_sources(session: Session) -> dict[int, Source]:
    """Those that have still to look back."""
    return {number: source_from(spec) for number, spec in direct.rows(session, _UNREADY, {})}


def set_ready(session: Session, sources: Sequence[int], *, now: datetime) -> None:
    """All events of the past were judged for these."""
    direct.execute(session, _SET_READY, {"ids": list(sources), "now": now})


def trim(session: Session, *, now: datetime, limit: int) -> int:
    """Forget events that no attribute can look back to, at most `limit`, then sources that nobody needs."""
    gone = direct.execute(session, _TRIM, {"now": now, "limit": limit})
    if gone < limit:
        direct.execute(session, _TRIM_SOURCES, {})
    return gone


_RETIRE = "UPDATE field_sources SET retired_at = %(now)s WHERE retired_at IS NULL AND NOT hash = ANY(%(wanted)s)"
_WANT = """
    INSERT INTO field_sources (hash, event_type, spec, kept_days, created_at)
    VALUES (%(name)s, %(event)s, %(spec)s, %(kept)s, %(now)s)
    ON CONFLICT (hash) WHERE retired_at IS NULL DO NOTHING RETURNING id"""
_READY = """
    SELECT hash, id FROM field_sources
    WHERE retired_at IS NULL AND ready_at IS NOT NULL AND hash = ANY(%(names)s)"""
_UNREADY = "SELECT id, spec FROM field_sources WHERE retired_at IS NULL AND ready_at IS NULL"
_SET_READY = "UPDATE field_sources SET ready_at = %(now)s WHERE id = ANY(%(ids)s) AND ready_at IS NULL"
# One source at a time, by its index on time: a retired one keeps nothing.
_TRIM = """
    DELETE FROM counted_events c USING (
        SELECT e.member_id, e.source_id, e.time, e.seq FROM field_sources s
        CROSS JOIN LATERAL (
            SELECT member_id, source_id, time, seq FROM counted_events
            WHERE source_id = s.id AND (s.retired_at IS NOT NULL OR time < %(now)s - make_interval(days => s.kept_days))
            ORDER BY time LIMIT %(limit)s) e
        WHERE s.retired_at IS NOT NULL OR s.kept_days IS NOT NULL LIMIT %(limit)s) old
    WHERE (c.member_id, c.source_id, c.time, c.seq) = (old.member_id, old.source_id, old.time, old.seq)"""
_TRIM_SOURCES = """
    DELETE FROM field_sources s WHERE retired_at IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM counted_events c WHERE c.source_id = s.id)"""
