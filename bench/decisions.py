"""`decisions`: what a decision costs by HTTP beside an endpoint that does nothing, and how long it takes at a pace.

Both answers come from one process (`beside.py`), the web role with that endpoint added. CPU is that process's and
PostgreSQL's; all other processes of the service stand still meanwhile.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import psycopg

from bench.beside import EMPTY
from bench.chain import publish_ruleset
from bench.cpu import spent
from bench.figures import BenchError, Budget, Figure, Report, paired, quantile
from bench.service import PATIENCE, ROLES, ROOT, Service, durability, own_environment, service
from rules.types import Json
from workflows.service.ports import LOOPBACK, Ports

RULESET = "bench-zone"
PAIRS, REQUESTS, SECONDS = 5, 500, 60
QUICK = (1, 50, 2)
PER_SECOND = 100
WARM_UP = 50


@dataclass(frozen=True)
class _Asked:
    """One endpoint and the bodies that are posted to it in turn."""

    path: str
    bodies: tuple[Json, ...]


def run(*, quick: bool = False) -> Report:
    """Measure."""
    pairs, requests, seconds = QUICK if quick else (PAIRS, REQUESTS, SECONDS)
    with service() as one, one.asleep(*ROLES), _beside(one) as (url, pid):
        publish_ruleset(database := one.database(), RULESET)
        database.close()
        pids = (pid, one.pid("postgres"))
        decisions, nothing = _Asked(f"/api/v1/decisions/{RULESET}", _bodies(one)), _Asked(EMPTY, ({},))
        with httpx.Client(base_url=url, headers=_headers(one)) as client:
            for asked in (decisions, nothing):
                _ask(client, asked, WARM_UP)
            measured = [
                (_cpu(client, decisions, requests, pids), _cpu(client, nothing, requests, pids)) for _ in range(pairs)
            ]
        took = asyncio.run(_paced(url, _headers(one), decisions, seconds))
        settings = durability(one.running.database_url)
    p99 = Figure("decision_p99", 1e3 * quantile(took, 0.99), "ms", (Budget("value", "<=", 50),))
    return Report(
        [paired("decision_cpu", "ms", measured, Budget("ratio", "<=", 4)), p99],
        [
            f"{pairs} paired runs of {requests} requests, one by one, then {PER_SECOND} a second for {seconds} s",
            f"each asks {RULESET} about another member of the chain at another sales channel, and is recorded",
            f"PostgreSQL: {settings}",
        ],
    )


@contextmanager
def _beside(one: Service) -> Iterator[tuple[str, int]]:
    """A web process of its own on the service's database, with the endpoint that does nothing: its address and pid."""
    port = Ports({}).take("bench")
    environment = own_environment(os.environ) | {
        "WAYSTATION_DATABASE_URL": one.running.database_url,
        "WAYSTATION_SECRET_KEY": one.secrets["secret_key"],
    }
    process = subprocess.Popen([sys.executable, "-m", "bench.beside", str(port)], cwd=ROOT, env=environment)
    url = f"http://{LOOPBACK}:{port}"
    try:
        _wait_for(url, process)
        yield url, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            httpx.get(f"{url}/livez", timeout=5)
        except httpx.TransportError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise BenchError("the web process with the empty endpoint does not start") from None
            time.sleep(0.05)
        else:
            return


def _bodies(one: Service) -> tuple[Json, ...]:
    """What is asked: members of the seeded chain, in shops and channels in turn."""
    with psycopg.connect(one.running.database_url) as connection:
        members = [str(key) for (key,) in connection.execute("SELECT id FROM members ORDER BY id LIMIT 500")]
    channels = ("pos", "mini_program", "mall", "douyin")
    return tuple(
        {"subject": member, "facts": {"event": {"sales_channel": channels[number % len(channels)]}}}
        for number, member in enumerate(members)
    )


def _headers(one: Service) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {one.secrets['api_key']}"}


def _cpu(client: httpx.Client, asked: _Asked, requests: int, pids: tuple[int, ...]) -> float:
    """Milliseconds of CPU that a request costs."""
    before = sum(spent(pid) for pid in pids)
    _ask(client, asked, requests)
    return 1e3 * (sum(spent(pid) for pid in pids) - before) / requests


def _ask(client: httpx.Client, asked: _Asked, requests: int) -> None:
    for number in range(requests):
        answer = client.post(asked.path, json=asked.bodies[number % len(asked.bodies)])
        if not answer.is_success:
            raise BenchError(f"{asked.path} answers {answer.status_code}: {answer.text[:300]}")


async def _paced(url: str, headers: Mapping[str, str], asked: _Asked, seconds: int) -> list[float]:
    """Seconds that each request took, from the time at which it was due, whether or not those before were answered."""
    took: list[float] = []

    async def ask(client: httpx.AsyncClient, number: int, due: float) -> None:
        answer = await client.post(asked.path, json=asked.bodies[number % len(asked.bodies)])
        answer.raise_for_status()
        took.append(time.monotonic() - due)

    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=PATIENCE) as client:
        began = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            for number in range(seconds * PER_SECOND):
                due = began + number / PER_SECOND
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                tasks.create_task(ask(client, number, due))
    return took
