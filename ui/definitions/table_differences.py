"""What differs between two states of a decision table, row by row: each cell as it was and as it is."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from engine.definitions.comparison import Op
from engine.journeys.context import CheckContext
from engine.rulesets.fields import ruleset_fields
from rules.tables.compile import examine
from rules.tables.table import Table
from rules.tables.wording import Wording
from rules.types import Json
from ui.definitions.differences import Part
from ui.messages import Language, text
from ui.rulesets.tables import RowView, column_names, row_views

ROWS_SHOWN = 200


@dataclass(frozen=True)
class Cell:
    """A cell in words, before and after."""

    before: str
    after: str

    @property
    def is_changed(self) -> bool:
        """Whether it says something else."""
        return self.before != self.after


@dataclass(frozen=True)
class RowDifference:
    """One row that was added, removed, changed or moved."""

    id: str
    op: Op
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class TableDifferences:
    """The rows that differ, under the columns of both; `more` of them are not shown."""

    columns: tuple[str, ...]
    rows: tuple[RowDifference, ...]
    more: int


def table_differences(
    before: dict[str, Json], after: dict[str, Json], parts: Sequence[Part], context: CheckContext, language: Language
) -> TableDifferences | None:
    """The rows among `parts`; None where one of the tables cannot be read."""
    changed = [part for part in parts if part.id.startswith("rows/")]
    if not changed:
        return None
    shown = changed[:ROWS_SHOWN]
    ids = {part.id.removeprefix("rows/") for part in shown}
    one, other = _table(before, ids, context), _table(after, ids, context)
    if one is None or other is None:
        return None
    was, now = (_cells(table, ids, language) for table in (one, other))
    columns = tuple(dict.fromkeys(name for cells in (*now.values(), *was.values()) for name in cells))
    return TableDifferences(columns, tuple(_row(part, was, now, columns) for part in shown), len(changed) - len(shown))


def _row(
    part: Part, was: dict[str, dict[str, str]], now: dict[str, dict[str, str]], columns: Sequence[str]
) -> RowDifference:
    name = part.id.removeprefix("rows/")
    before, after = was.get(name, {}), now.get(name, {})
    cells = tuple(Cell(before.get(column, ""), after.get(column, "")) for column in columns)
    return RowDifference(name, part.op, cells)


def _cells(table: Table, ids: set[str], language: Language) -> dict[str, dict[str, str]]:
    """The cells of rows, by the row's id and the name of the column."""
    inputs, outputs = column_names(table, language), Wording(table, language).output_names
    return {
        name: _named(row, inputs, [text(language, "rules.gives", name=output) for output in outputs], language)
        for name, row in row_views(table, ids, language).items()
    }


def _named(row: RowView, inputs: Sequence[str], outputs: Sequence[str], language: Language) -> dict[str, str]:
    more = {
        text(language, "rules.and"): row.condition,
        text(language, "rules.valid"): row.window,
        text(language, "column.note"): row.note,
    }
    told = {**dict(zip(inputs, row.cells, strict=True)), **dict(zip(outputs, row.outputs, strict=True))}
    return told | {name: value for name, value in more.items() if value}


def _table(document: dict[str, Json], ids: Collection[str], context: CheckContext) -> Table | None:
    """The table of these rows alone; the others, and tests, cost time and say nothing here."""
    rows = document.get("rows")
    if isinstance(rows, list):
        kept = [row for row in rows if not isinstance(row, dict) or str(row.get("id")) in ids]
        document = {**document, "rows": kept, "tests": [], "agree": []}
    table, problems = examine(document, ruleset_fields(context), context.conditions)
    return None if problems else table
