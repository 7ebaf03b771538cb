"""Params: plain JSON, computed parts and texts."""

from __future__ import annotations

import json

import pytest

from rules.errors import EvaluationError, RuleError
from rules.types import Json
from rules.values import Value, check_value, compile_value
from tests.rules.ruleworld import FACTS, FIELDS, NOW, SHANGHAI, unknown, var


def given(value: Value, facts: dict[str, object] = FACTS, language: str = "zh") -> object:
    return value.evaluate(facts, now=NOW, zone=SHANGHAI, language=language)


@pytest.mark.parametrize(("value", "expected"), [
    (None, None), (True, True), (3, 3), (1.5, 1.5), ("text", "text"), ([], []), ({}, {}),
    ({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]}),
    ({"$": var("member.tier")}, "gold"),
    ({"$": 5}, 5),
    ({"$": var("member.friend")}, True),
    ({"$": var("member.spend")}, {"minor": 60_000, "currency": "CNY"}),
    ({"$": {"+": [var("member.spend"), 1]}}, {"minor": 60_001, "currency": "CNY"}),
    ({"$": var("member.weight")}, "12.50"),
    ({"$": var("member.tags")}, ["tea", "vip"]),
    ({"$": ["a", var("member.nickname")]}, ["a", "小林"]),
    ({"$": var("member.birthday")}, "2000-01-31"),
    ({"$": var("member.last_order_at")}, "2025-12-31T16:30:00Z"),
    ({"$": var("now")}, "2026-01-07T02:00:00Z"),
    ({"$": var("member.patience")}, "P7D"),
    ({"$": var("event.days")}, ["2026-01-07"]),
    ({"$": var("event.lines")}, FACTS["event"]["lines"]),
    ({"$": {"==": [var("member.tier"), "gold"]}}, True),
    ("{{member.nickname}},你好", "小林,你好"),
    ({"a": [{"text": "{{member.spend}}"}, {"$": var("score")}], "b": "x"}, {"a": [{"text": "¥600.00"}, 7], "b": "x"}),
    ({"a/b": {"$": var("score")}}, {"a/b": 7}),
])  # fmt: skip
def test_a_value_is_json_with_its_computed_parts_filled_in(value: Json, expected: Json) -> None:
    found = given(compile_value(value, FIELDS))
    assert found == expected
    json.dumps(found)


def test_what_a_value_gives_can_be_a_fact_again() -> None:
    for path in ("member.spend", "member.weight", "member.tags", "member.last_order_at", "member.patience"):
        scope, name = path.split(".")
        found = given(compile_value({"$": var(path)}, FIELDS))
        assert given(compile_value({"$": var(path)}, FIELDS), {scope: {name: found}}) == found


def test_a_value_with_a_missing_part_is_unknown_and_names_all_that_is_missing() -> None:
    value = compile_value(
        {"a": "{{member.nickname}}", "b": [{"$": var("score")}], "c": {"$": var("member.tier")}}, FIELDS
    )
    assert given(value, {"member": {"tier": "gold"}}) == unknown("member.nickname", "score")


def test_a_value_tells_which_fields_it_reads() -> None:
    value = compile_value({"a": "{{member.nickname}}", "b": [{"$": var("score")}]}, FIELDS)
    assert value.fields == {"member.nickname", "score"}
    assert value.optional_fields == {"member.nickname"}
    assert not value.is_literal
    assert compile_value({"a": [1, "x"]}, FIELDS).is_literal


def test_texts_follow_the_language() -> None:
    value = compile_value(["{{member.friend}}"], FIELDS)
    assert given(value, language="en") == ["yes"]


def test_each_evaluation_gives_containers_of_its_own() -> None:
    value = compile_value({"a": [1]}, FIELDS)
    first = given(value)
    assert isinstance(first, dict)
    first["a"].append(2)
    assert given(value) == {"a": [1]}


def test_an_expression_that_errs_is_an_error() -> None:
    with pytest.raises(EvaluationError):
        given(compile_value({"a": {"$": {"*": [var("score"), 2**53]}}}, FIELDS))


@pytest.mark.parametrize(("value", "found"), [
    ({"$": var("member.teir")}, [("unknown-field", "/p/$/var")]),
    ({"a": {"$": {"==": [1]}}, "b": ["{{nope}}"]}, [("schema", "/p/a/$"), ("unknown-field", "/p/b/0")]),
    ({"$": 1, "b": 2}, [("schema", "/p")]),
    ({"$": {"nope": 1}, "b": 2}, [("schema", "/p"), ("schema", "/p/$")]),
    ({"$": None}, [("type-mismatch", "/p/$")]),
    ({"$": 1.5}, [("type-mismatch", "/p/$")]),
    ({"a": 2**60, "b": "\0"}, [("schema", "/p/a"), ("schema", "/p/b")]),
    ({"a~/": float("nan")}, [("schema", "/p/a~0~1")]),
    ([1] * 10_001, [("schema", "/p")]),
    ("x" * 70_000, [("schema", "/p")]),
])  # fmt: skip
def test_problems_of_a_value_are_found_at_their_places(value: Json, found: list[tuple[str, str]]) -> None:
    problems = check_value(value, FIELDS, "/p")
    assert sorted((problem.code, problem.pointer) for problem in problems) == found
    with pytest.raises(RuleError):
        compile_value(value, FIELDS, "/p")


def test_a_value_may_be_nested_no_deeper_than_json_may() -> None:
    deep: Json = 1
    for _ in range(5_000):
        deep = [deep]
    assert [problem.code for problem in check_value(deep, FIELDS)] == ["schema"]
