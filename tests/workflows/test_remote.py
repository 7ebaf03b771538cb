"""The remote activity: what is asked is called until it has an outcome, and never again after that."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from structlog.testing import capture_logs
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.testing import ActivityEnvironment

from engine.clock import FixedClock
from engine.database.connection import Database, Scope
from engine.runs import effects
from engine.runs.effects import EffectKey
from engine.runs.models import Effect
from engine.secrets.keyring import KeyRing
from tests.workflows.fakes import FakeWeCom
from tests.workflows.world import Stage, World, failure, only
from workflows.activities.outside import Outside
from workflows.activities.registry import Result
from workflows.asked import Asked
from workflows.remote import RemoteExecutor


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def world(database: Database, clock: FixedClock, keys: KeyRing, stage: Stage) -> World:
    return World(database, clock, keys, stage)


def asked(world: World, activity: str = "test.call") -> str:
    """A run that waits for its effect; the effect's key."""
    world.publish(only(activity, {"say": "hello"}))
    world.tell("contact.scanned", {"channel": "c"})
    world.route()
    key = world.take().effect
    assert key is not None
    return key


async def execute(world: World, key: str) -> None:
    async with httpx.AsyncClient() as http:
        outside = Outside(wecom=FakeWeCom(), http=http)
        executor = RemoteExecutor(world.database, world.clock, world.keys, world.activities, outside, world.plans)
        await ActivityEnvironment().run(executor.execute, key)


def row(world: World) -> Effect:
    return world.effects()[-1]


async def test_a_call_settles_the_effect_and_the_next_turn_goes_on(world: World, stage: Stage) -> None:
    key = asked(world)
    await execute(world, key)
    assert (row(world).state, row(world).port, stage.called) == ("settled", "done", [key])
    assert world.take().done


async def test_a_settled_effect_is_never_called_again(world: World, stage: Stage) -> None:
    key = asked(world)
    await execute(world, key)
    await execute(world, key)
    assert stage.called == [key]


async def test_a_failure_uses_up_an_attempt_and_says_when_to_come_back(
    world: World, stage: Stage, clock: FixedClock
) -> None:
    stage.call = [failure(after=timedelta(seconds=7))]
    key = asked(world)
    with pytest.raises(ApplicationError) as raised:
        await execute(world, key)
    assert raised.value.next_retry_delay == timedelta(seconds=7)
    assert (row(world).state, row(world).failures) == ("asked", 1)
    await execute(world, key)
    assert (row(world).state, row(world).failures) == ("settled", 1)


async def test_a_failure_that_a_type_reports_is_one_line_of_the_log(world: World, stage: Stage) -> None:
    """Temporal's library logs no trace of what is benign; a defect keeps the trace of its own."""
    stage.call = [failure()]
    key = asked(world)
    with capture_logs() as lines, pytest.raises(ApplicationError) as raised:
        await execute(world, key)
    assert raised.value.category is ApplicationErrorCategory.BENIGN
    assert lines == [
        {"event": "an attempt failed", "log_level": "warning", "type": "test.call", "effect": key, "code": "away"}
    ]


async def test_delays_grow_as_the_node_says(world: World, stage: Stage) -> None:
    stage.call = [failure(), failure()]
    key = asked(world)
    delays = []
    for _ in range(2):
        with pytest.raises(ApplicationError) as raised:
            await execute(world, key)
        delays.append(raised.value.next_retry_delay)
    assert delays == [timedelta(seconds=1), timedelta(seconds=2)]


async def test_the_sweeper_waits_for_the_next_attempt(world: World, stage: Stage, clock: FixedClock) -> None:
    stage.call = [failure(after=timedelta(hours=1))]
    key = asked(world)
    with pytest.raises(ApplicationError):
        await execute(world, key)
    wake_at = world.run().wake_at
    assert wake_at is not None
    assert wake_at > clock.now() + timedelta(hours=1)


async def test_when_the_attempts_are_used_up_the_effect_has_failed(world: World, stage: Stage) -> None:
    stage.call = [failure()] * 3
    key = asked(world)
    for _ in range(2):
        with pytest.raises(ApplicationError):
            await execute(world, key)
    await execute(world, key)
    assert (row(world).state, row(world).error) == ("failed", "away: it did not work")
    world.take()
    assert (world.run().status, world.run().stuck_reason) == ("stuck", "failed")


async def test_a_final_failure_is_not_tried_again(world: World, stage: Stage) -> None:
    stage.call = [failure(final=True)]
    key = asked(world)
    await execute(world, key)
    assert row(world).state == "failed"


async def test_a_worker_that_was_killed_uses_up_no_attempt(world: World, stage: Stage) -> None:
    key = asked(world)
    world.begin_attempt(key)
    await execute(world, key)
    assert (row(world).state, row(world).failures) == ("settled", 0)


async def test_an_attempt_that_was_lost_is_not_repeated_where_the_type_forbids_it(world: World, stage: Stage) -> None:
    key = asked(world, "test.once")
    world.begin_attempt(key)
    await execute(world, key)
    assert (row(world).state, stage.called) == ("unknown", [])
    world.take()
    assert (world.run().status, world.run().stuck_reason) == ("stuck", "unknown-outcome")


async def test_a_failure_that_such_a_type_raises_is_tried_again(world: World, stage: Stage) -> None:
    stage.call = [failure()]
    key = asked(world, "test.once")
    with pytest.raises(ApplicationError):
        await execute(world, key)
    await execute(world, key)
    assert row(world).state == "settled"


async def test_no_attempt_begins_after_the_run_has_ended(world: World, stage: Stage) -> None:
    key = asked(world)
    world.tell("coupon.redeemed", {"batch": "b", "code": "c"})
    world.take()
    await execute(world, key)
    assert (row(world).state, stage.called) == ("cancelled", [])


async def test_an_attempt_that_was_lost_is_not_repeated_after_the_run_has_ended(world: World, stage: Stage) -> None:
    key = asked(world)
    world.begin_attempt(key)
    world.tell("coupon.redeemed", {"batch": "b", "code": "c"})
    world.take()
    await execute(world, key)
    assert (row(world).state, stage.called) == ("unknown", [])


async def test_params_that_the_installed_type_refuses_fail_the_node_and_are_not_tried_without_end(
    world: World, stage: Stage
) -> None:
    key = asked(world)
    with world.database.begin() as session:
        found = effects.find(session, EffectKey.parse(key))
        assert found is not None
        found.params_enc = Asked({"shout": "hello"}).seal(world.keys)
        effects.save(session, found)
    await execute(world, key)
    assert (row(world).state, stage.called) == ("failed", [])
    world.take()
    assert world.run().status == "stuck"


async def test_an_attempt_under_way_when_the_run_ends_is_recorded(
    database: Database, clock: FixedClock, keys: KeyRing
) -> None:
    world = World(database, clock, keys)
    key = asked(world)
    world.stage.on_call = lambda: (world.tell("coupon.redeemed", {"batch": "b", "code": "c"}), world.take())
    await execute(world, key)
    assert world.run().outcome == "goal"
    assert row(world).state == "settled"


async def test_params_and_results_are_sealed_in_the_row(world: World) -> None:
    key = asked(world)
    await execute(world, key)
    assert row(world).params_enc is not None
    assert b"hello" not in (row(world).params_enc or b"")
    assert b"c-1" not in (row(world).result_enc or b"")


async def test_an_outcome_that_comes_twice_is_stored_once(world: World, stage: Stage) -> None:
    stage.call = [Result("expired"), Result("done")]
    key = asked(world)
    await asyncio.gather(execute(world, key), execute(world, key))
    assert row(world).state == "settled"
    assert world.take().done


QUIET = {"from": "21:30", "to": "08:30"}
SHANGHAI = ZoneInfo("Asia/Shanghai")


def asked_before_quiet_hours(world: World, clock: FixedClock, **ports: str) -> str:
    """A push that was asked for a minute before quiet hours begin."""
    clock.set(datetime(2026, 1, 7, 21, 29, tzinfo=SHANGHAI))
    document = only("test.push", {"say": "hello"})
    document["policies"]["quiet_hours"] = QUIET
    document["nodes"]["act"]["ports"] |= ports
    world.publish(document)
    world.tell("contact.scanned", {"channel": "c"})
    world.route()
    key = world.take().effect
    assert key is not None
    clock.advance(timedelta(minutes=1))
    return key


async def test_a_push_that_quiet_hours_overtake_waits_for_their_end(
    world: World, stage: Stage, clock: FixedClock
) -> None:
    key = asked_before_quiet_hours(world, clock)
    with pytest.raises(ApplicationError) as raised:
        await execute(world, key)
    delay = raised.value.next_retry_delay
    assert delay is not None
    assert timedelta(hours=11) <= delay < timedelta(hours=11, minutes=30)
    assert (stage.called, row(world).state, row(world).failures) == ([], "asked", 0)
    wake_at = world.run().wake_at
    assert wake_at is not None
    assert wake_at > clock.now() + delay
    clock.advance(delay)
    await execute(world, key)
    assert stage.called == [key]


async def test_a_push_that_quiet_hours_overtake_leaves_through_quiet_where_that_is_connected(
    world: World, stage: Stage, clock: FixedClock
) -> None:
    key = asked_before_quiet_hours(world, clock, quiet="over")
    await execute(world, key)
    assert (stage.called, row(world).state, row(world).port) == ([], "settled", "quiet")
    assert world.take().done


async def test_a_call_that_answers_what_the_customer_did_does_not_mind_quiet_hours(
    world: World, stage: Stage, clock: FixedClock
) -> None:
    document = only("test.call", {"say": "hello"})
    document["policies"]["quiet_hours"] = QUIET
    clock.set(datetime(2026, 1, 7, 23, tzinfo=SHANGHAI))
    world.publish(document)
    world.tell("contact.scanned", {"channel": "c"})
    world.route()
    key = world.take().effect
    assert key is not None
    await execute(world, key)
    assert stage.called == [key]


class Away(Database):
    """A database that cannot be reached for a while."""

    refusals = 0

    @contextmanager
    def begin(self, stores: Scope = "*") -> Iterator[Session]:
        if self.refusals > 0:
            self.refusals -= 1
            raise OperationalError("connect", {}, ConnectionError("nobody answers"))
        with super().begin(stores) as session:
            yield session


@pytest.mark.parametrize("activity", ["test.call", "test.once"])
async def test_an_outcome_waits_until_the_database_takes_it(
    database: Database, clock: FixedClock, keys: KeyRing, stage: Stage, activity: str
) -> None:
    away = Away(database.url)
    world = World(away, clock, keys, stage)
    key = asked(world, activity)
    stage.on_call = lambda: setattr(away, "refusals", 3)
    async with httpx.AsyncClient() as http:
        outside = Outside(wecom=FakeWeCom(), http=http)
        executor = RemoteExecutor(away, clock, keys, world.activities, outside, world.plans, storing_again=0.01)
        await ActivityEnvironment().run(executor.execute, key)
    assert (away.refusals, row(world).state, stage.called) == (0, "settled", [key])
    away.close()


async def test_a_retry_by_an_operator_calls_with_what_the_params_are_now_under_the_same_key(
    world: World, stage: Stage
) -> None:
    stage.call = [failure(final=True)]
    document = only("test.push", {"say": "{{member.nickname}}"})
    world.publish(document)
    world.tell("member.registered", {"nickname": "小林"})
    world.tell("contact.scanned", {"channel": "c"})
    world.route()
    key = world.take().effect
    assert key is not None
    await execute(world, key)
    world.take()
    world.tell("member.updated", {"nickname": "小林子"})
    world.order("retry")
    assert world.take().effect == key
    await execute(world, key)
    assert (stage.called, stage.said) == ([key, key], ["小林", "小林子"])
