"""Jobs get their executions: the router role looks for those that wait, and for running ones that nobody moves.

So a job is never lost with Temporal's file, and asking for one needs no connection to Temporal.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError

from engine.clock import Clock
from engine.database.connection import Database
from engine.jobs import store
from workflows.job import JOBS_QUEUE, JobPosition, JobWorkflow, job_workflow_id
from workflows.router import Chore

EVERY = 1.0
STALE = timedelta(seconds=60)
"""A running job that has not moved for so long may have lost its execution; starting it twice does no harm."""
AGAIN_AFTER = timedelta(seconds=5)
AT_ONCE = 50

log = structlog.get_logger()


@dataclass
class JobStarter:
    """Starts executions of jobs; several routers may do it side by side."""

    client: Client
    database: Database
    clock: Clock
    stale: timedelta = STALE
    _called: dict[int, datetime] = field(default_factory=dict)

    def all(self) -> list[Chore]:
        """The chore of the router role that belongs to it."""
        return [Chore("start jobs", EVERY, self.start)]

    async def start(self) -> None:
        """Start what is to be driven and was not started just now."""
        now = self.clock.now()
        self._called = {job: at for job, at in self._called.items() if now - at < AGAIN_AFTER}
        for job in await asyncio.to_thread(self._look, now):
            if job not in self._called:
                await self._start(job)
                self._called[job] = now

    def _look(self, now: datetime) -> list[int]:
        with self.database.begin() as session:
            return store.wanted(session, since=now - self.stale, most=AT_ONCE)

    async def _start(self, job: int) -> None:
        try:
            await self.client.start_workflow(
                JobWorkflow.run,
                JobPosition(job),
                id=job_workflow_id(job),
                task_queue=JOBS_QUEUE,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            )
        except RPCError as error:
            log.warning("a job cannot be started now", job=job, reason=str(error.status))
