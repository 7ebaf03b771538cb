"""CloudEvents 1.0 over HTTP, read strictly: one event (structured or binary mode) or a batch.

The SDK's parser accepts events without a time, with unknown spellings of attributes and with second keys; outside
programs are better served by being told, so the reader is ours and the SDK is its counterpart in the tests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

from engine.events.checks import data_mistakes
from engine.events.content import ContentError, Mistake, is_clean, mistakes, parse_json
from engine.events.incoming import INTERNAL, IncomingEvent
from engine.events.types import INTERNAL_TYPES, EventType, event_type
from engine.members.handles import KINDS, HandleError, parse_handle
from rules.types import Json

ONE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
LARGEST_EVENT = 256 * 1024
LARGEST_BATCH = 1_000
AHEAD, BACK = timedelta(minutes=5), timedelta(days=400)

_REQUIRED = ("specversion", "id", "source", "type", "time")
_KNOWN = frozenset({*_REQUIRED, "subject", "datacontenttype", "dataschema", "data", "data_base64"})
_EXTENSION = re.compile(r"[a-z0-9]+", re.ASCII)
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)",
    re.ASCII,
)
_LONGEST = {"id": 256, "source": 1024, "type": 128, "subject": 512}
_PLACES = ("store", "associate")
"""Kinds of subject that name no member."""


class MediaTypeError(ValueError):
    """The body is of a media type in which no events come."""


class EventTooLargeError(ValueError):
    """A single event over 256 kB."""


@dataclass(frozen=True)
class Refused:
    """An event that cannot be taken, with all that is wrong with it."""

    index: int
    mistakes: tuple[Mistake, ...]


@dataclass(frozen=True)
class Parcel:
    """What one request brought: each event in its place, or why it is refused."""

    batch: bool
    items: tuple[IncomingEvent | Refused, ...]


def read_request(media_type: str, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Parcel:
    """The events of one request; header names are in lower case.

    Raises MediaTypeError, ContentError when the body is not what the media type says, and EventTooLargeError.
    """
    plain, _, parameters = media_type.partition(";")
    if "charset" in parameters.lower() and "utf-8" not in parameters.lower():
        raise MediaTypeError("Send UTF-8.")
    match plain.strip().lower():
        case "application/cloudevents-batch+json":
            return _batch(body, now)
        case "application/cloudevents+json":
            return _single(_within_limit(body, len(body)), now)
        case kind if any(name.startswith("ce-") for name in headers) and _is_json(kind):
            return _binary(headers, kind, body, now)
        case _:
            raise MediaTypeError(f"Send {ONE}, {BATCH}, or application/json with the attributes in ce- headers.")


def read_event(item: Json, *, now: datetime, index: int = 0) -> IncomingEvent | Refused:
    """One event in its JSON form."""
    if not isinstance(item, dict):
        return Refused(index, (("", "Write an object: one CloudEvent."),))
    found = tuple(_event_mistakes(item, now))
    return Refused(index, found) if found else _incoming(item)


def _batch(body: bytes, now: datetime) -> Parcel:
    given = parse_json(body)
    if not isinstance(given, list):
        raise ContentError("A batch is a JSON array of events.")
    if len(given) > LARGEST_BATCH:
        raise ContentError(f"A batch holds at most {LARGEST_BATCH} events; this one has {len(given)}.")
    may_be_large = len(body) > LARGEST_EVENT
    items = tuple(_item(i, item, now, may_be_large=may_be_large) for i, item in enumerate(given))
    return Parcel(batch=True, items=items)


def _item(index: int, item: Json, now: datetime, *, may_be_large: bool) -> IncomingEvent | Refused:
    read = read_event(item, now=now, index=index)
    if may_be_large and isinstance(read, IncomingEvent):
        size = len(json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode())
        if size > LARGEST_EVENT:
            return Refused(index, (("", f"An event may have at most 256 kB; this one has {size} bytes."),))
    return read


def _single(body: bytes, now: datetime) -> Parcel:
    return Parcel(batch=False, items=(read_event(parse_json(body), now=now),))


def _binary(headers: Mapping[str, str], media_type: str, body: bytes, now: datetime) -> Parcel:
    """Binary mode: attributes in percent-encoded `ce-` headers, `data` as the body."""
    item: dict[str, Json] = {
        name.removeprefix("ce-"): unquote(value) for name, value in headers.items() if name.startswith("ce-")
    }
    _within_limit(body, len(body) + sum(len(name) + len(value) for name, value in headers.items()))
    item["datacontenttype"] = media_type
    item["data"] = parse_json(body) if body else {}
    return Parcel(batch=False, items=(read_event(item, now=now),))


def _within_limit(body: bytes, size: int) -> bytes:
    if size > LARGEST_EVENT:
        raise EventTooLargeError(f"An event may have at most 256 kB; this one has {size} bytes.")
    return body


def _is_json(media_type: str) -> bool:
    return media_type == "application/json" or (media_type.startswith("application/") and media_type.endswith("+json"))


def _event_mistakes(item: dict[str, Json], now: datetime) -> Iterator[Mistake]:
    """All that is wrong with an event. Content comes first: what is refused there is not looked at again."""
    if not is_clean(item):
        yield from mistakes(item)
    else:
        yield from _attribute_mistakes(item)
        yield from _time_mistakes(item.get("time"), now)
        yield from _subject_mistakes(item.get("subject"))
        yield from _data_mistakes(item)


def _attribute_mistakes(item: Mapping[str, Json]) -> Iterator[Mistake]:
    if item.get("specversion", "1.0") != "1.0":
        yield "/specversion", "Write 1.0."
    for name in _REQUIRED:
        if item.get(name) is None:
            yield f"/{name}", "This attribute is required."
    for name, longest in _LONGEST.items():
        value = item.get(name)
        if value is not None and not (isinstance(value, str) and 0 < len(value) <= longest):
            yield f"/{name}", f"Write a text of 1 to {longest} characters."
    source = item.get("source")
    if isinstance(source, str) and source.lower().startswith(INTERNAL):
        yield "/source", f"Sources that begin with {INTERNAL} are our own; use another name."
    for name in item.keys() - _KNOWN:
        if not _EXTENSION.fullmatch(name):
            yield "", f"{name[:40]!r} is no attribute of a CloudEvent: names are lower-case letters and digits."
        elif not isinstance(item[name], str | int | None):
            yield f"/{name}", "An extension attribute is a text, an integer or a boolean."


def _time_mistakes(value: Json, now: datetime) -> Iterator[Mistake]:
    if value is None:
        return
    try:
        at = _instant(value)
    except ValueError:
        yield "/time", "Write an instant with its zone, such as 2026-11-23T09:00:00+08:00."
        return
    if at > now + AHEAD:
        yield "/time", "This is more than 5 minutes in the future; check the sender's clock and zone."
    elif at < now - BACK:
        yield "/time", "This is more than 400 days ago; older events are not taken."


def _instant(value: Json) -> datetime:
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("no RFC 3339 instant")
    fraction = (match[3] or "")[:7]
    try:
        return datetime.fromisoformat(f"{match[1]}T{match[2]}{fraction}{match[4].upper()}").astimezone(UTC)
    except OverflowError as error:
        raise ValueError("beyond the calendar") from error


def _subject_mistakes(value: Json) -> Iterator[Mistake]:
    if not isinstance(value, str):
        return
    kind, colon, rest = value.partition(":")
    if kind in _PLACES and colon and rest.strip():
        return
    try:
        parse_handle(value)
    except HandleError as error:
        known = kind in KINDS
        yield "/subject", str(error) if known else f"Write <kind>:<value>; kinds are {', '.join((*KINDS, *_PLACES))}."


def _data_mistakes(item: Mapping[str, Json]) -> Iterator[Mistake]:
    kind = _kind(item.get("type"))
    if kind is None and isinstance(item.get("type"), str):
        yield "/type", "There is no such type; GET /api/v1/event-types lists them, types of your own begin with custom."
    if item.get("data_base64") is not None:
        yield "/data_base64", "Send `data` as JSON."
    content_type = item.get("datacontenttype")
    if content_type is not None and not (
        isinstance(content_type, str) and _is_json(content_type.partition(";")[0].strip().lower())
    ):
        yield "/datacontenttype", "Send `data` as application/json."
    data = item.get("data")
    if data is not None and not isinstance(data, dict):
        yield "/data", "Write an object."
    elif kind is not None:
        yield from data_mistakes(kind, data or {})


def _kind(name: Json) -> EventType | None:
    if not isinstance(name, str) or name in INTERNAL_TYPES:
        return None
    return event_type(name)


def _incoming(item: Mapping[str, Json]) -> IncomingEvent:
    """An event in which no mistake was found."""
    data, subject = item.get("data"), item.get("subject")
    return IncomingEvent(
        source=str(item["source"]),
        id=str(item["id"]),
        type=str(item["type"]),
        subject=subject if isinstance(subject, str) else None,
        time=_instant(item["time"]),
        data=data if isinstance(data, dict) else {},
    )
