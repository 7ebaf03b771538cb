"""All that is wrong with a ruleset, or may be."""

from __future__ import annotations

from collections.abc import Iterator

from engine.journeys.context import CheckContext
from engine.journeys.findings import Finding, finding
from engine.journeys.unmet import unmet
from engine.rulesets.fields import ruleset_fields
from engine.rulesets.proofs import proved
from rules.documents.report import Report
from rules.tables.compile import examine
from rules.tables.table import Table
from rules.tables.trials import run_tests
from rules.types import Json


def check(document: Json, context: CheckContext) -> list[Finding]:
    """The findings, by place. Takes any JSON and never raises; a finding hides no other.

    Embedded tests run, and proofs are tried, where the document compiles.
    """
    table, problems = examine(document, ruleset_fields(context), context.conditions)
    findings = [Finding(each.code, "error", each.pointer, each.message) for each in problems]
    if table is not None and not problems:
        findings += _failed(table)
        findings += proved(table, context)
    return sorted(findings, key=lambda each: (_place(each.pointer), each.code))


def _place(pointer: str) -> list[tuple[int, str]]:
    """Places in the order of the document: row 2 before row 10."""
    return [(int(step), "") if step.isdecimal() else (-1, step) for step in pointer.split("/")]


def report(document: Json, context: CheckContext) -> Report | None:
    """What came of the embedded tests; None when the document has problems."""
    table, problems = examine(document, ruleset_fields(context), context.conditions)
    return run_tests(table) if table is not None and not problems else None


def _failed(table: Table) -> Iterator[Finding]:
    for i, result in enumerate(run_tests(table).tests):
        if not result.ok:
            words = unmet(result.name, result.differences)
            yield finding("test-failed", f"/tests/{i}", *words, {**table.document.tests[i].given})
