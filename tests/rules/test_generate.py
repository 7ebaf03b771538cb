"""What the other laws rest on: random expressions have no problems, and every operator and kind is among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import find, given, settings

from rules.compile import check_rule, compile_rule
from rules.reference import FAMILIES, references
from rules.types import Json
from rules.unknown import Unknown
from tests.rules import examples
from tests.rules.examples import differential
from tests.rules.generate import FIELDS, Language
from tests.rules.generate_operators import EVERY_KIND, MAKERS
from tests.rules.ruleworld import NOW, SHANGHAI

LANGUAGE = Language()
MADE = {one.name for one in references(FIELDS, SHANGHAI) if one.family.en in FAMILIES} - {"condition"}
"""Those of our own families; one that somebody adds may do without. A named condition is read in the place of its name:
what the laws say of that condition they say of its name."""

SEEN: Counter[str] = Counter()


@differential()
@given(LANGUAGE.cases())
def test_a_random_condition_has_no_problems_and_decides_where_nothing_is_missing(
    case: tuple[Json, dict[str, Any]],
) -> None:
    rule, facts = case
    assert check_rule(rule, FIELDS) == []
    found = compile_rule(rule, FIELDS).evaluate(facts, now=NOW, zone=SHANGHAI)
    SEEN.update(["unknown" if isinstance(found, Unknown) else str(found), *operators(rule)])
    assert found is True or found is False or found == Unknown()


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_a_random_expression_is_of_the_kind_that_is_asked_for(kind: Any) -> None:
    @differential(50)
    @given(LANGUAGE.cases(kind, missing=True))
    def law(case: tuple[Json, dict[str, Any]]) -> None:
        rule, facts = case
        tree = compile_rule(rule, FIELDS, expect=None)
        if not tree.tree.flexible:
            assert tree.tree.type.kind == kind
        tree.evaluate(facts, now=NOW, zone=SHANGHAI)

    law()


def test_there_is_a_maker_for_every_operator() -> None:
    assert {maker.operator for maker in MAKERS} == MADE


@pytest.mark.skipif(examples.COUNT < 2_000, reason="a few expressions do not hold every operator")
def test_every_verdict_was_among_them() -> None:
    if not SEEN:
        pytest.skip("it counts what the first test saw")
    assert {"True", "False", "unknown"} <= SEEN.keys()


@pytest.mark.parametrize("name", sorted(MADE))
def test_every_operator_is_written(name: str) -> None:
    few = Language(operators={name, "==", "<", "is_set", "and"})
    rule = find(
        few.conditions, lambda rule: name in operators(rule), settings=settings(max_examples=5_000, database=None)
    )
    assert check_rule(rule, FIELDS) == []


def operators(rule: Json) -> Iterator[str]:
    match rule:
        case dict():
            for name, arguments in rule.items():
                yield name
                yield from operators(arguments)
        case list():
            for item in rule:
                yield from operators(item)
