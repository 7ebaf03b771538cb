"""What a builder shows of a condition: groups, tests and what they compare, each with its place; and back to JSON.

Nothing here changes what an author wrote: whether an argument stands alone or in a list, whether a field is named by a
path or by `var`, is kept with the part that it belongs to.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from rules.limits import escape
from rules.types import Json
from ui.conditions.shapes import Shape

Written: TypeAlias = Literal["var", "listed", "path"]
"""How a field is named: `{"var": "a.b"}`, `{"var": ["a.b"]}`, or `"a.b"` alone where an operator takes a path."""


# What tests compare


@dataclass(frozen=True)
class FieldOf:
    """A field by its path; `""` is the cell's own value, or the item of a list."""

    path: str
    written: Written = "var"


@dataclass(frozen=True)
class Value:
    """A value that is written out: a scalar, or a list of scalars."""

    json: Json


@dataclass(frozen=True)
class Measure:
    """What is made of a field before it is compared, such as the days since it; the field is the first operand."""

    operator: str
    operands: tuple[Operand, ...]
    listed: bool = True


@dataclass(frozen=True)
class Expression:
    """An expression that no builder shows; it is kept as it is."""

    json: Json


Operand: TypeAlias = FieldOf | Value | Measure | Expression


# Conditions


@dataclass(frozen=True)
class Always:
    """A condition that is written as `true`, or `false`: always, or never."""

    value: bool
    at: str = field(default="", compare=False)


@dataclass(frozen=True)
class Group:
    """Several conditions joined: all of them (`and`), or any of them (`or`)."""

    operator: str
    parts: tuple[Node, ...]
    listed: bool = True
    at: str = field(default="", compare=False)


@dataclass(frozen=True)
class Wrapped:
    """One condition turned round (`!`), or told to be one (`!!`)."""

    operator: str
    part: Node
    listed: bool = True
    at: str = field(default="", compare=False)


@dataclass(frozen=True)
class Lines:
    """A condition on the items of a list: of one of them, of each, of none."""

    operator: str
    lines: Operand
    part: Node
    at: str = field(default="", compare=False)


@dataclass(frozen=True)
class Test:
    """A test of one thing by an operator; `shape` tells which of the operands is tested, and what the others are."""

    __test__ = False

    shape: Shape
    operands: tuple[Operand, ...]
    listed: bool = True
    at: str = field(default="", compare=False)

    @property
    def subject(self) -> Operand:
        """What is tested."""
        return self.operands[self.shape.subject]


@dataclass(frozen=True)
class Holds:
    """A field of yes or no, or what is made of one, that is a condition by itself."""

    subject: Operand
    at: str = field(default="", compare=False)


@dataclass(frozen=True)
class Named:
    """A named condition of a ruleset."""

    name: str
    listed: bool = False
    at: str = field(default="", compare=False)


@dataclass(frozen=True)
class Block:
    """What the builder cannot show: kept as it is."""

    json: Json
    at: str = field(default="", compare=False)


Node: TypeAlias = Always | Group | Wrapped | Lines | Test | Holds | Named | Block


def to_json(node: Node) -> Json:
    """The condition that a builder shows: what it was made of, to the letter."""
    match node:
        case Always(value):
            return value
        case Group(operator, parts, listed):
            return {operator: _arguments([to_json(part) for part in parts], listed=listed)}
        case Wrapped(operator, part, listed):
            return {operator: _arguments([to_json(part)], listed=listed)}
        case Lines(operator, lines, part):
            return {operator: [written(lines), to_json(part)]}
        case Test(shape, operands, listed):
            return {shape.operator: _arguments([written(each) for each in operands], listed=listed)}
        case Holds(subject):
            return written(subject)
        case Named(name, listed):
            return {"condition": _arguments([name], listed=listed)}
        case Block(given):
            return given


def written(operand: Operand) -> Json:
    """An operand as JSON."""
    match operand:
        case FieldOf(path, "path"):
            return path
        case FieldOf(path, how):
            return {"var": _arguments([path], listed=how == "listed")}
        case Measure(operator, operands, listed):
            return {operator: _arguments([written(each) for each in operands], listed=listed)}
        case Value(given) | Expression(given):
            return given


def _arguments(given: list[Json], *, listed: bool) -> Json:
    return given if listed else given[0]


def children(node: Node) -> tuple[Node, ...]:
    """The conditions directly below one."""
    match node:
        case Group(parts=parts):
            return parts
        case Wrapped(part=part) | Lines(part=part):
            return (part,)
        case _:
            return ()


def walk(node: Node) -> Iterator[Node]:
    """A condition and all those below it that the builder shows."""
    yield node
    for child in children(node):
        yield from walk(child)


def operand_place(at: str, operator: str, index: int, *, listed: bool) -> str:
    """Where an argument of an operator stands."""
    place = f"{at}/{escape(operator)}"
    return f"{place}/{index}" if listed else place


def digest(given: Json) -> str:
    """What tells one piece of JSON from another: 1 is neither true nor 1.0."""
    return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()[:16]


def same(one: Json, other: Json) -> bool:
    """Whether two pieces of JSON are the same."""
    return digest(one) == digest(other)
