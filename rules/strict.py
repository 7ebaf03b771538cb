"""The base of operators that need all of their arguments: most of them."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rules import evaluation_messages
from rules.duration import DurationError
from rules.errors import EvaluationError
from rules.moment import Moment
from rules.nodes import Operator
from rules.tree import Closure, Facts, Value
from rules.unknown import Unknown, unknown_of

if TYPE_CHECKING:
    from rules.smt import Formula, Formulas, Term


@dataclass
class Strict(Operator):
    """An operator that is unknown when one of its arguments is, and else computes its value from theirs."""

    @abstractmethod
    def compute(self, moment: Moment, *values: Value) -> Value:
        """The value for known arguments. Raises EvaluationError or DurationError where there is none."""

    def closure(self) -> Closure:
        closures = tuple(argument.closure() for argument in self.arguments)
        compute = self.compute

        def run(facts: Facts, moment: Moment) -> Value:
            values = [closure(facts, moment) for closure in closures]
            for value in values:
                if type(value) is Unknown:
                    return unknown_of(values)
            try:
                return compute(moment, *values)
            except DurationError as error:
                raise EvaluationError(evaluation_messages.out_of_calendar()) from error

        return run

    def formula(self, formulas: Formulas, *values: Formula) -> Formula | None:  # noqa: ARG002  for those that have one
        """The value of known arguments for proofs; None where it has no form. Raises NoFormError."""
        return None

    def smt(self, formulas: Formulas) -> Term:
        terms = formulas.each(self.arguments)
        value = self.formula(formulas, *(term.value for term in terms))
        found = formulas.term(formulas.opaque(self).value if value is None else value, formulas.known(terms))
        formulas.need_admitted(found, self.type)
        return found
