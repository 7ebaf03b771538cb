"""Distances on the time line, and what lies in a window."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from rules.compile import check_rule, compile_rule
from rules.errors import EvaluationError
from rules.types import Json
from tests.rules.ruleworld import FIELDS, decide, unknown, var

BIRTHDAY, LAST_ORDER = var("member.birthday"), var("member.last_order_at")

PRESENT: list[tuple[Json, object]] = [
    ({"days_until": "2026-01-08T00:00:00+08:00"}, 1),
    ({"days_until": "2026-01-07T23:59:59+08:00"}, 0),
    ({"days_until": LAST_ORDER}, -6),
    ({"days_until": var("today")}, 0),
    ({"in_window": [LAST_ORDER, "2026-01-01T00:30:00+08:00", "2026-01-02T00:00:00+08:00"]}, True),
    ({"in_window": [LAST_ORDER, "2025-01-01T00:00:00+08:00", "2026-01-01T00:30:00+08:00"]}, False),
    ({"in_window": [BIRTHDAY, "2000-01-31", "2000-02-01"]}, True),
    ({"in_window": [BIRTHDAY, "2000-01-01", "2000-01-31"]}, False),
    ({"in_window": [var("now"), LAST_ORDER, {"add_duration": [LAST_ORDER, "P7D"]}]}, True),
    ({"in_window": ["2026-01-07T00:00:00Z", LAST_ORDER, "2026-01-07T00:00:00Z"]}, False),
    ({"add_duration": [BIRTHDAY, "P1M"]}, date(2000, 2, 29)),
    ({"add_duration": [BIRTHDAY, var("member.patience")]}, date(2000, 2, 7)),
    ({"add_duration": [LAST_ORDER, "P1DT2H"]}, datetime(2026, 1, 1, 18, 30, tzinfo=UTC)),
    ({"add_duration": ["2026-01-31T10:00:00+08:00", "P1M"]}, datetime(2026, 2, 28, 2, tzinfo=UTC)),
]

MISSING: list[tuple[Json, object]] = [
    ({"days_until": BIRTHDAY}, unknown("member.birthday")),
    ({"in_window": [LAST_ORDER, "2026-01-01T00:30:00+08:00", var("now")]}, unknown("member.last_order_at")),
    ({"in_window": [var("now"), "2026-02-01T00:00:00Z", LAST_ORDER]}, False),
    ({"in_window": [var("now"), LAST_ORDER, "2026-01-07T00:00:00Z"]}, False),
    ({"in_window": [var("now"), "2026-01-01T00:00:00Z", LAST_ORDER]}, unknown("member.last_order_at")),
    ({"add_duration": [BIRTHDAY, var("member.patience")]}, unknown("member.birthday", "member.patience")),
]


@pytest.mark.parametrize(("rule", "expected"), PRESENT)
def test_on_present_facts(rule: Json, expected: object) -> None:
    found = decide(rule)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(("rule", "expected"), MISSING)
def test_on_missing_facts(rule: Json, expected: object) -> None:
    assert decide(rule, {}) == expected


def test_a_duration_is_added_on_the_calendar_of_the_zone() -> None:
    rule: Json = {"add_duration": ["2026-03-28T12:00:00+01:00", "P1D"]}
    assert decide(rule, zone=ZoneInfo("Europe/Berlin")) == datetime(2026, 3, 29, 10, tzinfo=UTC)
    assert decide(rule) == datetime(2026, 3, 29, 11, tzinfo=UTC)


@pytest.mark.parametrize("rule", [
    {"add_duration": ["9999-01-01T00:00:00Z", "P1Y"]},
    {"add_duration": ["9999-12-01T00:00:00Z", "PT720H"]},
    {"add_duration": [BIRTHDAY, "P1Y"]},
    {"add_duration": [BIRTHDAY, {"if": [True, "PT1H", "P1D"]}]},
])  # fmt: skip
def test_a_sum_that_is_nowhere_on_the_calendar_is_an_error(rule: Json) -> None:
    with pytest.raises(EvaluationError):
        decide(rule, {"member": {"birthday": "9999-12-01"}})


@pytest.mark.parametrize(("rule", "pointer"), [
    ({"==": [{"days_until": var("member.tier")}, 1]}, "/==/0/days_until"),
    ({"in_window": [var("member.orders"), 1, 2]}, ""),
    ({"in_window": [BIRTHDAY, "2000-01-01", LAST_ORDER]}, "/in_window/2"),
    ({"in_window": [BIRTHDAY, "2000-01-01", "soon"]}, "/in_window/2"),
    ({"==": [{"add_duration": [BIRTHDAY, "PT5H"]}, BIRTHDAY]}, "/==/0/add_duration/1"),
    ({"==": [{"add_duration": [BIRTHDAY, 5]}, BIRTHDAY]}, "/==/0/add_duration/1"),
    ({"==": [{"add_duration": [var("member.orders"), "P5D"]}, 1]}, "/==/0/add_duration/0"),
])  # fmt: skip
def test_what_does_not_fit_is_found(rule: Json, pointer: str) -> None:
    assert [(p.code, p.pointer) for p in check_rule(rule, FIELDS)] == [("type-mismatch", pointer)]


@pytest.mark.parametrize(("rule", "name"), [
    ({"add_duration": [BIRTHDAY, "P1D"]}, "date"), ({"add_duration": [LAST_ORDER, "P1D"]}, "instant"),
])  # fmt: skip
def test_a_sum_is_of_the_type_of_what_is_added_to(rule: Json, name: str) -> None:
    assert compile_rule(rule, FIELDS, expect=None).type == name
