"""Playing a journey on a virtual clock: the embedded tests of a document, and which ports they visit.

The same `match_entry` and `decide` run here as in the database; only time, facts and effects are made up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from engine.journeys.deadlines import after
from engine.journeys.document_tests import Given, Happening, Test
from engine.journeys.made_up import MadeUpWorld, PlayedEffect, made_up, with_arms
from engine.journeys.plan import Plan
from engine.journeys.player import Player, Turned
from engine.journeys.start import EntryMatch, is_held_out, is_kept_from_before, match_entry, start_run
from engine.journeys.state import EventIn, Log, RunRef, State
from rules.duration import parse_duration

TEST_RUN = "test"
"""The id of a test's run, and of its member."""


@dataclass(frozen=True)
class Play:
    """What came of a play. `state` is None when no event started a run; `log` is the whole timeline."""

    begin: datetime
    state: State | None = None
    effects: tuple[PlayedEffect, ...] = ()
    log: tuple[Log, ...] = ()

    @property
    def path(self) -> list[str]:
        """Every node entered, `end` nodes included."""
        return [line.node for line in self.log if line.kind == "entered" and line.node]

    @property
    def ports(self) -> set[tuple[str, str]]:
        """Every (node, port) through which a node was left."""
        return {(line.node, line.port) for line in self.log if line.kind == "left" and line.node and line.port}

    @property
    def outcome(self) -> str | None:
        return self.state.end.outcome if self.state and self.state.end else None

    @property
    def deadline(self) -> datetime | None:
        """Until when the run rests: the deadline of its node, else that of its age."""
        return None if self.state is None or self.state.ended else self.state.deadline or self.state.expires

    @property
    def waiting_at(self) -> str | None:
        """Where the run rests or is stuck, while it has not ended."""
        return self.state.node if self.state and not self.state.ended else None


@dataclass
class Scene:
    """One play as it goes on: the clock, the made-up world, and the run once an event has started it.

    `member` decides holdout and arms as a real run of theirs would; without it the first arm of each split is taken.
    """

    plan: Plan
    given: Given
    world: MadeUpWorld
    heed: Callable[[Turned], None]
    heed_entry: Callable[[EventIn, EntryMatch | None], None] = lambda _event, _match: None
    member: str | None = None
    limit: int | None = None
    player: Player | None = None
    now: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.now = self.world.begin

    def accept(self, happening: Happening) -> None:
        """An event is accepted now; the first that matches an entry starts the run."""
        event = self.world.accept(happening, self.now)
        if event is None:
            return
        if self.player is not None:
            self.player.untaken.append(event)
            return
        match = match_entry(self.plan, event, self.world.known, self.now)
        self.heed_entry(event, match)
        if match is not None:
            before = [each for each in self.world.log if is_kept_from_before(each, event)]
            self.world.entered = True
            state = self._started(event, match)
            self.player = Player(self.plan, self.world, state, self.now, self.heed, self.limit, before)

    def turn(self) -> None:
        """Decide all that is there to decide at this moment, the events that effects emit included."""
        if self.player is None:
            return
        self.player.turn()
        while (emitted := self.world.take_emitted()) and not self.player.over:
            self.player.untaken.extend(emitted)
            self.player.turn()

    def pass_until(self, until: datetime | None) -> None:
        """Let time pass to just before `until`, or until the run needs no time any more."""
        while (due := self.due) is not None and (until is None or due < until):
            self._move_to(due)
            self.turn()
        if until is not None:
            self._move_to(until)

    def pass_through(self, moment: datetime) -> None:
        """Let the deadlines of this very moment act."""
        while (due := self.due) is not None and due <= moment:
            self._move_to(due)
            self.turn()

    @property
    def due(self) -> datetime | None:
        """When the run needs to be looked at next although nothing happens."""
        return None if self.player is None or self.player.over else self.player.wake_at

    def _move_to(self, moment: datetime) -> None:
        self.now = max(self.now, moment)
        if self.player is not None:
            self.player.now = self.now

    @property
    def _is_held_out(self) -> bool:
        """As is given; where nothing is said of it, a real member is held out as ever."""
        if self.member is None or "holdout" in self.given.model_fields_set:
            return self.given.holdout
        return is_held_out(self.plan, self.member)

    def _started(self, event: EventIn, match: EntryMatch) -> State:
        run = RunRef(TEST_RUN, self.plan.key, 1, self.member or TEST_RUN)
        state = start_run(self.plan, run, event, match, self.now, holdout=self._is_held_out)
        if self.member is None:
            return with_arms(state, self.plan, self.given.arms)
        return replace(state, splits=dict(self.given.arms))


def play(plan: Plan, test: Test) -> Play:
    """Play one embedded test to where it expects to be.

    The clock stops at the last thing that happens, or runs on until nothing is left to wait for where the test
    expects an end: an `outcome`, or a `path` whose last node is an end.
    """
    lines: list[Log] = []

    def heed(turned: Turned) -> None:
        lines.extend(each for each in turned.commands if isinstance(each, Log))

    scene = Scene(plan, test.given, made_up(plan, test.given, test.when), heed)
    for at, happenings in moments(plan, scene.world.begin, test.when):
        scene.pass_until(at)
        for happening in happenings:
            scene.accept(happening)
        scene.turn()
    if _expects_end(plan, test):
        scene.pass_until(None)
    state = scene.player.state if scene.player else None
    return Play(scene.world.begin, state, tuple(scene.world.effects), tuple(lines))


def moments(plan: Plan, begin: datetime, when: Sequence[Happening]) -> Iterator[tuple[datetime, list[Happening]]]:
    """What happens, by moment; what is written for one moment keeps its order."""
    found: dict[datetime, list[Happening]] = {}
    for happening in when:
        if happening.at is not None and happening.activity is None:
            at = after(begin, parse_duration(happening.at), plan.zone)
            found.setdefault(at, []).append(happening)
    return iter(sorted(found.items()))


def _expects_end(plan: Plan, test: Test) -> bool:
    if test.then.outcome is not None:
        return True
    if test.then.waiting_at is not None or not test.then.path:
        return False
    last = plan.steps.get(test.then.path[-1])
    return last is not None and not last.ports
