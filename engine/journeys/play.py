"""Playing a journey on a virtual clock: the embedded tests of a document, and which ports they visit.

The same `match_entry` and `decide` run here as in the database; only time, facts and effects are made up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from engine.journeys.deadlines import after
from engine.journeys.document_tests import Given, Happening, Test
from engine.journeys.plan import Plan
from engine.journeys.start import is_kept_from_before, match_entry, start_run
from engine.journeys.state import Command, EventIn, Failure, Local, Log, Outcome, Remote, RunRef, State
from engine.journeys.steps import Split, Step
from engine.journeys.turn import TurnInputs, decide
from engine.journeys.walk import Facts
from rules.duration import parse_duration
from rules.types import Json

MAX_TURNS = 2_000
"""A test that has not come to its end by then is broken off; the journey walks in circles."""


@dataclass(frozen=True)
class PlayedEffect:
    """An effect that a play asked for."""

    node: str
    activity: str
    params: dict[str, Json]


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
class _Stage:
    """The made-up world of one play: the clock, the log of events, what activities return."""

    plan: Plan
    given: Given
    now: datetime
    results: dict[str, list[Happening]]
    begin: datetime = field(init=False)
    facts_: Facts = field(init=False)
    log: list[EventIn] = field(default_factory=list)
    untaken: list[EventIn] = field(default_factory=list)
    state: State | None = None
    outcome: Outcome | None = None
    effects: list[PlayedEffect] = field(default_factory=list)
    lines: list[Log] = field(default_factory=list)
    wake_at: datetime | None = None

    def __post_init__(self) -> None:
        self.begin = self.now
        self.facts_ = {"member": self.given.member, "store": self.given.store, "associate": self.given.associate}

    def facts(self) -> Facts:
        return self.facts_

    def perform(self, effect: Local) -> Outcome:
        return self._outcome(effect)

    def accept(self, happening: Happening) -> None:
        """An event is accepted now; the first that matches an entry starts the run."""
        if happening.on is None:
            return
        own = parse_duration(happening.time, signed=True) if happening.time else None
        time = after(self.begin, own, self.plan.zone) if own else None
        event = EventIn(len(self.log) + 1, happening.on, time or self.now, self.now, dict(happening.data), "test")
        self.log.append(event)
        if self.state is not None:
            self.untaken.append(event)
        elif match := match_entry(self.plan, event, self.facts_, self.now):
            run = RunRef("test", self.plan.key, 1, "test")
            state = start_run(self.plan, run, event, match, self.now, holdout=self.given.holdout)
            self.state = replace(state, splits=_arms(self.plan, self.given))
            self.untaken = [before for before in self.log if is_kept_from_before(before, event)]

    def turn(self) -> None:
        """Decide all that is there to decide at this moment."""
        while self.state is not None and not self.state.ended:
            named = tuple(event for event in self.untaken if event.type in self.plan.event_types)
            inputs = TurnInputs(outcome=self.outcome, events=named)
            self.outcome = None
            result = decide(self.plan, self.state, inputs, self, self.now)
            self.state, self.wake_at, self.untaken = result.state, result.wake_at, list(result.untaken)
            self._note(result.commands)
            if self.outcome is None and not self.untaken:
                return

    def pass_until(self, until: datetime | None) -> None:
        """Let time pass to just before `until`, or until the run needs no time any more."""
        for _ in range(MAX_TURNS):
            wake_at = self.wake_at
            if self.state is None or self.state.ended or wake_at is None or (until is not None and wake_at >= until):
                break
            self.now = max(self.now, wake_at)
            self.turn()
        if until is not None:
            self.now = max(self.now, until)

    def _note(self, commands: Iterable[Command]) -> None:
        for command in commands:
            if isinstance(command, Log):
                self.lines.append(command)
            elif isinstance(command, Remote):
                self.outcome = self._outcome(command)

    def _outcome(self, effect: Local | Remote) -> Outcome:
        """What the test says the activity's next call comes to; else it succeeds with an empty result."""
        self.effects.append(PlayedEffect(effect.key.rpartition(":")[0], effect.type, effect.params))
        told = self.results.get(effect.type)
        return _told(effect.key, told.pop(0), self.plan) if told else Outcome(effect.key)


def play(plan: Plan, test: Test) -> Play:
    """Play one embedded test to where it expects to be.

    The clock stops at the last thing that happens, or runs on until nothing is left to wait for where the test
    expects an end: an `outcome`, or a `path` whose last node is an end.
    """
    results: dict[str, list[Happening]] = {}
    for happening in test.when:
        if happening.activity is not None:
            results.setdefault(happening.activity, []).append(happening)
    stage = _Stage(plan, test.given, _begin(plan, test.given), results)
    for at, happenings in _moments(plan, stage.begin, test.when):
        stage.pass_until(at)
        for happening in happenings:
            stage.accept(happening)
        stage.turn()
    if _expects_end(plan, test):
        stage.pass_until(None)
    return Play(stage.begin, stage.state, tuple(stage.effects), tuple(stage.lines))


def _begin(plan: Plan, given: Given) -> datetime:
    if given.now is not None:
        return datetime.fromisoformat(given.now).astimezone(UTC)
    return datetime(2026, 1, 7, 10, tzinfo=plan.zone).astimezone(UTC)


def _moments(plan: Plan, begin: datetime, when: Sequence[Happening]) -> Iterator[tuple[datetime, list[Happening]]]:
    """What happens, by moment; what is written for one moment keeps its order."""
    moments: dict[datetime, list[Happening]] = {}
    for happening in when:
        if happening.at is not None and happening.activity is None:
            at = after(begin, parse_duration(happening.at), plan.zone)
            moments.setdefault(at, []).append(happening)
    return iter(sorted(moments.items()))


def _expects_end(plan: Plan, test: Test) -> bool:
    if test.then.outcome is not None:
        return True
    if test.then.waiting_at is not None or not test.then.path:
        return False
    last = plan.steps.get(test.then.path[-1])
    return last is not None and not last.ports


def _arms(plan: Plan, given: Given) -> dict[str, str]:
    """The arms that a test takes: those it names, else the first of each split."""
    splits = {step.id: step.work for step in plan.steps.values() if isinstance(step.work, Split)}
    return {node: given.arms.get(node, work.arms[0][0]) for node, work in splits.items()}


def _told(key: str, told: Happening, plan: Plan) -> Outcome:
    """`returns` is a result, or names the port: `"sold_out"`, or `{"port": "sold_out", "result": {…}}`."""
    if "fails" in told.model_fields_set:
        return Outcome(key, failure=_failure(told.fails))
    returned, ports = told.returns, _ports(plan, key)
    if isinstance(returned, str) and returned in ports:
        return Outcome(key, returned)
    if not isinstance(returned, dict):
        return Outcome(key, result={} if returned is None else {"value": returned})
    port, result = returned.get("port", returned.get("outcome")), returned.get("result", returned.get("value"))
    if isinstance(port, str) and port in ports and not returned.keys() - {"port", "outcome", "result", "value"}:
        return Outcome(key, port, result if isinstance(result, dict) else {})
    return Outcome(key, result=returned)


def _ports(plan: Plan, key: str) -> Mapping[str, str]:
    step: Step | None = plan.steps.get(key.rpartition(":")[0])
    return step.ports if step else {}


def _failure(told: Json) -> Failure:
    """A failure after which nothing is tried again: a message, or `{"code", "message"}`."""
    if isinstance(told, dict):
        return Failure(str(told.get("code", "failed")), str(told.get("message", "")), final=True)
    return Failure("failed", told if isinstance(told, str) else "", final=True)
