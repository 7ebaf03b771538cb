"""The test server's time as our clock, so that skipped time is the only time there is."""

from __future__ import annotations

import asyncio
from datetime import datetime

from temporalio.testing import WorkflowEnvironment


class ServerClock:
    """Asks the test server. To be used in threads, while the event loop that made it runs."""

    def __init__(self, environment: WorkflowEnvironment) -> None:
        self._environment = environment
        self._loop = asyncio.get_running_loop()

    def now(self) -> datetime:
        asked = asyncio.run_coroutine_threadsafe(self._environment.get_current_time(), self._loop)
        return asked.result(timeout=120)
