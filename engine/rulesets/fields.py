"""The fields that a ruleset sees without declaring them."""

from __future__ import annotations

from functools import cache
from zoneinfo import ZoneInfo

from engine.events.personal import PHONE_KEYS
from engine.events.types import EVENT_TYPES
from engine.journeys.catalogue import EventTypes
from engine.journeys.context import CheckContext
from engine.journeys.fields import event_fields
from engine.members.fields import base_fields
from rules.tables.parse import read
from rules.tables.relations import known_fields
from rules.types import Declaration, Fields, Json
from rules.zones import HOME


def ruleset_fields(context: CheckContext) -> Fields:
    """The catalogue, and the fields of all events: a decision may be asked at any event, or without one."""
    return {**_PHONES, **_of_any_event(context.events), **context.fields}


def seen_by(document: Json, context: CheckContext) -> tuple[Fields, ZoneInfo]:
    """The fields that a ruleset sees, those that it declares itself among them, and its zone."""
    known, ruleset = ruleset_fields(context), read(document).ruleset
    if ruleset is None:
        return known, HOME
    return known_fields(ruleset.fields, known, []), ZoneInfo(ruleset.time_zone)


@cache
def shipped_fields() -> Fields:
    """The same without what headquarters declares: the fields that the examples of operators name."""
    events = {name: each.fields for name, each in EVENT_TYPES.items()}
    return ruleset_fields(CheckContext(fields=base_fields(), events=events))


_PHONES: Fields = {
    f"{owner}.{name}": Declaration(type="text", optional=True, personal=True)
    for owner in ("member", "event")
    for name in PHONE_KEYS
}
"""What is sealed by its name alone stays personal, whatever a document declares."""


def _of_any_event(events: EventTypes) -> Fields:
    """The first declaration of each field of events; any of them may be missing."""
    found: dict[str, Declaration] = {}
    for name in events:
        for path, declaration in event_fields(name, events).items():
            found.setdefault(path, declaration.model_copy(update={"optional": True}))
    return found
