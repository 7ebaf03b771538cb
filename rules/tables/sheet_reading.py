"""A table of a spreadsheet read into rows: nothing is passed over, and all that is wrong is named by its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any, TypeAlias

from rules.messages import Message
from rules.tables import sheet_messages as messages
from rules.tables.document import MAX_ROWS, OUTPUT_TYPES
from rules.tables.notation import read_cell
from rules.tables.scalars import NotationError, read_json, read_note, read_value
from rules.tables.sheet import Column, TypeOf, columns_of, normal
from rules.types import Json, Type

Given: TypeAlias = str | float | bool | date | time | timedelta | None
"""What a cell of a spreadsheet holds; of a text file, always text."""

MOST_FAULTS = 100
_TYPE = re.compile(r"\[([^\]]*)\]")


@dataclass(frozen=True)
class Fault:
    """What is wrong at a place of the table; rows count from 1, the headings included, columns from 0."""

    row: int
    column: int | None
    message: Message

    @property
    def letter(self) -> str | None:
        """The column as spreadsheets name it."""
        return None if self.column is None else letter_of(self.column)

    @property
    def told(self) -> Message:
        """The message with its place."""
        return messages.at(self.row, self.letter, self.message)


class TableError(ValueError):
    """A table that cannot be read; `faults` name each place."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(fault.told["en"] for fault in faults))
        self.faults = tuple(faults)


def letter_of(column: int) -> str:
    """A column, counted from 0, as spreadsheets name it: A, B, … Z, AA."""
    rest, last = divmod(column, 26)
    return (letter_of(rest - 1) if rest else "") + chr(ord("A") + last)


def read_rows(document: Mapping[str, Json], table: Sequence[Sequence[Given]], type_of: TypeOf) -> list[Json]:
    """The rows that a table tells for this ruleset. One that says what it said before is given back as it was written.

    Raises TableError, or SheetError when the draft has no columns to read by.
    """
    reading = _Reading(columns_of(document, type_of))
    reading.read_headings(table)
    reading.demand_none()
    rows = list(reading.read(table))
    reading.demand_none()
    return _as_before(document.get("rows"), rows)


def read_text(text: str, column: Column) -> Json:
    """What a text that is not empty says in a column. Raises NotationError."""
    match column.part:
        case "when":
            return read_cell(text, column.manner)
        case "note":
            return read_note(text)
        case "and":
            return read_json(text)
        case "then":
            return read_value(text, column.manner)
        case _:
            return read_value(text, "word")


@dataclass
class _Reading:
    wanted: Sequence[Column]
    columns: dict[int, Column] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def demand_none(self) -> None:
        """Raise TableError if anything was wrong so far."""
        if self.faults:
            raise TableError(self.faults[:MOST_FAULTS])

    def read_headings(self, table: Sequence[Sequence[Given]]) -> None:
        """Find each column by the first word of its heading."""
        if not table:
            self.faults.append(Fault(1, None, messages.EMPTY))
            return
        wanted = {column.name: column for column in self.wanted}
        for i, given in enumerate(table[0]):
            self._read_heading(i, str(given or "").strip(), wanted)
        width = len(table[0])
        for n, line in enumerate(table[1:], start=2):
            beyond = [i for i, cell in enumerate(line) if not _is_empty(cell) and self._is_nameless(i, width)]
            self.faults += [Fault(n, i, messages.NO_HEADING) for i in beyond[:1]]
        named = {column.name for column in self.columns.values()}
        if missing := [name for name in wanted if name not in named]:
            self.faults.append(Fault(1, None, messages.missing_columns(missing)))

    def read(self, table: Sequence[Sequence[Given]]) -> Iterator[dict[str, Json]]:
        """The rows that hold anything."""
        first: dict[str, int] = {}
        for n, line in enumerate(table[1:], start=2):
            if all(_is_empty(cell) for cell in line):
                continue
            row = self._row(n, line)
            if len(first) == MAX_ROWS:
                self.faults.append(Fault(n, None, messages.too_many_rows(MAX_ROWS)))
                return
            self._note_id(n, row, first)
            yield row

    def _read_heading(self, i: int, heading: str, wanted: Mapping[str, Column]) -> None:
        if not heading:
            return
        name = heading.split(maxsplit=1)[0]
        if name not in wanted:
            self.faults.append(Fault(1, i, messages.extra_column(name, wanted)))
        elif name in {column.name for column in self.columns.values()}:
            self.faults.append(Fault(1, i, messages.doubled_column(name)))
        else:
            self.columns[i] = self._typed(i, wanted[name], heading.removeprefix(name).strip())

    def _typed(self, i: int, column: Column, rest: str) -> Column:
        """The column, with the type by which it was exported: what the catalogue says since changes no value."""
        found = _TYPE.match(rest)
        if column.part not in {"when", "then"} or found is None:
            return column
        if found[1] == "?":
            return replace(column, type_name=None)
        if not _is_type(found[1]):
            self.faults.append(Fault(1, i, messages.unknown_type(found[1])))
        return replace(column, type_name=found[1])

    def _is_nameless(self, i: int, width: int) -> bool:
        return i >= width or (i not in self.columns and not any(fault.column == i for fault in self.faults))

    def _row(self, n: int, line: Sequence[Given]) -> dict[str, Json]:
        whens = sum(column.part == "when" for column in self.wanted)
        row: dict[str, Any] = {"id": None, "when": [None] * whens}
        then: dict[str, Json] = {}
        valid: dict[str, Json] = {}
        for i, column in self.columns.items():
            text = self._text(n, i, line[i] if i < len(line) else None, column)
            if not text:
                continue
            value = self._value(n, i, text, column)
            match column.part:
                case "when":
                    row["when"][column.index] = value
                case "then":
                    then[column.name.removeprefix("then:")] = value
                case "from" | "to":
                    valid[column.part] = value
                case part:
                    row[part] = value
        order = {"id": row["id"], "when": row["when"], **{key: row[key] for key in ("and",) if key in row}}
        more = {"valid": valid} if valid else {}
        return {**order, **more, **{key: row[key] for key in ("note",) if key in row}, "then": then}

    def _text(self, n: int, i: int, given: Given, column: Column) -> str:
        """A cell as text. What a spreadsheet has changed is not guessed back."""
        match given:
            case None:
                return ""
            case bool() if column.manner in {"truth", "any"}:
                return str(given).lower()
            case datetime() if column.type_name == "date" and given.time() == time():
                return given.date().isoformat()
            case bool() | date() | time() | timedelta():
                self.faults.append(Fault(n, i, messages.CHANGED))
                return ""
            case float() if given.is_integer():
                return str(int(given))
            case int() | float():
                return repr(given)
            case str():
                return given.strip()

    def _value(self, n: int, i: int, text: str, column: Column) -> Json:
        try:
            return read_text(text, column)
        except NotationError as error:
            self.faults.append(Fault(n, i, error.message))
            return None

    def _note_id(self, n: int, row: Mapping[str, Json], first: dict[str, int]) -> None:
        name = row["id"]
        place = next((i for i, column in self.columns.items() if column.part == "id"), None)
        if not isinstance(name, str) or not name:
            self.faults.append(Fault(n, place, messages.NO_ID))
            first[f"\0{n}"] = n
        elif name in first:
            self.faults.append(Fault(n, place, messages.doubled_id(name, first[name])))
        else:
            first[name] = n


def _is_empty(cell: Given) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _is_type(name: str) -> bool:
    if name in OUTPUT_TYPES:
        return True
    try:
        Type.named(name)
    except ValueError:
        return False
    return True


def _as_before(before: Json, rows: Sequence[dict[str, Json]]) -> list[Json]:
    """The rows; those that say the same as a row of the draft with their id are that row, to the letter."""
    listed = before if isinstance(before, list) else []
    known = {str(row.get("id")): row for row in listed if isinstance(row, dict)}
    found = [(row, known.get(str(row["id"]))) for row in rows]
    return [was if was is not None and normal(was) == normal(row) else row for row, was in found]
