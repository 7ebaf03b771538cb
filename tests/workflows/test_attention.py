"""What people are told of: runs that are stuck, conditions that err, a journey that pauses itself, refused entries."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from engine.alerts.fold import fold
from engine.alerts.store import list_alerts
from engine.clock import FixedClock
from engine.database.connection import Database
from engine.funnel.lift import Lift, read_lift
from engine.funnel.query import Funnel, read_funnel
from engine.secrets.keyring import KeyRing
from tests.workflows.world import World, failure, journey, only


@pytest.fixture
def world(database: Database, clock: FixedClock, keys: KeyRing) -> World:
    return World(database, clock, keys)


def alerts(world: World) -> list[tuple[str, str, int, str]]:
    """Kind, subject, how often, and whether it is open."""
    with world.database.begin() as session:
        fold(session)
    with world.database.begin() as session:
        return sorted((each.kind, each.subject, each.count, each.state) for each in list_alerts(session))


def scan(world: World, who: str = "member:1") -> None:
    world.pass_time()
    world.tell("contact.scanned", {"channel": "c"}, who=who)
    world.again()


def read(world: World) -> Funnel:
    with world.database.begin() as session:
        return read_funnel(session, str(world.document["key"]), [])


def test_a_run_that_gets_stuck_is_told_of_and_what_helps_it_settles_that(world: World) -> None:
    world.stage.give = [failure(final=True), failure(final=True)]
    world.publish(only("test.give", {"what": "x"}))
    scan(world)
    world.take()
    subject = f"run/{world.run().id}"
    assert alerts(world) == [("run-stuck", subject, 1, "open")]
    world.order("retry")
    world.take()
    assert alerts(world) == [("run-stuck", subject, 2, "open")]
    world.order("retry")
    world.take()
    assert alerts(world) == [("run-stuck", subject, 2, "acknowledged")]


def test_a_run_that_gets_stuck_and_ends_in_one_turn_waits_for_nobody(world: World) -> None:
    world.stage.give = [failure(final=True)]
    world.publish(only("test.give", {"what": "x"}))
    scan(world)
    world.tell("coupon.redeemed", {"batch": "b", "code": "c"})
    world.take()
    assert (world.run().outcome, alerts(world)) == ("goal", [])


ERRS = {">": [{"*": [{"var": "event.n"}, 9007199254740991]}, 1]}
FIELDS = {"event.n": {"type": "integer", "optional": True}}


def erring(**parts: Any) -> dict[str, Any]:
    return {**journey(fields=FIELDS), **parts}


def test_an_entry_condition_that_errs_is_told_of_once_for_each_event(world: World) -> None:
    document = erring(entry=[{"on": "custom.a", "when": ERRS}])
    world.publish(document)
    world.tell("custom.a", {"n": 2})
    world.route()
    assert world.runs() == []
    assert alerts(world) == [("condition-error", f"journey/{document['key']}", 1, "open")]


def test_a_condition_that_errs_in_a_run_is_told_of_with_its_node(world: World) -> None:
    document = erring(entry=[{"on": "contact.scanned"}])
    document["nodes"]["wait_add"]["for"] = [{"on": "custom.a", "when": ERRS, "port": "added"}]
    world.publish(document)
    scan(world)
    world.take()
    world.tell("custom.a", {"n": 2})
    world.take()
    assert alerts(world) == [("condition-error", f"journey/{document['key']}/wait_add", 1, "open")]
    with world.database.begin() as session:
        [told] = list_alerts(session)
    assert set(told.detail) == {"condition", "run"}


def test_a_journey_that_pauses_itself_says_so_and_resuming_it_settles_that(world: World) -> None:
    document = only("test.give", {"what": "x"})
    world.publish(document)
    for number in range(100):
        scan(world, f"member:{number}")
        world.stage.give = [failure(final=True)] if number >= 90 else []
        world.take()
    assert ("journey-paused-itself", f"journey/{document['key']}", 1, "open") in alerts(world)
    assert len(world.pauses()) == 1
    world.resume()
    assert ("journey-paused-itself", f"journey/{document['key']}", 1, "acknowledged") in alerts(world)


def test_entries_that_a_pause_refuses_are_counted_and_no_others(world: World) -> None:
    world.publish(journey(entry=[{"on": "contact.scanned"}, {"on": "custom.a", "when": {"==": [1, 2]}}]))
    scan(world, "member:inside")
    world.take()
    world.pause()
    scan(world, "member:outside")
    scan(world, "member:inside")
    world.tell("custom.a", {}, who="member:other")
    world.again()
    assert (len(world.runs()), read(world).refused) == (1, {"paused": 1})
    world.resume()
    scan(world, "member:outside")
    assert (len(world.runs()), read(world).refused) == (2, {"paused": 1})


def test_an_event_that_waits_for_another_journey_is_refused_and_counted_once(world: World) -> None:
    waits = journey(key="a-waits", entry=[{"on": "contact.scanned"}])
    world.publish(waits)
    scan(world)
    world.take()
    paused = journey(key="b-paused", entry=[{"on": "contact.scanned"}])
    world.publish(paused)
    world.pause()
    world.tell("coupon.redeemed", {"batch": "b", "code": "c"})
    world.tell("contact.scanned", {"channel": "c"})
    for _ in range(3):
        assert world.again()[0].waits
    world.take(world.runs()[0])
    world.again()
    assert read(world).refused == {"paused": 1}


HOLDOUT = {"reentry": {"mode": "once"}, "holdout": {"share_bp": 5000, "salt": "s"}, "max_age": "P45D"}


def test_a_redemption_by_the_holdout_is_counted_against_those_who_went_through(world: World) -> None:
    world.publish(journey(policies=HOLDOUT))
    for number in range(12):
        scan(world, f"member:{number}")
    held = [run for run in world.runs() if run.status == "holdout"]
    went = [run for run in world.runs() if run.status != "holdout"]
    assert held
    assert went
    names = {run.member_id: who for run, who in zip(world.runs(), (f"member:{n}" for n in range(12)), strict=True)}
    for run in [held[0], went[0], went[1]]:
        world.tell("coupon.redeemed", {"batch": "b", "code": "c"}, who=names[run.member_id])
    world.again()
    for run in world.live():
        if run.status != "holdout":
            world.take(run)
    with world.database.begin() as session:
        lift = read_lift(session, str(world.document["key"]), read_funnel(session, str(world.document["key"]), []))
    share, left_alone = round(2 / len(went), 6), round(1 / len(held), 6)
    assert lift == Lift(len(went), 2, share, len(held), 1, left_alone, round(share - left_alone, 6))
    assert world.effects() == []
    with world.database.begin() as session:
        assert (
            session.execute(text("SELECT count(*) FROM deliveries WHERE run_id = :run"), {"run": held[0].id}).scalar()
            == 0
        )


def test_without_a_holdout_there_is_no_lift(world: World) -> None:
    world.publish()
    scan(world)
    with world.database.begin() as session:
        key = str(world.document["key"])
        assert read_lift(session, key, read_funnel(session, key, [])) is None
