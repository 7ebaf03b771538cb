"""One member's recorded events through the interpreter, on a virtual clock: which runs there would have been.

Entries are decided as the router decides them: condition, age, re-entry, holdout. Effects are not made; each counts as
done. Every effect is told with whether it follows at once from the entry, or only from what was recorded later.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from engine.journeys.plan import Plan
from engine.journeys.player import Player, Turned
from engine.journeys.start import (
    EntryMatch,
    RunHistory,
    is_held_out,
    is_kept_from_before,
    is_too_old,
    match_entry,
    refuse_reentry,
    start_run,
)
from engine.journeys.state import EventIn, Local, Log, Outcome, Remote, RunRef, State
from engine.journeys.trying.cost import Kind, kind_of
from engine.journeys.walk import Facts

FactsAt: TypeAlias = Callable[[EventIn, datetime], Facts]
"""The facts of a run that an event starts, as of a moment."""

MOST_RUNS = 50
"""So many runs of one member are replayed; further entries are not looked at."""


@dataclass(frozen=True)
class Past:
    """The member's real runs of the journey from before the recorded events. `live_until`: when the last one ended."""

    runs: int = 0
    live_until: datetime | None = None
    latest_entered_at: datetime | None = None


@dataclass(frozen=True)
class Happened:
    """An effect that a run would have had. `at_once`: it follows from the entry alone."""

    kind: Kind
    at: datetime
    at_once: bool


@dataclass
class Replayed:
    """A run that there would have been, as it stands when the recorded time is over."""

    entry: EventIn
    held_out: bool
    path: list[str] = field(default_factory=list)
    effects: list[Happened] = field(default_factory=list)
    outcome: str | None = None
    node: str | None = None

    def treatment(self) -> tuple[object, ...]:
        """What the member gets to feel of it: whether it is there at all, its effects, and how it ends."""
        return (self.held_out, tuple((each.kind, each.at) for each in self.effects), self.outcome)


def replay(
    plan: Plan, member: str, events: Sequence[EventIn], facts_at: FactsAt, *, past: Past | None = None, until: datetime
) -> list[Replayed]:
    """The runs that these events, in the order of the log, would have started, played up to `until`."""
    replaying = _Replaying(plan, member, facts_at, past or Past(), until)
    for event in events:
        replaying.take(event)
    replaying.finish()
    return [each.told for each in replaying.runs]


@dataclass
class _Run:
    """A run that is being replayed; what its player meets."""

    facts_at: FactsAt
    told: Replayed
    plan: Plan
    beginning: bool = True
    player: Player | None = None

    def facts(self, _state: State, now: datetime) -> Facts:
        return self.facts_at(self.told.entry, now)

    def outcome(self, effect: Local | Remote, now: datetime) -> Outcome:
        """Done, as far as can be told."""
        kind = kind_of(self.plan.steps[effect.key.rpartition(":")[0]])
        if kind is not None:
            self.told.effects.append(Happened(kind, now, self.beginning))
        return Outcome(effect.key)

    def heed(self, turned: Turned) -> None:
        lines = [each for each in turned.commands if isinstance(each, Log)]
        self.told.path += [line.node for line in lines if line.kind == "entered" and line.node]
        state = turned.state
        self.told.outcome = state.end.outcome if state.end else None
        self.told.node = None if state.ended else state.node

    @property
    def live(self) -> bool:
        return self.player is not None and not self.player.over


@dataclass
class _Replaying:
    plan: Plan
    member: str
    facts_at: FactsAt
    past: Past
    until: datetime
    runs: list[_Run] = field(default_factory=list)
    seen: list[EventIn] = field(default_factory=list)

    def take(self, event: EventIn) -> None:
        """What is due comes first; the entry is decided on what was before the event; then the live runs take it."""
        live = [run.player for run in self.runs if run.live and run.player]
        for player in live:
            player.pass_until(event.accepted_at)
        match = self._match(event)
        for player in live:
            if not player.over:
                player.untaken.append(event)
                player.turn()
        if match is not None:
            self._start(event, match)
        self.seen.append(event)

    def finish(self) -> None:
        """Let time pass to the end of what was recorded."""
        for run in self.runs:
            if run.live and run.player:
                run.player.pass_until(self.until)

    def _match(self, event: EventIn) -> EntryMatch | None:
        if event.type not in self.plan.entry_event_types or len(self.runs) >= MOST_RUNS or is_too_old(self.plan, event):
            return None
        if refuse_reentry(self.plan, event.at, self._history(event)):
            return None
        return match_entry(self.plan, event, self.facts_at(event, event.accepted_at), event.accepted_at)

    def _history(self, event: EventIn) -> RunHistory:
        was_live = (self.past.live_until or event.at) > event.at
        live = was_live or any(run.live for run in self.runs)
        latest = self.runs[-1].told.entry.at if self.runs else self.past.latest_entered_at
        return RunHistory(self.past.runs + len(self.runs), live, latest)

    def _start(self, event: EventIn, match: EntryMatch) -> None:
        held_out, now = is_held_out(self.plan, self.member), event.accepted_at
        reference = RunRef(f"replay-{event.seq}", self.plan.key, 1, self.member)
        state = start_run(self.plan, reference, event, match, now, holdout=held_out)
        run = _Run(self.facts_at, Replayed(event, held_out), self.plan)
        before = [each for each in self.seen if is_kept_from_before(each, event)]
        run.player = Player(self.plan, run, state, now, run.heed, None, before)
        self.runs.append(run)
        run.player.turn()
        run.beginning = False
