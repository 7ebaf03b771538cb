"""Runs in flight go over to a later version, as a job on real rows: exactly those that the plan named, each once.

What becomes of one run is tested in tests/engine/journeys/test_migration.py.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.funnel.versions import by_version
from engine.jobs.errors import JobStateError
from engine.jobs.store import errors_of
from engine.members.merge import merge
from engine.migrating.asked import InFlightError
from engine.runs.models import Run
from engine.runs.view import read_run
from engine.secrets.keyring import KeyRing
from tests.workflows.crossing import Crossing, settle
from tests.workflows.world import World, failure, journey
from workflows.position import Position


@pytest.fixture
def world(database: Database, clock: FixedClock, keys: KeyRing) -> World:
    return World(database, clock, keys)


@pytest.fixture
def crossing(world: World) -> Crossing:
    return Crossing(settle(world))


def scanned(world: World, *names: str) -> list[Run]:
    """People at `wait_add`."""
    for name in names:
        world.tell("contact.scanned", {"channel": "c"}, who=name)
    world.route()
    new = [run for run in world.runs() if run.turn == 0 and run.status != "holdout"]
    for run in new:
        world.take(run)
    return [world.the(run) for run in new]


def added(world: World, runs: Sequence[Run], names: Sequence[str]) -> None:
    """They are at `welcome`, which calls somebody outside."""
    for name in names:
        world.tell("contact.added", {"associate": "a"}, who=name)
    world.again()
    for run in runs:
        world.take(world.the(run))


def greeted(world: World, runs: Sequence[Run]) -> None:
    """The calls have been made: they are at `wait_join`."""
    world.settle()
    for run in runs:
        world.take(world.the(run))


def joined(world: World, runs: Sequence[Run], names: Sequence[str]) -> None:
    """They have a coupon and are at `wait_redeem`, or are stuck at `coupon`."""
    for name in names:
        world.tell("group.joined", who=name)
    world.again()
    for run in runs:
        world.take(world.the(run))


def people(prefix: str, count: int) -> list[str]:
    return [f"member:{prefix}{n}" for n in range(count)]


def changed(world: World) -> dict[str, Any]:
    """The journey with a node deleted, one inserted, one re-purposed, and a new order of nodes."""
    document = copy.deepcopy(world.document)
    nodes = document["nodes"]
    group = nodes.pop("wait_join")
    nodes["wait_group"] = {
        **group,
        "for": [{"on": "group.joined", "port": "joined"}, {"on": "custom.b", "port": "said"}],
    }
    nodes["wait_group"]["ports"] = {"joined": "note", "said": "note", "timeout": "not_joined"}
    nodes["note"] = {
        "type": "activity",
        "activity": "test.nudge",
        "params": {"say": "hello"},
        "ports": {"done": "coupon"},
    }
    nodes["welcome"]["ports"] = {"done": "wait_group", "expired": "wait_group"}
    nodes["wait_redeem"] = {
        "type": "wait", "stage": "coupon", "timeout": "P10D",
        "for": [{"on": "coupon.claimed", "port": "claimed"}], "ports": {"claimed": "gift", "timeout": "expired"},
    }  # fmt: skip
    nodes["gift"] = {**nodes["coupon"], "stage": None, "ports": {"done": "expired", "sold_out": "no_stock"}}
    del nodes["gift"]["stage"]
    return document


MAP = {"wait_join": "wait_group", "wait_redeem": "wait_redeem", "coupon": "gift"}


PARTS = ("scan", "call", "wait", "coupon", "stuck", "pause")


def spread(world: World, each: int) -> dict[str, list[Run]]:
    """Runs at every node where one can rest."""
    # With ten failures among a hundred the journey would pause itself.
    names = {part: people(part, 8 if part == "stuck" else each) for part in PARTS}
    found = {part: scanned(world, *who) for part, who in names.items()}
    for part in ("wait", "coupon", "stuck", "pause"):
        added(world, found[part], names[part])
        greeted(world, found[part])
    added(world, found["call"], names["call"])
    joined(world, found["coupon"], names["coupon"])
    world.stage.give = [failure(final=True) for _ in names["stuck"]]
    joined(world, found["stuck"], names["stuck"])
    for run in found["pause"]:
        world.pause(run)
    return found


def test_five_hundred_people_go_where_the_plan_says_and_nothing_is_repeated(
    crossing: Crossing, world: World, clock: FixedClock
) -> None:
    found = spread(world, 100)
    before = {run.id: run for run in world.runs()}
    assert len(before) == 508
    document = changed(world)
    plan = crossing.plan(document, MAP)
    assert plan.faults == []
    assert (plan.runs, plan.busy) == (508, 100)
    named = {(group.version, group.node): group.move.target for group in plan.groups if group.move}
    given = list(world.stage.given)
    job = crossing.publish(document, MAP)
    assert crossing.look(job).total == 508
    waiting = crossing.work(job)
    busy = {run.id for run in found["call"]}
    for run in world.runs():
        if run.id in busy:
            assert (run.version, run.node) == (1, "welcome")
        else:
            assert (run.version, run.node) == (2, named[1, before[run.id].node])
    assert (waiting.state, waiting.done) == ("running", 408)
    assert "100 runs" in (crossing.look(job).reason or {})["en"]
    greeted(world, found["call"])
    crossing.wait()
    done = crossing.work(job)
    assert (done.state, done.done, done.failed) == ("done", 508, 0)
    assert {run.version for run in world.runs()} == {2}
    for run in found["pause"]:
        world.resume(run)
    _play_on(world, clock)
    assert all(run.ended_at for run in world.runs())
    _assert_nothing_is_repeated(world, found, given)


def _assert_nothing_is_repeated(world: World, found: Mapping[str, Sequence[Run]], before: Sequence[str]) -> None:
    """Who had the coupon gets no gift in its place; who was stuck tries again under the key that was tried."""
    keys = Counter(world.stage.given)
    tried = {f"{run.id}/coupon/1" for run in found["stuck"]}
    assert {key for key, times in keys.items() if times > 1} == tried
    assert set(before) <= keys.keys()
    gifts = Counter(int(key.split("/")[0]) for key in keys if "/note/" not in key)
    had = {run.id for part in ("coupon", "stuck") for run in found[part]}
    assert {run for run, times in gifts.items() if times == 1} == had


def _play_on(world: World, clock: FixedClock) -> None:
    """Time passes until everybody has come to an end; everybody gets what they wait for."""
    for run in world.live():
        if run.turn:
            world.take(world.the(run))
    for part in PARTS:
        for kind, data in (
            ("contact.added", {"associate": "a"}),
            ("group.joined", {}),
            ("coupon.claimed", {"batch": "b", "code": "c"}),
        ):
            for name in people(part, 100):
                world.tell(kind, data, who=name)
    world.again()
    for _ in range(4):
        world.settle()
        for run in world.live():
            world.take(world.the(run))
    clock.advance(timedelta(days=50))
    for run in world.live():
        world.take(world.the(run))


def test_nobody_is_taken_over_without_a_place_for_the_nodes_that_they_may_come_to(
    crossing: Crossing, world: World
) -> None:
    scanned(world, "member:1")
    with pytest.raises(InFlightError) as refused:
        crossing.publish(changed(world))
    assert [fault.pointer for fault in refused.value.faults] == [
        "/in_flight/migrate/wait_join",
        "/in_flight/migrate/wait_redeem",
    ]
    assert "Say where they go" in refused.value.faults[0].message["en"]


def test_the_plan_tells_what_a_map_needs_and_suggests_it(crossing: Crossing, world: World) -> None:
    scanned(world, "member:1", "member:2")
    plan = crossing.plan(changed(world))
    assert [(group.node, group.runs, group.move) for group in plan.groups] == [("wait_add", 2, None)]
    assert [(need.node, need.fate, need.suggested) for need in plan.needs] == [
        ("wait_join", "removed", "wait_group"),
        ("wait_redeem", "repurposed", "expired"),
    ]


def test_texts_that_would_find_nothing_are_counted_exactly(crossing: Crossing, world: World) -> None:
    names = people("x", 3)
    runs = scanned(world, *names)
    added(world, runs[:1], names[:1])
    greeted(world, runs[:1])
    document = copy.deepcopy(world.document)
    say = {"say": "{{vars.added.associate}} and {{vars.late.code}}"}
    document["nodes"]["last"] = {
        "type": "activity",
        "activity": "test.nudge",
        "params": say,
        "ports": {"done": "expired"},
    }
    document["nodes"]["wait_redeem"]["ports"] = {"done": "last"}
    document["entry"].append({"on": "group.joined", "save": "late"})
    document["fields"] = {"event.code": {"type": "text"}, "event.associate": {"type": "text"}}
    plan = crossing.plan(document, {})
    told = {(group.node, lack.name): lack.runs for group in plan.groups for lack in group.lacks}
    assert told == {("wait_add", "late"): 2, ("wait_join", "late"): 1}


def test_a_share_goes_first_and_the_rest_when_somebody_lets_it(crossing: Crossing, world: World) -> None:
    scanned(world, *people("x", 40))
    job = crossing.publish(changed(world), MAP, canary_bp=2500)
    held = crossing.work(job)
    moved = [run.id for run in world.runs() if run.version == 2]
    assert held.state == "stopped"
    assert 0 < len(moved) < 40
    assert (held.done, f"{40 - len(moved)} are still" in (held.reason or {})["en"]) == (len(moved), True)
    crossing.go_on(job)
    assert crossing.work(job).done == 40
    assert {run.version for run in world.runs()} == {2}


def test_whoever_is_of_the_share_does_not_depend_on_pages(crossing: Crossing, world: World, clock: FixedClock) -> None:
    scanned(world, *people("x", 40))
    document = changed(world)
    job = crossing.publish(document, MAP, canary_bp=5000)
    crossing.work(job)
    first = {run.id for run in world.runs() if run.version == 2}
    with world.database.begin() as session:
        session.execute(text("UPDATE runs SET version = 1 WHERE version = 2"))
        session.execute(text("UPDATE jobs SET cursor = '{}', state = 'running', ended_at = NULL"))
    crossing.work(job)
    assert {run.id for run in world.runs() if run.version == 2} == first


def test_a_job_that_is_stopped_moves_nobody_more_until_it_is_continued(crossing: Crossing, world: World) -> None:
    scanned(world, *people("x", 5))
    job = crossing.publish(changed(world), MAP)
    crossing.stop(job)
    crossing.work(job)
    assert {run.version for run in world.runs()} == {1}
    crossing.go_on(job)
    assert crossing.work(job).state == "done"
    with pytest.raises(JobStateError):
        crossing.stop(job)


def test_who_enters_meanwhile_enters_the_new_version_and_is_left_alone(crossing: Crossing, world: World) -> None:
    [before] = scanned(world, "member:1")
    job = crossing.publish(changed(world), MAP)
    [after] = scanned(world, "member:2")
    assert crossing.work(job).done == 1
    assert ("migrated", "wait_add") in crossing.lines(before)
    assert crossing.lines(after) == [("entered", "wait_add")]


def test_the_timeline_tells_who_moved_a_run_from_where_to_where(crossing: Crossing, world: World) -> None:
    [run] = scanned(world, "member:1")
    added(world, [run], ["member:1"])
    greeted(world, [run])
    crossing.work(crossing.publish(changed(world), MAP))
    with world.database.begin() as session:
        view = read_run(session, world.keys, run.id)
    assert view is not None
    [line] = [item for item in view.timeline if item.kind == "migrated"]
    assert (line.node, line.detail) == (
        "wait_group", {"from": 1, "to": 2, "rule": "mapped", "by": "user:op", "was": "wait_join"},
    )  # fmt: skip
    assert view.item.version == 2


def test_a_wait_that_starts_anew_gets_its_deadline_from_the_next_turn(
    crossing: Crossing, world: World, clock: FixedClock
) -> None:
    [run] = scanned(world, "member:1")
    document = copy.deepcopy(world.document)
    document["nodes"]["wait_add"]["timeout"] = "PT5M"
    crossing.work(crossing.publish(document))
    moved = world.the(run)
    assert (moved.status, moved.wake_at) == ("running", clock.now())
    answer = world.take(moved)
    assert answer.wake_at == clock.now() + timedelta(minutes=5)


def test_a_stuck_run_is_settled_where_the_map_leads_it_elsewhere(crossing: Crossing, world: World) -> None:
    world.stage.give = [failure(final=True)]
    [run] = scanned(world, "member:1")
    added(world, [run], ["member:1"])
    greeted(world, [run])
    joined(world, [run], ["member:1"])
    assert world.the(run).status == "stuck"
    document = changed(world)
    document["nodes"]["present"] = document["nodes"].pop("coupon")
    document["nodes"]["note"]["ports"] = {"done": "present"}
    crossing.work(crossing.publish(document, {**MAP, "coupon": "present"}))
    world.take(world.the(run))
    assert world.the(run).node == "wait_redeem"
    # The effect stands at the new node now, and the world outside knows it by the key that it had.
    assert world.stage.given == [f"{run.id}/coupon/1"] * 2
    assert [(row.node, row.state, row.known_as) for row in world.effects() if row.type == "test.give"] == [
        ("present", "settled", f"{run.id}/coupon/1")
    ]


def test_a_remote_effect_that_is_tried_again_at_another_node_keeps_its_key(crossing: Crossing, world: World) -> None:
    [run] = scanned(world, "member:1")
    added(world, [run], ["member:1"])
    world.fail_all()
    world.take(world.the(run))
    document = copy.deepcopy(world.document)
    document["nodes"]["hello"] = document["nodes"].pop("welcome")
    document["nodes"]["wait_add"]["ports"]["added"] = "hello"
    document["entry"][1]["start"] = "hello"
    crossing.work(crossing.publish(document, {"welcome": "hello"}))
    answer = world.take(world.the(run))
    assert answer.effect == f"{run.id}/hello/1"
    [row] = world.effects()
    assert (row.state, row.known_as) == ("asked", f"{run.id}/welcome/1")


def test_holdouts_go_over_and_their_figures_with_them(database: Database, clock: FixedClock, keys: KeyRing) -> None:
    world = World(database, clock, keys)
    world.publish(journey(policies={"holdout": {"share_bp": 10000}, "max_age": "P45D"}))
    crossing = Crossing(world)
    world.tell("contact.scanned", {"channel": "c"})
    world.route()
    crossing.work(crossing.publish(changed(world), MAP))
    [run] = world.runs()
    assert (run.version, run.status) == (2, "holdout")
    with database.begin() as session:
        counted = session.execute(
            text("SELECT version, sum(times) FROM funnel_deltas WHERE kind = 'holdout' GROUP BY 1 ORDER BY 1")
        )
        assert [tuple(row) for row in counted] == [(1, 0), (2, 1)]


def test_the_funnel_of_a_version_tells_of_whoever_is_in_it(crossing: Crossing, world: World) -> None:
    names = people("x", 4)
    runs = scanned(world, *names)
    added(world, runs[:2], names[:2])
    greeted(world, runs[:2])
    crossing.work(crossing.publish(changed(world), MAP))
    with world.database.begin() as session:
        counted = session.execute(
            text("SELECT version, name, sum(times) FROM funnel_deltas WHERE kind = 'stage' GROUP BY 1, 2 ORDER BY 1, 2")
        )
        assert [tuple(row) for row in counted] == [
            (1, "added", 0), (1, "scanned", 0), (2, "added", 2), (2, "scanned", 4),
        ]  # fmt: skip


def test_the_figures_of_versions_tell_where_everybody_is_and_how_they_ended(crossing: Crossing, world: World) -> None:
    names = people("x", 4)
    runs = scanned(world, *names)
    crossing.work(crossing.publish(changed(world), MAP))
    scanned(world, "member:late")
    world.order("exit", runs[0], outcome="gone")
    world.take(world.the(runs[0]))
    with world.database.begin() as session:
        figures = by_version(session, str(world.document["key"]))
    assert {version: (each.entered, each.live, dict(each.outcomes)) for version, each in figures.items()} == {
        2: (5, 4, {"gone": 1})
    }


def test_who_is_busy_at_first_and_then_has_no_place_is_told(crossing: Crossing, world: World) -> None:
    names = people("busy", 2)
    runs = scanned(world, *names)
    added(world, runs, names)
    job = crossing.publish(changed(world), MAP)
    with world.database.begin() as session:
        session.execute(text("UPDATE jobs SET args = jsonb_set(args, '{migrate}', '{}')"))
    assert crossing.work(job).failed == 0
    greeted(world, runs)
    for _ in range(2):
        crossing.wait()
        crossing.work(job)
    done = crossing.look(job)
    assert (done.state, done.done, done.failed) == ("done", 0, 2)
    assert {run.version for run in world.runs()} == {1}
    with world.database.begin() as session:
        assert {each.subject for each in errors_of(session, job)} == {str(run.id) for run in runs}


def test_a_later_migration_takes_over_from_an_earlier_one(crossing: Crossing, world: World) -> None:
    scanned(world, *people("x", 3))
    first = crossing.publish(changed(world), MAP)
    document = copy.deepcopy(world.document)
    document["nodes"]["wait_add"]["timeout"] = "PT10M"
    second = crossing.publish(document, {**MAP, "wait_redeem": "wait_redeem"})
    assert crossing.work(first).state == "done"
    assert {run.version for run in world.runs()} == {1}
    assert crossing.work(second).done == 3
    assert {run.version for run in world.runs()} == {3}


def test_a_map_back_takes_everybody_back(crossing: Crossing, world: World) -> None:
    [run] = scanned(world, "member:1")
    added(world, [run], ["member:1"])
    greeted(world, [run])
    original = copy.deepcopy(world.document)
    crossing.work(crossing.publish(changed(world), MAP))
    world.take(world.the(run))
    back = {"wait_group": "wait_join", "wait_redeem": "wait_redeem", "gift": "coupon", "note": "coupon"}
    crossing.work(crossing.publish(original, back))
    assert (world.the(run).version, world.the(run).node) == (3, "wait_join")
    joined(world, [run], ["member:1"])
    assert world.the(run).node == "wait_redeem"


def test_a_merge_between_two_pages_leaves_nobody_behind(crossing: Crossing, world: World) -> None:
    runs = scanned(world, "member:1", "member:2")
    job = crossing.publish(changed(world), MAP, canary_bp=1)
    crossing.work(job)
    with world.database.begin() as session:
        merge(session, *(run.member_id for run in runs), keys=world.keys, now=world.clock.now())
    crossing.go_on(job)
    assert crossing.work(job).state == "done"
    assert {run.version for run in world.live()} == {2}


def test_a_turn_that_is_asked_for_again_gets_its_stored_answer_after_a_migration(
    crossing: Crossing, world: World
) -> None:
    [run] = scanned(world, "member:1")
    crossing.work(crossing.publish(changed(world), MAP))
    again = world.turns.take(Position(run.id, 1))
    assert (again.next, again.stale) == (2, True)
    assert crossing.lines(run) == [("entered", "wait_add"), ("migrated", "wait_add")]
