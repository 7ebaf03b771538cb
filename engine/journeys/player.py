"""One run on a virtual clock: it takes events, passes time and decides, as turns of the database do.

The same `decide` runs here as there; what the world answers (facts, outcomes of effects) is given by whoever plays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from engine.journeys.plan import Plan
from engine.journeys.state import Command, EventIn, Local, Outcome, Remote, State
from engine.journeys.turn import TurnInputs, TurnResult, decide
from engine.journeys.walk import Facts

MAX_TURNS = 2_000
"""A run that has not come to rest for good by then is broken off; the journey walks in circles."""


class Surroundings(Protocol):
    """What a played run meets."""

    def facts(self, state: State, now: datetime) -> Facts:
        """The facts as they are at this moment."""
        ...

    def outcome(self, effect: Local | Remote, now: datetime) -> Outcome:
        """What an effect comes to."""
        ...


@dataclass(frozen=True)
class Turned:
    """One turn of a play: what was decided, and the run as it stands then."""

    at: datetime
    commands: tuple[Command, ...]
    state: State


@dataclass
class Player:
    """Plays one run. `now` only moves forward; `heed` hears of every turn; `limit` bounds the events of one."""

    plan: Plan
    around: Surroundings
    state: State
    now: datetime
    heed: Callable[[Turned], None]
    limit: int | None = None
    untaken: list[EventIn] = field(default_factory=list)
    wake_at: datetime | None = None
    turns: int = 0
    _outcome: Outcome | None = None

    @property
    def over(self) -> bool:
        """Whether nothing can happen to the run any more, or it was broken off."""
        return self.state.ended or self.turns >= MAX_TURNS

    def facts(self) -> Facts:
        return self.around.facts(self.state, self.now)

    def perform(self, effect: Local) -> Outcome:
        return self.around.outcome(effect, self.now)

    def turn(self) -> None:
        """Decide all that is there to decide at this moment."""
        while not self.over:
            named = tuple(event for event in self.untaken if event.type in self.plan.event_types)
            inputs, self._outcome = TurnInputs(outcome=self._outcome, events=named), None
            result = decide(self.plan, self.state, inputs, self, self.now, limit=self.limit)
            self.turns += 1
            self.state, self.wake_at, self.untaken = result.state, result.wake_at, list(result.untaken)
            self.heed(Turned(self.now, tuple(result.commands), self.state))
            if asked := _asked(result):
                self._outcome = self.around.outcome(asked, self.now)
            if self._outcome is None and not self.untaken:
                return

    def pass_until(self, until: datetime | None) -> None:
        """Let time pass to just before `until`, or until the run needs no time any more."""
        while not self.over and self.wake_at is not None and (until is None or self.wake_at < until):
            self.now = max(self.now, self.wake_at)
            self.turn()
        if until is not None:
            self.now = max(self.now, until)


def _asked(result: TurnResult) -> Remote | None:
    """The remote effect that the run waits for; one that the run's end overtook is not called."""
    remote = (each for each in reversed(result.commands) if isinstance(each, Remote))
    return next((each for each in remote if each.key == result.effect), None)
