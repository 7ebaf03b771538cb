"""The values of an atom, within what its field is declared to be: whether there are any, and an ordinary one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from rules.codes import between
from rules.duration import Duration
from rules.scalars import PARSERS
from rules.tables.cells import Span, after
from rules.tables.partition import Atom, Between, Only, Others
from rules.tree import Value
from rules.types import Declaration, Type

_TICK = timedelta(microseconds=1)


def limits(type_: Type, declaration: Declaration | None) -> Span:
    """All the values that a field may have, from its `min` to its `max`."""
    least = _bound(declaration.min, type_) if declaration is not None else None
    most = _bound(declaration.max, type_) if declaration is not None else None
    return Span(None if least is None else (least, 0), None if most is None else after(most, type_))


def _bound(given: int | str | None, type_: Type) -> Value | None:
    return None if given is None else PARSERS[type_.kind](given)


def clipped(span: Span, by: Span) -> Span | None:
    """The part of a span inside another; None when there is none."""
    low = span.low if by.low is None else by.low if span.low is None else max(span.low, by.low)
    high = span.high if by.high is None else by.high if span.high is None else min(span.high, by.high)
    return Span(low, high) if low is None or high is None or low < high else None


def sample(atom: Atom, type_: Type, within: Span, near: Value | None = None) -> Value | None:
    """A value of the atom that the field may have, `near` if it is one; None when there is none."""
    admitted = (value for value in _candidates(atom, type_, within, near) if atom.holds(value) and within.holds(value))
    return next(admitted, None)


def _candidates(atom: Atom, type_: Type, within: Span, near: Value | None) -> Iterator[Value]:
    if near is not None:
        yield near
    match atom:
        case Only(value):
            yield value
        case Others(than):
            yield from _others(type_, within, len(than) + 1)
        case Between(low, high):
            part = clipped(Span(low, high), within)
            if part is not None:
                yield from inside(part, type_)


def _others(type_: Type, within: Span, count: int) -> Iterator[Value]:
    """So many values of a type, and more where it has few."""
    first = within.low[0] if within.low else None
    for i in range(count):
        match type_.kind:
            case "boolean":
                yield from (True, False)
            case "enum" if type_.values is not None:
                yield from type_.values
            case "integer" | "money" | "decimal":
                yield (first or 0) + i
            case "date":
                yield (first or date(2000, 1, 1)) + timedelta(days=i)
            case "instant":
                yield (first or datetime(2000, 1, 1, tzinfo=UTC)) + timedelta(days=i)
            case "duration":
                yield Duration(days=i)
            case _:
                yield f"other-{i}" if i else "other"


def inside(span: Span, type_: Type) -> Iterator[Value]:
    """An ordinary value of a span that is not empty; none where the type has none there."""
    low, high = span.low, span.high
    match type_.kind:
        case "integer" | "money":
            yield low[0] if low else min(0, high[0] - 1) if high else 0
        case "date":
            yield low[0] if low else high[0] - timedelta(days=1) if high else date(2000, 1, 1)
        case "decimal":
            yield _decimal(span)
        case "instant":
            yield (
                low[0] + _TICK * low[1]
                if low
                else high[0] - timedelta(days=1)
                if high
                else datetime(2000, 1, 1, tzinfo=UTC)
            )
        case _:
            made = low[0] if low and not low[1] else between(low[0], high[0] if high else None) if low else ""
            yield from () if made is None else (made,)


def _decimal(span: Span) -> Decimal:
    low, high = span.low, span.high
    if low is None:
        return min(Decimal(0), high[0] - 1) if high else Decimal(0)
    if low[1] == 0:
        return Decimal(low[0])
    return (low[0] + high[0]) / 2 if high else Decimal(low[0] + 1)
