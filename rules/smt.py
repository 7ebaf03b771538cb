"""Rules as formulas of z3, for proofs: what an operator's `smt` builds, and what it builds it with.

A value becomes a pair of terms: the value, and whether it is known. What has no form becomes a free variable, so that a
proof may fear what cannot happen and never misses what can. Only provers import this module; operators name it in their
types alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import z3

from rules import smt_numbers
from rules.codes import after_prefix
from rules.fields import Field
from rules.operators.named import meaning
from rules.smt_calendar import Calendar
from rules.smt_values import LIMITS, Formula, NoFormError, Values
from rules.tree import Expression, Value
from rules.types import Fields, Type

__all__ = ["PERIOD", "Formula", "Formulas", "Listing", "NoFormError", "Term"]

PERIOD = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
"""The moments that a proof is about, unless it is told others."""


@dataclass(frozen=True, slots=True)
class Term:
    """What an expression comes to: its value, which counts only where `known` holds."""

    value: Formula
    known: Formula


@dataclass(frozen=True, slots=True)
class Listing:
    """The value of a list of known texts: each text, and whether it is listed."""

    entries: tuple[tuple[str, Formula], ...]


class Formulas:
    """The formulas of one problem. `values.axioms` always hold, where `needs` do not the evaluation is an error.

    Fields have the values that their declarations allow. `free` holds the variables for what has no form.
    """

    def __init__(self, fields: Fields, zone: ZoneInfo, *, period: tuple[datetime, datetime] = PERIOD) -> None:
        self.fields = fields
        self.values = Values()
        self.calendar = Calendar(self.values, zone, period)
        self.numbers = smt_numbers
        self.true, self.false = self.values.true, self.values.false
        self.read: dict[str, tuple[Type, Term]] = {}
        self.free: dict[str, Term] = {}
        self.needs: list[Formula] = []
        self.nothing = Term(None, self.false)
        self._guards: list[Formula] = []
        self._instead: dict[str, Term] = {}

    @property
    def exact(self) -> bool:
        """Whether what the formulas say is what the rules say, where all of `calendar.regular` holds."""
        return not self.free and not self.calendar.loose

    # Expressions

    def of(self, expression: Expression) -> Term:
        """The term of an expression; a free variable where it has no form."""
        try:
            return expression.smt(self)
        except NoFormError:
            return self.opaque(expression)

    def each(self, expressions: Iterable[Expression]) -> list[Term]:
        """The terms of expressions that z3 can compute with. Raises NoFormError."""
        terms = [self.of(expression) for expression in expressions]
        if not all(z3.is_expr(term.value) for term in terms):
            raise NoFormError
        return terms

    def day(self, value: Formula, type_: Type) -> Formula:
        """The day of a date, or of an instant in the zone."""
        return value if type_.kind == "date" else self.calendar.day_of(value)

    def opaque(self, expression: Expression) -> Term:
        """A free variable that stands for an expression: the same one wherever the same JSON means the same."""
        source = meaning(expression) if expression.source is not None else id(expression)
        key = f"{expression.type.name} {source}{self._other_world(expression)}"
        if key not in self.free:
            value, known = self.values.variable(key, expression.type), self.values.boolean(f"known {key}")
            self.free[key] = Term(value, known)
        return self.free[key]

    def term(self, value: Formula, known: Formula) -> Term:
        """A value that is known where a formula holds."""
        return Term(value, known)

    def literal(self, value: Value, type_: Type) -> Term:
        """A known value. Raises NoFormError."""
        return Term(self.values.constant(value, type_), self.true)

    def field(self, path: str, type_: Type) -> Term:
        """A field of the facts; known unless it is declared optional."""
        if path in self._instead:
            return self._instead[path]
        if path not in self.read:
            declaration = self.fields.get(path)
            optional = declaration is not None and declaration.optional
            known = self.values.boolean(f"has {path}") if optional else self.true
            self.read[path] = type_, Term(self.values.declared(path, type_, declaration), known)
        return self.read[path][1]

    @contextmanager
    def instead(self, path: str, value: Value, type_: Type) -> Iterator[None]:
        """What is built inside is about facts that differ from the others in the value of one field."""
        self._instead[path] = self.literal(value, type_)
        try:
            yield
        finally:
            del self._instead[path]

    def _other_world(self, expression: Expression) -> str:
        """What tells a free variable apart from that for the same JSON about facts with another value."""
        if not self._instead:
            return ""
        read = {node.path for node in expression.walk() if isinstance(node, Field)}
        return "".join(f" {path}={term.value}" for path, term in self._instead.items() if path in read)

    # Truth

    def all_of(self, formulas: Iterable[Formula]) -> Formula:
        """Whether all of them hold."""
        found = [formula for formula in formulas if formula is not self.true]
        if any(formula is self.false for formula in found):
            return self.false
        return z3.And(found) if len(found) > 1 else found[0] if found else self.true

    def any_of(self, formulas: Iterable[Formula]) -> Formula:
        """Whether one of them holds."""
        found = [formula for formula in formulas if formula is not self.false]
        if any(formula is self.true for formula in found):
            return self.true
        return z3.Or(found) if len(found) > 1 else found[0] if found else self.false

    def no(self, formula: Formula) -> Formula:
        """Whether it does not hold."""
        if formula is self.true or formula is self.false:
            return self.false if formula is self.true else self.true
        return z3.Not(formula)

    def known(self, terms: Iterable[Term]) -> Formula:
        """Whether all of them are known."""
        return self.all_of(term.known for term in terms)

    def holds(self, term: Term) -> Formula:
        """Whether a condition is true."""
        return self.all_of([term.known, term.value])

    def fails(self, term: Term) -> Formula:
        """Whether a condition is false."""
        return self.all_of([term.known, self.no(term.value)])

    def joined(self, terms: Sequence[Term], *, settling: bool) -> Term:
        """Kleene's `or`, which one true condition settles, or his `and`, which one false condition settles."""
        values = [term.value for term in terms]
        known = self.known(terms)
        if known is not self.true:
            settled = [self.holds(term) if settling else self.fails(term) for term in terms]
            known = self.any_of([known, *settled])
        return Term(self.any_of(values) if settling else self.all_of(values), known)

    def joined_in_turn(self, expressions: Iterable[Expression], *, settling: bool) -> Term:
        """The same of conditions that are evaluated one after the other, until one settles it."""

        def passes(term: Term) -> Formula:
            return self.no(self.holds(term) if settling else self.fails(term))

        return self.joined(self.in_turn(expressions, passes), settling=settling)

    def choice(self, condition: Term, then: Term, otherwise: Term) -> Term:
        """The one or the other, as a condition says; unknown where the condition is."""
        chosen = then.known if then.known is otherwise.known else z3.If(condition.value, then.known, otherwise.known)
        return Term(_either(condition.value, then, otherwise), self.all_of([condition.known, chosen]))

    def chosen(self, conditions: Sequence[Expression], branches: Sequence[Expression]) -> Term:
        """The branch behind the first true condition, or the last one, if there is one more; unknown without it."""
        tests = self.in_turn(conditions, self.fails)
        terms = []
        for i, branch in enumerate(branches):
            with self.under(*map(self.fails, tests[:i]), *map(self.holds, tests[i : i + 1])):
                terms.append(self.of(branch))
        found = terms.pop() if len(terms) > len(tests) else self.nothing
        for test, term in zip(reversed(tests), reversed(terms), strict=True):
            found = self.choice(test, term, found)
        return found

    def first_known_of(self, expressions: Iterable[Expression]) -> Term:
        """The first known value of expressions of which each is evaluated only if those before it are unknown."""
        return self.first_known(self.in_turn(expressions, lambda term: self.no(term.known)))

    def first_known(self, terms: Sequence[Term]) -> Term:
        """The first of them that is known."""
        first, *others = terms
        if not others or first.known is self.true:
            return first
        rest = self.first_known(others)
        return Term(_either(first.known, first, rest), self.any_of([first.known, rest.known]))

    def in_turn(self, expressions: Iterable[Expression], passes: Callable[[Term], Formula]) -> list[Term]:
        """The terms of expressions of which each is evaluated only if all before it pass."""
        terms: list[Term] = []
        passed: list[Formula] = []
        for expression in expressions:
            with self.under(*passed):
                terms.append(self.of(expression))
            passed.append(passes(terms[-1]))
        return terms

    # Sets, lists and texts

    def contains(self, place: Formula, code: Formula) -> Formula:
        """Whether a set of tags, or a list of known texts, holds the text with a code. Raises NoFormError."""
        if isinstance(place, Listing):
            return self.any_of(self.all_of([held, self.values.code(text) == code]) for text, held in place.entries)
        if not z3.is_array(place):
            raise NoFormError
        return z3.Select(place, code)

    def listing(self, entries: Iterable[tuple[str, Formula]]) -> Term:
        """A list of known texts, each of which is listed if its formula holds."""
        return Term(Listing(tuple(entries)), self.true)

    def same_list(self, terms: Sequence[Term]) -> Term:
        """Whether two lists of known texts are the same. Raises NoFormError unless one of them is given."""
        lists = [term.value for term in terms if isinstance(term.value, Listing)]
        given = [each for each in lists if all(listed is self.true for _, listed in each.entries)]
        if len(lists) != 2 or len(terms) != 2 or not given:
            raise NoFormError
        wanted = [text for text, _ in given[0].entries]
        entries = next((each.entries for each in lists if each is not given[0]), given[0].entries)
        texts = [text for text, _ in entries]
        if len(set(texts)) < len(texts):
            raise NoFormError
        there = [text for text in texts if text in wanted] == wanted
        alike = [listed if text in wanted else self.no(listed) for text, listed in entries]
        return Term(self.all_of(alike) if there else self.false, self.known(terms))

    def starts_with(self, code: Formula, prefix: str) -> Formula:
        """Whether the text with a code begins so: whether it lies between two texts."""
        end = after_prefix(prefix)
        begun = code >= self.values.code(prefix)
        return begun if end is None else z3.And(begun, code < self.values.code(end))

    # What would be an error

    def assume(self, condition: Formula) -> None:
        """Note what always holds of a variable."""
        self.values.axioms.append(condition)

    @contextmanager
    def under(self, *conditions: Formula) -> Iterator[None]:
        """What is needed inside is needed only where the conditions hold: elsewhere it is not evaluated."""
        guards = len(self._guards)
        self._guards += conditions
        try:
            yield
        finally:
            del self._guards[guards:]

    def need(self, condition: Formula) -> None:
        """Note a condition without which the evaluation is an error."""
        self.needs.append(z3.Implies(self.all_of(self._guards), condition))

    def need_admitted(self, term: Term, type_: Type) -> None:
        """Note that a result must be within what values of its type may be."""
        if type_.kind in LIMITS:
            least, most = LIMITS[type_.kind]
            self.need(z3.Implies(term.known, z3.And(term.value >= least, term.value <= most)))


def _either(condition: Formula, one: Term, other: Term) -> Formula:
    if one.value is None or other.value is None:
        return one.value if other.value is None else other.value
    if isinstance(one.value, Listing) or isinstance(other.value, Listing):
        raise NoFormError
    return z3.If(condition, one.value, other.value)
