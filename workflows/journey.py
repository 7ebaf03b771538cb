"""The shell: a run's workflow. It keeps time, calls the outside world and asks for turns; it decides nothing.

Its history holds numbers and keys. What a turn decides, and why, lies in our database (workflows.turn), so that a turn
which Temporal asks for twice gets the stored answer, and so that no version of the interpreter is bound to histories.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy

from workflows.position import Answer, Position

TURN = "turn"
REMOTE = "remote"

_TURN_LIMIT = timedelta(seconds=30)
_TURN_RETRY = RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=30))
# Longer pauses between tries become timers of the server, so that a database that is away fills no history.
_TURN_RETRY_THRESHOLD = timedelta(seconds=2)

# One attempt is bounded by its type and by its heartbeat; this leaves time to store what came of it.
_EFFECT_LIMIT = timedelta(days=1)
_EFFECT_HEARTBEAT = timedelta(seconds=10)
_EFFECT_RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))

_SKEW = timedelta(seconds=1)
"""Slept at least when the server's clock is ahead of ours, lest the shell asks in a circle until ours has caught up."""


@workflow.defn(name="Journey")
class JourneyWorkflow:
    """One run. Started with the run and the number of its next turn; woken by the signal `wake`, which says nothing."""

    @workflow.init
    def __init__(self, position: Position) -> None:
        self._run = position.run
        self._next = position.turn
        self._woken = False
        self._effect: workflow.ActivityHandle[None] | None = None
        self._alarm: asyncio.Task[None] | None = None
        self._alarm_at: datetime | None = None

    @workflow.signal
    def wake(self) -> None:
        """Something happened that the run may want to know."""
        self._woken = True

    @workflow.run
    async def run(self, position: Position) -> None:
        """Ask for turns until the run has ended."""
        while True:
            answer = await self._turn()
            if answer.effect is not None and self._effect is None:
                self._effect = self._execute(answer.effect, answer.queue)
            if answer.done:
                break
            if answer.stale:
                continue
            await self._rest(answer.wake_at)
            if workflow.info().is_continue_as_new_suggested() and self._effect is None:
                workflow.continue_as_new(Position(position.run, self._next))
        if self._effect is not None:
            await self._effect

    async def _turn(self) -> Answer:
        self._woken = False
        kept: dict[str, Any] = await workflow.execute_local_activity(
            TURN,
            Position(self._run, self._next),
            result_type=dict,
            start_to_close_timeout=_TURN_LIMIT,
            retry_policy=_TURN_RETRY,
            local_retry_threshold=_TURN_RETRY_THRESHOLD,
        )
        answer = Answer.from_json(kept)
        self._next = answer.next
        workflow.set_current_details(answer.node or "")
        return answer

    def _execute(self, effect: str, queue: str | None) -> workflow.ActivityHandle[None]:
        """Begin the attempts at a remote effect. They go on until its outcome stands in our database."""
        return workflow.start_activity(
            REMOTE,
            effect,
            task_queue=queue,
            start_to_close_timeout=_EFFECT_LIMIT,
            heartbeat_timeout=_EFFECT_HEARTBEAT,
            retry_policy=_EFFECT_RETRY,
        )

    async def _rest(self, wake_at: datetime | None) -> None:
        """Wait until there is a reason for another turn: a wake-up, an outcome, or the time."""
        while True:
            if wake_at is not None:
                self._set_alarm(wake_at)
            await workflow.wait_condition(self._stirred)
            rang = self._alarm is not None and self._alarm.done()
            over = self._effect is not None and self._effect.done()
            if rang:
                self._alarm = self._alarm_at = None
            if over:
                self._effect = None
            if self._woken or over or (rang and (wake_at is None or wake_at <= workflow.now())):
                return

    def _stirred(self) -> bool:
        return (
            self._woken
            or (self._effect is not None and self._effect.done())
            or (self._alarm is not None and self._alarm.done())
        )

    def _set_alarm(self, at: datetime) -> None:
        """Arm a timer for `at` unless one rings before. None is ever cancelled: what rings early is set anew."""
        if self._alarm is not None and self._alarm_at is not None and self._alarm_at <= at:
            return
        wait = at - workflow.now()
        self._alarm_at = at
        self._alarm = asyncio.create_task(workflow.sleep(wait if wait > timedelta() else _SKEW))
