"""What the arguments of operators on dates and instants have in common."""

from __future__ import annotations

from rules import evaluation_messages, messages
from rules.duration import Duration
from rules.errors import EvaluationError
from rules.nodes import Literal
from rules.tree import Checker, Expression
from rules.types import DURATION, INSTANT, Type


def expect_time(checker: Checker, operator: str, node: Expression) -> Type:
    """The type of a node that must be a date or an instant; a literal is read as an instant."""
    found = checker.infer(node, INSTANT)
    if found.kind not in {"date", "instant", "any"}:
        message = messages.not_for_type(operator, node.shown, found, "日期和时间点", "dates and instants")
        checker.report("type-mismatch", node, message)
    return found


def expect_length(checker: Checker, time: Expression, found: Type, length: Expression) -> None:
    """A duration that is added to, or taken from, a date or an instant; hours of a date are reported."""
    checker.expect(length, DURATION)
    value = length.value if isinstance(length, Literal) else None
    if found.kind == "date" and isinstance(value, Duration) and value.elapsed:
        checker.report("type-mismatch", length, messages.hours_of_a_date(time.shown, length.shown))


def whole_days(duration: Duration) -> Duration:
    """A duration without hours. Raises EvaluationError for another one."""
    if duration.elapsed:
        raise EvaluationError(evaluation_messages.hours_of_a_date(str(duration)))
    return duration
