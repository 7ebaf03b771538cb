"""`latency`: from the add of a friend to the welcome, with nothing else to do and behind a day's orders.

WeCom's part is the simulator's: it calls back, and takes the welcome. The clock starts before it is told of the add,
so the figure holds the whole callback as well.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import uuid4

import httpx
import psycopg

from bench.chain import Door, door_of, only
from bench.figures import BenchError, Budget, Figure, Report, quantile
from bench.service import Service, durability, service
from engine.clock import SystemClock
from engine.database import retrying
from engine.database.connection import Database
from engine.events.incoming import IncomingEvent
from engine.events.ingest import ingest
from engine.secrets.keyring import KeyRing

JOURNEYS = ("bench-remote", "bench-bulk")
PER_SECOND = 10
SECONDS, BULK = 180, 20_000
QUICK = (10, 1_000)
BATCH = 500
PATIENCE = 60.0
"""Seconds that the last welcomes have to arrive."""


@dataclass
class _Stage:
    """The simulator, and where its customers come in."""

    simulator: httpx.AsyncClient
    looking: psycopg.AsyncConnection
    door: Door

    async def gather(self, seconds: int) -> list[str]:
        """People who have scanned, so that each one's run waits for the add."""
        people = [f"bench-{uuid4().hex[:12]}" for _ in range(seconds * PER_SECOND)]
        for person in people:
            await self._do("scan", {"person": person, "channel_state": self.door.state})
        await self._settle()
        return people

    async def _settle(self) -> None:
        """Wait until their runs stand, and a second more."""
        deadline = time.monotonic() + 10 * PATIENCE
        while left := await self._count(_UNSETTLED):
            if time.monotonic() > deadline:
                raise BenchError(f"{left} scans and runs were not settled within {10 * PATIENCE:.0f} s")
            await asyncio.sleep(0.5)
        await asyncio.sleep(1)

    async def play(self, people: list[str], *, while_bulk: bool = False) -> list[float]:
        """Let them add an associate, so many a second; the seconds from each add to its welcome.

        `while_bulk`: stop as soon as no bulk event waits any more.
        """
        return await self._delays(await self._add(people, while_bulk=while_bulk))

    async def _add(self, people: list[str], *, while_bulk: bool) -> dict[str, float]:
        """The adds, each at its own time whether or not those before it were answered; when each began, by person."""
        began, added = time.monotonic(), dict[str, float]()
        async with asyncio.TaskGroup() as tasks:
            for number, person in enumerate(people):
                await asyncio.sleep(max(0.0, began + number / PER_SECOND - time.monotonic()))
                if while_bulk and number % PER_SECOND == 0 and not await self._count(_BULK_LEFT):
                    break
                tasks.create_task(self._add_one(person, added))
        return added

    async def _add_one(self, person: str, added: dict[str, float]) -> None:
        at = time.time()
        body = {"person": person, "associate": self.door.userid, "state": self.door.state}
        added[(await self._do("add", body))["external_userid"]] = at

    async def _delays(self, added: Mapping[str, float]) -> list[float]:
        """How long each welcome took."""
        deadline = time.monotonic() + PATIENCE
        while True:
            answer = await self.simulator.get("/control/outbox", params={"kind": "welcome"})
            came = {each["external_userid"]: each["at"] for each in answer.json()["items"]}
            if added.keys() <= came.keys():
                return [datetime.fromisoformat(came[who]).timestamp() - at for who, at in added.items()]
            if time.monotonic() > deadline:
                missing = len(added.keys() - came.keys())
                raise BenchError(f"{missing} of {len(added)} people were not welcomed within {PATIENCE:.0f} s")
            await asyncio.sleep(1)

    async def _do(self, deed: str, body: Mapping[str, str]) -> dict[str, str]:
        answer = await self.simulator.post(f"/control/{deed}", json=body)
        answer.raise_for_status()
        ids: dict[str, str] = answer.json()
        return ids

    async def _count(self, query: str) -> int:
        [number] = await (await self.looking.execute(query.encode())).fetchone() or [0]
        return int(number)


def run(*, quick: bool = False) -> Report:
    """Measure: first with nothing else to do, then behind bulk."""
    with service() as one:
        return asyncio.run(_measure(one, *(QUICK if quick else (SECONDS, BULK))))


async def _measure(one: Service, seconds: int, bulk: int) -> Report:
    database, running = one.database(), one.running
    only(database, *JOURNEYS)
    async with (
        httpx.AsyncClient(base_url=running.simulator_url, timeout=30) as simulator,
        await psycopg.AsyncConnection.connect(running.database_url, autocommit=True) as looking,
    ):
        stage = _Stage(simulator, looking, door_of(database))
        alone = await stage.play(await stage.gather(seconds))
        people = await stage.gather(seconds)
        with one.asleep("router"):
            await asyncio.to_thread(_queue_bulk, database, one.keys(), stage.door, bulk)
        behind = await stage.play(people, while_bulk=True)
    settings = durability(running.database_url)
    database.close()
    return Report(
        [
            _figure("welcome_p99", alone, 2, f"{len(alone)} adds, {PER_SECOND} a second"),
            _figure(
                "welcome_p99_behind_bulk", behind, 5, f"{len(behind)} adds while some of {bulk:,} bulk events waited"
            ),
        ],
        [
            "each bulk event is an order that starts a run; WeCom is the simulator on the same machine",
            f"PostgreSQL: {settings}",
        ],
    )


def _figure(name: str, delays: list[float], limit: float, what: str) -> Figure:
    median, most = quantile(delays, 0.5), max(delays)
    note = f"{what}; median {median:.3f} s, longest {most:.3f} s"
    return Figure(name, quantile(delays, 0.99), "s", (Budget("value", "<=", limit),), note=note)


def _queue_bulk(database: Database, keys: KeyRing, door: Door, events: int) -> None:
    """Orders of as many customers, as a till uploads them at the end of a day."""
    for start in range(0, events, BATCH):
        now = SystemClock().now()
        batch = [
            IncomingEvent(
                "bench-till",
                uuid4().hex,
                "order.paid",
                f"member:bench-{number}",
                now,
                {"order_no": str(number), "amount": 1990, "currency": "CNY", "store": door.store},
            )
            for number in range(start, min(start + BATCH, events))
        ]
        retrying.run(database, partial(ingest, events=batch, now=now, keys=keys))


_UNSETTLED = """
SELECT (SELECT count(*) FROM member_queue WHERE parked_at IS NULL)
    + (SELECT count(*) FROM runs WHERE journey = 'bench-remote' AND status = 'running')"""
_BULK_LEFT = "SELECT count(*) FROM member_queue WHERE priority = 1"
