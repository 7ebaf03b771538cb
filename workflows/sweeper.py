"""The sweeper: every run that should have moved is called again, and begun again if Temporal does not know it.

So nothing is lost with a wake-up, a worker, or Temporal's own file: the rows say where each run stands.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from sqlmodel import col
from temporalio.client import Client
from temporalio.service import RPCError

from engine.clock import Clock
from engine.database.connection import Database
from engine.definitions.plans import Plans
from engine.runs import holdout, store
from engine.runs.models import Run
from engine.runs.routing import Call
from engine.secrets.keyring import KeyRing
from workflows import client as executions
from workflows.client import Execution
from workflows.position import Position

GRACE = timedelta(seconds=10)
"""So long a run may be late before it is called again."""
AGAIN_AFTER = timedelta(seconds=60)
"""A run that was called is not called again before this."""
AT_ONCE = 500
"""So many runs of each kind are called in one sweep."""
KEPT_AFTER_END = timedelta(days=1)

log = structlog.get_logger()


@dataclass
class Sweeper:
    """Looks for runs that are late. Several may work side by side; calling a run twice does no harm."""

    client: Client
    database: Database
    clock: Clock
    keys: KeyRing
    plans: Plans
    at_once: int = AT_ONCE
    _called: dict[int, datetime] = field(default_factory=dict)
    _ordered: OrderedDict[tuple[int, int], None] = field(default_factory=OrderedDict)

    async def sweep(self) -> None:
        """Call all runs that are late now."""
        now = await asyncio.to_thread(self.clock.now)
        late, holdouts = await asyncio.to_thread(self._look, now)
        if late:
            log.info("calling runs that are late", runs=len(late))
        gate = asyncio.Semaphore(10)
        await asyncio.gather(*(self._call(call, gate) for call in late))
        self._called.update((call.run_id, now) for call in late)
        for run_id in holdouts:
            await self._end_one(run_id)

    async def call_commanded(self) -> None:
        """Call at once the runs that an operator gave an order or let go on."""
        with suppress(RPCError):
            for call in await asyncio.to_thread(self._look_commanded):
                if (call.run_id, call.next_turn) not in self._ordered:
                    await executions.recreate(self.client, _execution(call))
                    self._ordered[call.run_id, call.next_turn] = None
        while len(self._ordered) > self.at_once:
            self._ordered.popitem(last=False)

    async def trim(self) -> None:
        """Forget the deliveries of runs that ended long ago; their turns stay, since they are the record."""
        while await asyncio.to_thread(self._trim_some):
            pass

    def _look(self, now: datetime) -> tuple[list[Call], list[int]]:
        """Late runs that were not called lately, and holdouts whose time is over."""
        self._called = {run: at for run, at in self._called.items() if now - at < AGAIN_AFTER}
        given = {"before": now - GRACE, "most": self.at_once, "lately": list(self._called)}
        with self.database.begin() as session:
            late = [Call(*row) for row in session.connection().execute(_LATE, given)]
            overdue = select(col(Run.id)).where(col(Run.ended_at).is_(None), col(Run.wake_at) <= now)
            holdouts = session.execute(overdue.where(col(Run.status) == "holdout").limit(self.at_once)).scalars().all()
        return late, list(holdouts)

    async def _call(self, call: Call, gate: asyncio.Semaphore) -> None:
        async with gate:
            await executions.recreate(self.client, _execution(call))

    def _look_commanded(self) -> list[Call]:
        with self.database.begin() as session:
            return [Call(*row) for row in session.connection().execute(_COMMANDED, {"most": self.at_once})]

    async def _end_one(self, run_id: int) -> None:
        try:
            await asyncio.to_thread(self._end_holdout, run_id)
        except Exception:
            # One row that cannot be ended must not keep those behind it.
            log.exception("a holdout could not be ended", run=run_id)

    def _end_holdout(self, run_id: int) -> None:
        with self.database.begin() as session:
            run = store.lock_run(session, run_id)
            if run.ended_at is None:
                plan = self.plans.get(session, run.bundle_hash)
                holdout.watch(session, run, plan, (), keys=self.keys, now=self.clock.now())

    def _trim_some(self) -> bool:
        with self.database.begin() as session:
            return _trim(session, self.clock.now() - KEPT_AFTER_END) > 0


def _execution(call: Call) -> Execution:
    return Execution(call.workflow_id, Position(call.run_id, call.next_turn))


def _trim(session: Session, before: datetime) -> int:
    return session.connection().execute(_TRIM, {"before": before, "most": 10_000}).rowcount


# What a turn found paused, and is not any more.
RESUMED = """
SELECT id FROM runs WHERE status = 'paused' AND NOT EXISTS (
    SELECT 1 FROM pauses WHERE pauses.journey = runs.journey AND to_at IS NULL
    AND (pauses.run_id IS NULL OR pauses.run_id = runs.id))
LIMIT :most"""

# Overdue by their own time, with an event that no turn has taken, or left standing by a pause that is over. Those that
# were called lately are passed over in each part: runs whose turns fail must not keep the others from being called.
_LATE = text(f"""
WITH late AS (
    (SELECT id FROM runs WHERE ended_at IS NULL AND wake_at <= :before AND status <> 'holdout' AND id <> ALL (:lately)
     ORDER BY wake_at LIMIT :most)
    UNION
    (SELECT DISTINCT run_id FROM deliveries WHERE state = 'new' AND at <= :before AND run_id <> ALL (:lately)
     LIMIT :most)
    UNION
    (SELECT run_id FROM run_commands WHERE taken_turn IS NULL AND at <= :before AND run_id <> ALL (:lately) LIMIT :most)
    UNION
    ({RESUMED})
)
SELECT workflow_id, id, turn + 1 FROM runs
WHERE id IN (SELECT id FROM late) AND ended_at IS NULL AND status <> 'holdout' AND id <> ALL (:lately)
LIMIT :most
""")  # noqa: S608 - built from constants

_COMMANDED = text(f"""
SELECT workflow_id, id, turn + 1 FROM runs
WHERE ended_at IS NULL AND id IN (
    (SELECT run_id FROM run_commands WHERE taken_turn IS NULL LIMIT :most) UNION ({RESUMED}))
""")  # noqa: S608 - built from constants

_TRIM = text("""
DELETE FROM deliveries WHERE (run_id, seq) IN (
    SELECT run_id, seq FROM deliveries JOIN runs ON runs.id = deliveries.run_id
    WHERE runs.ended_at < :before LIMIT :most
)
""")
