"""The official JSONLogic cases, where their file is at hand: decided as they say, or refused for a stated reason."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rules.compile import check_rule, compile_rule
from rules.operators import OPERATORS
from rules.types import Declaration, Fields, Json
from rules.unknown import Unknown
from tests.rules.ruleworld import NOW, SHANGHAI

CASES = Path(__file__).parents[3] / "shared" / "data" / "jsonlogic-tests.json"

NO_OPERATOR = {
    "filter": "no SQL form, no SMT form, no clear meaning for missing data",
    "map": "as filter",
    "reduce": "as filter",
    "merge": "as filter",
    "substr": "as filter",
    "/": "division is an operator of its own, with a stated rounding mode",
    "%": "as /",
    "?:": "an old name of if",
}

TRUTHINESS = "a condition is true or false: no number, text or list stands for one"
COERCION = "values of two types are not compared or computed with"
REFUSED = {
    "3.14": "floats are refused",
    "null": "null is no value",
    '{"if": []}': "a choice names at least one value",
    '{"if": [true]}': "as an empty choice",
    '{"if": [false]}': "as an empty choice",
    '{"if": ["apple"]}': "as an empty choice",
    '{"if": [{"var": "x"}, [{"var": "y"}], 99]}': COERCION,
    '{"var": 1}': "facts are objects",
    '{"var": "1"}': "facts are objects",
    '{"var": "1.1"}': "facts are objects",
    **dict.fromkeys(
        [
            *(f'{{"{name}": [1, "1"]}}' for name in ("==", "===", "!=", "!==")),
            *('{">": ["2", 1]}', '{">=": ["2", 1]}', '{"<": ["1", 2]}', '{"<=": ["1", 2]}'),
            *(f'{{"{name}": ["1", 1]}}' for name in "+-*"),
            *('{"===": [0, "0"]}', '{"===": [0, {"+": "0"}]}'),
            *(f'{{"if": [{{"+": "{digit}"}}, "apple", "banana"]}}' for digit in "01"),
        ],
        COERCION,
    ),
    **dict.fromkeys(
        [
            *('{"!": 0}', '{"!": 1}', '{"or": [1, 3]}', '{"or": [3, false]}', '{"or": [false, 3]}'),
            *('{"and": [1, 3]}', '{"and": [3, false]}', '{"and": [false, 3]}'),
            *(
                f'{{"if": [{value}, "apple", "banana"]}}'
                for value in ("[]", "[1]", "[1, 2, 3, 4]", '""', '"zucchini"', '"0"', "0", "1", "3.1416", "-1")
            ),
            *(f'{{"{name}": [{value}]}}' for name in ("!", "!!") for value in ("[]", "0", '""', '"0"')),
            *(f'{{"{name}": [{value}, true]}}' for name in ("and", "or") for value in ("[]", "0", '""', '"0"')),
            '{"if": [{"missing": "a"}, "missed it", "found it"]}',
        ],
        TRUTHINESS,
    ),
}


def official_cases() -> list[Any]:
    if not CASES.exists():
        return [pytest.param(None, None, None, marks=pytest.mark.skip(reason=f"{CASES.name} is not at hand"))]
    return [pytest.param(*case) for case in json.loads(CASES.read_text("utf-8")) if isinstance(case, list)]


@pytest.mark.parametrize(("rule", "data", "expected"), official_cases())
def test_an_official_case_is_decided_as_it_says_or_refused_for_a_reason(rule: Json, data: Json, expected: Json) -> None:
    fields = declarations(rule, data)
    if REFUSED.get(json.dumps(rule)) or set(operators(rule)) & NO_OPERATOR.keys():
        assert check_rule(rule, fields, expect=None)
        return
    compiled = compile_rule(rule, fields, expect=None)
    facts = data if isinstance(data, dict) else {"": data}
    found = compiled.evaluate(facts, now=NOW, zone=SHANGHAI)
    found = None if isinstance(found, Unknown) else found
    assert found == expected
    assert type(found) is type(expected)


def test_no_operator_that_is_built_is_left_out() -> None:
    assert not NO_OPERATOR.keys() & OPERATORS.keys()


def operators(rule: Json) -> Iterator[str]:
    match rule:
        case dict():
            for name, arguments in rule.items():
                yield name
                yield from operators(arguments)
        case list():
            for item in rule:
                yield from operators(item)


def declarations(rule: Json, data: Json) -> Fields:
    """What the data shows its fields to be, and for fields that it lacks what the rule's default shows."""
    found = dict(paths_in(rule))
    if isinstance(data, dict):
        found |= dict(leaves(data, ""))
    elif not isinstance(data, list):
        found[""] = data
    return {path: Declaration.model_validate(declaration(value)) for path, value in found.items()}


def paths_in(rule: Json) -> Iterator[tuple[str, Json]]:
    match rule:
        case {"var": [str(path), *default]}:
            yield path, default[0] if default else None
        case {"var": str(path)} | {"missing": str(path)}:
            if not path[:1].isdigit():
                yield path, None
        case {"missing": [*paths]} | {"missing_some": [_, [*paths]]}:
            yield from ((path, None) for path in paths if isinstance(path, str))
        case dict():
            for arguments in rule.values():
                yield from paths_in(arguments)
        case list():
            for item in rule:
                yield from paths_in(item)


def leaves(data: dict[str, Json], prefix: str) -> Iterator[tuple[str, Json]]:
    for name, value in data.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def declaration(value: Json) -> dict[str, Any]:
    match value:
        case bool():
            return {"type": "boolean"}
        case str():
            return {"type": "text"}
        case [dict(first), *_]:
            return {"type": "list", "of": {name: declaration(item) for name, item in first.items()}}
        case list():
            return {"type": "list", "of": declaration(value[0] if value else None)}
        case _:
            return {"type": "integer"}
