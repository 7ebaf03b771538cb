"""The moment of a proof and the calendar of its zone: days, times of day, days of the year, lengths of time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import z3

from rules.duration import Duration
from rules.smt_time import DAY, instant_code, offsets_of
from rules.smt_values import Formula, NoFormError, Values

_MICROSECOND = timedelta(microseconds=1)
_REGULAR = (date(1901, 1, 1).toordinal(), date(2100, 1, 1).toordinal())
"""Days between which every fourth year is a leap year."""
_SHIFT = date(1901, 1, 1).toordinal() - 365 * 1900 - 1900 // 4
_29_FEBRUARY = 59


class Calendar:
    """Formulas about time. `loose` names what is only known to lie within bounds: a proof may fear it in vain.

    Where all of `regular` hold, nothing else is loose. `asked` tells whether the moment matters.
    """

    def __init__(self, values: Values, zone: ZoneInfo, period: tuple[datetime, datetime]) -> None:
        self.values = values
        self.zone = zone
        self.period = (instant_code(period[0]), instant_code(period[1]))
        self.asked = False
        self.loose: set[str] = set()
        self.regular: list[Formula] = []
        self._made: dict[tuple[str, int], tuple[Formula, Formula]] = {}

    @cached_property
    def now(self) -> Formula:
        """The moment: any of the period."""
        self.asked = True
        return self.values.integer("now", *self.period)

    @property
    def today(self) -> Formula:
        """The day of the moment in the zone."""
        return self.day_of(self.now)

    def day_of(self, instant: Formula) -> Formula:
        """The number of the day of the zone that an instant belongs to."""
        return self._about("day", instant, self._held_to_its_day)

    def time_of_day(self, instant: Formula) -> Formula:
        """The microseconds since the midnight of the zone before an instant."""
        return self._about("time", instant, self._held_to_its_time)

    def day_of_year(self, day: Formula) -> Formula:
        """The place of a day in a leap year's calendar, from 0; a year without 29 February has no 59."""
        return self._about("day of the year", day, self._held_to_its_year)

    def weekday(self, day: Formula) -> Formula:
        """The day of the week, Monday 1 to Sunday 7."""
        return (day - 1) % 7 + 1

    def returns(self, first: Formula, asked: Formula) -> Formula:
        """Whether a day is the yearly return of the first; that of 29 February is the 28th where there is none."""
        one, other = self.day_of_year(first), self.day_of_year(asked)
        early = z3.And(one == _29_FEBRUARY, other == _29_FEBRUARY - 1, z3.Not(self._is_leap(asked)))
        return z3.Or(one == other, early)

    def _is_leap(self, day: Formula) -> Formula:
        return z3.Int(f"year of four {day.get_id()}", self.values.context) == 3

    def later(self, instant: Formula, duration: Duration) -> Formula:
        """An instant plus a duration on the calendar of the zone."""
        exact = instant + duration.days * DAY + duration.elapsed // _MICROSECOND
        if not (duration.months or duration.days):
            return exact
        offsets = offsets_of(self.zone)
        spread = offsets.most - offsets.least
        if duration.months or offsets.since is None:
            self.loose.add(str(duration))
            least, most = _span(duration)
            return self._between(f"{duration} from", instant, exact + least * DAY - spread, exact + most * DAY + spread)
        back = min(0, duration.days) * DAY
        if instant is self.now and self.period[0] + back >= offsets.since:
            return exact
        near = self._between(f"{duration} from", instant, exact - spread, exact + spread)
        self.regular.append(instant + back >= offsets.since)
        return z3.If(instant + back >= offsets.since, exact, near)

    def day_later(self, day: Formula, duration: Duration) -> Formula:
        """A day plus a duration. Raises NoFormError for one that counts months or hours."""
        if duration.elapsed or duration.months:
            raise NoFormError
        return day + duration.days

    def _between(self, name: str, of: Formula, least: Formula, most: Formula) -> Formula:
        return self._about(name, of, lambda _of, found: z3.And(found >= least, found <= most))

    def _about(self, name: str, of: Formula, hold: Callable[[Formula, Formula], Formula]) -> Formula:
        """The variable for what a name says about a term, the same at each question."""
        key = (name, of.get_id())
        if key not in self._made:
            found = z3.Int(f"{name} {key[1]}", self.values.context)
            self._made[key] = (of, found)
            self.values.axioms.append(hold(of, found))
        return self._made[key][1]

    def _held_to_its_day(self, instant: Formula, day: Formula) -> Formula:
        offsets = offsets_of(self.zone)

        def within(least: int, most: int) -> Formula:
            return z3.And(day * DAY <= instant + most, instant + least < day * DAY + DAY)

        if offsets.since is None:
            self.loose.add("day")
            return within(offsets.least, offsets.most)
        exact = within(offsets.last, offsets.last)
        if instant is self.now and self.period[0] >= offsets.since:
            return exact
        self.regular.append(instant >= offsets.since)
        return z3.If(instant >= offsets.since, exact, within(offsets.least, offsets.most))

    def _held_to_its_time(self, instant: Formula, time: Formula) -> Formula:
        offsets, since_midnight = offsets_of(self.zone), instant - self.day_of(instant) * DAY
        inside = z3.And(time >= 0, time < DAY)
        if offsets.since is None:
            self.loose.add("time")
            return inside
        return z3.And(inside, z3.Implies(instant >= offsets.since, time == since_midnight + offsets.last))

    def _held_to_its_year(self, day: Formula, place: Formula) -> Formula:
        context, key = self.values.context, day.get_id()
        fours, year, since = (z3.Int(f"{name} {key}", context) for name in ("fours", "year of four", "day of its year"))
        leap = self._is_leap(day)
        exact = [
            year >= 0, year <= 3, since >= 0, since < 365 + z3.If(leap, 1, 0),
            day == 365 * (4 * fours + year) + fours + _SHIFT + since,
            place == z3.If(z3.Or(leap, since < _29_FEBRUARY), since, since + 1),
        ]  # fmt: skip
        regular = z3.And(day >= _REGULAR[0], day < _REGULAR[1])
        self.regular.append(regular)
        return z3.And(place >= 0, place < 366, z3.Implies(regular, z3.And(exact)))


def _span(duration: Duration) -> tuple[int, int]:
    """The least and the most days that its months may take."""
    return (
        (28 * duration.months, 31 * duration.months)
        if duration.months > 0
        else (31 * duration.months, 28 * duration.months)
    )
