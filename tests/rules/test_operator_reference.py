"""What each operator says about itself: in both languages, with an example that works."""

from __future__ import annotations

import inspect
from itertools import groupby

import pytest

from engine.rulesets.fields import shipped_fields
from rules.compile import compile_rule
from rules.operators import OPERATORS
from rules.reference import references
from rules.sentences import sentences
from rules.types import Conditions
from tests.rules.ruleworld import SHANGHAI

FIELDS = shipped_fields()


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


def test_the_reference_holds_every_operator_once_family_by_family() -> None:
    found = list(references(FIELDS, SHANGHAI))
    assert sorted(one.name for one in found) == sorted(OPERATORS)
    families = [family for family, _ in groupby(found, key=lambda one: one.family)]
    assert len(families) == len(set(families))
    assert all(one.sentence for one in found)


def test_the_reference_tells_which_forms_there_are() -> None:
    forms = {one.name: (one.sql, one.smt) for one in references(FIELDS, SHANGHAI)}
    assert forms["=="] == (True, True)
    assert forms["starts_with"] == (True, True)
    assert forms["any_line"] == (False, False)
    assert forms["cat"][1] is False
