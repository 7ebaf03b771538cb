"""What need not be kept goes, in small steps; what a live run, re-entry or the funnel still needs stays."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.events.heard import hear
from engine.retention.keep import Keep
from engine.retention.rows import DERIVED_FROM
from engine.secrets.keyring import KeyRing
from tests.workflows.world import World, journey, only
from workflows.retention import Retention
from workflows.router import Chore

DAY = timedelta(days=1)
KEEP = Keep()


@pytest.fixture
def world(database: Database, clock: FixedClock, keys: KeyRing) -> World:
    return World(database, clock, keys)


async def trim(world: World, *names: str, at_once: int = 2) -> None:
    """Do these chores, or all; two rows at a time, so that each has to come again."""
    chores = Retention(world.database, world.clock, KEEP, at_once).all()
    for chore in chores:
        if not names or chore.name in names:
            await chore.do()


def count(world: World, table: str, where: str = "true") -> int:
    with world.database.begin() as session:
        return int(session.connection().execute(text(f"SELECT count(*) FROM {table} WHERE {where}")).scalar_one())  # noqa: S608


def change(world: World, statement: str, **given: Any) -> None:
    with world.database.begin() as session:
        session.connection().execute(text(statement), given)


def walk_through(world: World, who: str = "member:1") -> None:
    """A run from its entry to its end, in three turns with a local effect."""
    world.tell("contact.scanned", {"channel": "c"}, who=who)
    world.route()
    run = world.runs()[-1]
    while not world.take(run).done:
        run = world.runs()[-1]


@pytest.fixture
def given(world: World) -> World:
    """A journey that gives something and ends."""
    world.publish(only("test.give", {"what": "coupon"}) | {"policies": {"reentry": {"mode": "always"}}})
    return world


async def test_the_details_of_a_run_go_when_their_time_is_over_and_the_run_stays(
    given: World, clock: FixedClock
) -> None:
    for _ in range(5):
        walk_through(given)
    clock.advance(KEEP.run_details - DAY)
    await trim(given)
    assert (count(given, "turns"), count(given, "effects")) == (5, 5)
    clock.advance(2 * DAY)
    await trim(given)
    assert [count(given, table) for table in ("turns", "effects", "deliveries", "run_commands")] == [0, 0, 0, 0]
    assert (count(given, "runs", "trimmed = 1"), count(given, "runs", "outcome = 'over'")) == (5, 5)


async def test_a_live_run_keeps_everything_however_old_it_is(world: World, clock: FixedClock) -> None:
    world.publish(journey(policies={"reentry": {"mode": "after_exit"}}))
    world.tell("contact.scanned", {"channel": "c"})
    world.route()
    world.take()
    before = [count(world, table) for table in ("runs", "turns", "deliveries", "run_stages", "events")]
    change(world, "UPDATE deliveries SET state = 'kept'")
    clock.advance(KEEP.events * 10)
    await trim(world)
    assert [count(world, table) for table in ("runs", "turns", "deliveries", "run_stages")] == before[:-1]


async def test_events_that_a_live_run_began_with_or_holds_stay_and_others_of_the_same_member_go(
    world: World, clock: FixedClock
) -> None:
    world.publish(journey(policies={"reentry": {"mode": "after_exit"}}))
    world.tell("contact.scanned", {"channel": "c"})
    world.route()
    world.take()
    world.tell("custom.stamp")
    world.tell("custom.other")
    world.tell("coupon.redeemed", {"batch": "b", "code": "c"}, who="member:2")
    world.route()
    change(world, "INSERT INTO deliveries (run_id, seq, state, at) SELECT 1, seq, 'kept', now() FROM events"
                  " WHERE type = 'custom.stamp'")  # fmt: skip
    clock.advance(KEEP.events + DAY)
    await trim(world, "trim events")
    assert count(world, "events") == 2
    assert count(world, "events", "type IN ('contact.scanned', 'custom.stamp')") == 2


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("contact.added", {"associate": "a"}),
        ("group.joined", {"chat": "g"}),
        ("member.updated", {"nickname": "x"}),
    ],
)
async def test_events_from_which_ledgers_are_derived_stay(
    world: World, clock: FixedClock, kind: str, data: dict[str, Any]
) -> None:
    assert kind in DERIVED_FROM
    for _ in range(3):
        world.tell(kind, data)
        world.tell("custom.stamp")
    world.route()
    clock.advance(KEEP.events + DAY)
    await trim(world, "trim events")
    assert (count(world, "events"), count(world, "events", f"type = '{kind}'")) == (3, 3)


async def test_events_that_nobody_has_routed_stay_and_young_ones_too(world: World, clock: FixedClock) -> None:
    with world.database.begin() as session:
        hear(session, ["custom.stamp"])
    world.tell("custom.stamp", who="member:1")
    clock.advance(KEEP.events + DAY)
    world.tell("custom.stamp", who="member:2")
    change(world, "UPDATE events SET routed_at = now() WHERE seq > 1")
    await trim(world, "trim events")
    assert count(world, "events") == 2


async def test_the_log_is_looked_through_once_and_not_again_from_its_beginning(world: World, clock: FixedClock) -> None:
    for _ in range(4):
        world.tell("member.updated", {"nickname": "x"})
    world.route()
    clock.advance(KEEP.events + DAY)
    await trim(world, "trim events")
    with world.database.begin() as session:
        upto = session.connection().execute(text("SELECT upto FROM trims WHERE of = 'events'")).scalar()
        last = session.connection().execute(text("SELECT max(seq) FROM events")).scalar()
    assert upto == last


async def test_of_ended_runs_the_first_and_the_last_of_a_member_stay(given: World, clock: FixedClock) -> None:
    for who in ("member:1", "member:2"):
        for _ in range(4):
            walk_through(given, who)
            clock.advance(DAY)
    clock.advance(KEEP.runs + DAY)
    await trim(given)
    with given.database.begin() as session:
        left = session.connection().execute(text("SELECT member_id, n, trimmed FROM runs ORDER BY 1, 2")).all()
    stages = count(given, "run_stages")
    assert [tuple(row) for row in left] == [(1, 4, 2), (2, 4, 2)]
    assert stages == count(given, "run_stages", "run_id IN (SELECT id FROM runs)")


async def test_a_run_that_was_the_first_of_its_member_at_a_stage_stays(world: World, clock: FixedClock) -> None:
    document = only("test.give", {"what": "coupon"}) | {"policies": {"reentry": {"mode": "always"}}}
    document["nodes"]["act"]["stage"] = "given"
    world.publish(document)
    for _ in range(4):
        walk_through(world)
        clock.advance(DAY)
    clock.advance(KEEP.runs + DAY)
    await trim(world)
    with world.database.begin() as session:
        assert session.connection().execute(text("SELECT n FROM runs ORDER BY n")).scalars().all() == [1, 4]


@pytest.mark.parametrize("policy", [{"mode": "once"}, {"mode": "always", "cooldown": "P5000D"}])
async def test_re_entry_is_refused_as_before(world: World, clock: FixedClock, policy: dict[str, str]) -> None:
    world.publish(only("test.give", {"what": "coupon"}) | {"policies": {"reentry": policy}})
    walk_through(world)
    clock.advance(KEEP.runs + DAY)
    await trim(world)
    world.tell("contact.scanned", {"channel": "c"})
    world.route()
    assert len(world.runs()) == 1


async def test_a_run_after_all_was_trimmed_has_a_number_of_its_own(given: World, clock: FixedClock) -> None:
    for _ in range(3):
        walk_through(given)
        clock.advance(DAY)
    clock.advance(KEEP.runs + DAY)
    await trim(given)
    walk_through(given)
    assert sorted(run.n for run in given.runs()) == [3, 4]


async def test_the_funnel_is_the_same_before_and_after(world: World, clock: FixedClock) -> None:
    document = only("test.give", {"what": "coupon"}) | {"policies": {"reentry": {"mode": "always"}}}
    document["nodes"]["act"]["stage"] = "given"
    world.publish(document)
    for who in ("member:1", "member:1", "member:2"):
        walk_through(world, who)
        clock.advance(DAY)
    clock.advance(KEEP.runs + DAY)
    await trim(world)
    for who in ("member:1", "member:3"):
        walk_through(world, who)
    with world.database.begin() as session:
        sums = "SELECT sum(times), sum(firsts & 1) FROM funnel_deltas WHERE kind = 'stage' AND name = 'given'"
        assert tuple(session.connection().execute(text(sums)).one()) == (5, 3), "five times, three people"


async def test_the_audit_forgets_what_is_very_old_and_nothing_younger_than_a_year(
    world: World, clock: FixedClock
) -> None:
    for days in (1, 400, 5000):
        change(world, "INSERT INTO audit (at, actor, action, object) VALUES (now() - make_interval(days => :days),"
                      " 'a', 'b', 'c')", days=days)  # fmt: skip
    clock.moment = world.clock.now()
    far = Keep(audit=timedelta(days=-100_000))
    [chore] = [one for one in Retention(world.database, clock, far, 2).all() if one.name == "trim audit"]
    await chore.do()
    assert count(world, "audit") == 1


async def test_the_application_cannot_delete_from_the_audit_by_itself(world: World) -> None:
    with pytest.raises(Exception, match="permission denied"):
        change(world, "DELETE FROM audit")


async def test_decisions_go_when_they_are_old_and_no_sooner(world: World, clock: FixedClock) -> None:
    for days in (500, 450, 401, 399, 1):
        change(world, "INSERT INTO decisions (at, by, ruleset, hash, now, zone, reason, rows, missing, facts_enc)"
                      " VALUES (CAST(:now AS timestamptz) - make_interval(days => :days), 'key:a', 'zones', 'h', now(),"
                      " 'UTC', 'otherwise', '[]', '[]', '')", now=clock.now(), days=days)  # fmt: skip
    [chore] = [one for one in Retention(world.database, clock, at_once=2).all() if one.name == "trim decisions"]
    await chore.do()
    assert count(world, "decisions") == 2


A_SESSION = """
INSERT INTO user_sessions (digest, user_id, created_at, seen_at, expires_at)
SELECT CAST(:digest AS bytea), id, :at, :at, :at FROM users"""
A_CELL = """
INSERT INTO funnel_sums SELECT 'j', 1, :day, 0, 0, 0, 'stage', 's', 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, '{}'"""


async def test_sessions_sign_ins_and_old_days_of_the_funnel_go(world: World, clock: FixedClock) -> None:
    now = clock.now()
    change(world, "INSERT INTO users (name, title, password_hash, role, language, active, created_at)"
                  " VALUES ('u', 'u', 'x', 'admin', 'zh', true, :now)", now=now)  # fmt: skip
    for number, hours in enumerate((-30, -2, 2)):
        given = {"digest": f"{number}", "at": now + timedelta(hours=hours)}
        change(world, A_SESSION, **given)
        change(world, "INSERT INTO login_attempts (digest, at) VALUES (CAST(:digest AS bytea), :at)", **given)
    for days in (1, 4000, 4001):
        change(world, A_CELL, day=(now - timedelta(days=days)).date())
    await trim(world, at_once=1)
    assert (count(world, "user_sessions"), count(world, "login_attempts"), count(world, "funnel_sums")) == (1, 2, 1)


async def test_two_routers_trim_side_by_side(given: World, clock: FixedClock) -> None:
    for _ in range(6):
        walk_through(given)
    clock.advance(KEEP.runs + DAY)
    await asyncio.gather(trim(given), trim(given))
    assert count(given, "runs") == 1
    assert isinstance(Retention(given.database, clock).all()[0], Chore)
