"""All that is wrong with a journey document, or may be."""

from __future__ import annotations

from collections.abc import Iterator

from engine.journeys.checks import activities, decisions, expressions, graph, proofs, world
from engine.journeys.context import CheckContext
from engine.journeys.document import Journey
from engine.journeys.fields import DocumentFields
from engine.journeys.findings import Finding, finding
from engine.journeys.parse import Reading, read
from engine.journeys.plan import Plan, compile_journey
from engine.journeys.report import run_tests
from engine.journeys.unmet import unmet
from rules.errors import RuleError
from rules.types import Json


def check(document: Json, context: CheckContext) -> list[Finding]:
    """The findings, by place. Takes any JSON and never raises; a finding hides no other.

    What breaks the format is left out and the rest is checked. Embedded tests run where the document compiles.
    """
    reading = read(document)
    findings = list(reading.findings)
    if reading.journey is not None:
        findings += _meaning(reading, reading.journey, context)
    told = {(each.pointer, each.code, each.message["en"]): each for each in findings}
    return [told[place] for place in sorted(told)]


def _meaning(reading: Reading, journey: Journey, context: CheckContext) -> Iterator[Finding]:
    scope = DocumentFields(journey, context.catalogue, context.fields, context.events, context.rulebook)
    yield from graph.check(reading, journey, context.catalogue)
    yield from expressions.check(reading, journey, scope)
    yield from activities.check(reading, journey, context)
    yield from decisions.check(reading, journey, scope)
    yield from world.check(reading, journey, context)
    yield from proofs.check(reading, journey, scope, context)
    plan = None if reading.findings else _compiled(journey, context)
    if plan is not None:
        for i, result in enumerate(run_tests(plan, journey.tests).tests):
            if not result.ok:
                words = unmet(result.name, result.differences, context.catalogue)
                given = journey.tests[i].given.model_dump(mode="json", by_alias=True, exclude_unset=True)
                yield finding("test-failed", f"/tests/{i}", *words, given)


def _compiled(journey: Journey, context: CheckContext) -> Plan | None:
    """The plan, or None where the findings tell why there is none."""
    try:
        return compile_journey(journey, context.catalogue, context.fields, context.events, context.rulebook)
    except (RuleError, KeyError):
        return None
