"""What each operator says about itself: in both languages, with an example that works."""

from __future__ import annotations

import inspect

import pytest

from engine.events.types import EVENT_TYPES
from engine.members.fields import base_fields
from rules.compile import compile_rule
from rules.operators import OPERATORS
from rules.sentences import sentences
from rules.types import Conditions, Declaration, Fields
from tests.rules.ruleworld import SHANGHAI


def catalogue() -> Fields:
    """The fields that the pages name: those of everybody, and those of all events."""
    found: dict[str, Declaration] = {}
    for each in EVENT_TYPES.values():
        found |= each.fields
    return {**found, **base_fields()}


FIELDS = catalogue()


@pytest.mark.parametrize("name", OPERATORS)
def test_an_operator_tells_what_it_is(name: str) -> None:
    kind = OPERATORS[name]
    assert kind.title is not None
    assert all(kind.title)
    assert inspect.cleandoc(kind.__doc__ or "").endswith(".")
    assert kind.zh.endswith("。")


@pytest.mark.parametrize("name", OPERATORS)
def test_its_example_works_and_has_a_sentence_without_holes(name: str) -> None:
    conditions: Conditions = {"vip": {"==": [{"var": "member.tier"}, "gold"]}}
    rule = compile_rule({name: list(OPERATORS[name].example)}, FIELDS, expect=None, conditions=conditions)
    for said in sentences(rule.tree, SHANGHAI).values():
        assert said
        assert "member." not in said
