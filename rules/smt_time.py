"""Calendars for the prover: days and times of day of a zone as linear formulas over microseconds and day numbers.

A zone is exact from its last change of offset on. Before it, and in a zone whose clocks still change, a local time is
only known to lie within the offsets that the zone has: what is proved with them holds, what is found must be confirmed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

SECOND = 1_000_000
DAY = 86_400 * SECOND

_MICROSECOND = timedelta(microseconds=1)
_START = datetime(1, 1, 1, tzinfo=UTC)
_STEP = timedelta(days=10)
_BEFORE_ALL = datetime(1, 1, 3, tzinfo=UTC)
_FIRST, _LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def instant_code(instant: datetime) -> int:
    """An instant in microseconds, counted so that a day of UTC starts at its ordinal times DAY."""
    return (instant - _START) // _MICROSECOND + DAY


def code_instant(code: int) -> datetime:
    """The instant of a code. Raises OverflowError outside the calendar."""
    return _START + timedelta(microseconds=code - DAY)


def code_date(code: int) -> date:
    """The date of a day number. Raises ValueError or OverflowError outside the calendar."""
    return date.fromordinal(code)


@dataclass(frozen=True)
class Offsets:
    """The offsets of a zone from UTC in microseconds: `last` since the instant code `since`; before, least to most."""

    least: int
    most: int
    last: int
    since: int | None
    """None for a zone whose clocks still change."""


@lru_cache(maxsize=100)
def offsets_of(zone: ZoneInfo) -> Offsets:
    """The offsets of a zone in the years 1900 to 2100."""
    last = _offset(_LAST, zone)
    found = {last, _offset(_BEFORE_ALL, zone)}
    at, since = _LAST, None
    while at > _FIRST:
        at -= _STEP
        offset = _offset(at, zone)
        if offset != last and since is None:
            since = at + _STEP
        found.add(offset)
    if since is not None:
        since = _change(since - _STEP, since, zone)
    lasting = since is None or since < _LAST - timedelta(days=365 * 20)
    fixed = instant_code(since or _FIRST) if lasting else None
    return Offsets(min(found), max(found), last, fixed)


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    last = _offset(after, zone)
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        before, after = (before, middle) if _offset(middle, zone) == last else (middle, after)
    return after


def _offset(at: datetime, zone: ZoneInfo) -> int:
    offset = at.astimezone(zone).utcoffset()
    return (offset or timedelta()) // _MICROSECOND
