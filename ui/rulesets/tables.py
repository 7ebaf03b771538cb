"""A ruleset as its page shows it: rows with their cells in words, and what its tests say of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from rules.documents.report import Report
from rules.tables.document import Input
from rules.tables.table import Line, Table
from rules.tables.wording import Wording
from rules.types import Fields, Title
from ui.messages import Language
from ui.words.wording import title

ROWS_SHOWN = 100
"""Rows on one page of a long table."""


@dataclass(frozen=True)
class RowView:
    """One row in words. `visited` tells whether a test has it decide; None where no test could run."""

    number: int
    id: str
    cells: list[str]
    condition: str
    window: str
    outputs: list[str]
    note: str
    sentence: str
    visited: bool | None


@dataclass(frozen=True)
class TableView:
    """The part of a table that one page shows. `first` is the number of its first row, `count` that of all rows."""

    columns: list[str]
    outputs: list[str]
    rows: list[RowView]
    first: int
    count: int
    otherwise: list[list[str]] | None
    has_conditions: bool
    has_windows: bool

    @property
    def next(self) -> int | None:
        """The number of the first row of the next page."""
        after = self.first + len(self.rows)
        return after if after <= self.count else None

    @property
    def previous(self) -> int | None:
        """The number of the first row of the page before."""
        return max(1, self.first - ROWS_SHOWN) if self.first > 1 else None


def table_view(table: Table, report: Report | None, language: Language, first: int = 1) -> TableView:
    """The rows from `first` on, as many as a page shows."""
    wording = Wording(table, language)
    visited = {str(row): bool(seen) for row, seen in report.coverage} if report is not None else {}
    lines = table.rows[first - 1 : first - 1 + ROWS_SHOWN]
    return TableView(
        columns=column_names(table, language),
        outputs=wording.output_names,
        rows=[_row(wording, line, visited, language) for line in lines],
        first=first,
        count=len(table.rows),
        otherwise=None if table.otherwise is None else [wording.given(then) for then in table.otherwise],
        has_conditions=any(condition.column is None for line in lines for condition in line.conditions),
        has_windows=any(line.window for line in lines),
    )


def row_views(table: Table, ids: Collection[str], language: Language) -> dict[str, RowView]:
    """Those of these rows that the table has, in words."""
    wording = Wording(table, language)
    return {line.id: _row(wording, line, {}, language) for line in table.rows if line.id in ids}


def column_names(table: Table, language: Language) -> list[str]:
    """What the inputs are called."""
    return [_column(each, table.known, language) for each in table.document.inputs]


def field_name(path: str, fields: Fields, language: Language) -> str:
    """What people call a field: its title, else its path."""
    declared = fields.get(path)
    called = declared.title if declared is not None else None
    return title(called.model_dump() if isinstance(called, Title) else called, language, path)


def named(paths: Sequence[str], fields: Fields, language: Language) -> str:
    """What people call several fields."""
    return ("、" if language == "zh" else ", ").join(field_name(path, fields, language) for path in paths)


def _column(given: Input, fields: Fields, language: Language) -> str:
    return getattr(given.title, language) if given.title else field_name(given.field, fields, language)


def _row(wording: Wording, line: Line, visited: Mapping[str, bool], language: Language) -> RowView:
    note = wording.table.document.rows[line.index].note
    return RowView(
        number=line.index + 1,
        id=line.id,
        cells=[wording.cell(line, i) for i in range(len(wording.table.columns))],
        condition=wording.condition(line),
        window=wording.window(line),
        outputs=wording.outputs(line),
        note=getattr(note, language) if note else "",
        sentence=wording.sentence(line),
        visited=visited.get(line.id),
    )
