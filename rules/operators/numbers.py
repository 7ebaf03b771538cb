"""+, - and * on integers, decimals and money: exact, or an error."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, DecimalException
from typing import ClassVar, TypeAlias

from rules import messages
from rules.errors import EvaluationError
from rules.limits import MAX_INTEGER
from rules.moment import Moment
from rules.nodes import Operator
from rules.scalars import EXACT
from rules.tree import Checker, Closure, Expression, Facts, Value
from rules.types import ANY, INTEGER, NUMBERS, Type, join
from rules.unknown import Unknown

Number: TypeAlias = int | Decimal
Compute: TypeAlias = Callable[[Number, Number], Number]


@dataclass
class Arithmetic(Operator):
    """A computation on numbers of one type. Unknown when one of them is."""

    @staticmethod
    @abstractmethod
    def compute(one: Number, other: Number) -> Number:
        """The result for two known numbers; raises DecimalException where it would have to be rounded."""

    start: ClassVar[int] = 0
    """What a single argument is computed with."""

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
            return _computed(name, compute, [start, *values] if single else values) if unknown is None else unknown

        return run


def _computed(name: str, compute: Compute, values: Sequence[Number]) -> Number:
    result = values[0]
    for value in values[1:]:
        try:
            result = compute(result, value)
        except DecimalException:
            raise EvaluationError(
                f"The result of {name} has too many digits to be exact; use smaller numbers."
            ) from None
        if isinstance(result, int) and abs(result) > MAX_INTEGER:
            raise EvaluationError(f"The result of {name} is beyond ±2^53 and would not be exact; use smaller numbers.")
    return result


@dataclass
class Plus(Arithmetic):
    """The sum."""

    @staticmethod
    def compute(one: Number, other: Number) -> Number:
        return one + other if isinstance(one, int) and isinstance(other, int) else EXACT.add(one, other)


@dataclass
class Minus(Arithmetic):
    """The first minus the second, or the negative of a single argument."""

    arity = (1, 2)

    @staticmethod
    def compute(one: Number, other: Number) -> Number:
        return one - other if isinstance(one, int) and isinstance(other, int) else EXACT.subtract(one, other)


@dataclass
class Times(Arithmetic):
    """The product; an amount of money may be multiplied by integers."""

    start = 1

    @staticmethod
    def compute(one: Number, other: Number) -> Number:
        return one * other if isinstance(one, int) and isinstance(other, int) else EXACT.multiply(one, other)

    def unified(self, checker: Checker, hint: Type | None) -> Type:
        if self.flexible:
            return checker.unify(self.arguments, hint)
        return checker.unify(self.arguments, hint, join=_product, literals=_factor)


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


OPERATORS: dict[str, type[Operator]] = {"+": Plus, "-": Minus, "*": Times}
