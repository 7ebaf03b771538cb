"""Laws: Kleene's logic, no guessing, and agreement with other readers of JSONLogic where all data is present."""

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
from tests.rules.ruleworld import NOW, SHANGHAI, decide, declared, var

FIELDS = declared(
    p={"type": "boolean"}, q={"type": "boolean"}, r__p={"type": "boolean"},
    a={"type": "integer"}, b={"type": "integer"}, r__c={"type": "integer"},
    s={"type": "text"}, r__t={"type": "text"}, g={"type": "tags"}, d={"type": "instant"},
)  # fmt: skip

numbers = st.integers(-3, 3)
words = st.sampled_from(["", "a", "b", "ab", "Ab", "林", "小林"])
instants = st.sampled_from(["2026-01-01T00:00:00Z", "2026-01-06T15:59:59Z", "2026-01-07T02:00:00Z"])
values: dict[str, st.SearchStrategy[Any]] = {
    "boolean": st.booleans(), "integer": numbers, "text": words, "tags": st.lists(words, max_size=3),
    "instant": instants,
}  # fmt: skip


def facts_of(values_by_path: dict[str, Any]) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for path, value in values_by_path.items():
        *scopes, name = path.split(".")
        inner = facts
        for scope in scopes:
            inner = inner.setdefault(scope, {})
        inner[name] = value
    return facts


complete = st.fixed_dictionaries({path: values[found.type] for path, found in FIELDS.items()})


def read(type_: str) -> st.SearchStrategy[Json]:
    return st.sampled_from([path for path, found in FIELDS.items() if found.type == type_]).map(var)


def call(name: str, *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    return st.tuples(*arguments).map(lambda found: {name: list(found)})


def several(name: str, argument: st.SearchStrategy[Any], least: int = 1, most: int = 3) -> st.SearchStrategy[Json]:
    return st.lists(argument, min_size=least, max_size=most).map(lambda found: {name: found})


integer_rules = st.recursive(
    read("integer") | numbers,
    lambda inner: several("+", inner) | several("*", inner) | several("-", inner, 1, 2),
    max_leaves=4,
)


def verdicts(number: st.SearchStrategy[Json], text: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    tests = [several(name, number, 2, 3) for name in ("==", "===", "<", "<=", ">", ">=")]
    tests += [call(name, number, number) for name in ("!=", "!==")]
    words_compared = [call(name, text, text) for name in ("==", "!=", "<", "<=", ">", ">=")]
    members = [call("in", number, st.lists(number, max_size=3)), call("in", text, st.lists(text, max_size=3))]
    return st.one_of(*tests, *words_compared, *members, call("in", text, text))


def conditions(tests: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    return st.recursive(
        tests | read("boolean") | st.booleans(),
        lambda inner: (
            several("and", inner)
            | several("or", inner)
            | call("!", inner)
            | call("!!", inner)
            | call("if", inner, inner, inner)
            | call("==", inner, inner)
        ),
        max_leaves=6,
    )


shared_conditions = conditions(verdicts(integer_rules, read("text") | words))
own_conditions = conditions(
    verdicts(integer_rules, read("text") | words)
    | st.one_of(*(call(name, read("tags"), st.lists(words, max_size=2)) for name in ("has_any", "has_all", "has_none")))
    | call("in", read("text"), read("tags"))
    | call("between", integer_rules, integer_rules, integer_rules)
    | call("within_last", read("instant"), st.sampled_from(["P1D", "PT10H", "P1M"]))
    | call("<", read("instant").map(lambda at: {"days_since": at}), numbers)
)


def verdict(rule: Json, values_by_path: dict[str, Any]) -> Any:
    return compile_rule(rule, FIELDS).evaluate(facts_of(values_by_path), now=NOW, zone=SHANGHAI)


@given(own_conditions, complete)
def test_with_all_facts_a_rule_decides(rule: Json, facts: dict[str, Any]) -> None:
    assert verdict(rule, facts) in {True, False}


@given(own_conditions, complete, st.sets(st.sampled_from(sorted(FIELDS))), st.booleans())
def test_a_rule_never_guesses(rule: Json, facts: dict[str, Any], gone: set[str], null: bool) -> None:
    """What it says without some facts it also says with them, whatever they are."""
    partial = {path: None if path in gone else value for path, value in facts.items() if null or path not in gone}
    found = verdict(rule, partial)
    if isinstance(found, Unknown):
        assert found.missing
        assert found.missing <= gone & compile_rule(rule, FIELDS).fields
    else:
        assert found is verdict(rule, facts)


@given(own_conditions, complete, st.sets(st.sampled_from(sorted(FIELDS))))
def test_the_facts_named_missing_decide(rule: Json, facts: dict[str, Any], gone: set[str]) -> None:
    """Told what it names as missing, and again, a rule decides without the rest."""
    known = {path: value for path, value in facts.items() if path not in gone}
    while isinstance(found := verdict(rule, known), Unknown):
        assert not found.missing <= known.keys()
        known |= {path: facts[path] for path in found.missing}
    assert found is verdict(rule, facts)


@given(own_conditions, complete, st.sets(st.sampled_from(sorted(FIELDS))))
def test_no_evaluation_changes_the_facts_or_another(rule: Json, facts: dict[str, Any], gone: set[str]) -> None:
    given_facts = facts_of({path: value for path, value in facts.items() if path not in gone})
    before = copy.deepcopy(given_facts)
    compiled = compile_rule(rule, FIELDS)
    found = compiled.evaluate(given_facts, now=NOW, zone=SHANGHAI)
    compiled.evaluate({}, now=NOW, zone=SHANGHAI)
    assert compiled.evaluate(given_facts, now=NOW, zone=SHANGHAI) == found
    assert given_facts == before


# Kleene's tables

TRUTH = {"T": True, "F": False, "U": None}
AND = {"TT": "T", "TF": "F", "TU": "U", "FF": "F", "FU": "F", "UU": "U"}
OR = {"TT": "T", "TF": "T", "TU": "T", "FF": "F", "FU": "U", "UU": "U"}


@pytest.mark.parametrize(("name", "table"), [("and", AND), ("or", OR)])
def test_and_and_or_follow_kleene(name: str, table: dict[str, str]) -> None:
    for pair, expected in table.items():
        for one, other in (pair, pair[::-1]):
            found = verdict({name: [var("p"), var("q")]}, {"p": TRUTH[one], "q": TRUTH[other]})
            assert (None if isinstance(found, Unknown) else found) is TRUTH[expected], (one, other)


@given(own_conditions, own_conditions, complete, st.sets(st.sampled_from(sorted(FIELDS))))
def test_de_morgan_and_double_negation_hold_in_three_values(
    one: Json, other: Json, facts: dict[str, Any], gone: set[str]
) -> None:
    known = {path: value for path, value in facts.items() if path not in gone}
    assert verdict({"!": {"and": [one, other]}}, known) == verdict({"or": [{"!": one}, {"!": other}]}, known)
    assert verdict({"!": {"!": one}}, known) == verdict(one, known)


def test_an_unknown_cannot_be_taken_for_a_truth_value() -> None:
    with pytest.raises(TypeError, match="neither true nor false"):
        bool(decide(var("member.tier"), {}))


# Other readers of JSONLogic


@given(shared_conditions, complete)
def test_datalogic_agrees_on_conditions(rule: Json, facts: dict[str, Any]) -> None:
    nested = facts_of(facts)
    assert verdict(rule, facts) is datalogic_py.apply(json.dumps(rule), json.dumps(nested))


@given(integer_rules, complete)
def test_datalogic_agrees_on_numbers(rule: Json, facts: dict[str, Any]) -> None:
    found = compile_rule(rule, FIELDS, expect="integer").evaluate(facts_of(facts), now=NOW, zone=SHANGHAI)
    assert found == datalogic_py.apply(json.dumps(rule), json.dumps(facts_of(facts)))


@given(own_conditions, complete, st.sets(st.sampled_from(sorted(FIELDS))))
def test_datalogic_agrees_on_what_is_missing(rule: Json, facts: dict[str, Any], gone: set[str]) -> None:
    known = {path: value for path, value in facts.items() if path not in gone}
    asked: Json = {"missing": sorted(compile_rule(rule, FIELDS).fields)}
    assume(asked["missing"])
    found = compile_rule(asked, FIELDS, expect=None).evaluate(facts_of(known), now=NOW, zone=SHANGHAI)
    assert found == datalogic_py.apply(json.dumps(asked), json.dumps(facts_of(known)))
