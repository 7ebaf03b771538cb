"""A ruleset as its editor shows it: rows with their cells as people read them and as they write them.

Rows are put into words by themselves, so that one edit costs one row. `stamp` tells what of a row is shown, `frame`
what of the table around it: a browser that has both asks for nothing else.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from engine.journeys.context import CheckContext
from engine.rulesets.fields import ruleset_fields
from engine.rulesets.tables import type_of
from rules.tables.compile import examine
from rules.tables.scalars import NotationError, as_json
from rules.tables.sheet import Column, SheetError, columns_of, text_of
from rules.tables.table import Table
from rules.tables.wording import Wording
from rules.types import Json, Problem
from ui.messages import Language
from ui.rulesets.heads import Head, head_of
from ui.words.naming import problem_told

ROWS_SHOWN = 500
"""Rows on one page of a long table."""

_BESIDE_ROWS = ("rows", "tests", "agree", "note", "key", "total", "hit", "aggregate", "complete", "on_unknown")


@dataclass(frozen=True)
class CellView:
    """One cell: as it is written, as people read it, and what is wrong with it."""

    text: str
    words: str
    fault: str | None = None


@dataclass(frozen=True)
class RowView:
    """One row. `id` is None where it has none that is its own; `raw` is a row that is no object."""

    id: str | None
    stamp: str
    cells: Sequence[CellView]
    raw: str | None = None


@dataclass(frozen=True)
class Grid:
    """The table of a document, without its rows. There are no columns where the document's own are broken."""

    document: Mapping[str, Json]
    context: CheckContext
    language: Language
    heads: Sequence[Head]
    columns: Sequence[Column]
    frame: str
    broken: str | None = None

    @property
    def rows(self) -> list[Json]:
        """All rows as they are."""
        rows = self.document.get("rows")
        return rows if isinstance(rows, list) else []

    @property
    def terms(self) -> str:
        """What tells whether anything changed beside rows and tests."""
        return _digest([each for each in self.document.items() if each[0] not in {"rows", "tests"}])

    @property
    def types(self) -> dict[str, str]:
        """The types of the fields of the inputs, for commands that carry texts."""
        return {
            column.name.removeprefix("when:").partition("#")[0]: column.type_name
            for column in self.columns
            if column.part == "when" and column.type_name is not None
        }


Stamped: TypeAlias = tuple[str, Json]


def grid_of(document: dict[str, Json], context: CheckContext, language: Language) -> Grid:
    """The table of a document, however unfinished."""
    beside = {key: value for key, value in document.items() if key not in _BESIDE_ROWS}
    frame = _digest([beside, language, ROWS_SHOWN])
    try:
        columns = columns_of(document, type_of(document, context))
    except SheetError as error:
        return Grid(document, context, language, (), (), frame, error.problems[0].message[language])
    table, _ = examine({**document, "rows": [], "tests": []}, ruleset_fields(context), context.conditions)
    known = table.known if table is not None else {}
    heads = [head_of(column, known, document, language) for column in columns]
    return Grid(document, context, language, heads, columns, frame)


def stamped(rows: Sequence[Json]) -> list[Stamped]:
    """Each row with its stamp; rows that are the same get stamps that differ."""
    seen: Counter[str] = Counter()
    found = []
    for row in rows:
        digest = _digest(row)
        seen[digest] += 1
        found.append((digest if seen[digest] == 1 else f"{digest}.{seen[digest]}", row))
    return found


def views(grid: Grid, rows: Sequence[Stamped]) -> Iterator[RowView]:
    """Rows as they are shown, in order."""
    doubled = Counter(_id(row) for row in grid.rows)
    worded = _Worded(grid, [row for _, row in rows])
    for i, (stamp, row) in enumerate(rows):
        name = _id(row)
        own = name if name is not None and doubled[name] == 1 else None
        if isinstance(row, dict):
            yield RowView(own, stamp, [*worded.cells(i, row)])
        else:
            yield RowView(None, stamp, (), json.dumps(row, ensure_ascii=False)[:200])


@dataclass
class _Worded:
    """Some rows compiled by themselves, for their words and for what is wrong with them."""

    grid: Grid
    rows: Sequence[Json]
    table: Table | None = None
    faults: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        document = {**self.grid.document, "rows": [*self.rows], "tests": [], "agree": []}
        context = self.grid.context
        table, problems = examine(document, ruleset_fields(context), context.conditions)
        for problem in problems:
            self._note(problem)
        if table is not None and len(table.rows) == len(self.rows):
            self.table = table
            self.wording = Wording(table, self.grid.language)

    def cells(self, number: int, row: dict[str, Json]) -> Iterator[CellView]:
        """The cells of a row."""
        parts = _parts(row, sum(column.part == "when" for column in self.grid.columns))
        worded = self._words(number)
        for i, column in enumerate(self.grid.columns):
            written = _text(parts, column)
            fault = self._fault(number, column)
            words = worded[i] if worded is not None and written and not fault else ""
            yield CellView(written, words or written, fault)

    def _note(self, problem: Problem) -> None:
        steps = problem.pointer.split("/")
        if steps[1:2] == ["rows"] and len(steps) > 2:
            told = problem_told(problem, self.grid.context)
            self.faults.setdefault("/".join(steps[:5]), told.message[self.grid.language])

    def _fault(self, number: int, column: Column) -> str | None:
        """What is wrong in a column of a row, or anywhere in it for the column of ids."""
        base = f"/rows/{number}"
        match column.part:
            case "id":
                return self.faults.get(base) or self.faults.get(f"{base}/id") or self.faults.get(f"{base}/when")
            case "when":
                return self._below(f"{base}/when/{column.index}")
            case "then":
                key = column.name.removeprefix("then:")
                return self._below(f"{base}/then/{key}") or self._missing(base, number, key)
            case "from" | "to":
                return self.faults.get(f"{base}/valid/{column.part}") or self.faults.get(f"{base}/valid")
            case part:
                return self._below(f"{base}/{part}")

    def _missing(self, base: str, number: int, key: str) -> str | None:
        """That an output is not given: a problem of the whole `then`."""
        row = self.rows[number]
        then = row.get("then") if isinstance(row, dict) else None
        given = isinstance(then, dict) and key in then
        return None if given else self.faults.get(f"{base}/then")

    def _below(self, pointer: str) -> str | None:
        return self.faults.get(pointer) or next(
            (told for place, told in self.faults.items() if place.startswith(f"{pointer}/")), None
        )

    def _words(self, number: int) -> list[str] | None:
        """The columns of a row in words, in their order; None where the row could not be read."""
        if self.table is None:
            return None
        line, wording, row = self.table.rows[number], self.wording, self.table.document.rows[number]
        told: list[str] = []
        outputs = iter(wording.outputs(line))
        for column in self.grid.columns:
            match column.part:
                case "when":
                    told.append(wording.cell(line, column.index))
                case "and":
                    told.append(wording.condition(line))
                case "then":
                    told.append(next(outputs, ""))
                case "note":
                    told.append(getattr(row.note, self.grid.language) if row.note else "")
                case _:
                    told.append("")
        return told


def _parts(row: Mapping[str, Json], width: int) -> dict[str, Any]:
    """A row with the shapes that its columns are read by; what has another shape is told as nothing."""
    when, then, valid = row.get("when"), row.get("then"), row.get("valid")
    cells = [*when] if isinstance(when, list) else []
    return {
        **row,
        "id": row.get("id"),
        "when": [*cells, *[None] * (width - len(cells))],
        "then": then if isinstance(then, dict) else {},
        "valid": valid if isinstance(valid, dict) else {},
    }


def _text(parts: Mapping[str, Any], column: Column) -> str:
    if column.part == "id" and parts["id"] is None:
        return ""
    try:
        return text_of(parts, column)
    except NotationError:
        return as_json(None)


def _id(row: Json) -> str | None:
    name = row.get("id") if isinstance(row, dict) else None
    return name if isinstance(name, str) and name else None


def _digest(value: Json | Sequence[object]) -> str:
    told = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:10]
