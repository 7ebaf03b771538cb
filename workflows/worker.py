"""Workers: any number of processes, each serving the journeys' task queue and those of remote effects.

waystation-journeys   the shells, and their turns as local activities
waystation-wecom      remote effects that call WeCom, at its rate
waystation-outside    all other remote effects
waystation-jobs       long work, a page at a time (workflows.job)
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from engine.clock import Clock
from engine.database.connection import Database
from engine.definitions.plans import Plans
from engine.jobs.pages import Prepare
from engine.secrets.keyring import KeyRing
from workflows.activities.outside import Outside
from workflows.activities.registry import Activities, Queue
from workflows.job_pages import JobPages
from workflows.job_worker import job_worker
from workflows.journey import JourneyWorkflow
from workflows.position import JOURNEYS_QUEUE, queue_name
from workflows.remote import RemoteExecutor
from workflows.turn import TurnTaker

BUILD = "1"
"""Stands in every workflow task's events. The SDK's default is a long hash over all loaded code."""


@dataclass(frozen=True)
class WorkerSettings:
    """How much one process does at once. `rates` are calls per second over all processes of a queue."""

    cached_runs: int = 500
    workflow_tasks: int = 30
    turns: int = 10
    remote_effects: int = 20
    rates: dict[Queue, float] = field(default_factory=lambda: {"wecom": 150.0, "outside": 50.0})
    grace: timedelta = timedelta(seconds=10)


@dataclass(frozen=True)
class WorkerParts:
    """What a worker works with; made once by `server.py`. Without `jobs` it does none."""

    client: Client
    database: Database
    clock: Clock
    keys: KeyRing
    activities: Activities
    plans: Plans
    outside: Outside
    jobs: Mapping[str, Prepare] | None = None


class Stop(Protocol):
    """Something that can be waited for until it is time to stop, such as an asyncio.Event."""

    async def wait(self) -> object: ...


async def run_worker(parts: WorkerParts, stop: Stop, settings: WorkerSettings | None = None) -> None:
    """Work until `stop`; then take nothing new, and finish what is under way within the grace."""
    settings = settings or WorkerSettings()
    with ThreadPoolExecutor(settings.turns, thread_name_prefix="turn") as threads:
        async with AsyncExitStack() as stack:
            journeys = journeys_worker(parts, turn_taker(parts), threads, settings)
            for worker in (journeys, *remote_workers(parts, settings), *job_workers(parts, settings)):
                await stack.enter_async_context(worker)
            await stop.wait()


def turn_taker(parts: WorkerParts) -> TurnTaker:
    """What takes the turns of a worker."""
    return TurnTaker(parts.database, parts.clock, parts.keys, parts.activities, parts.plans)


def journeys_worker(
    parts: WorkerParts, turns: TurnTaker, threads: ThreadPoolExecutor, settings: WorkerSettings
) -> Worker:
    """The worker of shells and turns."""
    return Worker(
        parts.client,
        task_queue=JOURNEYS_QUEUE,
        workflows=[JourneyWorkflow],
        activities=[turns.execute],
        activity_executor=threads,
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_cached_workflows=settings.cached_runs,
        max_concurrent_workflow_tasks=settings.workflow_tasks,
        max_concurrent_local_activities=settings.turns,
        no_remote_activities=True,
        build_id=BUILD,
        graceful_shutdown_timeout=settings.grace,
    )


def remote_workers(parts: WorkerParts, settings: WorkerSettings) -> list[Worker]:
    """One worker for each queue of remote effects. Never eager: eager starts would pass the rate by."""
    executor = RemoteExecutor(parts.database, parts.clock, parts.keys, parts.activities, parts.outside, parts.plans)
    return [
        Worker(
            parts.client,
            task_queue=queue_name(queue),
            activities=[executor.execute],
            max_concurrent_activities=settings.remote_effects,
            max_task_queue_activities_per_second=rate,
            disable_eager_activity_execution=True,
            build_id=BUILD,
            graceful_shutdown_timeout=settings.grace,
        )
        for queue, rate in settings.rates.items()
    ]


def job_workers(parts: WorkerParts, settings: WorkerSettings) -> list[Worker]:
    """The worker of jobs, if this process does any."""
    if parts.jobs is None:
        return []
    pages = JobPages(parts.database, parts.clock, parts.jobs)
    return [job_worker(parts.client, pages, build=BUILD, grace=settings.grace)]
