"""<, <=, >, >= and between, on what has an order; of three, each is compared with the next."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rules import messages
from rules.nodes import Items, Literal, Operator
from rules.sentences import Words
from rules.sql import Query
from rules.tree import Checker, Closure
from rules.types import ORDERED, Type

if TYPE_CHECKING:
    from rules.smt import Formulas, Term

from rules.comparison import Comparison, neighbours, of_three


@dataclass
class Ordering(Comparison):
    """A comparison of what has an order: numbers, money, dates, instants, texts by code point."""

    def admit(self, checker: Checker, common: Type) -> None:
        if common.kind not in ORDERED | {"any"}:
            shown = next(
                (a.shown for a in self.arguments if not isinstance(a, Literal | Items)), self.arguments[0].shown
            )
            message = messages.not_for_type(
                self.operator,
                shown,
                common,
                "数字、金额、日期、时间点和文本",
                "numbers, money, dates, instants and text",
            )
            checker.report("type-mismatch", self, message)

    def pair(self, one: str, two: str, type_: str, query: Query) -> str | None:
        """Texts by code point, which is the order of their bytes."""
        return super().pair(f'({one} COLLATE "C")' if type_ == "text" else one, two, type_, query)


@dataclass
class Less(Ordering):
    """Whether each value is less than the next."""

    title = Words("小于", "Less than")
    zh = "每个值是否小于下一个。可用于数字、金额、日期、时间点和文本。"
    example = ({"var": "member.points"}, 100)

    compare = operator.lt
    verb, verb_of_times = Words("小于", "is less than"), Words("早于", "is before")
    sign = "<"


@dataclass
class LessOrEqual(Ordering):
    """Whether each value is at most the next."""

    title = Words("至多", "At most")
    zh = "每个值是否不大于下一个。"
    example = ({"var": "member.points"}, 100)

    compare = operator.le
    verb, verb_of_times = Words("至多是", "is at most"), Words("不晚于", "is not after")
    sign = "<="


@dataclass
class Greater(Ordering):
    """Whether each value is greater than the next."""

    title = Words("大于", "Greater than")
    zh = "每个值是否大于下一个。"
    example = ({"var": "member.points"}, 100)

    compare = operator.gt
    verb, verb_of_times = Words("大于", "is greater than"), Words("晚于", "is after")
    sign = ">"


@dataclass
class GreaterOrEqual(Ordering):
    """Whether each value is at least the next."""

    title = Words("至少", "At least")
    zh = "每个值是否不小于下一个。"
    example = ({"var": "member.points"}, 100)

    compare = operator.ge
    verb, verb_of_times = Words("至少是", "is at least"), Words("不早于", "is not before")
    sign = ">="


@dataclass
class Between(Ordering):
    """Whether the first value lies from the second to the third, both included."""

    title = Words("介于", "Between")
    zh = "第一个值是否在第二个到第三个之间，两端都算。"
    example = ({"var": "member.points"}, 100, 500)
    template = Words("{0} 在 {1} 到 {2} 之间(含两端)", "{0} is between {1} and {2} (both included)")

    arity = (3, 3)
    compare = operator.le
    sign = "<="

    def closure(self) -> Closure:
        value, low, high = self.arguments
        return of_three(operator.le, low, value, high)

    def sql(self, query: Query) -> str | None:
        value, low, high = self.arguments
        return self.chained(query, (low, value, high))

    def smt(self, formulas: Formulas) -> Term:
        value, low, high = formulas.each(self.arguments)
        return neighbours(operator.le, (low, value, high), formulas)


FAMILY = Words("比较", "Comparison")

OPERATORS: dict[str, type[Operator]] = {
    "<": Less,
    "<=": LessOrEqual,
    ">": Greater,
    ">=": GreaterOrEqual,
    "between": Between,
}
