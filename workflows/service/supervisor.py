"""Starts children in the order of their needs, starts again what dies, and stops all of it."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from workflows.service.child import Child, describe_end, start
from workflows.service.errors import ServiceError, StartFailedError
from workflows.service.wakeups import Wakeups

BACKOFF = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
STEADY_AFTER = 60.0
START_ATTEMPTS = 3
HOPELESS_AFTER = 2
"""So many times in a row a child ends before it is ready, then the others are no longer kept waiting for it."""
UNLIMITED = 1_000
PROBE_EVERY = 0.05
LOOK_EVERY = 1.0
LINES_SHOWN = 12


@dataclass
class Supervised:
    """A child and the process that runs it at the moment, if one does."""

    child: Child
    process: subprocess.Popen[bytes] | None = None
    ready: bool = False
    deaths: int = 0
    stillborn: int = 0
    started_at: float = 0.0
    start_at: float = 0.0

    @property
    def pid(self) -> int | None:
        """The number of the process that runs, or None."""
        return self.process.pid if self.process else None

    @property
    def due(self) -> bool:
        """Whether no process runs and it is time to start one."""
        return self.process is None and time.monotonic() >= self.start_at

    @property
    def settled(self) -> bool:
        """Whether nothing is to be waited for: it is ready, or ends again and again before it is."""
        return self.child.once or self.ready or self.stillborn >= HOPELESS_AFTER

    def begin(self) -> str | None:
        """Start the process, which is not ready yet; why that was not possible (a full disk, no more processes)."""
        self.started_at = time.monotonic()
        try:
            self.process = start(self.child)
        except OSError as error:
            self._ended()
            return error.strerror or str(error)
        return None

    def look(self) -> bool:
        """Ask whether it is ready; true if it has just become so."""
        if self.process is None or self.ready or not self.child.ready():
            return False
        self.ready, self.stillborn = True, 0
        return True

    def ended(self) -> int | None:
        """Return the status of a process that ended since we looked, and forget it."""
        status = self.process.poll() if self.process else None
        if status is None:
            return None
        self._ended()
        return status

    def _ended(self) -> None:
        if time.monotonic() - self.started_at > STEADY_AFTER:
            self.deaths = 0
        self.deaths += 1
        self.stillborn = 0 if self.ready else self.stillborn + 1
        self.process, self.ready = None, False
        self.start_at = time.monotonic() + BACKOFF[min(self.deaths, len(BACKOFF)) - 1]


class Supervisor:
    """Holds the children of one service.

    `abreast`: so many children start at a time, in the order given; the next one when one of them is ready.
    `say` tells the person at the console. `changed` is called with the pids when all children are ready again, but for
    those that cannot be made ready; should it raise a ServiceError, that is told, and it is called again.
    Not safe for use by several threads.
    """

    def __init__(
        self,
        children: Sequence[Child],
        wakeups: Wakeups,
        *,
        say: Callable[[str], None],
        changed: Callable[[dict[str, int | None]], None],
        abreast: int = UNLIMITED,
    ) -> None:
        self._all = {child.name: Supervised(child) for child in children}
        self._wakeups = wakeups
        self._say = say
        self._changed = changed
        self._abreast = abreast
        self._told: dict[str, int | None] = {}
        self._complaint = ""

    def pids(self) -> dict[str, int | None]:
        """Return the pid of each lasting child that is ready, None for one that is not at the moment."""
        return {name: one.pid if one.ready else None for name, one in self._all.items() if not one.child.once}

    def bring_up(self, seconds: float) -> bool:
        """Start all; return True when all are ready, False when asked to stop meanwhile.

        Raises StartFailedError when one keeps dying or is not ready in time. What runs once may take any time.
        """
        deadline = time.monotonic() + seconds
        for one in self._all.values():
            one.child.log.rotate()
        while not self._wakeups.stopping:
            for one in self._all.values():
                self._advance_start(one)
            if self._all_ready():
                for one in self._all.values():
                    one.child.log.new_trouble()  # of a start that went well in the end
                self._told = self.pids()
                self._changed(self._told)
                return True
            if any(one.child.once and one.process for one in self._all.values()):
                deadline = time.monotonic() + seconds  # a step that runs once takes as long as it takes
            if time.monotonic() > deadline:
                raise self._late()
            self._wakeups.wait(PROBE_EVERY)
        return False

    def watch(self) -> None:
        """Keep them running until a signal asks to stop."""
        while not self._wakeups.stopping:
            for one in self._all.values():
                self._keep_running(one)
            settled = all(one.settled for one in self._all.values())
            if settled and self.pids() != self._told:
                self._tell(self.pids())
            self._wakeups.wait(LOOK_EVERY if settled else PROBE_EVERY)

    def stop(self, order: Sequence[str]) -> None:
        """End them one after the other, in this order; whoever does not end in time is killed."""
        for name in order:
            if name in self._all:
                self._end(self._all[name])

    def _advance_start(self, one: Supervised) -> None:
        status = one.ended()
        if status is not None:
            self._judge_early_end(one, status)
        elif one.process is not None and not one.child.once:
            one.look()
        elif one.due and not one.ready and self._may_start(one.child):
            problem = one.begin()
            if problem:
                raise StartFailedError(f"{one.child.name} cannot be started: {problem}")

    def _may_start(self, child: Child) -> bool:
        starting = sum(one.process is not None and not one.ready for one in self._all.values())
        return starting < self._abreast and all(self._all[name].ready for name in child.after)

    def _judge_early_end(self, one: Supervised, status: int) -> None:
        if one.child.once and status == 0:
            one.ready = True
            return
        if one.child.once or one.deaths >= START_ATTEMPTS:
            raise StartFailedError(f"{one.child.name} does not start: {describe_end(status)}\n{_end_of_log(one.child)}")
        self._say(f"{one.child.name} ended while starting ({describe_end(status)}); starting it again")

    def _keep_running(self, one: Supervised) -> None:
        """See whether it runs and is ready; start it again when its time has come."""
        for line in one.child.log.new_trouble():
            self._say(f"{one.child.name}: {line.strip()}")
        if one.child.once:
            return
        one.child.log.turn_over()
        pid, status = one.pid, one.ended()
        if status is not None:
            self._mourn(one, f"(pid {pid}) ended: {describe_end(status)}")
        elif one.due:
            problem = one.begin()
            if problem:
                self._mourn(one, f"cannot be started: {problem}")
        elif one.look():
            self._say(f"{one.child.name} runs again (pid {one.pid})")

    def _mourn(self, one: Supervised, what: str) -> None:
        """Tell of an end, and once, of one that ends again and again before it is ready, what it said itself."""
        wait = one.start_at - time.monotonic()
        self._say(f"{one.child.name} {what}; starting it again in {wait:.1f} s")
        if one.stillborn == HOPELESS_AFTER:
            self._say(f"{one.child.name} ends before it is ready. What it said:\n{_end_of_log(one.child)}")

    def _tell(self, pids: dict[str, int | None]) -> None:
        """Pass the pids on; one that cannot be told now is told with the next look."""
        try:
            self._changed(pids)
        except ServiceError as error:
            if str(error) != self._complaint:
                self._complaint = str(error)
                self._say(self._complaint)
        else:
            self._told, self._complaint = pids, ""

    def _all_ready(self) -> bool:
        return all(one.ready for one in self._all.values())

    def _late(self) -> StartFailedError:
        late = [one.child for one in self._all.values() if not one.ready]
        names = ", ".join(child.name for child in late)
        return StartFailedError(f"not ready in time: {names}\n" + "\n".join(_end_of_log(child) for child in late))

    def _end(self, one: Supervised) -> None:
        if one.process is None:
            return
        one.process.send_signal(one.child.stop_signal)
        try:
            one.process.wait(one.child.patience)
        except subprocess.TimeoutExpired:
            self._say(f"{one.child.name} (pid {one.pid}) did not end within {one.child.patience:.0f} s: killed")
        with suppress(ProcessLookupError):  # what the child started in its own session ends with it
            os.killpg(one.process.pid, signal.SIGKILL)
        one.process.wait()
        one.process, one.ready = None, False


def _end_of_log(child: Child) -> str:
    lines = "\n".join(f"  | {line}" for line in child.log.tail(LINES_SHOWN))
    return f"  {child.log.path}:\n{lines}"
