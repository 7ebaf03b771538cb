"""`journeys`: how many journeys a second, and what one costs, beside the same journey written by hand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import psycopg
from temporalio.client import Client

from bench import cpu
from bench.chain import door_of, only
from bench.figures import Budget, Report, paired
from bench.histories import measure_histories
from bench.load import Inbox, Load, Side, threads
from bench.service import ROLES, Service, durability, service
from bench.sides import JOURNEY, Handwritten, Ours, handwritten_worker
from workflows.client import connect
from workflows.service.temporal import PRAGMAS
from workflows.worker import WorkerSettings

PAIRS, JOURNEYS, AT_ONCE, WARM_UP = 5, 400, 60, 60
QUICK = (1, 120, 60, 30)
SETTLE = 1.0
"""Seconds for which work that follows the last journey is still counted."""


@dataclass(frozen=True)
class Cost:
    """What a run of many journeys came to. `parts` is the CPU per journey, in ms, of each process."""

    per_second: float
    parts: Mapping[str, float]

    @property
    def cpu_ms(self) -> float:
        """CPU per journey over all processes."""
        return sum(self.parts.values())


@dataclass
class _Bench:
    service: Service
    client: Client
    inbox: Inbox
    looking: psycopg.Connection
    journeys: int
    at_once: int
    warm_up: int

    async def ours(self) -> Cost:
        """Waystation's worker and router."""
        return await self._cost(Ours(self.inbox, self.looking), {name: self.service.pid(name) for name in ROLES})

    async def handwritten(self) -> Cost:
        """The hand-written workflow's worker."""
        with handwritten_worker(self.service) as pid:
            return await self._cost(Handwritten(self.inbox, self.looking, self.client), {"worker": pid})

    async def _cost(self, side: Side, own: Mapping[str, int]) -> Cost:
        pids = {**own, **{name: self.service.pid(name) for name in ("postgres", "temporal")}}
        await Load(side, self.at_once).play(self.warm_up)
        await asyncio.sleep(SETTLE)
        before = _spent(pids)
        took = await Load(side, self.at_once).play(self.journeys)
        await asyncio.sleep(SETTLE)
        after = _spent(pids)
        return Cost(self.journeys / took, {name: (after[name] - before[name]) / self.journeys * 1000 for name in after})


def _spent(pids: Mapping[str, int]) -> dict[str, float]:
    """Seconds of CPU used so far, of processes by name, and of this one, which makes the load."""
    return {"load": time.process_time(), **{name: cpu.spent(pid) for name, pid in pids.items()}}


def run(*, quick: bool = False) -> Report:
    """Measure."""
    with service() as one:
        return asyncio.run(_measure(one, quick=quick))


async def _measure(one: Service, *, quick: bool) -> Report:
    pairs, journeys, at_once, warm_up = QUICK if quick else (PAIRS, JOURNEYS, AT_ONCE, WARM_UP)
    asyncio.get_running_loop().set_default_executor(threads())
    database, keys, url = one.database(), one.keys(), one.running.database_url
    client = await connect(keys, address=one.running.temporal_address)
    only(database, JOURNEY)
    inbox = Inbox(database, keys, door_of(database))
    with psycopg.connect(url, autocommit=True) as looking:
        bench = _Bench(one, client, inbox, looking, journeys, at_once, warm_up)
        costs = [(await bench.ours(), await bench.handwritten()) for _ in range(pairs)]
        histories = await measure_histories(one, client, inbox, looking)
    database.close()
    settings = WorkerSettings()
    return Report(
        [
            paired(
                "journeys_per_second",
                "/s",
                [(ours.per_second, theirs.per_second) for ours, theirs in costs],
                Budget("ratio", ">=", 0.9),
            ),
            paired(
                "cpu_per_journey",
                "ms",
                [(ours.cpu_ms, theirs.cpu_ms) for ours, theirs in costs],
                Budget("ratio", "<=", 1.3),
            ),
            *histories,
        ],
        [
            f"{pairs} paired runs of {journeys} journeys, {at_once} at once, effects local, after {warm_up} to warm up",
            f"both sides: runner unsandboxed, cache {settings.cached_runs}, payloads encrypted",
            f"both sides: {settings.workflow_tasks} workflow tasks, {settings.turns} turns or activities at once",
            f"CPU of ours: {_parts([ours for ours, _ in costs])}",
            f"CPU of the reference: {_parts([theirs for _, theirs in costs])}",
            f"PostgreSQL: {durability(url)}",
            f"Temporal's dev server, file database: {', '.join(PRAGMAS)}",
        ],
    )


def _parts(costs: Sequence[Cost]) -> str:
    """The medians of each process, in ms per journey."""
    names = sorted(costs[0].parts)
    return ", ".join(f"{name} {median(cost.parts[name] for cost in costs):.1f} ms" for name in names)
