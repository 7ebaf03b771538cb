"""Signals as wake-ups of one waiting loop, so that the supervisor needs neither threads nor polling."""

import select
import signal
import socket
from types import FrameType, TracebackType
from typing import Any, Self

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Wakeups:
    """Within it SIGTERM, SIGINT and SIGHUP ask to stop, and the end of a child ends a wait.

    Usable in the main thread only. A repeated request changes nothing: stopping is bounded in time by itself.
    """

    def __init__(self) -> None:
        self.stopping = False
        self._previous: dict[signal.Signals, Any] = {}
        self._previous_fd = -1

    def __enter__(self) -> Self:
        self._reader, self._writer = socket.socketpair()
        for end in (self._reader, self._writer):
            end.settimeout(0)
        self._previous_fd = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        for number in STOP_SIGNALS:
            self._previous[number] = signal.signal(number, self._stop)
        self._previous[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, _wake_only)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._previous_fd)
        self._reader.close()
        self._writer.close()

    def wait(self, seconds: float) -> None:
        """Return after this many seconds, or at the next signal."""
        readable, _, _ = select.select([self._reader], [], [], max(0.0, seconds))
        if readable:
            self._reader.recv(4096)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True


def _wake_only(_number: int, _frame: FrameType | None) -> None:
    """A handler must exist for the wake-up to be sent."""
