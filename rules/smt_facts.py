"""From a model of z3 back to facts that people can read and rules can be evaluated on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

import z3

from rules.duration import DurationError, parse_duration
from rules.smt import Formulas
from rules.smt_time import code_date, code_instant
from rules.smt_values import Formula
from rules.types import Json, Type
from rules.writing import instant_text

_UNNAMED = 100_003
"""Seconds from which durations are taken that no rule names."""

_DIGITS = 18
"""Of a decimal, after the point."""


class NoFactsError(Exception):
    """The model is of a world that no facts can describe."""


@dataclass(frozen=True)
class Example:
    """Values as facts carry them, by path, of all fields that were asked about; `now` is set where that was."""

    values: dict[str, Json]
    now: datetime | None


def example_of(model: Formula, formulas: Formulas, zone: ZoneInfo) -> Example:
    """The facts of all fields that the formulas read. Raises NoFactsError."""
    reading = _Reading(model, formulas, zone)
    found = {
        path: reading.value(term.value, type_)
        for path, (type_, term) in formulas.read.items()
        if reading.holds(term.known)
    }
    now = reading.instant(formulas.calendar.now) if formulas.calendar.asked else None
    return Example(found, now)


class _Reading:
    def __init__(self, model: Formula, formulas: Formulas, zone: ZoneInfo) -> None:
        self.model = model
        self.codes = formulas.values.codes
        self.formulas = formulas
        self.zone = zone

    def holds(self, formula: Formula) -> bool:
        return bool(z3.is_true(self.model.eval(formula, model_completion=True)))

    def value(self, variable: Formula, type_: Type) -> Json:
        """The value of a variable as facts carry it."""
        match type_.kind:
            case "boolean":
                return self.holds(variable)
            case "integer" | "money":
                return self._whole(variable)
            case "decimal":
                return decimal_text(self._fraction(variable))
            case "date":
                return code_date(self._whole(variable)).isoformat()
            case "instant":
                return instant_text(self.instant(variable))
            case "tags":
                return self._tags(variable)
            case "list":
                return []
            case "duration":
                return self._duration(self._fraction(variable))
            case _:
                return self._text(self._fraction(variable))

    def instant(self, variable: Formula) -> datetime:
        """The value of an instant, in the zone."""
        try:
            return code_instant(self._whole(variable)).astimezone(self.zone)
        except OverflowError:
            raise NoFactsError from None

    def _whole(self, variable: Formula) -> int:
        return int(self.model.eval(variable, model_completion=True).as_long())

    def _fraction(self, variable: Formula) -> Fraction:
        found = self.model.eval(variable, model_completion=True)
        if not z3.is_rational_value(found):
            raise NoFactsError
        return Fraction(found.as_fraction())

    def _text(self, code: Fraction) -> str:
        text = self.codes.text(code)
        if text is None:
            raise NoFactsError
        return text

    def _duration(self, code: Fraction) -> str:
        """A duration that the rule names, or one that it does not."""
        text = self._text(code)
        try:
            return str(parse_duration(text, signed=True))
        except DurationError:
            return f"PT{_UNNAMED + list(self.codes.texts).index(text)}S"

    def _tags(self, tags: Formula) -> list[Json]:
        """The tags of a set; a set is finite, so that the model lists them."""
        found = self.model.eval(tags, model_completion=True)
        held: dict[str, bool] = {}
        while z3.is_store(found):
            found, code, holds = found.children()
            held.setdefault(self._text(Fraction(code.as_fraction())), z3.is_true(holds))
        if not z3.is_K(found) or z3.is_true(found.arg(0)):
            raise NoFactsError
        return [tag for tag in sorted(held) if held[tag]]


def decimal_text(value: Fraction) -> str:
    """A decimal as facts carry it. Raises NoFactsError for one that has no end, or too many digits."""
    scaled = value * 10**_DIGITS
    if scaled.denominator != 1:
        raise NoFactsError
    whole, rest = divmod(abs(scaled.numerator), 10**_DIGITS)
    digits = f"{rest:0{_DIGITS}d}".rstrip("0")
    return f"{'-' if scaled < 0 else ''}{whole}{'.' + digits if digits else ''}"
