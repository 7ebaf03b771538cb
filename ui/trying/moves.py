"""What is asked of a simulation's page, as the next walk: somebody enters, a step, an event, another result."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from engine.journeys.document_tests import Given, Happening
from engine.journeys.plan import Plan
from engine.journeys.trying.simulation import Simulation
from rules.duration import DurationError, parse_duration
from rules.errors import RuleError
from rules.reader import loads
from rules.types import Json
from ui.trying import walks
from ui.trying.forms import WalkForms
from ui.trying.walks import Walk

SCOPES = ("member", "store", "associate")


class RefusedError(ValueError):
    """What was entered cannot be used; its text is the end of a message's key."""


def entered(plan: Plan, forms: WalkForms, member: str | None) -> Walk:
    """The walk that begins with the event and the facts that were entered. Raises RefusedError."""
    facts, sent = _facts(forms), forms.sent
    on = sent.get("on", "")
    if on not in plan.entry_event_types:
        raise RefusedError("event")
    given: dict[str, Any] = {scope: facts[scope] for scope in SCOPES if scope in facts}
    if member is None and sent.get("now"):
        given["now"] = sent["now"]
    entry = Happening(at="PT0S", on=on, data=_event(facts, sent.get("data", "")))
    parts: dict[str, Any] = {"when": [entry], "until": "last"}
    if member is not None:
        parts["member"] = member
    try:
        if given:
            parts["given"] = Given.model_validate(given)
        return Walk.model_validate(parts)
    except ValueError as error:
        raise RefusedError("facts") from error


def moved(walk: Walk, found: Simulation, deed: str, forms: WalkForms) -> Walk:
    """The walk after a deed. Raises RefusedError."""
    try:
        return _moved(walk, found, deed, forms)
    except RefusedError:
        raise
    except (ValueError, OverflowError) as error:
        raise RefusedError("deed") from error


def _moved(walk: Walk, found: Simulation, deed: str, forms: WalkForms) -> Walk:
    zone, sent = forms.plan.zone, forms.sent
    match deed:
        case "step":
            return walks.step(walk, found, zone)
        case "back":
            return walks.back(walk, found)
        case "rest":
            return walks.rest(walk)
        case "deadline":
            return walks.deadline(walk, found, zone)
        case "run":
            return walks.run(walk)
        case "inject":
            return _injected(walk, found, forms)
        case "answer":
            return walks.answer(walk, sent.get("activity", ""), _count(sent.get("nth", "")), sent.get("port", ""))
        case "arm":
            return walks.take_arm(walk, sent.get("node", ""), sent.get("port", ""))
    raise RefusedError("deed")


def _injected(walk: Walk, found: Simulation, forms: WalkForms) -> Walk:
    sent = forms.sent
    data, later = _event(_facts(forms), sent.get("data", "")), _after(sent.get("after", ""))
    try:
        return walks.inject(walk, found, sent.get("on", ""), data, later, forms.plan.zone)
    except ValueError as error:
        raise RefusedError("event") from error


def _facts(forms: WalkForms) -> dict[str, Json]:
    filled = forms.filled()
    if filled.failed:
        raise RefusedError("facts")
    return filled.facts


def _event(facts: dict[str, Json], text: str) -> dict[str, Json]:
    """The data of an event: what was written as JSON goes before the form."""
    filled = facts.get("event")
    event = {name: _reference(value) for name, value in filled.items()} if isinstance(filled, dict) else {}
    if not text.strip():
        return event
    try:
        found = loads(text)
    except RuleError as error:
        raise RefusedError("data") from error
    if not isinstance(found, dict):
        raise RefusedError("data")
    return {**event, **found}


def _reference(value: Json) -> Json:
    """A record of which nothing but its key was written is named by it, so that it is taken as it is known."""
    return value["key"] if isinstance(value, dict) and value.keys() == {"key"} else value


def _after(text: str) -> timedelta:
    """How much later; days are of 24 hours here."""
    try:
        length = parse_duration(text or "PT0S")
    except DurationError as error:
        raise RefusedError("after") from error
    return length.elapsed + timedelta(days=length.days + 30 * length.months)


def _count(text: str) -> int:
    if not text.isdecimal() or len(text) > 3:
        raise RefusedError("deed")
    return int(text)
