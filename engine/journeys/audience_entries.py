"""Entries that are no events, compiled: whom each chooses, when it falls due, and what it is called.

An entry is known by its form and a hash of what says when and whom: so an occurrence of one version belongs to the
entry of the next that says the same, wherever it stands there, and to none that says something else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from engine.journeys.deadlines import after
from engine.journeys.schedules import Rate, Recurrence, on_clock, returning
from engine.journeys.state import EventIn
from rules.compile import Rule, compile_rule
from rules.duration import Duration
from rules.types import Conditions, Fields, Json

MATCHED = "audience.matched"
"""The event that tells of a member whom such an entry has chosen."""
SOURCE = "waystation:audiences"
"""Where these events come from: nobody outside may tell them."""

Form: TypeAlias = Literal["schedule", "becomes", "date", "list"]


@dataclass(frozen=True)
class Scheduled:
    """Those of whom a condition is true, on the days of a recurrence."""

    recurrence: Recurrence
    at: time
    audience: Rule
    limit: int | None
    rate: Rate | None


@dataclass(frozen=True)
class Becoming:
    """Those of whom a condition is true at a check and was not at the one before."""

    condition: Rule
    check: Duration


@dataclass(frozen=True)
class Dated:
    """Those who have a date, an offset added, on the day; `compiled` makes the condition for a day."""

    at: time
    offset: Duration
    yearly: bool
    compiled: Callable[[date], Rule] = field(repr=False)
    rule: Rule
    """The date itself."""


@dataclass(frozen=True)
class Listed:
    """Those whom somebody names."""


def fields_of(choosing: Scheduled | Becoming | Dated | Listed) -> frozenset[str]:
    """The fields by which an entry chooses."""
    match choosing:
        case Scheduled(audience=rule) | Becoming(condition=rule) | Dated(rule=rule):
            return rule.fields
        case _:
            return frozenset()


Choosing: TypeAlias = Scheduled | Becoming | Dated | Listed


@dataclass(frozen=True)
class AudienceEntry:
    """One of them. `number` counts those of its form in the document, from 1; `index` is its place there.

    `hash` is that of what says when and whom, with the named conditions that it uses. `declared` are the fields that it
    reads, as they were declared when the journey was published.
    """

    index: int
    form: Form
    number: int
    hash: str
    start: str
    save: str | None
    choosing: Choosing
    declared: Fields = field(default_factory=dict, repr=False)

    @property
    def id(self) -> str:
        """What occurrences call it."""
        return f"{self.form}-{self.hash[:12]}"

    @property
    def pointer(self) -> str:
        return f"/entry/{self.index}"

    @property
    def rate(self) -> Rate | None:
        """How quickly its members are told, where that is bounded."""
        return self.choosing.rate if isinstance(self.choosing, Scheduled) else None

    @property
    def limit(self) -> int | None:
        """How many members one occurrence tells at most."""
        return self.choosing.limit if isinstance(self.choosing, Scheduled) else None

    @property
    def fields(self) -> frozenset[str]:
        """The fields by which it chooses."""
        return frozenset(self.declared)

    def rule(self, at: datetime, zone: ZoneInfo) -> Rule | None:
        """Whom an occurrence at this instant chooses from all members; None where somebody names them."""
        match self.choosing:
            case Scheduled(audience=rule) | Becoming(condition=rule):
                return rule
            case Dated(compiled=compiled):
                return compiled(at.astimezone(zone).date())
            case _:
                return None

    def next_after(self, instant: datetime, zone: ZoneInfo) -> datetime | None:
        """The first occurrence behind another one, or behind the publication; None where none follows by itself."""
        match self.choosing:
            case Scheduled(recurrence, at):
                return recurrence.after(instant, at, zone)
            case Becoming(check=check):
                return after(instant, check, zone)
            case Dated(at=at):
                return _next_day(instant, at, zone)
            case _:
                return None

    def named_by(self, occurrence: str) -> bool:
        """Whether an occurrence is one of its own. A test names an entry by its form, and `-2` for the second of it."""
        name = occurrence.partition("/")[0]
        return name == self.id or name == self.form + ("" if self.number == 1 else f"-{self.number}")

    def takes(self, journey: str, event: EventIn) -> bool:
        """Whether an event tells of somebody whom this entry of this journey has chosen."""
        data = event.data
        ours = event.type == MATCHED and event.source == SOURCE and data.get("journey") == journey
        return ours and self.named_by(str(data.get("occurrence")))


def _next_day(instant: datetime, at: time, zone: ZoneInfo) -> datetime:
    day = instant.astimezone(zone).date() - timedelta(days=1)
    while on_clock(day, at, zone) <= instant:
        day += timedelta(days=1)
    return on_clock(day, at, zone)


def on_days(
    expression: Json, offset: Duration, fields: Fields, conditions: Conditions, zone: ZoneInfo, *, yearly: bool
) -> Callable[[date], Rule]:
    """What makes the condition that is true of those whose date, the offset added, is a day. Raises RuleError.

    Yearly it returns on the same day of every later year; 29 February on the 28th where there is none.
    """
    kind = compile_rule(expression, fields, expect=None, conditions=conditions).type
    falls = partial(_falls, zone=zone, yearly=yearly) if kind == "instant" else partial(_is_day, yearly=yearly)

    def compiled(day: date) -> Rule:
        parts: list[Json] = [falls(expression, each) for each in returning(day, offset)]
        whole: Json = {"or": parts} if len(parts) > 1 else parts[0] if parts else False
        return compile_rule(whole, fields, conditions=conditions)

    compiled(date(2024, 1, 1))
    return compiled


def _is_day(expression: Json, day: date, *, yearly: bool) -> Json:
    if yearly:
        return {"and": [_returns(expression, day), {"<=": [expression, day.isoformat()]}]}
    return {"==": [expression, day.isoformat()]}


def _falls(expression: Json, day: date, *, zone: ZoneInfo, yearly: bool) -> Json:
    start, end = (on_clock(each, time(), zone).isoformat() for each in (day, day + timedelta(days=1)))
    first: Json = _returns(expression, day) if yearly else {">=": [expression, start]}
    return {"and": [first, {"<": [expression, end]}]}


def _returns(expression: Json, day: date) -> Json:
    return {"same_month_day": [expression, day.isoformat()]}
