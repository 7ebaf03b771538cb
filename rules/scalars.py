"""JSON scalars into exact values, one strict parser for each type, shared by literals in rules and facts."""

from __future__ import annotations

import decimal
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

from rules.duration import Duration, parse_duration
from rules.types import Kind

SEVERAL = (list, tuple, set, frozenset)
"""What a set of tags may come as."""

_ONLY_TEXT = frozenset({str})

EXACT = decimal.Context(prec=60, traps=[decimal.Inexact, decimal.InvalidOperation, decimal.Overflow])
"""Decimal arithmetic that refuses to round."""

FIRST, LAST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
"""The instants that there are."""

_DECIMAL = re.compile(r"-?\d{1,20}(\.\d{1,18})?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def parse_boolean(value: object) -> bool:
    """True or false themselves; nothing else is one of them."""
    if isinstance(value, bool):
        return value
    raise ValueError("neither true nor false")


def parse_integer(value: object) -> int:
    """A whole number; 3.0 is one, as it is in canonical JSON."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise ValueError("not a whole number")


def parse_exact_integer(value: object) -> int:
    """A whole number that was never a float."""
    if isinstance(value, float):
        raise ValueError("a float is not exact")  # noqa: TRY004  one error for all that cannot be read
    return parse_integer(value)


def parse_decimal(value: object) -> Decimal:
    """A decimal from text such as "12.50", an integer or a finite Decimal; a float is refused."""
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return Decimal(value)
    if isinstance(value, Decimal) and value.is_finite():
        return value
    return Decimal(parse_exact_integer(value))


def parse_text(value: object) -> str:
    """A text as it is."""
    if isinstance(value, str):
        return str(value)
    raise ValueError("not a text")


def parse_date(value: object) -> date:
    """A date from `2026-01-31`."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and _DATE.fullmatch(value):
        return date.fromisoformat(value)
    raise ValueError("not a date")


def parse_instant(value: object) -> datetime:
    """An instant in UTC, from RFC 3339 with an offset, such as `2026-01-31T10:00:00+08:00`."""
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        value = datetime.fromisoformat(value.upper())
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError("not an instant with an offset")
    try:
        return in_calendar(value.astimezone(UTC))
    except OverflowError:
        raise ValueError("an instant outside the calendar") from None


def in_calendar(instant: datetime) -> datetime:
    """The instant, if it has a date in every zone; a day at each end of the calendar is left out for that."""
    if FIRST <= instant <= LAST:
        return instant
    raise OverflowError("an instant outside the calendar")


def parse_duration_value(value: object) -> Duration:
    """A duration from `P7D`."""
    if isinstance(value, Duration):
        return value
    if isinstance(value, str):
        return parse_duration(value)
    raise ValueError("not a duration")


def parse_tags(value: object) -> frozenset[str]:
    """A set of texts from a list of them."""
    if isinstance(value, SEVERAL) and _ONLY_TEXT.issuperset(map(type, value)):
        return frozenset(value)
    raise ValueError("not a list of texts")


PARSERS: dict[Kind, Callable[[object], object]] = {
    "boolean": parse_boolean,
    "integer": parse_integer,
    "decimal": parse_decimal,
    "money": parse_exact_integer,
    "text": parse_text,
    "enum": parse_text,
    "tags": parse_tags,
    "date": parse_date,
    "instant": parse_instant,
    "duration": parse_duration_value,
    "ref": parse_text,
}
"""How a literal of each type is read. Each raises ValueError for what is not of its type."""
