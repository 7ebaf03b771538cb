"""Two members prove to be one while both go through the same journey (JOURNEYS.md, Meaning 11)."""

from __future__ import annotations

from typing import Any

import pytest

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.journeys.walk import pick_arm
from engine.runs.models import Run
from engine.runs.timeline import read_timeline
from engine.secrets.keyring import KeyRing
from tests.workflows.world import Stage, World, failure, journey
from workflows.activities.event_emit import event_emit

A, B, C = "card:1", "card:2", "card:3"


@pytest.fixture
def world(database: Database, clock: FixedClock, keys: KeyRing) -> World:
    """A chain where these persons are known, in the order of their names."""
    world = World(database, clock, keys)
    world.publish()
    for who in (A, B, C):
        world.tell("custom.known", who=who)
    world.route()
    return world


def tell(world: World, who: str, kind: str, data: dict[str, Any] | None = None) -> None:
    """An event that is routed and taken, a moment after what came before."""
    world.pass_time()
    world.tell(kind, data or {"channel": "c"}, who=who)
    world.again()
    take_all(world)


def take_all(world: World) -> None:
    for run in world.live():
        if run.status != "holdout":
            world.take(run)


def merge(world: World, one: str = A, other: str = B) -> None:
    """An event tells that two are one; nobody has been called yet."""
    world.pass_time()
    world.tell("custom.known", {"identities": [other]}, who=one)


def outcomes(world: World) -> list[tuple[str, str | None]]:
    return [(run.status, run.outcome) for run in world.runs()]


def at_the_group(world: World, who: str) -> Run:
    """A run that was welcomed and waits for its member to join the group."""
    tell(world, who, "contact.added", {"associate": "a"})
    world.settle()
    take_all(world)
    assert world.run().node == "wait_join"
    return world.run()


def test_two_in_the_middle_of_a_journey_get_one_coupon(world: World) -> None:
    first, second = at_the_group(world, A), at_the_group(world, B)
    merge(world)
    tell(world, B, "group.joined", {"chat": "g"})
    assert outcomes(world) == [("waiting", None), ("exited", "merged")]
    assert world.runs()[0].node == "wait_redeem"
    assert world.stage.given == [f"{first.id}/coupon/1"]
    assert {run.member_id for run in world.runs()} == {first.member_id}
    assert [run.n for run in world.runs()] == [1, 2]
    assert second.workflow_id == world.runs()[1].workflow_id


def test_the_earlier_entry_goes_on_although_its_member_does_not(world: World) -> None:
    at_the_group(world, B)
    at_the_group(world, A)
    merge(world)
    assert outcomes(world) == [("waiting", None), ("exited", "merged")]
    assert len({run.member_id for run in world.runs()}) == 1


def test_what_the_other_had_kept_is_taken_over_and_looked_at(world: World) -> None:
    tell(world, A, "contact.scanned")
    tell(world, B, "contact.scanned")
    tell(world, B, "group.joined", {"chat": "g"})
    merge(world)
    take_all(world)
    tell(world, A, "contact.added", {"associate": "a"})
    world.settle()
    take_all(world)
    assert world.runs()[0].node == "wait_redeem"


def test_what_the_other_had_not_taken_is_taken_over(world: World) -> None:
    tell(world, A, "contact.scanned")
    tell(world, B, "contact.scanned")
    world.tell("contact.added", {"associate": "a"}, who=B)
    world.again()
    merge(world)
    take_all(world)
    assert world.runs()[0].node == "welcome"


def test_who_scanned_as_one_and_was_added_as_another_goes_on_from_the_add(world: World) -> None:
    """What could not be enriched in time made two of one; the merge mends it."""
    tell(world, A, "contact.scanned")
    at_the_group(world, B)
    merge(world)
    take_all(world)
    world.settle()
    take_all(world)
    tell(world, A, "group.joined", {"chat": "g"})
    assert outcomes(world) == [("waiting", None), ("exited", "merged")]
    assert len(world.stage.given) == 1


def test_an_event_that_has_brought_a_coupon_brings_no_second_one(world: World) -> None:
    document = journey()
    document["nodes"]["welcome"] = {**document["nodes"]["coupon"], "ports": {"done": "wait_redeem", "sold_out": "over"}}
    document["nodes"]["over"] = {"type": "end", "outcome": "over"}
    world.publish(document)
    tell(world, A, "contact.scanned")
    tell(world, B, "contact.added", {"associate": "a"})
    merge(world)
    take_all(world)
    mine = [run for run in world.runs() if run.journey == document["key"]]
    assert [(run.node, run.outcome) for run in mine] == [("wait_add", None), ("wait_redeem", "merged")]
    assert len([key for key in world.stage.given if key.endswith("/welcome/1")]) == 1


def test_an_event_that_one_has_consumed_is_not_given_to_the_other(world: World) -> None:
    at_the_group(world, A)
    at_the_group(world, B)
    tell(world, B, "group.joined", {"chat": "g"})
    merge(world)
    take_all(world)
    assert world.runs()[0].node == "wait_join"
    assert len(world.stage.given) == 1


def test_the_goal_of_one_is_the_goal_of_the_other_if_it_was_not_looked_at(world: World) -> None:
    at_the_group(world, A)
    at_the_group(world, B)
    world.tell("coupon.redeemed", {"batch": "b", "code": "c"}, who=B)
    merge(world)
    world.again()
    take_all(world)
    assert outcomes(world) == [("completed", "goal"), ("exited", "merged")]


def test_an_effect_that_was_asked_of_the_run_that_goes_on_is_made_under_its_key(world: World) -> None:
    tell(world, A, "contact.added", {"associate": "a"})
    at_the_group_of_b = world.run()
    tell(world, B, "contact.added", {"associate": "a"})
    merge(world)
    answer = world.take(world.runs()[0])
    assert answer.effect == f"{at_the_group_of_b.id}/welcome/1"
    assert [effect.state for effect in world.effects()] == ["asked", "cancelled"]


def test_an_attempt_under_way_of_the_run_that_ends_may_still_be_recorded(world: World) -> None:
    at_the_group(world, A)
    tell(world, B, "contact.added", {"associate": "a"})
    world.begin_attempt(f"{world.run().id}/welcome/1")
    merge(world)
    assert world.effects()[-1].state == "started"
    world.settle()
    assert world.take(world.runs()[-1]).done


def test_a_run_that_is_stuck_and_earlier_goes_on_and_can_be_helped(world: World) -> None:
    world.stage.give = [failure(final=True)]
    at_the_group(world, A)
    tell(world, A, "group.joined", {"chat": "g"})
    at_the_group(world, B)
    merge(world)
    take_all(world)
    stuck, ended = world.runs()
    assert (stuck.status, ended.outcome) == ("stuck", "merged")
    world.order("retry", stuck)
    take_all(world)
    assert world.runs()[0].node == "wait_redeem"


def test_a_run_that_is_stuck_and_later_ends(world: World) -> None:
    at_the_group(world, A)
    world.stage.give = [failure(final=True)]
    at_the_group(world, B)
    tell(world, B, "group.joined", {"chat": "g"})
    assert world.run().status == "stuck"
    merge(world)
    ended = world.runs()[1]
    assert (ended.status, ended.outcome, ended.stuck_reason) == ("exited", "merged", None)


def test_a_paused_run_goes_on_standing_still_and_takes_over_what_comes(world: World) -> None:
    first = at_the_group(world, A)
    at_the_group(world, B)
    world.pause(first)
    merge(world)
    tell(world, B, "group.joined", {"chat": "g"})
    assert (world.runs()[0].node, world.runs()[0].status) == ("wait_join", "paused")
    world.resume(first)
    take_all(world)
    assert world.runs()[0].node == "wait_redeem"


def test_the_pause_and_the_orders_of_the_run_that_ends_end_with_it(world: World) -> None:
    at_the_group(world, A)
    second = at_the_group(world, B)
    world.pause(second)
    world.order("exit", second)
    merge(world)
    assert [pause.to_at for pause in world.pauses()] == [world.clock.now()]
    assert world.open_orders() == []
    assert world.runs()[1].outcome == "merged"


def test_an_order_for_the_run_that_goes_on_is_carried_out(world: World) -> None:
    first = at_the_group(world, A)
    at_the_group(world, B)
    world.order("exit", first, outcome="by hand")
    merge(world)
    take_all(world)
    assert outcomes(world) == [("exited", "by hand"), ("exited", "merged")]


HELD_OUT = {"reentry": {"mode": "after_exit"}, "holdout": {"share_bp": 10000, "salt": "s"}, "max_age": "P1D"}


def test_a_holdout_stays_one_beside_the_live_run_of_the_other(world: World) -> None:
    at_the_group(world, A)
    held = {**world.document, "policies": HELD_OUT}
    world.publish(held, version=2)
    tell(world, B, "contact.added", {"associate": "a"})
    merge(world)
    tell(world, A, "coupon.redeemed", {"batch": "b", "code": "c"})
    assert outcomes(world) == [("completed", "goal"), ("holdout", "goal")]


def test_each_journey_is_looked_at_by_itself(world: World) -> None:
    other = journey(policies={"reentry": {"mode": "always"}, "max_age": "P45D"})
    world.publish(other)
    tell(world, A, "contact.added", {"associate": "a"})
    tell(world, B, "contact.added", {"associate": "a"})
    merge(world)
    assert sorted(str(run.outcome) for run in world.runs()) == ["None", "None", "None", "merged"]
    assert [run.journey for run in world.runs() if run.outcome == "merged"] != [other["key"]]


@pytest.mark.parametrize("order", [((A, B), (B, C)), ((B, C), (A, B)), ((A, C), (B, C))])
def test_of_three_who_are_one_a_single_run_goes_on(world: World, order: tuple[tuple[str, str], ...]) -> None:
    first = at_the_group(world, B)
    at_the_group(world, C)
    at_the_group(world, A)
    for one, other in order:
        merge(world, one, other)
    tell(world, C, "group.joined", {"chat": "g"})
    assert [run.outcome for run in world.runs()] == [None, "merged", "merged"]
    assert world.stage.given == [f"{first.id}/coupon/1"]
    assert len({run.member_id for run in world.runs()}) == 1
    assert sorted(run.n for run in world.runs()) == [1, 2, 3]


def test_three_who_are_one_by_a_single_event(world: World) -> None:
    at_the_group(world, A)
    at_the_group(world, B)
    at_the_group(world, C)
    world.tell("custom.known", {"identities": [B, C]}, who=A)
    assert [run.outcome for run in world.runs()] == [None, "merged", "merged"]


def test_the_timeline_of_the_run_that_ended_says_into_which_one(world: World) -> None:
    first, second = at_the_group(world, A), at_the_group(world, B)
    merge(world)
    with world.database.begin() as session:
        last = read_timeline(session, second.id)[-1]
    assert (last.kind, last.node, last.detail) == ("ended", "wait_join", {"outcome": "merged", "into": str(first.id)})


PORTS = (("one", 5000), ("two", 5000))


def test_an_arm_that_was_not_chosen_yet_is_that_of_the_member_who_entered(world: World) -> None:
    arms = [{"port": port, "share_bp": share} for port, share in PORTS]
    salt = next(salt for salt in "abcdefghij" if len({pick_arm(PORTS, salt, str(id_)) for id_ in (1, 2)}) == 2)
    nodes = {
        "ask": {"type": "wait", "for": [{"on": "group.joined", "port": "got"}], "ports": {"got": "arm"}},
        "arm": {"type": "split", "arms": arms, "salt": salt, "ports": {"one": "one", "two": "two"}},
        "one": {"type": "end", "outcome": "one"},
        "two": {"type": "end", "outcome": "two"},
    }
    chosen = []
    for merged in (False, True):
        world.publish(journey(start="ask", entry=[{"on": "contact.scanned"}], nodes=nodes))
        tell(world, B, "contact.scanned")
        if merged:
            merge(world)
        tell(world, B, "group.joined", {"chat": "g"})
        chosen.append(world.run().outcome)
        assert world.run().member_id == (1 if merged else 2)
    assert chosen[0] == chosen[1]


def test_an_event_that_a_run_emits_merges_nobody(database: Database, clock: FixedClock, keys: KeyRing) -> None:
    """The merge might end the very run whose turn emits it."""
    stage = Stage()
    world = World(database, clock, keys, stage, {**stage.registered(), "event.emit": event_emit})
    for who in (A, B):
        world.tell("custom.known", who=who)
    world.route()
    document = journey()
    document["nodes"]["coupon"] = {
        "type": "activity",
        "activity": "event.emit",
        "params": {"type": "custom.known", "data": {"identities": [A]}},
        "ports": {"done": "wait_redeem"},
    }
    world.publish(document)
    at_the_group(world, A)
    second = at_the_group(world, B)
    tell(world, B, "group.joined", {"chat": "g"})
    assert (world.the(second).status, world.the(second).node) == ("stuck", "coupon")
    assert len({run.member_id for run in world.runs()}) == 2
    assert [(row.type, row.state, row.error) for row in world.effects() if row.node == "coupon"] == [
        ("event.emit", "failed", "names-another: the event's identities are another member's")
    ]
