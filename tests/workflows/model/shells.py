"""Temporal in small, and unkind: executions of the shell that go on only when told, and lose what they may lose.

It keeps what Temporal keeps: which executions are open, the turn each asks for next, its timer and its remote effect.
What is lost on the way (an answer after its commit, a wake-up, an attempt, a whole execution) the tests decide.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import ActivityEnvironment

from engine.clock import Clock
from tests.workflows.model.outside import Killed, Receiver
from workflows.position import Answer, Position
from workflows.remote import RemoteExecutor

LOST_AFTER = timedelta(seconds=10)
"""An attempt whose worker was killed is noticed by its heartbeat."""


@dataclass
class RemoteEffect:
    """A remote activity of an execution: when its next attempt is due, and whether it is over."""

    key: str
    due: datetime
    over: bool = False


@dataclass
class Shell:
    """One execution. It asks for a turn when it begins, is woken, its timer rings, or its effect is over."""

    id: str
    position: Position
    begun: bool = False
    woken: bool = False
    closed: bool = False
    last: bool = False
    wake_at: datetime | None = None
    effect: RemoteEffect | None = None

    def stirs(self, now: datetime) -> bool:
        """Whether there is a reason to ask for a turn."""
        if self.closed or self.last:
            return False
        over = self.effect is not None and self.effect.over
        return not self.begun or self.woken or over or (self.wake_at is not None and self.wake_at <= now)

    def hear(self, answer: Answer, now: datetime) -> None:
        """Take an answer as the shell does."""
        self.position = replace(self.position, turn=answer.next)
        if self.effect is not None and self.effect.over:
            self.effect = None
        if answer.effect is not None and self.effect is None and not answer.done:
            self.effect = RemoteEffect(answer.effect, now)
        self.begun, self.woken = not answer.stale, False
        self.wake_at = answer.wake_at
        self.last = answer.done
        self.close()

    def close(self) -> None:
        """An execution that has had its last turn closes when no attempt is under way any more."""
        self.closed = self.last and (self.effect is None or self.effect.over)


@dataclass
class FakeTemporal:
    """Stands for the client: `start_workflow` is all that the product calls. `deaf`: calls do not get through."""

    clock: Clock
    shells: dict[str, Shell] = field(default_factory=dict)
    deaf: bool = False

    async def start_workflow(self, _run: object, position: Position, **how: Any) -> None:
        if self.deaf:
            raise RPCError("nobody answers", RPCStatusCode.UNAVAILABLE, b"")
        known = self.shells.get(how["id"])
        if known is None or (known.closed and how["id_reuse_policy"] == WorkflowIDReusePolicy.ALLOW_DUPLICATE):
            self.shells[how["id"]] = Shell(how["id"], position)
        elif known.closed:
            raise WorkflowAlreadyStartedError(known.id, "Journey")
        elif how.get("start_signal") == "wake":
            known.woken = True

    def live(self) -> list[Shell]:
        """Open executions, by id."""
        return [self.shells[each] for each in sorted(self.shells) if not self.shells[each].closed]

    def effects(self) -> list[tuple[Shell, RemoteEffect]]:
        """Remote effects that are not over."""
        return [(each, each.effect) for each in self.live() if each.effect is not None and not each.effect.over]


@dataclass
class Hanging:
    """An attempt whose call the receiver has not answered."""

    gate: asyncio.Future[str]
    task: asyncio.Task[None]
    shell: Shell | None
    effect: RemoteEffect


async def attempt(
    executor: RemoteExecutor, receiver: Receiver, shell: Shell | None, effect: RemoteEffect, clock: Clock
) -> Hanging | None:
    """One attempt at an effect, and what Temporal makes of its end; what hangs if the receiver holds the call."""
    task = asyncio.create_task(ActivityEnvironment().run(executor.execute, effect.key))
    gate = asyncio.create_task(receiver.holds.get())
    await asyncio.wait({task, gate}, return_when=asyncio.FIRST_COMPLETED)
    if gate.done():
        return Hanging(gate.result(), task, shell, effect)
    gate.cancel()
    end(task, shell, effect, clock)
    return None


async def release(hanging: Hanging, word: str, clock: Clock) -> None:
    """The receiver answers a call that it held."""
    hanging.gate.set_result(word)
    await asyncio.wait({hanging.task})
    end(hanging.task, hanging.shell, hanging.effect, clock)


def end(task: asyncio.Task[None], shell: Shell | None, effect: RemoteEffect, clock: Clock) -> None:
    """Temporal learns how an attempt ended: over, or when to try again."""
    match task.exception():
        case None:
            effect.over = True
            if shell is not None:
                shell.close()
        case ApplicationError() as error:
            effect.due = clock.now() + (error.next_retry_delay or timedelta(seconds=1))
        case Killed():
            effect.due = clock.now() + LOST_AFTER
        case error:
            raise error


async def wind_up(hanging: list[Hanging]) -> None:
    """Let no attempt outlive its play."""
    for each in hanging:
        each.task.cancel()
    if hanging:
        await asyncio.wait({each.task for each in hanging})
