"""Entries that choose members: what they are about to do and have done; lists given by hand or file."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, TypeVar

from fastapi import Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from engine.database import retrying
from engine.definitions.versions import find_live_version
from engine.journeys.plan import PlanError
from engine.occurrences import lists
from engine.occurrences.lists import ListError, Named
from engine.occurrences.models import Occurrence
from engine.occurrences.outlook import Outlook, Past, outlooks
from ui.api.definitions import Key
from ui.http.auth import Caller, require
from ui.http.problems import Conflict, FieldError, NotFound, Unprocessable, WrongMediaType
from ui.http.routing import api_router

router = api_router(tags=["Journeys"])

Answer = TypeVar("Answer")
SHOWN = 200
_JSON, _CSV = "application/json", "text/csv"
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            _JSON: {"schema": {"type": "object", "properties": {
                "members": {"type": "array", "items": {"type": "string"}}, "entry": {"type": "integer"}}}},
            _CSV: {"schema": {"type": "string", "format": "binary"}},
        },
    }
}  # fmt: skip


class ExpectedAnswer(BaseModel):
    """Of how many members it is true now, and what would become of them at the next occurrence.

    `refused` by re-entry and `held_out` as things stand; who changes until then cannot be counted. `exact` is false
    where members had to be estimated. `first`: by a first check after publishing nobody enters.
    """

    matching: int
    refused: int
    held_out: int
    enter: int
    exact: bool
    first: bool


class OccurrenceAnswer(BaseModel):
    """An occurrence: by which condition it chose, how many it chose and told, and what became of them.

    `fates`: `entered`, `holdout`, refused as `once`, `live`, `cooldown`, `paused`, `too-old`, `retired` or `changed`;
    `waiting` to be routed; `untold`. `since` is the check before, of an entry that becomes true.
    """

    occurrence: str
    at: datetime
    since: datetime | None
    version: int
    hash: str
    state: str
    reason: str | None
    by: str | None
    chosen: int
    issued: int
    fates: dict[str, int]


class EntryAnswer(BaseModel):
    """An entry of the live version that chooses members. `entry` is its place in the document."""

    entry: int
    form: str
    id: str
    next_at: datetime | None
    expected: ExpectedAnswer | None
    uncounted: str | None = Field(description="Why nobody was counted: `personal` data, or `too-slow`.")
    occurrences: list[OccurrenceAnswer]


class EntriesAnswer(BaseModel):
    """The entries in the order of the document."""

    items: list[EntryAnswer]


class ListBody(BaseModel):
    """Members by internal id or identity; `entry` is the place of the list entry, needed where there are several."""

    model_config = ConfigDict(extra="forbid")

    members: list[str] = Field(max_length=lists.MOST)
    entry: int | None = Field(None, ge=0)


class ListAnswer(BaseModel):
    """The occurrence that a list became; null of a dry run. `repeated` lines named somebody again."""

    occurrence: str | None
    chosen: int
    repeated: int
    errors: list[dict[str, str]]


@router.get("/journeys/{key}/entries")
def read_entries(caller: Annotated[Caller, Depends(require("definitions", "runs"))], key: Key) -> EntriesAnswer:
    """When each entry that chooses members is due, how many would enter, and what its last occurrences came to."""
    with caller.begin() as session:
        version = find_live_version(session, "journey", key)
        if version is None:
            raise NotFound(f"No journey {key!r} was published.")
        try:
            plan = caller.deps.plans.get(session, version.bundle_hash)
        except PlanError as error:
            raise Conflict("The live version cannot run with what is installed here; publish it again.") from error
        found = outlooks(session, caller.deps.keys, plan, now=caller.now(), whole=caller.stores == "*")
    return EntriesAnswer(items=[_entry(each) for each in found])


@router.post("/journeys/{key}/list", status_code=202, openapi_extra=_BODY)
async def give_list(
    caller: Annotated[Caller, Depends(require("runs"))],
    request: Request,
    key: Key,
    *,
    entry: Annotated[int | None, Query(ge=0, description="The place of the list entry in the document.")] = None,
    partial: Annotated[bool, Query(description="Take the lines that are right though others are wrong.")] = False,
    dry_run: Annotated[bool, Query(description="Look only.")] = False,
) -> ListAnswer:
    """Let members enter by a list: JSON, or a CSV whose first column holds an identity per line; at most 50,000.

    With a wrong line nothing is changed and 422 tells `errors: [{id: "line 12", message}]`, unless `partial` is asked.
    """
    body = await _read(request)
    body = body if body.entry is not None else body.model_copy(update={"entry": entry})
    return await run_in_threadpool(_give, caller, key, body, partial=partial, dry_run=dry_run)


def _give(caller: Caller, key: str, body: ListBody, *, partial: bool, dry_run: bool) -> ListAnswer:
    with caller.begin() as session:
        named = lists.find_members(session, caller.deps.keys, body.members)
    if not dry_run and ((named.wrong and not partial) or not named.members):
        count = len(named.wrong)
        raise Unprocessable(
            f"{count} lines cannot be used, and nothing was changed.",
            more={"errors": [{**each} for each in _errors(named)]},
        )
    plans = caller.deps.plans
    with caller.deps.database.begin() as session:
        _refusing(lambda: lists.list_entry(session, key, body.entry, plans))
    if dry_run:
        return _listed(None, named)

    def work(session: Session) -> str:
        given = lists.give(
            session, key, named.members, index=body.entry, plans=plans, by=caller.actor, now=caller.now()
        )
        return given.name

    return _listed(_refusing(lambda: retrying.run(caller.deps.database, work)), named)


def _refusing(work: Callable[[], Answer]) -> Answer:
    """What the work gives, or its refusal as an answer."""
    try:
        return work()
    except lists.NoListEntryError as error:
        raise Unprocessable(str(error), errors=[FieldError("/entry", str(error))]) from error
    except ListError as error:
        raise Conflict(str(error)) from error


async def _read(request: Request) -> ListBody:
    """The body: JSON is read as strictly as any other."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if media_type == _CSV:
            return ListBody(members=lists.lines_of((await request.body()).decode("utf-8-sig")))
        if media_type == _JSON:
            return ListBody.model_validate(await request.json())
    except lists.NoCsvError as error:
        raise Unprocessable("The list is no CSV.", errors=[FieldError(f"line {error.line}", str(error))]) from error
    except ValidationError as error:
        found = [
            FieldError("".join(f"/{step}" for step in each["loc"]), each["msg"])
            for each in error.errors(include_url=False, include_input=False)
        ]
        raise Unprocessable("The list cannot be used; see errors.", errors=found) from error
    except ValueError as error:
        raise Unprocessable("The list cannot be read: send UTF-8.", errors=[FieldError("", str(error))]) from error
    raise WrongMediaType(f"Send the list as {_JSON} or {_CSV}.")


def _listed(name: str | None, named: Named) -> ListAnswer:
    return ListAnswer(occurrence=name, chosen=len(named.members), repeated=named.repeated, errors=_errors(named))


def _errors(named: Named) -> list[dict[str, str]]:
    return [{"id": f"line {one.line}", "message": one.message["en"]} for one in named.wrong[:SHOWN]]


def _entry(each: Outlook) -> EntryAnswer:
    expected = ExpectedAnswer(**vars(each.expected)) if each.expected else None
    return EntryAnswer(
        entry=each.entry.index,
        form=each.entry.form,
        id=each.entry.id,
        next_at=each.next_at,
        expected=expected,
        uncounted=each.uncounted,
        occurrences=[_occurrence(past, past.occurrence) for past in each.past],
    )


def _occurrence(past: Past, occurrence: Occurrence) -> OccurrenceAnswer:
    return OccurrenceAnswer(
        occurrence=occurrence.name,
        at=occurrence.at,
        since=occurrence.since if occurrence.form == "becomes" else None,
        version=occurrence.version,
        hash=occurrence.hash,
        state=occurrence.state,
        reason=occurrence.reason,
        by=occurrence.by,
        chosen=past.chosen,
        issued=past.chosen - past.fates.get("untold", 0) if past.fates else 0,
        fates=dict(past.fates),
    )
