"""Journeys that call others, driven by Temporal with skipped time: nothing but the rows joins the two executions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from engine.database.connection import Database
from engine.runs.models import Run
from engine.secrets.keyring import KeyRing
from tests.workflows.clock import ServerClock
from tests.workflows.playing import Play
from tests.workflows.test_calls import called, caller, of, plain, the
from tests.workflows.waiting import close_all, until
from tests.workflows.world import World


@pytest_asyncio.fixture
async def play(
    database: Database, server_clock: ServerClock, keys: KeyRing, environment: WorkflowEnvironment
) -> AsyncIterator[Play]:
    play = Play(World(database, server_clock, keys), environment.client, environment)
    yield play
    await close_all(environment.client, play.world)


async def begin(play: Play, mode: str) -> None:
    other = plain(called())
    await asyncio.to_thread(play.world.publish, other)
    await asyncio.to_thread(play.world.publish, plain(caller(other["key"], mode)))
    await play.tell("contact.scanned", {"channel": "c"})
    await until(lambda: the(play.world, "caller").node == "sub")
    await play.route()


async def outcome(play: Play, prefix: str) -> Run:
    async def look() -> None:
        while the(play.world, prefix).ended_at is None:
            await play.sweeper.call_commanded()
            await asyncio.sleep(0.05)

    async with asyncio.timeout(60):
        await look()
    return the(play.world, prefix)


async def test_a_call_returns_when_the_called_has_ended(play: Play) -> None:
    async with play.working():
        await begin(play, "call")
        await until(lambda: the(play.world, "called").status == "waiting")
        assert the(play.world, "caller").ended_at is None
        await play.skip(timedelta(days=3, seconds=1))
        first = await outcome(play, "called")
        second = await outcome(play, "caller")
    assert (first.outcome, second.outcome) == ("gone", "over")
    assert first.ended_at is not None
    assert second.ended_at is not None
    assert second.ended_at - first.entered_at < timedelta(days=3, minutes=5)


async def test_a_start_does_not_wait(play: Play) -> None:
    async with play.working():
        await begin(play, "start")
        caller_run = await outcome(play, "caller")
        assert the(play.world, "called").ended_at is None
        await play.skip(timedelta(days=3, seconds=1))
        called_run = await outcome(play, "called")
    assert (caller_run.outcome, called_run.outcome) == ("over", "gone")


async def test_an_answer_whose_wake_up_is_lost_is_found(play: Play) -> None:
    """A router dies between its commit and its call; so does the worker that ends the called run."""
    async with play.working():
        other = plain(called())
        await asyncio.to_thread(play.world.publish, other)
        await asyncio.to_thread(play.world.publish, plain(caller(other["key"], "start")))
        await play.tell("contact.scanned", {"channel": "c"})
        await until(lambda: the(play.world, "caller").node == "sub")
        await asyncio.to_thread(play.world.again)
        assert len(of(play.world, "called")) == 1
        assert (await outcome(play, "caller")).outcome == "over"
