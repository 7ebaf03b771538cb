"""What a prover is asked about: claims on facts, as data. A prover finds facts for which all of them hold, or none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias
from zoneinfo import ZoneInfo

from rules.compile import Rule
from rules.proofs.budget import Budget
from rules.tables.cells import ValueSet
from rules.tables.table import Given
from rules.tree import Value
from rules.types import Fields, Json, Type


@dataclass(frozen=True)
class IsTrue:
    """A condition is true."""

    rule: Rule


@dataclass(frozen=True)
class IsFalse:
    """A condition is false: neither true nor unknown."""

    rule: Rule


@dataclass(frozen=True)
class Within:
    """A field is known, and a cell with these values holds. `now` and `today` are fields too."""

    field: str
    type: Type
    cell: ValueSet


@dataclass(frozen=True)
class Missing:
    """A field has no value."""

    field: str
    type: Type


@dataclass(frozen=True)
class AllOf:
    """All of the claims hold."""

    claims: tuple[Claim, ...]


@dataclass(frozen=True)
class AnyOf:
    """One of the claims holds."""

    claims: tuple[Claim, ...]


@dataclass(frozen=True)
class Not:
    """The claim does not hold."""

    claim: Claim


@dataclass(frozen=True)
class World:
    """Facts that differ from the others in the value of one field."""

    field: str
    type: Type
    value: Value


@dataclass(frozen=True)
class Differ:
    """Two values are not the same, each in its own world. Null is a value."""

    one: Given
    other: Given
    type: Type
    worlds: tuple[World | None, World | None] = (None, None)


@dataclass(frozen=True)
class BrokenTotal:
    """At least one part counts, and what those that do give does not sum to `exact`, or to `most` at most."""

    parts: tuple[tuple[Claim, Given], ...]
    exact: int | None
    most: int | None


@dataclass(frozen=True)
class Instead:
    """A claim about another world."""

    world: World
    claim: Claim


Claim: TypeAlias = IsTrue | IsFalse | Within | Missing | AllOf | AnyOf | Not | Differ | BrokenTotal | Instead


MOMENT = frozenset({"now", "today"})


def asked_by(rules: Iterable[Rule]) -> frozenset[str]:
    """The fields that rules read, the moment among them."""
    asked = frozenset[str]()
    for rule in rules:
        asked |= rule.fields
        if any(node.timed for node in rule.tree.walk()):
            asked |= MOMENT
    return asked


def fields_of(claims: Iterable[Claim]) -> frozenset[str]:
    """The fields that claims ask about, the moment among them."""
    return frozenset[str]().union(*map(_fields, claims))


def _fields(claim: Claim) -> frozenset[str]:
    match claim:
        case IsTrue(rule) | IsFalse(rule):
            return asked_by([rule])
        case Within(field) | Missing(field):
            return MOMENT if field in MOMENT else frozenset({field})
        case AllOf(claims) | AnyOf(claims):
            return fields_of(claims)
        case Not(inner) | Instead(_, inner):
            return _fields(inner)
        case Differ(one, other):
            return asked_by(each.rule for each in (one, other) if each.rule is not None)
        case BrokenTotal(parts):
            return fields_of(part for part, _ in parts) | asked_by(each.rule for _, each in parts if each.rule)


@dataclass(frozen=True)
class Found:
    """Values of the fields `asked` about, by path, that the claims hold of; `now` only where they ask about that.

    A field that was asked about and has no value is missing.
    """

    values: Mapping[str, Json]
    asked: frozenset[str]
    now: datetime | None


class Problem(Protocol):
    """Questions about the same fields, in one zone."""

    def find(self, claims: Sequence[Claim]) -> Found | None:
        """Facts for which all claims hold, ordinary ones where there are some; None where there are none at all.

        They must be confirmed: what the prover has no form for it takes to be anything. Raises NotSettledError.
        """

    def is_possible(self, claims: Sequence[Claim]) -> bool:
        """Whether there are such facts, as far as the prover can tell: it may fear what cannot be.

        Raises NotSettledError.
        """


class Prover(Protocol):
    """Answers questions about all facts that there can be."""

    def problem(self, fields: Fields, zone: ZoneInfo, now: datetime, budget: Budget) -> Problem:
        """A new problem. `now` is a moment that examples had best be near to."""
