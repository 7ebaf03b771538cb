"""What a cell says: a set of values of its column's field, or a condition on it.

A set of values is made of single values and of spans between cuts. A cut lies just before a value, or just after it, so
that half-open and closed ranges, single values and whole lines are all told by two cuts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TypeAlias

from rules.messages import Message
from rules.nodes import Literal
from rules.tables import messages
from rules.tree import Checker, Value
from rules.types import ORDERED, Json, Problem, Type, tag_of

RANGE_KEYS = frozenset({"from", "to", "to_included"})
LIST_OPERATORS = frozenset({"all", "some", "none", "any_line", "every_line", "no_line", "sum_lines"})
"""Operators whose condition, the second argument, speaks of an item: there the empty path is the item."""

Cut: TypeAlias = tuple[Value, int]
"""A place on the line of an ordered type: (v, 0) is just before v, (v, 1) just after it."""


@dataclass(frozen=True)
class Span:
    """The values between two cuts; None is the end of the line."""

    low: Cut | None
    high: Cut | None

    def holds(self, value: Value) -> bool:
        """Whether the value lies in it."""
        here = (value, 0.5)
        return (self.low is None or self.low < here) and (self.high is None or here < self.high)


@dataclass(frozen=True)
class ValueSet:
    """The values for which a cell is true: those named and those in a span, or with `negated` all others."""

    values: frozenset[Value] = frozenset()
    spans: tuple[Span, ...] = ()
    negated: bool = False

    def holds(self, value: Value) -> bool:
        """Whether the cell is true of a known value."""
        return (value in self.values or any(span.holds(value) for span in self.spans)) is not self.negated


@dataclass(frozen=True)
class FreeCell:
    """A cell that is a condition; `rule` names the column's field where the cell wrote its own value.

    `is_written` tells whether the author wrote that condition, and not a value that we made one of.
    """

    rule: Json
    is_written: bool = True


Cell: TypeAlias = ValueSet | FreeCell | None
"""None is true of anything, missing values included."""


def after(value: Value, type_: Type) -> Cut:
    """The cut behind a value. Where each value has a next one, it is the cut before that one."""
    match type_.kind:
        case "integer" | "money":
            return value + 1, 0
        case "date" if value < date.max:
            return value + timedelta(days=1), 0
        case _:
            return value, 1


class CellReader:
    """Reads the cells of one column. What is wrong with a cell is added to `problems`, and then it says nothing."""

    def __init__(self, field: str, type_: Type, problems: list[Problem]) -> None:
        self.field = field
        self.type = type_
        self.problems = problems
        self._known: dict[tuple[type, Json], Value] = {}

    def read(self, cell: Json, pointer: str) -> Cell:
        """What a cell says."""
        match cell:
            case None:
                return None
            case dict() if cell.keys() == {"not"}:
                return self._negated(cell["not"], f"{pointer}/not")
            case dict() if not RANGE_KEYS.isdisjoint(cell):
                return self._ranged(cell, pointer)
            case dict():
                return FreeCell(_of_field(cell, self.field))
            case _ if self.type.kind == "tags":
                return FreeCell(
                    {"has_any": [{"var": self.field}, cell if isinstance(cell, list) else [cell]]}, is_written=False
                )
            case list():
                return self._listed(cell, pointer)
            case _:
                value = self.read_value(cell, pointer)
                return ValueSet(frozenset({value})) if value is not None else None

    def read_value(self, cell: Json, pointer: str) -> Value | None:
        """A single value as the column's type has it; None, and a problem, when it does not fit."""
        if isinstance(cell, dict | list) or self.type.kind in {"list", "object"}:
            self._note("type-mismatch", pointer, messages.only_a_condition(self.field, self.type))
            return None
        written = (type(cell), cell)  # rows of a long table repeat the same few values
        if written in self._known:
            return self._known[written]
        node, checker = Literal("literal", pointer=pointer, source=cell, json=cell), Checker({})
        checker.expect(node, tag_of(self.type) if self.type.kind == "tags" else self.type, self.field)
        self.problems += checker.problems
        if not checker.problems:
            self._known[written] = node.value
        return node.value if not checker.problems else None

    def _negated(self, inner: Json, pointer: str) -> Cell:
        if inner is None:
            self._note("schema", pointer, messages.NOT_ANYTHING)
        match self.read(inner, pointer):
            case ValueSet() as found:
                return replace(found, negated=not found.negated)
            case FreeCell(rule):
                return FreeCell({"!": [rule]}, is_written=False)
            case None:
                return None

    def _listed(self, cell: list[Json], pointer: str) -> ValueSet:
        values: list[Value] = []
        spans: list[Span] = []
        for i, item in enumerate(cell):
            place = f"{pointer}/{i}"
            if isinstance(item, dict) and not RANGE_KEYS.isdisjoint(item):
                spans += found.spans if (found := self._ranged(item, place)) else ()
            elif item is None or isinstance(item, list | dict):
                self._note("schema", place, messages.BAD_ITEM)
            elif (value := self.read_value(item, place)) is not None:
                values.append(value)
        return ValueSet(frozenset(values), tuple(spans))

    def _ranged(self, cell: dict[str, Json], pointer: str) -> ValueSet | None:
        included = cell.get("to_included", False)
        bounds = {key: cell[key] for key in ("from", "to") if cell.get(key) is not None}
        if not bounds or cell.keys() - RANGE_KEYS or not isinstance(included, bool):
            self._note("schema", pointer, messages.bad_range(cell))
            return None
        if self.type.kind not in ORDERED:
            self._note("type-mismatch", pointer, messages.no_order(self.field, self.type))
            return None
        found = {key: self.read_value(bound, f"{pointer}/{key}") for key, bound in bounds.items()}
        if None in found.values():
            return None
        low: Cut | None = (found["from"], 0) if "from" in found else None
        high: Cut | None = None
        if "to" in found:
            high = after(found["to"], self.type) if included else (found["to"], 0)
        return ValueSet(spans=(Span(low, high),) if low is None or high is None or low < high else ())

    def _note(self, code: str, pointer: str, message: Message) -> None:
        self.problems.append(Problem(code, pointer, message))


def _of_field(rule: Json, field: str) -> Json:
    """The condition with the field in the place of the cell's own value."""
    match rule:
        case {"var": "" | None}:
            return {"var": field}
        case {"var": ["" | None, *fallback]}:
            return {"var": [field, *fallback]}
        case {"var": []}:
            return {"var": field}
        case {"is_set": "" | [""]}:
            return {"is_set": field}
        case {"missing": "" | [""]}:
            return {"missing": [field]}
        case dict() if len(rule) == 1:
            [(name, given)] = rule.items()
            if name in LIST_OPERATORS and isinstance(given, list) and given:
                return {name: [_of_field(given[0], field), *given[1:]]}
            return {name: _of_field(given, field)}
        case list():
            return [_of_field(item, field) for item in rule]
        case _:
            return rule
