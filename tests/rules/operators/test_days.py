"""Where a moment stands on the calendar and the clock of the zone."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from rules.compile import check_rule
from rules.types import Json
from tests.rules.ruleworld import FIELDS, decide, unknown, var

BIRTHDAY, LAST_ORDER = var("member.birthday"), var("member.last_order_at")  # 31 January; 1 January 00:30 in Shanghai

PRESENT: list[tuple[Json, object]] = [
    ({"same_month_day": [BIRTHDAY, "2026-01-31"]}, True),
    ({"same_month_day": [BIRTHDAY, var("today")]}, False),
    ({"same_month_day": ["2001-01-07", var("now")]}, True),
    ({"same_month_day": [LAST_ORDER, "2026-01-01"]}, True),
    ({"weekday_in": ["2026-01-07T00:00:00+08:00", [3]]}, True),
    ({"weekday_in": ["2026-01-06T23:59:59+08:00", [3]]}, False),
    ({"weekday_in": [var("today"), [1, 2, 3, 4, 5]]}, True),
    ({"weekday_in": [BIRTHDAY, [6, 7]]}, False),
    ({"weekday_in": [LAST_ORDER, [4]]}, True),
    ({"weekday_in": [LAST_ORDER, []]}, False),
    ({"time_of_day_in": [var("now"), "10:00", "10:01"]}, True),
    ({"time_of_day_in": [var("now"), "09:00", "10:00"]}, False),
    ({"time_of_day_in": [LAST_ORDER, "22:00", "08:30"]}, True),
    ({"time_of_day_in": ["2026-01-07T08:29:59+08:00", "22:00", "08:30"]}, True),
    ({"time_of_day_in": ["2026-01-07T08:30:00+08:00", "22:00", "08:30"]}, False),
    ({"time_of_day_in": ["2026-01-07T22:00:00+08:00", "22:00", "00:00"]}, True),
    ({"time_of_day_in": ["2026-01-07T00:00:00+08:00", "22:00", "00:00"]}, False),
]

MISSING: list[tuple[Json, object]] = [
    ({"same_month_day": [BIRTHDAY, var("today")]}, unknown("member.birthday")),
    ({"same_month_day": [BIRTHDAY, LAST_ORDER]}, unknown("member.birthday", "member.last_order_at")),
    ({"weekday_in": [LAST_ORDER, [4]]}, unknown("member.last_order_at")),
    ({"time_of_day_in": [LAST_ORDER, "22:00", "08:30"]}, unknown("member.last_order_at")),
]


@pytest.mark.parametrize(("rule", "expected"), PRESENT)
def test_on_present_facts(rule: Json, expected: object) -> None:
    found = decide(rule)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(("rule", "expected"), MISSING)
def test_on_missing_facts(rule: Json, expected: object) -> None:
    assert decide(rule, {}) == expected


@pytest.mark.parametrize(("first", "asked", "expected"), [
    ("2000-02-29", "2026-02-28", True),
    ("2000-02-29", "2028-02-28", False),
    ("2000-02-29", "2028-02-29", True),
    ("2000-02-29", "2026-03-01", False),
    ("2001-02-28", "2028-02-29", False),
    ("2001-02-28", "2028-02-28", True),
])  # fmt: skip
def test_the_leap_day_returns_every_year(first: str, asked: str, expected: bool) -> None:
    assert decide({"same_month_day": [first, asked]}) is expected


def test_days_and_clocks_are_those_of_the_zone() -> None:
    utc = ZoneInfo("UTC")
    assert decide({"same_month_day": [LAST_ORDER, "2025-12-31"]}, zone=utc) is True
    assert decide({"weekday_in": [LAST_ORDER, [3]]}, zone=utc) is True
    assert decide({"time_of_day_in": [LAST_ORDER, "16:30", "16:31"]}, zone=utc) is True


@pytest.mark.parametrize(("rule", "pointer"), [
    ({"same_month_day": [BIRTHDAY, "01-31"]}, "/same_month_day/1"),
    ({"same_month_day": [var("member.tier"), var("today")]}, "/same_month_day/0"),
    ({"weekday_in": [BIRTHDAY, [0]]}, "/weekday_in/1/0"),
    ({"weekday_in": [BIRTHDAY, [1, 8]]}, "/weekday_in/1/1"),
    ({"weekday_in": [BIRTHDAY, ["1"]]}, "/weekday_in/1/0"),
    ({"weekday_in": [BIRTHDAY, 1]}, "/weekday_in/1"),
    ({"weekday_in": [BIRTHDAY, var("event.scores")]}, "/weekday_in/1"),
    ({"weekday_in": [var("member.orders"), [1]]}, "/weekday_in/0"),
    ({"time_of_day_in": [BIRTHDAY, "22:00", "08:30"]}, "/time_of_day_in/0"),
    ({"time_of_day_in": [LAST_ORDER, "22:00", "24:00"]}, "/time_of_day_in/2"),
    ({"time_of_day_in": [LAST_ORDER, "9:00", "10:00"]}, "/time_of_day_in/1"),
    ({"time_of_day_in": [LAST_ORDER, var("member.nickname"), "10:00"]}, "/time_of_day_in/1"),
    ({"time_of_day_in": [LAST_ORDER, "10:00", "10:00"]}, ""),
])  # fmt: skip
def test_what_does_not_fit_is_found(rule: Json, pointer: str) -> None:
    assert [(p.code, p.pointer) for p in check_rule(rule, FIELDS)] == [("type-mismatch", pointer)]
