"""The sweeper: every run that should have moved is called again, and begun again if Temporal does not know it.

So nothing is lost with a wake-up, a worker, or Temporal's own file: the rows say where each run stands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session
from temporalio.client import Client
from temporalio.service import RPCError

from engine.clock import Clock
from engine.database.connection import Database
from engine.definitions.plans import Plans
from engine.runs import calling, holdout, store
from engine.runs.calling import Told
from engine.runs.routing import Call
from engine.secrets.keyring import KeyRing
from workflows import client as executions
from workflows.client import Execution
from workflows.measures import RUNS_CALLED
from workflows.position import Position

GRACE = timedelta(seconds=10)
"""So long a run may be late before it is called again."""
AGAIN_AFTER = timedelta(seconds=60)
"""A run that was called is not called again before this."""
AT_ONCE = 500
"""So many runs of each kind are called in one sweep."""
SIDE_BY_SIDE = 10
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
    _told: dict[Told, datetime] = field(default_factory=dict)

    async def sweep(self) -> None:
        """Call all runs that are late now."""
        now = await asyncio.to_thread(self.clock.now)
        late, holdouts = await asyncio.to_thread(self._look, now)
        if late:
            log.info("calling runs that are late", runs=len(late))
        got_through = await self._call_all(late, executions.recreate, "late")
        self._called.update((call.run_id, now) for call in got_through)
        for run_id in holdouts:
            if not await self._end_one(run_id):
                self._called[run_id] = now

    async def call_commanded(self) -> None:
        """Call at once the runs that an operator gave an order or let go on, and those that were ended from outside."""
        now = await asyncio.to_thread(self.clock.now)
        self._told = {told: at for told, at in self._told.items() if now - at < AGAIN_AFTER}
        ordered, off = await asyncio.to_thread(self._look_commanded)
        got_through = await self._call_all(ordered, executions.recreate, "ordered")
        self._told.update(((call.run_id, call.next_turn), now) for call in got_through)
        if closed := await self._call_all(off, executions.wake, "ended"):
            await asyncio.to_thread(self._forget_called_off, [call.run_id for call in closed])

    async def trim(self) -> None:
        """Forget the deliveries of runs that ended long ago; their turns stay, since they are the record."""
        while await asyncio.to_thread(self._trim_some):
            pass

    async def _call_all(
        self, calls: Sequence[Call], how: Callable[[Client, Execution], Awaitable[None]], why: str
    ) -> list[Call]:
        """Call them, some side by side; those that got through. After the first failure no further one is tried."""
        gate, got_through, away = asyncio.Semaphore(SIDE_BY_SIDE), list[Call](), asyncio.Event()

        async def call(one: Call) -> None:
            async with gate:
                if away.is_set():
                    return
                try:
                    await how(self.client, _execution(one))
                except RPCError as error:
                    away.set()
                    log.warning("Temporal does not answer", reason=str(error.status))
                else:
                    RUNS_CALLED.labels(why).inc()
                    got_through.append(one)

        await asyncio.gather(*map(call, calls))
        return got_through

    def _look(self, now: datetime) -> tuple[list[Call], list[int]]:
        """Late runs that were not called lately, and holdouts whose time is over."""
        self._called = {run: at for run, at in self._called.items() if now - at < AGAIN_AFTER}
        with self.database.begin() as session:
            late = calling.late(session, before=now - GRACE, lately=self._called, most=self.at_once)
            return late, calling.overdue_holdouts(session, now=now, lately=self._called, most=self.at_once)

    def _look_commanded(self) -> tuple[list[Call], list[Call]]:
        with self.database.begin() as session:
            ordered = calling.commanded(session, told=self._told, most=self.at_once)
            return ordered, calling.called_off(session, most=self.at_once)

    def _forget_called_off(self, runs: Sequence[int]) -> None:
        with self.database.begin() as session:
            calling.forget_called_off(session, runs)

    async def _end_one(self, run_id: int) -> bool:
        try:
            await asyncio.to_thread(self._end_holdout, run_id)
        except Exception:  # one row that cannot be ended must not keep those behind it
            log.exception("a holdout could not be ended", run=run_id)
            return False
        return True

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


_TRIM = text("""
DELETE FROM deliveries WHERE (run_id, seq) IN (
    SELECT run_id, seq FROM deliveries JOIN runs ON runs.id = deliveries.run_id
    WHERE runs.ended_at < :before LIMIT :most
)
""")
