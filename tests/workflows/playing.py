"""The whole driver in one process: router, worker and sweeper on one Temporal and one database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from engine.runs.models import Run
from rules.types import Json
from tests.workflows.fakes import FakeWeCom
from tests.workflows.waiting import PATIENCE, until
from tests.workflows.world import World
from workflows.activities.outside import Outside
from workflows.router import Router, RouterParts
from workflows.sweeper import Sweeper
from workflows.turn import TurnTaker
from workflows.worker import WorkerParts, WorkerSettings, journeys_worker, remote_workers


@dataclass
class Play:
    """Drives one world. Time is skipped by `skip` and at no other moment."""

    world: World
    client: Client
    environment: WorkflowEnvironment | None = None
    wecom: FakeWeCom = field(default_factory=FakeWeCom)

    def __post_init__(self) -> None:
        world = self.world
        self.router = Router(RouterParts(self.client, world.database, world.clock, world.keys, world.plans))
        self.sweeper = Sweeper(self.client, world.database, world.clock, world.keys, world.plans)

    @asynccontextmanager
    async def working(
        self, settings: WorkerSettings | None = None, turns: TurnTaker | None = None
    ) -> AsyncIterator[None]:
        """A worker works meanwhile."""
        world, settings = self.world, settings or WorkerSettings(grace=timedelta(seconds=1))
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(httpx.AsyncClient())
            threads = stack.enter_context(ThreadPoolExecutor(settings.turns))
            parts = WorkerParts(
                client=self.client,
                database=world.database,
                clock=world.clock,
                keys=world.keys,
                activities=world.activities,
                plans=world.plans,
                outside=Outside(wecom=self.wecom, http=http),
            )
            journeys = journeys_worker(parts, turns or self.world.turns, threads, settings)
            for worker in (journeys, *remote_workers(parts, settings)):
                await stack.enter_async_context(worker)
            yield

    async def tell(self, kind: str, data: dict[str, Json] | None = None, *, who: str = "member:1") -> None:
        """Accept an event and route it."""
        await asyncio.to_thread(self.world.tell, kind, data, who=who)
        await self.route()

    async def route(self) -> None:
        """Route whoever waits."""
        while await self.router.route_some():
            pass

    async def reach(self, node: str, *, status: str = "waiting") -> Run:
        """Wait until the latest run stands at a node."""
        return await self._when(lambda run: (run.node, run.status) == (node, status))

    async def end(self) -> Run:
        """Wait until the latest run has ended, and its execution with it."""
        run = await self._when(lambda run: run.ended_at is not None)
        async with asyncio.timeout(PATIENCE):
            while (await self.handle(run).describe()).close_time is None:  # noqa: ASYNC110 - there is nothing to wait on
                await asyncio.sleep(0.02)
        return run

    async def skip(self, length: timedelta) -> None:
        """Let time pass."""
        assert self.environment is not None
        await self.environment.sleep(length)

    def handle(self, run: Run) -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(run.workflow_id)

    async def history(self, run: Run) -> list[Any]:
        """The events of the run's execution."""
        return [event async for event in self.handle(run).fetch_history_events()]

    async def _when(self, true: Callable[[Run], bool]) -> Run:
        await until(lambda: true(self.world.run()))
        return await asyncio.to_thread(self.world.run)
