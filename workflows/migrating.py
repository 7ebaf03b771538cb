"""Migrations as jobs: whom the page before has moved is called before the next one begins."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog
from temporalio.client import Client
from temporalio.service import RPCError

from engine.clock import Clock
from engine.database.connection import Database
from engine.definitions.plans import Plans
from engine.jobs.models import Job
from engine.jobs.pages import Work
from engine.migrating import pages
from engine.runs.routing import Call
from engine.secrets.keyring import KeyRing
from workflows import client as executions
from workflows.client import Execution
from workflows.position import Position

SIDE_BY_SIDE = 10

log = structlog.get_logger()


@dataclass(frozen=True)
class Migrating:
    """Prepares pages of migrations. Without a client the sweeper calls whoever is to be called."""

    database: Database
    clock: Clock
    keys: KeyRing
    plans: Plans
    client: Client | None = None

    async def prepare(self, job: Job) -> Work:
        """Call those who were moved, and say what the next page does."""
        if self.client is not None and (calls := await asyncio.to_thread(self._calls, job)):
            await self._call(self.client, calls)
        return pages.page(self.clock, self.keys, self.plans)

    def _calls(self, job: Job) -> list[Call]:
        with self.database.begin() as session:
            return pages.calls(session, job)

    async def _call(self, client: Client, calls: list[Call]) -> None:
        gate = asyncio.Semaphore(SIDE_BY_SIDE)

        async def call(one: Call) -> None:
            async with gate:
                await executions.recreate(client, Execution(one.workflow_id, Position(one.run_id, one.next_turn)))

        try:
            await asyncio.gather(*map(call, calls))
        except RPCError as error:
            log.warning("Temporal does not answer; the sweeper will call", reason=str(error.status))
