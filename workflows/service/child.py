"""One child of the supervisor, as data, and how it is started."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from workflows.service.account import Account
from workflows.service.logs import LogFile

Probe = Callable[[], bool]
PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def nothing() -> None:
    """What most children need before they start."""


@dataclass(frozen=True)
class Child:
    """What to start, when, how to know that it is ready, and how to end it.

    `after` names the children that must be ready before its first start. One that runs `once` is ready when it has
    ended well, and is not started again. `before_start` is called before each start of its process.
    `orphan_signal` is what the kernel sends it should the supervisor die.
    """

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    log: LogFile
    ready: Probe
    before_start: Callable[[], None] = nothing
    after: tuple[str, ...] = ()
    once: bool = False
    account: Account | None = None
    folder: Path = Path("/")
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGKILL
    patience: float = 10.0


def start(child: Child) -> subprocess.Popen[bytes]:
    """Start it in a session of its own: Ctrl-C reaches the supervisor alone, which ends the children in order.

    To be called from the main thread: the kernel sends the orphan's signal when the thread that forked ends.
    """
    child.before_start()
    with child.log.open() as log:
        return subprocess.Popen(
            child.argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=child.folder,
            env=dict(child.environment),
            start_new_session=True,
            preexec_fn=_die_with(os.getpid(), child.orphan_signal),  # noqa: PLW1509 - the supervisor has one thread
            user=child.account.uid if child.account else None,
            group=child.account.gid if child.account else None,
            extra_groups=[] if child.account else None,
        )


def _die_with(supervisor: int, number: signal.Signals) -> Callable[[], None]:
    """Ask the kernel to signal this process at the supervisor's death (Linux; elsewhere nothing is asked)."""

    def between_fork_and_exec() -> None:
        if _LIBC is not None:
            _LIBC.prctl(PR_SET_PDEATHSIG, number.value, 0, 0, 0)
            if os.getppid() != supervisor:  # it died before we asked
                os._exit(1)

    return between_fork_and_exec


def describe_end(status: int) -> str:
    """Say how a process ended, from Popen's return code."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
