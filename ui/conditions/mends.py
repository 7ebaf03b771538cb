"""What would mend what is wrong in a condition: names that are near, above all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from rules.operators import OPERATORS
from rules.types import Conditions, Fields, Json, Problem
from ui.conditions.tree import Block, FieldOf, Measure, Named, Node, Operand, Value, written
from ui.conditions.views import Mend
from ui.messages import Language, text
from ui.scope import offer

MOST = 3


def mends_of_field(problem: Problem, operand: Operand, at: str, fields: Fields, language: Language) -> list[Mend]:
    """Fields of a near name in the place of one that there is not."""
    match operand:
        case FieldOf(path) | Measure(operands=(FieldOf(path), *_)) if problem.code == "unknown-field":
            return [_field(near, operand, at, fields, language) for near in near_fields(path, fields)]
        case _:
            return []


def mends_of_value(operand: Operand, at: str, values: Iterable[str], language: Language) -> list[Mend]:
    """Declared values of a near name in the place of one that is not declared."""
    match operand:
        case Value(str(value)):
            return [_use(near, at, near, language) for near in get_close_matches(value, [*values], MOST, 0.5)]
        case _:
            return []


def mends_of_node(problem: Problem, node: Node, conditions: Conditions, language: Language) -> list[Mend]:
    """Operators and named conditions of a near name."""
    match node:
        case Named(name, listed) if problem.code == "unknown-condition":
            near = get_close_matches(name, [*conditions], MOST, 0.5)
            return [_use(each, node.at, {"condition": [each] if listed else each}, language) for each in near]
        case Block(dict() as json) if len(json) == 1 and problem.code == "schema" and problem.pointer == node.at:
            return [*_operators(node.at, json, language)]
        case _:
            return []


def near_fields(path: str, fields: Fields) -> list[str]:
    """The fields whose own name is near, those of the same owner first."""
    owner, _, name = path.rpartition(".")
    names = get_close_matches(name, {each.rpartition(".")[2] for each in fields}, 2 * MOST, 0.65)
    near = [each for close in names for each in fields if each.rpartition(".")[2] == close]
    return sorted(near, key=lambda each: each.rpartition(".")[0] != owner)[:MOST]


def _operators(at: str, json: dict[str, Json], language: Language) -> Iterator[Mend]:
    [(name, given)] = json.items()
    if name not in OPERATORS:
        for near in get_close_matches(name, [*OPERATORS], MOST, 0.6):
            yield _use(near, at, {near: given}, language)


def _field(near: str, operand: Operand, at: str, fields: Fields, language: Language) -> Mend:
    found = offer(near, fields[near]).title
    title = f"{found.zh if language == 'zh' else found.en} ({near})"
    match operand:
        case FieldOf(written=how):
            return _use(title, at, written(FieldOf(near, how)), language)
        case Measure(operator, operands, listed):
            renamed = Measure(operator, (FieldOf(near), *operands[1:]), listed)
            return _use(title, at, written(renamed), language)
        case _:
            raise TypeError(operand)


def _use(name: str, at: str, value: Json, language: Language) -> Mend:
    return Mend(text(language, "conditions.mend", name=name), at, value)
