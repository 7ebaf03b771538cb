"""`memory`: what a worker holds after many runs have begun, most of which are not in its cache any more."""

from __future__ import annotations

import time

import psycopg

from bench import cpu
from bench.chain import door_of, only
from bench.figures import BenchError, Budget, Figure, Report
from bench.load import Customer, Inbox
from bench.service import Service, durability, service
from bench.sides import JOURNEY
from workflows.worker import WorkerSettings

FEW, MANY = 1_000, 10_000
QUICK = (200, 600)
BATCH = 100
SETTLE = 5.0
PATIENCE = 120.0
"""Seconds without any run that moves, after which the benchmark gives up."""


def run(*, quick: bool = False) -> Report:
    """Measure the same worker twice: it is never started again."""
    few, many = QUICK if quick else (FEW, MANY)
    with service() as one:
        only(database := one.database(), JOURNEY)
        inbox = Inbox(database, one.keys(), door_of(database))
        reference = _after(one, inbox, few, 0)
        value = _after(one, inbox, many, few)
        settings = durability(one.running.database_url)
        database.close()
    budget = (Budget("ratio", "<=", 1.2),)
    return Report(
        [Figure("worker_memory", value, "MB", budget, reference, note=f"resident, {many:,} open runs against {few:,}")],
        [f"cache {WorkerSettings().cached_runs}, runner unsandboxed", f"PostgreSQL: {settings}"],
    )


def _after(one: Service, inbox: Inbox, runs: int, before: int) -> float:
    """The worker's memory when so many runs stand at their first wait."""
    for start in range(before, runs, BATCH):
        inbox.accept_all([Customer() for _ in range(start, min(start + BATCH, runs))])
    with psycopg.connect(one.running.database_url, autocommit=True) as looking:
        _wait(looking, runs)
    time.sleep(SETTLE)
    return cpu.resident(one.pid("worker"))


def _wait(looking: psycopg.Connection, runs: int) -> None:
    """Wait until all of them stand."""
    stood, since = -1, time.monotonic()
    while stood < runs:
        [now] = looking.execute(_STANDING, (JOURNEY,)).fetchone() or [0]
        if now > stood:
            stood, since = now, time.monotonic()
        elif time.monotonic() - since > PATIENCE:
            raise BenchError(f"{stood} of {runs} runs stand at their wait and no more come")
        time.sleep(0.5)


_STANDING = "SELECT count(*) FROM runs WHERE journey = %s AND status = 'waiting'"
