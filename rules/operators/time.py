"""within_last, in_window, add_duration: windows on the time line, and their ends."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from rules import evaluation_messages, messages
from rules.duration import Duration, DurationError, add_to_date, add_to_instant
from rules.errors import EvaluationError
from rules.moment import Moment
from rules.nodes import Literal, Operator
from rules.scalars import in_calendar
from rules.sentences import Words
from rules.sql import Query, common_type, forms
from rules.strict import Strict
from rules.tree import Checker, Closure, Facts, Value
from rules.types import BOOLEAN, INSTANT, Type
from rules.unknown import Unknown, unknown_of

if TYPE_CHECKING:
    from rules.smt import Formula, Formulas, Term


from rules.times import expect_length, expect_time, whole_days


@dataclass
class WithinLast(Operator):
    """Whether a date or an instant lies from now minus a duration to now, both included."""

    title = Words("在最近", "Within the last")
    zh = "一个日期或时间点是否在现在往回一段时长到现在之间，两端都算。"
    example = ({"var": "member.friend_since"}, "P90D")
    template = Words("{0} 在最近 {1}内", "{0} is within the last {1}")

    arity = (2, 2)

    @property
    def timed(self) -> bool:
        return True

    def infer(self, checker: Checker) -> Type:
        time, length = self.arguments
        found = expect_time(checker, self.operator, time)
        expect_length(checker, time, found, length)
        return BOOLEAN

    def closure(self) -> Closure:
        time, length = (argument.closure() for argument in self.arguments)
        within = _date_within if self.arguments[0].type.kind == "date" else _instant_within

        def run(facts: Facts, moment: Moment) -> Value:
            when, duration = time(facts, moment), length(facts, moment)
            if type(when) is Unknown:
                return when | duration if type(duration) is Unknown else when
            if type(duration) is Unknown:
                return duration
            try:
                return within(when, duration, moment)
            except DurationError as error:
                raise EvaluationError(evaluation_messages.out_of_calendar()) from error

        return run

    def sql(self, query: Query) -> str | None:
        """The window's beginning is reckoned here, by the calendar that closures use."""
        time, length = self.arguments
        found = time.sql(query)
        if found is None or not isinstance(length, Literal) or not isinstance(length.value, Duration):
            return None
        try:
            if time.type.kind == "date":
                since = None if length.value.elapsed else add_to_date(query.today, -length.value)
                return None if since is None else _in_range(found, "date", since, query.today, query)
            since = add_to_instant(query.now, -length.value, query.zone)
            return _in_range(found, "timestamptz", since, query.now, query)
        except DurationError:
            return None

    def smt(self, formulas: Formulas) -> Term:
        time, length = self.arguments
        if not isinstance(length, Literal):
            return formulas.opaque(self)
        [when], calendar = formulas.each([time]), formulas.calendar
        if time.type.kind == "date":
            earliest, latest = calendar.day_later(calendar.today, -length.value), calendar.today
        else:
            earliest, latest = calendar.later(calendar.now, -length.value), calendar.now
        return formulas.term(formulas.all_of([earliest <= when.value, when.value <= latest]), when.known)


def _in_range(value: str, type_: str, first: date, last: date, query: Query) -> str | None:
    if not query.repeatable(value):
        return None
    return f"({value} >= {query.bind(first, type_)} AND {value} <= {query.bind(last, type_)})"


def _date_within(when: Value, duration: Duration, moment: Moment) -> bool:
    today = moment.today
    return bool(add_to_date(today, -whole_days(duration)) <= when <= today)


def _instant_within(when: Value, duration: Duration, moment: Moment) -> bool:
    return bool(when <= moment.now and when >= add_to_instant(moment.now, -duration, moment.zone))


@dataclass
class InWindow(Operator):
    """Whether a date or an instant lies from the second one to before the third."""

    title = Words("在期间内", "In a window")
    zh = "一个日期或时间点是否从第二个起、在第三个之前。"
    example = ({"var": "now"}, "2026-11-01T00:00:00+08:00", "2026-11-13T00:00:00+08:00")
    template = Words("{0} 从 {1} 起、在 {2} 之前", "{0} is from {1} to before {2}")

    arity = (3, 3)

    def infer(self, checker: Checker) -> Type:
        found = checker.unify(self.arguments, INSTANT)
        if found.kind not in {"date", "instant", "any"}:
            shown = next((a.shown for a in self.arguments if not isinstance(a, Literal)), self.arguments[0].shown)
            message = messages.not_for_type(self.operator, shown, found, "日期和时间点", "dates and instants")
            checker.report("type-mismatch", self, message)
        return BOOLEAN

    def closure(self) -> Closure:
        closures = tuple(argument.closure() for argument in self.arguments)

        def run(facts: Facts, moment: Moment) -> Value:
            when, start, end = (closure(facts, moment) for closure in closures)
            begun = _in_order(operator.le, start, when)
            return False if begun is False else _both(begun, _in_order(operator.lt, when, end))

        return run

    def sql(self, query: Query) -> str | None:
        found = forms(self.arguments, query)
        if found is None or common_type(self.arguments) is None or not query.repeatable(found[0]):
            return None
        when, start, end = found
        return f"({start} <= {when} AND {when} < {end})"

    def smt(self, formulas: Formulas) -> Term:
        when, start, end = formulas.each(self.arguments)
        begun = formulas.term(start.value <= when.value, formulas.known((start, when)))
        not_over = formulas.term(when.value < end.value, formulas.known((when, end)))
        return formulas.joined([begun, not_over], settling=False)


def _in_order(compare: Callable[[Value, Value], bool], one: Value, other: Value) -> Value:
    unknown = unknown_of((one, other))
    return compare(one, other) if unknown is None else unknown


def _both(one: Value, other: Value) -> Value:
    """Both of a verdict that is not false, and another one."""
    if other is False or one is True:
        return other
    return one | other if type(other) is Unknown else one


@dataclass
class AddDuration(Strict):
    """A date or an instant and a duration later: months and days on the calendar of the zone, hours on the clock."""

    title = Words("加时长", "Later by")
    zh = "一个日期或时间点过一段时长之后：年月日按时区的日历，时分秒按钟表。"
    example = ({"var": "member.created_at"}, "P7D")
    template = Words("{0} 之后 {1}", "{1} after {0}")

    arity = (2, 2)

    @property
    def timed(self) -> bool:
        return True

    def infer(self, checker: Checker) -> Type:
        time, length = self.arguments
        found = expect_time(checker, self.operator, time)
        expect_length(checker, time, found, length)
        return found

    def compute(self, moment: Moment, *values: Value) -> Value:
        when, duration = values
        if not isinstance(when, datetime):
            return add_to_date(when, whole_days(duration))
        try:
            return in_calendar(add_to_instant(when, duration, moment.zone))
        except OverflowError:
            raise DurationError(f"{duration} from {when.isoformat()} leaves the calendar") from None

    def sql(self, query: Query) -> str | None:
        time, length = self.arguments
        found = time.sql(query)
        if found is None or not isinstance(length, Literal) or not isinstance(length.value, Duration):
            return None
        if time.type.kind == "instant":
            return query.later(found, length.value)
        return None if length.value.elapsed else query.days_later(found, length.value)

    def formula(self, formulas: Formulas, *values: Formula) -> Formula | None:
        time, length = self.arguments
        if not isinstance(length, Literal):
            return None
        calendar = formulas.calendar
        if time.type.kind == "date":
            return calendar.day_later(values[0], length.value)
        return calendar.later(values[0], length.value)


FAMILY = Words("时间", "Time")

OPERATORS: dict[str, type[Operator]] = {
    "within_last": WithinLast,
    "in_window": InWindow,
    "add_duration": AddDuration,
}
