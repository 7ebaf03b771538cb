"""The explanation of a rule: every sub-expression with its words and its value, and what it withholds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from rules.compile import compile_rule
from rules.explain import LARGEST, MOST_PARTS, SHOWN_ITEMS, Explanation, explain
from rules.types import Fields, Json
from rules.unknown import Unknown
from rules.writing import as_json
from tests.rules.examples import differential
from tests.rules.generate import FIELDS as GENERATED
from tests.rules.generate import Language
from tests.rules.ruleworld import FACTS, FIELDS, NOW, SHANGHAI, declared, var


def explained(
    rule: Json, facts: dict[str, Any] = FACTS, *, fields: Fields = FIELDS, show_personal: bool = False
) -> Explanation:
    tree = compile_rule(rule, fields, expect=None).tree
    return explain(tree, facts, now=NOW, zone=SHANGHAI, show_personal=show_personal)


def test_each_part_has_its_place_its_words_and_its_value() -> None:
    rule: Json = {"and": [{"==": [var("member.tier"), "silver"]}, {">": [{"+": [var("member.orders"), 1]}, 3]}]}
    found = explained(rule)
    assert found.value is False
    assert [(part.pointer, part.sentence["zh"], part.type, part.value) for part in found.walk()] == [
        ("", "member.tier 是 silver，并且 member.orders + 1 大于 3", "boolean", False),
        ("/and/0", "member.tier 是 silver", "boolean", False),
        ("/and/0/==/0", "member.tier", "enum", "gold"),
        ("/and/1", "member.orders + 1 大于 3", "boolean", True),
        ("/and/1/>/0", "member.orders + 1", "integer", 4),
        ("/and/1/>/0/+/0", "member.orders", "integer", 3),
    ]


def test_what_is_unknown_names_what_would_decide_it() -> None:
    found = explained(
        {"or": [{"==": [var("member.tier"), "gold"]}, var("member.friend")]}, {"member": {"friend": False}}
    )
    assert (found.value, found.unknown, found.missing) == (None, True, ("member.tier",))
    tier, friend = found.parts
    assert (tier.unknown, tier.missing, tier.parts[0].missing) == (True, ("member.tier",), ("member.tier",))
    assert (friend.value, friend.unknown, friend.missing) == (False, False, ())


def test_what_goes_wrong_is_told_of_that_part_and_never_false() -> None:
    found = explained({"and": [False, {"==": [var("member.orders"), 1]}]}, {"member": {"orders": "three"}})
    assert found.value is False
    [part] = found.parts
    assert (part.value, part.unknown) == (None, False)
    assert part.error is not None
    assert "member.orders" in part.error["zh"]
    assert explained({"!": [{"==": [var("member.orders"), 1]}]}, {"member": {"orders": "three"}}).error == part.error


@pytest.mark.parametrize("path", ["member.nickname", "event.people"])
def test_personal_values_are_marked_and_withheld_unless_they_are_asked_for(path: str) -> None:
    fields = declared(
        member__nickname={"type": "text", "personal": True},
        event__people={"type": "list", "of": {"name": {"type": "text", "personal": True}}},
    )
    facts: dict[str, Any] = {"member": {"nickname": "小林"}, "event": {"people": [{"name": "小林"}]}}
    rule: Json = (
        {"cat": ["a", var(path)]} if path == "member.nickname" else {"some": [var(path), {"==": [var("name"), "小林"]}]}
    )
    for found in explained(rule, facts, fields=fields).walk():
        assert found.personal == (found.type != "boolean")
        assert found.value is (None if found.personal else True)
    shown = [str(found.value) for found in explained(rule, facts, fields=fields, show_personal=True).walk()]
    assert any("小林" in value for value in shown)


def test_a_condition_on_items_is_explained_for_each_of_the_first() -> None:
    lines = [{"sku": "a", "quantity": number} for number in range(SHOWN_ITEMS + 5)]
    found = explained({"any_line": [var("event.lines"), {">": [var("quantity"), 100]}]}, {"event": {"lines": lines}})
    listed, *items = found.parts
    assert listed.item is None
    assert [(part.item, part.value, part.parts[0].value) for part in items] == [
        (number, False, number) for number in range(SHOWN_ITEMS)
    ]


def test_of_a_long_value_only_the_beginning_is_shown() -> None:
    facts: dict[str, Any] = {"member": {"nickname": "x" * 100_000}, "event": {"scores": list(range(5_000))}}
    found = explained({"and": [{"in": ["y", var("member.nickname")]}, {"in": [7, var("event.scores")]}]}, facts)
    for part in (found.parts[0].parts[0], found.parts[1].parts[0]):
        assert part.cut
        assert 0 < len(part.value if isinstance(part.value, str | list) else "") <= LARGEST + 1
    assert not found.cut


def test_explaining_has_bounds_of_its_own() -> None:
    facts: dict[str, Any] = {"event": {"scores": list(range(10_000))}}
    found = explained({"and": [{"in": [7, var("event.scores")]} for _ in range(200)]}, facts)
    assert found.error is not None or any(part.error for part in found.walk())


LANGUAGE = Language()


@differential(500)
@given(LANGUAGE.cases(missing=True))
def test_the_explanation_says_of_the_whole_what_the_rule_says(case: tuple[Json, dict[str, Any]]) -> None:
    rule, facts = case
    compiled = compile_rule(rule, GENERATED)
    value = compiled.evaluate(facts, now=NOW, zone=SHANGHAI)
    found = explain(compiled.tree, facts, now=NOW, zone=SHANGHAI, show_personal=True)
    assert found.unknown == isinstance(value, Unknown)
    assert found.value == (None if isinstance(value, Unknown) else as_json(value, compiled.tree.type))
    assert all(part.pointer.startswith(found.pointer) for part in found.walk())
    assert found.to_json()["parts"] == [part.to_json() for part in found.parts]


def test_lists_within_lists_are_explained_as_far_as_the_longest_rule_is_long() -> None:
    fields = declared(**{f"event__l{n}": {"type": "list", "of": {f"x{n}": {"type": "integer"}}} for n in range(3)})
    rule: Json = {">": [var("x2"), 0]}
    for n in (2, 1, 0):
        rule = {"every_line": [var(f"event.l{n}"), rule]}
    facts = {"event": {f"l{n}": [{f"x{n}": 1}] * SHOWN_ITEMS for n in range(3)}}
    found = explained(rule, facts, fields=fields)
    assert found.value is True
    assert sum(1 for _ in found.walk()) == MOST_PARTS + 1
