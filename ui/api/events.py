"""`POST /events`: CloudEvents in."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool

from engine.database import retrying
from engine.database.connection import Database
from engine.events import queue
from engine.events.cloudevents import (
    BATCH,
    ONE,
    EventTooLargeError,
    MediaTypeError,
    Parcel,
    Refused,
    read_request,
)
from engine.events.content import ContentError
from engine.events.incoming import IncomingEvent, IngestResult
from engine.events.ingest import ingest
from engine.telemetry.measures import count_events
from ui.http.auth import Caller, require
from ui.http.problems import FieldError, Forbidden, TooLarge, TooMany, Unprocessable, WrongMediaType
from ui.http.routing import api_router

router = api_router(tags=["Events in"])
RETRY_AFTER = 5
_LOOKED_AT_EVERY = timedelta(seconds=1)


class RejectedItem(BaseModel):
    """An event of a batch that was refused."""

    index: int
    pointer: str
    message: str


class IngestAnswer(BaseModel):
    """What became of the events."""

    model_config = ConfigDict(json_schema_extra={"example": {"accepted": 2, "duplicates": 1, "rejected": []}})

    accepted: int
    duplicates: int
    rejected: list[RejectedItem]


_EVENT = {
    "type": "object",
    "required": ["specversion", "id", "source", "type", "time"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string"},
        "source": {"type": "string"},
        "type": {"type": "string"},
        "subject": {"type": "string", "examples": ["member:1001", "unionid:o6_bm"]},
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": {"const": "application/json"},
        "data": {"type": "object"},
    },
}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            ONE: {"schema": _EVENT},
            BATCH: {"schema": {"type": "array", "maxItems": 1000, "items": _EVENT}},
            "application/json": {"schema": {"type": "object", "description": "Binary mode: `data`; see CloudEvents."}},
        },
    }
}


@router.post("/events", status_code=202, openapi_extra=_BODY)
async def post_events(request: Request, caller: Annotated[Caller, Depends(require("events"))]) -> IngestAnswer:
    """Accept one CloudEvent or a batch. What is accepted is on disk before the answer leaves.

    While 100,000 events wait to be routed, the answer is 429 with Retry-After.
    """
    await run_in_threadpool(_demand_room, request, caller)
    parcel = _read(request, await request.body(), caller.now())
    return await run_in_threadpool(_accept, caller, parcel)


def _read(request: Request, body: bytes, now: datetime) -> Parcel:
    try:
        return read_request(request.headers.get("content-type", ""), dict(request.headers), body, now=now)
    except MediaTypeError as error:
        raise WrongMediaType(str(error)) from error
    except EventTooLargeError as error:
        raise TooLarge(str(error)) from error
    except ContentError as error:
        raise Unprocessable(str(error), errors=[FieldError("", str(error))]) from error


def _accept(caller: Caller, parcel: Parcel) -> IngestAnswer:
    good = [(index, item) for index, item in enumerate(parcel.items) if isinstance(item, IncomingEvent)]
    refused = [item for item in parcel.items if isinstance(item, Refused)]
    if refused and not parcel.batch:
        count_events(rejected=1)
        errors = [FieldError(pointer, message) for pointer, message in refused[0].mistakes]
        raise Unprocessable("The event cannot be accepted; see errors.", errors=errors)
    result = _ingested(caller, [item for _, item in good])
    rejections = len(refused) + len(result.rejected)
    count_events(accepted=result.accepted, duplicates=result.duplicates, rejected=rejections)
    if result.rejected and not parcel.batch:
        raise Forbidden(result.rejected[0].message)
    rejected = [
        RejectedItem(index=one.index, pointer=one.mistakes[0][0], message=one.mistakes[0][1]) for one in refused
    ]
    rejected += [
        RejectedItem(index=good[one.index][0], pointer=one.pointer, message=one.message) for one in result.rejected
    ]
    rejected.sort(key=lambda one: one.index)
    return IngestAnswer(accepted=result.accepted, duplicates=result.duplicates, rejected=rejected)


def _ingested(caller: Caller, events: list[IncomingEvent]) -> IngestResult:
    if not events:
        return IngestResult(0, 0)
    deps, now = caller.deps, caller.now()
    return retrying.run(
        deps.database, lambda session: ingest(session, events, now=now, keys=deps.keys, stores=caller.stores)
    )


class _Backlog:
    """How many events wait to be routed, looked at once a second at most."""

    def __init__(self) -> None:
        self.count = 0
        self.at: datetime | None = None

    def read(self, database: Database, now: datetime) -> int:
        if self.at is None or not timedelta(0) <= now - self.at < _LOOKED_AT_EVERY:
            self.at = now
            with database.begin() as session:
                self.count = queue.backlog(session)
        return self.count


def _demand_room(request: Request, caller: Caller) -> None:
    state = request.app.state
    if not hasattr(state, "backlog"):
        state.backlog = _Backlog()
    if state.backlog.read(caller.deps.database, caller.now()) >= queue.BACKLOG:
        raise TooMany("Too many events wait to be routed. Send again later.", retry_after=RETRY_AFTER)
