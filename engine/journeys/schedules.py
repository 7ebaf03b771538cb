"""When entries that are no events fall due: recurrences, checks, dates and rates, all on the calendar of a zone.

A schedule is a subset of RFC 5545's RRULE that says days; the time of day stands beside it. It counts from Monday
2024-01-01, so that publishing anew moves no occurrence.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from rules.duration import Duration, DurationError, add_to_date, parse_duration

ANCHOR = datetime(2024, 1, 1)  # noqa: DTZ001 - days without a zone: the library counts on the wall
"""The Monday from which intervals are counted."""

MOST_ISSUES = 1_000_000
_HORIZON = timedelta(days=366 * 12)
"""A recurrence that has no day within so long is taken for none: 29 February returns after at most eight years."""

_INTEGERS = r"[+-]?\d{1,3}(,[+-]?\d{1,3})*"
_PARTS = {
    "FREQ": re.compile("DAILY|WEEKLY|MONTHLY|YEARLY"),
    "INTERVAL": re.compile(r"[1-9]\d{0,2}"),
    "UNTIL": re.compile(r"\d{8}"),
    "BYDAY": re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)(,([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU))*"),
    "BYMONTH": re.compile(r"\d{1,2}(,\d{1,2})*"),
    "BYMONTHDAY": re.compile(_INTEGERS),
    "BYSETPOS": re.compile(_INTEGERS),
    "WKST": re.compile("MO|TU|WE|TH|FR|SA|SU"),
}
_RATE = re.compile(r"(?P<count>[1-9]\d{0,6})/(?P<length>P\S+)", re.ASCII)


class ScheduleError(ValueError):
    """A text that is no recurrence, or no rate, of ours; in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True)
class Recurrence:
    """The days of an RRULE."""

    text: str

    def first_day(self, since: date) -> date | None:
        """The first day at or after this one; None where there is none within twelve years."""
        rule = rrulestr(self.text, dtstart=ANCHOR)
        start = max(datetime.combine(since, time()), ANCHOR)
        found: datetime | None = rule.after(start, inc=True)
        return found.date() if found is not None and found - start <= _HORIZON else None

    def after(self, instant: datetime, at: time, zone: ZoneInfo) -> datetime | None:
        """The first occurrence later than an instant, at a time of day of the zone."""
        day: date | None = instant.astimezone(zone).date() - timedelta(days=1)
        while day is not None:
            day = self.first_day(day)
            if day is not None and (found := on_clock(day, at, zone)) > instant:
                return found
            day = day + timedelta(days=1) if day is not None else None
        return None


@dataclass(frozen=True)
class Rate:
    """So many in any stretch of time so long."""

    count: int
    length: timedelta

    @property
    def each(self) -> timedelta:
        """The time that one of them takes, evenly spread."""
        return self.length / self.count


def on_clock(day: date, at: time, zone: ZoneInfo) -> datetime:
    """A time of day of the zone, in UTC. One that the clocks skip is moved by the skipped hour; of two the first."""
    return datetime.combine(day, at, zone).astimezone(UTC)


def parse_recurrence(text: str) -> Recurrence:
    """The recurrence that a text writes. Raises ScheduleError."""
    parts: dict[str, str] = {}
    for part in text.split(";"):
        name, _, value = part.partition("=")
        form = _PARTS.get(name)
        if form is None or name in parts or not form.fullmatch(value):
            raise ScheduleError(
                f"看不懂“{part[:40]}”。请写 RRULE，例如 FREQ=DAILY 或 FREQ=WEEKLY;BYDAY=MO；可用：{'、'.join(_PARTS)}",
                f"{part[:40]!r} is not understood; write an RRULE such as FREQ=DAILY or FREQ=WEEKLY;BYDAY=MO "
                f"with {', '.join(_PARTS)}",
            )
        parts[name] = value
    if "FREQ" not in parts:
        raise ScheduleError("缺少 FREQ，例如 FREQ=DAILY", "FREQ is missing; write for example FREQ=DAILY")
    _fit(parts)
    found = Recurrence(text)
    try:
        days = None if _is_never(parts) else found.first_day(ANCHOR.date())
    except (ValueError, IndexError) as error:
        raise ScheduleError(f"这个周期不成立：{error}", f"this recurrence cannot be: {error}") from error
    if days is None:
        raise ScheduleError("这个周期没有任何一天", "no day fits this recurrence")
    return found


def _fit(parts: dict[str, str]) -> None:
    """What RFC 5545 forbids together, and what would say nothing."""
    freq, days = parts["FREQ"], parts.get("BYDAY", "")
    numbered = any(character.isdigit() for character in days)
    misfits = {
        "BYMONTHDAY": freq == "WEEKLY",
        "BYDAY": numbered and freq not in {"MONTHLY", "YEARLY"},
        "BYSETPOS": not parts.keys() & {"BYDAY", "BYMONTHDAY", "BYMONTH"},
    }
    for name, is_misfit in misfits.items():
        if name in parts and is_misfit:
            raise ScheduleError(f"{name} 不能这样与 FREQ={freq} 一起用", f"{name} does not go with FREQ={freq} so")


def _is_never(parts: dict[str, str]) -> bool:
    """Whether months and days of months never meet; the library would look for such a day up to the year 9999."""
    months = [int(each) for each in parts.get("BYMONTH", "").split(",") if each] or [*range(1, 13)]
    days = [abs(int(each)) for each in parts.get("BYMONTHDAY", "").split(",") if each] or [1]
    return not any(1 <= month <= 12 and 1 <= day <= monthrange(2024, month)[1] for month in months for day in days)


def parse_rate(text: str) -> Rate:
    """The rate that a text such as `2000/PT1M` writes. Raises ScheduleError."""
    match = _RATE.fullmatch(text)
    try:
        length = parse_duration(match["length"]) if match else None
    except DurationError:
        length = None
    if match is None or length is None or length.months or length.is_zero or int(match["count"]) > MOST_ISSUES:
        raise ScheduleError(
            "速率写作 2000/PT1M(每分钟 2000 人)，最多 1000000", "a rate is written like 2000/PT1M, at most 1000000"
        )
    return Rate(int(match["count"]), length.elapsed + timedelta(days=length.days))


def returning(day: date, offset: Duration) -> Iterator[date]:
    """The dates to which an offset of whole days and months is added to come to this day: none, one or a few."""
    try:
        guess = add_to_date(day, -offset)
    except DurationError:
        return
    for days in range(-3, 4):
        try:
            candidate = guess + timedelta(days=days)
            if add_to_date(candidate, offset) == day:
                yield candidate
        except (DurationError, OverflowError):
            continue
