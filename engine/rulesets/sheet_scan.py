"""Looks through the XML of a workbook without keeping it: how much there is, what is merged, what is computed."""

from __future__ import annotations

import re
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl

from rules.messages import Message
from rules.tables import sheet_messages as messages
from rules.tables.document import MAX_ROWS
from rules.tables.sheet_reading import MOST_FAULTS, Fault, TableError

MOST_COLUMNS = 400
_PLACE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


class Counting(ContentHandler):
    """Counts elements. Raises TableError when there are so many that reading them would be a burden."""

    MOST = 3_000_000

    def __init__(self) -> None:
        super().__init__()
        self.elements = 0

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: ARG002, N802  the name that SAX calls
        """One more."""
        self.elements += 1
        if self.elements > self.MOST:
            raise TableError([Fault(1, None, messages.TOO_LARGE)])


class Scan(Counting):
    """One sheet: how far it reaches, and what in it cannot be read."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = self.columns = 0
        self.faults: list[Fault] = []
        self._row = self._column = 0

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802  the name that SAX calls
        """Look at rows, cells, formulas and merged ranges."""
        super().startElement(name, attrs)
        match name.rpartition(":")[2]:
            case "row":
                self._row, self._column = int(attrs.get("r") or self._row + 1), 0
            case "c":
                self._place(attrs.get("r"))
            case "v" | "is":
                self._reach()
            case "f":
                self._note(self._row, self._column, messages.FORMULA)
            case "mergeCell":
                row, column = _place_of(attrs.get("ref", "").partition(":")[0])
                self._note(row, column, messages.MERGED)
            case _:
                pass

    def _place(self, told: str | None) -> None:
        self._row, self._column = _place_of(told) if told else (self._row, self._column + 1)

    def _reach(self) -> None:
        """A cell with a value, however far out it stands."""
        if self._row > MAX_ROWS + 1:
            raise TableError([Fault(self._row, None, messages.too_many_rows(MAX_ROWS))])
        if self._column > MOST_COLUMNS:
            raise TableError([Fault(self._row, self._column - 1, messages.NO_HEADING)])
        self.rows, self.columns = max(self.rows, self._row), max(self.columns, self._column)

    def _note(self, row: int, column: int, message: Message) -> None:
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(row, column - 1, message))


def _place_of(told: str) -> tuple[int, int]:
    """Row and column of a place such as B7, both from 1. Raises ValueError for what is none."""
    found = _PLACE.fullmatch(told)
    if found is None:
        raise ValueError(f"{told[:20]!r} is no place of a sheet")
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(found[2]), column
