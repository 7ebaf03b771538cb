"""What a simulation is asked: who is given, what happens when, and until when the clock runs.

A script is data and says all: the same one gives the same simulation. Its parts are those of an embedded test.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, field_validator
from pydantic_core import PydanticCustomError

from engine.journeys.deadlines import after
from engine.journeys.document_tests import Given, Happening
from rules.documents.values import Part
from rules.duration import Duration, DurationError, parse_duration

MOST_HAPPENINGS = 500

Stop: TypeAlias = datetime | Literal["end", "last", "deadline"]


def _is_until(text: str) -> str:
    if text in {"end", "last", "deadline"}:
        return text
    try:
        parse_duration(text)
    except DurationError:
        try:
            datetime.fromisoformat(text)
        except ValueError as error:
            zh = "请写 end、last、deadline，从开始算起的时长(如 PT30M、P3D)，或一个时刻"
            en = "Write end, last or deadline, a duration from the beginning (PT30M, P3D), or an instant."
            raise PydanticCustomError("waystation", "{en}", {"zh": zh, "en": en}) from error
    return text


class Script(Part):
    """A simulation as it is asked for.

    `until`: `end` (the default) runs until nothing is left to wait for, `last` stops with the last happening,
    `deadline` at the first deadline after it; a duration counts from the beginning. `member` is a real one.
    """

    member: Annotated[str, Field(min_length=1, max_length=300)] | None = None
    given: Given = Given()
    when: list[Happening] = Field(default_factory=list, max_length=MOST_HAPPENINGS)
    until: Annotated[str, AfterValidator(_is_until)] = "end"

    @field_validator("given")
    @classmethod
    def _begins(cls, given: Given) -> Given:
        if given.now is not None:
            try:
                datetime.fromisoformat(given.now)
            except ValueError as error:
                zh = "given.now 请写一个时刻，例如 2026-01-07T10:00:00+08:00"
                en = "Write given.now as an instant, such as 2026-01-07T10:00:00+08:00."
                raise PydanticCustomError("waystation", "{en}", {"zh": zh, "en": en}) from error
        return given

    def stop(self, begin: datetime, zone: ZoneInfo) -> Stop:
        """Where the clock stops."""
        match self.until:
            case "end" | "last" | "deadline" as word:
                return word
            case text:
                return _moment(text, begin, zone)


def _moment(text: str, begin: datetime, zone: ZoneInfo) -> datetime:
    try:
        return after(begin, parse_duration(text), zone)
    except DurationError:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def offset(begin: datetime, at: datetime, zone: ZoneInfo) -> str:
    """How long after the beginning, as scripts and tests write it: whole days of the calendar, then what is left."""
    days = max(0, (at.astimezone(zone).date() - begin.astimezone(zone).date()).days)
    if days and after(begin, Duration(days=days), zone) > at:
        days -= 1
    rest = at - after(begin, Duration(days=days), zone)
    return str(Duration(days=days, elapsed=rest)) if days or rest else "PT0S"
