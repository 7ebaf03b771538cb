"""Time zones: the chain's own, and the changes of a zone's clocks as two lists for programs that reckon outside Python.

They reckon with the very zone that Python knows: a database has zone data of its own, of another age perhaps, and
another mind about the hour that occurs twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

HOME_ZONE = "Asia/Shanghai"
HOME = ZoneInfo(HOME_ZONE)
"""The chain's time zone: days are counted in it, and a document that names no zone means it."""

FROM, UNTIL = datetime(1900, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""The instants for which changes are listed, half-open."""

_STEP = timedelta(days=3)
"""No zone has changed its clocks twice within less, since 1900."""


@dataclass(frozen=True)
class Changes:
    """`offsets[0]` holds before the first of `instants`, `offsets[n]` from the n-th on."""

    instants: tuple[datetime, ...]
    offsets: tuple[timedelta, ...]

    @property
    def walls(self) -> tuple[datetime, ...]:
        """The time of day, without a zone, from which the offset behind each change holds for `fold=0`.

        Of an hour that occurs twice that is its end, of a skipped one as well: a time within is read by the clock
        before.
        """
        pairs = zip(self.instants, self.offsets, self.offsets[1:], strict=False)
        return tuple(at.replace(tzinfo=None) + max(before, after) for at, before, after in pairs)


@lru_cache(maxsize=64)
def changes_of(zone: ZoneInfo) -> Changes:
    """All changes of the zone's offset from 1900 to 2100."""
    found = list(_changes(zone))
    return Changes(tuple(found), tuple(_offset(at, zone) for at in (FROM, *found)))


def _changes(zone: ZoneInfo) -> Iterator[datetime]:
    at, offset = FROM, _offset(FROM, zone)
    while at < UNTIL:
        following = min(at + _STEP, UNTIL - timedelta(seconds=1))
        if _offset(following, zone) != offset:
            following = _first_after(at, following, zone)
            offset = _offset(following, zone)
            yield following
        elif following == UNTIL - timedelta(seconds=1):
            return
        at = following


def _first_after(early: datetime, late: datetime, zone: ZoneInfo) -> datetime:
    """The first second with another offset than that at `early`; `late` has one."""
    before = _offset(early, zone)
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) // 2
        middle = middle.replace(microsecond=0)
        early, late = (middle, late) if _offset(middle, zone) == before else (early, middle)
    return late


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta(0)
