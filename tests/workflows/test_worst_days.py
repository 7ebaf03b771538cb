"""What a journey promises on its worst day, through router, shell and turns, with skipped time on a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from sqlalchemy import select
from sqlmodel import col
from temporalio.testing import WorkflowEnvironment

from engine.coupons.models import Coupon
from engine.database.connection import Database
from engine.funnel.lift import Lift, read_lift
from engine.funnel.query import Funnel, read_funnel
from engine.runs.models import Run
from engine.secrets.keyring import KeyRing
from tests.workflows.chain import BATCH, open_store
from tests.workflows.clock import ServerClock
from tests.workflows.playing import Play
from tests.workflows.test_hook_coupon import document as hook_coupon
from tests.workflows.waiting import close_all, until
from tests.workflows.world import World, failure, journey
from workflows.activities.registry import load_activities

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest_asyncio.fixture
async def play(
    database: Database, server_clock: ServerClock, keys: KeyRing, environment: WorkflowEnvironment
) -> AsyncIterator[Play]:
    """The reference journey's shape on the types of these tests."""
    play = Play(World(database, server_clock, keys), environment.client, environment)
    yield play
    await close_all(environment.client, play.world)


@pytest_asyncio.fixture
async def store(
    database: Database, server_clock: ServerClock, keys: KeyRing, environment: WorkflowEnvironment
) -> AsyncIterator[Play]:
    """The seeded journey with the real activity types, in an open store with coupons."""
    world = World(database, server_clock, keys, activities=load_activities())

    def prepare() -> None:
        with database.begin() as session:
            open_store(session, stock=10, now=server_clock.now())
        world.publish(hook_coupon())

    await asyncio.to_thread(prepare)
    yield Play(world, environment.client, environment)
    await close_all(environment.client, world)


def coupons(play: Play) -> list[int | None]:
    """Whose each coupon is that was given out."""
    with play.world.database.begin() as session:
        return list(session.execute(select(col(Coupon.member_id)).where(col(Coupon.status) != "free")).scalars())


async def all_closed(play: Play) -> None:
    """Wait until Temporal runs none of the runs that have ended."""
    for run in await asyncio.to_thread(play.world.runs):
        if run.ended_at is not None:
            while (await play.handle(run).describe()).close_time is None:
                await play.sweeper.call_commanded()
                await asyncio.sleep(0.05)


SCANNED, ADDED = "unionid:lin", "external_userid:wm-lin"


async def test_two_members_who_merge_in_the_middle_of_a_journey_get_one_coupon(store: Play) -> None:
    """One scanned, the other was added, since WeCom could not be asked in time; then it tells that they are one."""
    async with store.working():
        await store.tell("contact.scanned", {"channel": "pos-1"}, who=SCANNED)
        await store.reach("wait_add")
        await store.tell("contact.added", {"associate": "a1", "channel": "pos-1", "welcome_code": "w1"}, who=ADDED)
        await store.reach("wait_join")
        await store.tell("member.registered", {"identities": [ADDED], "store": "S1"}, who=SCANNED)
        await store.skip(timedelta(seconds=11))
        await store.sweeper.sweep()
        await until(lambda: store.world.runs()[0].node == "wait_join")
        await store.tell("group.joined", {"chat": "wr1"}, who=ADDED)
        await until(lambda: store.world.runs()[0].node == "wait_claim")
        await all_closed(store)
        first, second = await asyncio.to_thread(store.world.runs)
        assert await asyncio.to_thread(coupons, store) == [first.member_id]
    assert (first.outcome, second.outcome, second.member_id) == (None, "merged", first.member_id)


async def test_two_members_who_merge_while_both_wait_for_the_group_get_one_coupon(store: Play) -> None:
    async with store.working():
        for who in (SCANNED, ADDED):
            await store.tell("contact.added", {"associate": "a1", "channel": "pos-1", "welcome_code": who}, who=who)
            await store.reach("wait_join")
        await store.tell("group.joined", {"chat": "wr1", "identities": [SCANNED]}, who=ADDED)
        await until(lambda: store.world.runs()[0].node == "wait_claim")
        await all_closed(store)
        assert len(await asyncio.to_thread(coupons, store)) == 1
    assert [run.outcome for run in store.world.runs()] == [None, "merged"]


def waits_thirty_days() -> dict[str, Any]:
    """A coupon, then thirty days in which it may be redeemed."""
    return journey(start="coupon", entry=[{"on": "contact.scanned"}])


@pytest.mark.parametrize(("deadlines", "moved"), [("hold", timedelta()), ("extend", timedelta(days=4))])
async def test_a_pause_moves_a_wait_of_thirty_days_by_its_length_if_it_is_to(
    play: Play, deadlines: str, moved: timedelta
) -> None:
    world = play.world
    await asyncio.to_thread(world.publish, waits_thirty_days())
    async with play.working():
        await play.tell("contact.scanned", {"channel": "c"})
        run = await play.reach("wait_redeem")
        due = (run.node_entered_at or run.now) + timedelta(days=30)
        await play.skip(timedelta(days=10))
        await asyncio.to_thread(world.pause)
        await play.skip(timedelta(days=4))
        await asyncio.to_thread(world.resume, None, "extend" if deadlines == "extend" else "hold")
        await play.sweeper.call_commanded()
        await play.skip(due + moved - await asyncio.to_thread(world.clock.now) - timedelta(minutes=5))
        assert (await asyncio.to_thread(world.run)).ended_at is None
        await play.skip(timedelta(minutes=6))
        run = await play.end()
    assert run.outcome == "coupon_expired"
    assert run.ended_at is not None
    assert due + moved <= run.ended_at < due + moved + timedelta(minutes=2)


QUIET = {"from": "21:30", "to": "08:30"}


def nightly(activity: str, **parts: Any) -> dict[str, Any]:
    """A push at eleven at night."""
    nodes: dict[str, Any] = {
        "evening": {"type": "delay", "until": {"time": "23:00"}, "ports": {"done": "push"}},
        "push": {
            "type": "activity",
            "activity": activity,
            "params": {"say": "{{member.nickname}}"},
            "ports": {"done": "over", **parts.pop("ports", {})},
        },
        "over": {"type": "end", "outcome": "over"},
        "kept_quiet": {"type": "end", "outcome": "kept_quiet"},
    }
    policies = {"quiet_hours": QUIET, "max_age": "P45D", "time_zone": "Asia/Shanghai"}
    return journey(start="evening", entry=[{"on": "contact.scanned"}], nodes=nodes, policies=policies, **parts)


async def at_night(play: Play, document: dict[str, Any]) -> datetime:
    """A run that came to its push at 23:00; the morning at which quiet hours end."""
    await asyncio.to_thread(play.world.publish, document)
    await play.tell("member.registered", {"nickname": "小林"})
    await play.tell("contact.scanned", {"channel": "c"})
    run = await play.reach("evening")
    assert run.deadline is not None
    await play.skip(run.deadline - await asyncio.to_thread(play.world.clock.now) + timedelta(seconds=5))
    await until(lambda: play.world.run().node == "push" or play.world.run().ended_at)
    night = run.deadline.astimezone(SHANGHAI)
    assert night.time() == time(23)
    return datetime.combine(night.date() + timedelta(days=1), time(8, 30), SHANGHAI)


async def skip_to(play: Play, at: datetime) -> None:
    await play.skip(at - await asyncio.to_thread(play.world.clock.now))


@pytest.mark.parametrize("activity", ["test.push", "test.nudge"])
async def test_a_push_at_eleven_at_night_happens_after_half_past_eight(play: Play, activity: str) -> None:
    async with play.working():
        morning = await at_night(play, nightly(activity))
        await play.tell("member.updated", {"nickname": "小林子"})
        await skip_to(play, morning)
        assert play.world.stage.at == []
        await play.skip(timedelta(minutes=31))
        assert (await play.end()).outcome == "over"
    [at] = play.world.stage.at
    assert morning <= at < morning + timedelta(minutes=30, seconds=5)
    assert play.world.stage.said == ["小林子"]


async def test_a_push_with_a_quiet_port_leaves_by_it(play: Play) -> None:
    async with play.working():
        await at_night(play, nightly("test.push", ports={"quiet": "kept_quiet"}))
        assert (await play.end()).outcome == "kept_quiet"
    assert play.world.stage.at == []


@pytest.mark.parametrize(
    ("kind", "data", "outcome"),
    [
        ("coupon.redeemed", {"batch": "b", "code": "c"}, "goal"),
        ("contact.lost", {"associate": "a", "by": "customer", "last": True}, "lost"),
    ],
)
async def test_goal_and_exits_act_while_a_push_waits_for_the_morning(
    play: Play, kind: str, data: dict[str, Any], outcome: str
) -> None:
    async with play.working():
        morning = await at_night(play, nightly("test.push"))
        await play.tell(kind, data)
        assert (await play.end()).outcome == outcome
        await skip_to(play, morning + timedelta(minutes=31))
    assert play.world.stage.at == []


@pytest.mark.parametrize(("deadlines", "moved"), [("hold", timedelta()), ("extend", timedelta(hours=10))])
async def test_a_push_that_a_pause_held_up_over_the_morning_goes_when_it_may(
    play: Play, deadlines: str, moved: timedelta
) -> None:
    world = play.world
    async with play.working():
        morning = await at_night(play, nightly("test.push"))
        await skip_to(play, morning - timedelta(hours=8))
        await asyncio.to_thread(world.pause)
        resumed = morning + timedelta(hours=2)
        await skip_to(play, resumed)
        assert world.stage.at == []
        await asyncio.to_thread(world.resume, None, "extend" if deadlines == "extend" else "hold")
        await play.sweeper.call_commanded()
        if moved:
            await skip_to(play, morning + moved - timedelta(minutes=1))
            assert world.stage.at == []
            await play.skip(timedelta(minutes=32))
        await play.end()
    [at] = world.stage.at
    earliest = morning + moved if moved else resumed
    assert earliest <= at < earliest + timedelta(minutes=32)


async def test_a_push_that_fails_in_the_evening_is_not_tried_again_in_the_night(play: Play) -> None:
    document = nightly("test.push")
    document["nodes"]["evening"]["until"] = {"time": "21:29"}
    play.world.stage.call = [failure(after=timedelta(minutes=5))]
    world = play.world
    async with play.working():
        await asyncio.to_thread(world.publish, document)
        await play.tell("member.registered", {"nickname": "小林"})
        await play.tell("contact.scanned", {"channel": "c"})
        run = await play.reach("evening")
        assert run.deadline is not None
        await skip_to(play, run.deadline + timedelta(seconds=5))
        await until(lambda: len(world.stage.at) == 1)
        morning = run.deadline + timedelta(hours=11, minutes=1)
        await skip_to(play, morning - timedelta(minutes=1))
        assert len(world.stage.at) == 1
        await play.skip(timedelta(minutes=33))
        await play.end()
    assert len(world.stage.at) == 2
    assert morning <= world.stage.at[1] < morning + timedelta(minutes=32)


HELD_OUT = {"reentry": {"mode": "once"}, "holdout": {"share_bp": 10000, "salt": "s"}, "max_age": "P45D"}


def figures(play: Play) -> tuple[Funnel, Lift | None]:
    key = str(play.world.document["key"])
    with play.world.database.begin() as session:
        funnel = read_funnel(session, key, [])
        return funnel, read_lift(session, key, funnel)


async def held_out(play: Play) -> Run:
    document = {**hook_coupon(), "policies": HELD_OUT}
    await asyncio.to_thread(play.world.publish, document)
    await play.tell("contact.added", {"associate": "a1", "channel": "pos-1", "welcome_code": "w1"}, who=SCANNED)
    return await until_held_out(play)


async def until_held_out(play: Play) -> Run:
    key = play.world.document["key"]
    await until(lambda: any(run.journey == key for run in play.world.runs()))
    return next(run for run in await asyncio.to_thread(play.world.runs) if run.journey == key)


async def test_the_redemption_of_a_holdout_is_counted_and_nothing_was_sent(store: Play) -> None:
    async with store.working():
        run = await held_out(store)
        assert run.status == "holdout"
        await store.tell("group.joined", {"chat": "wr1"}, who=SCANNED)
        await store.skip(timedelta(days=2))
        await store.tell("coupon.redeemed", {"batch": BATCH, "code": "from-elsewhere"}, who=SCANNED)
        funnel, lift = await asyncio.to_thread(figures, store)
    assert (funnel.holdout.times, funnel.holdout.outcomes, funnel.outcomes) == (1, {"goal": 1}, {})
    assert lift is not None
    assert (lift.held_out, lift.held_out_goals, lift.held_out_share) == (1, 1, 1.0)
    run = await until_held_out(store)
    assert (run.status, run.outcome) == ("holdout", "goal")
    effects = await asyncio.to_thread(store.world.effects)
    assert [effect for effect in effects if effect.run_id == run.id] == []


async def test_a_holdout_that_reaches_nothing_ends_by_its_age(store: Play) -> None:
    async with store.working():
        await held_out(store)
        await store.skip(timedelta(days=45, minutes=1))
        await store.sweeper.sweep()
        funnel, _ = await asyncio.to_thread(figures, store)
    assert funnel.holdout.outcomes == {"expired": 1}


def no_age() -> dict[str, Any]:
    """A journey without `max_age`, whose holdouts end after 90 days."""
    return journey(policies={key: value for key, value in HELD_OUT.items() if key != "max_age"})


async def test_without_an_age_a_holdout_is_watched_for_90_days(play: Play) -> None:
    await asyncio.to_thread(play.world.publish, no_age())
    await play.tell("contact.scanned", {"channel": "c"})
    for days, ended in ((89, False), (2, True)):
        await play.skip(timedelta(days=days))
        await play.sweeper.sweep()
        assert (play.world.run().ended_at is not None) is ended
