"""A run in flight goes over to a later version of its journey (JOURNEYS.md, Meaning 9). No I/O, no clock.

A run at a safe point, a wait or a delay or where it is stuck, gets its state in the new version, and what is to be
recorded; else it is said why it must wait. It keeps its entry, its saved values and its kept events, which a wait that
looks for other events than before looks at again. Goal and exits of the new version hold for the events that come.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, TypeAlias

from engine.journeys.deadlines import after
from engine.journeys.migration.moves import Move, Moves
from engine.journeys.start import HOLDOUT_AGE
from engine.journeys.state import Command, Log, Pass, Stage, State
from engine.journeys.steps import Activity, Called, Work
from rules.types import Json

Hindrance: TypeAlias = Literal["moving", "acting", "unknown"]
"""Why a run is not at a safe point: it is on its way, an effect is under way, or an effect's outcome is not known."""


@dataclass(frozen=True)
class Row:
    """An effect of a run as its row tells: `state` is asked, started, settled, failed, cancelled or unknown."""

    node: str
    visit: int
    type: str
    state: str
    port: str | None = None
    result: Mapping[str, Json] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """As the interpreter names it."""
        return f"{self.node}:{self.visit}"


@dataclass(frozen=True)
class Migrated:
    """A run in its new version. `commands` are lines of its timeline and stages that it has reached.

    `look`: a turn is due at once. `carried`: the effect (node, visit) that stands for another one now, whose key it
    keeps outside.
    """

    state: State
    commands: tuple[Command, ...]
    look: bool
    carried: tuple[tuple[str, int], tuple[str, int]] | None = None


@dataclass(frozen=True)
class Later:
    """The run is not at a safe point."""

    why: Hindrance


class NoPlaceError(LookupError):
    """Nobody has said where runs at this node go."""

    def __init__(self, node: str) -> None:
        super().__init__(f"Nobody has said where runs at {node!r} go.")
        self.node = node


def migrate(
    moves: Moves, state: State, effects: Sequence[Row], *, version: int, now: datetime, by: str = ""
) -> Migrated | Later:
    """Take one live run over to `version`, at `now` (never before its last turn). `effects` are all of the run.

    Raises NoPlaceError where the map lacks its node.
    """
    now = max(now, state.now)
    if state.holdout:
        return _hold_out(moves, state, version, now, by)
    if (why := hindrance(state)) is not None or state.node is None:
        return Later(why or "moving")
    move = moves.of(state.node)
    if move is None:
        raise NoPlaceError(state.node)
    if state.stuck is not None and state.stuck.reason == "unknown-outcome" and move.anew:
        return Later("unknown")
    journey = _Crossing(moves, state, effects, version, now, by)
    return journey.start_anew(move) if move.anew else journey.go_on(move)


def hindrance(state: State) -> Hindrance | None:
    """Why the run is not at a safe point, as far as its state tells."""
    match state.phase:
        case "waiting" | "deferred" | "stuck":
            return None
        case "ready":
            return "acting" if state.again or state.failures or state.effect else None
        case "acting" | "retrying":
            return "acting"
        case _:
            return "moving"


@dataclass(frozen=True)
class _Crossing:
    """One run on its way to the new version."""

    moves: Moves
    state: State
    effects: Sequence[Row]
    version: int
    now: datetime
    by: str

    def go_on(self, move: Move) -> Migrated:
        """The run stands where it stood, with its deadline; or at a wait that stands for it."""
        before = self._common(move)
        node = self.state.node or ""
        look = self.moves.waits_for_other(node, move.target)
        kept = tuple(replace(each, held=True) for each in before.kept) if look else before.kept
        visits = before.visits
        if move.target != node or move.target not in visits:
            visits = {**visits, move.target: visits.get(move.target, 0) + 1}
        phase = "ready" if before.phase == "deferred" else before.phase
        deadline = None if before.phase == "deferred" else before.deadline
        state = replace(before, node=move.target, kept=kept, visits=visits, phase=phase, deadline=deadline)
        if state.next is not None:  # stuck in a loop, on the way to a further node
            further = self.moves.of(state.next)
            state = replace(state, next=further.target if further else None)
        expires_sooner = state.expires != self.state.expires
        return Migrated(state, self._told(move, entered=False), look or phase == "ready" or expires_sooner)

    def start_anew(self, move: Move) -> Migrated:
        """The run stands at the target, whose work begins with the next turn."""
        before, target = self._common(move), move.target
        visit = before.visits.get(target, 0) + 1
        carried = self._carried(before, target, visit)
        state = replace(
            before, phase="ready", node=target, next=None, node_entered_at=self.now, node_seen=before.seen,
            visits={**before.visits, target: visit}, deadline=None, resting_since=None, effect=None,
            failures=0, again=carried is not None, stuck=None,
        )  # fmt: skip
        return Migrated(state, self._told(move, entered=True), look=True, carried=carried)

    def _common(self, move: Move) -> State:
        """What becomes of a run wherever it goes."""
        state = self.state
        splits = {node: arm for node, arm in state.splits.items() if self._still_splits(node, arm)}
        return replace(
            state, run=replace(state.run, version=self.version), now=self.now, burst=0, splits=splits,
            expires=expires(self.moves, state), passes=self._passes(move),
        )  # fmt: skip

    def _still_splits(self, node: str, arm: str) -> bool:
        """Whether the arm that was decided is there still; else the split decides again."""
        return node in self.moves.new.steps and arm in self.moves.new.steps[node].ports

    def _passes(self, move: Move) -> dict[str, Pass]:
        """The effects that the run has had, by the nodes of the new version that would repeat them.

        One that the old version would have repeated itself, since its way led there again, is not held back.
        """
        found: dict[str, Pass] = {}
        for target, step in sorted(self.moves.new.steps.items()):
            if (kind := _kind_of(step.work)) is not None:
                had = self._had(target, kind, placed=move.anew and target == move.target)
                found |= {target: had} if had is not None else {}
        return found

    def _had(self, target: str, kind: str, *, placed: bool) -> Pass | None:
        """The effect of this type that the run has had for the node, the latest. `placed`: it is put there itself."""
        loop = self.moves.ahead.get(self.state.node or "", frozenset())
        for source in dict.fromkeys(self.moves.sources(target)):
            repeats = source in loop and not placed
            recorded = self.state.passes.get(source)
            if recorded is not None and recorded.type == kind:
                return replace(recorded, due=recorded.due or not repeats)
            if (last := self._latest(source)) is not None and _had_effect(last, kind):
                save = getattr(self.moves.new.steps[target].work, "save", None)
                needed = save is not None and save not in self.state.vars
                return Pass(last.key, last.type, last.port or "done", dict(last.result) if needed else {}, not repeats)
        return None

    def _latest(self, node: str) -> Row | None:
        """The effect of the latest visit that has come to an end; of the visit that lasts, where one does."""
        rows = [row for row in self.effects if row.node == node]
        return max(rows, key=lambda row: row.visit, default=None)

    def _carried(self, before: State, target: str, visit: int) -> tuple[tuple[str, int], tuple[str, int]] | None:
        """A failed effect that the target tries again: it goes on under the key that the world outside knows."""
        state, work = self.state, self.moves.new.steps[target].work
        passed = before.passes.get(target)
        if state.stuck is None or state.node is None or not isinstance(work, Activity) or (passed and passed.due):
            return None
        here = (state.node, state.visits.get(state.node, 0))
        tried = next((row for row in self.effects if (row.node, row.visit) == here), None)
        if tried is None or tried.state != "failed" or tried.type != work.type.name or here == (target, visit):
            return None
        return here, (target, visit)

    def _told(self, move: Move, *, entered: bool) -> tuple[Command, ...]:
        """The lines of the timeline, and the stage that the run has reached by standing there."""
        lines: list[Command] = [_line(self.state, move.target, self.version, self.now, self.by, move.rule)]
        if entered:
            lines.append(Log("entered", self.now, move.target))
        stage = self.moves.new.steps[move.target].stage
        return (*lines, Stage(stage)) if stage else tuple(lines)


def expires(moves: Moves, state: State) -> datetime | None:
    """When the run's age ends it under the new version: counted from its start, as ever."""
    if moves.old.max_age == moves.new.max_age and moves.old.zone == moves.new.zone:
        return state.expires
    longest = moves.new.max_age or (HOLDOUT_AGE if state.holdout else None)
    return after(state.started_at, longest, moves.new.zone) if longest else None


def _hold_out(moves: Moves, state: State, version: int, now: datetime, by: str) -> Migrated:
    """A member who is left alone is watched by the new version's goal and exits."""
    moved = replace(
        state, run=replace(state.run, version=version), now=now, next=moves.new.start, expires=expires(moves, state)
    )
    return Migrated(moved, (_line(state, None, version, now, by, "same"),), look=False)


def _line(state: State, node: str | None, version: int, now: datetime, by: str, rule: str) -> Log:
    detail: dict[str, Json] = {"from": state.run.version, "to": version, "rule": rule, "by": by}
    return Log("migrated", now, node, detail={**detail, **({"was": state.node} if node != state.node else {})})


def _kind_of(work: Work) -> str | None:
    """What kind of effect a node has, as its rows name it; None for one that has none."""
    match work:
        case Activity():
            return work.type.name
        case Called():
            return work.effect
        case _:
            return None


def _had_effect(row: Row, kind: str) -> bool:
    """Whether the row tells that the effect has happened; a push that quiet hours kept back has not."""
    return row.state == "settled" and row.type == kind and row.port != "quiet"
