"""What a published journey consists of once it is compiled: the steps that the interpreter walks through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Literal, TypeAlias

from engine.journeys.catalogue import ActivityType, Retry
from engine.journeys.rulebook import CalledJourney, Pinned
from rules.compile import Rule
from rules.duration import Duration
from rules.values import Value

Titles: TypeAlias = Mapping[str, str]


@dataclass(frozen=True)
class Trigger:
    """An event type and a condition on it, if any. `pointer` names the place in the document."""

    on: str
    when: Rule | None
    pointer: str


@dataclass(frozen=True)
class Entry(Trigger):
    """An event that starts a run at `start`."""

    start: str
    save: str | None


@dataclass(frozen=True)
class Goal(Trigger):
    """What the journey is for."""

    stage: str | None


@dataclass(frozen=True)
class Exit(Trigger):
    """An event that ends a run early."""

    outcome: str


@dataclass(frozen=True)
class Awaited(Trigger):
    """One item of a wait's `for`."""

    port: str
    save: str | None


@dataclass(frozen=True)
class Wait:
    """Rests until one of `awaited` is taken or `timeout` has passed; `fresh`: looks at events since it was entered."""

    awaited: tuple[Awaited, ...]
    timeout: Duration | None
    fresh: bool


@dataclass(frozen=True)
class Delay:
    """Rests for a time."""

    length: Duration


@dataclass(frozen=True)
class DelayUntil:
    """Rests until an instant that an expression gives."""

    instant: Rule


@dataclass(frozen=True)
class DelayUntilTime:
    """Rests until a time of day, `days` days from today, or on the first working day from there."""

    at: time
    days: int
    working_day: bool


@dataclass(frozen=True)
class Choice:
    """Takes the port of the first case that is true."""

    cases: tuple[tuple[Rule, str], ...]
    on_unknown: str


@dataclass(frozen=True)
class Split:
    """Takes an arm by hash; arms are (port, share in basis points)."""

    arms: tuple[tuple[str, int], ...]
    salt: str


@dataclass(frozen=True)
class Activity:
    """Has an effect. `params` are the top-level params by name."""

    type: ActivityType
    params: Mapping[str, Value]
    save: str | None
    retry: Retry


@dataclass(frozen=True)
class Decide:
    """Asks a version of a ruleset. `facts` are given beside those that are known, by path."""

    ruleset: Pinned
    facts: tuple[tuple[str, Value], ...]
    save: str


@dataclass(frozen=True)
class Called:
    """Starts another journey, in its live version, or calls it as it was `pinned` and waits for its end."""

    journey: str
    mode: Literal["start", "call"]
    pinned: CalledJourney | None = None

    @property
    def effect(self) -> str:
        """What effects, tests and timelines call it; no activity type's name holds a slash."""
        return f"journey/{self.journey}"


@dataclass(frozen=True)
class Finish:
    """Ends the run."""

    outcome: str


Work: TypeAlias = Wait | Delay | DelayUntil | DelayUntilTime | Choice | Split | Activity | Decide | Called | Finish


@dataclass(frozen=True)
class Step:
    """A node: where it stands, what it does, and where each port leads."""

    id: str
    work: Work
    ports: Mapping[str, str] = field(default_factory=dict)
    stage: str | None = None


ReentryMode: TypeAlias = Literal["once", "after_exit", "always"]
