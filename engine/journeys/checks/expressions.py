"""Checks of conditions, expressions and texts: their fields and types, what may be absent, what is never read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.journeys import messages
from engine.journeys.checks.presence import may_be_absent
from engine.journeys.document import (
    ActivityNode,
    ChoiceNode,
    DecideNode,
    DelayNode,
    Journey,
    Node,
    TaskNode,
    WaitNode,
)  # fmt: skip
from engine.journeys.document_entries import BecomesEntry, DateEntry, EventEntry, ScheduleEntry
from engine.journeys.fields import DocumentFields
from engine.journeys.findings import Finding, finding
from engine.journeys.parse import Reading
from engine.journeys.rulebook import Rulebook
from rules.compile import check_rule, compile_rule
from rules.limits import escape
from rules.types import Fields, Json, Problem
from rules.values import check_value


def check(reading: Reading, journey: Journey, scope: DocumentFields) -> Iterator[Finding]:
    """The findings about expressions."""
    judge = _Judge(reading, journey, scope.rulebook)
    for place, on, when in tested(journey):
        if when is not None and not reading.is_mended(f"{place}/on"):
            fields = scope.at_entry(on) if place.startswith("/entry") else scope.at_event(on)
            yield from judge.rule(when, fields, f"{place}/when")
    for place, rule in chosen_by(journey):
        yield from judge.rule(rule, scope.at_audience, place)
    for i, entry in enumerate(journey.entry):
        if isinstance(entry, DateEntry):
            yield from judge.date(entry.date, scope.at_audience, f"/entry/{i}/date")
    for node_id, node in journey.nodes.items():
        yield from _check_node(judge, node, f"/nodes/{escape(node_id)}", scope.at_node(node_id))
    yield from _unused(reading, journey)


class _Judge:
    """Turns the problems of rules into findings, but for those that a broken part of the document explains."""

    def __init__(self, reading: Reading, journey: Journey, rulebook: Rulebook) -> None:
        self.reading = reading
        self.conditions = rulebook.conditions
        self.doubtful = list(_doubtful(reading, journey, rulebook))

    def rule(self, rule: Json, fields: Fields, pointer: str, expect: str = "boolean") -> Iterator[Finding]:
        if not self.reading.has_mended(pointer):
            problems = check_rule(rule, fields, expect=expect, pointer=pointer, conditions=self.conditions)
            yield from self.told(problems)

    def date(self, rule: Json, fields: Fields, pointer: str) -> Iterator[Finding]:
        """An expression that gives a date or an instant."""
        if self.reading.has_mended(pointer):
            return
        if problems := check_rule(rule, fields, expect=None, pointer=pointer, conditions=self.conditions):
            yield from self.told(problems)
        elif compile_rule(rule, fields, expect=None, conditions=self.conditions).type not in {"date", "instant"}:
            yield finding("type-mismatch", pointer, *messages.NOT_A_DATE)

    def value(self, value: Json, fields: Fields, pointer: str, *, missing_is_minded: bool = False) -> Iterator[Finding]:
        """`missing_is_minded`: what becomes of missing data is said elsewhere, so that nobody need be warned."""
        if self.reading.has_mended(pointer):
            return
        problems = check_value(value, fields, pointer, self.conditions)
        yield from self.told(problems)
        if not problems and not missing_is_minded:
            for place, paths in may_be_absent(value, fields, pointer):
                yield finding("maybe-missing", place, *messages.maybe_missing(sorted(paths)))

    def told(self, problems: Iterable[Problem]) -> Iterator[Finding]:
        for problem in problems:
            if problem.code == "schema" or not any(name in problem.message["en"] for name in self.doubtful):
                yield Finding(problem.code, "error", problem.pointer, problem.message)


def _doubtful(reading: Reading, journey: Journey, rulebook: Rulebook) -> Iterator[str]:
    """Fields whose declaration, or the place that saves them, could not be read or cannot be known yet."""
    if reading.unreadable or any(place.endswith("/save") for place in reading.mended):
        yield "vars."
    for place in reading.mended:
        if place.startswith("/fields/"):
            yield place.split("/")[2]
    if reading.is_mended("/fields"):
        yield from ("event.", "vars.", "member.", "store.", "associate.")
    for node in journey.nodes.values():
        match node:
            case TaskNode(save=str(name)):
                yield f"vars.{name}"
            case DecideNode() if rulebook.find(node.ruleset) is None:
                yield f"vars.{node.save}"
            case _:
                pass


def tested(journey: Journey) -> Iterator[tuple[str, str, Json]]:
    """Every place where an event is tested: its pointer, the event type, the condition."""
    for i, entry in enumerate(journey.entry):
        if isinstance(entry, EventEntry):
            yield f"/entry/{i}", entry.on, entry.when
    if journey.goal:
        yield "/goal", journey.goal.on, journey.goal.when
    for i, way_out in enumerate(journey.exits):
        yield f"/exits/{i}", way_out.on, way_out.when
    for node_id, node in journey.nodes.items():
        if isinstance(node, WaitNode):
            for i, item in enumerate(node.awaited):
                yield f"/nodes/{escape(node_id)}/for/{i}", item.on, item.when


def chosen_by(journey: Journey) -> Iterator[tuple[str, Json]]:
    """The conditions by which entries choose members, with their pointers."""
    for i, entry in enumerate(journey.entry):
        match entry:
            case ScheduleEntry():
                yield f"/entry/{i}/audience", entry.audience
            case BecomesEntry():
                yield f"/entry/{i}/becomes", entry.becomes
            case _:
                pass


def _check_node(judge: _Judge, node: Node, pointer: str, fields: Fields) -> Iterator[Finding]:
    match node:
        case ChoiceNode():
            for i, case in enumerate(node.cases):
                place = f"{pointer}/cases/{i}/when"
                if case.when is None:
                    yield finding("type-mismatch", place, *messages.NO_CONDITION)
                else:
                    yield from judge.rule(case.when, fields, place)
        case DelayNode() if node.until is not None and "time" not in node.until:
            yield from judge.rule(node.until, fields, f"{pointer}/until", "instant")
        case ActivityNode() | TaskNode():
            for name, value in node.params.items():
                yield from judge.value(value, fields, f"{pointer}/params/{escape(name)}")
        case DecideNode():
            for name, value in node.facts.items():
                minded = "uncertain" in node.ports
                yield from judge.value(value, fields, f"{pointer}/facts/{escape(name)}", missing_is_minded=minded)
        case _:
            pass


def _unused(reading: Reading, journey: Journey) -> Iterator[Finding]:
    for place, name in _saves(journey):
        if name not in reading.names_read and not reading.is_mended(f"{place}/save"):
            yield finding("unused-value", f"{place}/save", *messages.unused_value(name))


def _saves(journey: Journey) -> Iterator[tuple[str, str]]:
    for i, entry in enumerate(journey.entry):
        if entry.save:
            yield f"/entry/{i}", entry.save
    for node_id, node in journey.nodes.items():
        pointer = f"/nodes/{escape(node_id)}"
        if isinstance(node, WaitNode):
            yield from ((f"{pointer}/for/{i}", item.save) for i, item in enumerate(node.awaited) if item.save)
        elif isinstance(node, ActivityNode | DecideNode | TaskNode) and node.save:
            yield pointer, node.save
