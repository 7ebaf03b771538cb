"""A condition's JSON as the builder shows it. Whatever JSON comes in, what comes out makes the same JSON again."""

from __future__ import annotations

from collections.abc import Sequence

from rules.operators import OPERATORS
from rules.types import Json
from ui.conditions.shapes import (
    GROUP_OPERATORS,
    HAS_SHAPE,
    LINE_OPERATORS,
    MEASURES,
    WRAPPERS,
    Shape,
    Slot,
    fallback,
    shapes_of,
)
from ui.conditions.tree import (
    Always,
    Block,
    Expression,
    FieldOf,
    Group,
    Holds,
    Lines,
    Measure,
    Named,
    Node,
    Operand,
    Test,
    Value,
    Wrapped,
    operand_place,
)

DEEPEST = 64
"""Conditions nested deeper than any rule may be are shown as a block."""


def to_builder(condition: Json, at: str = "", depth: int = 0) -> Node:
    """The builder's view of a condition, which stands at a pointer. Never raises."""
    match condition:
        case bool():
            return Always(condition, at)
        case dict() if len(condition) == 1 and depth < DEEPEST:
            [(operator, given)] = condition.items()
            return _operator(operator, given, at, depth) or Block(condition, at)
        case _:
            return Block(condition, at)


def _operator(operator: str, given: Json, at: str, depth: int) -> Node | None:
    listed = isinstance(given, list)
    arguments: list[Json] = given if isinstance(given, list) else [given]
    if operator in GROUP_OPERATORS:
        parts = [
            to_builder(each, operand_place(at, operator, i, listed=listed), depth + 1)
            for i, each in enumerate(arguments)
        ]
        return Group(operator, tuple(parts), listed, at)
    if operator in WRAPPERS:
        if len(arguments) != 1:
            return None
        place = operand_place(at, operator, 0, listed=listed)
        return Wrapped(operator, to_builder(arguments[0], place, depth + 1), listed, at)
    if operator in LINE_OPERATORS:
        return _lines(operator, arguments, at, depth)
    if operator == "condition":
        match arguments:
            case [str(name)]:
                return Named(name, listed, at)
            case _:
                return None
    if operator == "var" or operator in MEASURES:
        return _holds({operator: given}, at)
    return _test(operator, arguments, at, listed=listed)


def _lines(operator: str, arguments: Sequence[Json], at: str, depth: int) -> Node | None:
    if len(arguments) != 2:
        return None
    lines = operand(arguments[0])
    if not isinstance(lines, FieldOf):
        return None
    place = operand_place(at, operator, 1, listed=True)
    return Lines(operator, lines, to_builder(arguments[1], place, depth + 1), at)


def _holds(condition: Json, at: str) -> Node | None:
    subject = operand(condition)
    return None if isinstance(subject, Expression) else Holds(subject, at)


def _test(operator: str, arguments: Sequence[Json], at: str, *, listed: bool) -> Node | None:
    """A test, if one of its arguments is a field, or made of one."""
    if operator not in OPERATORS:
        return None
    for shape in shapes_of(operator, len(arguments)):
        operands = _operands(shape, arguments)
        if _fits(shape, operands):
            return Test(shape, operands, listed, at)
    if operator in HAS_SHAPE:
        return None
    operands = tuple(map(operand, arguments))
    subject = next((i for i, each in enumerate(operands) if isinstance(each, FieldOf | Measure)), None)
    return None if subject is None else Test(fallback(operator, len(operands), subject), operands, listed, at)


def _operands(shape: Shape, arguments: Sequence[Json]) -> tuple[Operand, ...]:
    return tuple(
        FieldOf(each, "path") if isinstance(each, str) and _takes_path(shape, slot) else operand(each)
        for each, slot in zip(arguments, shape.slots, strict=True)
    )


def _takes_path(shape: Shape, slot: Slot) -> bool:
    return shape.operator == "is_set" and slot == "subject"


def _fits(shape: Shape, operands: Sequence[Operand]) -> bool:
    """Whether the argument that the shape tests is a field, and a list stands just where one may."""
    if not isinstance(operands[shape.subject], FieldOf | Measure):
        return False
    if shape.operator == "in":
        return isinstance(operands[1], Value) == (shape.key == "in")
    return True


def operand(json: Json) -> Operand:
    """One argument of a test."""
    match json:
        case {"var": str(path), **others} if not others:
            return FieldOf(path)
        case {"var": [str(path)], **others} if not others:
            return FieldOf(path, "listed")
        case dict() if len(json) == 1:
            [(operator, given)] = json.items()
            return _measure(operator, given) or Expression(json)
        case list() if all(_is_scalar(item) for item in json):
            return Value(json)
        case _ if _is_scalar(json):
            return Value(json)
        case _:
            return Expression(json)


def _measure(operator: str, given: Json) -> Measure | None:
    shape = MEASURES.get(operator)
    arguments: list[Json] = given if isinstance(given, list) else [given]
    if shape is None or len(arguments) != len(shape.slots):
        return None
    operands = tuple(map(operand, arguments))
    plain = isinstance(operands[0], FieldOf) and all(isinstance(each, FieldOf | Value) for each in operands[1:])
    return Measure(operator, operands, isinstance(given, list)) if plain else None


def _is_scalar(json: Json) -> bool:
    return isinstance(json, str | int | float)
