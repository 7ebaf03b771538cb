"""Computations with numbers as formulas, as far as z3 decides them: sums, products by a constant, rounded quotients."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import z3

from rules.smt_values import Formula, NoFormError


def total(one: Formula, other: Formula) -> Formula:
    """The sum."""
    return one + other


def difference(one: Formula, other: Formula) -> Formula:
    """The first minus the second."""
    return one - other


def product(one: Formula, other: Formula) -> Formula:
    """The product. Raises NoFormError when neither is a constant: nothing decides those."""
    if not any(z3.is_int_value(each) or z3.is_rational_value(each) for each in (one, other)):
        raise NoFormError
    return one * other


def least(values: Sequence[Formula]) -> Formula:
    """The least of them."""
    return reduce(lambda one, other: z3.If(one <= other, one, other), values)


def greatest(values: Sequence[Formula]) -> Formula:
    """The greatest of them."""
    return reduce(lambda one, other: z3.If(one >= other, one, other), values)


def count(formulas: Sequence[Formula], zero: Formula) -> Formula:
    """How many of them hold."""
    return z3.Sum([zero, *(z3.If(formula, 1, 0) for formula in formulas)])


def quotient(over: Formula, under: Formula, mode: str) -> Formula:
    """An integer divided by a constant other than 0, rounded as `rules.exact` does. Raises NoFormError."""
    if not z3.is_int_value(under) or under.as_long() == 0 or not over.is_int():
        raise NoFormError
    divisor = abs(under.as_long())
    dividend = over if under.as_long() > 0 else -over
    floor, rest = dividend / divisor, dividend % divisor
    return floor + z3.If(_is_up(mode, dividend >= 0, floor, (rest, divisor)), 1, 0)


def _is_up(mode: str, positive: Formula, floor: Formula, part: tuple[Formula, int]) -> Formula:
    """Whether a quotient is rounded up from its floor, given the rest and what it is a part of."""
    rest, whole = part
    match mode:
        case "half_up":
            return z3.If(positive, 2 * rest >= whole, 2 * rest > whole)
        case "half_even":
            return z3.Or(2 * rest > whole, z3.And(2 * rest == whole, floor % 2 == 1))
        case "up":
            return z3.And(positive, rest > 0)
        case "down":
            return z3.And(z3.Not(positive), rest > 0)
        case "ceil":
            return rest > 0
        case _:
            return z3.BoolVal(val=False, ctx=rest.ctx)
