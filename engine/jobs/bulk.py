"""One action on many runs, as a job: runs chosen by a filter or named one by one, in pages, each of them once.

    create_bulk(session, Bulk("exit", filter=RunFilter(journey="hook")), by=…, now=…, stores=…)   → the job
    preview(session, bulk, by=…, now=…)          → how many, and what would stand against some; nothing is changed

Which runs are meant is fixed when the job is asked for, as far as that is possible: the filter walks over the ids up to
the highest of that moment and is looked at page by page, in the stores of whoever asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.clock import Clock
from engine.database.connection import Scope
from engine.jobs import store
from engine.jobs.bulk_words import told
from engine.jobs.kinds import BULK
from engine.jobs.models import Job
from engine.jobs.pages import Finding, Page, Work
from engine.runs import commands
from engine.runs.commands import Deadlines, Order, RunStateError, UnknownPortError
from engine.runs.listing import RunFilter, count_runs, latest_id, run_ids
from engine.runs.store import RunUnknownError

Action = Literal["retry", "skip", "exit", "pause", "resume"]
ACTIONS: tuple[Action, ...] = get_args(Action)
MOST_NAMED = 10_000
"""So many runs may be named one by one."""
PER_PAGE = 200
CROWDED, REST = 200, 0.5
"""So many orders may wait for their turns at once: a page gives no more, and rests when there are enough."""
SILENT = timedelta(minutes=5)
"""An order that has waited for so long counts no more, lest runs whose turns fail stop all bulk orders for good."""
SAMPLE = 100
"""So many runs a preview tries."""


class BulkError(ValueError):
    """What was asked for cannot be done to any run; `pointer` is the place in the body."""

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(message)
        self.pointer = pointer


@dataclass(frozen=True)
class Bulk:
    """What is to be done (`port` with skip, `outcome` with exit, `deadlines` with resume), and to which runs.

    Runs are given by a `filter`, as lists of runs take it, or by their `ids`. Raises BulkError.
    """

    action: Action
    filter: RunFilter | None = None
    ids: Sequence[int] | None = None
    port: str | None = None
    outcome: str | None = None
    deadlines: Deadlines = "hold"

    def __post_init__(self) -> None:
        if (self.filter is None) == (self.ids is None):
            raise BulkError("/filter", "Give either a filter or ids.")
        if self.filter == RunFilter():
            raise BulkError("/filter", "An empty filter would choose every run; name a journey or another property.")
        if self.ids is not None and not 0 < len(self.ids) <= MOST_NAMED:
            raise BulkError("/ids", f"Name 1 to {MOST_NAMED} runs; choose more by a filter.")
        if (self.action == "skip") != (self.port is not None):
            raise BulkError("/port", "Give the port to leave by with skip, and with skip only.")
        if self.outcome is not None and self.action != "exit":
            raise BulkError("/outcome", "Only exit takes an outcome.")

    def to_json(self) -> dict[str, Any]:
        """The job's arguments."""
        given = asdict(self)
        if self.filter and self.filter.overdue_at:
            given["filter"]["overdue_at"] = self.filter.overdue_at.isoformat()
        return given

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Bulk:
        """Read what `to_json` wrote."""
        chosen = kept["filter"]
        if chosen and chosen["overdue_at"]:
            chosen = {**chosen, "overdue_at": datetime.fromisoformat(chosen["overdue_at"])}
        given = {name: value for name, value in kept.items() if name in cls.__dataclass_fields__}
        return cls(**{**given, "filter": RunFilter(**chosen) if chosen else None})


@dataclass(frozen=True)
class Preview:
    """How many runs a bulk action would go through, and what stands against some of the first hundred."""

    total: int
    errors: Sequence[Finding]


def create_bulk(session: Session, bulk: Bulk, *, by: str, now: datetime, stores: Scope) -> Job:
    """Ask for it; the session sees `stores`. The actions are recorded as done by `by`."""
    upto = latest_id(session)
    total = _count(session, bulk, upto)
    return store.create(session, BULK, {**bulk.to_json(), "upto": upto}, total=total, by=by, now=now, stores=stores)


def preview(session: Session, bulk: Bulk, *, by: str, now: datetime) -> Preview:
    """What would come of it, tried on the first hundred; nothing is changed."""
    upto = latest_id(session)
    tried = _next(session, bulk, after=0, upto=upto, limit=SAMPLE)
    nested = session.begin_nested()
    try:
        _lock_members(session, tried)
        errors = _act_on(session, bulk, tried, by=by, now=now)
    finally:
        nested.rollback()
    return Preview(_count(session, bulk, upto), errors)


def page(clock: Clock) -> Work:
    """The next page of a bulk job."""

    def work(session: Session, job: Job) -> Page:
        bulk, after, now = Bulk.from_json(job.args), int(job.cursor.get("after", 0)), clock.now()
        limit = PER_PAGE if bulk.action in ("pause", "resume") else min(PER_PAGE, CROWDED - _untaken(session, now))
        if limit <= 0:
            return Page(0, job.cursor, rest=REST)
        found = _next(session, bulk, after=after, upto=job.args["upto"], limit=limit + 1)
        runs = found[:limit]
        _lock_members(session, runs)
        errors = _act_on(session, bulk, runs, by=job.created_by, now=now)
        return Page(len(runs), {"after": runs[-1] if runs else after}, errors, over=len(found) <= limit)

    return work


def _count(session: Session, bulk: Bulk, upto: int) -> int:
    return count_runs(session, bulk.filter, upto=upto) if bulk.filter else len(set(bulk.ids or ()))


def _next(session: Session, bulk: Bulk, *, after: int, upto: int, limit: int) -> list[int]:
    if bulk.filter is not None:
        return run_ids(session, bulk.filter, after=after, upto=upto, limit=limit)
    return sorted({run for run in bulk.ids or () if run > after})[:limit]


def _act_on(session: Session, bulk: Bulk, runs: Sequence[int], *, by: str, now: datetime) -> list[Finding]:
    found: list[Finding] = []
    for run in runs:
        try:
            _act(session, bulk, run, by=by, now=now)
        except (RunUnknownError, RunStateError, UnknownPortError) as error:
            found.append(Finding(str(run), told(error)))
    return found


def _act(session: Session, bulk: Bulk, run: int, *, by: str, now: datetime) -> None:
    match bulk.action:
        case "pause":
            commands.pause(session, run, by=by, now=now)
        case "resume":
            commands.resume(session, run, deadlines=bulk.deadlines, by=by, now=now)
        case "retry" | "skip" | "exit":
            commands.give(session, run, Order(bulk.action, bulk.port, bulk.outcome), by=by, now=now)


def _lock_members(session: Session, runs: Sequence[int]) -> None:
    """In the order of their ids, before any run is locked: so a page and an event never wait for each other."""
    session.connection().execute(_LOCK, {"runs": list(runs)})


def _untaken(session: Session, now: datetime) -> int:
    """How many orders of late wait for their turns, whoever gave them, counted up to where a page gives none."""
    return int(session.connection().execute(_WAITING, {"since": now - SILENT, "most": CROWDED}).scalar_one())


_LOCK = text("""
    SELECT id FROM members WHERE id IN (SELECT member_id FROM runs WHERE id = ANY(:runs))
    ORDER BY id FOR NO KEY UPDATE""")
_WAITING = text("""
    SELECT count(*) FROM (
        SELECT 1 FROM run_commands c JOIN runs r ON r.id = c.run_id
        WHERE c.taken_turn IS NULL AND c.at > :since AND r.ended_at IS NULL LIMIT :most) AS waiting""")
