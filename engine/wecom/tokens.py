"""Access tokens: one per app secret, fetched by one caller at a time, shared through a cache.

WeCom may take a token back early, and no longer promises that a second fetch gives the same one: several processes of
one app therefore share theirs through a `TokenCache` of their own making, else through memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from engine.clock import Clock

MARGIN = timedelta(minutes=5)


@dataclass(frozen=True)
class Token:
    """An access token and when it ends."""

    value: str = field(repr=False)
    expires_at: datetime


class TokenCache(Protocol):
    """Where the processes of one app keep their token in common."""

    async def load(self) -> Token | None: ...

    async def save(self, token: Token) -> None: ...


class MemoryCache:
    """A cache for one process."""

    def __init__(self) -> None:
        self._token: Token | None = None

    async def load(self) -> Token | None:
        return self._token

    async def save(self, token: Token) -> None:
        self._token = token


class TokenKeeper:
    """Gives the current token, and a new one to whoever found it refused. Belongs to one event loop."""

    def __init__(self, fetch: Callable[[], Awaitable[Token]], cache: TokenCache, clock: Clock) -> None:
        self._fetch = fetch
        self._cache = cache
        self._clock = clock
        self._lock = asyncio.Lock()

    async def current(self) -> Token:
        token = await self._cache.load()
        return token if token and self._lives(token) else await self.renew(token)

    async def renew(self, refused: Token | None) -> Token:
        """A token other than the refused one. However many ask at once, WeCom is asked once."""
        async with self._lock:
            token = await self._cache.load()
            if token and token != refused and self._lives(token):
                return token
            fresh = await self._fetch()
            await self._cache.save(fresh)
            return fresh

    def _lives(self, token: Token) -> bool:
        return self._clock.now() < token.expires_at - MARGIN
