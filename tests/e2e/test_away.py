"""What the service stands on goes away for a while or loses all it knew; turns and signals meet at the worst moment.

Each play ends with the comparison of `demo` (the funnel tells exactly what was played) and with the laws of `laws.py`.
WAYSTATION_TEST_AWAY is for how many seconds PostgreSQL is away: 12 by default, so that CI need not wait for a minute.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from queue import Queue
from threading import Thread

import psutil
import pytest

from tests.e2e.theatre import PATIENCE, Theatre
from tests.service.running import ROOT
from tests.workflows.service.stand_ins import eventually

pytestmark = pytest.mark.service

AWAY = float(os.environ.get("WAYSTATION_TEST_AWAY", "12"))
DEATHS = 3
DATABASE = ("temporal.db", "temporal.db-wal", "temporal.db-shm")


def test_a_worker_dies_between_the_commit_of_a_turn_and_its_answer(theatre: Theatre) -> None:
    with ExitStack() as stack:
        dying = [stack.enter_context(odd_worker(theatre, "dying")) for _ in range(DEATHS)]
        for worker in dying:
            assert worker.hear() == "works"
        with theatre.playing(customers=40, seconds=10):
            for worker in dying:
                assert worker.process.wait(PATIENCE) == -signal.SIGKILL


def test_a_signal_lands_while_a_run_takes_its_last_turn(theatre: Theatre) -> None:
    with odd_worker(theatre, "signalling") as signalling:
        assert signalling.hear() == "works"
        with theatre.playing(customers=40, seconds=10):
            assert signalling.hear().startswith("journey/hook-coupon/")


def test_temporal_loses_its_file_while_runs_wait_and_effects_are_open(theatre: Theatre) -> None:
    with theatre.playing(customers=40, seconds=14), theatre.nobody_joining():
        theatre.faults(errcode={"code": -1, "api": "externalcontact/send_welcome_msg"}, seconds=8)
        assert eventually(lambda: theatre.laws.open_effects() > 0, PATIENCE)
        pid = theatre.pid("temporal")
        with asleep(theatre.running.pid):
            psutil.Process(pid).kill()
            assert eventually(lambda: not psutil.pid_exists(pid) or is_zombie(pid))
            for name in DATABASE:
                (theatre.service.folder / "temporal" / name).unlink(missing_ok=True)
        theatre.await_successors(pid)


@pytest.mark.parametrize("how", ["frozen", "stopped"])
def test_postgresql_goes_away_for_a_while(theatre: Theatre, how: str) -> None:
    with theatre.playing(customers=40, seconds=12):
        time.sleep(3)
        with theatre.nobody_waiting_for_wecom():
            postgres = psutil.Process(theatre.pid("postgres"))
            if how == "frozen":
                with asleep(*(one.pid for one in (postgres, *postgres.children(recursive=True)))):
                    time.sleep(AWAY)
            else:
                with asleep(theatre.running.pid):
                    postgres.send_signal(signal.SIGINT)
                    time.sleep(AWAY)
                theatre.await_successors(postgres.pid)


def test_in_the_end_every_effect_has_its_outcome(theatre: Theatre) -> None:
    assert eventually(lambda: theatre.laws.open_effects() == 0, PATIENCE)


@contextmanager
def asleep(*pids: int) -> Iterator[None]:
    """These processes stand still meanwhile."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):  # one of PostgreSQL's helpers may just have been ending
                os.kill(pid, signal.SIGCONT)


class OddWorker:
    """A worker of `odd_worker.py`, and what it says."""

    def __init__(self, kind: str, environment: Mapping[str, str]) -> None:
        words = [sys.executable, "-m", "tests.e2e.odd_worker", kind]
        self.process = subprocess.Popen(words, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        self._said: Queue[str] = Queue()
        self._listener = Thread(target=self._listen)
        self._listener.start()

    def hear(self) -> str:
        """Its next word."""
        return self._said.get(timeout=PATIENCE)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self._listener.join()

    def _listen(self) -> None:
        with self.process.stdout or nullcontext([]) as said:
            for line in said:
                self._said.put(line.strip())


@contextmanager
def odd_worker(theatre: Theatre, kind: str) -> Iterator[OddWorker]:
    """A worker of `odd_worker.py` beside the service's own."""
    worker = psutil.Process(theatre.pid("worker"))
    given = {name: value for name, value in worker.environ().items() if "METRICS" not in name}
    odd = OddWorker(kind, given)
    try:
        yield odd
    finally:
        odd.end()


def is_zombie(pid: int) -> bool:
    """Whether it has ended and its supervisor has not looked yet."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
