"""A made-up world to play in: facts as given and as events change them, outcomes as told, a log of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from engine.journeys import consequences
from engine.journeys.audience_entries import MATCHED, SOURCE
from engine.journeys.deadlines import after
from engine.journeys.document_tests import Given, Happening
from engine.journeys.plan import Plan
from engine.journeys.state import EventIn, Failure, Local, Outcome, Remote, State
from engine.journeys.steps import Split, Step
from engine.journeys.walk import Facts
from rules.duration import parse_duration
from rules.types import Json


@dataclass(frozen=True)
class PlayedEffect:
    """An effect that a play asked for, and what it came to."""

    node: str
    activity: str
    params: dict[str, Json]
    at: datetime
    outcome: Outcome


@dataclass
class MadeUpWorld:
    """What a played run meets. `results` are what activities' next calls come to, by type, in order.

    `stands` is what is given of the member for the moment of the entry.
    """

    plan: Plan
    begin: datetime
    known: Facts
    results: dict[str, list[Happening]]
    stands: Mapping[str, Json] = field(default_factory=dict)
    log: list[EventIn] = field(default_factory=list)
    emitted: list[EventIn] = field(default_factory=list)
    effects: list[PlayedEffect] = field(default_factory=list)
    entered: bool = False

    def facts(self, state: State, _now: datetime) -> Facts:
        """Facts as given, with the store of the entry and the associate of the run where nothing else is given."""
        store, associate = state.entry.data.get("store"), state.associate
        return {
            **self.known,
            **({"store": store} if not self.known.get("store") and isinstance(store, dict) else {}),
            **({"associate": associate} if not self.known.get("associate") and isinstance(associate, dict) else {}),
        }

    def accept(self, happening: Happening, now: datetime) -> EventIn | None:
        """The event of a happening, accepted now; None where none happens.

        Somebody who was chosen is told to be chosen by the journey itself unless another one is named.
        """
        if happening.on is None:
            return None
        own = parse_duration(happening.time, signed=True) if happening.time else None
        time = after(self.begin, own, self.plan.zone) if own else now
        by_itself: dict[str, Json] = {"journey": self.plan.key} if happening.on == MATCHED else {}
        return self._log(happening.on, time, now, {**by_itself, **happening.data})

    def outcome(self, effect: Local | Remote, now: datetime) -> Outcome:
        """What was told of the activity's next call; else it succeeds with an empty result."""
        told = self.results.get(effect.type)
        outcome = outcome_of(effect.key, told.pop(0), self.plan) if told else Outcome(effect.key)
        node = effect.key.rpartition(":")[0]
        self.effects.append(PlayedEffect(node, effect.type, effect.params, now, outcome))
        if outcome.failure is None and outcome.port == "done":
            self.known = consequences.after_effect(self.known, effect.type, effect.params)
            if event := consequences.emitted(effect.type, effect.params, outcome.result):
                self.emitted.append(self._log(event[0], now, now, event[1]))
        return outcome

    def take_emitted(self) -> list[EventIn]:
        """The events that effects have put into the log since this was asked last."""
        emitted, self.emitted = self.emitted, []
        return emitted

    def _log(self, kind: str, time: datetime, now: datetime, data: dict[str, Json]) -> EventIn:
        source = SOURCE if kind == MATCHED else "test"
        event = EventIn(len(self.log) + 1, kind, time, now, data, source)
        self.log.append(event)
        self.known = consequences.after_event(self.known, event, stands=None if self.entered else self.stands)
        return event


def made_up(plan: Plan, given: Given, when: Iterable[Happening], known: Facts | None = None) -> MadeUpWorld:
    """The world of a test; `known` are facts of a real member, below those that are given."""
    results: dict[str, list[Happening]] = {}
    for happening in when:
        if happening.activity is not None:
            results.setdefault(happening.activity, []).append(happening)
    facts: dict[str, Json] = {
        scope: {**_object((known or {}).get(scope)), **getattr(given, scope)}
        for scope in ("member", "store", "associate")
    }
    return MadeUpWorld(plan, begin_of(plan, given), facts, results, given.member)


def begin_of(plan: Plan, given: Given) -> datetime:
    """When a play begins: `given.now`, else 10:00 on Wednesday 2026-01-07 in the journey's zone."""
    if given.now is None:
        return datetime(2026, 1, 7, 10, tzinfo=plan.zone).astimezone(UTC)
    now = datetime.fromisoformat(given.now)
    return (now if now.tzinfo else now.replace(tzinfo=plan.zone)).astimezone(UTC)


def with_arms(state: State, plan: Plan, arms: Mapping[str, str]) -> State:
    """A run whose splits are decided: the arms that are named, else the first of each."""
    splits = {step.id: step.work for step in plan.steps.values() if isinstance(step.work, Split)}
    return replace(state, splits={node: arms.get(node, work.arms[0][0]) for node, work in splits.items()})


def outcome_of(key: str, told: Happening, plan: Plan) -> Outcome:
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


def _object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _ports(plan: Plan, key: str) -> Mapping[str, str]:
    step: Step | None = plan.steps.get(key.rpartition(":")[0])
    return step.ports if step else {}


def _failure(told: Json) -> Failure:
    """A failure after which nothing is tried again: a message, or `{"code", "message"}`."""
    if isinstance(told, dict):
        return Failure(str(told.get("code", "failed")), str(told.get("message", "")), final=True)
    return Failure("failed", told if isinstance(told, str) else "", final=True)
