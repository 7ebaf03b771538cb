"""A turn: everything that a run has been told so far, put in order with its deadlines and given to the interpreter.

The order is the meaning of JOURNEYS.md 3 and 4. The database turn and the player of tests both use it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from engine.journeys.advance import advance
from engine.journeys.deadlines import Due, Pause, deadlines, is_paused, wake_at
from engine.journeys.plan import Plan
from engine.journeys.state import (
    Command,
    Continue,
    Deadline,
    EventIn,
    Input,
    Local,
    Log,
    Look,
    Operator,
    Outcome,
    State,
)
from engine.journeys.walk import MAX_NODES_PER_TURN, Facts

ENOUGH = MAX_NODES_PER_TURN // 2
"""So many nodes entered, a turn takes no further event."""


@dataclass(frozen=True)
class TurnInputs:
    """What a run has been told and has not taken yet.

    `events` are all accepted events of the member, routed or not, that `Plan.event_types` names, the entry event
    apart, by `seq`. `outcome` is that of the effect the run waits for, once it is settled. `pauses` are those of the
    run and of its journey.
    """

    operators: tuple[Operator, ...] = ()
    outcome: Outcome | None = None
    events: tuple[EventIn, ...] = ()
    pauses: tuple[Pause, ...] = ()


class Host(Protocol):
    """What a turn needs from where it runs."""

    def facts(self) -> Facts:
        """The fields of `Plan.fields` as this transaction reads them; asked again after each local effect."""
        ...

    def perform(self, effect: Local) -> Outcome:
        """The stored outcome of the effect's key, else its outcome now; a failure of the type is returned."""
        ...


@dataclass(frozen=True)
class TurnResult:
    """What a turn decided. `commands` are in order, local effects (performed by then) included.

    `wake_at` is when the run must be looked at next although nothing happens; None where only an input moves it.
    `untaken` are events that are left for another turn, which is due at once. `ended_by` is the event or the deadline
    that ended the run; None where it was something else.
    """

    state: State
    commands: list[Command]
    wake_at: datetime | None
    untaken: tuple[EventIn, ...] = ()
    ended_by: EventIn | Due | None = None

    @property
    def effect(self) -> str | None:
        """The key of the remote effect that the run waits for."""
        return self.state.effect if self.state.phase == "acting" else None


@dataclass
class _Turn:
    plan: Plan
    state: State
    host: Host
    now: datetime
    pauses: Sequence[Pause]
    facts: Facts
    commands: list[Command] = field(default_factory=list)
    entered: int = 0
    latest: EventIn | Due | None = None

    def give(self, given: Input, because: EventIn | Due | None = None) -> None:
        """One input, and the outcomes of the local effects that follow from it. `because`: what it stands for."""
        self.latest = because
        queue = deque([given])
        while queue:
            self.state, commands = advance(
                self.plan, self.state, queue.popleft(), self.facts, self.now, paused=is_paused(self.pauses)
            )
            self.commands.extend(commands)
            self.entered += sum(isinstance(each, Log) and each.kind == "entered" for each in commands)
            for effect in commands:
                if isinstance(effect, Local):
                    queue.append(self.host.perform(effect))
                    self.facts = self.host.facts()

    def due(self) -> Due | None:
        """The earliest deadline that may act now."""
        return next((due for due in deadlines(self.state, self.pauses) if due.at <= self.now), None)


def decide(
    plan: Plan, state: State, inputs: TurnInputs, host: Host, now: datetime, *, limit: int | None = None
) -> TurnResult:
    """Take what the run has been told, at `now` (never before the last turn's), and say what becomes of it.

    Operators come first, then the outcome of an effect, then the events, with each deadline before the first event
    whose time is later. `limit` bounds the events of this turn; for one `now` it changes only the number of turns.
    A turn that has entered many nodes leaves the rest of the events to the next one of itself, which comes with a later
    `now`: so a run that has much to catch up with is not taken for a loop.
    """
    now = max(now, state.now)
    known = max((event.seq for event in inputs.events), default=0)
    turn = _Turn(plan, replace(state, seen=max(state.seen, known)), host, now, inputs.pauses, host.facts())
    for operator in inputs.operators:
        turn.give(operator)
    if inputs.outcome:
        turn.give(inputs.outcome)
    turn.give(Continue())
    untaken = _take_events(turn, inputs.events, limit)
    if turn.state.ended:
        return TurnResult(turn.state, turn.commands, None, untaken, turn.latest)
    return TurnResult(turn.state, turn.commands, wake_at(turn.state, inputs.pauses), untaken)


def _take_events(turn: _Turn, events: Iterable[EventIn], limit: int | None) -> tuple[EventIn, ...]:
    """Give the events and the deadlines that are due, in order. Returns the events that are left."""
    held = [] if is_paused(turn.pauses) else [each.event for each in turn.state.kept if each.held]
    pending = deque([*((event, True) for event in held), *((event, False) for event in events)])
    while not turn.state.ended:
        due = turn.due()
        if pending and turn.entered >= ENOUGH:
            break
        if due and (not pending or pending[0][0].at > due.at):
            turn.give(Deadline(due.kind), due)
        elif pending and (pending[0][1] or limit != 0):
            event, was_held = pending.popleft()
            if was_held:
                turn.give(Look(event.seq))
            else:
                turn.give(event, event)
            limit = limit if limit is None or was_held else limit - 1
        else:
            break
    return tuple(event for event, was_held in pending if not was_held)
