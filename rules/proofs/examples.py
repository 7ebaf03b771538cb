"""Facts that show a case: of each field an ordinary value, unless the case or the prover says which."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from rules.facts import nested
from rules.proofs.boxes import cell_json
from rules.proofs.claims import Found
from rules.proofs.samples import limits, sample
from rules.proofs.space import Box, Space
from rules.tables.decide import Decision, decide
from rules.tables.partition import Others
from rules.tables.table import Table
from rules.tree import Value
from rules.types import Declaration, Json, Type
from rules.writing import as_json, instant_text

_NOON = time(12)
_ANYTHING = Others(frozenset())


@dataclass(frozen=True)
class Example:
    """Facts of a decision. `timed` tells whether the moment matters."""

    values: dict[str, Json]
    now: datetime
    zone: ZoneInfo
    timed: bool

    @property
    def facts(self) -> dict[str, Json]:
        """The facts as a decision takes them."""
        return nested(self.values)

    def decide(self, table: Table) -> Decision:
        """What a table says of them."""
        return decide(table, self.facts, now=self.now, zone=self.zone)

    def to_json(self) -> dict[str, Json]:
        """The facts as the `given` of a test: with `now` where it matters."""
        when: dict[str, Json] = {"now": instant_text(self.now.astimezone(self.zone))} if self.timed else {}
        return {**when, **self.facts}


def is_broken(decision: Decision) -> bool:
    """Whether rows contradict each other, as other findings tell."""
    return decision.reason == "error" and bool(decision.rows)


def lacking(example: Example, space: Space, besides: str | None = None) -> Iterator[tuple[tuple[str, ...], Example]]:
    """The example without each of the fields that may be missing, and without all of them; with what it lacks."""
    known = {path: each for table in space.tables for path, each in table.known.items()}
    paths = [path for path in example.values if known[path].optional and path != besides]
    for gone in [*((path,) for path in paths), *([tuple(paths)] if len(paths) > 1 else [])]:
        yield gone, replace(example, values={path: each for path, each in example.values.items() if path not in gone})


def example_in(space: Space, box: Box, found: Found | None = None) -> Example:
    """An example in a box; where the prover was asked, the one that it found."""
    values = dict(_ordinary(space))
    moment = space.now
    for axis, chosen in zip(space.axes, box, strict=True):
        slot = next((axis.slots[i] for i in chosen if axis.slots[i].atom is not None), None)
        if axis.field in {"now", "today"}:
            moment = _moment(slot.sample, space.zone) if slot is not None else moment
        elif slot is None:
            values.pop(axis.field, None)
        else:
            values[axis.field] = fact_json(slot.sample, axis.type, space.zone)
    if found is not None:
        values = {path: value for path, value in values.items() if path not in found.asked} | dict(found.values)
        moment = found.now or moment
    return Example(values, moment, space.zone, is_timed(space))


def is_timed(space: Space) -> bool:
    """Whether the moment matters to a table of the space."""
    return "now" in space.asked or any(axis.field in {"now", "today"} for axis in space.axes)


def fact_json(value: Value, type_: Type, zone: ZoneInfo) -> Json:
    """A value as facts carry it."""
    return cell_json(value, zone) if isinstance(value, datetime) else as_json(value, type_)


def _moment(value: Value, zone: ZoneInfo) -> datetime:
    if isinstance(value, datetime):
        return value
    day: date = value
    return datetime.combine(day, _NOON, zone)


def _ordinary(space: Space) -> Iterator[tuple[str, Json]]:
    """A value for every field that the tables read."""
    for table in space.tables:
        for path in sorted(table.fields):
            declaration = table.known.get(path)
            if declaration is not None:
                yield path, ordinary(declaration, space.zone)


def ordinary(declaration: Declaration, zone: ZoneInfo) -> Json:
    """A value that a field may have; nothing in sets and lists."""
    type_ = declaration.value_type
    if type_.kind in {"tags", "list"}:
        return []
    return fact_json(sample(_ANYTHING, type_, limits(type_, declaration)), type_, zone)
