"""While a run or its journey is paused no remote effect begins; what was asked before is made after the pause."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
import pytest_asyncio
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.runs.models import Run
from engine.secrets.keyring import KeyRing
from tests.workflows.clock import ServerClock
from tests.workflows.fakes import FakeWeCom
from tests.workflows.playing import Play
from tests.workflows.waiting import close_all, until
from tests.workflows.world import World, failure, only
from workflows.activities.outside import Outside
from workflows.remote import RemoteExecutor


@pytest.fixture
def world(database: Database, clock: FixedClock, keys: KeyRing) -> World:
    return World(database, clock, keys)


def asked(world: World, activity: str = "test.call") -> str:
    """A run that waits for its effect; the effect's key."""
    world.publish(only(activity, {"say": "hello"}))
    world.tell("contact.scanned", {"channel": "c"})
    world.route()
    key = world.take().effect
    assert key is not None
    return key


async def execute(world: World, key: str) -> None:
    async with httpx.AsyncClient() as http:
        outside = Outside(wecom=FakeWeCom(), http=http)
        executor = RemoteExecutor(world.database, world.clock, world.keys, world.activities, outside, world.plans)
        await ActivityEnvironment().run(executor.execute, key)


def paused_one(world: World, which: str) -> Run | None:
    """The run, or None for its journey."""
    return world.run() if which == "run" else None


@pytest.mark.parametrize("which", ["run", "journey"])
async def test_what_was_asked_before_a_pause_begins_after_it_and_once(world: World, which: str) -> None:
    key = asked(world)
    world.pause(paused_one(world, which))
    await execute(world, key)
    assert (world.stage.called, world.effects()[-1].state) == ([], "asked")
    assert world.take().effect is None
    assert world.run().status == "paused"
    world.resume(paused_one(world, which))
    assert world.take().effect == key
    await execute(world, key)
    await execute(world, key)
    assert world.stage.called == [key]
    assert world.take().done


async def test_no_further_attempt_begins_in_a_pause_and_none_is_used_up_by_it(world: World) -> None:
    world.stage.call = [failure()]
    key = asked(world)
    with pytest.raises(ApplicationError):
        await execute(world, key)
    world.pause()
    await execute(world, key)
    await execute(world, key)
    assert (world.effects()[-1].state, world.effects()[-1].failures) == ("asked", 1)
    world.take()
    world.resume()
    assert world.take().effect == key
    await execute(world, key)
    assert world.stage.called == [key, key]
    assert world.effects()[-1].state == "settled"


async def test_an_attempt_under_way_when_the_pause_begins_is_recorded_and_nothing_follows_it(world: World) -> None:
    key = asked(world)
    world.stage.on_call = world.pause
    await execute(world, key)
    assert world.effects()[-1].state == "settled"
    answer = world.take()
    assert (answer.done, world.run().node, world.run().status) == (False, "act", "paused")
    world.resume()
    assert world.take().done


async def test_a_paused_run_that_waits_for_an_effect_is_looked_at_when_its_age_is_over_and_soon_after_the_pause(
    world: World, clock: FixedClock
) -> None:
    key = asked(world)
    world.pause()
    world.take()
    assert world.run().wake_at == clock.now() + timedelta(days=45)
    clock.advance(timedelta(days=3))
    world.resume()
    assert world.take().effect == key
    wake_at = world.run().wake_at
    assert wake_at is not None
    assert wake_at < clock.now() + timedelta(minutes=5)


async def test_an_effect_of_a_run_that_ends_in_its_pause_never_begins(world: World) -> None:
    key = asked(world)
    world.pause(world.run())
    world.tell("coupon.redeemed", {"batch": "b", "code": "c"})
    assert world.take().done
    assert world.effects()[-1].state == "cancelled"
    await execute(world, key)
    assert world.stage.called == []
    assert [pause.to_at for pause in world.pauses()] == [world.clock.now()]


async def test_a_lost_attempt_that_must_not_be_repeated_is_unknown_in_a_pause_too(world: World) -> None:
    key = asked(world, "test.once")
    world.begin_attempt(key)
    world.pause()
    await execute(world, key)
    world.take()
    assert (world.run().status, world.run().stuck_reason, world.stage.called) == ("stuck", "unknown-outcome", [])


@pytest_asyncio.fixture
async def play(
    database: Database, server_clock: ServerClock, keys: KeyRing, environment: WorkflowEnvironment
) -> AsyncIterator[Play]:
    play = Play(World(database, server_clock, keys), environment.client, environment)
    yield play
    await close_all(environment.client, play.world)


async def test_a_long_pause_between_two_attempts_costs_no_attempt_and_no_history(play: Play) -> None:
    world = play.world
    world.stage.call = [failure(after=timedelta(minutes=5))]
    await asyncio.to_thread(world.publish, only("test.call", {"say": "hello"}))
    async with play.working():
        await play.tell("contact.scanned", {"channel": "c"})
        await until(lambda: world.effects() and world.effects()[-1].failures == 1)
        await asyncio.to_thread(world.pause)
        await play.skip(timedelta(days=30))
        await until(lambda: world.run().status == "paused")
        assert len(world.stage.called) == 1
        await asyncio.to_thread(world.resume)
        await play.sweeper.call_commanded()
        run = await play.end()
        events = await play.history(run)
    assert run.outcome == "over"
    assert len(world.stage.called) == 2
    assert len(set(world.stage.called)) == 1
    assert len(events) < 40
