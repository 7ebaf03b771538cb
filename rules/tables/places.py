"""The places of a ruleset as JSON, however unfinished: its rows by id or number, its columns by name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NoReturn

from rules.documents.commands import CommandError
from rules.tables import editing_messages as messages
from rules.tables.document import MAX_ROWS
from rules.tables.sheet import Column, SheetError, TypeOf, columns_of
from rules.types import Json

_NUMBERED = re.compile(r"r([1-9][0-9]{0,5})", re.ASCII)
_LONGEST = 63


def rows_of(document: Mapping[str, Json]) -> list[Json]:
    """The rows, as a list of its own; none where there are none yet. Raises CommandError for what is no list."""
    rows = document.get("rows")
    if rows is None:
        return []
    if not isinstance(rows, list):
        refuse("/rows", messages.NO_ROWS)
    return list(rows)


def with_rows(document: Mapping[str, Json], rows: list[Json]) -> dict[str, Json]:
    """The document with these rows. Raises CommandError where they are too many."""
    if len(rows) > MAX_ROWS:
        refuse("/rows", messages.too_many(MAX_ROWS))
    return {**document, "rows": rows}


def number_of(rows: Sequence[Json], row: int | str) -> int:
    """Which row is meant. Raises CommandError where there is none, or where several have the id."""
    if isinstance(row, int):
        if row < len(rows):
            return row
        refuse("/rows", messages.no_row(str(row + 1)))
    found = [i for i, each in enumerate(rows) if isinstance(each, dict) and each.get("id") == row]
    if len(found) != 1:
        refuse("/rows", messages.doubled_row(row) if found else messages.no_row(row))
    return found[0]


def numbers_of(rows: Sequence[Json], chosen: int | str | Sequence[int | str]) -> list[int]:
    """Which rows are meant, in their order, each once. Raises CommandError."""
    named = [chosen] if isinstance(chosen, int | str) else chosen
    return sorted({number_of(rows, each) for each in named})


def row_at(rows: Sequence[Json], number: int) -> dict[str, Json]:
    """A row that is an object. Raises CommandError."""
    row = rows[number]
    if not isinstance(row, dict):
        refuse(f"/rows/{number}", messages.broken_row(number + 1))
    return row


def cells_of(row: Mapping[str, Json], number: int, width: int) -> list[Json]:
    """The cells of a row, as many as there are inputs at least. Raises CommandError for what is no list."""
    when = row.get("when")
    if when is not None and not isinstance(when, list):
        refuse(f"/rows/{number}/when", messages.broken_cells(number + 1))
    given = list(when or [])
    return [*given, *[None] * (width - len(given))]


def part_of(row: Mapping[str, Json], number: int, key: str) -> dict[str, Json]:
    """What a row says in an object, such as `then`. Raises CommandError for what is none."""
    part = row.get(key)
    if part is not None and not isinstance(part, dict):
        refuse(f"/rows/{number}/{key}", messages.broken_part(number + 1, key))
    return dict(part or {})


def columns(document: Mapping[str, Json], type_of: TypeOf = lambda _: None) -> list[Column]:
    """The columns of the table. Raises CommandError where the document's own are broken."""
    try:
        return columns_of(document, type_of)
    except SheetError as error:
        [problem] = error.problems
        raise CommandError(problem.pointer, problem.message["zh"], problem.message["en"]) from error


def column_of(document: Mapping[str, Json], name: str, type_of: TypeOf = lambda _: None) -> Column:
    """The column of this name: as in files, else as a field or an output. Raises CommandError."""
    known = columns(document, type_of)
    spelt = [name, f"when:{name}", f"then:{name}"]
    found = sorted((spelt.index(column.name), column.name) for column in known if column.name in spelt)
    if not found:
        refuse("/column", messages.no_column(name, [column.name for column in known]))
    return next(column for column in known if column.name == found[0][1])


def fresh_id(document: Mapping[str, Json], rows: Sequence[Json]) -> str:
    """An id that no row has, nor any test names: r1, r2, …"""
    taken = _ids(rows) | _tested(document)
    most = max((int(found[1]) for each in taken if (found := _NUMBERED.fullmatch(each))), default=0)
    return f"r{most + 1}"


def id_like(name: Json, rows: Sequence[Json]) -> str | None:
    """The id with a number behind it that no row has: vip-2, vip-3, …; None for what is no id."""
    if not isinstance(name, str) or not name:
        return None
    taken = _ids(rows)
    stem, dash, end = name.rpartition("-")
    base = stem if dash and stem and end.isdecimal() else name
    number = 2
    while (made := f"{base[: _LONGEST - 1 - len(str(number))]}-{number}") in taken:
        number += 1
    return made


def refuse(pointer: str, message: Mapping[str, str]) -> NoReturn:
    """Raise the refusal of a command, in both languages."""
    raise CommandError(pointer, message["zh"], message["en"])


def _ids(rows: Sequence[Json]) -> set[str]:
    return {str(each["id"]) for each in rows if isinstance(each, dict) and isinstance(each.get("id"), str)}


def _tested(document: Mapping[str, Json]) -> set[str]:
    """The ids that tests name."""
    tests = document.get("tests")
    thens = [each.get("then") for each in tests if isinstance(each, dict)] if isinstance(tests, list) else []
    named = [each.get(key) for each in thens if isinstance(each, dict) for key in ("row", "rows")]
    return {one for each in named for one in (each if isinstance(each, list) else [each]) if isinstance(one, str)}
