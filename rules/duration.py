"""ISO 8601 durations: a calendar part (years, months, weeks, days) and an elapsed part (hours, minutes, seconds).

The calendar part is added on the calendar of a zone, where a day may have 23 hours and a month 28 days; the elapsed
part is added on the time line, after it. `P1D` and `PT24H` are therefore two different durations.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

LONGEST_YEARS = 100

_PATTERN = re.compile(
    r"(?P<sign>-?)P(?=[\dT])"
    r"(?:(?P<weeks>\d{1,9})W|"
    r"(?:(?P<years>\d{1,9})Y)?(?:(?P<months>\d{1,9})M)?(?:(?P<days>\d{1,9})D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d{1,9})H)?(?:(?P<minutes>\d{1,9})M)?"
    r"(?:(?P<seconds>\d{1,9})(?:\.(?P<fraction>\d{1,6}))?S)?)?)",
    re.ASCII,
)


class DurationError(ValueError):
    """A text that is no duration, or a sum that leaves the calendar."""


@dataclass(frozen=True)
class Duration:
    """A length of time. All three parts have the same sign."""

    months: int = 0
    days: int = 0
    elapsed: timedelta = timedelta(0)

    def __neg__(self) -> Duration:
        return Duration(-self.months, -self.days, -self.elapsed)

    def __str__(self) -> str:
        """The duration in ISO 8601: 14 days and two weeks read the same."""
        sign = "-" if (self.months, self.days, self.elapsed) < (0, 0, timedelta(0)) else ""
        years, months = divmod(abs(self.months), 12)
        micro = abs(self.elapsed) // timedelta(microseconds=1)
        seconds, micro = divmod(micro, 1_000_000)
        minutes, seconds = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        fraction = f".{micro:06d}".rstrip("0") if micro else ""
        day = _parts((years, "Y"), (months, "M"), (abs(self.days), "D"))
        time = _parts((hours, "H"), (minutes, "M")) + (f"{seconds}{fraction}S" if seconds or micro else "")
        return f"{sign}P{day}T{time}" if time else f"{sign}P{day or '0D'}"

    @property
    def is_zero(self) -> bool:
        return not (self.months or self.days or self.elapsed)


def _parts(*parts: tuple[int, str]) -> str:
    return "".join(f"{number}{unit}" for number, unit in parts if number)


def parse_duration(text: str, *, signed: bool = False) -> Duration:
    """The duration that `text` writes in strict ISO 8601; weeks stand alone, only seconds may have a fraction.

    Nothing is clamped: what is malformed, or longer than 100 years, raises DurationError, and so does a leading minus
    unless `signed`.
    """
    match = _PATTERN.fullmatch(text)
    if match is None or (match["sign"] and not signed):
        raise DurationError(f"{text[:40]!r} is no duration; write ISO 8601, such as P7D, P1M or PT30M")
    number = {unit: int(value or 0) for unit, value in match.groupdict().items() if unit not in {"sign", "fraction"}}
    micro = int((match["fraction"] or "").ljust(6, "0"))
    found = Duration(
        number["years"] * 12 + number["months"],
        number["weeks"] * 7 + number["days"],
        timedelta(seconds=(number["hours"] * 60 + number["minutes"]) * 60 + number["seconds"], microseconds=micro),
    )
    if found.months / 12 + found.days / 365 + found.elapsed.days / 365 > LONGEST_YEARS:
        raise DurationError(f"{text} is longer than {LONGEST_YEARS} years; write a shorter duration")
    return -found if match["sign"] else found


def add_to_instant(instant: datetime, duration: Duration, zone: ZoneInfo) -> datetime:
    """`instant` plus `duration`, in UTC. The calendar part keeps the time of day in `zone`.

    A day that the month lacks becomes its last one; a time of day that the clocks skip is moved by the skipped hour;
    one that occurs twice is the first. Raises DurationError when the sum leaves the years 1 to 9999.
    """
    try:
        if duration.months or duration.days:
            local = instant.astimezone(zone)
            day = add_to_date(local.date(), duration)
            instant = datetime.combine(day, local.time().replace(fold=0), zone)
        return instant.astimezone(UTC) + duration.elapsed
    except OverflowError:
        raise DurationError(f"{duration} from {instant.isoformat()} leaves the calendar") from None


def add_to_date(day: date, duration: Duration) -> date:
    """`day` plus the calendar part of `duration`; a day that the month lacks becomes its last one."""
    year, month = divmod(day.year * 12 + day.month - 1 + duration.months, 12)
    if not 1 <= year <= 9999:
        raise DurationError(f"{duration} from {day} leaves the calendar")
    in_month = min(day.day, calendar.monthrange(year, month + 1)[1])
    try:
        return date(year, month + 1, in_month) + timedelta(days=duration.days)
    except OverflowError:
        raise DurationError(f"{duration} from {day} leaves the calendar") from None


def calendar_days(start: datetime, end: datetime, zone: ZoneInfo) -> int:
    """How many midnights of `zone` lie between the two: 0 on one day, negative when `end` is on an earlier day."""
    return (end.astimezone(zone).date() - start.astimezone(zone).date()).days
