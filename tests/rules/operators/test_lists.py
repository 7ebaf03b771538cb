"""Conditions on the items of lists, and sums over them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from rules.compile import check_rule, compile_rule
from rules.errors import EvaluationError
from rules.types import Json
from tests.rules.ruleworld import FIELDS, decide, unknown, var

LINES, SCORES, ITEM = var("event.lines"), var("event.scores"), var("")
NONE_OF_THEM: dict[str, Any] = {"event": {"lines": [], "scores": []}, "member": {"tags": []}}
MANY: Json = {">": [var("quantity"), 1]}

PRESENT: list[tuple[Json, object]] = [
    ({"all": [SCORES, {">=": [ITEM, 1]}]}, True),
    ({"all": [SCORES, {">": [ITEM, 1]}]}, False),
    ({"some": [SCORES, {">": [ITEM, 2]}]}, True),
    ({"some": [SCORES, {">": [ITEM, 3]}]}, False),
    ({"none": [SCORES, {">": [ITEM, 3]}]}, True),
    ({"none": [SCORES, {"==": [ITEM, 3]}]}, False),
    ({"some": [[1, 2], {"==": [ITEM, var("member.orders")]}]}, False),
    ({"some": [[1, var("member.orders")], {"==": [ITEM, 3]}]}, True),
    ({"some": [[], {"==": [ITEM, 3]}]}, False),
    ({"some": [var("member.tags"), {"==": [ITEM, "tea"]}]}, True),
    ({"all": [var("event.days"), {"==": [ITEM, var("today")]}]}, True),
    ({"any_line": [LINES, MANY]}, True),
    ({"any_line": [LINES, {"and": [MANY, {"==": [var("sku"), "b"]}]}]}, False),
    ({"every_line": [LINES, {">": [var("quantity"), 0]}]}, True),
    ({"every_line": [LINES, MANY]}, False),
    ({"no_line": [LINES, {"==": [var("sku"), "c"]}]}, True),
    ({"no_line": [LINES, {"in": [var("sku"), ["b", "c"]]}]}, False),
    ({"any_line": [LINES, {"==": [var("sku"), var("member.tier")]}]}, False),
    ({"any_line": [LINES, {"==": [var("score"), 7]}]}, False),
    ({"any_line": [LINES, {"any_line": [var("gifts"), {"==": [var("kind"), "cup"]}]}]}, True),
    ({"any_line": [LINES, {"any_line": [var("gifts"), {"==": [var("sku"), "b"]}]}]}, False),
    ({"any_line": [LINES, {"any_line": [var("gifts"), {"==": [var("quantity"), 1]}]}]}, True),
    ({"any_line": [LINES, {"is_set": "amount"}]}, True),
    ({"sum_lines": [LINES, var("quantity")]}, 3),
    ({"sum_lines": [LINES, {"*": [var("quantity"), 2]}]}, 6),
    ({"sum_lines": [LINES, var("amount")]}, 750),
    ({"sum_lines": [LINES, {"*": [var("amount"), var("quantity")]}]}, 1250),
    ({"sum_lines": [LINES, var("weight")]}, Decimal("1.75")),
    ({"sum_lines": [LINES, var("amount"), MANY]}, 500),
    ({"sum_lines": [LINES, 1, MANY]}, 1),
    ({"sum_lines": [SCORES, ITEM]}, 6),
]

MISSING: list[tuple[Json, object]] = [
    ({"all": [SCORES, True]}, unknown("event.scores")),
    ({"some": [SCORES, {"==": [ITEM, 1]}]}, unknown("event.scores")),
    ({"some": [[1, 2], {"==": [ITEM, var("member.orders")]}]}, unknown("member.orders")),
    ({"some": [[1, 2], {"or": [{"==": [ITEM, 2]}, {"==": [ITEM, var("member.orders")]}]}]}, True),
    ({"all": [[1, 2], {"and": [{"==": [ITEM, 2]}, {"==": [ITEM, var("member.orders")]}]}]}, False),
    ({"none": [[1, 2], {"or": [{"==": [ITEM, 2]}, {"==": [ITEM, var("member.orders")]}]}]}, False),
    ({"any_line": [LINES, MANY]}, unknown("event.lines")),
    ({"every_line": [LINES, MANY]}, unknown("event.lines")),
    ({"no_line": [LINES, MANY]}, unknown("event.lines")),
    ({"sum_lines": [LINES, var("quantity")]}, unknown("event.lines")),
    ({"sum_lines": [[1, 2], var("member.orders")]}, unknown("member.orders")),
    ({"sum_lines": [[1, 2], ITEM, {"==": [ITEM, var("member.orders")]}]}, unknown("member.orders")),
    ({"sum_lines": [[1, 2], var("member.orders"), {">": [ITEM, 2]}]}, 0),
]


@pytest.mark.parametrize(("rule", "expected"), PRESENT)
def test_on_present_facts(rule: Json, expected: object) -> None:
    found = decide(rule)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(("rule", "expected"), MISSING)
def test_on_missing_facts(rule: Json, expected: object) -> None:
    assert decide(rule, {}) == expected


@pytest.mark.parametrize(("name", "expected"), [
    ("all", False), ("some", False), ("none", True), ("any_line", False), ("every_line", True), ("no_line", True),
])  # fmt: skip
def test_of_an_empty_list(name: str, expected: bool) -> None:
    assert decide({name: [LINES, MANY]}, NONE_OF_THEM) is expected
    assert decide({name: [SCORES, {"==": [ITEM, 1]}]}, NONE_OF_THEM) is expected
    assert decide({name: [var("member.tags"), {"==": [ITEM, "a"]}]}, NONE_OF_THEM) is expected


def test_a_sum_over_nothing_is_nothing_of_its_type() -> None:
    assert decide({"sum_lines": [LINES, var("amount")]}, NONE_OF_THEM) == 0
    assert type(decide({"sum_lines": [LINES, var("weight")]}, NONE_OF_THEM)) is Decimal


@pytest.mark.parametrize(("name", "amounts", "expected"), [
    ("any_line", [900, None], True), ("any_line", [100, None], None), ("any_line", [100, 200], False),
    ("every_line", [100, None], False), ("every_line", [900, None], None), ("every_line", [900, 901], True),
    ("no_line", [900, None], False), ("no_line", [100, None], None), ("no_line", [100, 200], True),
])  # fmt: skip
def test_what_an_item_lacks_is_unknown_unless_the_others_settle_it(
    name: str, amounts: list[int | None], expected: bool | None
) -> None:
    lines = [{"sku": "a", "amount": amount} for amount in amounts]
    found = decide({name: [LINES, {">": [var("amount"), 500]}]}, {"event": {"lines": lines}})
    assert found == (unknown("event.lines.amount") if expected is None else expected)


def test_a_sum_lacks_what_one_of_its_items_lacks() -> None:
    lines: list[Json] = [{"sku": "a", "amount": 5}, {"sku": "b"}]
    assert decide({"sum_lines": [LINES, var("amount")]}, {"event": {"lines": lines}}) == unknown("event.lines.amount")
    only_a: Json = {"sum_lines": [LINES, var("amount"), {"==": [var("sku"), "a"]}]}
    assert decide(only_a, {"event": {"lines": lines}}) == 5


def test_a_field_that_an_item_should_have_is_never_taken_from_outside() -> None:
    facts: dict[str, Any] = {"score": 7, "event": {"lines": [{"sku": "a"}]}}
    assert decide({"any_line": [LINES, {"==": [var("score"), 7]}]}, facts) == unknown("event.lines.score")
    assert decide({"some": [[1], {"==": [var("score"), 7]}]}, facts) is True


def test_what_an_item_has_beyond_its_declaration_hides_nothing_outside() -> None:
    facts: dict[str, Any] = {"member": {"orders": 7}, "event": {"lines": [{"sku": "a", "member": {"orders": 1}}]}}
    assert decide({"any_line": [LINES, {"==": [var("member.orders"), 7]}]}, facts) is True
    assert decide({"sum_lines": [LINES, var("member.orders")]}, facts) == 7


@pytest.mark.parametrize("lines", [["a"], [None], [["a"]], [{"sku": 3}]])
def test_an_item_of_another_type_is_an_error(lines: Json) -> None:
    with pytest.raises(EvaluationError, match=r"event\.lines"):
        decide({"any_line": [LINES, {"==": [var("sku"), "a"]}]}, {"event": {"lines": lines}})


def test_work_on_items_is_bounded() -> None:
    facts: dict[str, Any] = {"event": {"scores": [1] * 3_000}}
    inner: Json = {"some": [SCORES, {"==": [ITEM, 2]}]}
    assert decide(inner, facts) is False
    with pytest.raises(EvaluationError, match="steps"):
        decide({"some": [SCORES, inner]}, facts)
    long: Json = {"and": [{">": [ITEM, 0]} for _ in range(30)]}
    for rule in ({"all": [SCORES, long]}, {"sum_lines": [SCORES, ITEM, long]}):
        with pytest.raises(EvaluationError, match="steps"):
            decide(rule, facts)


@pytest.mark.parametrize(("rule", "code", "pointer"), [
    ({"some": [var("member.orders"), True]}, "type-mismatch", "/some/0"),
    ({"some": [LINES, var("sku")]}, "type-mismatch", "/some/1"),
    ({"some": [LINES, {"==": [var("skku"), "a"]}]}, "unknown-field", "/some/1/==/0/var"),
    ({"some": [SCORES, {"==": [ITEM, "a"]}]}, "type-mismatch", "/some/1/==/1"),
    ({"some": [LINES, {"==": [ITEM, ITEM]}]}, "type-mismatch", "/some/1"),
    ({"==": [{"sum_lines": [LINES, var("sku")]}, 1]}, "type-mismatch", "/==/0/sum_lines/1"),
    ({"==": [var("sku"), "a"]}, "unknown-field", "/==/0/var"),
    ({"and": [{"some": [LINES, True]}, {"==": [var("sku"), "a"]}]}, "unknown-field", "/and/1/==/0/var"),
    ({"some": [var("event.liness"), {"==": [var("sku"), "a"]}]}, "unknown-field", "/some/0/var"),
    ({"some": [LINES]}, "schema", ""),
])  # fmt: skip
def test_a_problem_is_found_once_and_in_its_place(rule: Json, code: str, pointer: str) -> None:
    assert [(p.code, p.pointer) for p in check_rule(rule, FIELDS)] == [(code, pointer)]


def test_only_fields_outside_of_lists_are_those_of_a_rule() -> None:
    rule = compile_rule({"any_line": [LINES, {"==": [var("amount"), var("member.spend")]}]}, FIELDS)
    assert rule.fields == {"event.lines", "member.spend"}
    assert rule.optional_fields == frozenset()


def test_a_sum_of_money_is_money() -> None:
    assert compile_rule({"sum_lines": [LINES, var("amount")]}, FIELDS, expect="money").tree.type.currency == "CNY"
