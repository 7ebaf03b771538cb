"""What a derived attribute is made of: which of a member's events count, and with what value.

A source is a type of events with `when` and `of`; several attributes may be made of one. It judges each event once, as
of the event's own time, and never again: how far back an attribute reaches is a matter of reading.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from engine.fields.document import Derive
from engine.journeys.canonical import canonical
from engine.journeys.catalogue import EventTypes
from engine.journeys.fields import event_fields
from rules.compile import Rule, compile_rule
from rules.duration import Duration, parse_duration
from rules.errors import EvaluationError
from rules.limits import MAX_INTEGER
from rules.types import Declaration, Fields, Json
from rules.unknown import Unknown
from rules.writing import as_json

DAYS_OF_YEAR = 373
"""No year of twelve months is longer, whatever is taken for a month."""


@dataclass(frozen=True)
class Contribution:
    """What one event says. Where it is not `decided`, nobody knows whether it counts, or for how much."""

    decided: bool
    value: Json = None


@dataclass(frozen=True)
class Source:
    """All that a judgement depends on, as canonical JSON that is kept for good."""

    text: str

    @cached_property
    def spec(self) -> dict[str, Json]:
        """The same, read: `event`, `when`, `of`, the `fields` that these name, `time_zone`, `years`."""
        read: dict[str, Json] = json.loads(self.text)
        return read

    @cached_property
    def name(self) -> str:
        """What names it in every database."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def years(self) -> int | None:
        """Attributes look back so many years at most; null for all time."""
        years = self.spec["years"]
        return years if isinstance(years, int) else None

    @property
    def event(self) -> str:
        """The type of events that it is made of."""
        return str(self.spec["event"])

    @cached_property
    def judge(self) -> Judge:
        """The source, compiled."""
        return Judge(self.spec)

    @cached_property
    def reads_records(self) -> bool:
        """Whether it looks at a store, an associate or a channel beyond its key."""
        fields = self.spec["fields"]
        return isinstance(fields, dict) and any(path.count(".") > 1 for path in fields)


@lru_cache(maxsize=1_000)
def source_from(text: str) -> Source:
    """The source that is kept as `text`; compiled once in a process."""
    return Source(text)


class Judge:
    """A compiled source."""

    def __init__(self, spec: Mapping[str, Json]) -> None:
        fields = _declared(spec["fields"])
        self._zone = ZoneInfo(str(spec["time_zone"]))
        self._when = None if spec["when"] is None else compile_rule(spec["when"], fields)
        self._of = None if spec["of"] is None else compile_rule(spec["of"], fields, expect=None)

    def __call__(self, event: Mapping[str, Any], time: datetime) -> Contribution | None:
        """What an event contributes, given as rules see it; None if it does not count."""
        facts = {"event": event}
        try:
            counts = True if self._when is None else self._when.evaluate(facts, now=time, zone=self._zone)
            if counts is False:
                return None
            value = None if self._of is None else self._of.evaluate(facts, now=time, zone=self._zone)
        except EvaluationError:
            return Contribution(decided=False)
        if isinstance(counts, Unknown) or isinstance(value, Unknown):
            return Contribution(decided=False)
        return self._exact(value)

    def _exact(self, value: object) -> Contribution:
        """A value as it is kept; amounts as minor units."""
        if self._of is None:
            return Contribution(decided=True)
        kept = as_json(value, replace(self._of.tree.type, currency=None))
        if isinstance(kept, int) and abs(kept) > MAX_INTEGER:
            return Contribution(decided=False)
        return Contribution(decided=True, value=kept)


def source_of(derive: Derive, own: Fields, events: EventTypes) -> Source:
    """The source of an attribute whose derivation has no errors. `own` are the `event.*` of HQ's own."""
    fields = scope(derive, own, events)
    read = [rule for rule in compiled(derive, fields) if rule is not None]
    paths = sorted(frozenset[str]().union(*(rule.fields for rule in read)))
    spec: dict[str, Json] = {
        "event": derive.event,
        "when": derive.when,
        "of": expression(derive.of),
        "fields": {path: fields[path].model_dump(mode="json", exclude_defaults=True) for path in paths},
        "time_zone": derive.time_zone,
        "years": None if derive.within is None else years_of(parse_duration(derive.within)),
    }
    return source_from(canonical(spec).decode())


def years_of(within: Duration) -> int:
    """Whole years that hold the duration: attributes of about one length share what is kept."""
    days = within.months * 31 + within.days + within.elapsed.days + 1
    return -(-days // DAYS_OF_YEAR)


def scope(derive: Derive, own: Fields, events: EventTypes) -> Fields:
    """The fields that `when` and `of` may name: what the type of events declares goes before all else."""
    more = {**own, **derive.fields}
    ours = {path: each for path, each in more.items() if path.startswith("event.")}
    return {**ours, **event_fields(derive.event, events)}


def compiled(derive: Derive, fields: Fields) -> tuple[Rule | None, Rule | None]:
    """`when` and `of`. Raises RuleError."""
    when = None if derive.when is None else compile_rule(derive.when, fields)
    of = expression(derive.of)
    return when, None if of is None else compile_rule(of, fields, expect=None)


def expression(of: Json) -> Json:
    """`of` as an expression: a path stands for its field."""
    return {"var": of} if isinstance(of, str) else of


def _declared(fields: Json) -> dict[str, Declaration]:
    return {path: Declaration.model_validate(each) for path, each in fields.items()} if isinstance(fields, dict) else {}
