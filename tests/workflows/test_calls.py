"""Journeys that start and call others: through routing and turns, in the order of a member's log."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.definitions import life
from engine.members.merge import merge
from engine.runs import calling
from engine.runs.models import Run
from engine.secrets.keyring import KeyRing
from rules.types import Json
from tests.workflows.world import World, journey, new_key_of

END: Json = {"type": "end", "outcome": "over"}
LATE: Json = {"type": "end", "outcome": "not_entered"}


def caller(of: str, mode: str, *, error: bool = True, **changes: Any) -> dict[str, Any]:
    """A journey that does nothing but start or call another."""
    ports = {"done": "end", **({"error": "late"} if error else {})}
    nodes = {"sub": {"type": "journey", "journey": of, "mode": mode, "ports": ports}, "end": END, "late": LATE}
    entry = [{"on": "contact.scanned"}]
    return journey(**{"key": new_key_of("caller"), "entry": entry, "start": "sub", "nodes": nodes, "exits": [],
                      "goal": None, **changes})  # fmt: skip


def called(**changes: Any) -> dict[str, Any]:
    """A journey that rests for three days."""
    nodes = {
        "rest": {"type": "delay", "for": "P3D", "ports": {"done": "end"}},
        "end": {"type": "end", "outcome": "gone"},
    }
    return journey(**{"key": new_key_of("called"), "entry": [{"list": True}], "start": "rest", "nodes": nodes,
                      "exits": [{"on": "contact.lost", "outcome": "lost"}], "goal": None, **changes})  # fmt: skip


def plain(document: dict[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in document.items() if part is not None}


@pytest.fixture
def world(database: Database, clock: FixedClock, keys: KeyRing) -> World:
    return World(database, clock, keys)


def play(world: World, mode: str, *, error: bool = True, other: dict[str, Any] | None = None, **changes: Any) -> str:
    """Publish both, let a member into the first, and let it ask; the key of the called one."""
    document = plain(other or called())
    world.publish(document)
    world.publish(plain(caller(str(document["key"]), mode, error=error, **changes)))
    world.tell("contact.scanned", {"channel": "c"})
    world.route()
    world.take(world.run())
    return str(document["key"])


def the(world: World, prefix: str) -> Run:
    return next(run for run in reversed(world.runs()) if run.journey.startswith(prefix))


def of(world: World, prefix: str) -> list[Run]:
    return [run for run in world.runs() if run.journey.startswith(prefix)]


def test_who_is_started_goes_on_beside_the_caller_who_ends_at_once(world: World) -> None:
    play(world, "start")
    [routed] = world.route()
    assert [call.run_id for call in routed.started] == [the(world, "called").id]
    assert [call.run_id for call in routed.woken] == [the(world, "caller").id]
    world.take(the(world, "caller"))
    world.take(the(world, "called"))
    assert (the(world, "caller").outcome, the(world, "called").status) == ("over", "waiting")


def test_a_call_waits_until_the_called_has_ended(world: World) -> None:
    play(world, "call")
    world.route()
    world.take(the(world, "called"))
    world.take(the(world, "caller"))
    assert (the(world, "caller").status, the(world, "caller").node) == ("running", "sub")
    world.pass_time(timedelta(days=3, seconds=1))
    world.take(the(world, "called"))
    with world.database.begin() as session:
        assert [call.run_id for call in calling.commanded(session, told=[], most=9)] == [the(world, "caller").id]
    world.take(the(world, "caller"))
    assert the(world, "caller").outcome == "over"
    with world.database.begin() as session:
        assert calling.commanded(session, told=[], most=9) == []


def test_who_called_is_asked_once_however_often_turns_and_routing_are_repeated(world: World) -> None:
    play(world, "call")
    for _ in range(3):
        world.take(the(world, "caller"))
        world.again()
    assert len(of(world, "called")) == 1
    with world.database.begin() as session:
        rows = session.connection().exec_driver_sql("SELECT count(*) FROM events WHERE type = 'run.requested'")
        assert rows.scalar_one() == 1


@pytest.mark.parametrize(("mode", "policy"), [("start", "after_exit"), ("call", "after_exit"), ("start", "once")])
def test_whom_reentry_refuses_leaves_through_error(world: World, mode: str, policy: str) -> None:
    other = plain(called(policies={"reentry": {"mode": policy}}, entry=[{"on": "contact.scanned"}]))
    play(world, mode, other=other)
    assert len(of(world, "called")) == 1
    world.take(the(world, "called"))
    world.again()
    world.take(the(world, "caller"))
    assert (the(world, "caller").outcome, len(of(world, "called"))) == ("not_entered", 1)


def test_without_the_port_whom_reentry_refuses_goes_on(world: World) -> None:
    other = plain(called(entry=[{"on": "contact.scanned"}]))
    play(world, "start", error=False, other=other)
    world.take(the(world, "called"))
    world.again()
    world.take(the(world, "caller"))
    assert the(world, "caller").outcome == "over"


@pytest.mark.parametrize("how", [life.pause, life.retire])
@pytest.mark.parametrize("error", [True, False])
def test_a_journey_that_is_closed_is_an_error(world: World, how: Any, error: bool) -> None:
    other = plain(called())
    world.publish(other)
    with world.database.begin() as session:
        how(session, other["key"], by="test", now=world.clock.now())
    world.pass_time()
    world.publish(plain(caller(other["key"], "call", error=error)))
    world.tell("contact.scanned", {"channel": "c"})
    world.route()
    world.take()
    world.route()
    world.take()
    assert the(world, "caller").outcome == ("not_entered" if error else None)
    assert (the(world, "caller").status == "stuck") is not error
    if not error and how is life.pause:
        with world.database.begin() as session:
            life.resume(session, other["key"], by="test", now=world.clock.now())
        world.pass_time()
        world.order("retry")
        world.take()
        world.route()
        assert len(of(world, "called")) == 1


@pytest.mark.parametrize(
    ("how", "outcome"), [("age", "not_entered"), ("exit", "not_entered"), ("lost", "over"), ("end", "over")]
)
def test_only_what_the_called_journey_says_itself_is_done(world: World, how: str, outcome: str) -> None:
    play(world, "call", other=plain(called(policies={"max_age": "P2D" if how == "age" else "P9D"})))
    world.route()
    world.take(the(world, "called"))
    if how == "exit":
        world.order("exit", the(world, "called"))
    elif how == "lost":
        world.tell("contact.lost", {"associate": "a", "by": "customer", "last": True})
    else:
        world.pass_time(timedelta(days=4))
    world.take(the(world, "called"))
    world.take(the(world, "caller"))
    assert the(world, "caller").outcome == outcome


def test_a_holdout_of_the_called_is_not_waited_for(world: World) -> None:
    play(world, "call", other=plain(called(policies={"holdout": {"share_bp": 10_000}})))
    world.route()
    world.take(the(world, "caller"))
    assert (the(world, "called").status, the(world, "caller").outcome) == ("holdout", "over")


def test_the_called_goes_on_when_its_caller_ends(world: World) -> None:
    play(world, "call", goal={"on": "coupon.redeemed"})
    world.route()
    world.tell("coupon.redeemed", {"batch": "b", "code": "c"})
    world.take(the(world, "caller"))
    world.take(the(world, "called"))
    assert (the(world, "caller").outcome, the(world, "called").status) == ("goal", "waiting")
    world.pass_time(timedelta(days=4))
    world.take(the(world, "called"))
    assert the(world, "called").outcome == "gone"
    assert [effect.state for effect in world.effects()] == ["cancelled"]


def test_a_caller_that_ended_before_the_entry_was_decided_begins_nothing(world: World) -> None:
    play(world, "start", goal={"on": "coupon.redeemed"})
    world.tell("coupon.redeemed", {"batch": "b", "code": "c"})
    world.take(the(world, "caller"))
    world.route()
    assert of(world, "called") == []


def test_a_call_enters_the_version_that_was_live_when_its_caller_was_published(world: World) -> None:
    other = plain(called())
    world.publish(other)
    world.publish(plain(caller(other["key"], "call")))
    world.publish({**other, "title": "Second"}, version=2)
    world.tell("contact.scanned", {"channel": "c"})
    world.route()
    world.take()
    world.route()
    assert the(world, "called").version == 1


def test_a_start_enters_the_live_version(world: World) -> None:
    other = plain(called())
    world.publish(other)
    world.publish(plain(caller(other["key"], "start")))
    world.publish({**other, "title": "Second"}, version=2)
    world.tell("contact.scanned", {"channel": "c"})
    world.route()
    world.take()
    world.route()
    assert the(world, "called").version == 2


def test_journeys_that_begin_one_another_come_to_an_end(world: World) -> None:
    key = new_key_of("caller")
    world.publish(plain(caller(key, "start", key=key, policies={"reentry": {"mode": "always"}})))
    world.tell("contact.scanned", {"channel": "c"})
    for _ in range(30):
        world.again()
        for run in world.live():
            world.take(run)
    assert {run.outcome for run in world.runs()} == {"over", "not_entered"}
    assert len(world.runs()) == 11


def test_two_callers_whose_called_runs_prove_to_be_one_both_hear_of_its_end(world: World) -> None:
    other = plain(called())
    world.publish(other)
    world.publish(plain(caller(other["key"], "call", policies={"reentry": {"mode": "always"}})))
    for who in ("member:1", "member:2"):
        world.tell("contact.scanned", {"channel": "c"}, who=who)
        world.route()
        world.take()
        world.route()
        world.take(the(world, "called"))
    first, second = sorted({run.member_id for run in world.runs()})
    with world.database.begin() as session:
        merge(session, first, second, keys=world.keys, now=world.clock.now())
    world.pass_time(timedelta(days=4))
    for run in [*of(world, "called"), *of(world, "caller")]:
        if run.ended_at is None:
            world.take(world.the(run))
    assert sorted(str(run.outcome) for run in world.runs()) == ["gone", "merged", "over", "over"]
