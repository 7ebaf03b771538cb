"""Edits of a table's cells: one, or a block of texts as spreadsheets write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rules.documents.commands import CommandError
from rules.tables import editing_messages as messages
from rules.tables.commands import Paste, SetCell
from rules.tables.places import (
    cells_of,
    column_of,
    columns,
    fresh_id,
    number_of,
    part_of,
    refuse,
    row_at,
    rows_of,
    with_rows,
)
from rules.tables.scalars import NotationError
from rules.tables.sheet import Column, TypeOf
from rules.tables.sheet_reading import read_text
from rules.types import Json

Document = Mapping[str, Json]
_ORDER = ("id", "when", "and", "valid", "note", "then")


def set_cell(document: Document, command: SetCell) -> dict[str, Json]:
    """With one cell that says something else."""
    rows = rows_of(document)
    number = number_of(rows, command.row)
    row = row_at(rows, number)
    if command.column == "valid":
        rows[number] = _with_part(row, "valid", None if command.clears else _window(command.value, number))
        return with_rows(document, rows)
    column = column_of(document, command.column)
    if column.part == "id":
        return _renamed(document, rows, number, command.value)
    rows[number] = _with_cell(row, number, column, _width(document), _Value(command.value, nothing=command.clears))
    return with_rows(document, rows)


def paste(document: Document, command: Paste) -> dict[str, Json]:
    """With a block of texts. An empty text empties its cell, but for that of an id, which stays."""
    rows = rows_of(document)
    first = len(rows) if command.row is None else number_of(rows, command.row)
    reached = _reached(document, command)
    changed: dict[str, Json] = {**document, "rows": rows}
    for offset, texts in enumerate(command.cells):
        number = first + offset
        if number >= len(rows):
            rows.append({"id": fresh_id(document, rows), "when": [None] * _width(document), "then": {}})
        for column, text in zip(reached, texts, strict=False):
            changed = _pasted(changed, rows, number, column, text.strip())
    return with_rows(changed, rows)


class _Value:
    """What a cell is to say; `nothing` tells an empty cell from one that says null."""

    def __init__(self, value: Json, *, nothing: bool) -> None:
        self.value = None if nothing else value
        self.nothing = nothing


def _reached(document: Document, command: Paste) -> Sequence[Column]:
    """The columns that the block reaches. Raises CommandError where it is wider than the table."""
    start = column_of(document, command.column, _typed(document, command.types))
    known = columns(document, _typed(document, command.types))
    reached = known[known.index(start) :]
    wide = max(map(len, command.cells))
    if wide > len(reached):
        refuse("/cells", messages.beyond(len(reached), wide))
    return reached


def _typed(document: Document, types: Mapping[str, str]) -> TypeOf:
    """The type of a field: as the document declares it, else as the command tells."""
    own = document.get("fields")

    def type_of(path: str) -> str | None:
        declared = own.get(path) if isinstance(own, dict) else None
        told = declared.get("type") if isinstance(declared, dict) else None
        return told if isinstance(told, str) else types.get(path)

    return type_of


def _pasted(document: dict[str, Json], rows: list[Json], number: int, column: Column, text: str) -> dict[str, Json]:
    """Put one text into its place among the rows of the document. Raises CommandError with row and column."""
    try:
        value = _Value(read_text(text, column), nothing=False) if text else _Value(None, nothing=True)
        if column.part == "id":
            return document if value.nothing else _renamed(document, rows, number, value.value)
        rows[number] = _with_cell(row_at(rows, number), number, column, _width(document), value)
    except NotationError as error:
        refuse(f"/rows/{number}", messages.bad_cell(number + 1, column.name, error.message))
    except CommandError as error:
        refuse(error.pointer, messages.bad_cell(number + 1, column.name, {"zh": error.zh, "en": error.en}))
    return document


def _with_cell(row: dict[str, Json], number: int, column: Column, width: int, given: _Value) -> dict[str, Json]:
    """The row with one of its parts changed."""
    match column.part:
        case "when":
            cells = cells_of(row, number, width)
            cells[column.index] = given.value
            return _with_part(row, "when", cells)
        case "then":
            then = part_of(row, number, "then")
            key = column.name.removeprefix("then:")
            kept = {name: value for name, value in then.items() if name != key or not given.nothing}
            return _with_part(row, "then", kept if given.nothing else {**kept, key: given.value})
        case "from" | "to":
            valid = {name: at for name, at in part_of(row, number, "valid").items() if name != column.part}
            at = _moment(given.value, column.name)
            return _with_part(row, "valid", {**valid, **({} if at is None else {column.part: at})} or None)
        case part:
            return _with_part(row, part, given.value)


def _with_part(row: Mapping[str, Json], key: str, value: Json) -> dict[str, Json]:
    """The row with a part in its place; without it where there is nothing to say."""
    changed = {**row, key: value}
    if value is None:
        del changed[key]
    if key in row or value is None:
        return changed
    order = [*(name for name in _ORDER if name in changed), *(name for name in changed if name not in _ORDER)]
    return {name: changed[name] for name in order}


def _window(value: Json, number: int) -> Json:
    if value is None:
        return None
    if not isinstance(value, dict) or value.keys() - {"from", "to"}:
        refuse(f"/rows/{number}/valid", messages.wrong_kind("valid", "valid"))
    kept: Json = {key: _moment(at, "valid") for key, at in value.items() if at is not None}
    return kept or None


def _moment(value: Json, column: str) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return refuse("/value", messages.wrong_kind(column, "valid"))


def _renamed(document: Document, rows: list[Json], number: int, name: Json) -> dict[str, Json]:
    """The document with another id for a row, also where tests name it."""
    row = row_at(rows, number)
    if not isinstance(name, str) or not name:
        refuse("/value", messages.wrong_kind("id", "id"))
    if any(isinstance(each, dict) and each.get("id") == name for i, each in enumerate(rows) if i != number):
        refuse("/value", messages.doubled_id(name))
    before = row.get("id")
    rows[number] = {**row, "id": name} if "id" in row else {"id": name, **row}
    changed = with_rows(document, rows)
    tests = document.get("tests")
    if isinstance(before, str) and before != name and isinstance(tests, list):
        changed["tests"] = [_test_renamed(each, before, name) for each in tests]
    return changed


def _test_renamed(test: Json, before: str, after: str) -> Json:
    then = test.get("then") if isinstance(test, dict) else None
    if not isinstance(test, dict) or not isinstance(then, dict):
        return test
    told = {key: _named(value, before, after) if key in {"row", "rows"} else value for key, value in then.items()}
    return {**test, "then": told}


def _named(value: Json, before: str, after: str) -> Json:
    if isinstance(value, list):
        return [_named(each, before, after) for each in value]
    return after if value == before else value


def _width(document: Document) -> int:
    inputs = document.get("inputs")
    return len(inputs) if isinstance(inputs, list) else 0
