"""What may become of a customer of the demonstration, and who gets which fate."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Literal, TypeAlias

from engine.seeds.names import person_name
from workflows.demo.doors import Door

Step: TypeAlias = Literal["scan", "add", "join", "claim", "redeem", "leave"]

STAGES: dict[Step, str] = {
    "scan": "scanned",
    "add": "added",
    "join": "joined",
    "claim": "coupon",
    "redeem": "redeemed",
}
"""The stage of the seeded journey that each step leads to."""

OUTCOMES: dict[Step, str] = {"redeem": "goal", "leave": "lost"}
"""How a run ends by a step."""

MARK = "·"
"""Stands in the name of every customer of a demonstration."""

LONGEST_STEP = 90.0
"""Seconds between two steps of one customer at most, however long the play is."""

INVITED_AFTER = 1_870.0
"""Seconds after which the journey has gone past its first wait and waits for the add a second time."""


@dataclass(frozen=True)
class Fate:
    """The steps of one kind of customer; `share` of twenty have it. `late` ones hesitate before they add."""

    name: str
    steps: tuple[Step, ...]
    share: int
    late: bool = False


FATES = (
    Fate("redeems", ("scan", "add", "join", "claim", "redeem"), 4),
    Fate("claims", ("scan", "add", "join", "claim"), 3),
    Fate("joins", ("scan", "add", "join"), 4),
    Fate("adds", ("scan", "add"), 2),
    Fate("adds late", ("scan", "add"), 2, late=True),
    Fate("never adds", ("scan",), 3),
    Fate("leaves", ("scan", "add", "leave"), 1),
    Fate("walks in", ("add", "join"), 1),
)


@dataclass
class Customer:
    """One customer: who, with which fate, through which door; and what they have done so far.

    `waits` are the seconds before each step. `unionid` is known after the first step.
    """

    person: str
    fate: Fate
    door: Door
    waits: tuple[float, ...]
    done: list[Step] = field(default_factory=list)
    unionid: str | None = None
    held_out: bool = False
    failure: str | None = None


def cast(number: int, doors: Sequence[Door], *, seconds: float, tag: str, chance: random.Random) -> list[Customer]:
    """So many customers, spread over the fates by their shares, over the doors in turn, and over the time."""
    people = []
    for index, (fate, door) in enumerate(zip(_fates(number, chance), cycle(doors), strict=False)):
        person = f"{person_name(chance)}{MARK}{tag}-{index + 1:03}"
        people.append(Customer(person, fate, door, _waits(fate, seconds, chance)))
    return people


def _fates(number: int, chance: random.Random) -> Iterator[Fate]:
    """Fates by their shares, as evenly as the number allows; few customers get the fates of the largest shares."""
    twenty = sorted((fate for fate in FATES for _ in range(fate.share)), key=lambda _: chance.random())
    first = list(FATES) + twenty
    chosen = [first[index] for index in range(min(number, len(first)))]
    while len(chosen) < number:
        chosen += twenty[: number - len(chosen)]
    chance.shuffle(chosen)
    return iter(chosen)


def _waits(fate: Fate, seconds: float, chance: random.Random) -> tuple[float, ...]:
    """Each step takes up to a tenth of the time, or a minute and a half; who is late takes up to a third.

    The first half of a short play is for coming in, and nearly all of a long one.
    """
    longest = min(seconds / 10, LONGEST_STEP)
    first = chance.uniform(0, seconds - 5 * longest)
    others = [chance.uniform(longest / 5, longest) for _ in fate.steps[1:]]
    if fate.late and others:
        others[0] = INVITED_AFTER if seconds > INVITED_AFTER + 30 else seconds / 3
        first = min(first, max(0.0, seconds - sum(others)))
    return (first, *others)
