"""The least and the greatest, and division with its rounding written out."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.compile import check_rule, compile_rule
from rules.errors import EvaluationError
from rules.exact import MODES, divided
from rules.types import Json
from tests.rules.ruleworld import FIELDS, decide, unknown, var

ORDERS, VISITS, SPEND, WEIGHT = var("member.orders"), var("member.visits"), var("member.spend"), var("member.weight")

PRESENT: list[tuple[Json, object]] = [
    ({"min": [ORDERS, VISITS, 9]}, 3),
    ({"max": [ORDERS, VISITS, 4]}, 5),
    ({"min": [7]}, 7),
    ({"max": [WEIGHT, "12.6"]}, Decimal("12.6")),
    ({"max": [SPEND, var("member.debt"), 70_000]}, 70_000),
    ({"min": [var("member.birthday"), var("today")]}, date(2000, 1, 31)),
    ({"max": [var("member.last_order_at"), var("now")]}, datetime(2026, 1, 7, 2, tzinfo=UTC)),
    ({"ratio_bp": [ORDERS, VISITS, "half_up"]}, 6_000),
    ({"ratio_bp": [1, 3, "half_up"]}, 3_333),
    ({"ratio_bp": [1, 3, "up"]}, 3_334),
    ({"ratio_bp": [WEIGHT, "25", "down"]}, 5_000),
    ({"ratio_bp": [WEIGHT, ORDERS, "down"]}, 41_666),
    ({"ratio_bp": [var("member.debt"), SPEND, "half_even"]}, 17),
    ({"round_money": [SPEND, 85, 100, "half_up"]}, 51_000),
    ({"round_money": [1_000, ORDERS, 7, "down"]}, 428),
    ({"round_money": [1_000, ORDERS, 7, "ceil"]}, 429),
]

MISSING: list[tuple[Json, object]] = [
    ({"min": [ORDERS, VISITS, 9]}, unknown("member.orders", "member.visits")),
    ({"max": [ORDERS, 9]}, unknown("member.orders")),
    ({"ratio_bp": [ORDERS, 5, "half_up"]}, unknown("member.orders")),
    ({"round_money": [SPEND, ORDERS, 7, "down"]}, unknown("member.spend", "member.orders")),
]


@pytest.mark.parametrize(("rule", "expected"), PRESENT)
def test_on_present_facts(rule: Json, expected: object) -> None:
    found = decide(rule)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(("rule", "expected"), MISSING)
def test_on_missing_facts(rule: Json, expected: object) -> None:
    assert decide(rule, {}) == expected


@pytest.mark.parametrize(("mode", "expected"), [
    # 2.5, 3.5, 2.4, 2.6 and their negatives
    ("half_up", [3, 4, 2, 3, -3, -4, -2, -3]),
    ("half_even", [2, 4, 2, 3, -2, -4, -2, -3]),
    ("up", [3, 4, 3, 3, -3, -4, -3, -3]),
    ("down", [2, 3, 2, 2, -2, -3, -2, -2]),
    ("floor", [2, 3, 2, 2, -3, -4, -3, -3]),
    ("ceil", [3, 4, 3, 3, -2, -3, -2, -2]),
])  # fmt: skip
def test_each_way_of_rounding(mode: str, expected: list[int]) -> None:
    tenths = [25, 35, 24, 26, -25, -35, -24, -26]
    assert [divided("test", number, 10, mode) for number in tenths] == expected
    assert [divided("test", -number, -10, mode) for number in tenths] == expected


@given(st.integers(-(10**6), 10**6), st.integers(-50, 50).filter(bool), st.sampled_from(MODES))
def test_a_rounded_quotient_is_less_than_one_away_and_exact_where_it_can_be(over: int, under: int, mode: str) -> None:
    found, exact = divided("test", over, under, mode), Fraction(over, under)
    assert abs(found - exact) < 1
    assert found == exact or exact.denominator != 1


@pytest.mark.parametrize("rule", [
    {"ratio_bp": [1, {"-": [ORDERS, 3]}, "half_up"]},
    {"round_money": [SPEND, 1, {"-": [ORDERS, 3]}, "half_up"]},
    {"ratio_bp": [2**52, 1, "half_up"]},
])  # fmt: skip
def test_what_has_no_exact_quotient_is_an_error(rule: Json) -> None:
    with pytest.raises(EvaluationError):
        decide(rule)


@pytest.mark.parametrize(("rule", "pointer"), [
    ({"==": [{"min": [var("member.tier"), "gold"]}, "gold"]}, "/==/0"),
    ({"==": [{"max": [ORDERS, SPEND]}, 1]}, "/==/0/max/1"),
    ({"==": [{"ratio_bp": [SPEND, ORDERS, "up"]}, 1]}, "/==/0/ratio_bp/1"),
    ({"==": [{"ratio_bp": [1, 2, "nearest"]}, 1]}, "/==/0/ratio_bp/2"),
    ({"==": [{"ratio_bp": [1, 2, var("member.nickname")]}, 1]}, "/==/0/ratio_bp/2"),
    ({"==": [{"ratio_bp": [var("member.tier"), "gold", "up"]}, 1]}, "/==/0"),
    ({"==": [{"round_money": [ORDERS, 1, 2, "up"]}, 1]}, "/==/0/round_money/0"),
    ({"==": [{"round_money": [SPEND, "0.5", 2, "up"]}, 1]}, "/==/0/round_money/1"),
    ({"==": [{"round_money": [1.5, 1, 2, "up"]}, 1]}, "/==/0/round_money/0"),
])  # fmt: skip
def test_what_does_not_fit_is_found(rule: Json, pointer: str) -> None:
    assert [(p.code, p.pointer) for p in check_rule(rule, FIELDS)] == [("type-mismatch", pointer)]


@pytest.mark.parametrize(("rule", "name"), [
    ({"min": [1, WEIGHT]}, "decimal"), ({"max": [SPEND, 5]}, "money"), ({"ratio_bp": [1, 2, "up"]}, "integer"),
    ({"round_money": [SPEND, 1, 2, "up"]}, "money"),
])  # fmt: skip
def test_the_type_is_that_of_the_values(rule: Json, name: str) -> None:
    assert compile_rule(rule, FIELDS, expect=None).type == name
