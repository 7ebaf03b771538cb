"""What a spreadsheet would change in a ruleset: rows that come, go and move, and cells before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rules.tables.scalars import NotationError
from rules.tables.sheet import Column, normal, text_of
from rules.types import Json


@dataclass(frozen=True)
class CellChange:
    """One cell that says something else."""

    row: str
    column: str
    before: str
    after: str


@dataclass(frozen=True)
class SheetChanges:
    """All that is different; `moved` tells that rows which stay stand in another order."""

    came: Sequence[str]
    went: Sequence[str]
    cells: Sequence[CellChange]
    moved: bool

    @property
    def any(self) -> bool:
        """Whether anything is different."""
        return bool(self.came or self.went or self.cells or self.moved)


def changes_of(before: Sequence[Json], after: Sequence[Json], columns: Sequence[Column]) -> SheetChanges:
    """How rows differ from those that were there, row by row by their ids."""
    old, new = _named(before), _named(after)
    kept = [name for name in new if name in old]
    cells = [
        CellChange(name, column.name, *texts)
        for name in kept
        if normal(old[name]) != normal(new[name])
        for column in columns
        if (texts := (_text(old[name], column, columns), _text(new[name], column, columns)))[0] != texts[1]
    ]
    return SheetChanges(
        came=[name for name in new if name not in old],
        went=[name for name in old if name not in new],
        cells=cells,
        moved=kept != [name for name in old if name in new],
    )


def _named(rows: Sequence[Json]) -> dict[str, dict[str, Any]]:
    return {str(row.get("id", f"#{i + 1}")): row for i, row in enumerate(rows) if isinstance(row, dict)}


def _text(row: Mapping[str, Any], column: Column, columns: Sequence[Column]) -> str:
    """A cell as it is written; nothing for what has another shape."""
    width = sum(each.part == "when" for each in columns)
    when = row.get("when")
    cells = [*when] if isinstance(when, list) else []
    parts = {**row, "when": [*cells, *[None] * (width - len(cells))]}
    parts |= {key: row.get(key) if isinstance(row.get(key), dict) else {} for key in ("then", "valid")}
    try:
        return text_of(parts, column)
    except (NotationError, KeyError):
        return ""
