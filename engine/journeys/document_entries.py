"""The forms of `entry` in the journey format: how runs start. Told apart by the keys that they hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag
from pydantic_core import PydanticCustomError

from engine.journeys.schedules import ScheduleError, parse_rate, parse_recurrence
from rules.documents.values import ClockTime, EventType, Length, Name, Note, Part, SignedLength
from rules.duration import parse_duration
from rules.types import Json

SHORTEST_CHECK = timedelta(minutes=1)


def _read_by(parse: Callable[[str], object]) -> AfterValidator:
    def reads(text: str) -> str:
        try:
            parse(text)
        except ScheduleError as error:
            raise PydanticCustomError("waystation", "{en}", {"zh": error.zh, "en": error.en}) from error
        return text

    return AfterValidator(reads)


def _check(text: str) -> None:
    length = parse_duration(text)
    if not (length.months or length.days) and length.elapsed < SHORTEST_CHECK:
        raise ScheduleError(
            "最短每分钟检查一次，请写 PT1M 或更长", "a check comes at most once a minute; write PT1M or more"
        )


def _offset(text: str) -> None:
    if parse_duration(text, signed=True).elapsed:
        raise ScheduleError(
            "偏移只能是天、周、月、年，时刻写在 at 里", "an offset has days, weeks, months or years; the time is `at`"
        )


Schedule = Annotated[str, _read_by(parse_recurrence)]
RateText = Annotated[str, _read_by(parse_rate)]
CheckLength = Annotated[Length, _read_by(_check)]
OffsetLength = Annotated[SignedLength, _read_by(_offset)]


class EventEntry(Part):
    """An event starts a run."""

    on: EventType
    when: Json = None
    start: Name | None = None
    save: Name | None = None
    note: Note | None = None


class ScheduleEntry(Part):
    """An audience that is computed on a schedule."""

    schedule: Schedule
    at: ClockTime
    audience: Json
    limit: int | None = Field(default=None, ge=1)
    rate: RateText | None = None
    start: Name | None = None
    save: Name | None = None
    note: Note | None = None


class BecomesEntry(Part):
    """A condition that becomes true."""

    becomes: Json
    check: CheckLength
    start: Name | None = None
    save: Name | None = None
    note: Note | None = None


class DateEntry(Part):
    """A date of the member, such as a birthday."""

    date: Json
    offset: OffsetLength | None = None
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


Audience = ScheduleEntry | BecomesEntry | DateEntry | ListEntry
"""The entries that are no events: they choose members, and tell each by `audience.matched`."""

Entry = Annotated[
    Annotated[EventEntry, Tag("on")]
    | Annotated[ScheduleEntry, Tag("schedule")]
    | Annotated[BecomesEntry, Tag("becomes")]
    | Annotated[DateEntry, Tag("date")]
    | Annotated[ListEntry, Tag("list")],
    Discriminator(_entry_form),
]
