"""The reference: the same journey as a plain workflow, written by hand as one would without Waystation.

Four activities, each writing its own log row, and a timer for each wait. Runner, cache, codec and limits are those of
our own worker. Run as a program it is the worker; where things are comes from the environment.
"""

from __future__ import annotations

import asyncio
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from psycopg import Connection
from psycopg_pool import ConnectionPool
from temporalio import activity, workflow
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from engine.secrets.keyring import KeyRing
from workflows.client import connect
from workflows.worker import BUILD, WorkerSettings

QUEUE = "handwritten"
SCHEMA = """
CREATE TABLE IF NOT EXISTS handwritten_log (
    customer bigint, step text, at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (customer, step))"""

_LIMIT = timedelta(seconds=30)
_LOG = "INSERT INTO handwritten_log (customer, step) VALUES (%s, %s) ON CONFLICT DO NOTHING"


@workflow.defn(name="Handwritten")
class HandwrittenWorkflow:
    """Scan, wait for the add, welcome, wait for the join, coupon, wait for the redemption, end."""

    @workflow.init
    def __init__(self, customer: int) -> None:
        self._customer = customer
        self._happened: set[str] = set()

    @workflow.signal
    def happen(self, event: str) -> None:
        """An event of the customer."""
        self._happened.add(event)

    @workflow.run
    async def run(self, customer: int) -> str:
        """Go through the journey; its outcome."""
        await self._do("scanned", customer)
        if not await self._comes("contact.added", timedelta(minutes=30)):
            return "not_added"
        await self._do("welcome", customer)
        if not await self._comes("group.joined", timedelta(days=7)):
            return "not_joined"
        await self._do("coupon", customer)
        if not await self._comes("coupon.redeemed", timedelta(days=30)):
            return "coupon_expired"
        await self._do("redeemed", customer)
        return "redeemed"

    async def _do(self, step: str, customer: int) -> None:
        await workflow.execute_activity(step, customer, start_to_close_timeout=_LIMIT)

    async def _comes(self, event: str, within: timedelta) -> bool:
        try:
            await workflow.wait_condition(lambda: event in self._happened, timeout=within)
        except TimeoutError:
            return False
        return True


@dataclass(frozen=True)
class Steps:
    """The activities. Each writes its row and commits."""

    pool: ConnectionPool[Connection]

    @activity.defn(name="scanned")
    def scanned(self, customer: int) -> None:
        """The journey begins."""
        self._log(customer, "scanned")

    @activity.defn(name="welcome")
    def welcome(self, customer: int) -> None:
        """A greeting would go out here."""
        self._log(customer, "welcome")

    @activity.defn(name="coupon")
    def coupon(self, customer: int) -> None:
        """A coupon would be given here."""
        self._log(customer, "coupon")

    @activity.defn(name="redeemed")
    def redeemed(self, customer: int) -> None:
        """The journey is over."""
        self._log(customer, "redeemed")

    def _log(self, customer: int, step: str) -> None:
        with self.pool.connection() as connection:
            connection.execute(_LOG, (customer, step))


async def work(database_url: str, keys: KeyRing) -> None:
    """Work until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    settings = WorkerSettings()
    client = await connect(keys)
    pool = ConnectionPool(database_url, min_size=settings.turns, max_size=settings.turns, open=False)
    with pool, ThreadPoolExecutor(settings.turns) as threads:
        steps = Steps(pool)
        async with Worker(
            client,
            task_queue=QUEUE,
            workflows=[HandwrittenWorkflow],
            activities=[steps.scanned, steps.welcome, steps.coupon, steps.redeemed],
            activity_executor=threads,
            workflow_runner=UnsandboxedWorkflowRunner(),
            max_cached_workflows=settings.cached_runs,
            max_concurrent_workflow_tasks=settings.workflow_tasks,
            max_concurrent_activities=settings.turns,
            build_id=BUILD,
        ):
            await stop.wait()


if __name__ == "__main__":
    asyncio.run(work(os.environ["BENCH_DATABASE_URL"], KeyRing.from_text(os.environ["BENCH_SECRET_KEY"])))
