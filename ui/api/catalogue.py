"""What authors may name: activity types, fields, event types."""

from collections.abc import Collection
from typing import Annotated, Any

from fastapi import Depends
from pydantic import BaseModel

from engine.events.types import EVENT_TYPES, EventType
from engine.fields.catalogue import OwnFields, own_fields
from engine.fields.document import told
from engine.fields.store import ready_fields
from engine.journeys.catalogue import ActivityType, Retry
from engine.members.fields import base_fields
from rules.duration import Duration
from rules.types import Declaration
from ui.http.auth import Caller, require
from ui.http.lists import KeyCursor, Limit, part
from ui.http.routing import api_router

router = api_router(tags=["Catalogue"])

Reader = Annotated[Caller, Depends(require("definitions"))]


class FieldItem(BaseModel):
    """A field: its path, titles and type."""

    path: str
    title: dict[str, str]
    type: str
    optional: bool
    personal: bool
    values: list[str] | None = None


class RetryItem(BaseModel):
    """How often it is tried, all tries counted, and how long apart; durations as in a node's `retry`."""

    attempts: int
    initial: str
    backoff: float
    max: str


class ActivityTypeItem(BaseModel):
    """An activity type. `outcomes` are its ports beside done, error and quiet; `params` is a JSON schema.

    `doc` is its reference in English, `docs` in both languages. In the schema, `x-title` and `x-help` are the words of
    a param in both; `example` are params that are accepted. `retry` holds where a node says nothing else.
    """

    name: str
    title: dict[str, str]
    doc: str
    docs: dict[str, str]
    params: dict[str, Any]
    outcomes: list[str]
    example: dict[str, Any]
    result: list[FieldItem]
    retry: RetryItem
    mode: str
    contact: str
    idempotent: str
    subjects: list[str]


class EventTypeItem(BaseModel):
    """An event type and the fields that rules see of it."""

    type: str
    title: dict[str, str]
    fields: list[FieldItem]


class ActivityTypeList(BaseModel):
    """All activity types."""

    items: list[ActivityTypeItem]
    next: str | None


class KnownFieldItem(FieldItem):
    """A field and where it comes from: `built-in`, or the definition of HQ's own that declares it.

    `derive` says how it follows from events, as that definition does; it is `ready` once all of the past was looked at.
    """

    source: str
    derive: Any = None
    ready: bool | None = None


class FieldList(BaseModel):
    """All fields of members, stores and associates, and those that HQ declares."""

    items: list[KnownFieldItem]
    next: str | None


class EventTypeList(BaseModel):
    """All declared event types."""

    items: list[EventTypeItem]
    next: str | None


@router.get("/activity-types")
def list_activity_types(caller: Reader, limit: Limit = 50, cursor: KeyCursor = None) -> ActivityTypeList:
    """Every registered activity type, by name."""
    catalogue = caller.deps.catalogue
    shown, more = part(sorted(catalogue), limit, cursor, str)
    return ActivityTypeList(items=[_activity(catalogue[name]) for name in shown], next=more)


@router.get("/fields")
def list_fields(caller: Reader, limit: Limit = 50, cursor: KeyCursor = None) -> FieldList:
    """The fields that rules may name without declaring them; those of events stand with their types."""
    with caller.deps.database.begin() as session:
        own = own_fields(session)
        ready = {each.path for each in ready_fields(session, own.derived.values())}
    shown, more = part(sorted(own.everything), limit, cursor, str)
    return FieldList(items=[_known(path, own, ready) for path in shown], next=more)


@router.get("/event-types")
def list_event_types(_caller: Reader, limit: Limit = 50, cursor: KeyCursor = None) -> EventTypeList:
    """Every declared event type, by name. Types below `custom.` need no declaration."""
    shown, more = part(sorted(EVENT_TYPES), limit, cursor, str)
    return EventTypeList(items=[_event_type(name, EVENT_TYPES[name]) for name in shown], next=more)


def _event_type(name: str, each: EventType) -> EventTypeItem:
    fields = [_field(path, declared) for path, declared in sorted(each.fields.items())]
    return EventTypeItem(type=name, title=dict(each.titles), fields=fields)


def _activity(one: ActivityType) -> ActivityTypeItem:
    return ActivityTypeItem(
        name=one.name,
        title=dict(one.titles),
        doc=one.doc,
        docs={"zh": one.doc_zh or one.doc, "en": one.doc},
        params=one.params.model_json_schema(),
        outcomes=list(one.outcomes),
        example=dict(one.example),
        result=[_field(path, each) for path, each in sorted(one.result.items())],
        retry=_retry(one.retry),
        mode=one.mode,
        contact=one.contact,
        idempotent=one.idempotent,
        subjects=sorted(one.subjects),
    )


def _retry(one: Retry) -> RetryItem:
    initial, longest = (Duration(elapsed=each) for each in (one.initial, one.max))
    return RetryItem(attempts=one.attempts, initial=str(initial), backoff=one.backoff, max=str(longest))


def _known(path: str, own: OwnFields, ready: Collection[str]) -> KnownFieldItem:
    shown = _field(path, own.everything[path]).model_dump()
    if path in base_fields():
        return KnownFieldItem(**shown, source="built-in")
    derive = own.parts[path].derive
    source = f"fields/{own.declared[path]}"
    if derive is None:
        return KnownFieldItem(**shown, source=source)
    return KnownFieldItem(**shown, source=source, derive=told(derive), ready=path in ready)


def _field(path: str, declared: Declaration) -> FieldItem:
    title = declared.title
    words = {"zh": title, "en": title} if isinstance(title, str) else title.model_dump() if title else {}
    return FieldItem(
        path=path,
        title=words or {"zh": path, "en": path},
        type=declared.type,
        optional=declared.optional,
        personal=declared.personal,
        values=declared.values,
    )
