"""Tiny children for the supervisor's tests: each says by a file that it is ready."""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from workflows.service.child import Child
from workflows.service.logs import LogFile
from workflows.service.supervisor import Supervisor
from workflows.service.wakeups import Wakeups

LASTING = """
import pathlib, signal, sys
{before}
print("started", flush=True)
pathlib.Path(sys.argv[1]).write_text("")
signal.pause()
"""
STUBBORN = LASTING.format(before="signal.signal(signal.SIGTERM, signal.SIG_IGN)")
NOTING_ITS_END = LASTING.format(
    before="""
def end(*_):
    with open(sys.argv[2], "a") as ends:
        ends.write(sys.argv[3] + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
"""
)


def stand_in(folder: Path, name: str, code: str = NOTING_ITS_END, **differing: object) -> Child:
    """A child that runs `code` with the arguments: its ready file, a file that notes ends, its name."""
    ready = folder / f"{name}.ready"
    given: dict[str, object] = {
        "name": name,
        "argv": (sys.executable, "-c", code, str(ready), str(folder / "ends"), name),
        "environment": {"PATH": "/usr/bin:/bin"},
        "log": LogFile(folder / "logs" / f"{name}.log"),
        "ready": ready.exists,
        "before_start": partial(ready.unlink, missing_ok=True),
        "patience": 5.0,
    }
    return Child(**{**given, **differing})


@dataclass
class Console:
    """What the supervisor told: lines for a person, and the pids whenever all were ready."""

    lines: list[str] = field(default_factory=list)
    changes: list[dict[str, int | None]] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def supervise(self, *children: Child, wakeups: Wakeups) -> Supervisor:
        return Supervisor(children, wakeups, say=self.lines.append, changed=self.changes.append)


class Scripted(Wakeups):
    """Wake-ups that ask to stop when a condition holds, so that `watch()` returns to the test."""

    def __init__(self, until: Callable[[], bool], seconds: float = 20.0) -> None:
        super().__init__()
        self._until = until
        self._deadline = time.monotonic() + seconds

    def wait(self, seconds: float) -> None:
        super().wait(min(seconds, 0.05))
        assert time.monotonic() < self._deadline, "what the test waits for did not happen"
        self.stopping = self.stopping or self._until()


def never() -> bool:
    return False


def runs(pid: int) -> bool:
    """Whether the process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def eventually(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Wait until the condition holds; False when it did not in this time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
