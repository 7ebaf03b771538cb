"""What was played beside what the funnel says: by channel, by store, by outcome, and those held out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from rules.types import Json
from workflows.demo.fates import OUTCOMES, STAGES, Customer

Cell = tuple[str, str]
"""A group's key and a stage."""

_Key = TypeVar("_Key")


@dataclass
class Figures:
    """Runs by (channel, stage), (store, stage) and outcome; `entered_here` by stage; how many were held out."""

    channels: Counter[Cell] = field(default_factory=Counter)
    stores: Counter[Cell] = field(default_factory=Counter)
    people: Counter[str] = field(default_factory=Counter)
    entered_here: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    held_out: int = 0

    def since(self, before: Figures) -> Figures:
        """What was added since then."""
        return Figures(
            _grown(self.channels, before.channels),
            _grown(self.stores, before.stores),
            _grown(self.people, before.people),
            _grown(self.entered_here, before.entered_here),
            _grown(self.outcomes, before.outcomes),
            self.held_out - before.held_out,
        )


def played(customers: Iterable[Customer]) -> Figures:
    """What the funnel must have counted, from the steps that customers have done."""
    figures = Figures()
    for customer in customers:
        if customer.held_out:
            figures.held_out += 1
            continue
        for index, step in enumerate(customer.done):
            if stage := STAGES.get(step):
                figures.channels[customer.door.channel, stage] += 1
                figures.stores[customer.door.store, stage] += 1
                figures.people[stage] += 1
                figures.entered_here[stage] += index == 0
            if outcome := OUTCOMES.get(step):
                figures.outcomes[outcome] += 1
    return figures.since(Figures())


def told(by_channel: Mapping[str, Json], by_store: Mapping[str, Json]) -> Figures:
    """What two answers of the funnel say."""
    stages = _objects(by_channel["stages"])
    holdout, outcomes = by_channel["holdout"], by_channel["outcomes"]
    return Figures(
        channels=_cells(by_channel),
        stores=_cells(by_store),
        people=_counter(stages, "people"),
        entered_here=_counter(stages, "entered_here"),
        outcomes=Counter({name: _number(count) for name, count in _object(outcomes).items() if name in _ENDINGS}),
        held_out=_number(_object(holdout)["times"]),
    )


_ENDINGS = frozenset(OUTCOMES.values())


def _cells(answer: Mapping[str, Json]) -> Counter[Cell]:
    return Counter(
        {
            (str(group["key"]), str(stage["stage"])): _number(stage["times"])
            for group in _objects(answer["groups"])
            for stage in _objects(group["stages"])
        }
    )


def _counter(stages: Iterable[Mapping[str, Json]], name: str) -> Counter[str]:
    return Counter({str(stage["stage"]): _number(stage[name]) for stage in stages})


def _grown(after: Counter[_Key], before: Counter[_Key]) -> Counter[_Key]:
    return Counter({key: after[key] - before[key] for key in after.keys() | before.keys() if after[key] != before[key]})


def _objects(value: Json) -> list[Mapping[str, Json]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _object(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _number(value: Json) -> int:
    return value if isinstance(value, int) else 0
