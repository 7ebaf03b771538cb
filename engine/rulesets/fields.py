"""The fields that a ruleset sees without declaring them."""

from __future__ import annotations

from functools import cache

from engine.events.types import EVENT_TYPES
from engine.journeys.catalogue import EventTypes
from engine.journeys.context import CheckContext
from engine.journeys.fields import event_fields
from engine.members.fields import base_fields
from rules.types import Declaration, Fields


def ruleset_fields(context: CheckContext) -> Fields:
    """The catalogue, and the fields of all events: a decision may be asked at any event, or without one."""
    return {**_of_any_event(context.events), **context.fields}


@cache
def shipped_fields() -> Fields:
    """The same without what headquarters declares: the fields that the examples of operators name."""
    events = {name: each.fields for name, each in EVENT_TYPES.items()}
    return ruleset_fields(CheckContext(fields=base_fields(), events=events))


def _of_any_event(events: EventTypes) -> Fields:
    """The first declaration of each field of events; any of them may be missing."""
    found: dict[str, Declaration] = {}
    for name in events:
        for path, declaration in event_fields(name, events).items():
            found.setdefault(path, declaration.model_copy(update={"optional": True}))
    return found
