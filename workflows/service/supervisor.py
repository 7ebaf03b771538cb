"""Starts children in the order of their needs, starts again what dies, and stops all of it."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from workflows.service.child import Child, describe_end, start
from workflows.service.errors import StartFailedError
from workflows.service.wakeups import Wakeups

BACKOFF = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
STEADY_AFTER = 60.0
START_ATTEMPTS = 3
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
    started_at: float = 0.0
    start_at: float = 0.0

    @property
    def pid(self) -> int | None:
        """The number of the process that runs, or None."""
        return self.process.pid if self.process else None

    def begin(self) -> None:
        """Start the process; it is not ready yet."""
        self.process = start(self.child)
        self.ready = False
        self.started_at = time.monotonic()

    def ended(self) -> int | None:
        """Return the status of a process that ended since we looked, and forget it."""
        status = self.process.poll() if self.process else None
        if status is None:
            return None
        if time.monotonic() - self.started_at > STEADY_AFTER:
            self.deaths = 0
        self.process, self.ready = None, False
        self.deaths += 1
        self.start_at = time.monotonic() + BACKOFF[min(self.deaths, len(BACKOFF)) - 1]
        return status


class Supervisor:
    """Holds the children of one service.

    `say` tells the person at the console; `changed` is called with the pids whenever all children are ready again.
    Not safe for use by several threads.
    """

    def __init__(
        self,
        children: Sequence[Child],
        wakeups: Wakeups,
        *,
        say: Callable[[str], None],
        changed: Callable[[dict[str, int | None]], None],
    ) -> None:
        self._all = {child.name: Supervised(child) for child in children}
        self._wakeups = wakeups
        self._say = say
        self._changed = changed

    def pids(self) -> dict[str, int | None]:
        """Return the pid of each lasting child, None for one that does not run at the moment."""
        return {name: one.pid for name, one in self._all.items() if not one.child.once}

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
                self._changed(self.pids())
                return True
            if any(one.child.once and one.process for one in self._all.values()):
                deadline = time.monotonic() + seconds  # a step that runs once takes as long as it takes
            if time.monotonic() > deadline:
                raise self._late()
            self._wakeups.wait(PROBE_EVERY)
        return False

    def watch(self) -> None:
        """Keep them running until a signal asks to stop."""
        complete = True
        while not self._wakeups.stopping:
            for one in self._all.values():
                complete &= self._keep_running(one)
            if not complete and self._all_ready():
                self._changed(self.pids())
                complete = True
            self._wakeups.wait(LOOK_EVERY if complete else PROBE_EVERY)

    def stop(self, order: Sequence[str]) -> None:
        """End them one after the other, in this order; whoever does not end in time is killed."""
        for name in order:
            if name in self._all:
                self._end(self._all[name])

    def _advance_start(self, one: Supervised) -> None:
        status = one.ended()
        if status is not None:
            self._judge_early_end(one, status)
        elif one.process is not None:
            one.ready = one.ready or (not one.child.once and one.child.ready())
        elif not one.ready and time.monotonic() >= one.start_at and all(self._all[n].ready for n in one.child.after):
            one.begin()

    def _judge_early_end(self, one: Supervised, status: int) -> None:
        if one.child.once and status == 0:
            one.ready = True
            return
        if one.child.once or one.deaths >= START_ATTEMPTS:
            raise StartFailedError(f"{one.child.name} does not start: {describe_end(status)}\n{_end_of_log(one.child)}")
        self._say(f"{one.child.name} ended while starting ({describe_end(status)}); starting it again")

    def _keep_running(self, one: Supervised) -> bool:
        """Return whether it runs and is ready; start it again when its time has come."""
        for line in one.child.log.new_trouble():
            self._say(f"{one.child.name}: {line.strip()}")
        if one.child.once:
            return True
        pid, status = one.pid, one.ended()
        if status is not None:
            wait = one.start_at - time.monotonic()
            self._say(f"{one.child.name} (pid {pid}) ended: {describe_end(status)}; starting it again in {wait:.1f} s")
        elif one.process is None and time.monotonic() >= one.start_at:
            one.begin()
        elif one.process is not None and not one.ready and one.child.ready():
            one.ready = True
            self._say(f"{one.child.name} runs again (pid {one.pid})")
        return one.ready

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
