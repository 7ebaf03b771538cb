"""The fields that a ruleset sees without declaring them."""

from __future__ import annotations

from engine.journeys.catalogue import EventTypes
from engine.journeys.context import CheckContext
from engine.journeys.fields import event_fields
from rules.types import Declaration, Fields


def ruleset_fields(context: CheckContext) -> Fields:
    """The catalogue, and the fields of all events: a decision may be asked at any event, or without one."""
    return {**_of_any_event(context.events), **context.fields}


def _of_any_event(events: EventTypes) -> Fields:
    """The first declaration of each field of events; any of them may be missing."""
    found: dict[str, Declaration] = {}
    for name in events:
        for path, declaration in event_fields(name, events).items():
            found.setdefault(path, declaration.model_copy(update={"optional": True}))
    return found
