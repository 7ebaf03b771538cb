"""A worker beside the service's own, in a process of its own, that does harm at the worst moment.

python -m tests.e2e.odd_worker dying|signalling      in the environment of the service's worker

`dying` kills itself between a turn's commit and the answer to Temporal. `signalling` sends the run a signal between the
commit of its last turn and the answer, so that it lands while the workflow closes, and says so on standard output.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from temporalio import activity
from temporalio.client import Client

from engine.definitions.plans import Plans
from workflows.position import Answer, Position
from workflows.service.connections import reach_temporal, ways_out
from workflows.service.parts import Parts
from workflows.service.settings import Settings
from workflows.turn import TurnTaker
from workflows.worker import WorkerParts, WorkerSettings, journeys_worker


@dataclass(frozen=True)
class Dying(TurnTaker):
    """Dies of its first turn, once that is on disk."""

    def take(self, position: Position) -> Answer:
        super().take(position)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("unreachable")


@dataclass(frozen=True)
class Signalling(TurnTaker):
    """Signals each run whose last turn it has taken, before anybody knows that it was the last."""

    client: Client
    loop: asyncio.AbstractEventLoop

    def take(self, position: Position) -> Answer:
        answer = super().take(position)
        if answer.done and not answer.stale:
            workflow_id = activity.info().workflow_id
            wake = self.client.get_workflow_handle(workflow_id).signal("wake")
            asyncio.run_coroutine_threadsafe(wake, self.loop).result(20)
            say(workflow_id)
        return answer


async def main(kind: str) -> None:
    """Work until something ends us."""
    parts = Parts.of(Settings.read(), "odd worker")
    client = await reach_temporal(parts)
    plans = Plans(parts.catalogue)
    given = (parts.database, parts.clock, parts.keys, parts.activities, plans)
    turns = Dying(*given) if kind == "dying" else Signalling(*given, client, asyncio.get_running_loop())
    settings = WorkerSettings()
    with ThreadPoolExecutor(settings.turns) as threads:
        async with (
            ways_out(parts) as outside,
            journeys_worker(WorkerParts(client, *given, outside), turns, threads, settings),
        ):
            say("works")
            await asyncio.Event().wait()


def say(word: str) -> None:
    """Tell the test, which reads our standard output."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
