"""One token for all who ask."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from engine.clock import FixedClock
from engine.wecom.tokens import MARGIN, MemoryCache, Token, TokenKeeper

START = datetime(2026, 11, 1, tzinfo=UTC)


class Issuer:
    """Gives a new token each time it is asked."""

    def __init__(self, clock: FixedClock) -> None:
        self.clock = clock
        self.given = 0

    async def __call__(self) -> Token:
        self.given += 1
        number = self.given
        await asyncio.sleep(0)
        return Token(f"t{number}", self.clock.now() + timedelta(hours=2))


async def test_a_token_is_fetched_once_and_again_shortly_before_it_ends() -> None:
    clock = FixedClock(START)
    issuer = Issuer(clock)
    keeper = TokenKeeper(issuer, MemoryCache(), clock)
    first = await asyncio.gather(*(keeper.current() for _ in range(10)))
    assert {token.value for token in first} == {"t1"}
    clock.advance(timedelta(hours=2) - MARGIN - timedelta(seconds=1))
    assert (await keeper.current()).value == "t1"
    clock.advance(timedelta(seconds=1))
    assert (await keeper.current()).value == "t2"


async def test_those_who_find_one_token_refused_share_the_next() -> None:
    clock = FixedClock(START)
    issuer = Issuer(clock)
    keeper = TokenKeeper(issuer, MemoryCache(), clock)
    refused = await keeper.current()
    renewed = await asyncio.gather(*(keeper.renew(refused) for _ in range(10)))
    assert {token.value for token in renewed} == {"t2"}


async def test_processes_share_through_their_cache() -> None:
    clock, cache = FixedClock(START), MemoryCache()
    issuer = Issuer(clock)
    one, other = TokenKeeper(issuer, cache, clock), TokenKeeper(issuer, cache, clock)
    refused = await one.current()
    assert await other.current() == refused
    assert await other.renew(refused) == await one.renew(refused)
    assert issuer.given == 2


async def test_a_fetch_that_fails_leaves_the_way_free_for_the_next() -> None:
    async def fail() -> Token:
        raise RuntimeError("away")

    keeper = TokenKeeper(fail, MemoryCache(), FixedClock(START))
    for _ in range(2):
        with pytest.raises(RuntimeError):
            await keeper.current()


def test_a_token_hides_its_value() -> None:
    assert "secret-token" not in repr(Token("secret-token", START))
