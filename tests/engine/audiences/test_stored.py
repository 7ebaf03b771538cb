"""Whatever stands in an attribute: SQL reads it as closures do, or says that it cannot, and never raises."""

from __future__ import annotations

from datetime import UTC, datetime
from json import dumps
from typing import Any
from zoneinfo import ZoneInfo

from psycopg.types.json import Jsonb

from engine.audiences.stored import stored
from engine.database import direct
from engine.database.connection import Database
from rules.compile import compile_rule
from rules.errors import EvaluationError
from rules.types import Declaration, Json
from rules.unknown import Unknown
from tests.engine.audiences.world import JUNK, POOLS

KINDS = ["boolean", "integer", "decimal", "money", "text", "tags", "date", "instant", "duration"]
ODD: list[Json] = [
    "2026- 1- 1", "+026-01-01", " 026-01-01", "2026-01-1 ", "2026-Ja-01", "-026-01-01", "2026-01--1", "٢٠٢٦-01-01",
    "2026-01-01\n", "2026-01-01T 0:00:00Z", "2026-01-01T-1:00:00Z", "2026-01-01T00:00: 0+08:00",
    "2026-01-01T00:00:00+8:000",
    "2026-01-01T00:00:00.1 3Z", "2026-01-01T00:00:00-00:00", "2026-01-01T23:59:59.999Z", "2026-01-01t00:00:00z",
    "2026-01-01 00:00:00Z", "2026-01-01T00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T25:00:00Z", "2016-12-31T23:59:60Z",
    "2026-01-01T00:00:00+14:00", "2026-01-01T00:00:00+15:59", "2026-01-01T00:00:00+23:59", "0001-06-01T00:00:00Z",
    "0000-01-01", "0001-01-01", "9999-12-31", "10000-01-01", "infinity", "now", "epoch", "-infinity", "today",
    "NaN", "Infinity", "1e5", "+5", "5.", ".5", "-0", "0" * 21, "1.0", "1_000", "true", "t", "yes",
    -(2**53), 2**53, 10**20, 0.1, -1.0, 1e15, {"minor": 2**53 + 1}, {"minor": None}, {"minor": "5"},
    {"minor": 5, "currency": "CNY"}, {"minor": 5, "currency": None}, {"minor": 5, "currency": 3},
    [None], [1], [[]], ["a", "a"],
]  # fmt: skip
EVERYTHING = [*JUNK, *ODD, *(value for pool in POOLS.values() for value in pool), ["a", "b"], True, False]


def test_a_value_is_read_as_closures_read_it_or_left_to_them(database: Database) -> None:
    for kind in KINDS:
        compare(database, kind)


def compare(database: Database, kind: str) -> None:
    declaration = Declaration(type=kind, currency="CNY" if kind == "money" else None)
    rows = answers(database, declaration)
    rule = compile_rule({"var": "member.x"}, {"member.x": declaration}, expect=None)
    for given, (value, present, fault, json) in zip(EVERYTHING, rows, strict=True):
        assert present is (given is not None)
        said = told(rule, given)
        if fault or kind == "duration":
            assert value is None
            assert json is None
        else:
            assert (sorted(set(value)) if isinstance(value, list) else value) == said, given
            assert kind != "tags" or json == given
    if kind != "duration":
        left = {dumps(given) for given, row in zip(EVERYTHING, rows, strict=True) if row[2]}
        assert left & set(map(dumps, PLAIN[kind])) == set(map(dumps, UNUSUAL.get(kind, [])))


PLAIN = {**POOLS, "boolean": [True, False], "tags": [["a", "b"], []]}
UNUSUAL: dict[str, list[Json]] = {"instant": ["0001-01-02T00:00:00Z", "9999-12-30T00:00:00Z"]}
"""Of the plain values, those that are left to closures nevertheless."""


def answers(database: Database, declaration: Declaration) -> list[tuple[Any, bool, bool, Any]]:
    """Value, presence, fault and JSON of each."""
    column = stored("given.json", declaration.value_type)
    read = f"{column.value or 'NULL'}, {column.present}, {column.fault or 'FALSE'}, {column.json or 'NULL'}"
    values = ", ".join(f"({n}, %(v{n})s::jsonb)" for n in range(len(EVERYTHING)))
    given = {f"v{n}": Jsonb(value) for n, value in enumerate(EVERYTHING)}
    query = f"SELECT {read} FROM (VALUES {values}) AS given (n, json) ORDER BY n"  # noqa: S608  our own expressions
    with database.begin() as session:
        return [(value, present, fault, json) for value, present, fault, json in direct.rows(session, query, given)]


def told(rule: Any, given: Json) -> Any:
    """What a closure reads; None where there is nothing, or an error."""
    try:
        value = rule.evaluate({"member": {"x": given}}, now=datetime(2026, 1, 1, tzinfo=UTC), zone=ZoneInfo("UTC"))
    except EvaluationError as error:
        return error
    if isinstance(value, Unknown):
        return None
    return sorted(value) if isinstance(value, frozenset) else value
