"""+, -, *, min and max on numbers of one type: exact, or an error. min and max take dates and instants too."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rules import messages
from rules.exact import Number, add, computed, multiply, subtract
from rules.moment import Moment
from rules.nodes import Operator
from rules.sentences import Speaker, Words
from rules.sql import Query, common_type, forms
from rules.strict import Strict
from rules.tree import Binding, Checker, Closure, Expression, Facts, Value
from rules.types import ANY, INTEGER, NUMBERS, Type, join
from rules.unknown import Unknown

if TYPE_CHECKING:
    from rules.smt import Formula, Formulas, Term


@dataclass
class Arithmetic(Operator):
    """A computation on numbers of one type. Unknown when one of them is."""

    @staticmethod
    @abstractmethod
    def compute(one: Number, other: Number) -> Number:
        """The result for two known numbers; raises DecimalException where it would have to be rounded."""

    start: ClassVar[int] = 0
    """What a single argument is computed with."""

    sign: ClassVar[str]
    """The same in SQL."""

    @property
    def flexible(self) -> bool:
        return all(argument.flexible for argument in self.arguments)

    def infer(self, checker: Checker) -> Type:
        found = self.unified(checker, self.hint if self.hint is not None and self.hint.kind in NUMBERS else None)
        if found.kind in NUMBERS | {"any"}:
            return found
        message = messages.not_for_type(
            self.operator, self.arguments[0].shown, found, "数字和金额", "numbers and money"
        )
        checker.report("type-mismatch", self, message)
        return ANY

    def unified(self, checker: Checker, hint: Type | None) -> Type:
        """The common type of the arguments."""
        return checker.unify(self.arguments, hint)

    def closure(self) -> Closure:
        closures = [argument.closure() for argument in self.arguments]
        compute, name, start = self.compute, self.operator, self.start
        single = len(closures) == 1

        def run(facts: Facts, moment: Moment) -> Value:
            values = [closure(facts, moment) for closure in closures]
            unknown: Unknown | None = None
            for value in values:
                if type(value) is Unknown:
                    unknown = value if unknown is None else unknown | value
            return computed(name, compute, [start, *values] if single else values) if unknown is None else unknown

        return run

    def sentence(self, speaker: Speaker) -> str:
        return f" {_WRITTEN[self.sign]} ".join(speaker.part(argument, Binding.ATOM) for argument in self.arguments)

    def sql(self, query: Query) -> str | None:
        found = forms(self.arguments, query)
        if found is None or self.type.kind not in NUMBERS:
            return None
        query.within_exact(self.bound(found))
        result = f"({f' {self.sign} '.join([str(self.start), *found] if len(found) == 1 else found)})"
        if self.type.kind == "decimal":
            query.fault(f"scale({result}) > {_MOST_PLACES}")
        return result

    def bound(self, found: Sequence[str]) -> str:
        """In SQL: what no step of the computation exceeds, signs left aside."""
        return "(" + " + ".join(f"abs({one})" for one in found) + ")"

    def smt(self, formulas: Formulas) -> Term:
        terms = formulas.each(self.arguments)
        known = formulas.known(terms)
        start = formulas.literal(self.start, INTEGER)
        result, *others = [term.value for term in ([start, *terms] if len(terms) == 1 else terms)]
        for value in others:
            result = self.formula(formulas, result, value)
            formulas.need_admitted(formulas.term(result, known), self.type)
        return formulas.term(result, known)

    @staticmethod
    @abstractmethod
    def formula(formulas: Formulas, one: Formula, other: Formula) -> Formula:
        """The same computation for proofs. Raises NoFormError."""


_MOST_PLACES = 40
"""So many decimal places, and as many digits before them as 2^53 has, are exact in any order of computing."""


_WRITTEN = {"+": "+", "-": "−", "*": "×"}
"""The signs as people write them."""


@dataclass
class Plus(Arithmetic):
    """The sum."""

    title = Words("加", "Plus")
    zh = "各数之和。"
    example = ({"var": "member.points"}, 100)

    sign = "+"
    compute = staticmethod(add)

    @staticmethod
    def formula(formulas: Formulas, one: Formula, other: Formula) -> Formula:
        return formulas.numbers.total(one, other)


@dataclass
class Minus(Arithmetic):
    """The first minus the second, or the negative of a single argument."""

    title = Words("减", "Minus")
    zh = "第一个数减第二个；只有一个时是它的相反数。"
    example = ({"var": "member.points"}, 100)

    arity = (1, 2)
    sign = "-"
    compute = staticmethod(subtract)

    def sentence(self, speaker: Speaker) -> str:
        words = super().sentence(speaker)
        return words if len(self.arguments) > 1 else f"{_WRITTEN[self.sign]}{words}"

    @staticmethod
    def formula(formulas: Formulas, one: Formula, other: Formula) -> Formula:
        return formulas.numbers.difference(one, other)


@dataclass
class Times(Arithmetic):
    """The product; an amount of money may be multiplied by integers."""

    title = Words("乘", "Times")
    zh = "各数之积；金额可以乘以整数。"
    example = ({"var": "member.points"}, 2)

    start = 1
    sign = "*"
    compute = staticmethod(multiply)

    @staticmethod
    def formula(formulas: Formulas, one: Formula, other: Formula) -> Formula:
        return formulas.numbers.product(one, other)

    def unified(self, checker: Checker, hint: Type | None) -> Type:
        if self.flexible:
            return checker.unify(self.arguments, hint)
        return checker.unify(self.arguments, hint, join=_product, literals=_factor)

    def bound(self, found: Sequence[str]) -> str:
        """A factor below 1 does not make up for what was too large before it."""
        return "(" + " * ".join(f"greatest(abs({one}), 1)" for one in found) + ")"


def _product(one: Type, other: Type) -> Type | None:
    """An amount times an integer is an amount; an amount times an amount is nothing."""
    kinds = (one.kind, other.kind)
    if kinds == ("money", "money"):
        return None
    if kinds in {("money", "integer"), ("integer", "money")}:
        return one if one.kind == "money" else other
    return join(one, other)


def _factor(common: Type, _literal: Expression) -> Type:
    return INTEGER if common.kind == "money" else common


@dataclass
class Extreme(Strict):
    """One of several values that have an order. Unknown when one of them is."""

    function: ClassVar[str]
    """The same in SQL, where it passes over what is NULL."""

    @property
    def flexible(self) -> bool:
        return all(argument.flexible for argument in self.arguments)

    def infer(self, checker: Checker) -> Type:
        hint = self.hint if self.hint is not None and self.hint.kind in MEASURED else None
        found = checker.unify(self.arguments, hint, self.beside)
        if found.kind in MEASURED | {"any"}:
            return found
        words = "数字、金额、日期和时间点", "numbers, money, dates and instants"
        message = messages.not_for_type(self.operator, self.arguments[0].shown, found, *words)
        checker.report("type-mismatch", self, message)
        return ANY

    def sql(self, query: Query) -> str | None:
        found = forms(self.arguments, query)
        if found is None or common_type(self.arguments) is None or not query.repeatable(*found):
            return None
        listed = ", ".join(found)
        return f"(CASE WHEN num_nulls({listed}) = 0 THEN {self.function}({listed}) END)"


MEASURED = NUMBERS | {"date", "instant"}
"""Kinds of which one can be the least or the greatest."""


@dataclass
class Least(Extreme):
    """The least of numbers, amounts, dates or instants."""

    title = Words("最小值", "Least")
    zh = "数字、金额、日期或时间点中最小的。"
    example = ({"var": "member.points"}, 100)
    template = Words("{all} 中最小的", "the least of {all}")

    function = "LEAST"

    def compute(self, _moment: Moment, *values: Value) -> Value:
        return min(values)

    def formula(self, formulas: Formulas, *values: Formula) -> Formula:
        return formulas.numbers.least(values)


@dataclass
class Greatest(Extreme):
    """The greatest of numbers, amounts, dates or instants."""

    title = Words("最大值", "Greatest")
    zh = "数字、金额、日期或时间点中最大的。"
    example = ({"var": "member.points"}, 100)
    template = Words("{all} 中最大的", "the greatest of {all}")

    function = "GREATEST"

    def compute(self, _moment: Moment, *values: Value) -> Value:
        return max(values)

    def formula(self, formulas: Formulas, *values: Formula) -> Formula:
        return formulas.numbers.greatest(values)


FAMILY = Words("数与金额", "Numbers")

OPERATORS: dict[str, type[Operator]] = {"+": Plus, "-": Minus, "*": Times, "min": Least, "max": Greatest}
