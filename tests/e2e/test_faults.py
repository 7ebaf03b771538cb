"""Every child is killed in the middle of a demonstration: nothing that was accepted is lost, nothing is done twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import psycopg
import pytest

from tests.service.conftest import Make
from tests.service.running import Service
from workflows.service.folder import Running, read_running

pytestmark = pytest.mark.service

CUSTOMERS, SECONDS = 120, 50
VICTIMS = ("router", "worker", "web", "simulator", "temporal", "postgres")
PATIENCE = 60.0


def test_a_demonstration_survives_the_death_of_each_child(make: Make, scratch: Path) -> None:
    service = make(scratch / "faults", arguments=())
    running = service.start()
    demo = _begin_demonstration(service)
    for victim in VICTIMS:
        time.sleep(SECONDS / (2 * len(VICTIMS)))
        assert demo.poll() is None, "the demonstration was over before every child had been killed"
        _kill(service, victim)
    told, problems = demo.communicate(timeout=300)
    summary = json.loads(told)
    assert summary["agrees"], f"{json.dumps(summary, ensure_ascii=False, indent=1)}\n{problems}\n{service.console}"
    assert demo.returncode == 0
    with psycopg.connect(running.database_url) as database:
        assert _count(database, UNROUTED) == 0
        assert _count(database, TWO_COUPONS) == 0
        assert _count(database, UNSETTLED) == 0
        assert _count(database, "SELECT count(*) FROM runs WHERE status = 'stuck'") == 0
        assert _count(database, "SELECT count(*) FROM member_queue WHERE parked_at IS NOT NULL") == 0
        assert _count(database, CALLBACKS_LEFT) == 0


def _begin_demonstration(service: Service) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            *(*service.program, "demo", "--data", str(service.folder), "--json"),
            *("--customers", str(CUSTOMERS), "--seconds", str(SECONDS)),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=service.environment,
        text=True,
    )


def _kill(service: Service, name: str) -> None:
    """Kill a child, and wait until `dev.json` names its successor."""
    before = _running(service).processes[name]
    assert before is not None
    os.kill(before, signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE
    while _running(service).processes[name] == before:
        assert time.monotonic() < deadline, f"{name} was not started again:\n{service.console}"
        time.sleep(0.1)


def _running(service: Service) -> Running:
    running = read_running(service.folder)
    assert running is not None
    return running


def _count(database: psycopg.Connection[tuple[int]], query: str) -> int:
    row = database.execute(query).fetchone()
    assert row is not None
    return row[0]


UNROUTED = "SELECT count(*) FROM events WHERE routed_at IS NULL AND member_id IS NOT NULL"
TWO_COUPONS = """
    SELECT count(*) FROM (
        SELECT 1 FROM coupons WHERE effect_key IS NOT NULL GROUP BY member_id, batch_id HAVING count(*) > 1
    ) AS twice"""
UNSETTLED = "SELECT count(*) FROM effects WHERE state NOT IN ('settled', 'cancelled')"
CALLBACKS_LEFT = "SELECT count(*) FROM callbacks WHERE mapped_at IS NULL"
