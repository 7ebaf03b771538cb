"""Conditions that say no more than a cell would: one field, compared with values that are written out.

Box arithmetic settles them; the prover is asked about the others only.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from rules.comparison import Comparison
from rules.fields import Field
from rules.nodes import Items, Literal
from rules.operators.compare import NotEqual
from rules.operators.logic import And, Not, Yes
from rules.operators.named import Condition
from rules.operators.order import Between
from rules.operators.presence import Var
from rules.operators.sets import In
from rules.tables.cells import Span, ValueSet, after
from rules.tree import Expression
from rules.types import Kind, Type

Told: TypeAlias = tuple[str, Type, ValueSet]
"""A field, its type, and the values for which a condition on it is true; it is false for all others."""

_PLAIN: frozenset[Kind] = frozenset({
    "boolean", "integer", "decimal", "money", "text", "enum", "date", "instant", "duration", "ref",
})  # fmt: skip


def conjuncts(tree: Expression) -> Iterator[Expression]:
    """The conditions that make up a condition: all of them must hold."""
    match tree:
        case And(arguments=arguments):
            for argument in arguments:
                yield from conjuncts(argument)
        case Condition(arguments=(inner,)) | Yes(arguments=(inner,)):
            yield from conjuncts(inner)
        case _:
            yield tree


def cell_of(tree: Expression) -> Told | None:
    """The cell that says the same as a condition; None where no cell does."""
    match tree:
        case Yes(arguments=(inner,)) | Condition(arguments=(inner,)):
            return cell_of(inner)
        case Not(arguments=(inner,)):
            found = cell_of(inner)
            return None if found is None else (found[0], found[1], replace(found[2], negated=not found[2].negated))
        case Var():
            field = _field(tree)
            truth = ValueSet(frozenset({True}))
            return None if field is None or field[1].kind != "boolean" else (*field, truth)
        case In(arguments=(value, Items(items=items))):
            return _among(value, items)
        case Between(arguments=(value, low, high)):
            return _ordered((low, value, high), operator.le)
        case Comparison(arguments=arguments):
            return _compared(tree, arguments)
        case _:
            return None


def _field(tree: Expression) -> tuple[str, Type] | None:
    """The field that an expression reads and nothing else."""
    match tree:
        case Var(field=Field(path=str(path), item=None), fallback=()) if tree.type.kind in _PLAIN:
            return path, tree.type
        case _:
            return None


def _among(value: Expression, items: Sequence[Expression]) -> Told | None:
    field = _field(value)
    if field is None or not all(_is_value(item, field[1]) for item in items):
        return None
    return (*field, ValueSet(frozenset(item.value for item in items if isinstance(item, Literal))))


def _is_value(tree: Expression, type_: Type) -> bool:
    return isinstance(tree, Literal) and tree.type.kind == type_.kind


def _compared(tree: Comparison, arguments: Sequence[Expression]) -> Told | None:
    compare = type(tree).compare
    if compare is operator.eq or isinstance(tree, NotEqual):
        return _equal(arguments, negated=isinstance(tree, NotEqual))
    if compare in {operator.gt, operator.ge}:
        return _ordered(arguments[::-1], operator.lt if compare is operator.gt else operator.le)
    return _ordered(arguments, compare)


def _equal(arguments: Sequence[Expression], *, negated: bool) -> Told | None:
    fields = [found for found in map(_field, arguments) if found is not None]
    values = [each for each in arguments if isinstance(each, Literal)]
    if len(fields) != 1 or len(values) != 1 or len(arguments) != 2 or not _is_value(values[0], fields[0][1]):
        return None
    return (*fields[0], ValueSet(frozenset({values[0].value}), negated=negated))


def _ordered(arguments: Sequence[Expression], compare: object) -> Told | None:
    """A field between values, or before or after one; the arguments ascend."""
    fields = [(i, found) for i, found in enumerate(map(_field, arguments)) if found is not None]
    if len(fields) != 1:
        return None
    [(place, (path, type_))] = fields
    bounds = [each for i, each in enumerate(arguments) if i != place]
    if not all(_is_value(each, type_) for each in bounds) or (len(arguments) == 3 and place != 1):
        return None
    values = [each.value if isinstance(each, Literal) else None for each in arguments]
    closed = compare is operator.le
    low = high = None
    if place:
        low = (values[0], 0) if closed else after(values[0], type_)
    if place + 1 < len(arguments):
        high = after(values[-1], type_) if closed else (values[-1], 0)
    empty = low is not None and high is not None and low >= high
    return path, type_, ValueSet(spans=() if empty else (Span(low, high),))
