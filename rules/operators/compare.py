"""==, !=, <, <=, >, >= and between, on values of one type; of three, each is compared with the next."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

from rules import messages
from rules.moment import Moment
from rules.nodes import Items, Literal, Operator
from rules.sentences import Speaker, Words
from rules.sql import Query, common_type, forms
from rules.tree import Binding, Checker, Closure, Expression, Facts, Value
from rules.types import BOOLEAN, ORDERED, Type
from rules.unknown import Unknown

if TYPE_CHECKING:
    from rules.smt import Formulas, Term

Compare = Callable[[Value, Value], bool]


@dataclass
class Comparison(Operator):
    """A test of neighbours. Unknown when one of them is missing and the others do not settle it."""

    arity: ClassVar[tuple[int, int | None]] = (2, 3)
    compare: ClassVar[Compare]
    verb: ClassVar[Words]
    verb_of_times: ClassVar[Words | None] = None
    """What stands between dates or instants, where that is another word."""

    sign: ClassVar[str]
    """The same in SQL."""

    def infer(self, checker: Checker) -> Type:
        self.admit(checker, checker.unify(self.arguments))
        return BOOLEAN

    def admit(self, checker: Checker, common: Type) -> None:
        """Report a type that cannot be compared so."""

    def closure(self) -> Closure:
        compare = type(self).compare
        match self.arguments:
            case [left, Literal(value=constant)]:
                return _with_constant(compare, left.closure(), constant)
            case [left, right]:
                return _of_two(compare, left.closure(), right.closure())
            case [first, second, third]:
                return _of_three(compare, first, second, third)
            case _:
                raise TypeError(f"{self.operator} compares two or three values")

    def sentence(self, speaker: Speaker) -> str:
        if self.template is not None:
            return super().sentence(speaker)
        is_time = self.arguments[0].type.kind in ("date", "instant")
        verb = (self.verb_of_times or self.verb) if is_time else self.verb
        return f" {verb.of(speaker.language)} ".join(speaker.part(argument) for argument in self.arguments)

    def sql(self, query: Query) -> str | None:
        return self.chained(query, self.arguments)

    def chained(self, query: Query, nodes: Sequence[Expression]) -> str | None:
        """Each of the nodes compared with the next."""
        type_, found = common_type(nodes), forms(nodes, query)
        if type_ is None or found is None or not query.repeatable(*found[1:-1]):
            return None
        pairs = [self.pair(one, two, type_, query) for one, two in pairwise(found)]
        return f"({' AND '.join(pair for pair in pairs if pair)})" if all(pairs) else None

    def pair(self, one: str, two: str, type_: str, query: Query) -> str | None:  # noqa: ARG002  some need them
        """Two values compared."""
        return f"({one} {self.sign} {two})"

    def smt(self, formulas: Formulas) -> Term:
        return _neighbours(type(self).compare, formulas.each(self.arguments), formulas)


def _neighbours(compare: Compare, terms: Sequence[Term], formulas: Formulas) -> Term:
    pairs = [(compare(one.value, two.value), formulas.known((one, two))) for one, two in pairwise(terms)]
    return formulas.joined([formulas.term(value, known) for value, known in pairs], settling=False)


def _with_constant(compare: Compare, left: Closure, constant: Value) -> Closure:
    if compare is operator.eq:

        def equals(facts: Facts, moment: Moment) -> Value:
            value = left(facts, moment)
            return value if type(value) is Unknown else value == constant

        return equals

    def run(facts: Facts, moment: Moment) -> Value:
        value = left(facts, moment)
        return value if type(value) is Unknown else compare(value, constant)

    return run


def _of_two(compare: Compare, left: Closure, right: Closure) -> Closure:
    def run(facts: Facts, moment: Moment) -> Value:
        return _verdict(compare, left(facts, moment), right(facts, moment))

    return run


def _of_three(compare: Compare, first: Expression, second: Expression, third: Expression) -> Closure:
    if isinstance(first, Literal) and isinstance(third, Literal):
        return _between_constants(compare, first.value, second.closure(), third.value)
    one_of, two_of, three_of = first.closure(), second.closure(), third.closure()

    def run(facts: Facts, moment: Moment) -> Value:
        one, two, three = one_of(facts, moment), two_of(facts, moment), three_of(facts, moment)
        return kleene_and(_verdict(compare, one, two), _verdict(compare, two, three))

    return run


def _between_constants(compare: Compare, low: Value, middle: Closure, high: Value) -> Closure:
    def run(facts: Facts, moment: Moment) -> Value:
        value = middle(facts, moment)
        return value if type(value) is Unknown else compare(low, value) and compare(value, high)

    return run


def _verdict(compare: Compare, one: Value, two: Value) -> Value:
    if type(one) is Unknown:
        return one | two if type(two) is Unknown else one
    return two if type(two) is Unknown else compare(one, two)


def kleene_and(one: Value, two: Value) -> Value:
    """Both of two three-valued verdicts."""
    if one is False or two is False:
        return False
    if type(one) is Unknown:
        return one | two if type(two) is Unknown else one
    return two


@dataclass
class Equality(Comparison):
    """A comparison that any type but a list of objects allows."""

    def admit(self, checker: Checker, common: Type) -> None:
        if common.kind == "object" or (common.of is not None and common.of.kind == "object"):
            shown = self.arguments[0].shown
            checker.report(
                "type-mismatch",
                self,
                messages.not_for_type(self.operator, shown, common, "单个的值", "single values"),
            )

    def sql(self, query: Query) -> str | None:
        kinds = {argument.type.kind for argument in self.arguments}
        return None if {"tags", "list"} <= kinds else super().sql(query)

    def pair(self, one: str, two: str, type_: str, query: Query) -> str | None:
        if self.arguments[0].type.kind != "tags":
            return super().pair(one, two, type_, query)
        same = f"({one} @> {two} AND {one} <@ {two})"
        return (same if self.sign == "=" else f"(NOT {same})") if query.repeatable(one, two) else None

    def smt(self, formulas: Formulas) -> Term:
        if any(argument.type.kind == "list" for argument in self.arguments):
            same = formulas.same_list([formulas.of(argument) for argument in self.arguments])
            return same if type(self).compare is operator.eq else formulas.term(formulas.no(same.value), same.known)
        return super().smt(formulas)


@dataclass
class Equal(Equality):
    """Whether values of one type are the same."""

    title = Words("相等", "Equal")
    zh = "两个同一类型的值是否相同;三个时,是否都相同。"
    example = ({"var": "member.tier"}, "gold")

    compare = operator.eq
    verb = Words("是", "is")

    def sentence(self, speaker: Speaker) -> str:
        match self.arguments:
            case [condition, Literal(json=True)]:
                return speaker.part(condition, Binding.CLAUSE)
            case [condition, Literal(json=False)]:
                return Words("{} 不成立", "{} is false").of(speaker.language).format(speaker.part(condition))
            case [_, _]:
                return super().sentence(speaker)
            case _:
                parts = [speaker.part(argument) for argument in self.arguments]
                return speaker.fill(Words("{all} 都相同", "{all} are all the same"), parts)

    sign = "="


@dataclass
class NotEqual(Equality):
    """Whether two values of one type differ. Of three, readers of JSONLogic disagree what it would mean."""

    title = Words("不相等", "Not equal")
    zh = "两个同一类型的值是否不同。三个值的「不同」各家 JSONLogic 说法不一,所以只能写两个。"
    example = ({"var": "member.tier"}, "gold")

    arity = (2, 2)
    compare = operator.ne
    verb = Words("不是", "is not")

    sign = "<>"


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
    zh = "第一个值是否在第二个到第三个之间,两端都算。"
    example = ({"var": "member.points"}, 100, 500)
    template = Words("{0} 在 {1} 到 {2} 之间(含两端)", "{0} is between {1} and {2} (both included)")

    arity = (3, 3)
    compare = operator.le
    sign = "<="

    def closure(self) -> Closure:
        value, low, high = self.arguments
        return _of_three(operator.le, low, value, high)

    def sql(self, query: Query) -> str | None:
        value, low, high = self.arguments
        return self.chained(query, (low, value, high))

    def smt(self, formulas: Formulas) -> Term:
        value, low, high = formulas.each(self.arguments)
        return _neighbours(operator.le, (low, value, high), formulas)


OPERATORS: dict[str, type[Operator]] = {
    "==": Equal,
    "===": Equal,
    "!=": NotEqual,
    "!==": NotEqual,
    "<": Less,
    "<=": LessOrEqual,
    ">": Greater,
    ">=": GreaterOrEqual,
    "between": Between,
}
