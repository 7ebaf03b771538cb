"""The embedded tests of a ruleset: what is wrong with them, what came of each, and which rows none of them visits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from rules.documents.report import Difference, Report, TestResult
from rules.facts import value_parser
from rules.limits import escape
from rules.scalars import parse_instant
from rules.tables import messages
from rules.tables.decide import Decision, decide
from rules.tables.document import Test
from rules.tables.outputs import COUNT
from rules.tables.table import Output, Table
from rules.types import Json, Problem

DEFAULT_DAY = date(2026, 1, 7)
DEFAULT_TIME = time(10)
STATEMENTS = ("row", "rows", "reason", "outcome", "missing")
"""What a test may state beside the outputs."""


def run_tests(table: Table) -> Report:
    """Decide every test and compare what came of it with what it states; the places are the rows."""
    tests = table.document.tests
    decided = [_decided(table, test) for test in tests]
    results = [
        TestResult(test.name, tuple(_differences(table, test, each))) for test, each in zip(tests, decided, strict=True)
    ]
    visited = {row for each in decided if each.reason == "matched" for row in each.rows}
    return Report(results, [(line.id, line.id in visited) for line in table.rows], "rows", ("row",))


def facts_of(test: Test, table: Table) -> tuple[dict[str, Json], datetime, ZoneInfo]:
    """What a test gives: facts, now and zone. Raises ValueError for what `check_tests` reports."""
    given = dict(test.given)
    zone = table.zone
    if (name := given.pop("time_zone", None)) is not None:
        zone = ZoneInfo(str(name))
    moment = given.pop("now", None)
    now = datetime.combine(DEFAULT_DAY, DEFAULT_TIME, zone) if moment is None else parse_instant(moment)
    return given, now, zone


def check_tests(table: Table) -> Iterator[Problem]:
    """What is wrong with the tests, so that they cannot be decided or compared."""
    known = [*_stated(table), *STATEMENTS]
    for i, test in enumerate(table.document.tests):
        yield from _check_given(test, table, f"/tests/{i}/given")
        for key in test.then:
            if key not in known:
                yield Problem("schema", f"/tests/{i}/then/{escape(key)}", messages.unknown_statement(key, known))


def _check_given(test: Test, table: Table, pointer: str) -> Iterator[Problem]:
    for key, value in test.given.items():
        if key not in {"now", "time_zone"} and not isinstance(value, dict):
            yield Problem("schema", f"{pointer}/{escape(key)}", messages.bad_given(key))
    for key in ("now", "time_zone"):
        try:
            facts_of(test.model_copy(update={"given": {key: test.given.get(key)}}), table)
        except (ValueError, OSError, KeyError):
            yield Problem("schema", f"{pointer}/{key}", messages.bad_given(key))


def _stated(table: Table) -> Mapping[str, Output]:
    """The outputs that a test may name by their keys: none of a list."""
    match table.document.gives:
        case "list":
            return {}
        case "count":
            return {COUNT.key: COUNT}
        case _:
            return {output.key: output for output in table.outputs}


def _decided(table: Table, test: Test) -> Decision:
    facts, now, zone = facts_of(test, table)
    return decide(table, facts, now=now.astimezone(UTC), zone=zone)


def _differences(table: Table, test: Test, decision: Decision) -> Iterator[Difference]:
    outputs = _stated(table)
    outcome = decision.outcome if isinstance(decision.outcome, dict) else {}
    for key, expected in test.then.items():
        actual: Json
        match key:
            case "row":
                actual = [*decision.rows] if len(decision.rows) > 1 else next(iter(decision.rows), None)
            case "rows":
                actual = [*decision.rows]
            case "missing":
                actual = [*decision.missing]
            case "reason":
                actual = decision.reason
            case "outcome":
                actual = decision.outcome
            case _:
                actual = outcome.get(key)
        if not _same(key, expected, actual, table, outputs):
            yield Difference(key, expected, actual)


def _same(key: str, expected: Json, actual: Json, table: Table, outputs: Mapping[str, Output]) -> bool:
    """Whether they are one value: of an output, in whichever form it is written."""
    if key in outputs:
        return _same_value(expected, actual, outputs[key])
    if key == "missing" and isinstance(expected, list):
        return sorted(map(str, expected)) == actual
    if key == "outcome" and isinstance(expected, list) and isinstance(actual, list):
        return len(expected) == len(actual) and all(map(lambda e, a: _same_item(e, a, table), expected, actual))
    return _same_item(expected, actual, table) if key == "outcome" else expected == actual


def _same_item(expected: Json, actual: Json, table: Table) -> bool:
    known = {**{output.key: output for output in table.outputs}, **_stated(table)}
    if not isinstance(expected, dict) or not isinstance(actual, dict):
        return expected == actual
    return expected.keys() == actual.keys() and all(
        _same_value(value, actual[key], known[key]) for key, value in expected.items()
    )


def _same_value(expected: Json, actual: Json, output: Output) -> bool:
    if expected is None or actual is None:
        return expected is actual
    parse = value_parser(output.type)
    try:
        return bool(parse(expected) == parse(actual))
    except ValueError:
        return False
