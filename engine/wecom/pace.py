"""Not asking WeCom too much: how many calls at once, and for how long an API is left alone after 45009."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from engine.clock import Clock
from engine.wecom.errors import RateLimitedError

PARALLEL = 10
SHORT, LONG = timedelta(seconds=60), timedelta(hours=1)


class Gate:
    """Lets so many callers in at once: half as many when WeCom says it is crowded, slowly more when it does not."""

    def __init__(self, most: int = PARALLEL) -> None:
        self._most = most
        self._width = float(most)
        self._inside = 0
        self._changed = asyncio.Condition()

    @property
    def width(self) -> int:
        return int(self._width)

    def narrow(self) -> None:
        self._width = max(1.0, self._width / 2)

    def widen(self) -> None:
        self._width = min(float(self._most), self._width + 1 / self._width)

    async def __aenter__(self) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self._inside < self.width)
            self._inside += 1

    async def __aexit__(self, *_: object) -> None:
        async with self._changed:
            self._inside -= 1
            self._changed.notify_all()


class Windows:
    """APIs that are closed after 45009: a minute at first, an hour when the first call after that is refused again."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._closed: dict[str, datetime] = {}

    def check(self, api: str) -> None:
        """Raises `RateLimitedError` while the API is closed."""
        left = self.left(api)
        if left > 0:
            raise RateLimitedError(api, left)

    def left(self, api: str) -> float:
        """Seconds until the API may be asked again."""
        until = self._closed.get(api)
        return (until - self._clock.now()).total_seconds() if until else 0.0

    def close(self, api: str) -> None:
        """After a 45009. Calls that were under way together close one window."""
        if self.left(api) <= 0:
            self._closed[api] = self._clock.now() + (LONG if api in self._closed else SHORT)

    def answered(self, api: str) -> None:
        """After any other answer. One that comes while the window is closed was asked before it: it changes nothing."""
        if self.left(api) <= 0:
            self._closed.pop(api, None)
