"""The shell alone: turns and effects are played by activities of the same names."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import count
from typing import Any

from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from tests.workflows.waiting import closed, until
from workflows.client import Execution, recreate, start, wake
from workflows.journey import REMOTE, TURN, JourneyWorkflow
from workflows.position import JOURNEYS_QUEUE, Answer, Position, queue_name

_ids = (f"journey/shell-test/{n}" for n in count())


class Turns:
    """Gives the answers of a list, one for each turn, and remembers which turns were asked for."""

    def __init__(self, answers: Iterator[Callable[[], Answer]] | None = None) -> None:
        self.asked: list[int] = []
        self._answers = answers

    @activity.defn(name=TURN)
    async def take(self, position: Position) -> dict[str, Any]:
        self.asked.append(position.turn)
        assert self._answers is not None
        return next(self._answers)().to_json()


class Effects:
    """Remote effects that come to an end when the test says so."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.over = asyncio.Event()

    @activity.defn(name=REMOTE)
    async def execute(self, key: str) -> None:
        self.begun.append(key)
        await self.over.wait()


@asynccontextmanager
async def playing(client: Client, turns: Turns, effects: Effects | None = None) -> AsyncIterator[None]:
    journeys = Worker(
        client,
        task_queue=JOURNEYS_QUEUE,
        workflows=[JourneyWorkflow],
        activities=[turns.take],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    outside = Worker(client, task_queue=queue_name("outside"), activities=[(effects or Effects()).execute])
    async with journeys, outside:
        yield


def answers(*given: Answer | Callable[[], Answer]) -> Iterator[Callable[[], Answer]]:
    """Answers, each as a function; one that is given as a value is the same whenever it is asked for."""
    return iter([one if callable(one) else (lambda one=one: one) for one in given])


def done(turn: int) -> Answer:
    return Answer(next=turn + 1, done=True)


async def begun(client: Client, first_turn: int = 1) -> WorkflowHandle[JourneyWorkflow, None]:
    execution = Execution(next(_ids), Position(7, first_turn))
    await start(client, execution)
    return client.get_workflow_handle_for(JourneyWorkflow.run, execution.workflow_id)


async def events_of(handle: WorkflowHandle[JourneyWorkflow, None]) -> list[str]:
    return [event.WhichOneof("attributes") async for event in handle.fetch_history_events()]


async def test_a_run_of_one_turn_ends(client: Client) -> None:
    turns = Turns(answers(done(1)))
    async with playing(client, turns):
        await closed(client, (await begun(client)).id)
    assert turns.asked == [1]


async def test_an_execution_begins_at_the_turn_it_is_given(client: Client) -> None:
    turns = Turns(answers(done(5)))
    async with playing(client, turns):
        await closed(client, (await begun(client, first_turn=5)).id)
    assert turns.asked == [5]


async def test_a_wake_up_asks_for_a_turn(client: Client) -> None:
    turns = Turns(answers(Answer(next=2, node="wait"), done(2)))
    async with playing(client, turns):
        handle = await begun(client)
        await until(lambda: turns.asked == [1])
        await handle.signal(JourneyWorkflow.wake)
        await closed(client, handle.id)
    assert turns.asked == [1, 2]


async def test_the_time_asks_for_a_turn(environment: WorkflowEnvironment) -> None:
    began = await environment.get_current_time()
    turns = Turns(answers(Answer(next=2, wake_at=began + timedelta(days=27)), done(2)))
    async with playing(environment.client, turns):
        await closed(environment.client, (await begun(environment.client)).id)
    assert await environment.get_current_time() >= began + timedelta(days=27)


async def test_a_timer_that_rings_early_is_set_anew_without_a_turn(environment: WorkflowEnvironment) -> None:
    began = await environment.get_current_time()
    soon, late = began + timedelta(minutes=30), began + timedelta(days=7)
    turns = Turns(answers(Answer(next=2, wake_at=soon), Answer(next=3, wake_at=late), done(3)))
    async with playing(environment.client, turns):
        handle = await begun(environment.client)
        await until(lambda: turns.asked == [1])
        await handle.signal(JourneyWorkflow.wake)
        await closed(environment.client, handle.id)
        happened = await events_of(handle)
    assert turns.asked == [1, 2, 3]
    assert happened.count("timer_started_event_attributes") == 2
    assert "timer_canceled_event_attributes" not in happened
    assert await environment.get_current_time() >= late


async def test_a_second_timer_is_set_only_for_an_earlier_time(environment: WorkflowEnvironment) -> None:
    began = await environment.get_current_time()
    late, soon = began + timedelta(days=7), began + timedelta(minutes=30)
    turns = Turns(answers(Answer(next=2, wake_at=late), Answer(next=3, wake_at=soon), done(3)))
    async with playing(environment.client, turns):
        handle = await begun(environment.client)
        await until(lambda: turns.asked == [1])
        await handle.signal(JourneyWorkflow.wake)
        await closed(environment.client, handle.id)
        ended = (await handle.describe()).close_time
    assert ended is not None
    assert soon <= ended < late


async def test_a_remote_effect_is_begun_once_and_its_end_asks_for_a_turn(client: Client) -> None:
    effects = Effects()
    waiting = {"effect": "7/welcome/1", "queue": queue_name("outside")}
    turns = Turns(answers(Answer(next=2, **waiting), Answer(next=3, **waiting), done(3)))
    async with playing(client, turns, effects):
        handle = await begun(client)
        await until(lambda: effects.begun == ["7/welcome/1"])
        await handle.signal(JourneyWorkflow.wake)
        await until(lambda: turns.asked == [1, 2])
        effects.over.set()
        await closed(client, handle.id)
    assert turns.asked == [1, 2, 3]
    assert effects.begun == ["7/welcome/1"]


async def test_a_run_that_ends_during_an_effect_closes_after_it(client: Client) -> None:
    effects = Effects()
    turns = Turns(answers(Answer(next=2, effect="7/welcome/1", queue=queue_name("outside")), done(2)))
    async with playing(client, turns, effects):
        handle = await begun(client)
        await until(lambda: effects.begun == ["7/welcome/1"])
        await handle.signal(JourneyWorkflow.wake)
        await until(lambda: turns.asked == [1, 2])
        assert (await handle.describe()).close_time is None
        effects.over.set()
        await closed(client, handle.id)


async def test_after_an_answer_that_was_decided_before_the_next_turn_is_asked_for_at_once(client: Client) -> None:
    turns = Turns(answers(Answer(next=2, stale=True), Answer(next=4, stale=True), done(4)))
    async with playing(client, turns):
        await closed(client, (await begun(client)).id)
    assert turns.asked == [1, 2, 4]


async def test_a_wake_up_during_the_last_turn_changes_nothing(client: Client) -> None:
    in_turn, go_on = asyncio.Event(), asyncio.Event()

    class Slow(Turns):
        @activity.defn(name=TURN)
        async def take(self, position: Position) -> dict[str, Any]:
            self.asked.append(position.turn)
            in_turn.set()
            await go_on.wait()
            return done(1).to_json()

    turns = Slow()
    async with playing(client, turns):
        handle = await begun(client)
        await in_turn.wait()
        await handle.signal(JourneyWorkflow.wake)
        go_on.set()
        await closed(client, handle.id)
    assert set(turns.asked) == {1}


async def test_waking_a_run_that_is_missing_starts_it(client: Client) -> None:
    turns = Turns(answers(done(4)))
    execution = Execution(next(_ids), Position(7, 4))
    async with playing(client, turns):
        await wake(client, execution)
        await closed(client, execution.workflow_id)
    assert turns.asked == [4]


async def test_a_closed_execution_is_left_closed_by_start_and_wake_and_begins_anew_by_recreate(client: Client) -> None:
    turns = Turns(answers(done(1), done(2)))
    execution = Execution(next(_ids), Position(7, 1))
    async with playing(client, turns):
        handle = client.get_workflow_handle(execution.workflow_id)
        await start(client, execution)
        await closed(client, handle.id)
        await start(client, execution)
        await wake(client, execution)
        assert turns.asked == [1]
        await recreate(client, Execution(execution.workflow_id, Position(7, 2)))
        await closed(client, handle.id)
    assert turns.asked == [1, 2]


async def test_what_a_run_is_doing_can_be_read_in_temporals_own_page(client: Client, ring: object) -> None:
    turns = Turns(answers(Answer(next=2, node="wait_join"), done(2)))
    async with playing(client, turns):
        handle = await begun(client)
        await until(lambda: turns.asked == [1])
        metadata = await handle.query("__temporal_workflow_metadata")
        assert "wait_join" in str(metadata)
        await handle.signal(JourneyWorkflow.wake)
        await closed(client, handle.id)
