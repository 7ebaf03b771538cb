"""days_since and within_last: the distance of a date or an instant from now."""

from __future__ import annotations

from dataclasses import dataclass

from rules import messages
from rules.duration import Duration, DurationError, add_to_date, add_to_instant, calendar_days
from rules.errors import EvaluationError
from rules.moment import Moment
from rules.nodes import Literal, Operator
from rules.tree import Checker, Closure, Expression, Facts, Value
from rules.types import BOOLEAN, DURATION, INSTANT, INTEGER, Type
from rules.unknown import Unknown


def expect_time(checker: Checker, operator: str, node: Expression) -> Type:
    """The type of a node that must be a date or an instant; a literal is read as an instant."""
    found = checker.infer(node, INSTANT)
    if found.kind not in {"date", "instant", "any"}:
        message = messages.not_for_type(operator, node.shown, found, "日期和时间点", "dates and instants")
        checker.report("type-mismatch", node, message)
    return found


@dataclass
class DaysSince(Operator):
    """How many calendar days of the zone have begun since a date or an instant: 0 today, negative in the future."""

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


@dataclass
class WithinLast(Operator):
    """Whether a date or an instant lies from now minus a duration to now, both included."""

    arity = (2, 2)

    @property
    def timed(self) -> bool:
        return True

    def infer(self, checker: Checker) -> Type:
        time, length = self.arguments
        found = expect_time(checker, self.operator, time)
        checker.expect(length, DURATION)
        if (
            found.kind == "date"
            and isinstance(length, Literal)
            and isinstance(length.value, Duration)
            and length.value.elapsed
        ):
            checker.report("type-mismatch", length, messages.hours_of_a_date(time.shown, length.shown))
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
                raise EvaluationError(f"{error}; use a shorter duration.") from error

        return run


def _date_within(when: Value, duration: Duration, moment: Moment) -> bool:
    today = moment.today
    if duration.elapsed:
        raise EvaluationError(f"A date cannot be compared with {duration}, which counts hours; use whole days.")
    return bool(add_to_date(today, -duration) <= when <= today)


def _instant_within(when: Value, duration: Duration, moment: Moment) -> bool:
    return bool(when <= moment.now and when >= add_to_instant(moment.now, -duration, moment.zone))


OPERATORS: dict[str, type[Operator]] = {"days_since": DaysSince, "within_last": WithinLast}
