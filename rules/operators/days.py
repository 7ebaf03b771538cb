"""same_month_day, weekday_in, time_of_day_in: where a moment stands on the calendar and the clock of the zone."""

from __future__ import annotations

import re
from calendar import isleap
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time
from typing import TYPE_CHECKING

from rules import messages, operator_messages
from rules.moment import Moment
from rules.nodes import Items, Literal, Operator
from rules.sentences import Speaker, Words
from rules.sql import Query, day_of, of_known
from rules.strict import Strict
from rules.tree import Checker, Closure, Expression, Facts, Value
from rules.types import BOOLEAN, DATE, INSTANT, INTEGER, TEXT, Type
from rules.unknown import Unknown

if TYPE_CHECKING:
    from rules.smt import Formula, Formulas, Term

_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)


@dataclass
class OfMoment(Operator):
    """A test of dates or instants; those of an instant are of the zone."""

    @property
    def timed(self) -> bool:
        return True

    def infer_time(self, checker: Checker, node: Expression, hint: Type, *, dates: bool = True) -> None:
        """Report a node that is neither date nor instant; a literal is read as the hint says."""
        found = checker.infer(node, hint)
        if found.kind in {"instant", "any"} or (dates and found.kind == "date"):
            return
        words = ("日期和时间点", "dates and instants") if dates else ("时间点", "instants")
        checker.report("type-mismatch", node, messages.not_for_type(self.operator, node.shown, found, *words))


@dataclass
class SameMonthDay(OfMoment, Strict):
    """Whether a day is the yearly return of another: a birthday, say. That one first, then the day asked about.

    29 February returns on 28 February in a year that has none.
    """

    title = Words("周年日", "Yearly return")
    zh = (
        "问到的日子是否是另一个日子的周年，例如生日。先写那个日子，再写问到的日子。\n\n"
        "没有 2 月 29 日的年份，它的周年在 2 月 28 日。"
    )
    example = ({"var": "member.birthday"}, {"var": "today"})
    template = Words("{1} 是 {0} 的周年日", "{1} is the yearly return of {0}")

    arity = (2, 2)

    def infer(self, checker: Checker) -> Type:
        for argument in self.arguments:
            self.infer_time(checker, argument, DATE)
        return BOOLEAN

    def compute(self, moment: Moment, *values: Value) -> Value:
        first, asked = (moment.day_of(value) for value in values)
        return (first.month, first.day) == (asked.month, asked.day) or _returns_early(first, asked)

    def sql(self, query: Query) -> str | None:
        first, asked = (day_of(argument, query) for argument in self.arguments)
        if first is None or asked is None or not query.repeatable(first, asked):
            return None
        one, other, next_day = (f"to_char({day}, 'MMDD')" for day in (first, asked, f"{asked} + 1"))
        early = f"({one} = '0229' AND {other} = '0228' AND {next_day} = '0301')"
        return f"({one} = {other} OR {early})"

    def formula(self, formulas: Formulas, *values: Formula) -> Formula:
        first, asked = (formulas.day(value, node.type) for value, node in zip(values, self.arguments, strict=True))
        return formulas.calendar.returns(first, asked)


def _returns_early(first: date, asked: date) -> bool:
    leap_day = (first.month, first.day) == (2, 29)
    return leap_day and (asked.month, asked.day) == (2, 28) and not isleap(asked.year)


@dataclass
class WeekdayIn(OfMoment):
    """Whether a date or an instant is on one of these weekdays: 1 is Monday, 7 is Sunday."""

    title = Words("星期", "Weekday")
    zh = "一个日期或时间点是否在这些星期几：1 是星期一，7 是星期日。"
    example = ({"var": "today"}, [6, 7])

    arity = (2, 2)

    def infer(self, checker: Checker) -> Type:
        when, days = self.arguments
        self.infer_time(checker, when, INSTANT)
        if not isinstance(days, Items) or not all(isinstance(day, Literal) for day in days.items):
            checker.report("type-mismatch", days, operator_messages.not_written_out("weekday_in", "[6, 7]"))
            return BOOLEAN
        days.type = Type("list", of=INTEGER)
        checker.expect_all(days.items, INTEGER)
        for day in days.items:
            if isinstance(day, Literal) and day.type.kind == "integer" and not 1 <= day.value <= 7:
                checker.report("type-mismatch", day, operator_messages.no_weekday(day.shown))
        return BOOLEAN

    @property
    def weekdays(self) -> frozenset[int]:
        """The weekdays by their ISO numbers."""
        days = self.arguments[1]
        items = days.items if isinstance(days, Items) else ()
        return frozenset(day.value for day in items if isinstance(day, Literal))

    def closure(self) -> Closure:
        closure, weekdays = self.arguments[0].closure(), self.weekdays

        def run(facts: Facts, moment: Moment) -> Value:
            when = closure(facts, moment)
            return when if type(when) is Unknown else moment.day_of(when).isoweekday() in weekdays

        return run

    def sentence(self, speaker: Speaker) -> str:
        days = speaker.either([WEEKDAYS[day - 1].of(speaker.language) for day in sorted(self.weekdays)])
        return speaker.fill(Words("{0} 是 {1}", "{0} is on {1}"), [speaker.part(self.arguments[0]), days])

    def sql(self, query: Query) -> str | None:
        day = day_of(self.arguments[0], query)
        if day is None:
            return None
        if not self.weekdays:
            return of_known(day, "FALSE", query)
        return f"(extract(isodow FROM {day}) = ANY ({query.bind(self.weekdays, 'numeric[]')}))"

    def smt(self, formulas: Formulas) -> Term:
        [when] = formulas.each(self.arguments[:1])
        weekday = formulas.calendar.weekday(formulas.day(when.value, self.arguments[0].type))
        return formulas.term(formulas.any_of(weekday == day for day in sorted(self.weekdays)), when.known)


WEEKDAYS = tuple(
    Words(f"星期{zh}", en)
    for zh, en in zip(
        "一二三四五六日",
        ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        strict=True,
    )
)


@dataclass
class TimeOfDayIn(OfMoment):
    """Whether the clock of the zone stands from one time to before another at an instant; it may cross midnight."""

    title = Words("钟点", "Time of day")
    zh = "时区的钟在一个时间点是否从一个钟点起、在另一个之前；可以跨过午夜。"
    example = ({"var": "now"}, "22:00", "08:30")

    arity = (3, 3)

    def infer(self, checker: Checker) -> Type:
        when, *ends = self.arguments
        self.infer_time(checker, when, INSTANT, dates=False)
        for end in ends:
            checker.expect(end, TEXT)
            if not isinstance(end, Literal) or not _TIME.fullmatch(str(end.json)):
                checker.report("type-mismatch", end, operator_messages.no_time_of_day(end.shown))
        if ends[0].source == ends[1].source:
            checker.report("type-mismatch", self, operator_messages.empty_window(ends[0].shown))
        return BOOLEAN

    @property
    def window(self) -> tuple[time, time]:
        """From when, and to before when. The second is not the later one where the window crosses midnight."""
        start, end = (time.fromisoformat(each) for each in self._ends())
        return start, end

    def _ends(self) -> Iterator[str]:
        return (str(end.json) for end in self.arguments[1:] if isinstance(end, Literal))

    def closure(self) -> Closure:
        closure, (start, end) = self.arguments[0].closure(), self.window

        def run(facts: Facts, moment: Moment) -> Value:
            when = closure(facts, moment)
            if type(when) is Unknown:
                return when
            clock = when.astimezone(moment.zone).time()
            return start <= clock < end if start < end else clock >= start or clock < end

        return run

    def sentence(self, speaker: Speaker) -> str:
        words = Words("{0} 的钟点从 {1} 起、在 {2} 之前", "the time of day of {0} is from {1} to before {2}")
        return speaker.fill(words, [speaker.part(self.arguments[0]), *self._ends()])

    def sql(self, query: Query) -> str | None:
        when = self.arguments[0].sql(query)
        local = None if when is None else query.local(when)
        if local is None or not query.repeatable(local):
            return None
        start, end = (query.bind(each.isoformat(), "time") for each in self.window)
        both = "AND" if self.window[0] < self.window[1] else "OR"
        return f"({local}::time >= {start} {both} {local}::time < {end})"

    def smt(self, formulas: Formulas) -> Term:
        [when], (start, end) = formulas.each(self.arguments[:1]), self.window
        clock = formulas.calendar.time_of_day(when.value)
        since, before = clock >= _seconds(start) * 10**6, clock < _seconds(end) * 10**6
        inside = formulas.all_of([since, before]) if start < end else formulas.any_of([since, before])
        return formulas.term(inside, when.known)


def _seconds(clock: time) -> int:
    return clock.hour * 3600 + clock.minute * 60


FAMILY = Words("时间", "Time")

OPERATORS: dict[str, type[Operator]] = {
    "same_month_day": SameMonthDay,
    "weekday_in": WeekdayIn,
    "time_of_day_in": TimeOfDayIn,
}
