"""Deadlines: when they fall due, how pauses move them, and when quiet hours end. All instants are aware and in UTC."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from engine.journeys.state import DeadlineKind, State
from engine.journeys.working_days import is_working_day
from rules.duration import Duration, DurationError, add_to_instant

FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
"""Stands for a sum that would leave the calendar."""


@dataclass(frozen=True)
class Pause:
    """An interval in which the journey or the run stands still; `end` and `mode` are None while it lasts."""

    start: datetime
    end: datetime | None = None
    mode: Literal["hold", "extend"] | None = None


class Due(NamedTuple):
    """A deadline and the instant at which it falls due, pauses included."""

    at: datetime
    kind: DeadlineKind


@dataclass(frozen=True)
class QuietHours:
    """The time of day, in the journey's zone, in which no push goes out. It may reach over midnight."""

    start: time
    end: time

    def ends_after(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """When the quiet time that `now` lies in ends, or None when it is not quiet."""
        local = now.astimezone(zone)
        clock = local.time()
        if self.start <= self.end:
            quiet, day = self.start <= clock < self.end, local.date()
        else:
            quiet = clock >= self.start or clock < self.end
            day = local.date() if clock < self.end else local.date() + timedelta(days=1)
        return datetime.combine(day, self.end, zone).astimezone(UTC) if quiet else None

    @property
    def length(self) -> timedelta:
        """How long the quiet time lasts, on a day without a change of clocks."""
        start, end = (timedelta(hours=t.hour, minutes=t.minute) for t in (self.start, self.end))
        return (end - start) % timedelta(days=1)


def after(instant: datetime, duration: Duration, zone: ZoneInfo) -> datetime:
    """`instant` plus `duration`: calendar units on the zone's calendar, hours and less as elapsed time."""
    try:
        return min(add_to_instant(instant, duration, zone), FOREVER)
    except DurationError:
        return FOREVER


def next_time_of_day(now: datetime, at: time, days: int, zone: ZoneInfo, *, working_day: bool) -> datetime:
    """The clock time `at`, `days` days from today (0: the next one), or on the first working day from there."""
    day = now.astimezone(zone).date() + timedelta(days=days)
    while not _is_open(day, working_day=working_day) or datetime.combine(day, at, zone) < now:
        day += timedelta(days=1)
    return datetime.combine(day, at, zone).astimezone(UTC)


def _is_open(day: date, *, working_day: bool) -> bool:
    return not working_day or is_working_day(day)


def is_paused(pauses: Iterable[Pause]) -> bool:
    """Whether one of the pauses still lasts."""
    return any(pause.end is None for pause in pauses)


def extended(deadline: datetime, since: datetime, pauses: Iterable[Pause]) -> datetime:
    """The deadline of a wait since `since`, moved by its overlap with the pauses that extend, each moment once."""
    covered = since
    spans = sorted((pause.start, pause.end) for pause in pauses if pause.end is not None and pause.mode == "extend")
    for start, end in spans:
        begin = max(start, covered)
        if begin >= deadline:
            break
        if end > begin:
            deadline += end - begin
            covered = end
    return deadline


def deadlines(state: State, pauses: Sequence[Pause]) -> list[Due]:
    """The deadlines of a run that may act, earliest first. While it is paused that is `max_age` alone."""
    due = []
    if (kind := _kind(state)) and (at := rests_until(state, pauses)) and not is_paused(pauses):
        due.append(Due(at, kind))
    if state.expires and not state.ended:
        due.append(Due(extended(state.expires, state.started_at, pauses), "max_age"))
    return sorted(due, key=lambda each: each.at)


def rests_until(state: State, pauses: Iterable[Pause]) -> datetime | None:
    """When the wait, delay, deferral or retry where the run rests is over, as pauses have moved it so far."""
    return extended(state.deadline, state.resting_since or state.now, pauses) if state.deadline else None


def wake_at(state: State, pauses: Sequence[Pause]) -> datetime | None:
    """When the run has to be looked at next although nothing happens; None where nothing but an input moves it."""
    due = deadlines(state, pauses)
    return due[0].at if due else None


def _kind(state: State) -> DeadlineKind | None:
    match state.phase:
        case "waiting":
            return "timeout"
        case "deferred":
            return "quiet"
        case "retrying":
            return "retry"
        case _:
            return None
