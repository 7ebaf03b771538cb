"""Contact ways, made by the router role: WeCom's codes of those who should receive (`engine.organisation.ways`).

    lease what is wanted -> ask WeCom, outside any transaction -> keep the answer

Should a router die between WeCom's answer and our keeping it, a way is left behind that nobody uses, and another is
made; one that was shown to a customer is never lost. What WeCom refuses rests, longer each time, and is asked for again
only when a visitor should meet the account.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol, TypeVar

import structlog
from sqlalchemy.orm import Session

from engine.clock import Clock
from engine.database.connection import Database
from engine.organisation import ways
from engine.organisation.ways import Wanted
from engine.wecom.answers import ContactWay
from engine.wecom.errors import ConfigurationError, OutcomeUnknownError, TryAgainError, WeComError
from workflows.router import Chore

T = TypeVar("T")

LIMIT = 15.0
"""Seconds that WeCom may take to make a way."""
LEASE = timedelta(seconds=30)
AT_ONCE = 8
OFTEN, SELDOM = 0.5, 5.0
AHEAD = 10
"""Ways that are wanted at once for channels without any: a new chain of thousands of stores does not flood WeCom."""
LONGEST = timedelta(days=1)

log = structlog.get_logger()


class Maker(Protocol):
    """The part of WeCom's client that makes ways."""

    async def add_contact_way(self, users: Sequence[str], state: str, remark: str = "") -> ContactWay: ...


@dataclass(frozen=True)
class ContactWays:
    """Makes what is wanted; several routers do it side by side, each what it has leased."""

    database: Database
    clock: Clock
    maker: Maker

    def all(self) -> list[Chore]:
        """The chores of the router role that belong to it."""
        return [Chore("make contact ways", OFTEN, self.make), Chore("want contact ways", SELDOM, self.want_ahead)]

    async def want_ahead(self) -> None:
        """Want one way for each channel that has receivers and no code."""
        await self._do(lambda session: ways.want_ahead(session, now=self.clock.now(), limit=AHEAD))

    async def make(self) -> None:
        """Make ways until nothing is due."""
        while leased := await self._do(self._lease):
            await asyncio.gather(*(self._make(one) for one in leased))

    def _lease(self, session: Session) -> list[Wanted]:
        now = self.clock.now()
        return ways.lease(session, now=now, until=now + LEASE, limit=AT_ONCE)

    async def _make(self, wanted: Wanted) -> None:
        try:
            async with asyncio.timeout(LIMIT):
                way = await self.maker.add_contact_way([wanted.userid], wanted.state, wanted.channel)
        except (WeComError, TimeoutError) as error:
            await self._rest(wanted, error)
            return
        await self._do(lambda session: ways.made(session, wanted, way.config_id, way.qr_code))

    async def _rest(self, wanted: Wanted, error: WeComError | TimeoutError) -> None:
        rest, reason = rest_after(error, wanted.failures), str(error) or "WeCom did not answer in time"
        log.warning("a contact way cannot be made", channel=wanted.channel, reason=reason, rest=rest.total_seconds())
        until = self.clock.now() + rest
        await self._do(lambda session: ways.failed(session, wanted, reason, until=until))

    async def _do(self, work: Callable[[Session], T]) -> T:
        def in_transaction() -> T:
            with self.database.begin() as session:
                return work(session)

        return await asyncio.to_thread(in_transaction)


def rest_after(error: Exception, failures: int) -> timedelta:
    """How long a way is left alone: seconds when WeCom is merely away, minutes when a way may have been made that we
    know nothing of or a person has to mend the settings, an hour when the account or the request is refused. Doubled
    with every failure, up to a day.
    """
    match error:
        case OutcomeUnknownError() | TimeoutError() | ConfigurationError():
            first = timedelta(minutes=1)
        case TryAgainError():
            first = timedelta(seconds=max(2.0, error.retry_after))
        case _:
            first = timedelta(hours=1)
    return min(first * 2.0 ** min(failures, 20), LONGEST)
