"""What would have changed a decision: the nearest change of one field, or of two.

Where rows name values, some of each kind are tried; where a row has conditions, the prover says for which value of a
field they hold. Whatever is found is drawn as near to the facts as the outcome allows, decided, and so confirmed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from rules.errors import EvaluationError
from rules.facts import reader
from rules.moment import Moment
from rules.proofs.budget import Budget, NotSettledError
from rules.proofs.claims import MOMENT, Claim, Missing, Prover, Within
from rules.proofs.examples import fact_json
from rules.proofs.proving import Proving
from rules.proofs.space import Axis, Case, space_of
from rules.tables.cells import ValueSet
from rules.tables.decide import Decision, decide
from rules.tables.table import Table
from rules.tree import Value
from rules.types import INSTANT, Json, Type
from rules.unknown import Unknown

MOST_FIELDS = 2
SECONDS = 0.5
"""For one decision: it is asked about while somebody waits."""

_HALVINGS = 60
_CERTAIN = frozenset({"matched", "otherwise"})
_SETTLED_KINDS = frozenset({"boolean", "integer", "money", "decimal", "text", "enum", "ref", "date", "instant"})
"""Kinds of fields that can be held fast while the prover looks for a value of another."""

Values: TypeAlias = Mapping[str, Value]


@dataclass(frozen=True)
class Change:
    """Another value for a field, as facts carry it; `was` is null for one that was missing."""

    field: str
    was: Json
    becomes: Json


@dataclass(frozen=True)
class Nearest:
    """The nearest changes that give another outcome, and the decision that they lead to."""

    changes: tuple[Change, ...]
    decision: Decision


def nearest_change(
    table: Table,
    facts: Mapping[str, Any],
    *,
    now: datetime,
    zone: ZoneInfo,
    prover: Prover | None,
    budget: Budget | None = None,
) -> Nearest | None:
    """The nearest change of at most two fields that gives a certain and other outcome; None when none was found.

    The moment is not changed. Without a prover, or time, what only it could find is passed over.
    """
    try:
        search = _Search(table, facts, now, zone, prover, budget or Budget(SECONDS))
    except NotSettledError:
        return None
    return search.nearest()


class _Search:
    """One decision, and the changes that are tried on it."""

    def __init__(
        self,
        table: Table,
        facts: Mapping[str, Any],
        now: datetime,
        zone: ZoneInfo,
        prover: Prover | None,
        budget: Budget,
    ) -> None:
        self.table, self.facts, self.now, self.zone, self.budget = table, facts, now, zone, budget
        self.space = space_of((table,), zone, now)
        self.proving = Proving(self.space, prover, budget)
        self.decided = decide(table, facts, now=now, zone=zone)
        self.types = {path: table.known[path].value_type for path in table.fields if path in table.known}
        self.values = self._known()
        self.here = [self._slot(axis) for axis in self.space.axes]

    def nearest(self) -> Nearest | None:
        """The nearest of all changes that were found before the time was over."""
        best: tuple[tuple[int, float], dict[str, Value], Decision] | None = None
        for values in self._until_time_is_over():
            found = self._decided(values)
            if not self._is_other(found) or (best is not None and self._far(values) >= best[0]):
                continue
            nearer = self._drawn_near(values)
            if best is None or self._far(nearer) < best[0]:
                best = self._far(nearer), nearer, self._decided(nearer)
        return (
            None
            if best is None
            else Nearest(tuple(map(self._change, *zip(*sorted(best[1].items()), strict=True))), best[2])
        )

    # What is tried

    def _until_time_is_over(self) -> Iterator[dict[str, Value]]:
        """Changes to try: leaving a slot, reaching a row by its cells, and by its conditions."""
        try:
            for values in self._tried():
                self.budget.spend()
                yield values
        except NotSettledError:
            return

    def _tried(self) -> Iterator[dict[str, Value]]:
        for a, axis in enumerate(self.space.axes):
            if axis.field not in MOMENT:
                others = (slot for s, slot in enumerate(axis.slots) if s != self.here[a])
                yield from ({axis.field: slot.sample} for slot in others if slot.atom is not None)
        conditional: list[tuple[Case, dict[str, Value]]] = []
        for number, case in enumerate(self.space.rows):
            for values in self._by_cells(number):
                yield values
                if case.claims and len(values) < MOST_FIELDS:
                    conditional.append((case, values))
        for case, values in sorted(conditional, key=lambda each: len(each[1])):
            yield from self._by_conditions(case, values)

    def _by_cells(self, number: int) -> Iterator[dict[str, Value]]:
        """The change that makes all cells of a row hold, if it is of few fields and none of them is the moment."""
        boxes = self.space.boxes[number]
        wrong = [a for a, slots in enumerate(boxes) if self.here[a] not in slots]
        if len(wrong) > MOST_FIELDS or any(self.space.axes[a].field in MOMENT for a in wrong):
            return
        chosen: dict[str, Value] = {}
        for a in wrong:
            axis = self.space.axes[a]
            there = [axis.slots[s].sample for s in boxes[a] if axis.slots[s].atom is not None]
            if not there:
                return
            chosen[axis.field] = min(there, key=partial(self._distance, axis.field))
        yield chosen

    def _by_conditions(self, case: Case, values: dict[str, Value]) -> Iterator[dict[str, Value]]:
        """For each field that a row's conditions read, the value for which they hold while the others stay."""
        held = self.values | values
        for field in sorted(case.asked - MOMENT - values.keys()):
            fixed = self._fixed(case.asked - {field}, held)
            if fixed is None:
                continue
            found = self.proving.find([*case.claims, *fixed])
            if found is not None and field in found.values:
                value = self._parsed(field, found.values[field])
                if not isinstance(value, Unknown):
                    yield {**values, field: value}

    def _fixed(self, fields: frozenset[str], held: Values) -> list[Claim] | None:
        """That these fields are what they are; None where that cannot be said of one of them."""
        claims: list[Claim] = []
        for field in sorted(fields - MOMENT):
            type_ = self.types.get(field)
            if type_ is None or type_.kind not in _SETTLED_KINDS:
                return None
            known = field in held
            claims.append(Within(field, type_, ValueSet(frozenset({held[field]}))) if known else Missing(field, type_))
        return [*claims, Within("now", INSTANT, ValueSet(frozenset({self.now})))]

    # What comes of it

    def _decided(self, values: Values) -> Decision:
        return decide(self.table, self._changed(values), now=self.now, zone=self.zone)

    def _is_other(self, found: Decision) -> bool:
        if found.reason not in _CERTAIN:
            return False
        return self.decided.reason not in _CERTAIN or found.outcome != self.decided.outcome

    def _drawn_near(self, values: dict[str, Value]) -> dict[str, Value]:
        """The same change with ordered values halved towards the facts as long as the outcome stays another."""
        drawn = dict(values)
        for field, far in values.items():
            near = self.values.get(field)
            for _ in range(_HALVINGS):
                middle = None if near is None else _between(near, far)
                if middle is None:
                    break
                if self._is_other(self._decided({**drawn, field: middle})):
                    far = drawn[field] = middle  # noqa: PLW2901  the search goes on from there
                else:
                    near = middle
        return drawn

    def _far(self, values: Values) -> tuple[int, float]:
        return len(values), sum(self._distance(field, value) for field, value in values.items())

    def _distance(self, field: str, value: Value) -> float:
        """How far a value is from the one at hand: of numbers in parts of it, of time in months; else 1."""
        here: Value = self.values.get(field)
        match here, value:
            case (bool(), _) | (_, bool()):
                return 1.0
            case (int(), int()) | (Decimal(), Decimal()):
                return abs(float(value) - float(here)) / (abs(float(here)) + 1)
            case (datetime(), datetime()) | (date(), date()):
                return abs((value - here) / timedelta(days=30))
            case _:
                return 1.0

    def _change(self, field: str, value: Value) -> Change:
        type_ = self.types[field]
        was = fact_json(self.values[field], type_, self.zone) if field in self.values else None
        return Change(field, was, fact_json(value, type_, self.zone))

    # Facts as values

    def _known(self) -> dict[str, Value]:
        moment = Moment(self.now, self.zone)
        found: dict[str, Value] = {}
        for path, type_ in self.types.items():
            value = self._read(path, type_, moment)
            if not isinstance(value, Unknown | EvaluationError):
                found[path] = value
        return found

    def _read(self, path: str, type_: Type, moment: Moment) -> Value:
        try:
            return reader(path.split("."), type_, path)(self.facts, moment)
        except EvaluationError as error:
            return error

    def _parsed(self, field: str, value: Json) -> Value:
        return reader(["value"], self.types[field], field)({"value": value}, Moment(self.now, self.zone))

    def _slot(self, axis: Axis) -> int | None:
        """The slot in which the facts lie; None for none, so that no row holds there."""
        today = self.now.astimezone(self.zone).date()
        value = {"now": self.now, "today": today}.get(axis.field, self.values.get(axis.field))
        for s, slot in enumerate(axis.slots):
            if (slot.atom is None and value is None) or (
                slot.atom is not None and value is not None and slot.atom.holds(value)
            ):
                return s
        return None

    def _changed(self, values: Values) -> dict[str, Any]:
        """The facts with other values."""
        facts: dict[str, Any] = {**self.facts}
        for field, value in values.items():
            *scopes, name = field.split(".")
            inner = facts
            for scope in scopes:
                below = inner.get(scope)
                inner[scope] = inner = {**below} if isinstance(below, Mapping) else {}
            inner[name] = fact_json(value, self.types[field], self.zone)
        return facts


def _between(near: Value, far: Value) -> Value | None:
    """A value in the middle, no finer than people speak; None when there is none, or no order."""
    middle: Value | None
    match near, far:
        case (bool(), _) | (_, bool()):
            middle = None
        case int(), int():
            middle = (near + far) // 2
        case Decimal(), Decimal():
            middle = ((near + far) / 2).quantize(_CENT)
        case (datetime(), datetime()):
            middle = (near + (far - near) / 2).replace(microsecond=0)
        case (date(), date()):
            middle = near + (far - near) // 2
        case _:
            middle = None
    return None if middle in {near, far} else middle


_CENT = Decimal("0.01")
