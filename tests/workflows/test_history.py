"""What runs cost in Temporal, and that stored histories replay.

Record anew, after a change of the shell that old executions cannot follow (then give it another workflow type):

    WAYSTATION_RECORD_HISTORIES=1 uv run pytest tests/workflows/test_history.py tests/workflows/test_history_shapes.py
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.client import Client, WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from engine.clock import SystemClock
from engine.database.connection import Database
from engine.runs.models import Run
from engine.secrets.keyring import KeyRing
from tests.workflows.conftest import RECORDED_WITH
from tests.workflows.playing import Play
from tests.workflows.recording import HISTORIES, record
from tests.workflows.waiting import close_all, until
from tests.workflows.world import World, failure, journey
from workflows.codec import data_converter
from workflows.journey import JourneyWorkflow


@pytest_asyncio.fixture
async def play(database: Database, keys: KeyRing, dev_client: Client) -> AsyncIterator[Play]:
    world = World(database, SystemClock(), keys)
    yield Play(world, dev_client)
    await close_all(dev_client, world)


async def four_steps(play: Play) -> Run:
    """Scan, add, join, redeem: each event comes once the run stands at its wait."""
    async with play.working():
        await play.tell("contact.scanned", {"channel": "c"})
        await play.reach("wait_add")
        await play.tell("contact.added", {"associate": "a"})
        await play.reach("wait_join")
        await play.tell("group.joined", {"chat": "g"})
        await play.reach("wait_redeem")
        await play.tell("coupon.redeemed", {"batch": "b", "code": "c"})
        return await play.end()


def local_only() -> dict[str, object]:
    document = journey()
    ports = {"done": "wait_join", "sold_out": "wait_join"}
    document["nodes"]["welcome"] |= {"activity": "test.give", "params": {"what": "hello"}, "ports": ports}
    return document


async def test_the_four_steps_with_local_effects_cost_at_most_22_events(play: Play) -> None:
    play.world.publish(local_only())
    run = await four_steps(play)
    events = await play.history(run)
    assert len(events) <= 22
    assert sum(event.ByteSize() for event in events) <= 5_000
    await record(play, run, "four-steps-local")


async def test_the_four_steps_with_a_remote_welcome_cost_at_most_29_events(play: Play) -> None:
    play.world.publish()
    run = await four_steps(play)
    events = await play.history(run)
    assert len(events) <= 29
    assert sum(event.ByteSize() for event in events) <= 5_000
    await record(play, run, "four-steps-remote")


async def test_timers_fire_in_real_time(play: Play) -> None:
    document = journey()
    document["nodes"]["wait_add"]["timeout"] = "PT1S"
    play.world.publish(document)
    async with play.working():
        await play.tell("contact.scanned", {"channel": "c"})
        run = await play.end()
    assert run.outcome == "not_added"
    await record(play, run, "timeout")


async def test_a_goal_during_an_effect_that_keeps_failing_ends_the_run(play: Play) -> None:
    play.world.publish()
    play.world.stage.call = [failure()]
    async with play.working():
        await play.tell("contact.added", {"associate": "a"})
        await until(lambda: play.world.stage.called)
        await play.tell("coupon.redeemed", {"batch": "b", "code": "c"})
        run = await play.end()
    assert run.outcome == "goal"
    assert len(play.world.stage.called) == 1
    await record(play, run, "goal-during-effect")


@pytest.mark.parametrize("runner", [UnsandboxedWorkflowRunner(), SandboxedWorkflowRunner()], ids=["plain", "sandbox"])
@pytest.mark.parametrize("path", sorted(HISTORIES.glob("*.json")), ids=lambda path: path.stem)
async def test_stored_histories_replay(path: Path, runner: WorkflowRunner) -> None:
    replayer = Replayer(
        workflows=[JourneyWorkflow], data_converter=data_converter(RECORDED_WITH), workflow_runner=runner
    )
    stored = await asyncio.to_thread(path.read_text)
    await replayer.replay_workflow(WorkflowHistory.from_json("stored", stored))


def test_there_are_stored_histories() -> None:
    assert len(list(HISTORIES.glob("*.json"))) >= 12
