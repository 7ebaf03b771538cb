"""Texts put together and looked at from the front."""

from __future__ import annotations

import pytest

from rules.compile import check_rule
from rules.errors import EvaluationError
from rules.types import Json
from tests.rules.ruleworld import FIELDS, decide, unknown, var

CATEGORY = var("event.category")

PRESENT: list[tuple[Json, object]] = [
    ({"cat": []}, ""),
    ({"cat": "ice"}, "ice"),
    ({"cat": [var("member.nickname"), "-", var("member.tier")]}, "小林-gold"),
    ({"cat": [var("member.orders"), 2, True]}, "32true"),
    (
        {"cat": [var("member.weight"), "/", var("member.birthday"), "/", var("member.home_store")]},
        "12.50/2000-01-31/s1",
    ),
    ({"starts_with": [var("event.channel.kind"), "po"]}, True),
    ({"starts_with": [var("event.channel.kind"), "os"]}, False),
    ({"starts_with": [var("member.tier"), "g"]}, True),
    ({"starts_with": ["", ""]}, True),
    ({"category_under": [CATEGORY, "food/tea"]}, True),
    ({"category_under": [CATEGORY, "food"]}, True),
    ({"category_under": [CATEGORY, "foo"]}, False),
    ({"category_under": [CATEGORY, "food/tea/green"]}, False),
]

MISSING: list[tuple[Json, object]] = [
    ({"cat": ["a", var("member.tier"), var("member.orders")]}, unknown("member.tier", "member.orders")),
    ({"starts_with": [var("event.channel.kind"), "po"]}, unknown("event.channel.kind")),
    ({"starts_with": ["a", var("member.nickname")]}, unknown("member.nickname")),
    ({"category_under": [CATEGORY, "food"]}, unknown("event.category")),
]


@pytest.mark.parametrize(("rule", "expected"), PRESENT)
def test_on_present_facts(rule: Json, expected: object) -> None:
    found = decide(rule)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(("rule", "expected"), MISSING)
def test_on_missing_facts(rule: Json, expected: object) -> None:
    assert decide(rule, {}) == expected


@pytest.mark.parametrize(("rule", "pointer"), [
    ({"==": [{"cat": [var("member.spend")]}, "a"]}, "/==/0/cat/0"),
    ({"==": [{"cat": [var("member.tags")]}, "a"]}, "/==/0/cat/0"),
    ({"==": [{"cat": ["a"]}, 1]}, "/==/1"),
    ({"starts_with": [var("member.orders"), "1"]}, "/starts_with/0"),
    ({"category_under": [CATEGORY, 1]}, "/category_under/1"),
])  # fmt: skip
def test_what_is_no_text_is_found(rule: Json, pointer: str) -> None:
    assert [(p.code, p.pointer) for p in check_rule(rule, FIELDS)] == [("type-mismatch", pointer)]


def test_a_text_that_grows_beyond_all_bounds_is_an_error() -> None:
    with pytest.raises(EvaluationError, match="steps"):
        decide({"cat": [var("member.nickname")] * 100}, {"member": {"nickname": "x" * 200_000}})
