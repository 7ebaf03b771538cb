"""A compiled ruleset: its columns cut into atoms, its rows with their conditions and outputs. Immutable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from zoneinfo import ZoneInfo

from rules.compile import Rule
from rules.tables.cells import Cell
from rules.tables.document import Ruleset
from rules.tables.partition import Partition, partition
from rules.tables.windows import Window
from rules.types import INSTANT, Declaration, Fields, Json, Type


@dataclass(frozen=True)
class Column:
    """An input: how its field is read, and what its cells make of the field's values.

    Cells that are conditions say nothing in `partition`; they stand among their row's conditions. `rule` reads the
    field; it is None only in a table with problems. `now` and `today` have no declaration.
    """

    field: str
    declaration: Declaration | None
    type: Type
    rule: Rule | None
    partition: Partition


@dataclass(frozen=True)
class Output:
    """One value of the outcome. `kind` is the type as declared, `type` what rules make of it: a share is an integer."""

    key: str
    kind: str
    type: Type
    optional: bool


@dataclass(frozen=True)
class Given:
    """What a row gives for one output: a value known beforehand as JSON, or a rule."""

    literal: Json = None
    rule: Rule | None = None


@dataclass(frozen=True)
class FreeCondition:
    """A condition of a row: its `and`, or a cell that is one. `column` is that of the cell."""

    pointer: str
    rule: Rule
    column: int | None = None


@dataclass(frozen=True)
class Line:
    """A row, compiled. It is true when its window holds now and every cell and condition is true."""

    index: int
    id: str
    pointer: str
    cells: tuple[Cell, ...]
    conditions: tuple[FreeCondition, ...]
    window: Window | None
    then: tuple[Given, ...]


@dataclass(frozen=True)
class Promise:
    """A promise between contexts: the outputs `same` do not depend on the field `vary`, among these values of it."""

    id: str
    pointer: str
    vary: str
    among: tuple[Json, ...]
    same: tuple[str, ...]
    when: Rule | None
    unless: Rule | None
    severity: str


@dataclass(frozen=True, eq=False)
class Table:
    """All that a decision, a proof or a page needs of a ruleset.

    `known` are the fields that its rules may name, with what the document declares on top of the catalogue; `fields`
    the paths that it reads. `zone` is the document's own, for evaluations that name none.
    """

    document: Ruleset
    known: Fields
    columns: tuple[Column, ...]
    outputs: tuple[Output, ...]
    rows: tuple[Line, ...]
    otherwise: tuple[tuple[Given, ...], ...] | None
    conditions: Mapping[str, Rule]
    promises: tuple[Promise, ...]
    zone: ZoneInfo
    fields: frozenset[str] = field(init=False)
    _windows: dict[str, Partition] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "fields", frozenset[str]().union(*_paths(self)))

    @property
    def key(self) -> str:
        return self.document.key

    @cached_property
    def named(self) -> frozenset[str]:
        """The paths that it reads, and those that only its promises and its unused conditions name."""
        rules = [*self.conditions.values()]
        rules += [rule for each in self.promises for rule in (each.when, each.unless) if rule is not None]
        vary = frozenset(each.vary for each in self.promises)
        return self.fields.union(vary, *(rule.fields for rule in rules))

    @cached_property
    def personal_outputs(self) -> frozenset[str]:
        """The outputs that somewhere are made of personal fields."""
        given = [*(line.then for line in self.rows), *(self.otherwise or ())]
        return frozenset(
            output.key
            for then in given
            for output, each in zip(self.outputs, then, strict=False)
            if each.rule is not None and any(is_personal(self.known.get(path)) for path in each.rule.fields)
        )

    @cached_property
    def is_timed(self) -> bool:
        """Whether a row has a window."""
        return any(row.window for row in self.rows)

    @cached_property
    def all_rows(self) -> int:
        """The mask of all rows."""
        return (1 << len(self.rows)) - 1

    @cached_property
    def indexed(self) -> tuple[tuple[Rule, Partition], ...]:
        """The columns with cells that name values: how each is read, and its atoms."""
        told = [(column.rule, column.partition) for column in self.columns if column.partition.free != self.all_rows]
        return tuple((rule, found) for rule, found in told if rule is not None)

    def windows(self, zone: ZoneInfo) -> Partition:
        """The instants, cut by the windows of the rows, whose dates begin at midnight in `zone`."""
        found = self._windows.get(zone.key)
        if found is None:
            if len(self._windows) >= _ZONES_KEPT:
                self._windows.clear()
            spans = [row.window.instants(zone) if row.window else None for row in self.rows]
            found = self._windows[zone.key] = partition(spans, INSTANT)
        return found


_ZONES_KEPT = 8


def is_personal(declaration: Declaration | None) -> bool:
    """Whether a field, or anything in its items, is personal data; `now` and `today` have no declaration."""
    return declaration is not None and declaration.tells_personal


def _paths(table: Table) -> Iterator[frozenset[str]]:
    """The paths that each part of a table reads."""
    yield frozenset(column.field for column in table.columns if column.declaration is not None)
    for row in table.rows:
        yield from (condition.rule.fields for condition in row.conditions)
    for given in [*(row.then for row in table.rows), *(table.otherwise or ())]:
        yield from (each.rule.fields for each in given if each.rule is not None)
