"""From the models of a document to the steps of a plan: each condition and param with the fields of its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import time, timedelta
from zoneinfo import ZoneInfo

from engine.journeys.audience_entries import (
    AudienceEntry,
    Becoming,
    Choosing,
    Dated,
    Form,
    Listed,
    Scheduled,
    fields_of,
    on_days,
)
from engine.journeys.canonical import content_hash
from engine.journeys.catalogue import Catalogue, Retry
from engine.journeys.checks.decisions import leaves
from engine.journeys.document import (
    ActivityNode,
    ChoiceNode,
    DecideNode,
    DelayNode,
    EndNode,
    Journey,
    JourneyNode,
    Node,
    RetryPart,
    SplitNode,
    UntilTime,
    WaitNode,
)  # fmt: skip
from engine.journeys.document_entries import (
    Audience,
    BecomesEntry,
    DateEntry,
    EventEntry,
    ListEntry,
    ScheduleEntry,
)  # fmt: skip
from engine.journeys.fields import DocumentFields
from engine.journeys.schedules import parse_rate, parse_recurrence
from engine.journeys.steps import (
    Activity,
    Awaited,
    Called,
    Choice,
    Decide,
    Delay,
    DelayUntil,
    DelayUntilTime,
    Entry,
    Exit,
    Finish,
    Goal,
    Split,
    Step,
    Wait,
    Work,
)  # fmt: skip
from rules.compile import Rule, compile_rule
from rules.conditions import used
from rules.duration import parse_duration
from rules.limits import escape
from rules.types import Fields, Json
from rules.values import Value, compile_value

_OF_THE_RUN = frozenset({"member", "store", "associate"})
"""What a turn reads for its run; all else the run holds itself."""

FORMS: Mapping[type[Audience], tuple[Form, set[str]]] = {
    ScheduleEntry: ("schedule", {"schedule", "at", "audience"}),
    BecomesEntry: ("becomes", {"becomes", "check"}),
    DateEntry: ("date", {"date", "offset", "at", "yearly"}),
    ListEntry: ("list", {"members"}),
}
"""The form of each kind of entry, and which of its fields say when and whom: all else does not make it another."""


class Compiler:
    """Compiles one document; `read` gathers the paths that its expressions read."""

    def __init__(self, journey: Journey, catalogue: Catalogue, scope: DocumentFields) -> None:
        self.journey = journey
        self.catalogue = catalogue
        self.scope = scope
        self.read: set[str] = set()

    def entries(self) -> Iterator[Entry]:
        """The entries that are events."""
        for i, entry in enumerate(self.journey.entry):
            if isinstance(entry, EventEntry):
                pointer = f"/entry/{i}/when"
                when = self._condition(entry.when, self.scope.at_entry(entry.on), pointer)
                yield Entry(entry.on, when, pointer, entry.start or self.journey.start, entry.save)

    def audiences(self) -> Iterator[AudienceEntry]:
        """The entries that choose members. What they read is read when they choose, and by no turn."""
        counted = Counter[Form]()
        for i, entry in enumerate(self.journey.entry):
            if isinstance(entry, EventEntry):
                continue
            form, said = FORMS[type(entry)]
            counted[form] += 1
            told = entry.model_dump(mode="json", by_alias=True, include=said, exclude_none=True)
            named = used(told, self.scope.rulebook.conditions)
            around: Json = {"conditions": {**named}, "zone": self.journey.policies.time_zone}
            hashed = content_hash({"entry": told, "with": counted[form] if form == "list" else around})
            start = entry.start or self.journey.start
            choosing = self._choosing(entry, f"/entry/{i}")
            declared = {path: self.scope.at_audience[path] for path in fields_of(choosing)}
            yield AudienceEntry(i, form, counted[form], hashed, start, entry.save, choosing, declared)

    def _choosing(self, entry: Audience, pointer: str) -> Choosing:
        fields, named = self.scope.at_audience, self.scope.rulebook.conditions
        match entry:
            case ScheduleEntry():
                rule = compile_rule(entry.audience, fields, pointer=f"{pointer}/audience", conditions=named)
                rate = parse_rate(entry.rate) if entry.rate else None
                return Scheduled(parse_recurrence(entry.schedule), clock_time(entry.at), rule, entry.limit, rate)
            case BecomesEntry():
                rule = compile_rule(entry.becomes, fields, pointer=f"{pointer}/becomes", conditions=named)
                return Becoming(rule, parse_duration(entry.check))
            case DateEntry():
                offset = parse_duration(entry.offset or "P0D", signed=True)
                zone = ZoneInfo(self.journey.policies.time_zone)
                compiled = on_days(entry.date, offset, fields, named, zone, yearly=entry.yearly)
                day = compile_rule(entry.date, fields, expect=None, pointer=f"{pointer}/date", conditions=named)
                return Dated(clock_time(entry.at), offset, entry.yearly, compiled, day)
            case ListEntry():
                return Listed()

    def goal(self) -> Goal | None:
        """The goal, where there is one."""
        goal = self.journey.goal
        if goal is None:
            return None
        when = self._condition(goal.when, self.scope.at_event(goal.on), "/goal/when")
        return Goal(goal.on, when, "/goal/when", goal.stage)

    def exits(self) -> Iterator[Exit]:
        """The exits in document order."""
        for i, way_out in enumerate(self.journey.exits):
            pointer = f"/exits/{i}/when"
            when = self._condition(way_out.when, self.scope.at_event(way_out.on), pointer)
            yield Exit(way_out.on, when, pointer, way_out.outcome)

    def step(self, node_id: str, node: Node) -> Step:
        """A node as a step. Raises KeyError for a type of node or activity that cannot be executed."""
        return Step(node_id, self._work(node_id, node), dict(node.ports), node.stage)

    def _work(self, node_id: str, node: Node) -> Work:
        pointer = f"/nodes/{escape(node_id)}"
        match node:
            case WaitNode():
                timeout = parse_duration(node.timeout) if node.timeout is not None else None
                return Wait(tuple(self._awaited(node, pointer)), timeout, node.since == "node")
            case DelayNode():
                return self._delay(node_id, node, pointer)
            case ChoiceNode():
                return self._choice(node_id, node, pointer)
            case SplitNode():
                arms = tuple((arm.port, arm.share_bp) for arm in node.arms)
                return Split(arms, f"{self.journey.key}/{node_id}" if node.salt is None else node.salt)
            case ActivityNode():
                return self._activity(node_id, node, pointer)
            case DecideNode():
                return self._decide(node_id, node, pointer)
            case JourneyNode():
                pinned = self.scope.rulebook.journeys(node.journey) if node.mode == "call" else None
                return Called(node.journey, node.mode, pinned)
            case EndNode():
                return Finish(node.outcome)
            case _:
                raise KeyError(f"{pointer}: {node.type}")

    def _awaited(self, node: WaitNode, pointer: str) -> Iterator[Awaited]:
        for i, item in enumerate(node.awaited):
            place = f"{pointer}/for/{i}/when"
            when = self._condition(item.when, self.scope.at_event(item.on), place)
            yield Awaited(item.on, when, place, item.port, item.save)

    def _delay(self, node_id: str, node: DelayNode, pointer: str) -> Work:
        if node.length is not None:
            return Delay(parse_duration(node.length))
        if node.until is not None and "time" in node.until:
            until = UntilTime.model_validate(node.until)
            return DelayUntilTime(clock_time(until.time), until.days, until.working_day)
        return DelayUntil(self._rule(node.until, self.scope.at_node(node_id), f"{pointer}/until", "instant"))

    def _choice(self, node_id: str, node: ChoiceNode, pointer: str) -> Choice:
        fields = self.scope.at_node(node_id)
        rules = [self._rule(case.when, fields, f"{pointer}/cases/{i}/when") for i, case in enumerate(node.cases)]
        return Choice(tuple((rule, case.port) for rule, case in zip(rules, node.cases, strict=True)), node.on_unknown)

    def _activity(self, node_id: str, node: ActivityNode, pointer: str) -> Activity:
        type_, fields = self.catalogue[node.activity], self.scope.at_node(node_id)
        params = {
            name: self._value(value, fields, f"{pointer}/params/{escape(name)}") for name, value in node.params.items()
        }
        return Activity(type_, params, node.save, overridden(type_.retry, node.retry))

    def _decide(self, node_id: str, node: DecideNode, pointer: str) -> Decide:
        """Raises KeyError when the ruleset is not known."""
        pinned = self.scope.rulebook.find(node.ruleset)
        if pinned is None:
            raise KeyError(f"ruleset {node.ruleset}")
        fields = self.scope.at_node(node_id)
        given = [
            (path, self._value(value, fields, place))
            for place, path, value in leaves(node.facts, pinned.table.known, f"{pointer}/facts")
        ]
        self.read |= {path for path in pinned.table.fields if path.partition(".")[0] in _OF_THE_RUN}
        return Decide(pinned, tuple(given), node.save)

    def _condition(self, when: Json, fields: Fields, pointer: str) -> Rule | None:
        return None if when is None else self._rule(when, fields, pointer)

    def _rule(self, rule: Json, fields: Fields, pointer: str, expect: str = "boolean") -> Rule:
        compiled = compile_rule(rule, fields, expect=expect, pointer=pointer, conditions=self.scope.rulebook.conditions)
        self.read |= compiled.fields
        return compiled

    def _value(self, value: Json, fields: Fields, pointer: str) -> Value:
        compiled = compile_value(value, fields, pointer, self.scope.rulebook.conditions)
        self.read |= compiled.fields
        return compiled


def clock_time(text: str) -> time:
    """`HH:MM` as a time of day."""
    return time.fromisoformat(text)


def overridden(retry: Retry, by: RetryPart | None) -> Retry:
    """The type's retry with what the node states in its place."""
    if by is None:
        return retry
    return replace(
        retry,
        attempts=by.attempts or retry.attempts,
        initial=_length(by.initial, retry.initial),
        backoff=by.backoff or retry.backoff,
        max=_length(by.longest, retry.max),
    )


def _length(text: str | None, default: timedelta) -> timedelta:
    if text is None:
        return default
    duration = parse_duration(text)
    return duration.elapsed + timedelta(days=duration.days)
