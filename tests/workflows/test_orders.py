"""Orders of operators: checked under the run's lock, taken by the next turn, never lost and never carried out late."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.members.merge import merge
from engine.runs.commands import RunStateError, UnknownPortError
from engine.runs.store import RunMovedError
from engine.runs.view import read_run
from engine.secrets.keyring import KeyRing
from tests.workflows.world import Stage, World, failure, journey, only


@pytest.fixture
def world(database: Database, clock: FixedClock, keys: KeyRing) -> World:
    return World(database, clock, keys)


def stuck(world: World) -> None:
    world.stage.give = [failure(final=True)]
    world.publish(only("test.give", {"what": "x"}))
    world.tell("contact.scanned", {"channel": "c"})
    world.route()
    world.take()
    assert world.run().status == "stuck"


def waiting(world: World) -> None:
    world.publish()
    world.tell("contact.scanned", {"channel": "c"})
    world.route()
    world.take()


def test_a_retry_keeps_the_visit_and_so_the_key(world: World) -> None:
    stuck(world)
    world.order("retry")
    assert world.take().done
    assert world.stage.given == [f"{world.run().id}/act/1"] * 2
    assert [(effect.state, effect.visit) for effect in world.effects()] == [("settled", 1)]


def test_a_skip_leaves_by_a_port_that_the_node_has(world: World) -> None:
    stuck(world)
    with pytest.raises(UnknownPortError):
        world.order("skip", port="elsewhere")
    world.order("skip", port="sold_out")
    assert world.take().done
    assert world.run().outcome == "over"


@pytest.mark.parametrize("order", ["retry", "skip"])
def test_only_what_is_stuck_is_retried_or_skipped(world: World, order: str) -> None:
    waiting(world)
    with pytest.raises(RunStateError, match="stuck"):
        world.order("retry" if order == "retry" else "skip", port="added")


def test_a_second_order_waits_for_the_first_to_be_taken(world: World) -> None:
    stuck(world)
    world.order("retry")
    with pytest.raises(RunStateError, match="earlier order"):
        world.order("exit")


def test_an_order_for_a_run_that_has_ended_is_refused(world: World) -> None:
    waiting(world)
    world.tell("coupon.redeemed", {"batch": "b", "code": "c"})
    world.take()
    for act in (lambda: world.order("exit"), lambda: world.pause(world.run()), lambda: world.resume(world.run())):
        with pytest.raises(RunStateError):
            act()


def test_an_order_that_meets_the_end_of_its_run_is_taken_or_refused(world: World, clock: FixedClock) -> None:
    for number in range(6):
        world.publish(journey())
        world.tell("contact.scanned", {"channel": "c"}, who=f"member:{number}")
        world.again()
        run = world.run()
        world.take(run)
    clock.advance(timedelta(minutes=30))
    runs = [run for run in world.live() if run.turn == 1]
    assert len(runs) >= 6

    def order(index: int) -> bool:
        try:
            world.order("exit", runs[index])
        except RunStateError:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        for index, run in enumerate(runs):
            turn, given = threads.submit(world.take, run), threads.submit(order, index)
            answer = turn.result()
            if given.result() and not answer.done:
                world.take(world.the(run))
            assert world.the(run).ended_at is not None
    assert world.open_orders() == []


WAITING = text("""
SELECT count(*) FROM pg_locks WHERE NOT granted
AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())""")


def blocked(world: World) -> None:
    """Wait until somebody waits for a lock of this database."""
    while True:
        with world.database.begin() as session:
            if session.execute(WAITING).scalar_one():
                return
        time.sleep(0.01)


def during_a_merge(world: World, act: Callable[[], object]) -> object:
    """What `act` gives while its run's member is being merged into another: it begins with the members locked."""
    lock = text("SELECT 1 FROM members ORDER BY id FOR NO KEY UPDATE")
    with ThreadPoolExecutor(1) as threads:
        with world.database.begin() as session:
            session.execute(lock)
            [first, second] = session.execute(text("SELECT id FROM members ORDER BY id")).scalars()
            acting = threads.submit(act)
            blocked(world)
            merge(session, first, second, keys=world.keys, now=world.clock.now())
        return acting.result()


@pytest.fixture
def two(world: World) -> World:
    """Two members, of whom the younger has a run."""
    world.publish()
    for who in ("card:1", "card:2"):
        world.tell("custom.known", who=who)
    world.route()
    world.tell("contact.scanned", {"channel": "c"}, who="card:2")
    world.again()
    world.take()
    return world


def test_a_turn_that_meets_a_merge_waits_and_goes_on_with_the_survivor(two: World) -> None:
    two.tell("contact.added", {"associate": "a"}, who="card:2")
    during_a_merge(two, two.take)
    run = two.run()
    assert (run.member_id, run.turn, run.node) == (1, 2, "welcome")


def test_an_order_that_meets_a_merge_is_refused_for_now_or_kept(two: World) -> None:
    with pytest.raises(RunMovedError):
        during_a_merge(two, lambda: two.order("exit"))
    two.order("exit")
    assert two.take().done


def test_a_cycle_without_a_rest_is_stuck_with_reason_loop_and_can_be_ended(
    database: Database, clock: FixedClock, keys: KeyRing
) -> None:
    world = World(database, clock, keys, Stage())
    nodes = {
        "act": {
            "type": "activity",
            "activity": "test.give",
            "params": {"what": "x"},
            "ports": {"done": "rest", "sold_out": "rest"},
        },
        "rest": {"type": "delay", "for": "PT0S", "ports": {"done": "act"}},
    }
    world.publish(journey(start="act", entry=[{"on": "contact.scanned"}], nodes=nodes, exits=[]))
    world.tell("contact.scanned", {"channel": "c"})
    world.route()
    world.take()
    assert (world.run().status, world.run().stuck_reason) == ("stuck", "loop")
    assert len(world.stage.given) == 50
    world.order("retry")
    world.take()
    assert (world.run().status, len(set(world.stage.given))) == ("stuck", 100)
    world.order("exit")
    assert world.take().done


def test_params_that_cannot_be_computed_fail_the_node_without_a_call_and_count_as_its_failure(world: World) -> None:
    world.publish(only("test.push", {"say": "{{member.nickname}}"}))
    world.tell("contact.scanned", {"channel": "c"})
    world.route()
    world.take()
    assert (world.run().status, world.run().stuck_reason) == ("stuck", "failed")
    [effect] = world.effects()
    assert (effect.state, effect.contact, effect.params_enc) == ("failed", "push", None)
    world.tell("member.registered", {"nickname": "小林"})
    world.order("retry")
    answer = world.take()
    assert answer.effect == f"{world.run().id}/act/1"
    assert [effect.state for effect in world.effects()] == ["asked"]


def test_ten_of_a_hundred_that_fail_without_a_call_pause_the_journey(world: World) -> None:
    world.publish(only("test.nudge", {"say": "{{member.nickname}}"}))
    for number in range(101):
        who = f"member:{number}"
        if number < 91:
            world.tell("member.registered", {"nickname": "小林"}, who=who)
        world.tell("contact.scanned", {"channel": "c"}, who=who)
        world.again()
        world.take()
    assert len(world.pauses()) == 1


def test_a_run_shows_until_when_it_rests_as_pauses_have_moved_it(world: World, clock: FixedClock) -> None:
    waiting(world)
    began = clock.now()
    world.pause()
    clock.advance(timedelta(minutes=10))
    world.resume(deadlines="extend")
    with world.database.begin() as session:
        shown = read_run(session, world.keys, world.run().id)
    assert shown is not None
    assert shown.until == began + timedelta(minutes=40)
    world.take()
    assert world.run().deadline == began + timedelta(minutes=40)
