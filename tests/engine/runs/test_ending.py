"""Re-entry looks at the state before the event, however late the router comes to it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.secrets.keyring import KeyRing
from tests.workflows.world import World, journey

MINUTE = timedelta(minutes=1)


@pytest.fixture
def world(database: Database, clock: FixedClock, keys: KeyRing) -> World:
    """A member whose run waits for half an hour; nothing in its journey names a scan."""
    world = World(database, clock, keys)
    world.publish()
    scan(world)
    world.route()
    world.take()
    return world


def scan(world: World, age: timedelta = timedelta()) -> None:
    world.tell("contact.scanned", {"channel": "c"}, time=world.clock.now() - age)


def runs(world: World) -> int:
    return len(world.runs())


@pytest.mark.parametrize(
    ("accepted", "age", "expected"),
    [
        (20 * MINUTE, 0 * MINUTE, 1),
        (30 * MINUTE, 0 * MINUTE, 1),
        (31 * MINUTE, 0 * MINUTE, 2),
        (31 * MINUTE, 5 * MINUTE, 1),
    ],
    ids=["before", "at the deadline", "after", "before, told late"],
)
@pytest.mark.parametrize("routed_first", [False, True])
def test_an_event_before_the_deadline_that_ends_a_run_meets_a_live_run_whenever_it_is_routed(
    world: World, clock: FixedClock, accepted: timedelta, age: timedelta, expected: int, routed_first: bool
) -> None:
    clock.advance(accepted)
    scan(world, age)
    if routed_first:
        world.route()
    clock.advance(32 * MINUTE - accepted)
    assert world.take(world.runs()[0]).done
    world.again()
    assert runs(world) == expected


def test_an_event_that_stands_behind_one_after_the_deadline_meets_a_run_that_has_ended(
    world: World, clock: FixedClock
) -> None:
    clock.advance(31 * MINUTE)
    world.tell("order.paid", {"order_no": "1", "amount": 1, "currency": "CNY"})
    scan(world, 10 * MINUTE)
    world.take()
    world.route()
    assert runs(world) == 2


@pytest.mark.parametrize(("before", "expected"), [(True, 1), (False, 2)])
def test_an_order_ends_a_run_for_what_is_accepted_after_it(world: World, before: bool, expected: int) -> None:
    if before:
        scan(world)
    world.order("exit")
    world.take()
    if not before:
        scan(world)
    world.route()
    assert runs(world) == expected


def test_an_event_that_ends_a_run_lets_the_next_one_in(world: World) -> None:
    world.tell("coupon.redeemed", {"batch": "b", "code": "c"})
    scan(world)
    world.take()
    world.route()
    assert [run.outcome for run in world.runs()] == ["goal", None]


HELD_OUT = {"reentry": {"mode": "after_exit"}, "holdout": {"share_bp": 10000, "salt": "s"}, "max_age": "P1D"}


@pytest.fixture
def held_out(database: Database, clock: FixedClock, keys: KeyRing) -> World:
    world = World(database, clock, keys)
    world.publish(journey(policies=HELD_OUT))
    scan(world)
    world.route()
    return world


def test_the_age_of_a_holdout_lets_a_later_event_in_although_no_sweeper_came(
    held_out: World, clock: FixedClock
) -> None:
    clock.advance(timedelta(days=1, seconds=1))
    scan(held_out)
    held_out.route()
    assert [(run.status, run.outcome) for run in held_out.runs()] == [("holdout", "expired"), ("holdout", None)]


def test_the_goal_of_a_holdout_lets_the_next_event_in(held_out: World, clock: FixedClock) -> None:
    held_out.tell("coupon.redeemed", {"batch": "b", "code": "c"})
    clock.advance(timedelta(seconds=1))
    scan(held_out)
    held_out.route()
    assert [run.outcome for run in held_out.runs()] == ["goal", None]


def test_a_holdout_that_still_waits_keeps_others_out(held_out: World) -> None:
    scan(held_out)
    held_out.route()
    assert runs(held_out) == 1
