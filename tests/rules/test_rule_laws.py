"""Laws over all operators: Kleene's logic, no guessing, and agreement with another reader of JSONLogic."""

from __future__ import annotations

import copy
import json
from typing import Any

import datalogic_py
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rules.compile import compile_rule
from rules.types import Json
from rules.unknown import Unknown
from rules.writing import as_json
from tests.rules.examples import differential
from tests.rules.generate import FIELDS, Language, nested
from tests.rules.generate_operators import EVERY_KIND
from tests.rules.ruleworld import NOW, SHANGHAI, decide, declared, var

LANGUAGE = Language(absent=False)
SHARED = frozenset(
    {"var", "==", "===", "!=", "!==", "<", "<=", ">", ">=", "and", "or", "!", "!!", "if", "in", "+", "-", "*", "min",
     "max", "missing", "missing_some", "all", "some", "none", "cat"}
)  # fmt: skip
"""What JSONLogic has too."""
SHARED_LANGUAGE = Language(
    operators=SHARED,
    kinds=frozenset({"boolean", "integer", "text", "enum", "ref", "list"}),
    outer=False,
    absent=False,
    equal_lists=False,
)
"""On kinds that plain JSON has; conditions on items see the items alone, and lists are not compared as values."""


def verdict(rule: Json, values_by_path: dict[str, Any]) -> Any:
    return compile_rule(rule, FIELDS).evaluate(nested(values_by_path), now=NOW, zone=SHANGHAI)


@st.composite
def partial_cases(draw: Any) -> tuple[Json, dict[str, Any], set[str]]:
    """A condition, all facts that it reads by path, and those of them that somebody does not know."""
    rule, facts = draw(LANGUAGE.cases_by_path(LANGUAGE.conditions))
    return rule, facts, draw(st.sets(st.sampled_from(sorted(facts)))) if facts else set()


@differential(300)
@given(partial_cases(), st.booleans())
def test_a_rule_never_guesses(case: tuple[Json, dict[str, Any], set[str]], null: bool) -> None:
    """With all facts it decides; what it says without some it also says with them, whatever they are."""
    rule, facts, gone = case
    whole = verdict(rule, facts)
    assert whole is True or whole is False
    assume(not speaks_of_absence(rule))
    partial = {path: None if path in gone else value for path, value in facts.items() if null or path not in gone}
    found = verdict(rule, partial)
    if isinstance(found, Unknown):
        assert found.missing
        assert found.missing <= gone & compile_rule(rule, FIELDS).fields
    else:
        assert found is whole


@differential(300)
@given(partial_cases())
def test_the_facts_named_missing_decide(case: tuple[Json, dict[str, Any], set[str]]) -> None:
    """Told what it names as missing, and again, a rule decides without the rest."""
    rule, facts, gone = case
    assume(not speaks_of_absence(rule))
    known = {path: value for path, value in facts.items() if path not in gone}
    while isinstance(found := verdict(rule, known), Unknown):
        assert not found.missing <= known.keys()
        known |= {path: facts[path] for path in found.missing}
    assert found is verdict(rule, facts)


@differential(300)
@given(LANGUAGE.cases(missing=True))
def test_no_evaluation_changes_the_facts_or_another(case: tuple[Json, dict[str, Any]]) -> None:
    rule, facts = case
    before = copy.deepcopy(facts)
    compiled = compile_rule(rule, FIELDS)
    found = compiled.evaluate(facts, now=NOW, zone=SHANGHAI)
    compiled.evaluate({}, now=NOW, zone=SHANGHAI)
    assert compiled.evaluate(facts, now=NOW, zone=SHANGHAI) == found
    assert facts == before


def speaks_of_absence(rule: Json) -> bool:
    """Whether a rule asks if something is there: what it says then may change when it is told."""
    text = json.dumps(rule)
    return any(f'"{name}"' in text for name in ("is_set", "missing", "missing_some", "default")) or '{"var": [' in text


# Kleene's tables

BITS = declared(p={"type": "boolean"}, q={"type": "boolean"})
TRUTH = {"T": True, "F": False, "U": None}
AND = {"TT": "T", "TF": "F", "TU": "U", "FF": "F", "FU": "F", "UU": "U"}
OR = {"TT": "T", "TF": "T", "TU": "T", "FF": "F", "FU": "U", "UU": "U"}


@pytest.mark.parametrize(("name", "table"), [("and", AND), ("or", OR)])
def test_and_and_or_follow_kleene(name: str, table: dict[str, str]) -> None:
    rule: Json = {name: [var("p"), var("q")]}
    for pair, expected in table.items():
        for one, other in (pair, pair[::-1]):
            found = decide(rule, {"p": TRUTH[one], "q": TRUTH[other]}, fields=BITS)
            assert (None if isinstance(found, Unknown) else found) is TRUTH[expected], (one, other)


two_conditions: st.SearchStrategy[Json] = st.tuples(LANGUAGE.conditions, LANGUAGE.conditions).map(list)


@differential(300)
@given(LANGUAGE.cases_by_path(two_conditions, missing=True))
def test_de_morgan_and_double_negation_hold_in_three_values(case: tuple[Any, dict[str, Any]]) -> None:
    (one, other), facts = case
    both, either = {"!": {"and": [one, other]}}, {"or": [{"!": one}, {"!": other}]}
    assert verdict(both, facts) == verdict(either, facts)
    assert verdict({"!": {"!": one}}, facts) == verdict(one, facts)


def test_an_unknown_cannot_be_taken_for_a_truth_value() -> None:
    with pytest.raises(TypeError, match="neither true nor false"):
        bool(decide(var("member.tier"), {}))


# Another reader of JSONLogic


def theirs(rule: Json, facts: dict[str, Any]) -> Any:
    return datalogic_py.apply(json.dumps(rule), json.dumps(facts))


def ours(rule: Json, facts: dict[str, Any]) -> Any:
    compiled = compile_rule(rule, FIELDS, expect=None)
    return as_json(compiled.evaluate(facts, now=NOW, zone=SHANGHAI), compiled.tree.type)


@differential()
@given(SHARED_LANGUAGE.cases())
def test_datalogic_agrees_on_conditions(case: tuple[Json, dict[str, Any]]) -> None:
    rule, facts = case
    assert ours(rule, facts) is theirs(rule, facts)


@pytest.mark.parametrize("kind", ["integer", "text"])
def test_datalogic_agrees_on_values(kind: Any) -> None:
    @differential(500)
    @given(SHARED_LANGUAGE.cases(kind))
    def law(case: tuple[Json, dict[str, Any]]) -> None:
        rule, facts = case
        assert ours(rule, facts) == theirs(rule, facts)

    law()


fields_asked = st.lists(st.sampled_from(sorted(FIELDS)), min_size=1, max_size=5, unique=True)


@given(LANGUAGE.cases_by_path(fields_asked, missing=True), st.integers(0, 5))
def test_datalogic_agrees_on_what_is_missing(case: tuple[Any, dict[str, Any]], least: int) -> None:
    """Of null they say that it is there."""
    paths, facts = case
    known = nested({path: value for path, value in facts.items() if value is not None})
    for asked in ({"missing": paths}, {"missing_some": [least, paths]}):
        assert ours(asked, known) == theirs(asked, known)


def test_the_shared_language_is_all_of_it() -> None:
    kinds = set(SHARED_LANGUAGE.kinds)
    assert kinds <= {*EVERY_KIND, "list"}
    assert {"decimal", "money", "tags", "date", "instant", "duration"} == {*EVERY_KIND} - kinds
