"""Long-lived executions continue as new on a real server: nothing is carried over but the run and its next turn."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from temporalio.api.common.v1 import Payloads
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from engine.clock import SystemClock
from engine.database.connection import Database
from engine.runs.models import Run
from engine.secrets.keyring import KeyRing
from tests.workflows.conftest import PROGRAMS, RECORDED_WITH
from tests.workflows.playing import Play
from tests.workflows.waiting import close_all, until
from tests.workflows.world import World, journey
from workflows.codec import data_converter
from workflows.position import Position

LIMIT = 25
"""Events after which this server suggests to continue as new; the default is 4,096."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def short_client() -> AsyncIterator[Client]:
    """A client of a dev server that finds histories long very soon."""
    server = await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(PROGRAMS / "temporal"),
        dev_server_extra_args=["--dynamic-config-value", f"limit.historyCount.suggestContinueAsNew={LIMIT}"],
        data_converter=data_converter(RECORDED_WITH),
    )
    async with server:
        yield server.client


@pytest_asyncio.fixture
async def play(database: Database, keys: KeyRing, short_client: Client) -> AsyncIterator[Play]:
    world = World(database, SystemClock(), keys)
    document = journey()
    document["nodes"]["wait_add"]["timeout"] = "P1D"
    world.publish(document)
    yield Play(world, short_client)
    await close_all(short_client, world)


async def chain_of(play: Play, run: Run) -> list[WorkflowHandle]:
    """The executions of a run, oldest first."""
    found = [each async for each in play.client.list_workflows(f"WorkflowId = '{run.workflow_id}'")]
    return [
        play.client.get_workflow_handle(each.id, run_id=each.run_id)
        for each in sorted(found, key=lambda each: each.start_time)
    ]


async def started_with(play: Play, handle: WorkflowHandle) -> Position:
    """What an execution was started with."""
    first = await anext(aiter(handle.fetch_history_events()))
    payloads: Payloads = first.workflow_execution_started_event_attributes.input
    [position] = await play.client.data_converter.decode(payloads.payloads, [Position])
    return position


async def wake_often(play: Play, run: Run, times: int) -> None:
    for _ in range(times):
        turn = play.world.run().turn
        await play.handle(run).signal("wake")
        await until(lambda turn=turn: play.world.run().turn > turn)


async def test_an_execution_that_was_woken_often_continues_and_the_run_goes_on(play: Play) -> None:
    async with play.working():
        await play.tell("contact.scanned", {"channel": "c"})
        run = await play.reach("wait_add")
        await wake_often(play, run, 12)
        await play.tell("contact.added", {"associate": "a"})
        await play.reach("wait_join")
        await play.tell("group.joined", {"chat": "g"})
        await play.reach("wait_redeem")
        await play.tell("coupon.redeemed", {"batch": "b", "code": "c"})
        assert (await play.end()).outcome == "goal"
    chain = await chain_of(play, run)
    assert len(chain) > 1
    positions = [await started_with(play, handle) for handle in chain]
    assert {position.run for position in positions} == {run.id}
    turns = [position.turn for position in positions]
    assert turns == sorted(set(turns))
    assert (len(play.world.stage.called), len(play.world.stage.given)) == (1, 1)
    longest = [len([event async for event in handle.fetch_history_events()]) for handle in chain]
    assert max(longest) < 3 * LIMIT


async def test_no_wake_up_is_lost_while_executions_continue(play: Play) -> None:
    """Every event is told at once, in the middle of signals that make the execution continue."""
    async with play.working():
        await play.tell("contact.scanned", {"channel": "c"})
        run = await play.reach("wait_add")
        for kind, data, node in (
            ("contact.added", {"associate": "a"}, "wait_join"),
            ("group.joined", {"chat": "g"}, "wait_redeem"),
        ):
            for _ in range(15):
                await play.handle(run).signal("wake")
            await play.tell(kind, data)
            await play.reach(node)
        await play.tell("coupon.redeemed", {"batch": "b", "code": "c"})
        assert (await play.end()).outcome == "goal"
    assert len(await chain_of(play, run)) > 1
