"""A worker in a process of its own that kills itself right after it has committed a turn.

python -m tests.workflows.dying_worker DATABASE_URL TEMPORAL_ADDRESS NAMESPACE KEYS CODEC_KEYS
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import dataclass

from temporalio.client import Client

from engine.clock import SystemClock
from engine.database.connection import Database
from engine.secrets.keyring import KeyRing
from tests.workflows.playing import Play
from tests.workflows.world import World
from workflows.codec import data_converter
from workflows.position import Answer, Position
from workflows.turn import TurnTaker


@dataclass(frozen=True)
class Dying(TurnTaker):
    """Dies between the commit and the answer."""

    def take(self, position: Position) -> Answer:
        super().take(position)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("unreachable")


async def main(url: str, address: str, namespace: str, keys: str, codec_keys: str) -> None:
    """Work until a turn comes, and die of it."""
    converter = data_converter(KeyRing.from_text(codec_keys))
    client = await Client.connect(address, namespace=namespace, data_converter=converter)
    world = World(Database(url), SystemClock(), KeyRing.from_text(keys))
    turns = Dying(world.database, world.clock, world.keys, world.activities, world.plans)
    async with Play(world, client).working(turns=turns):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
