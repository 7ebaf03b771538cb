"""Processes are killed in the middle of plays: nothing that was accepted is lost, nothing is done twice.

Each play ends with the comparison of `demo` (the funnel tells exactly what was played) and with the laws of `laws.py`.
"""

from __future__ import annotations

import os
import signal
import time

import psutil
import pytest

from tests.e2e.theatre import PATIENCE, Theatre
from tests.service.running import family, still_run
from tests.workflows.service.stand_ins import eventually

pytestmark = pytest.mark.service

CHILDREN = ("router", "web", "temporal", "postgres", "worker")


def test_each_child_dies_once(theatre: Theatre) -> None:
    with theatre.playing(customers=80, seconds=30):
        for victim in CHILDREN:
            time.sleep(2)
            pid = theatre.pid(victim)
            os.kill(pid, signal.SIGKILL)
            theatre.await_successors(pid)
        with theatre.nobody_waiting_for_wecom():
            pid = theatre.pid("simulator")
            os.kill(pid, signal.SIGKILL)
            theatre.await_successors(pid)


def test_the_worker_dies_in_the_middle_of_turns(theatre: Theatre) -> None:
    with theatre.playing(customers=40, seconds=12):
        for _ in range(3):
            pid = theatre.pid("worker")
            assert eventually(theatre.laws.in_mid_turn, PATIENCE)
            os.kill(pid, signal.SIGKILL)
            theatre.await_successors(pid)


def test_all_children_die_at_once(theatre: Theatre) -> None:
    with theatre.playing(customers=40, seconds=12):
        time.sleep(3)
        with theatre.nobody_waiting_for_wecom():
            pids = [pid for pid in theatre.running.processes.values() if pid]
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
            theatre.await_successors(*pids)


def test_the_supervisor_dies_and_is_started_again(theatre: Theatre) -> None:
    service = theatre.service
    with theatre.playing(customers=40, seconds=12):
        time.sleep(3)
        with theatre.nobody_waiting_for_wecom():
            processes = family(theatre.running)
            os.kill(theatre.running.pid, signal.SIGKILL)
            assert service.process is not None
            service.process.wait()
            assert still_run(processes) == []
            (service.folder / "dev.json").unlink()
            service.start()
    assert psutil.pid_exists(theatre.running.pid)
