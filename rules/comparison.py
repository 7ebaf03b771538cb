"""The base of operators that compare values of one type; of three, each with the next."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

from rules.moment import Moment
from rules.nodes import Literal, Operator
from rules.sentences import Speaker, Words
from rules.sql import Query, common_type, forms
from rules.tree import Checker, Closure, Expression, Facts, Value
from rules.types import BOOLEAN, Type
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
    """What stands between them in SQL."""

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
                return of_three(compare, first, second, third)
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
        return neighbours(type(self).compare, formulas.each(self.arguments), formulas)


def neighbours(compare: Compare, terms: Sequence[Term], formulas: Formulas) -> Term:
    """Each of the terms compared with the next, for proofs."""
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


def of_three(compare: Compare, first: Expression, second: Expression, third: Expression) -> Closure:
    """A closure that compares the first with the second, and that with the third."""
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
