"""Histories of runs that had a bad day or a long one: what they cost in Temporal, and that they end as they should.

They are stored beside those of `test_history`, which replays them all, and recorded anew in the same way.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest_asyncio
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from engine.clock import SystemClock
from engine.database.connection import Database
from engine.runs.models import Run
from engine.secrets.keyring import KeyRing
from tests.workflows.clock import ServerClock
from tests.workflows.conftest import PROGRAMS, RECORDED_WITH
from tests.workflows.playing import Play
from tests.workflows.recording import record, record_execution
from tests.workflows.waiting import close_all, until
from tests.workflows.world import World, failure, journey, only
from workflows.codec import data_converter

FEW_EVENTS = "limit.historyCount.suggestContinueAsNew=24"
"""The server suggests a new execution after so many events, instead of some thousands."""


@pytest_asyncio.fixture
async def play(database: Database, keys: KeyRing, dev_client: Client) -> AsyncIterator[Play]:
    """A run in real time."""
    world = World(database, SystemClock(), keys)
    yield Play(world, dev_client)
    await close_all(dev_client, world)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def recorded_environment() -> AsyncIterator[WorkflowEnvironment]:
    """A server that skips time, with the keys of stored histories."""
    server = await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(PROGRAMS / "temporal-test-server"), data_converter=data_converter(RECORDED_WITH)
    )
    async with server:
        yield server


@pytest_asyncio.fixture
async def long_play(
    database: Database, keys: KeyRing, recorded_environment: WorkflowEnvironment
) -> AsyncIterator[Play]:
    """A run whose time is skipped."""
    world = World(database, ServerClock(recorded_environment), keys)
    yield Play(world, recorded_environment.client, recorded_environment)
    await close_all(recorded_environment.client, world)


async def test_a_pause_during_an_effect(play: Play) -> None:
    world = play.world
    world.stage.call = [failure(after=timedelta(seconds=1))]
    await asyncio.to_thread(world.publish, only("test.call", {"say": "hello"}))
    async with play.working():
        await play.tell("contact.scanned", {"channel": "c"})
        await until(lambda: world.effects() and world.effects()[-1].failures == 1)
        await asyncio.to_thread(world.pause)
        await until(lambda: world.run().status == "paused")
        await asyncio.to_thread(world.resume)
        await play.sweeper.call_commanded()
        run = await play.end()
    assert (run.outcome, len(world.stage.called)) == ("over", 2)
    assert await record(play, run, "pause-during-effect") <= 30


async def test_an_operators_retry_of_what_is_stuck(play: Play) -> None:
    world = play.world
    world.stage.call = [failure(final=True)]
    await asyncio.to_thread(world.publish, only("test.call", {"say": "hello"}))
    async with play.working():
        await play.tell("contact.scanned", {"channel": "c"})
        await play.reach("act", status="stuck")
        await asyncio.to_thread(world.order, "retry")
        await play.sweeper.call_commanded()
        run = await play.end()
    assert (run.outcome, len(set(world.stage.called)), len(world.stage.called)) == ("over", 1, 2)
    assert await record(play, run, "stuck-and-retried") <= 30


async def test_a_merge_of_two_members_in_the_middle_of_the_journey(play: Play) -> None:
    world = play.world
    await asyncio.to_thread(world.publish)
    async with play.working():
        for who in ("external_userid:wm1", "external_userid:wm2"):
            await play.tell("contact.scanned", {"channel": "c"}, who=who)
        await until(lambda: [run.node for run in world.runs()] == ["wait_add"] * 2)
        await play.tell("custom.met", {"identities": ["external_userid:wm1", "external_userid:wm2"]})
        merged = await until_ended(play, 1)
        await play.sweeper.call_commanded()
        await play.sweeper.sweep()
        await closed(play, merged)
        await play.tell("coupon.redeemed", {"batch": "b", "code": "c"}, who="external_userid:wm2")
        kept = await until_ended(play, 0)
        await closed(play, kept)
    assert (kept.outcome, merged.outcome) == ("goal", "merged")
    assert await record(play, merged, "merged-into-another") <= 16
    assert await record(play, kept, "merged-with-another") <= 18


async def test_a_push_that_waits_for_the_end_of_quiet_hours(long_play: Play) -> None:
    world = long_play.world
    document = only("test.push", {"say": "hello"})
    document["policies"] |= {"quiet_hours": {"from": "21:30", "to": "08:30"}}
    await asyncio.to_thread(world.publish, document)
    await skip_to(long_play, 23)
    async with long_play.working():
        await long_play.tell("contact.scanned", {"channel": "c"})
        await long_play.reach("act")
        assert world.stage.called == []
        await long_play.skip(timedelta(hours=10, minutes=5))
        run = await long_play.end()
    assert (run.outcome, len(world.stage.called)) == ("over", 1)
    assert await record(long_play, run, "quiet-hours") <= 22


async def test_a_long_wait_whose_timer_rings_early_and_is_set_anew(long_play: Play) -> None:
    await asyncio.to_thread(long_play.world.publish)
    async with long_play.working():
        await long_play.tell("contact.scanned", {"channel": "c"})
        await long_play.reach("wait_add")
        await long_play.tell("contact.added", {"associate": "a"})
        await long_play.reach("wait_join")
        for _ in range(3):
            await long_play.skip(timedelta(days=2))
            await long_play.tell("group.left", {"chat": "g"})
        await long_play.skip(timedelta(days=1, minutes=1))
        run = await long_play.end()
    assert run.outcome == "not_joined"
    assert await record(long_play, run, "long-wait") <= 32


async def test_an_execution_that_has_become_long_goes_on_in_a_new_one(database: Database, keys: KeyRing) -> None:
    server = await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(PROGRAMS / "temporal"),
        data_converter=data_converter(RECORDED_WITH),
        dev_server_extra_args=["--dynamic-config-value", FEW_EVENTS],
    )
    async with server:
        play = Play(World(database, SystemClock(), keys), server.client)
        await asyncio.to_thread(play.world.publish, waiting_long())
        async with play.working():
            await play.tell("contact.scanned", {"channel": "c"})
            first = (await play.handle(await play.reach("wait")).describe()).run_id
            for _ in range(8):
                turn = (await asyncio.to_thread(play.world.run)).turn
                await play.tell("group.joined", {"chat": "g"})
                await until(lambda turn=turn: play.world.run().turn > turn)
            await play.tell("coupon.redeemed", {"batch": "b", "code": "c"})
            run = await play.end()
        latest = (await play.handle(run).describe()).run_id
        assert (run.outcome, latest != first) == ("goal", True)
        before = server.client.get_workflow_handle(run.workflow_id, run_id=first)
        assert await record_execution(before, "continued-as-new") <= 40
        assert await record_execution(play.handle(run), "continued-from-another") <= 40


def waiting_long() -> dict[str, Any]:
    """A journey that keeps every event and waits for another."""
    nodes = {
        "wait": {
            "type": "wait",
            "for": [
                {"on": "contact.added", "port": "over"},
                {"on": "group.joined", "when": {"==": [{"var": "event.chat"}, "another"]}, "port": "over"},
            ],
            "timeout": "P7D",
            "ports": {"over": "over", "timeout": "over"},
        },
        "over": {"type": "end", "outcome": "over"},
    }
    return journey(start="wait", entry=[{"on": "contact.scanned"}], nodes=nodes, exits=[])


async def skip_to(play: Play, hour: int) -> None:
    """Let it become that hour in Shanghai."""
    now = await asyncio.to_thread(play.world.clock.now)
    then = now.astimezone(ZoneInfo("Asia/Shanghai")).replace(hour=hour, minute=0, second=0, microsecond=0)
    await play.skip((then if then > now else then + timedelta(days=1)) - now)


async def until_ended(play: Play, which: int) -> Run:
    """Wait until that run has ended."""
    await until(lambda: play.world.runs()[which].ended_at is not None)
    return (await asyncio.to_thread(play.world.runs))[which]


async def closed(play: Play, run: Run) -> None:
    """Wait until the run's execution has closed."""
    while (await play.handle(run).describe()).close_time is None:  # noqa: ASYNC110 - there is nothing to wait on
        await asyncio.sleep(0.02)
