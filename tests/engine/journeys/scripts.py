"""What may happen to one run, as a script of steps, and a player that watches every law while it plays one.

The player is a database in small: it keeps the log of events, orders that no turn has taken, the outcome of the effect
that is out, and the pauses. Turns come when the script says so, not when they are due.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

from hypothesis import strategies as st

from engine.journeys.deadlines import Pause, deadlines
from engine.journeys.state import (
    EventIn,
    Failure,
    Log,
    Operator,
    OperatorKind,
    Outcome,
)  # fmt: skip
from engine.journeys.steps import Wait
from tests.engine.journeys.strategies import TYPES, minutes, outcomes
from tests.engine.journeys.watching import watch
from tests.engine.journeys.world import T0, Run

SPACE = 10
"""Between two places in the log there is room for events that a merge brings later."""


@dataclass(frozen=True)
class Pass:
    """Time passes."""

    minutes: int


@dataclass(frozen=True)
class PassTo:
    """Time passes until so many minutes after the next deadline, if there is one."""

    minutes: int


@dataclass(frozen=True)
class Tell:
    """An event is accepted; without a type, one that the run waits for where it does.

    `late`: its own time lies so many minutes back. `merged`: it was another member's before, accepted so many places
    ago, and comes with a merge.
    """

    type: str | None
    data: dict[str, Any]
    late: int = 0
    merged: int = 0


@dataclass(frozen=True)
class Turn:
    """The run has a turn, which may take at most `limit` events."""

    limit: int | None = None


@dataclass(frozen=True)
class Settle:
    """The remote effect that is out comes to this."""

    came: Outcome | Failure


@dataclass(frozen=True)
class Order:
    """An operator gives an order, whether or not the run is in a state for it. `port`: which of the node's ports."""

    kind: OperatorKind
    port: int = 0


@dataclass(frozen=True)
class Halt:
    """The run is paused, or its journey is; both may be."""

    whose: Literal["run", "journey"]


@dataclass(frozen=True)
class LetGo:
    """A pause ends."""

    whose: Literal["run", "journey"]
    mode: Literal["hold", "extend"]


Step: TypeAlias = Pass | PassTo | Tell | Turn | Settle | Order | Halt | LetGo

_whose = st.sampled_from(["run", "journey"])
_tells = st.builds(
    Tell,
    st.sampled_from([None, None, None, *TYPES, "custom.a"]),
    st.sampled_from([{}, {"n": 1}, {"n": 1}, {"n": 2}, {"n": 3}, {"n": "broken"}]),
    st.sampled_from([0, 0, 0, 0, 1, 45, 2000, -30]),
    st.sampled_from([0, 0, 0, 0, 0, 1, 3]),
)
_turns = st.builds(Turn, st.sampled_from([None, None, None, 0, 1, 2]))
_times = st.one_of(
    st.builds(Pass, minutes), st.builds(PassTo, st.sampled_from([0, 0, 0, -1, 1, 20]))
)  # fmt: skip
_others = st.one_of(
    st.builds(Settle, outcomes),
    st.builds(Settle, outcomes),
    st.builds(Order, st.sampled_from(["retry", "retry", "retry", "skip", "skip", "exit"]), st.integers(0, 3)),
    st.builds(Halt, _whose),
    st.builds(LetGo, _whose, st.sampled_from(["hold", "extend"])),
)


@st.composite
def _moments(draw: st.DrawFn) -> list[Step]:
    """Time passes, or none; then events, and perhaps something else; and then, nearly always, the run has a turn."""
    found: list[Step] = [draw(_times)] if draw(st.integers(0, 3)) else []
    found += draw(st.lists(_tells, max_size=3))
    found += draw(st.lists(_others, max_size=1))
    return [*draw(st.permutations(found)), *([draw(_turns)] if draw(st.integers(0, 7)) else [])]


scripts: st.SearchStrategy[list[Step]] = st.lists(_moments(), min_size=4, max_size=12).map(
    lambda moments: [Turn(), *(step for moment in moments for step in moment)]
)


@dataclass
class Player:
    """Plays scripts on a run. With `watched` the laws are looked at after every turn."""

    run: Run
    now: datetime = T0
    log: list[EventIn] = field(default_factory=list)
    given: list[EventIn] = field(default_factory=list)
    waiting: list[EventIn] = field(default_factory=list)
    orders: list[Operator] = field(default_factory=list)
    outcome: Outcome | None = None
    open: dict[str, datetime] = field(default_factory=dict)
    over: list[Pause] = field(default_factory=list)
    retried: Counter[str] = field(default_factory=Counter)
    watched: bool = True

    def __post_init__(self) -> None:
        self.run.settle_at_once = False
        self._merged = Counter[int]()

    @property
    def paused(self) -> bool:
        return bool(self.open)

    @property
    def pauses(self) -> list[Pause]:
        return [*self.over, *(Pause(since) for since in self.open.values())]

    def play(self, script: Iterable[Step], *, limit: int | None = None) -> None:
        """Each step; with a limit, turns take so many events at most and come again until none is left."""
        for step in script:
            self.step(step, limit)

    def step(self, step: Step, limit: int | None = None) -> None:
        """One step of a script."""
        match step:
            case Pass() | PassTo():
                self.now = self._later(step)
            case Tell():
                self._accept(step)
            case Turn(own):
                self.take(own if limit is None else limit)
            case Settle(came):
                self._settle(came)
            case Order(kind, port):
                self._order(kind, port)
            case Halt(whose):
                self.open.setdefault(whose, self.now)
            case LetGo(whose, mode):
                if (since := self.open.pop(whose, None)) is not None:
                    self.over.append(Pause(since, self.now, mode))

    def take(self, limit: int | None = None) -> None:
        """A turn with all that is there, and more of them at the same moment while events are left over."""
        self._turn(limit)
        while self.run.untaken and not self.run.state.ended:
            self._turn(limit or None)

    def run_out(self) -> None:
        """Let go of every pause, settle every effect, and let time pass until the run needs no more of it."""
        for whose in list(self.open):
            self.step(LetGo(whose, "hold"))  # type: ignore[arg-type]  # the keys are those of `Halt`
        for _ in range(3000):
            self._settle(Outcome(""))
            self.take()
            due = deadlines(self.run.state, self.pauses)
            if self.run.state.ended:
                return
            if self.run.state.phase != "acting" and due:
                self.now = max(self.now, due[0].at)

    def _later(self, step: Pass | PassTo) -> datetime:
        if isinstance(step, Pass):
            return self.now + timedelta(minutes=step.minutes)
        due = deadlines(self.run.state, self.pauses)
        return max(self.now, due[0].at + timedelta(minutes=step.minutes)) if due else self.now

    def _accept(self, tell: Tell) -> None:
        kind = tell.type or self._wanted()
        seq, accepted = 1000 + SPACE * len(self.log), self.now
        if tell.merged and self.log:
            before = self.log[-min(tell.merged, len(self.log))]
            self._merged[before.seq] += 1
            if self._merged[before.seq] >= SPACE:
                return
            event = EventIn(
                before.seq + self._merged[before.seq], kind, before.time, before.accepted_at, dict(tell.data)
            )
        else:
            event = EventIn(seq, kind, accepted - timedelta(minutes=tell.late), accepted, dict(tell.data))
            self.log.append(event)
        if event.type in self.run.plan.event_types:
            self.waiting.append(event)
            self.given.append(event)

    def _wanted(self) -> str:
        work = self.run.plan.steps[self.run.state.node].work if self.run.state.node else None
        return work.awaited[0].on if isinstance(work, Wait) else TYPES[0]

    def _settle(self, came: Outcome | Failure) -> None:
        key = self.run.state.effect if self.run.state.phase == "acting" else None
        if key is None or self.outcome is not None:
            return
        asked = self.run.asked[key]
        if isinstance(came, Failure):
            self.outcome = Outcome(key, failure=came)
        else:
            ports = self.run.plan.steps[key.rpartition(":")[0]].ports
            self.outcome = Outcome(key, came.port if came.port in ports else "done", came.result)
        assert asked.key == key

    def _order(self, kind: OperatorKind, port: int) -> None:
        node = self.run.state.node
        ports = sorted(self.run.plan.steps[node].ports) if node else []
        chosen = ports[port % len(ports)] if kind == "skip" and ports else None
        self.orders.append(Operator(kind, chosen, "told" if kind == "exit" else None, "op"))

    def _turn(self, limit: int | None) -> None:
        run, before, count = self.run, self.run.state, len(self.run.commands)
        run.untaken = sorted([*run.untaken, *self.waiting], key=lambda event: event.seq)
        told, self.waiting = [event.seq for event in run.untaken], []
        run.pauses = self.pauses
        outcome, self.outcome = self.outcome, None
        operators, self.orders = self.orders, []
        result = run.turn(self.now, outcome=outcome, operators=operators, limit=limit)
        for line in run.commands[count:]:
            if isinstance(line, Log) and line.kind == "operator" and line.detail["action"] == "retry" and line.node:
                self.retried[line.node] += 1
        if self.watched:
            watch(self, before, result, told)
