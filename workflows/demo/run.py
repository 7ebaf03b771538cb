"""The demonstration as a whole: who comes, playing them, and whether the funnel tells the same."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from engine.clock import Clock
from rules.types import Json
from workflows.demo.doors import doors_of
from workflows.demo.fates import STAGES, Customer, cast
from workflows.demo.luck import bad_luck
from workflows.demo.outside import Service, Simulator
from workflows.demo.player import JOURNEY, Player
from workflows.demo.tally import Cell, Figures, played, told

PATIENCE = 90.0
"""Seconds that the funnel has to tell what was played, once the last customer is done."""
PATIENCE_WITH_FAULTS = 300.0
"""The same where faults are played: an API that WeCom closes stays closed for a minute."""
LOOK_EVERY = 1.0

Progress = Callable[[int], AbstractContextManager[Callable[[], None]]]
"""Shows how many of so many steps are over: gives what is to be called after each."""


@dataclass(frozen=True)
class Summary:
    """What was played, what the funnel says of it, who was held out, and which faults struck (None: none played)."""

    customers: Sequence[Customer]
    played: Figures
    funnel: Figures
    struck: Counter[str] | None = None

    @property
    def agrees(self) -> bool:
        """Whether the funnel tells exactly what was played, and everybody could be played."""
        return self.played == self.funnel and not self.failures

    @property
    def failures(self) -> list[Customer]:
        """Customers who could not do what they came for."""
        return [customer for customer in self.customers if customer.failure]

    @property
    def held_out(self) -> list[Customer]:
        """Customers whom the journey left alone."""
        return [customer for customer in self.customers if customer.held_out]

    def to_json(self) -> dict[str, Json]:
        """For programs: each figure as played and as the funnel tells it."""
        outcomes = sorted(self.played.outcomes.keys() | self.funnel.outcomes.keys())
        return {
            "agrees": self.agrees,
            "journey": JOURNEY,
            "customers": len(self.customers),
            "fates": dict(Counter(customer.fate.name for customer in self.customers)),
            "held_out": [
                {"person": one.person, "channel": one.door.channel, "store": one.door.store} for one in self.held_out
            ],
            "failures": [{"person": one.person, "problem": one.failure} for one in self.failures],
            "stages": [
                {
                    "stage": stage,
                    "people": _both(self.played.people[stage], self.funnel.people[stage]),
                    "entered_here": _both(self.played.entered_here[stage], self.funnel.entered_here[stage]),
                }
                for stage in STAGES.values()
            ],
            "channels": _groups(self.played.channels, self.funnel.channels),
            "stores": _groups(self.played.stores, self.funnel.stores),
            "outcomes": {name: _both(self.played.outcomes[name], self.funnel.outcomes[name]) for name in outcomes},
            "holdout": _both(self.played.held_out, self.funnel.held_out),
            "faults": None if self.struck is None else dict(self.struck),
        }


@dataclass(frozen=True)
class Play:
    """How many customers come within how many seconds. `tag` makes their names new, `chance` draws their fates.

    With `faults` WeCom has its bad days meanwhile (`workflows.demo.luck`).
    """

    customers: int
    seconds: float
    tag: str
    chance: random.Random
    patience: float = PATIENCE
    faults: bool = False


async def play(asked: Play, service: Service, simulator: Simulator, clock: Clock, progress: Progress) -> Summary:
    """Play customers and compare. Raises NoDoorsError, OutsideError when the service is not there."""
    doors = doors_of(*[await service.items(path) for path in ("channels", "associates", "group-chats")])
    before = await _read_funnel(service)
    customers = cast(asked.customers, doors, seconds=asked.seconds, tag=asked.tag, chance=asked.chance)
    player = Player(service, simulator, clock, patience=asked.patience)
    struck = None
    with progress(sum(len(customer.fate.steps) for customer in customers)) as step_over:
        if asked.faults:
            async with bad_luck(simulator) as luck:
                await player.play_all(customers, step_over)
            struck = luck.struck
        else:
            await player.play_all(customers, step_over)
    await player.learn_who_was_held_out(customers)
    return replace(await _settled(service, before, customers, asked.patience), struck=struck)


async def _settled(service: Service, before: Figures, customers: Sequence[Customer], patience: float) -> Summary:
    """Look at the funnel until it tells what was played, or patience ends."""
    expected = played(customers)
    for _ in range(round(patience / LOOK_EVERY)):
        summary = Summary(customers, expected, (await _read_funnel(service)).since(before))
        if summary.played == summary.funnel:
            break
        await asyncio.sleep(LOOK_EVERY)
    return summary


async def _read_funnel(service: Service) -> Figures:
    path = f"journeys/{JOURNEY}/funnel"
    return told(await service.read(path, by="channel"), await service.read(path, by="store"))


def _both(was_played: int, funnel: int) -> dict[str, Json]:
    return {"played": was_played, "funnel": funnel}


def _groups(was_played: Counter[Cell], funnel: Counter[Cell]) -> list[Json]:
    keys = sorted({key for key, _ in was_played.keys() | funnel.keys()})
    return [
        {
            "key": key,
            "stages": {stage: _both(was_played[key, stage], funnel[key, stage]) for stage in STAGES.values()},
        }
        for key in keys
    ]
