"""How a role without a server of its own lives: it says when it is ready, and ends at a signal."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from contextlib import nullcontext
from pathlib import Path

import structlog
import uvloop

from workflows.service.watched import Watched

log = structlog.get_logger()


class Stop:
    """Waited for by a role that is ready to work; over when a signal asks to stop, as `asked` tells everybody else."""

    is_ready = False
    """Whether the role works: it has begun to wait, and nobody has asked it to stop."""

    def __init__(self, asked: asyncio.Event, ready_file: Path | None) -> None:
        self.asked = asked
        self._ready_file = ready_file

    async def wait(self) -> None:
        """Tell the supervisor, if there is one, that the role is ready; then wait for the signal."""
        if self._ready_file:
            await asyncio.to_thread(self._ready_file.touch)
        log.info("ready")
        self.is_ready = True
        await self.asked.wait()
        self.is_ready = False
        log.info("stopping")


def run_until_signalled(
    work: Callable[[Stop], Coroutine[None, None, None]], ready_file: Path | None, watched: Watched | None = None
) -> None:
    """Run a role until SIGTERM or SIGINT; meanwhile it can be watched where `watched` says."""

    async def run() -> None:
        asked = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, asked.set)
        stop = Stop(asked, ready_file)
        with watched.serving(lambda: stop.is_ready) if watched else nullcontext():
            await work(stop)

    # The SDK's many small callbacks cost less on this loop than on asyncio's own.
    uvloop.run(run())
