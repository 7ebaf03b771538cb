"""days_since, days_until: how many days lie between a date or an instant and today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rules.duration import calendar_days
from rules.moment import Moment
from rules.nodes import Operator
from rules.sentences import Words
from rules.sql import Query, day_of
from rules.tree import Checker, Closure, Facts, Value
from rules.types import INTEGER, Json, Type
from rules.unknown import Unknown

if TYPE_CHECKING:
    from rules.smt import Formulas, Term


from rules.times import expect_time


@dataclass
class DaysSince(Operator):
    """How many calendar days of the zone have begun since a date or an instant: 0 today, negative in the future."""

    title = Words("已过天数", "Days since")
    zh = "从一个日期或时间点起，已经开始了多少个日历日：今天是 0，未来是负数。"
    example: ClassVar[tuple[Json, ...]] = ({"var": "member.friend_since"},)
    template = Words("自 {0} 起的天数", "the days since {0}")

    arity = (1, 1)

    @property
    def timed(self) -> bool:
        return True

    def infer(self, checker: Checker) -> Type:
        expect_time(checker, self.operator, self.arguments[0])
        return INTEGER

    def closure(self) -> Closure:
        closure, is_date = self.arguments[0].closure(), self.arguments[0].type.kind == "date"

        def run(facts: Facts, moment: Moment) -> Value:
            start = closure(facts, moment)
            if type(start) is Unknown:
                return start
            return (moment.today - start).days if is_date else calendar_days(start, moment.now, moment.zone)

        return run

    def sql(self, query: Query) -> str | None:
        day = day_of(self.arguments[0], query)
        return None if day is None else f"(({query.bind(query.today, 'date')} - {day})::numeric)"

    def smt(self, formulas: Formulas) -> Term:
        [start] = formulas.each(self.arguments)
        day = formulas.day(start.value, self.arguments[0].type)
        return formulas.term(formulas.calendar.today - day, start.known)


@dataclass
class DaysUntil(DaysSince):
    """How many calendar days of the zone begin until a date or an instant: 0 today, negative in the past."""

    title = Words("还有天数", "Days until")
    zh = "到一个日期或时间点为止，还要开始多少个日历日：今天是 0，过去是负数。"
    example = ("2026-11-11T00:00:00+08:00",)
    template = Words("到 {0} 还有的天数", "the days until {0}")

    def closure(self) -> Closure:
        since = super().closure()

        def run(facts: Facts, moment: Moment) -> Value:
            days = since(facts, moment)
            return days if type(days) is Unknown else -days

        return run

    def sql(self, query: Query) -> str | None:
        day = day_of(self.arguments[0], query)
        return None if day is None else f"(({day} - {query.bind(query.today, 'date')})::numeric)"

    def smt(self, formulas: Formulas) -> Term:
        since = super().smt(formulas)
        return formulas.term(-since.value, since.known)


FAMILY = Words("时间", "Time")

OPERATORS: dict[str, type[Operator]] = {"days_since": DaysSince, "days_until": DaysUntil}
