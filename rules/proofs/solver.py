"""The prover that z3 is. Whoever proves makes one and hands it in; nothing else imports this module."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

import z3

from rules.facts import value_parser
from rules.proofs.budget import Budget, NotSettledError
from rules.proofs.claims import (
    MOMENT,
    AllOf,
    AnyOf,
    BrokenTotal,
    Claim,
    Differ,
    Found,
    Instead,
    IsFalse,
    IsTrue,
    Missing,
    Not,
    Within,
    World,
    fields_of,
)
from rules.smt import Formula, Formulas, Term
from rules.smt_facts import NoFactsError, example_of
from rules.smt_time import instant_code
from rules.tables.cells import Span, ValueSet
from rules.tables.table import Given
from rules.tree import Value
from rules.types import INTEGER, Fields, Kind, Type

T = TypeVar("T")

PATIENCE = 500
"""Milliseconds for one question."""

_AROUND = timedelta(days=3 * 365)
_LIFE = timedelta(days=60 * 365)
_ORDINARY = 1_000_000
_DERIVED: frozenset[Kind] = frozenset({"date", "instant", "tags", "list"})
"""Kinds of which other variables are derived, so that a value cannot be put in the place of a field alone."""


class Z3Prover:
    """Makes problems for z3, each with a context of its own: several threads may prove at the same time."""

    def problem(self, fields: Fields, zone: ZoneInfo, now: datetime, budget: Budget) -> Z3Problem:
        """A new problem."""
        return Z3Problem(Formulas(fields, zone), zone, now, budget)


@dataclass
class Z3Problem:
    """One set of variables and one solver."""

    formulas: Formulas
    zone: ZoneInfo
    now: datetime
    budget: Budget

    def __post_init__(self) -> None:
        self.solver = z3.Solver(ctx=self.formulas.values.context)
        self._told = [0, 0]
        self._kept: dict[Claim, Formula] = {}
        self._elsewhere = False

    def find(self, claims: Sequence[Claim]) -> Found | None:
        """Facts for which all claims hold. Raises NotSettledError."""
        with self._asking(claims):
            if not self._answer():
                return None
            self._prefer([*self.formulas.calendar.regular, *self._ordinary()])
            return self._found(fields_of(claims))

    def is_possible(self, claims: Sequence[Claim]) -> bool:
        """Whether all claims can hold together. Raises NotSettledError."""
        with self._asking(claims):
            return self._answer()

    @contextmanager
    def _asking(self, claims: Sequence[Claim]) -> Iterator[None]:
        self.budget.spend()
        asked = [self._formula(claim) for claim in claims]
        self._tell()
        before = self.solver.num_scopes()
        self.solver.push()
        try:
            self.solver.add(*asked)
            yield
        finally:
            self.solver.pop(self.solver.num_scopes() - before)

    def _tell(self) -> None:
        """Tell the solver what always holds of variables that are new."""
        for i, known in enumerate((self.formulas.values.axioms, self.formulas.needs)):
            self.solver.add(*known[self._told[i] :])
            self._told[i] = len(known)

    def _answer(self) -> bool:
        """Whether there is a model. Raises NotSettledError when that cannot be told in time."""
        self.solver.set("timeout", max(1, min(PATIENCE, int(self.budget.left * 1000))))
        found = self.solver.check()
        if found == z3.unknown:
            raise NotSettledError
        return bool(found == z3.sat)

    def _prefer(self, wishes: Sequence[Formula]) -> None:
        """Add each of the wishes that can still be fulfilled."""
        for wish in wishes:
            self.solver.push()
            self.solver.add(wish)
            if self.budget.left and self.solver.check() == z3.sat:
                continue
            self.solver.pop()

    def _ordinary(self) -> Iterator[Formula]:
        """Facts as people have them: nothing is missing without need, numbers are small, moments are near."""
        calendar = self.formulas.calendar
        if calendar.asked:
            yield calendar.now == instant_code(self.now)
            yield calendar.now >= instant_code(self.now)
        for type_, term in self.formulas.read.values():
            yield term.known
            bounds = self._usual(type_)
            if bounds is not None:
                yield z3.And(term.value >= bounds[0], term.value <= bounds[1])
            if type_.kind == "decimal":
                yield z3.IsInt(term.value * 100)

    def _usual(self, type_: Type) -> tuple[int, int] | None:
        match type_.kind:
            case "integer" | "money" | "decimal":
                return 0, _ORDINARY
            case "instant":
                return instant_code(self.now - _AROUND), instant_code(self.now)
            case "date":
                return (self.now - _LIFE).toordinal(), self.now.toordinal()
            case _:
                return None

    def _found(self, asked: frozenset[str]) -> Found:
        """What the model says of the fields that were asked about: what it says of others is arbitrary."""
        if not self._answer():
            raise NotSettledError
        try:
            example = example_of(self.solver.model(), self.formulas, self.zone)
        except NoFactsError:
            raise NotSettledError from None
        values = {path: value for path, value in example.values.items() if path in asked}
        return Found(values, asked, example.now if asked & MOMENT else None)

    # Claims as formulas

    def _formula(self, claim: Claim) -> Formula:
        """The formula of a claim; those of rules and cells are kept, as most questions ask about the same ones."""
        if self._elsewhere or not isinstance(claim, IsTrue | IsFalse | Within):
            return self._built(claim)
        if claim not in self._kept:
            self._kept[claim] = self._built(claim)
        return self._kept[claim]

    def _built(self, claim: Claim) -> Formula:
        formulas = self.formulas
        match claim:
            case IsTrue(rule):
                return formulas.holds(formulas.of(rule.tree))
            case IsFalse(rule):
                return formulas.fails(formulas.of(rule.tree))
            case Within(field, type_, cell):
                term = self._field(field, type_)
                return formulas.all_of([term.known, self._in_cell(term.value, cell, type_)])
            case Missing(field, type_):
                return formulas.no(self._field(field, type_).known)
            case Differ(one, other, type_, worlds):
                first = self._in(worlds[0], lambda: self._given(one, type_))
                return self._differ(first, self._in(worlds[1], lambda: self._given(other, type_)))
            case BrokenTotal():
                return self._broken(claim)
            case AllOf() | AnyOf() | Not() | Instead():
                return self._composed(claim)

    def _composed(self, claim: AllOf | AnyOf | Not | Instead) -> Formula:
        match claim:
            case AllOf(claims):
                return self.formulas.all_of([self._formula(each) for each in claims])
            case AnyOf(claims):
                return self.formulas.any_of([self._formula(each) for each in claims])
            case Not(inner):
                return self.formulas.no(self._formula(inner))
            case Instead(world, inner):
                return self._in(world, lambda: self._formula(inner))

    def _in(self, world: World | None, build: Callable[[], T]) -> T:
        """What is built about another world. Raises NotSettledError where its field has no place of its own."""
        if world is None:
            return build()
        if world.type.kind in _DERIVED:
            raise NotSettledError
        self._elsewhere = True
        try:
            with self.formulas.instead(world.field, world.value, world.type):
                return build()
        finally:
            self._elsewhere = False

    def _field(self, path: str, type_: Type) -> Term:
        calendar = self.formulas.calendar
        match path:
            case "now":
                return Term(calendar.now, self.formulas.true)
            case "today":
                return Term(calendar.today, self.formulas.true)
            case _:
                return self.formulas.field(path, type_)

    def _in_cell(self, value: Formula, cell: ValueSet, type_: Type) -> Formula:
        values = [value == self._constant(each, type_) for each in sorted(cell.values, key=str)]
        spans = [self._in_span(value, span, type_) for span in cell.spans]
        inside = self.formulas.any_of([*values, *spans])
        return self.formulas.no(inside) if cell.negated else inside

    def _in_span(self, value: Formula, span: Span, type_: Type) -> Formula:
        found = []
        if span.low is not None:
            low = self._constant(span.low[0], type_)
            found.append(value > low if span.low[1] else value >= low)
        if span.high is not None:
            high = self._constant(span.high[0], type_)
            found.append(value <= high if span.high[1] else value < high)
        return self.formulas.all_of(found)

    def _constant(self, value: Value, type_: Type) -> Formula:
        return self.formulas.literal(value, type_).value

    def _given(self, given: Given, type_: Type) -> Term:
        """What a row gives for an output; null is not known."""
        if given.rule is not None:
            return self.formulas.of(given.rule.tree)
        if given.literal is None:
            return self.formulas.nothing
        return self.formulas.literal(value_parser(type_)(given.literal), type_)

    def _differ(self, one: Term, other: Term) -> Formula:
        formulas = self.formulas
        if one.value is None or other.value is None:
            return formulas.any_of([one.known, other.known])
        try:
            apart = formulas.no(one.value == other.value)
        except z3.Z3Exception:
            raise NotSettledError from None
        return formulas.any_of(
            [
                formulas.all_of([one.known, formulas.no(other.known)]),
                formulas.all_of([other.known, formulas.no(one.known)]),
                formulas.all_of([one.known, other.known, apart]),
            ]
        )

    def _broken(self, claim: BrokenTotal) -> Formula:
        counted, summed = [], []
        for part, given in claim.parts:
            counts, weight = self._formula(part), self._given(given, INTEGER)
            counted.append(self.formulas.all_of([counts, weight.known]))
            summed.append(z3.If(counted[-1], weight.value, 0))
        total = z3.Sum(summed)
        broken = total != claim.exact if claim.exact is not None else total > claim.most
        return self.formulas.all_of([self.formulas.any_of(counted), broken])
