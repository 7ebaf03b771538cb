"""Which rows of a table hold for some facts.

The atoms of the columns leave a few rows over, and only the conditions of these are evaluated. A row is false when any
part of it is false; else it went wrong when a part did; else it is unknown when a part is; else it is true.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from rules.compile import Rule
from rules.errors import EvaluationError
from rules.moment import Moment
from rules.tables import messages
from rules.tables.outputs import WHOLE_SHARE
from rules.tables.table import Given, Line, Output, Table
from rules.tree import Facts
from rules.types import Json
from rules.unknown import Unknown
from rules.writing import as_json

Verdict: TypeAlias = list[Json] | Unknown | EvaluationError
"""What became of a row that is not false: the values of its outputs, or why there are none."""


@dataclass(frozen=True)
class Doubt:
    """A field without a usable value; the rows in the mask `free` say nothing of it."""

    free: int
    why: Unknown | EvaluationError


def verdicts(table: Table, facts: Facts, moment: Moment) -> Iterator[tuple[Line, Verdict]]:
    """The rows that are not false, in order."""
    left, doubts = _candidates(table, facts, moment)
    while left:
        bit = left & -left
        left ^= bit
        line = table.rows[bit.bit_length() - 1]
        found = _holds(line, [doubt.why for doubt in doubts if not doubt.free & bit], facts, moment)
        if found is True:
            yield line, give(line.then, table.outputs, facts, moment)
        elif found is not False:
            yield line, found


def _candidates(table: Table, facts: Facts, moment: Moment) -> tuple[int, Sequence[Doubt]]:
    """The rows that no cell and no window rules out, and the doubts that remain about them."""
    left = table.all_rows
    doubts: list[Doubt] = []
    if table.is_timed:
        left &= table.windows(moment.zone).mask(moment.now)
    for read, partition in table.indexed:
        value = _read(read, facts, moment)
        if isinstance(value, Unknown | EvaluationError):
            doubts.append(Doubt(partition.free, value))
        else:
            left &= partition.mask(value)
    return left, doubts


def _read(rule: Rule, facts: Facts, moment: Moment) -> Any:
    try:
        return rule(facts, moment)
    except EvaluationError as error:
        return error


def _holds(
    line: Line, doubts: Sequence[Unknown | EvaluationError], facts: Facts, moment: Moment
) -> bool | Unknown | EvaluationError:
    """Whether a row holds that its cells do not rule out."""
    unknown: Unknown | None = None
    error: EvaluationError | None = None
    for value in (*doubts, *(_read(condition.rule, facts, moment) for condition in line.conditions)):
        if value is False:
            return False
        if isinstance(value, EvaluationError):
            error = error or value
        elif isinstance(value, Unknown):
            unknown = value if unknown is None else unknown | value
    return error or (True if unknown is None else unknown)


def give(then: Sequence[Given], outputs: Sequence[Output], facts: Facts, moment: Moment) -> Verdict:
    """The values of the outputs; an optional one for which a rule gives no value is null."""
    values: list[Json] = []
    unknown: Unknown | None = None
    for given, output in zip(then, outputs, strict=False):
        value = given.literal if given.rule is None else _computed(given.rule, output, facts, moment)
        if isinstance(value, EvaluationError):
            return value
        if isinstance(value, Unknown):
            unknown = value if unknown is None else unknown | value
        values.append(value)
    return values if unknown is None else unknown


def _computed(rule: Rule, output: Output, facts: Facts, moment: Moment) -> Any:
    value = _read(rule, facts, moment)
    if isinstance(value, EvaluationError):
        return value
    if isinstance(value, Unknown):
        if value.missing:
            return value
        return None if output.optional else EvaluationError(messages.no_value(output.key))
    if output.kind == "share" and not 0 <= value <= WHOLE_SHARE:
        return EvaluationError(messages.share_beyond(output.key, WHOLE_SHARE))
    if output.type.values is not None and value not in output.type.values:
        return EvaluationError(messages.not_among_values(output.key))
    return as_json(value, output.type)
