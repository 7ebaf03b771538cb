"""The space of a table's cases: an axis for each field that rows name values of, cut into slots with masks of rows.

The axes do not depend on each other. What no cell could say, or what one says of `today` where the moment has an axis,
is a claim of its row instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import cached_property, reduce
from operator import and_
from zoneinfo import ZoneInfo

from rules.compile import Rule
from rules.operators.named import meaning
from rules.proofs.budget import NotSettledError
from rules.proofs.cells import Told, cell_of, conjuncts
from rules.proofs.claims import MOMENT, AllOf, AnyOf, Claim, IsFalse, IsTrue, Missing, Within, asked_by
from rules.proofs.samples import limits, sample
from rules.tables.cells import Span, ValueSet
from rules.tables.partition import Atom, Between, Only, Others, partition
from rules.tables.table import Line, Table
from rules.tree import Expression, Value
from rules.types import INSTANT, Declaration, Type


@dataclass(frozen=True)
class Slot:
    """Values that no cell of the axis tells apart; `atom` is None where the field is missing.

    `holds` is the mask of the rows whose cell is true there, `open` that of those whose cell is not false.
    """

    atom: Atom | None
    sample: Value
    holds: int
    open: int


@dataclass(frozen=True)
class Axis:
    """A field and its slots, without those that its declaration leaves empty."""

    field: str
    type: Type
    declaration: Declaration | None
    slots: tuple[Slot, ...]

    def claim(self, chosen: Sequence[int]) -> Claim | None:
        """That the field lies in one of the slots; None where all are chosen."""
        if len(chosen) == len(self.slots):
            return None
        return AnyOf(tuple(self._claim(self.slots[i].atom) for i in chosen))

    def _claim(self, atom: Atom | None) -> Claim:
        return Missing(self.field, self.type) if atom is None else Within(self.field, self.type, values_of(atom))


@dataclass(frozen=True)
class Case:
    """A row in a space: what must hold of it beside its cells, and the fields that this asks about."""

    table: Table
    line: Line
    claims: tuple[Claim, ...]
    denials: tuple[Claim, ...]
    """What makes it false; one is enough."""
    asked: frozenset[str]

    @property
    def is_decided(self) -> Claim:
        """That it is true or false, where its cells hold: what keeps a decision from being uncertain."""
        return AnyOf((AllOf(self.claims), *self.denials))


@dataclass(frozen=True, eq=False)
class Space:
    """The rows of one table, or of several one after the other, over the axes of all of them."""

    tables: tuple[Table, ...]
    rows: tuple[Case, ...]
    axes: tuple[Axis, ...]
    zone: ZoneInfo
    now: datetime

    @cached_property
    def every(self) -> int:
        """The mask of all rows."""
        return (1 << len(self.rows)) - 1

    @cached_property
    def free(self) -> int:
        """The mask of the rows that claim something beside their cells."""
        return sum(1 << i for i, row in enumerate(self.rows) if row.claims)

    @cached_property
    def asking(self) -> int:
        """The mask of the rows that ask about fields, beside their cells or to compute an output."""
        return sum(1 << i for i, row in enumerate(self.rows) if row.asked)

    @cached_property
    def asked(self) -> frozenset[str]:
        """The fields that rows ask about beside their cells, and those that outputs are computed from."""
        return frozenset[str]().union(*(row.asked for row in self.rows))

    @cached_property
    def boxes(self) -> tuple[tuple[tuple[int, ...], ...], ...]:
        """Of each row and axis, the slots in which its cell holds."""
        held: list[list[list[int]]] = [[[] for _ in self.axes] for _ in self.rows]
        for a, axis in enumerate(self.axes):
            for s, slot in enumerate(axis.slots):
                for row in bits(slot.holds):
                    held[row][a].append(s)
        return tuple(tuple(tuple(slots) for slots in row) for row in held)


Box = Sequence[Sequence[int]]
"""Of each axis, the slots that are meant."""


def bits(mask: int) -> Iterator[int]:
    """The places of the bits that are set, from the lowest."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def values_of(atom: Atom) -> ValueSet:
    """The values of an atom as a cell says them."""
    match atom:
        case Only(value):
            return ValueSet(frozenset({value}))
        case Others(than):
            return ValueSet(than, negated=True)
        case Between(low, high):
            return ValueSet(spans=(Span(low, high),))


def space_of(tables: Sequence[Table], zone: ZoneInfo, now: datetime) -> Space:
    """The space of the tables. Raises NotSettledError where a field has two types in them."""
    making = _Making(tables, zone, now)
    asked = frozenset[str]().union(*(case.asked for case in making.cases))
    return Space(tuple(tables), tuple(making.cases), tuple(making.axes(asked)), zone, now)


class _Making:
    """Puts what cells and conditions say on axes, and what finds no place there among the claims of the rows."""

    def __init__(self, tables: Sequence[Table], zone: ZoneInfo, now: datetime) -> None:
        self.tables = tables
        self.zone = zone
        self.now = now
        self.count = sum(len(table.rows) for table in tables)
        self.types: dict[str, Type] = {}
        self.cells: dict[str, dict[int, list[ValueSet]]] = {}
        self.rules: dict[str, Rule] = {}
        self.cases = [self._case(number, *each) for number, each in enumerate(self._lines())]

    def _lines(self) -> Iterator[tuple[Table, Line]]:
        return ((table, line) for table in self.tables for line in table.rows)

    def _case(self, number: int, table: Table, line: Line) -> Case:
        """A row; what an axis can say of it goes there."""
        claims: list[Claim] = []
        denials: list[Claim] = []
        asked = asked_by(given.rule for given in line.then if given.rule is not None)
        if line.window is not None:
            self._put(number, ("now", INSTANT, line.window.instants(self.zone)))
        for column, cell in zip(table.columns, line.cells, strict=True):
            told = (column.field, column.type, cell) if isinstance(cell, ValueSet) else None
            if told is not None and not self._put(number, told):
                claims.append(Within(*told))
                denials.append(Within(column.field, column.type, replace(told[2], negated=not told[2].negated)))
                asked |= MOMENT
        for condition in line.conditions:
            if not self._says_cells(number, condition.rule.tree):
                rule = self.rules.setdefault(meaning(condition.rule.tree), condition.rule)
                claims.append(IsTrue(rule))
                denials.append(IsFalse(rule))
                asked |= asked_by([rule])
        return Case(table, line, tuple(claims), tuple(denials), asked)

    def _says_cells(self, number: int, tree: Expression) -> bool:
        """Whether a condition says no more than cells would; then it is put on axes."""
        told = [cell_of(each) for each in conjuncts(tree)]
        cells = [each for each in told if each is not None]
        if len(cells) < len(told) or not all(self._may_put(*each[:2]) for each in cells):
            return False
        for each in cells:
            self._put(number, each)
        return True

    def _may_put(self, field: str, type_: Type) -> bool:
        """Whether a field may have an axis: of the moment and its day, only one may."""
        other = {"now": "today", "today": "now"}.get(field)
        if other is not None and (other in self.types or (field == "today" and any(t.is_timed for t in self.tables))):
            return False
        known = self.types.get(field, type_)
        if known.kind != type_.kind and len(self.tables) > 1:
            raise NotSettledError
        return known.kind == type_.kind

    def _put(self, number: int, told: Told) -> bool:
        field, type_, cell = told
        if not self._may_put(field, type_):
            return False
        self.types.setdefault(field, type_)
        self.cells.setdefault(field, {}).setdefault(number, []).append(cell)
        return True

    def axes(self, asked: frozenset[str]) -> Iterator[Axis]:
        """The axes, the moment last."""
        for field in sorted(self.cells, key=lambda each: each in MOMENT):
            known = [table.known[field] for table in self.tables if field in table.known]
            yield self._axis(field, known[-1] if known else None, asked)

    def _partition(self, field: str) -> tuple[Sequence[Atom], Sequence[int], int]:
        """The atoms that the cells of a field make, the mask of each, and that of the rows that say nothing of it."""
        cells, every = self.cells[field], (1 << self.count) - 1
        layers = max(map(len, cells.values()))
        told = [
            cells[number][layer] if len(cells.get(number, ())) > layer else None
            for layer in range(layers)
            for number in range(self.count)
        ]
        found = partition(told, self.types[field])
        masks = [self._all_layers(mask, layers) for mask in found.masks]
        return found.atoms, masks, self._all_layers(found.free, layers) & every

    def _all_layers(self, mask: int, layers: int) -> int:
        """The rows of which every cell holds."""
        every = (1 << self.count) - 1
        return reduce(and_, (mask >> layer * self.count for layer in range(layers)), every)

    def _axis(self, field: str, declaration: Declaration | None, asked: frozenset[str]) -> Axis:
        type_ = self.types[field]
        near = {"now": self.now, "today": self.now.astimezone(self.zone).date()}.get(field)
        within = limits(type_, declaration)
        atoms, masks, free = self._partition(field)
        slots = []
        for atom, mask in zip(atoms, masks, strict=True):
            for each in _apart(atom, type_):
                value = sample(each, type_, within, near)
                if value is not None:
                    slots.append(Slot(_held(each, within), value, mask, mask))
        slots.sort(key=lambda slot: _place(slot.atom, type_))
        if declaration is not None and declaration.optional and field in asked:
            slots.append(Slot(None, None, free, (1 << self.count) - 1))
        return Axis(field, type_, declaration, tuple(slots))


def _apart(atom: Atom, type_: Type) -> Sequence[Atom]:
    """The other values of a type that has few, one by one."""
    match atom, type_:
        case Others(than), Type(values=tuple(values)):
            return [Only(value) for value in values if value not in than]
        case Others(than), Type(kind="boolean"):
            return [Only(value) for value in (True, False) if value not in than]
        case _:
            return [atom]


def _place(atom: Atom | None, type_: Type) -> tuple[int, Decimal, str]:
    """Where an atom stands among those of its axis: named values as they are declared, else in their own order."""
    declared = type_.values or ()
    if not isinstance(atom, Only):
        return len(declared) + 1, Decimal(0), ""
    number = Decimal(atom.value) if isinstance(atom.value, int | Decimal) else Decimal(0)
    return declared.index(atom.value) if atom.value in declared else len(declared), number, str(atom.value)


def _held(atom: Atom, within: Span) -> Atom:
    """The atom from the least value that the field may have on; upwards it stays open, as authors write it."""
    if isinstance(atom, Between) and within.low is not None:
        return Between(within.low if atom.low is None else max(atom.low, within.low), atom.high)
    return atom
