"""The sweeper: what is late is called, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest_asyncio
from temporalio.client import Client
from temporalio.service import RPCError

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.definitions.plans import Plans
from engine.runs import commands
from engine.runs.commands import Order
from engine.secrets.keyring import KeyRing
from tests.workflows.waiting import close_all
from tests.workflows.world import World, journey, only
from workflows.activities.registry import catalogue_of
from workflows.client import Execution, start
from workflows.position import Position
from workflows.sweeper import Sweeper


@pytest_asyncio.fixture
async def world(database: Database, clock: FixedClock, keys: KeyRing, client: Client) -> AsyncIterator[World]:
    world = World(database, clock, keys)
    yield world
    await close_all(client, world)


def sweeper(world: World, client: Client) -> Sweeper:
    return Sweeper(client, world.database, world.clock, world.keys, world.plans)


def enter(world: World, who: str = "member:1") -> None:
    world.tell("contact.scanned", {"channel": "c"}, who=who)
    world.route()
    world.take()


async def executions(client: Client, world: World) -> int:
    """How often the latest run was called: its start, and each further wake-up."""
    handle = client.get_workflow_handle(world.run().workflow_id)
    kinds = [event.WhichOneof("attributes") async for event in handle.fetch_history_events()]
    return kinds.count("workflow_execution_signaled_event_attributes")


async def test_a_run_whose_time_has_come_is_called_once_in_a_while(
    world: World, client: Client, clock: FixedClock
) -> None:
    world.publish()
    enter(world)
    sweeping = sweeper(world, client)
    clock.advance(timedelta(minutes=30, seconds=11))
    await sweeping.sweep()
    await sweeping.sweep()
    assert await executions(client, world) == 1
    clock.advance(timedelta(seconds=61))
    await sweeping.sweep()
    assert await executions(client, world) == 2


async def test_runs_that_stay_late_do_not_keep_the_others_from_being_called(
    world: World, client: Client, clock: FixedClock
) -> None:
    world.publish()
    enter(world)
    clock.advance(timedelta(seconds=1))
    enter(world, "member:2")
    sweeping = sweeper(world, client)
    sweeping.at_once = 1
    clock.advance(timedelta(minutes=30, seconds=11))
    await sweeping.sweep()
    await sweeping.sweep()
    assert await executions(client, world) == 1


async def test_an_event_that_no_turn_has_taken_is_reason_enough(
    world: World, client: Client, clock: FixedClock
) -> None:
    world.publish()
    enter(world)
    world.tell("group.joined", {"chat": "g"})
    world.route()
    clock.advance(timedelta(seconds=11))
    await sweeper(world, client).sweep()
    assert await executions(client, world) == 1


async def test_an_order_is_called_for_at_once_and_only_once(world: World, client: Client, clock: FixedClock) -> None:
    world.publish()
    enter(world)
    with world.database.begin() as session:
        commands.give(session, world.run().id, Order("exit"), by="test", now=clock.now())
    sweeping = sweeper(world, client)
    await sweeping.call_commanded()
    await sweeping.call_commanded()
    assert await executions(client, world) == 1
    assert world.take().done
    assert world.run().status == "exited"


async def test_a_run_that_a_pause_held_up_is_called_when_the_pause_is_over(
    world: World, client: Client, clock: FixedClock
) -> None:
    world.publish()
    enter(world)
    run = world.run()
    with world.database.begin() as session:
        commands.pause(session, run.id, by="test", now=clock.now())
    clock.advance(timedelta(minutes=31))
    world.take()
    assert (world.run().status, world.run().node) == ("paused", "wait_add")
    with world.database.begin() as session:
        commands.resume(session, run.id, deadlines="extend", by="test", now=clock.now())
    await sweeper(world, client).call_commanded()
    assert await executions(client, world) == 1
    assert world.take().wake_at == clock.now() + timedelta(minutes=30)


async def test_the_age_ends_a_holdout(world: World, client: Client, clock: FixedClock) -> None:
    policies = {"reentry": {"mode": "once"}, "holdout": {"share_bp": 10000, "salt": "s"}, "max_age": "P45D"}
    world.publish(journey(policies=policies))
    world.tell("contact.scanned", {"channel": "c"})
    world.route()
    clock.advance(timedelta(days=45, seconds=1))
    await sweeper(world, client).sweep()
    assert (world.run().status, world.run().outcome) == ("holdout", "expired")


async def test_holdouts_that_cannot_be_ended_do_not_keep_those_behind_them(
    world: World, client: Client, clock: FixedClock
) -> None:
    policies = {"reentry": {"mode": "once"}, "holdout": {"share_bp": 10000, "salt": "s"}, "max_age": "P45D"}
    world.publish({**only("test.call", {"say": "hello"}), "policies": policies})
    world.tell("contact.scanned", {"channel": "c"})
    world.route()
    clock.advance(timedelta(seconds=1))
    world.publish({**only("test.give", {"what": "c"}), "policies": policies, "entry": [{"on": "store.visited"}]})
    world.tell("store.visited", {})
    world.route()
    clock.advance(timedelta(days=45, seconds=1))
    known = {name: each for name, each in catalogue_of(world.activities).items() if name != "test.call"}
    one_at_once = Sweeper(client, world.database, world.clock, world.keys, Plans(known), at_once=1)
    for _ in range(2):
        await one_at_once.sweep()
    assert [run.outcome for run in world.runs()] == [None, "expired"]


async def test_deliveries_of_runs_that_ended_a_day_ago_are_forgotten_and_their_turns_kept(
    world: World, client: Client, clock: FixedClock
) -> None:
    world.publish()
    enter(world)
    world.tell("coupon.redeemed", {"batch": "b", "code": "c"})
    world.take()
    enter(world, "member:2")
    world.tell("group.joined", {"chat": "g"}, who="member:2")
    world.take()
    clock.advance(timedelta(days=1, seconds=1))
    await sweeper(world, client).trim()
    assert [state for _, state in world.deliveries()] == ["kept"]
    assert ("ended", "wait_add") in world.log()


async def test_two_sweepers_side_by_side_do_no_harm(world: World, client: Client, clock: FixedClock) -> None:
    world.publish()
    enter(world)
    clock.advance(timedelta(minutes=31))
    await asyncio.gather(sweeper(world, client).sweep(), sweeper(world, client).sweep())
    assert world.take().done


async def signals(client: Client, world: World) -> list[int]:
    """How often each run was called, oldest first; a run that was never called is 0."""
    counts = []
    for run in world.runs():
        handle = client.get_workflow_handle(run.workflow_id)
        try:
            kinds = [event.WhichOneof("attributes") async for event in handle.fetch_history_events()]
        except RPCError:
            kinds = []
        counts.append(kinds.count("workflow_execution_signaled_event_attributes"))
    return counts


def stand_still(world: World, runs: int) -> None:
    """So many runs whose turns met a pause of the journey."""
    for number in range(runs):
        enter(world, f"member:{number}")
    world.pause()
    for run in world.runs():
        world.take(run)


async def test_of_more_resumed_runs_than_are_called_at_once_each_is_called_and_none_again_at_once(
    world: World, client: Client, clock: FixedClock
) -> None:
    world.publish()
    stand_still(world, 5)
    world.resume()
    sweeping = sweeper(world, client)
    sweeping.at_once = 2
    for expected in (2, 4, 5, 5):
        await sweeping.call_commanded()
        assert sum(await signals(client, world)) == expected
    assert set(await signals(client, world)) == {1}
    clock.advance(timedelta(seconds=61))
    await sweeping.call_commanded()
    assert sorted(await signals(client, world)) == [1, 1, 1, 2, 2]


async def test_resumed_runs_that_do_not_answer_keep_neither_the_late_nor_the_ordered_from_being_called(
    world: World, client: Client, clock: FixedClock
) -> None:
    world.publish()
    stand_still(world, 3)
    world.resume()
    enter(world, "member:late")
    sweeping = sweeper(world, client)
    sweeping.at_once = 1
    world.order("exit")
    for _ in range(4):
        await sweeping.call_commanded()
    assert await signals(client, world) == [1, 1, 1, 1]
    clock.advance(timedelta(minutes=31))
    for _ in range(4):
        await sweeping.sweep()
    assert await signals(client, world) == [2, 2, 2, 2]


async def test_runs_that_still_stand_still_are_not_called(world: World, client: Client, clock: FixedClock) -> None:
    world.publish()
    stand_still(world, 2)
    world.pause(world.run())
    world.resume()
    await sweeper(world, client).call_commanded()
    assert await signals(client, world) == [1, 0]


async def test_after_a_merge_both_runs_are_called_at_once_and_only_once(world: World, client: Client) -> None:
    for who in ("card:1", "card:2"):
        world.tell("custom.known", who=who)
    world.publish()
    enter(world, "card:1")
    enter(world, "card:2")
    for run in world.runs():
        await start(client, Execution(run.workflow_id, Position(run.id, run.turn + 1)))
    world.tell("custom.known", {"identities": ["card:2"]}, who="card:1")
    assert [run.outcome for run in world.runs()] == [None, "merged"]
    sweeping = sweeper(world, client)
    await sweeping.call_commanded()
    await sweeping.call_commanded()
    assert await signals(client, world) == [1, 1]
