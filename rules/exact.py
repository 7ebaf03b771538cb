"""Numbers that are exact or an error: integers within ±2^53, decimals that are never rounded, division by a mode."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal, DecimalException
from typing import TypeAlias

from rules import evaluation_messages
from rules.errors import EvaluationError
from rules.limits import MAX_INTEGER
from rules.scalars import EXACT

Number: TypeAlias = int | Decimal
Compute: TypeAlias = Callable[[Number, Number], Number]

MODES = ("half_up", "half_even", "up", "down", "floor", "ceil")
"""How a quotient becomes an integer: `half_up` and `up` away from zero, `down` towards zero."""


def add(one: Number, other: Number) -> Number:
    """The sum; raises DecimalException where it would have to be rounded."""
    return one + other if isinstance(one, int) and isinstance(other, int) else EXACT.add(one, other)


def subtract(one: Number, other: Number) -> Number:
    """The difference; raises DecimalException where it would have to be rounded."""
    return one - other if isinstance(one, int) and isinstance(other, int) else EXACT.subtract(one, other)


def multiply(one: Number, other: Number) -> Number:
    """The product; raises DecimalException where it would have to be rounded."""
    return one * other if isinstance(one, int) and isinstance(other, int) else EXACT.multiply(one, other)


def computed(name: str, compute: Compute, values: Sequence[Number]) -> Number:
    """The values computed from left to right for the operator `name`. Raises EvaluationError."""
    result = values[0]
    for value in values[1:]:
        try:
            result = compute(result, value)
        except DecimalException:
            raise EvaluationError(evaluation_messages.inexact(name)) from None
        if isinstance(result, int):
            result = bounded(name, result)
    return result


def bounded(name: str, result: int) -> int:
    """The result of the operator `name`, if JSON can carry it. Raises EvaluationError."""
    if abs(result) > MAX_INTEGER:
        raise EvaluationError(evaluation_messages.out_of_bounds(name))
    return result


def divided(name: str, numerator: int, denominator: int, mode: str) -> int:
    """The quotient of two integers, rounded by one of MODES, for the operator `name`. Raises EvaluationError."""
    if denominator == 0:
        raise EvaluationError(evaluation_messages.division_by_zero(name))
    quotient, rest = divmod(abs(numerator), abs(denominator))
    negative = (numerator < 0) != (denominator < 0)
    away = _is_away_from_zero(mode, quotient, rest, abs(denominator), negative=negative)
    return bounded(name, -(quotient + away) if negative else quotient + away)


def _is_away_from_zero(mode: str, quotient: int, rest: int, whole: int, *, negative: bool) -> bool:
    match mode:
        case "half_up":
            return 2 * rest >= whole
        case "half_even":
            return 2 * rest > whole or (2 * rest == whole and quotient % 2 == 1)
        case "up":
            return rest > 0
        case "floor":
            return negative and rest > 0
        case "ceil":
            return not negative and rest > 0
        case _:
            return False
