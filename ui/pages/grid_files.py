"""The rows of a ruleset as files: out as a spreadsheet, back in with all that differs shown before it is one edit."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, File, Query, UploadFile
from starlette.responses import HTMLResponse, Response

from engine.rulesets.tables import MEDIA_TYPES, Form, export_table, import_table
from rules.tables.sheet import SheetError
from rules.tables.sheet_reading import TableError
from rules.types import Json
from ui.http.limits import MAX_BODY
from ui.http.problems import Unprocessable
from ui.pages.grid import open_ruleset
from ui.pages.grid_regions import demand_author
from ui.pages.visit import Authoring, Key, Visit, Visiting
from ui.rulesets.sheet_changes import changes_of

router = APIRouter()

MOST_SHOWN = 200


@router.get("/rules/{key}/edit/file")
def download(visit: Visiting, key: Key, form: Annotated[Form, Query(alias="format")] = "xlsx") -> Response:
    """The rows, of the draft or of what is live, as a file for a spreadsheet."""
    opened = open_ruleset(visit, key)
    try:
        content = export_table(opened.editable.document, form, opened.grid.context)
    except (SheetError, TableError) as error:
        raise Unprocessable("The draft cannot be told as a table; mend what the checks find.") from error
    headers = {"Content-Disposition": f'attachment; filename="{key}.{form}"'}
    return Response(content, media_type=MEDIA_TYPES[form], headers=headers)


@router.post("/rules/{key}/edit/file")
def preview(visit: Authoring, key: Key, file: Annotated[UploadFile, File()]) -> HTMLResponse:
    """What the rows of a file would change, or what is wrong with it by row and column; nothing is changed yet."""
    demand_author(visit)
    opened = open_ruleset(visit, key)
    document, body = opened.editable.document, file.file.read(MAX_BODY + 1)
    form: Form = "csv" if (file.filename or "").lower().endswith((".csv", ".txt")) else "xlsx"
    try:
        read = import_table(document, body, form, opened.grid.context)["rows"]
    except TableError as error:
        return _refused(visit, [fault.told[visit.language] for fault in error.faults])
    except SheetError as error:
        return _refused(visit, [problem.message[visit.language] for problem in error.problems])
    rows: list[Json] = read if isinstance(read, list) else []
    changes = changes_of(opened.grid.rows, rows, opened.grid.columns)
    named = {head.name: head.title for head in opened.grid.heads}
    context = {
        "changes": changes,
        "cells": [(each, named.get(each.column, each.column)) for each in changes.cells[:MOST_SHOWN]],
        "more": max(0, len(changes.cells) - MOST_SHOWN),
        "command": json.dumps([{"command": "set_rows", "rows": rows}], ensure_ascii=False),
        "count": len(rows),
        "revision": opened.editable.revision,
        "faults": [],
    }
    return visit.render("grid/_sheet.html", context)


def _refused(visit: Visit, faults: list[str]) -> HTMLResponse:
    return visit.render("grid/_sheet.html", {"faults": faults, "changes": None}, status=422)
