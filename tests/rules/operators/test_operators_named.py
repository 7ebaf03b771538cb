"""Conditions by their names."""

from __future__ import annotations

import pytest

from rules.compile import check_rule, compile_rule
from rules.types import Json
from tests.rules.ruleworld import FIELDS, decide, unknown, var

GOLD: Json = {"==": [var("member.tier"), "gold"]}
NAMED: dict[str, Json] = {
    "gold": GOLD,
    "vip": {"and": [{"condition": "gold"}, {">": [var("member.orders"), 2]}]},
    "zones/gold": {"==": [var("member.tier"), "black"]},
    "zones/vip": {"or": [{"condition": "gold"}, {"condition": "zones/gold"}]},
    "me": {"condition": "me"},
    "hen": {"!": {"condition": "egg"}},
    "egg": {"and": [True, {"condition": "hen"}]},
    "lost": {"condition": "nowhere"},
    "text": {"condition": "number"},
    "number": {"+": [1, 2]},
    **{f"twice{n}": {"and": [{"condition": f"twice{n - 1}"}] * 2} for n in range(1, 30)},
    "twice0": True,
}

PRESENT: list[tuple[Json, object]] = [
    ({"condition": "gold"}, True),
    ({"condition": ["vip"]}, True),
    ({"!": {"condition": "gold"}}, False),
    ({"condition": "zones/gold"}, False),
    ({"condition": "zones/vip"}, False),
]
MISSING: list[tuple[Json, object]] = [({"condition": "vip"}, unknown("member.tier", "member.orders"))]


@pytest.mark.parametrize(("rule", "expected"), PRESENT)
def test_a_name_stands_for_its_condition(rule: Json, expected: object) -> None:
    assert decide(rule, conditions=NAMED) == expected


def test_what_a_named_condition_lacks_is_told() -> None:
    assert decide(MISSING[0][0], {}, conditions=NAMED) == MISSING[0][1]


@pytest.mark.parametrize(("name", "code", "named"), [
    ("me", "schema", "me → me"),
    ("hen", "schema", "hen → egg → hen"),
    ("golf", "unknown-condition", "gold"),
    ("lost", "unknown-condition", "nowhere"),
    ("zones/silver", "unknown-condition", "zones/silver"),
    ("text", "type-mismatch", "+"),
    ("twice13", "schema", "2000"),
    (7, "schema", "vip"),
    (None, "schema", "vip"),
    ({"var": "member.tier"}, "schema", "vip"),
])  # fmt: skip
def test_a_name_that_leads_nowhere_is_told_where_it_is_used(name: Json, code: str, named: str) -> None:
    found = check_rule({"and": [GOLD, {"condition": name}]}, FIELDS, pointer="/when", conditions=NAMED)
    assert {(each.code, each.pointer) for each in found} == {(code, "/when/and/1")}
    for language in ("zh", "en"):
        assert named in found[0].message[language]


def test_without_named_conditions_no_name_is_known() -> None:
    assert [each.code for each in check_rule({"condition": "gold"}, FIELDS)] == ["unknown-condition"]


def test_the_fields_of_a_named_condition_are_those_that_the_rule_reads() -> None:
    rule = compile_rule({"condition": "vip"}, FIELDS, conditions=NAMED)
    assert rule.fields == {"member.tier", "member.orders"}
