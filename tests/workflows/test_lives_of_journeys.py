"""What pausing, resuming and retiring a journey mean for who comes and for those inside."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.definitions import life
from engine.secrets.keyring import KeyRing
from tests.workflows.world import World, journey


@pytest.fixture
def world(database: Database, clock: FixedClock, keys: KeyRing) -> World:
    world = World(database, clock, keys)
    world.publish()
    world.tell("contact.scanned", {"channel": "c"}, who="member:inside")
    world.route()
    world.take()
    world.pass_time()
    return world


def retire(world: World) -> None:
    with world.database.begin() as session:
        life.retire(session, str(world.document["key"]), by="test", now=world.clock.now())


def scan(world: World, who: str = "member:new") -> None:
    world.tell("contact.scanned", {"channel": "c"}, who=who)


def test_retired_means_no_entries_and_runs_finish(world: World) -> None:
    retire(world)
    scan(world)
    world.route()
    assert len(world.runs()) == 1
    world.tell("contact.added", {"associate": "a"}, who="member:inside")
    world.take()
    assert world.run().node == "welcome"


def test_who_came_before_the_retirement_is_let_in_although_the_router_was_late(world: World) -> None:
    scan(world)
    world.pass_time()
    retire(world)
    world.route()
    assert len(world.runs()) == 2


def test_who_came_before_a_pause_is_let_in_and_stands_still_until_it_is_over(world: World) -> None:
    scan(world)
    world.pass_time()
    world.pause()
    world.route()
    assert len(world.runs()) == 2
    world.take()
    assert (world.run().status, world.run().node) == ("paused", None)
    world.resume()
    world.take()
    assert world.run().node == "wait_add"


def test_a_retired_journey_can_stand_still_and_go_on(world: World, clock: FixedClock) -> None:
    retire(world)
    world.pause()
    world.tell("contact.added", {"associate": "a"}, who="member:inside")
    world.take()
    assert (world.run().node, world.run().status) == ("wait_add", "paused")
    clock.advance(timedelta(hours=1))
    world.resume()
    world.take()
    assert world.run().node == "welcome"
    scan(world)
    world.route()
    assert len(world.runs()) == 1


def test_a_paused_journey_that_is_retired_stands_still_until_it_is_resumed(world: World) -> None:
    world.pause()
    retire(world)
    world.tell("contact.added", {"associate": "a"}, who="member:inside")
    world.take()
    assert world.run().node == "wait_add"
    world.resume()
    world.take()
    assert world.run().node == "welcome"


@pytest.mark.parametrize(("deadlines", "wait", "age"), [("hold", 30, 45 * 1440), ("extend", 40, 45 * 1440 + 10)])
def test_on_resume_deadlines_hold_or_move_by_the_length_of_the_pause(
    database: Database, clock: FixedClock, keys: KeyRing, deadlines: str, wait: int, age: int
) -> None:
    world = World(database, clock, keys)
    world.publish(journey(exits=[]))
    began = clock.now()
    scan(world)
    world.route()
    world.take()
    clock.advance(timedelta(minutes=5))
    world.pause()
    clock.advance(timedelta(minutes=10))
    world.take()
    world.resume(deadlines="extend" if deadlines == "extend" else "hold")
    assert world.take().wake_at == began + timedelta(minutes=wait)
    world.tell("contact.added", {"associate": "a"})
    world.take()
    assert world.age() == began + timedelta(minutes=age)


def test_pauses_of_the_journey_and_the_run_move_a_deadline_once_for_each_moment(
    world: World, clock: FixedClock
) -> None:
    deadline = world.run().deadline
    world.pause()
    clock.advance(timedelta(minutes=4))
    world.pause(world.run())
    clock.advance(timedelta(minutes=4))
    world.resume(deadlines="extend")
    clock.advance(timedelta(minutes=4))
    world.take()
    assert world.run().status == "paused"
    world.resume(world.run(), deadlines="extend")
    assert deadline is not None
    assert world.take().wake_at == deadline + timedelta(minutes=12)


@pytest.mark.parametrize(("deadlines", "ends"), [("hold", True), ("extend", False)])
def test_a_deadline_that_passed_in_the_pause_acts_on_resume_unless_it_moves(
    world: World, clock: FixedClock, deadlines: str, ends: bool
) -> None:
    world.pause()
    clock.advance(timedelta(days=3))
    assert not world.take().done
    world.resume(deadlines="extend" if deadlines == "extend" else "hold")
    assert world.take().done is ends


@pytest.mark.parametrize("own", [True, False])
def test_age_ends_a_run_that_stands_still(world: World, clock: FixedClock, own: bool) -> None:
    world.pause(world.run() if own else None)
    clock.advance(timedelta(days=45))
    assert world.take().done
    assert (world.run().status, world.run().outcome) == ("expired", "expired")


def test_an_entry_waits_for_the_age_of_a_run_that_stands_still(world: World, clock: FixedClock) -> None:
    world.pause(world.run())
    clock.advance(timedelta(days=46))
    scan(world, "member:inside")
    [routed] = world.route()
    assert routed.waits
    world.take()
    world.again()
    assert [run.outcome for run in world.runs()] == ["expired", None]


def test_an_entry_does_not_wait_for_a_deadline_that_a_pause_holds_back(world: World, clock: FixedClock) -> None:
    world.pause(world.run())
    clock.advance(timedelta(hours=1))
    scan(world, "member:inside")
    [routed] = world.route()
    assert (routed.waits, len(world.runs())) == (False, 1)


@pytest.mark.parametrize("order", ["retry", "skip"])
def test_an_order_in_a_pause_is_taken_and_nothing_is_entered_until_it_is_over(world: World, order: str) -> None:
    world.tell("contact.added", {"associate": "a"}, who="member:inside")
    world.take()
    world.fail_all()
    world.take()
    assert world.run().status == "stuck"
    world.pause()
    if order == "retry":
        world.order("retry")
    else:
        world.order("skip", port="done")
    assert world.take().effect is None
    assert (world.run().status, world.run().node, world.open_orders()) == ("paused", "welcome", [])
    world.resume()
    answer = world.take()
    if order == "retry":
        assert answer.effect == f"{world.run().id}/welcome/1"
    else:
        assert world.run().node == "wait_join"


def test_an_exit_in_a_pause_ends_the_run_at_once(world: World) -> None:
    world.pause()
    world.order("exit", outcome="enough")
    assert world.take().done
    assert (world.run().status, world.run().outcome) == ("exited", "enough")
