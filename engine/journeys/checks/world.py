"""Checks against what is around the document: event types, references, other journeys, what this release executes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from engine.journeys import messages
from engine.journeys.canonical import canonical
from engine.journeys.checks import between as check_between
from engine.journeys.checks.named import named
from engine.journeys.context import CheckContext
from engine.journeys.document import (
    ActivityNode,
    DelayNode,
    Journey,
    TaskNode,
    WaitNode,
)  # fmt: skip
from engine.journeys.document_entries import Audience, BecomesEntry, DateEntry, EventEntry, ScheduleEntry
from engine.journeys.findings import Finding, finding
from engine.journeys.parse import Reading
from engine.journeys.working_days import KNOWN_UNTIL
from rules.documents.words import Words
from rules.limits import escape
from rules.types import Json

_LONG_WEEKEND = 12
"""Days by which holidays may move a working day."""


def check(reading: Reading, journey: Journey, context: CheckContext) -> Iterator[Finding]:
    """The findings about what the document takes for granted."""
    yield from _unavailable(journey)
    yield from _unknown_events(reading, journey, context)
    yield from _overlaps(journey, context)
    yield from _unknown_holidays(journey, context)
    yield from check_between.loops(journey, context)
    if context.references is not None:
        for kind, key, place in named(journey, context.catalogue):
            if not reading.is_mended(place) and not context.references(kind, key):
                yield finding("unknown-reference", place, *messages.unknown_reference(kind, key))


def _unavailable(journey: Journey) -> Iterator[Finding]:
    if journey.subject != "member":
        yield finding("not-available", "/subject", *messages.not_available(journey.subject))
    for node_id, node in journey.nodes.items():
        if isinstance(node, TaskNode):
            yield finding("not-available", f"/nodes/{escape(node_id)}", *messages.not_available(node.type))


def _unknown_events(reading: Reading, journey: Journey, context: CheckContext) -> Iterator[Finding]:
    known = context.events.keys() | _emitted(journey)
    for place, name in _events(journey):
        if name not in known and not reading.is_mended(place):
            yield finding("unknown-event", place, *messages.unknown_event(name, known))


def _events(journey: Journey) -> Iterator[tuple[str, str]]:
    for i, entry in enumerate(journey.entry):
        if isinstance(entry, EventEntry):
            yield f"/entry/{i}/on", entry.on
    if journey.goal:
        yield "/goal/on", journey.goal.on
    for i, way_out in enumerate(journey.exits):
        yield f"/exits/{i}/on", way_out.on
    for node_id, node in journey.nodes.items():
        if isinstance(node, WaitNode):
            yield from ((f"/nodes/{escape(node_id)}/for/{i}/on", item.on) for i, item in enumerate(node.awaited))


def _emitted(journey: Journey) -> frozenset[str]:
    """Event types that the journey sends itself."""
    emitting = [node for node in journey.nodes.values() if isinstance(node, ActivityNode)]
    types = [node.params.get("type") for node in emitting if node.activity == check_between.EMIT]
    return frozenset(name for name in types if isinstance(name, str))


def _overlaps(journey: Journey, context: CheckContext) -> Iterator[Finding]:
    """Another live journey takes the same event: on the same condition, or one of the two on any."""
    for i, entry in enumerate(journey.entry):
        for other in context.live or ():
            if other.key == journey.key:
                continue
            if not isinstance(entry, EventEntry):
                if (chosen := audience_of(entry)) is not None and canonical(chosen) in map(canonical, other.audiences):
                    yield overlap(i, other.key, messages.audience_overlap(other.key))
                continue
            if any(on == entry.on and may_both_hold(entry.when, when) for on, when in other.entries):
                yield overlap(i, other.key, messages.entry_overlap(other.key, entry.on))


def overlap(entry: int, other: str, words: Words) -> Finding:
    """The finding that another journey takes the same people; its example names that journey."""
    zh, en = words
    return finding("entry-overlap", f"/entry/{entry}", zh, en, {"journey": other})


def audience_of(entry: Audience) -> Json:
    """What an entry chooses by, whenever it does; None for a list, which may name anybody."""
    match entry:
        case ScheduleEntry():
            return entry.audience
        case BecomesEntry():
            return entry.becomes
        case DateEntry():
            return {"date": entry.date, "offset": entry.offset}
        case _:
            return None


def may_both_hold(one: Json, other: Json) -> bool:
    """Whether two conditions of one event are the same, or one of them lets everybody in; more is for proofs."""
    return one is None or other is None or canonical(one) == canonical(other)


def _unknown_holidays(journey: Journey, context: CheckContext) -> Iterator[Finding]:
    """A delay to a working day that may fall into a year whose holidays are not known yet."""
    if context.now is None:
        return
    for node_id, node in journey.nodes.items():
        until = node.until if isinstance(node, DelayNode) else None
        if until and until.get("working_day") is True:
            days = until.get("days", 0)
            ahead = timedelta(days=(days if isinstance(days, int) and 0 <= days < 36_500 else 0) + _LONG_WEEKEND)
            if (context.now + ahead).year > KNOWN_UNTIL.year:
                words = messages.unknown_holidays(KNOWN_UNTIL.year)
                yield finding("unknown-holidays", f"/nodes/{escape(node_id)}/until", *words)
