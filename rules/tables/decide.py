"""A decision: what the rows that hold for some facts make of the outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias
from zoneinfo import ZoneInfo

from rules.errors import EvaluationError
from rules.messages import Message
from rules.moment import Moment
from rules.tables import messages
from rules.tables.gather import broken_total, outcome_of
from rules.tables.matching import give, verdicts
from rules.tables.outputs import COUNT
from rules.tables.table import Line, Table
from rules.tree import Facts
from rules.types import Json
from rules.unknown import Unknown

Reason: TypeAlias = Literal["matched", "otherwise", "uncertain", "error"]

WORK = 2_000_000
"""The steps that all conditions of one decision may use together."""


@dataclass(frozen=True)
class Decision:
    """What a ruleset says of some facts.

    `rows` are those that the outcome comes from; where it comes from none, those that kept it from being decided.
    `missing` are the fields that would decide it, `undecided` the rows that want them, `trouble` says what went wrong.
    """

    outcome: Json
    reason: Reason
    rows: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()
    trouble: Message | None = None


def decide(table: Table, facts: Mapping[str, Any], *, now: datetime, zone: ZoneInfo | None = None) -> Decision:
    """What the ruleset says. `zone` is the call's, by default the document's own. Facts never make it raise."""
    return decide_at(table, facts, Moment(now, zone or table.zone, WORK))


def decide_at(table: Table, facts: Facts, moment: Moment) -> Decision:
    """The same in a moment that is made already."""
    case = _Case(table, facts, moment)
    for line, verdict in verdicts(table, facts, moment):
        if isinstance(verdict, EvaluationError):
            return _failed((line.id,), messages.row_failed(line.id, verdict.message))
        if isinstance(verdict, Unknown):
            case.undecided.append((line, verdict))
        else:
            case.matched.append((line, verdict))
            if table.document.hit == "first":
                break
    return case.decision()


class _Case:
    """One decision while it is made: the rows that hold with what they give, and those that could not be told."""

    def __init__(self, table: Table, facts: Facts, moment: Moment) -> None:
        self.table = table
        self.facts = facts
        self.moment = moment
        self.matched: list[tuple[Line, list[Json]]] = []
        self.undecided: list[tuple[Line, Unknown]] = []

    def decision(self) -> Decision:
        """What comes of the rows. Two rows that exclude each other are an error, whatever else is unknown."""
        clash = self._clash()
        if clash is not None:
            return _failed(self._matching(), clash)
        return self._uncertain() if self.undecided else self._settled()

    def _clash(self) -> Message | None:
        if len(self.matched) < 2:
            return None
        match self.table.document.hit:
            case "unique":
                return messages.overlap(self._matching())
            case "any" if any(given != self.matched[0][1] for _, given in self.matched):
                return messages.differing(self._matching())
            case _:
                return None

    def _uncertain(self) -> Decision:
        """The reason stays `uncertain`, whatever outcome `on_unknown` asks for."""
        match self.table.document.on_unknown:
            case "skip":
                found = self._settled()
            case "otherwise":
                found = self._otherwise()
            case "error":
                found = Decision(None, "uncertain")
        undecided = tuple(line.id for line, _ in self.undecided)
        missing = frozenset[str]().union(found.missing, *(unknown.missing for _, unknown in self.undecided))
        return Decision(
            found.outcome, "uncertain", found.rows or undecided, tuple(sorted(missing)), undecided, found.trouble
        )

    def _settled(self) -> Decision:
        if not self.matched:
            return self._otherwise()
        return self._made([given for _, given in self.matched], self._matching(), "matched")

    def _otherwise(self) -> Decision:
        then = self.table.otherwise
        if then is None:
            return _failed((), messages.GAP)
        outputs = (COUNT,) if self.table.document.gives == "count" else self.table.outputs
        values: list[list[Json]] = []
        for each in then:
            match give(each, outputs, self.facts, self.moment):
                case Unknown() as unknown:
                    return Decision(None, "uncertain", missing=tuple(sorted(unknown.missing)))
                case EvaluationError() as error:
                    return _failed((), messages.otherwise_failed(error.message))
                case given:
                    values.append(given)
        if self.table.document.gives == "count":
            return Decision({COUNT.key: values[0][0]}, "otherwise")
        return self._made(values, (), "otherwise")

    def _made(self, given: list[list[Json]], rows: tuple[str, ...], reason: Reason) -> Decision:
        trouble = broken_total(self.table, given)
        return _failed(rows, trouble) if trouble else Decision(outcome_of(self.table, given), reason, rows)

    def _matching(self) -> tuple[str, ...]:
        return tuple(line.id for line, _ in self.matched)


def _failed(rows: tuple[str, ...], trouble: Message) -> Decision:
    return Decision(None, "error", rows, trouble=trouble)
