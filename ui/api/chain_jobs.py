"""The chain as a whole: read anew from WeCom, or from a file; both as jobs.

Both concern every store, so they are asked for by keys of the whole chain.
"""

from typing import Annotated

from fastapi import Body, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from engine.jobs import store
from engine.jobs.kinds import IMPORT
from engine.organisation.importing.applying import create_import
from engine.organisation.importing.checking import Checked, check
from engine.organisation.importing.lines import FileError
from engine.organisation.importing.reading import Form, read
from engine.organisation.sync.requests import PARTS, Part, ask, choose_app
from rules.types import Json
from ui.api.job_answers import JobAnswer, dry_run_of
from ui.api.jobs import accepted
from ui.http.auth import Caller, require
from ui.http.problems import FieldError, Forbidden, Unprocessable, WrongMediaType
from ui.http.routing import api_router

router = api_router(tags=["The chain"])

Chain = Annotated[Caller, Depends(require("chain"))]
SHOWN = 1_000
"""So many findings an answer holds."""
_FORMS: dict[str, Form | None] = {
    "application/x-ndjson": "jsonl",
    "application/jsonl": "jsonl",
    "application/json-lines": "jsonl",
    "text/csv": "csv",
    "text/plain": None,
    "application/octet-stream": None,
    "": None,
}
_FILE = {"schema": {"type": "string"}}
_BODY = {"requestBody": {"required": True, "content": {"application/x-ndjson": _FILE, "text/csv": _FILE}}}


class SyncBody(BaseModel):
    """Which parts of WeCom are read anew (all by default), through which app (the first by default)."""

    model_config = ConfigDict(extra="forbid")

    app: str | None = Field(default=None, min_length=1, max_length=100)
    parts: list[Part] = Field(default_factory=lambda: list(PARTS), min_length=1)


@router.post("/org/sync", status_code=202)
def sync(caller: Chain, response: Response, body: Annotated[SyncBody | None, Body()] = None) -> JobAnswer:
    """Read departments, members, contacts and groups from WeCom. Of an app one sync waits: who asks again gets that."""
    _demand_whole_chain(caller)
    body = body or SyncBody()
    name = choose_app(caller.deps.wecom_apps, body.app)
    with caller.begin() as session:
        job = ask(session, name, body.parts, by=caller.actor, now=caller.now())
        return accepted(session, caller, job, response)


@router.post(
    "/org/import",
    status_code=202,
    openapi_extra=_BODY,
    responses={200: {"model": JobAnswer, "description": "A dry run."}},
)
async def import_file(
    caller: Chain,
    request: Request,
    response: Response,
    *,
    partial: Annotated[bool, Query(description="Apply the lines that are right though others are wrong.")] = False,
    dry_run: Annotated[bool, Query(description="Look only.")] = False,
) -> JobAnswer:
    """Regions, stores, associates, group chats and channels from one file, as JSON Lines or CSV, at most 4 MiB.

    A file with a wrong line changes nothing and gets 422 with `errors: [{id: "line 12", pointer, message}]`, unless
    `partial` is asked for.
    """
    _demand_whole_chain(caller)
    form = _form(request)
    content = await request.body()
    return await run_in_threadpool(_import, caller, response, content, form, partial=partial, dry_run=dry_run)


def _import(
    caller: Caller, response: Response, content: bytes, form: Form | None, *, partial: bool, dry_run: bool
) -> JobAnswer:
    try:
        lines = read(content, form)
    except FileError as error:
        raise Unprocessable(str(error), errors=[FieldError("", str(error))]) from error
    with caller.begin() as session:
        checked = check(session, lines)
        if dry_run:
            response.status_code = 200
            found = dry_run_of(
                IMPORT, len({line.n for line in lines}), [one.finding() for one in checked.wrong[:SHOWN]]
            )
            return found.model_copy(update={"failed": len(checked.wrong)})
        if checked.wrong and not partial:
            raise _refused(checked)
        if not checked.good:
            raise _refused(checked)
        job = create_import(session, caller.deps.keys, checked, by=caller.actor, now=caller.now())
        return accepted(session, caller, job, response, store.errors_of(session, job.id))


def _refused(checked: Checked) -> Unprocessable:
    """All findings by line; the answer's `id` is that of a job's errors."""
    shown: list[Json] = [
        {
            "id": f"line {one.n}",
            "pointer": "" if one.field is None else "/" + one.field.replace(".", "/"),
            "message": one.finding().message["en"],
        }
        for one in checked.wrong[:SHOWN]
    ]
    count = len(checked.wrong)
    return Unprocessable(f"{count} things are wrong with the file, and nothing was changed.", more={"errors": shown})


def _form(request: Request) -> Form | None:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in _FORMS:
        raise WrongMediaType("Send the file as application/x-ndjson (JSON Lines) or text/csv.")
    return _FORMS[media_type]


def _demand_whole_chain(caller: Caller) -> None:
    if caller.stores != "*":
        raise Forbidden("This concerns every store: use a key of the whole chain.")
