"""A draft is tried over recorded events: who would have entered, what would have followed, who would be treated so."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.decisions.asking import Asker, Question, ask, subject_of
from engine.decisions.rulesets import Rulesets
from engine.definitions.context import context_of
from engine.definitions.errors import NotPublishableError
from engine.definitions.plans import Plans
from engine.jobs import store
from engine.jobs.errors import GivenUpError
from engine.jobs.models import Job
from engine.runs.models import Run
from engine.secrets.keyring import KeyRing
from engine.trying import backtests
from engine.trying.backtests import Asked, BacktestError
from engine.trying.result import result_of
from tests.engine.rulesets.zones import publish_ruleset, zones
from tests.workflows.chain import open_store
from tests.workflows.world import Stage, World, journey
from workflows.activities.registry import catalogue_of, load_activities

DAY = timedelta(days=1)


@pytest.fixture
def world(database: Database, clock: FixedClock, keys: KeyRing) -> World:
    world = World(database, clock, keys, activities={**Stage().registered(), **load_activities()})
    with database.begin() as session:
        open_store(session, stock=1, now=clock.now())
    return world


def live(world: World) -> None:
    """Route and decide all that is to be decided now."""
    woken = {call.run_id for routed in world.route() for call in (*routed.started, *routed.woken)}
    for number in [run.id for run in world.runs()]:
        while is_due(run := next(each for each in world.runs() if each.id == number), world.clock.now(), woken):
            woken.discard(number)
            if world.take(run).effect:
                world.settle()


def is_due(run: Run, now: datetime, woken: set[int]) -> bool:
    due = run.id in woken or run.status == "running" or bool(run.wake_at and run.wake_at <= now)
    return run.ended_at is None and due


def play(world: World, clock: FixedClock) -> None:
    """Three members: one goes all the way, one waits to be added, one is added and leaves."""
    for number, deeds in enumerate(
        [
            [(0, "contact.scanned"), (2, "contact.added"), (9, "group.joined")],
            [(1, "contact.scanned")],
            [(3, "contact.added"), (5, "contact.lost")],
        ],
        start=1,
    ):
        for minute, kind in deeds:
            data: dict[str, Any] = {"channel": "pos-1"} if kind == "contact.scanned" else {"associate": "a1"}
            if kind == "group.joined":
                data = {"chat": "wr1"}
            clock.advance(timedelta(minutes=minute))
            world.tell(kind, data, who=f"member:{number}")
            live(world)
    clock.advance(timedelta(hours=1))
    live(world)


def asked(world: World, document: dict[str, Any], **more: Any) -> Job:
    now = world.clock.now()
    what = Asked("journey", document["key"], document, **{"since": now - DAY, "until": now, **more})
    with world.database.begin() as session:
        context = context_of(session, catalogue_of(world.activities), now=now)
        return backtests.ask(session, world.keys, what, context, by="user:t", now=now)


def done(world: World, job: Job, per_page: int | None = 2) -> dict[str, Any]:
    """Do the job page by page; its result."""
    work = backtests.page(world.clock, world.keys, world.plans, per_page=per_page)
    for _ in range(50):
        with world.database.begin() as session:
            found = store.begin(session, job.id, now=world.clock.now())
            if found is None:
                break
            store.advance(session, found, work(session, found), now=world.clock.now())
    with world.database.begin() as session:
        ended = store.find(session, job.id)
        assert ended.state == "done"
        told: dict[str, Any] = result_of(session, ended, catalogue_of(world.activities))
    return told


def test_the_live_version_over_its_own_events_is_what_has_happened(world: World, clock: FixedClock) -> None:
    document = journey()
    world.publish(document)
    play(world, clock)
    runs = world.runs()
    found = done(world, asked(world, document))
    assert (found["entered"], found["was_entered"], found["differs_total"]) == (len(runs), len(runs), 0)
    assert (found["members"], found["events"]) == (3, 6)
    assert {run.outcome for run in runs if run.outcome} == set(found["outcomes"])
    assert found["outcomes"] == {"lost": 1, "not_added": 1}
    assert found["waiting"] == {"wait_redeem": 1}
    assert found["nodes"]["wait_add"] == 2
    effects = {each["activity"]: (each["at_once"], each["later"], each["total"]) for each in found["effects"]}
    assert effects == {"test.call": (1, 1, 2), "test.give": (0, 1, 1)}
    assert len(world.effects()) == 3


def test_who_would_be_treated_otherwise_is_told_with_both_treatments(world: World, clock: FixedClock) -> None:
    document = journey()
    world.publish(document)
    play(world, clock)
    changed = json.loads(json.dumps(document))
    changed["nodes"]["wait_add"]["timeout"] = "PT1M"
    del changed["entry"][1]
    found = done(world, asked(world, changed))
    assert (found["entered"], found["was_entered"], found["differs_total"]) == (2, 3, 2)
    first, third = found["differs"]
    assert (first["was"]["outcome"], first["would"]["outcome"]) == (None, "not_added")
    assert (third["was"]["entered"], third["would"]["entered"]) == (1, 0)
    assert all(each["member"].isdigit() for each in found["differs"])


def test_stores_days_and_the_stock_of_coupons_are_told(world: World, clock: FixedClock) -> None:
    document = journey()
    world.publish(document)
    play(world, clock)
    given = json.loads(json.dumps(document))
    given["nodes"]["coupon"] |= {"activity": "coupon.issue", "params": {"batch": "HOOK-2026"}}
    given["nodes"]["welcome"] |= {"activity": "coupon.issue", "params": {"batch": "HOOK-2026"}}
    given["nodes"]["welcome"]["ports"] = {"done": "wait_join", "sold_out": "wait_join"}
    found = done(world, asked(world, given))
    [coupon] = found["coupons"]
    assert (coupon["batch"], coupon["would"], coupon["left"], coupon["short"]) == ("HOOK-2026", 3, 1, 2)
    [place] = found["by_store"]
    assert (place["store"], place["entered"], place["coupons"], place["messages"]) == ("S1", 3, 3, 0)
    assert place["peak"] == {"day": "2026-01-07", "n": 3}
    assert found["by_day"] == [{"day": "2026-01-07", "entered": 3}]


def test_friends_and_groups_are_those_of_the_moment(world: World, clock: FixedClock) -> None:
    document = journey(entry=[{"on": "contact.scanned", "when": {"==": [{"var": "member.friend"}, False]}}])
    world.publish(document)
    play(world, clock)
    found = done(world, asked(world, document))
    assert found["entered"] == 2, "the first was no friend yet when they scanned"
    friends = journey(entry=[{"on": "group.joined", "when": {"==": [{"var": "member.friend"}, True]}}])
    assert done(world, asked(world, {**friends, "key": document["key"]}))["entered"] == 1


def test_earlier_runs_count_for_re_entry(world: World, clock: FixedClock) -> None:
    document = journey(policies={"reentry": {"mode": "once"}, "max_age": "P45D"})
    world.publish(document)
    play(world, clock)
    clock.advance(2 * DAY)
    world.tell("contact.scanned", {"channel": "pos-1"}, who="member:2")
    world.tell("contact.scanned", {"channel": "pos-1"}, who="member:9")
    clock.advance(timedelta(minutes=1))
    assert done(world, asked(world, document))["entered"] == 1
    always = {**document, "policies": {"reentry": {"mode": "always"}, "max_age": "P45D"}}
    assert done(world, asked(world, always))["entered"] == 2


def test_a_journey_that_was_never_published_differs_from_nothing(world: World, clock: FixedClock) -> None:
    world.publish()
    play(world, clock)
    found = done(world, asked(world, journey(key="brand-new")))
    assert (found["entered"], found["was_entered"], found["differs_total"]) == (3, 0, 0)


class KilledError(Exception):
    """The process is no more."""


def die(now: bool) -> None:
    if now:
        raise KilledError


def test_a_page_that_is_done_twice_counts_once(world: World, clock: FixedClock) -> None:
    document = journey()
    world.publish(document)
    play(world, clock)
    job = asked(world, document)
    work = backtests.page(world.clock, world.keys, world.plans, per_page=1)

    for dies in (False, True, False, True, True):
        try:
            with world.database.begin() as session:
                found = store.begin(session, job.id, now=clock.now())
                assert found is not None
                store.advance(session, found, work(session, found), now=clock.now())
                die(dies)
        except KilledError:
            continue
    assert done(world, job, per_page=1)["entered"] == 3


@pytest.mark.parametrize(("since", "until"), [(timedelta(), -DAY), (DAY, 2 * DAY), (-500 * DAY, timedelta())])
def test_a_time_that_cannot_be_tried_is_refused(world: World, since: timedelta, until: timedelta) -> None:
    now: datetime = world.clock.now()
    with pytest.raises(BacktestError) as refused:
        asked(world, journey(), since=now + since, until=now + until)
    assert refused.value.pointer == "/from"


def test_a_draft_that_cannot_run_is_refused(world: World) -> None:
    broken = journey()
    broken["nodes"]["coupon"]["activity"] = "gone"
    with pytest.raises(NotPublishableError):
        asked(world, broken)


def test_a_draft_that_cannot_run_any_more_is_given_up_with_the_reason(world: World, clock: FixedClock) -> None:
    document = journey()
    world.publish(document)
    play(world, clock)
    job = asked(world, document)
    with world.database.begin() as session:
        found = store.begin(session, job.id, now=clock.now())
        assert found is not None
        with pytest.raises(GivenUpError, match="has changed meanwhile"):
            backtests.page(world.clock, world.keys, Plans({}))(session, found)


def test_that_entries_beyond_the_fiftieth_are_left_out_is_told(world: World, clock: FixedClock) -> None:
    document = journey(policies={"reentry": {"mode": "always"}})
    world.publish(document)
    for number in range(51):
        clock.advance(timedelta(seconds=1))
        world.tell("contact.scanned", {"channel": f"c{number}"})
    clock.advance(timedelta(minutes=1))
    found = done(world, asked(world, document))
    assert found["entered"] == 50
    assert "runs-cut" in found["approximations"]


def test_a_ruleset_is_tried_over_recorded_decisions(world: World, clock: FixedClock) -> None:

    with world.database.begin() as session:
        publish_ruleset(session, zones(), clock.now())
        ruleset = Rulesets().live(session, "zones")
        for tier in ("gold", "silver", None):
            facts: dict[str, Any] = {"member": {"tier": tier}, "event": {"sales_channel": "mini_program"}}
            question = Question(clock.now(), facts=facts)
            about = subject_of(session, world.keys, question)
            ask(session, world.keys, ruleset, [(question, about)], asker=Asker("key:t"), at=clock.now())
    clock.advance(timedelta(minutes=1))
    draft = zones()
    draft["rows"][0]["then"] = {"zone": "GROUP"}
    now = clock.now()
    what = Asked("ruleset", "zones", draft, now - DAY, now)
    with world.database.begin() as session:
        context = context_of(session, {}, now=now)
        job = backtests.ask(session, world.keys, what, context, by="user:t", now=now)
    found = done(world, job)
    assert (found["decisions"], found["differs_total"]) == (3, 1)
    [one] = found["differs"]
    assert (one["was"]["outcome"], one["would"]["outcome"]) == ({"zone": "SPECIAL"}, {"zone": "GROUP"})
