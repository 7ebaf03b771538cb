"""Values that PostgreSQL computes are Python's, at the edges where the two have minds of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import product
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest

from engine.database import direct
from engine.database.connection import Database
from rules.compile import Rule, compile_rule
from rules.errors import EvaluationError
from rules.exact import MODES
from rules.sql import Column, Query
from rules.types import Fields, Json
from tests.engine.audiences.world import NOW
from tests.rules.ruleworld import declared

NEW_YORK, LORD_HOWE, SHANGHAI = (ZoneInfo(n) for n in ("America/New_York", "Australia/Lord_Howe", "Asia/Shanghai"))
SPRING, AUTUMN = datetime(2025, 3, 9, 7, tzinfo=UTC), datetime(2025, 11, 2, 6, tzinfo=UTC)  # in New York
ISLAND_AUTUMN, ISLAND_SPRING = datetime(2025, 4, 5, 15, tzinfo=UTC), datetime(2025, 10, 4, 15, 30, tzinfo=UTC)
CHANGES = [(NEW_YORK, SPRING), (NEW_YORK, AUTUMN), (LORD_HOWE, ISLAND_AUTUMN), (LORD_HOWE, ISLAND_SPRING)]


def values(database: Database, rules: Sequence[Rule], zone: ZoneInfo, columns: Mapping[str, Column]) -> list[object]:
    """What each rule is in SQL; None where it has a fault, or no form."""
    query = Query(columns, now=NOW, zone=zone)
    found = [query.predicate(rule.tree) for rule in rules]
    forms = [f"CASE WHEN {one.fault or 'FALSE'} THEN NULL ELSE {one.holds} END" if one else "NULL" for one in found]
    with database.begin() as session:
        row = direct.first(session, f"SELECT {', '.join(forms)}", query.parameters)
    assert row is not None
    return list(row)


def agree(
    database: Database,
    expressions: Sequence[Json],
    zone: ZoneInfo = SHANGHAI,
    *,
    fields: Fields = MappingProxyType({}),
    columns: Mapping[str, Column] = MappingProxyType({}),
    facts: Mapping[str, Json] = MappingProxyType({}),
) -> None:
    """Each of the expressions has the same value in both."""
    rules = [compile_rule(one, fields, expect=None) for one in expressions]
    computed = [rule.evaluate(facts, now=NOW, zone=zone) for rule in rules]
    for expression, one, other in zip(expressions, values(database, rules, zone, columns), computed, strict=True):
        assert one == other, expression


def test_days_and_months_keep_the_time_of_day_over_a_change_of_clocks(database: Database) -> None:
    lengths = {"P1D": 1, "P1M": 30, "P7DT1H": 7, "P2W": 14}
    for zone, change in CHANGES:
        about = [change + timedelta(minutes=minutes) for minutes in range(-150, 151, 15)]
        starts = [(at - timedelta(days=days), length) for at in about for length, days in lengths.items()]
        agree(database, [{"add_duration": [at.isoformat(), length]} for at, length in starts], zone)


def test_hours_that_leave_the_calendar_are_left_to_closures(database: Database) -> None:
    last, first = "9999-12-30T00:00:00Z", "9999-12-29T23:00:00Z"
    rules = [compile_rule({"add_duration": [at, "PT1H"]}, {}, expect=None) for at in (last, first)]
    with pytest.raises(EvaluationError, match="leaves the calendar"):
        rules[0].evaluate({}, now=NOW, zone=SHANGHAI)
    found = values(database, rules, SHANGHAI, {})
    assert found == [None, rules[1].evaluate({}, now=NOW, zone=SHANGHAI)]


def test_the_clock_and_the_day_are_those_of_the_zone(database: Database) -> None:
    for zone, change in CHANGES:
        about = [(change + timedelta(minutes=minutes)).isoformat() for minutes in range(-1500, 1501, 50)]
        agree(database, [{"time_of_day_in": [at, "01:00", "02:00"]} for at in about], zone)
        agree(database, [{"days_since": at} for at in about], zone)
        agree(database, [{"weekday_in": [at, [7]]} for at in about], zone)


def test_months_end_with_their_last_day(database: Database) -> None:
    days = ["2024-01-31", "2023-01-31", "2024-02-29", "2024-12-31", "1900-01-31"]
    lengths = ["P1M", "P13M", "P1Y", "P1M1D", "P2M29D", "P100Y"]
    dates: list[Json] = [{"add_duration": [{"if": [True, day, {"var": "today"}]}, n]} for day in days for n in lengths]
    agree(database, dates)
    agree(database, [{"same_month_day": [one, two]} for one in days for two in [*days, "2023-02-28", "2024-02-28"]])


def test_quotients_are_rounded_alike(database: Database) -> None:
    numbers = [0, 1, 2, 3, 5, 7, 15, 25, -1, -3, -5, -15, -25]
    cases = product(numbers, [1, 3], [2, -2, 4, -10], MODES)
    agree(database, [{"round_money": [a, n, d, mode]} for a, n, d, mode in cases])
    agree(database, [{"ratio_bp": [a, d, mode]} for a, d, mode in product(numbers, [3, -7, 20_000, 1_250], MODES)])


def test_quotients_of_decimals_are_rounded_alike(database: Database) -> None:
    fields = declared(part={"type": "decimal"}, whole={"type": "decimal"})
    expressions: list[Json] = [{"ratio_bp": [{"var": "part"}, {"var": "whole"}, mode]} for mode in MODES]
    for part, whole in product(["0.5", "-2.25", "1.00005", "0"], ["3", "-0.7", "20000"]):
        columns = {"part": Column(f"({part})::numeric", "TRUE"), "whole": Column(f"({whole})::numeric", "TRUE")}
        agree(database, expressions, fields=fields, columns=columns, facts={"part": part, "whole": whole})


def test_shares_are_dealt_alike(database: Database) -> None:
    words: list[Json] = ["", "a", "小林", "\U0001f600", 0, -7, 2**53]
    agree(database, [{"bucket": [word, salt, n]} for word in words for salt in ("", "s:1") for n in (1, 3, 2**53)])


def test_texts_are_ordered_by_code_point_whatever_the_database_thinks() -> None:
    rule = compile_rule({"<": ["a", "B"]}, {})
    predicate = Query({}, now=NOW, zone=SHANGHAI).predicate(rule.tree)
    assert predicate is not None
    assert 'COLLATE "C"' in predicate.holds
