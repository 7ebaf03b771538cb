"""The turn: one transaction, decided once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.runs import effects
from engine.runs.effects import EffectKey
from engine.secrets.keyring import KeyRing
from tests.workflows.world import Stage, World, failure, only
from workflows.activities.registry import Result
from workflows.position import Answer, Position


@pytest.fixture
def world(database: Database, clock: FixedClock, keys: KeyRing) -> World:
    world = World(database, clock, keys)
    world.publish()
    return world


def entered(world: World) -> None:
    world.tell("contact.scanned", {"channel": "c"})
    world.route()
    world.take()


def added(world: World) -> None:
    entered(world)
    world.tell("contact.added", {"associate": "a"})
    world.take()


def test_the_first_turn_enters_the_journey(world: World, clock: FixedClock) -> None:
    entered(world)
    run = world.run()
    assert (run.node, run.status, run.turn) == ("wait_add", "waiting", 1)
    assert run.wake_at == clock.now() + timedelta(minutes=30)
    assert run.workflow_id == f"journey/{run.journey}/{run.member_id}/1"
    assert world.stages() == ["scanned"]


def test_a_turn_that_is_asked_for_again_gives_the_stored_answer_and_changes_nothing(
    world: World, clock: FixedClock
) -> None:
    entered(world)
    before = world.run()
    world.tell("contact.added", {"associate": "a"})
    clock.advance(timedelta(hours=1))
    again = world.turns.take(Position(before.id, 1))
    assert (again.next, again.node, again.stale) == (2, "wait_add", True)
    assert world.run().model_dump() == before.model_dump()


def test_twins_of_one_turn_get_one_answer_and_one_effect(world: World) -> None:
    entered(world)
    world.tell("contact.added", {"associate": "a"})
    position = Position(world.run().id, 2)
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(world.turns.take, [position] * 4))
    assert len({replace(answer, stale=False) for answer in answers}) == 1
    assert sum(answer.stale for answer in answers) == 3
    assert len(world.effects()) == 1
    assert world.run().turn == 2


def test_a_turn_takes_events_that_the_router_has_not_come_to(world: World) -> None:
    entered(world)
    world.tell("contact.added", {"associate": "a"})
    answer = world.take()
    assert answer.effect == f"{world.run().id}/welcome/1"
    assert answer.queue == "waystation-outside"


def test_a_shell_that_is_behind_is_told_where_the_run_stands(world: World) -> None:
    added(world)
    run = world.run()
    assert world.turns.take(Position(run.id, 9)) == Answer(next=3, stale=True)
    assert world.run().turn == 2


def test_a_run_that_is_not_in_this_database_is_done(world: World) -> None:
    assert world.turns.take(Position(4711, 1)).done


def test_a_timeout_ends_the_run(world: World, clock: FixedClock) -> None:
    entered(world)
    clock.advance(timedelta(minutes=30))
    assert world.take().done
    run = world.run()
    assert (run.status, run.outcome, run.wake_at) == ("completed", "not_added", None)
    assert world.take().done


def test_a_timer_that_rings_early_is_answered_with_the_time(world: World, clock: FixedClock) -> None:
    entered(world)
    clock.advance(timedelta(minutes=29))
    assert world.take().wake_at == clock.now() + timedelta(minutes=1)


def test_an_event_at_the_deadline_wins_over_the_timeout(world: World, clock: FixedClock) -> None:
    entered(world)
    clock.advance(timedelta(minutes=30))
    world.tell("contact.added", {"associate": "a"})
    clock.advance(timedelta(minutes=5))
    assert world.take().node == "welcome"


def test_a_local_effect_happens_in_the_turn_and_its_outcome_is_saved(world: World) -> None:
    added(world)
    settle(world)
    world.take()
    world.tell("group.joined", {"chat": "g"})
    answer = world.take()
    assert answer.node == "wait_redeem"
    run = world.run()
    assert world.stage.given == [f"{run.id}/coupon/1"]
    assert run.state["vars"]["coupon"] == {"code": "c-1"}
    assert world.stages() == ["scanned", "added", "joined", "coupon"]


def test_a_local_effect_that_fails_rests_and_is_tried_again_under_the_same_key(
    database: Database, clock: FixedClock, keys: KeyRing
) -> None:
    world = World(database, clock, keys, Stage(give=[failure(after=timedelta(minutes=1))]))
    world.publish(only("test.give", {"what": "x"}))
    world.tell("contact.scanned", {"channel": "c"})
    world.route()
    answer = world.take()
    assert answer.wake_at == clock.now() + timedelta(minutes=1)
    clock.advance(timedelta(minutes=1))
    assert world.take().done
    assert len(set(world.stage.given)) == 1
    assert [(effect.state, effect.failures) for effect in world.effects()] == [("settled", 1)]


def test_failures_use_up_the_attempts_and_then_the_run_is_stuck(
    database: Database, clock: FixedClock, keys: KeyRing
) -> None:
    world = World(database, clock, keys, Stage(give=[failure(after=timedelta(0))] * 3))
    world.publish(only("test.give", {"what": "x"}))
    world.tell("contact.scanned", {"channel": "c"})
    world.route()
    for _ in range(3):
        world.take()
    run = world.run()
    assert (run.status, run.stuck_reason) == ("stuck", "failed")
    assert [effect.state for effect in world.effects()] == ["failed"]
    assert run.wake_at is not None


def test_a_defect_of_a_local_type_is_a_failure_not_a_turn_without_end(
    database: Database, clock: FixedClock, keys: KeyRing
) -> None:
    world = World(database, clock, keys, Stage(give=[KeyError("name")]))
    world.publish(only("test.give", {"what": "x"}))
    world.tell("contact.scanned", {"channel": "c"})
    world.route()
    world.take()
    assert world.effects()[0].error == "defect: KeyError"


def test_the_outcome_of_a_local_effect_chooses_the_port(database: Database, clock: FixedClock, keys: KeyRing) -> None:
    world = World(database, clock, keys, Stage(give=[Result("sold_out")]))
    world.publish()
    added(world)
    settle(world)
    world.take()
    world.tell("group.joined", {"chat": "g"})
    assert world.take().done
    assert world.run().outcome == "no_stock"


def test_the_goal_ends_the_run_wherever_it_stands(world: World) -> None:
    added(world)
    world.tell("coupon.redeemed", {"batch": "b", "code": "c"})
    assert world.take().done
    run = world.run()
    assert (run.status, run.outcome) == ("completed", "goal")
    assert world.stages()[-1] == "redeemed"


def test_an_exit_ends_the_run_and_what_came_after_it_is_dropped(world: World) -> None:
    entered(world)
    world.tell("contact.lost", {"associate": "a", "by": "customer", "last": True})
    world.tell("group.joined", {"chat": "g"})
    assert world.take().done
    run = world.run()
    assert (run.status, run.outcome) == ("exited", "lost")
    assert [state for _, state in world.deliveries()] == ["consumed", "dropped"]


def test_an_event_that_comes_before_its_wait_is_kept_for_it(world: World) -> None:
    entered(world)
    world.tell("group.joined", {"chat": "g"})
    world.take()
    world.tell("contact.added", {"associate": "a"})
    world.take()
    settle(world)
    assert world.take().node == "wait_redeem"
    assert {state for _, state in world.deliveries()} == {"consumed"}


def test_while_a_remote_effect_is_open_each_turn_asks_for_it_and_its_row_wakes_the_sweeper(
    world: World, clock: FixedClock
) -> None:
    added(world)
    run = world.run()
    assert run.wake_at is not None
    assert clock.now() < run.wake_at < clock.now() + timedelta(minutes=5)
    assert world.take().effect == f"{run.id}/welcome/1"
    assert len(world.effects()) == 1


def test_what_a_turn_read_and_did_is_recorded(world: World) -> None:
    added(world)
    assert world.log() == [
        ("entered", "wait_add"), ("event", "wait_add"), ("left", "wait_add"), ("entered", "welcome"),
    ]  # fmt: skip


def settle(world: World) -> None:
    """Play the remote activity: the open effect has happened."""
    with world.database.begin() as session:
        row = world.effects()[-1]
        found = effects.find(session, EffectKey(row.run_id, row.node, row.visit), lock=True)
        assert found is not None
        effects.settle(found, "done", {}, keys=world.keys, now=world.clock.now())
        effects.save(session, found)
