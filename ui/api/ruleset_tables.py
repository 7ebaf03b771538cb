"""Rulesets as spreadsheets: the rows of a draft as xlsx or csv, and back."""

import json
from typing import Annotated, Any

from fastapi import Query, Request, Response
from starlette.concurrency import run_in_threadpool

from engine.definitions import drafts
from engine.definitions.errors import StaleRevisionError
from engine.definitions.source import read_source
from engine.edits import store
from engine.rulesets.tables import MEDIA_TYPES, Form, export_table, import_table
from rules.messages import Message
from rules.tables.sheet import SheetError
from rules.tables.sheet_reading import TableError
from rules.types import Json
from ui.api.definition_answers import DraftAnswer
from ui.api.definitions import Author, Key, Reader, findings_of
from ui.definitions.checking import check_context
from ui.http.auth import Caller
from ui.http.conditional import IfMatch, revision_tag, revisions_in
from ui.http.problems import FieldError, Unprocessable, WrongMediaType
from ui.http.routing import api_router

router = api_router(tags=["Definitions"])

Wanted = Annotated[Form, Query(alias="format", description="A workbook, or text in UTF-8 with commas.")]
_FILES: dict[str, Any] = {name: {"schema": {"type": "string", "format": "binary"}} for name in MEDIA_TYPES.values()}
_BODY = {"requestBody": {"required": True, "content": _FILES}}
_ANSWER: dict[int | str, dict[str, Any]] = {200: {"content": _FILES}}
_UNTOLD = frozenset({"", "application/octet-stream", "application/x-www-form-urlencoded"})
"""What senders say who say nothing about a file."""


@router.get("/definitions/ruleset/{key}/draft/table", response_class=Response, responses=_ANSWER)
def export_draft_table(caller: Reader, key: Key, form: Wanted = "xlsx") -> Response:
    """The rows of the draft, one line each; its revision is the ETag. `docs/rulesets.md` says how cells are written."""
    with caller.begin() as session:
        draft = drafts.read_draft(session, "ruleset", key)
        context = check_context(caller.deps, session)
    try:
        content = export_table(read_source(draft.document).document, form, context)
    except (SheetError, TableError) as error:
        raise _refused(error) from error
    headers = {
        "ETag": revision_tag(draft.revision),
        "Content-Disposition": f'attachment; filename="{key}.{form}"',
    }
    return Response(content, media_type=MEDIA_TYPES[form], headers=headers)


@router.put("/definitions/ruleset/{key}/draft/table", openapi_extra=_BODY)
async def import_draft_table(
    request: Request, response: Response, caller: Author, key: Key, form: Wanted = "xlsx", if_match: IfMatch = None
) -> DraftAnswer:
    """Make these the rows of the draft; all else of it stays. A file with any fault changes nothing and gets 422.

    Each of the `errors` and `findings` names row and column.
    """
    _demand_form(request, form)
    body = await request.body()
    answer = await run_in_threadpool(_import, caller, key, form, body, revisions_in(if_match))
    response.headers["ETag"] = revision_tag(answer.revision)
    return answer


def _import(caller: Caller, key: str, form: Form, body: bytes, given: frozenset[str] | None) -> DraftAnswer:
    with caller.begin() as session:
        before = drafts.read_draft(session, "ruleset", key)
        if given is not None and given.isdisjoint({"*", str(before.revision)}):
            raise StaleRevisionError(before.revision, by=before.updated_by, at=before.updated_at)
        context = check_context(caller.deps, session)
        try:
            document = import_table(read_source(before.document).document, body, form, context)
        except (SheetError, TableError) as error:
            raise _refused(error) from error
        text = json.dumps(document, ensure_ascii=False, indent=2)
        seen = {str(before.revision)}
        told: Json = {"command": "import"}
        now = caller.now()
        draft = store.put_draft(session, "ruleset", key, text, by=caller.actor, now=now, if_match=seen, told=told)
        revision = draft.revision
    return DraftAnswer(revision=revision, findings=findings_of(caller, "ruleset", key, read_source(text)))


def _demand_form(request: Request, form: Form) -> None:
    told = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if told not in _UNTOLD | {MEDIA_TYPES[form]}:
        raise WrongMediaType(f"Send the file as {MEDIA_TYPES[form]}, or ask for another format.")


def _refused(error: SheetError | TableError) -> Unprocessable:
    """All faults: those of a file by row and column, those of the draft by pointer."""
    found: list[Json] = []
    errors: list[FieldError] = []
    if isinstance(error, TableError):
        for fault in error.faults:
            place = f"{fault.letter}{fault.row}" if fault.letter else str(fault.row)
            errors.append(FieldError(place, fault.told["en"]))
            found.append({**_finding("", fault.told), "row": fault.row, "column": fault.letter})
        return Unprocessable("The file cannot be read; see findings.", errors=errors, more={"findings": found})
    for problem in error.problems:
        errors.append(FieldError(problem.pointer, problem.message["en"]))
        found.append(_finding(problem.pointer, problem.message))
    return Unprocessable("The draft cannot be told as a table; see findings.", errors=errors, more={"findings": found})


def _finding(pointer: str, message: Message) -> dict[str, Json]:
    return {"code": "schema", "severity": "error", "pointer": pointer, "message": {**message}}
