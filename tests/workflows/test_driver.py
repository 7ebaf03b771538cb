"""Runs from their first event to their outcome: router, shell, turns and effects together, with skipped time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from engine.database.connection import Database
from engine.secrets.keyring import KeyRing
from tests.workflows.clock import ServerClock
from tests.workflows.playing import Play
from tests.workflows.waiting import close_all, until
from tests.workflows.world import Stage, World, failure, only
from workflows.activities.registry import Result
from workflows.position import Answer, Position
from workflows.turn import TurnTaker


@pytest_asyncio.fixture
async def play(
    database: Database, server_clock: ServerClock, keys: KeyRing, environment: WorkflowEnvironment
) -> AsyncIterator[Play]:
    world = World(database, server_clock, keys)
    await asyncio.to_thread(world.publish)
    play = Play(world, environment.client, environment)
    yield play
    await close_all(environment.client, world)


async def scan(play: Play) -> None:
    await play.tell("contact.scanned", {"channel": "c"})
    await play.reach("wait_add")


async def add(play: Play) -> None:
    await scan(play)
    await play.tell("contact.added", {"associate": "a"})
    await play.reach("wait_join")


async def join(play: Play) -> None:
    await add(play)
    await play.tell("group.joined", {"chat": "g"})
    await play.reach("wait_redeem")


async def redeem(play: Play) -> None:
    await join(play)
    await play.tell("coupon.redeemed", {"batch": "b", "code": "c"})


async def lose(play: Play) -> None:
    await add(play)
    await play.tell("contact.lost", {"associate": "a", "by": "customer", "last": True})


OUTCOMES: list[tuple[Callable[[Play], Awaitable[None]], timedelta, str, str]] = [
    (redeem, timedelta(), "completed", "goal"),
    (lose, timedelta(), "exited", "lost"),
    (scan, timedelta(minutes=31), "completed", "not_added"),
    (add, timedelta(days=7, minutes=1), "completed", "not_joined"),
    (join, timedelta(days=30, minutes=1), "completed", "coupon_expired"),
]


@pytest.mark.parametrize(("step", "length", "status", "outcome"), OUTCOMES, ids=[each[3] for each in OUTCOMES])
async def test_each_way_through_the_journey_ends_as_it_should(
    play: Play, step: Callable[[Play], Awaitable[None]], length: timedelta, status: str, outcome: str
) -> None:
    async with play.working():
        await step(play)
        if length:
            await play.skip(length)
        run = await play.end()
    assert (run.status, run.outcome) == (status, outcome)


async def test_a_run_knows_the_execution_that_asked_for_its_last_turn(play: Play) -> None:
    async with play.working():
        await scan(play)
        run = await play.reach("wait_add")
        assert run.execution == (await play.handle(run).describe()).run_id


async def test_a_batch_without_codes_ends_the_run_by_its_own_port(play: Play) -> None:
    play.world.stage.give = [Result("sold_out")]
    async with play.working():
        await add(play)
        await play.tell("group.joined", {"chat": "g"})
        assert (await play.end()).outcome == "no_stock"


async def test_the_age_of_the_journey_ends_a_run_that_is_stuck(play: Play) -> None:
    play.world.stage.call = [failure(final=True)]
    async with play.working():
        await scan(play)
        await play.tell("contact.added", {"associate": "a"})
        await play.reach("welcome", status="stuck")
        await play.skip(timedelta(days=45, minutes=1))
        run = await play.end()
    assert (run.status, run.outcome) == ("expired", "expired")


async def test_a_remote_effect_is_tried_again_until_it_works(play: Play) -> None:
    play.world.stage.call = [failure(after=timedelta(minutes=5)), failure(after=timedelta(minutes=5))]
    async with play.working():
        await scan(play)
        await play.tell("contact.added", {"associate": "a"})
        await until(lambda: len(play.world.stage.called) == 1)
        await play.skip(timedelta(minutes=11))
        await play.reach("wait_join")
    assert len(play.world.stage.called) == 3
    assert len(set(play.world.stage.called)) == 1


async def test_wake_ups_that_are_lost_are_made_good_by_the_sweeper(play: Play) -> None:
    async with play.working():
        await scan(play)
        await asyncio.to_thread(play.world.tell, "contact.added", {"associate": "a"})
        await asyncio.to_thread(play.world.route)
        await play.skip(timedelta(seconds=11))
        await play.sweeper.sweep()
        await play.reach("wait_join")


async def test_an_execution_that_temporal_has_lost_begins_again_where_the_run_stands(play: Play) -> None:
    async with play.working():
        await add(play)
        run = await asyncio.to_thread(play.world.run)
        await play.handle(run).terminate()
        await play.tell("group.joined", {"chat": "g"})
        await play.skip(timedelta(seconds=11))
        await play.sweeper.sweep()
        await play.reach("wait_redeem")
    assert len(play.world.stage.given) == 1
    assert len(play.world.stage.called) == 1


async def test_a_run_whose_timer_was_lost_with_its_execution_is_found_by_its_wake_time(play: Play) -> None:
    async with play.working():
        await scan(play)
        await play.handle(await asyncio.to_thread(play.world.run)).terminate()
        await play.skip(timedelta(minutes=31))
        await play.sweeper.sweep()
        assert (await play.end()).outcome == "not_added"


@dataclass(frozen=True)
class Crashing(TurnTaker):
    """Commits a turn and dies before it can say so, once for each turn number given."""

    crashes: set[int] = field(default_factory=lambda: {1, 2, 3, 4})

    def take(self, position: Position) -> Answer:
        answer = super().take(position)
        if position.turn in self.crashes:
            self.crashes.remove(position.turn)
            raise ConnectionResetError("the worker was killed after the commit")
        return answer


async def test_a_worker_that_dies_between_commit_and_answer_repeats_nothing(play: Play) -> None:
    world = play.world
    turns = Crashing(world.database, world.clock, world.keys, world.activities, world.plans)
    async with play.working(turns=turns):
        await redeem(play)
        run = await play.end()
    assert run.outcome == "goal"
    assert turns.crashes == set()
    assert (len(play.world.stage.called), len(play.world.stage.given)) == (1, 1)


async def test_a_wake_up_that_comes_during_the_last_turn_changes_nothing(play: Play) -> None:
    world = play.world
    in_turn, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        in_turn.set()
        go_on.wait(10)

    async with play.working():
        await add(play)
        world.stage.give = [Result("sold_out")]
        world.stage.on_give = slow
        await asyncio.to_thread(world.tell, "group.joined", {"chat": "g"})
        await play.route()
        await asyncio.to_thread(in_turn.wait)
        await play.handle(await asyncio.to_thread(world.run)).signal("wake")
        go_on.set()
        run = await play.end()
    assert run.outcome == "no_stock"
    assert len(world.stage.given) == 1


async def test_a_journey_of_one_call_ends_after_it(
    database: Database, server_clock: ServerClock, keys: KeyRing, environment: WorkflowEnvironment
) -> None:
    world = World(database, server_clock, keys, Stage())
    await asyncio.to_thread(world.publish, only("test.call", {"say": "hello"}))
    play = Play(world, environment.client, environment)
    async with play.working():
        await play.tell("contact.scanned", {"channel": "c"})
        assert (await play.end()).outcome == "over"


async def test_what_leaves_for_temporal_holds_no_personal_data(play: Play) -> None:
    async with play.working():
        await play.tell("contact.scanned", {"channel": "c", "phone": "13800138000"})
        await play.reach("wait_add")
        await play.tell("contact.added", {"associate": "a", "welcome_code": "SECRET-CODE"})
        run = await play.reach("wait_join")
        events = await play.history(run)
    text = b"".join(event.SerializeToString() for event in events)
    for word in (b"13800138000", b"SECRET-CODE", b"wait_join", b"hello"):
        assert word not in text
