"""Tables as xlsx workbooks of one sheet. Every text is written as text: no spreadsheet takes it for a formula.

A workbook from outside is looked through before it is read: its size unpacked, the number of its elements, merged
cells, formulas. Its XML is read by defusedxml, which knows no entities.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from typing import Any

from defusedxml import sax
from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from engine.rulesets.sheet_scan import Counting, Scan
from rules.tables import sheet_messages as messages
from rules.tables.sheet import Column
from rules.tables.sheet_reading import Fault, Given, TableError

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST_CELL = 32_767
"""What a cell of a spreadsheet can hold."""
UNPACKED = 64 * 1024 * 1024
MOST_PARTS = 200
_EXACT_DIGITS = 15
"""Spreadsheets round longer numbers."""
_WHOLE = re.compile(r"-?(0|[1-9]\d*)", re.ASCII)
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")


def write_xlsx(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> bytes:
    """A workbook as bytes. Raises TableError for a cell that is too long for one."""
    _demand_short(rows)
    book = Workbook(write_only=True)
    sheet: Any = book.create_sheet("rules")
    sheet.freeze_panes = "B2"
    for i, column in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(i)].width = min(60, max(12, len(column.heading) + 2))
    sheet.append([_heading(sheet, column.heading) for column in columns])
    for line in rows:
        sheet.append([_cell(sheet, column, text) for column, text in zip(columns, line, strict=True)])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def read_xlsx(body: bytes) -> list[list[Given]]:
    """The table of a workbook of one sheet. Raises TableError for whatever would be lost, guessed or computed."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            scan = _looked_through(archive)
        book = load_workbook(io.BytesIO(body), read_only=True, keep_links=False)
        return _table(book, scan)
    except TableError:
        raise
    except Exception as error:  # what a broken file makes zipfile, the XML reader and openpyxl raise is listed nowhere
        raise TableError([Fault(1, None, messages.NO_WORKBOOK)]) from error


def _heading(sheet: Any, text: str) -> Cell:
    cell = _text(sheet, text)
    cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="top")
    return cell


def _demand_short(rows: Sequence[Sequence[str]]) -> None:
    places = ((n, i) for n, line in enumerate(rows, start=2) for i, text in enumerate(line) if len(text) > LONGEST_CELL)
    if faults := [Fault(n, i, messages.too_long(LONGEST_CELL)) for n, i in places]:
        raise TableError(faults)


def _cell(sheet: Any, column: Column, text: str) -> Cell | None:
    if not text:
        return None
    if column.manner == "number" and _WHOLE.fullmatch(text) and len(text) <= _EXACT_DIGITS:
        return WriteOnlyCell(sheet, int(text))
    cell = _text(sheet, text)
    cell.number_format = "@"
    return cell


def _text(sheet: Any, text: str) -> Cell:
    """A cell that is text and stays text when somebody edits it."""
    cell = WriteOnlyCell(sheet, text)
    cell.data_type, cell.quotePrefix = "s", True
    return cell


def _looked_through(archive: zipfile.ZipFile) -> Scan:
    """What there is in the one sheet. Sizes are those that the archive's reader holds to."""
    parts = archive.infolist()
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > UNPACKED:
        raise TableError([Fault(1, None, messages.TOO_LARGE)])
    scan, counting = Scan(), Counting()
    sheets = [part for part in parts if _SHEET.fullmatch(part.filename)]
    for part in parts:
        if part.filename.endswith((".xml", ".rels", ".vml")):
            with archive.open(part) as source:
                sax.parse(source, scan if len(sheets) == 1 and part is sheets[0] else counting, forbid_dtd=True)
    if scan.elements + counting.elements > Counting.MOST:
        raise TableError([Fault(1, None, messages.TOO_LARGE)])
    return scan


def _table(book: Workbook, scan: Scan) -> list[list[Given]]:
    if len(book.sheetnames) != 1:
        raise TableError([Fault(1, None, messages.several_sheets(book.sheetnames))])
    if scan.faults:
        raise TableError(scan.faults)
    sheet: Any = book.worksheets[0]
    sheet.reset_dimensions()
    rows = sheet.iter_rows(max_row=scan.rows, max_col=scan.columns) if scan.rows else ()
    return [[_given(cell, n, i) for i, cell in enumerate(line)] for n, line in enumerate(rows, start=1)]


def _given(cell: Any, row: int, column: int) -> Given:
    if cell.data_type == "e":
        raise TableError([Fault(row, column, messages.ERROR_VALUE)])
    given: Given = cell.value
    return given
