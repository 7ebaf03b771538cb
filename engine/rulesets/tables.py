"""The rows of a ruleset as a file of a spreadsheet, and back into its draft."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from engine.journeys.context import CheckContext
from engine.rulesets import textfile, workbook
from engine.rulesets.fields import ruleset_fields
from rules.tables.sheet import TypeOf, write_rows
from rules.tables.sheet_reading import read_rows
from rules.types import Json

Form: TypeAlias = Literal["xlsx", "csv"]
MEDIA_TYPES: Mapping[Form, str] = {"xlsx": workbook.MEDIA_TYPE, "csv": textfile.MEDIA_TYPE}


def export_table(document: Mapping[str, Json], form: Form, context: CheckContext) -> bytes:
    """The rows as a file. Raises SheetError for what cannot be told without loss, TableError for a cell too long."""
    columns, rows = write_rows(document, type_of(document, context))
    if form == "csv":
        return textfile.write_csv([[column.heading for column in columns], *rows])
    return workbook.write_xlsx(columns, rows)


def import_table(document: Mapping[str, Json], body: bytes, form: Form, context: CheckContext) -> dict[str, Json]:
    """The document with the rows of the file. Raises TableError with all faults, SheetError as `export_table` does."""
    table = textfile.read_csv(body) if form == "csv" else workbook.read_xlsx(body)
    rows = read_rows(document, table, type_of(document, context))
    return {**document, "rows": rows}


def type_of(document: Mapping[str, Json], context: CheckContext) -> TypeOf:
    """The type of each field: as the document declares it, else as the catalogue does."""
    own, known = document.get("fields"), ruleset_fields(context)

    def told_of(path: str) -> str | None:
        declared = own.get(path) if isinstance(own, dict) else None
        told = declared.get("type") if isinstance(declared, dict) else None
        if isinstance(told, str):
            return told
        return known[path].type if path in known else None

    return told_of
