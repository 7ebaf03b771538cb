"""Values of every type as terms of z3: variables held to what facts may be, and constants.

Booleans are Bool, integers and money Int, decimals Real, dates day numbers, instants microseconds, tags a set of codes;
texts, enums, references and durations are codes in the order of the texts.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias

import z3

from rules.codes import Codes
from rules.duration import Duration
from rules.limits import MAX_INTEGER
from rules.scalars import PARSERS
from rules.smt_time import DAY, instant_code
from rules.tree import Value
from rules.types import Declaration, Kind, Type

Formula: TypeAlias = Any
"""An expression of z3, which ships no types."""

TEXTS: frozenset[Kind] = frozenset({"text", "enum", "ref", "duration"})
"""Kinds that stand as codes of texts."""

_LAST_DAY = date.max.toordinal()

LIMITS: dict[Kind, tuple[int, int]] = {
    "integer": (-MAX_INTEGER, MAX_INTEGER),
    "money": (-MAX_INTEGER, MAX_INTEGER),
    "date": (1, _LAST_DAY),
    "instant": (2 * DAY, (_LAST_DAY - 1) * DAY),
}
"""The least and the greatest value of kinds that stand as whole numbers."""

_DECIMALS = 10**20 - 1


class NoFormError(Exception):
    """There is no formula for these arguments of an operator; a free variable stands for it."""


class Values:
    """The variables and constants of one problem; `axioms` is what always holds of the variables."""

    def __init__(self) -> None:
        self.context = z3.Context()
        z3.Z3_enable_concurrent_dec_ref(self.context.ref())
        self.codes = Codes()
        self.axioms: list[Formula] = []
        self.true, self.false = z3.BoolVal(val=True, ctx=self.context), z3.BoolVal(val=False, ctx=self.context)

    def boolean(self, name: str) -> Formula:
        """A free truth value."""
        return z3.Bool(name, self.context)

    def integer(self, name: str, least: int, most: int) -> Formula:
        """A free whole number between two, both included."""
        return self._bounded(z3.Int(name, self.context), least, most)

    def variable(self, name: str, type_: Type) -> Formula:
        """A free value of a type; None for what z3 is not asked to hold."""
        match type_.kind:
            case "boolean":
                return self.boolean(name)
            case kind if kind in LIMITS:
                return self.integer(name, *LIMITS[kind])
            case "decimal":
                return self._bounded(z3.Real(name, self.context), -_DECIMALS, _DECIMALS)
            case "tags":
                return self._free_tags(name, type_)
            case kind if kind in TEXTS:
                return self._text(name, type_)
            case _:
                return None

    def declared(self, path: str, type_: Type, declaration: Declaration | None) -> Formula:
        """The value of a field, held to what its declaration says."""
        variable = self.variable(path, type_)
        if declaration is not None and declaration.min is not None:
            self.axioms.append(variable >= self.constant(PARSERS[type_.kind](declaration.min), type_))
        if declaration is not None and declaration.max is not None:
            self.axioms.append(variable <= self.constant(PARSERS[type_.kind](declaration.max), type_))
        return variable

    def constant(self, value: Value, type_: Type) -> Formula:
        """A known value. Raises NoFormError."""
        match value:
            case bool():
                return self.true if value else self.false
            case int() if type_.kind != "decimal":
                return z3.IntVal(value, self.context)
            case int() | Decimal():
                return z3.RealVal(str(value), self.context)
            case str() | Duration():
                return self.code(str(value))
            case datetime():
                return z3.IntVal(instant_code(value), self.context)
            case date():
                return z3.IntVal(value.toordinal(), self.context)
            case frozenset():
                return self.tag_set((tag, self.true) for tag in sorted(value))
            case _:
                raise NoFormError

    def code(self, text: str) -> Formula:
        """The code of a text."""
        return z3.RealVal(str(self.codes.of(text)), self.context)

    def tag_set(self, tags: Iterable[tuple[str, Formula]]) -> Formula:
        """The set of the tags of which it holds, and of no others."""
        found = z3.K(z3.RealSort(self.context), self.false)
        for tag, held in tags:
            found = z3.Store(found, self.code(tag), held)
        return found

    def _bounded(self, variable: Formula, least: int, most: int) -> Formula:
        self.axioms += [variable >= least, variable <= most]
        return variable

    def _text(self, name: str, type_: Type) -> Formula:
        code = z3.Real(name, self.context)
        if type_.values is None:
            self.axioms.append(code >= 0)
        else:
            self.axioms.append(z3.Or([code == self.code(value) for value in type_.values]))
        return code

    def _free_tags(self, name: str, type_: Type) -> Formula:
        if type_.values is None:
            tags = z3.Array(name, z3.RealSort(self.context), z3.BoolSort(self.context))
            self.axioms.append(z3.Not(z3.Default(tags)))
            return tags
        return self.tag_set((tag, self.boolean(f"{name} has {tag}")) for tag in type_.values)
