"""How much WeCom lets itself be asked: calls per minute and calls at once, per app and API."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager

from engine.wecom.simulator.asked import RefusedError
from engine.wecom.simulator.settings import SimulatorSettings
from engine.wecom.simulator.state import State

WINDOW = 60.0


class Limits:
    """Counts calls. Whoever asks too often is shut out for a minute, as WeCom does."""

    def __init__(self, state: State, settings: SimulatorSettings) -> None:
        self._state, self._settings = state, settings
        self._called: dict[tuple[str, str], deque[float]] = {}
        self._shut_until: dict[tuple[str, str], float] = {}
        self._inside: Counter[tuple[str, str]] = Counter()
        self._written: set[tuple[str, str]] = set()

    @contextmanager
    def call(self, app: str, api: str) -> Iterator[None]:
        """One call; raises `RefusedError` with 45009 or 45033."""
        key, now = (app, api), self._state.seconds()
        self._count(key, now)
        if self._inside[key] >= self._settings.parallel_calls:
            raise RefusedError(45033, "too many concurrent calls")
        self._inside[key] += 1
        try:
            yield
        finally:
            self._inside[key] -= 1

    @contextmanager
    def writing(self, relation: tuple[str, str] | None) -> Iterator[None]:
        """A write of one relation; raises `RefusedError` with 45035 while another is under way."""
        if relation is None:
            yield
            return
        if relation in self._written:
            raise RefusedError(45035, "concurrent write")
        self._written.add(relation)
        try:
            yield
        finally:
            self._written.discard(relation)

    def _count(self, key: tuple[str, str], now: float) -> None:
        called = self._called.setdefault(key, deque())
        while called and called[0] <= now - WINDOW:
            called.popleft()
        if len(called) >= self._settings.calls_per_minute:
            self._shut_until.setdefault(key, now + WINDOW)
        if self._shut_until.get(key, now) > now:
            raise RefusedError(45009, "api freq out of limit")
        self._shut_until.pop(key, None)
        called.append(now)
