"""The forms of `entry` in the journey format: how runs start. Told apart by the keys that they hold."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from rules.documents.values import ClockTime, EventType, Length, Name, Note, Part, SignedLength
from rules.types import Json


class EventEntry(Part):
    """An event starts a run."""

    on: EventType
    when: Json = None
    start: Name | None = None
    save: Name | None = None
    note: Note | None = None


class ScheduleEntry(Part):
    """An audience that is computed on a schedule."""

    schedule: str
    at: ClockTime
    audience: Json
    limit: int | None = Field(default=None, ge=1)
    rate: str | None = None
    start: Name | None = None
    save: Name | None = None
    note: Note | None = None


class BecomesEntry(Part):
    """A condition that becomes true."""

    becomes: Json
    check: Length
    start: Name | None = None
    save: Name | None = None
    note: Note | None = None


class DateEntry(Part):
    """A date of the member, such as a birthday."""

    date: Json
    offset: SignedLength | None = None
    at: ClockTime
    yearly: bool = False
    start: Name | None = None
    save: Name | None = None
    note: Note | None = None


class ListEntry(Part):
    """A list given by hand or file."""

    members: Literal[True] = Field(alias="list")
    start: Name | None = None
    save: Name | None = None
    note: Note | None = None


def _entry_form(entry: object) -> str:
    if isinstance(entry, Part):
        return type(entry).__name__.removesuffix("Entry").lower().replace("event", "on")
    keys = entry.keys() if isinstance(entry, dict) else set()
    return next((form for form in ("schedule", "becomes", "date", "list") if form in keys and "on" not in keys), "on")


Entry = Annotated[
    Annotated[EventEntry, Tag("on")]
    | Annotated[ScheduleEntry, Tag("schedule")]
    | Annotated[BecomesEntry, Tag("becomes")]
    | Annotated[DateEntry, Tag("date")]
    | Annotated[ListEntry, Tag("list")],
    Discriminator(_entry_form),
]
