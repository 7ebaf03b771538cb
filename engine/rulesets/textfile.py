"""Tables as CSV: UTF-8 with a byte order mark, so that spreadsheets open it right; commas; lines as RFC 4180 has them.

A text that a spreadsheet would take for a formula, or for something else than itself, gets an apostrophe before it; one
apostrophe is taken away when it is read.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from rules.tables import sheet_messages as messages
from rules.tables.sheet_reading import Fault, Given, TableError

MEDIA_TYPE = "text/csv"
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "'", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What spreadsheets begin a formula with, full-width signs among them, and the apostrophe itself."""
_FORMULAS = ("=", "+", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_LONGEST_CELL = 4 * 1024 * 1024


def write_csv(table: Sequence[Sequence[str]]) -> bytes:
    """The table as bytes."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows([guarded(cell) for cell in line] for line in table)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def read_csv(body: bytes) -> list[list[Given]]:
    """The table. Raises TableError for another encoding, for formulas, and for what is no CSV."""
    text = _decoded(body)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    csv.field_size_limit(_LONGEST_CELL)
    table: list[list[Given]] = []
    try:
        for line in reader:
            table.append([_unguarded(cell, len(table) + 1, i) for i, cell in enumerate(line)])
    except csv.Error as error:
        raise TableError([Fault(len(table) + 1, None, messages.no_csv(str(error)))]) from error
    return table


def guarded(cell: str) -> str:
    """A text as a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_DANGEROUS) else cell


def _unguarded(cell: str, row: int, column: int) -> str:
    if cell.startswith("'"):
        return cell[1:]
    if cell.startswith(_FORMULAS) or (cell.startswith("-") and not cell[1:2].isdigit()):
        raise TableError([Fault(row, column, messages.FORMULA)])
    return cell


def _decoded(body: bytes) -> str:
    if body.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in body[:64]:
        raise TableError([Fault(1, 0, messages.NOT_UTF8)])
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = body[: error.start].decode("utf-8-sig", "replace")
        lines = list(csv.reader(io.StringIO(before, newline=""))) or [[""]]
        at_new_line = before.endswith(("\n", "\r"))
        row, column = (len(lines) + 1, 0) if at_new_line else (len(lines), max(0, len(lines[-1]) - 1))
        raise TableError([Fault(row, column, messages.NOT_UTF8)]) from error
