"""A column's values cut into atoms: no cell of the column tells two values of one atom apart.

Each atom has a mask: a number whose bit n says that the cell of row n holds there. A decision looks up one atom in each
column and ands their masks; a proof walks the atoms.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rules.tables.cells import Cut, Span, ValueSet, after
from rules.tree import Value
from rules.types import Type


@dataclass(frozen=True)
class Only:
    """The atom of a single value."""

    value: Value

    def holds(self, value: Value) -> bool:
        return bool(value == self.value)


@dataclass(frozen=True)
class Others:
    """The atom of all values but those that a cell names."""

    than: frozenset[Value]

    def holds(self, value: Value) -> bool:
        return value not in self.than


@dataclass(frozen=True)
class Between:
    """The atom between two neighbouring cuts; None is the end of the line."""

    low: Cut | None
    high: Cut | None

    def holds(self, value: Value) -> bool:
        return Span(self.low, self.high).holds(value)


Atom: TypeAlias = Only | Others | Between


@dataclass(frozen=True)
class Partition:
    """The atoms of a column and the mask of each, in the same order.

    `free` is the mask of the rows that say nothing of the column: they hold there also when its value is missing.
    """

    atoms: tuple[Atom, ...]
    masks: tuple[int, ...]
    free: int

    def mask(self, value: Value) -> int:
        """The rows whose cell holds for a known value."""
        raise NotImplementedError


@dataclass(frozen=True)
class Named(Partition):
    """Atoms of single values, found by hash; the last is that of all others."""

    by_value: Mapping[Value, int]

    def mask(self, value: Value) -> int:
        return self.by_value.get(value, self.masks[-1])


@dataclass(frozen=True)
class Line(Partition):
    """Atoms along a line, found by bisection of the cuts between them."""

    cuts: Sequence[Cut]

    def mask(self, value: Value) -> int:
        return self.masks[bisect_left(self.cuts, (value, 0.5))]


def partition(cells: Sequence[ValueSet | None], type_: Type) -> Partition:
    """The atoms that the cells of one column make of its type; None is a cell that says nothing."""
    free = sum(1 << row for row, cell in enumerate(cells) if cell is None)
    if any(cell is not None and cell.spans for cell in cells):
        return _line(cells, type_, free)
    return _named(cells, free)


def _named(cells: Sequence[ValueSet | None], free: int) -> Named:
    toggled: dict[Value, int] = {}
    others = free
    for row, cell in enumerate(cells):
        if cell is not None:
            others |= cell.negated << row
            for value in cell.values:
                toggled[value] = toggled.get(value, 0) | 1 << row
    by_value = {value: others ^ bits for value, bits in toggled.items()}
    atoms: tuple[Atom, ...] = (*map(Only, by_value), Others(frozenset(by_value)))
    return Named(atoms, (*by_value.values(), others), free, by_value)


def _line(cells: Sequence[ValueSet | None], type_: Type, free: int) -> Line:
    toggled: dict[Cut, int] = {}
    here = free
    for row, cell in enumerate(cells):
        if cell is not None:
            here |= cell.negated << row
            for span in _apart(cell, type_):
                here ^= (span.low is None) << row
                for cut in (span.low, span.high):
                    if cut is not None:
                        toggled[cut] = toggled.get(cut, 0) ^ 1 << row
    cuts = sorted(cut for cut, bits in toggled.items() if bits)
    masks = [here]
    for cut in cuts:
        here ^= toggled[cut]
        masks.append(here)
    ends = [None, *cuts, None]
    return Line(tuple(map(Between, ends, ends[1:])), tuple(masks), free, cuts)


def _apart(cell: ValueSet, type_: Type) -> list[Span]:
    """The cell's values and spans as spans that do not overlap."""
    spans = [Span((value, 0), after(value, type_)) for value in cell.values] + [*cell.spans]
    apart: list[Span] = []
    for span in sorted(spans, key=lambda each: (each.low is not None, each.low)):
        if apart and _reaches(apart[-1].high, span.low):
            apart[-1] = Span(apart[-1].low, _later(apart[-1].high, span.high))
        else:
            apart.append(span)
    return apart


def _reaches(high: Cut | None, low: Cut | None) -> bool:
    return high is None or low is None or low <= high


def _later(one: Cut | None, other: Cut | None) -> Cut | None:
    return None if one is None or other is None else max(one, other)
