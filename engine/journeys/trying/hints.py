"""What a simulation may be offered: the fields that it would need, and values that let a condition be true."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from engine.journeys.audience_entries import MATCHED
from engine.journeys.catalogue import EventTypes
from engine.journeys.plan import Plan
from engine.journeys.state import State
from engine.journeys.steps import Awaited, Trigger, Wait
from rules.types import Json

_NOT_ASKED = frozenset({"event.type", "event.time"})
_OCCURRENCE = "event.occurrence"
SCOPES = ("member", "store", "associate")


@dataclass(frozen=True)
class Offer:
    """An event that may be injected: its type, the fields that matter, what it would do, and what is sure of it."""

    on: str
    fields: tuple[str, ...]
    pointer: str
    role: str
    sure: Mapping[str, Json] = field(default_factory=dict)


def given_fields(plan: Plan) -> list[str]:
    """The facts that the journey reads, by scope: a member's first."""
    return [path for scope in SCOPES for path in sorted(plan.fields) if path.startswith(f"{scope}.")]


def entry_offers(plan: Plan, events: EventTypes) -> list[Offer]:
    """The events that may start a run, each type once."""
    found: dict[str, Offer] = {}
    for entry in plan.entries:
        fields = [*_tested(entry), *_named(plan, entry.on, events), *_saved(plan, entry.save)]
        before = found.get(entry.on)
        both = dict.fromkeys([*(before.fields if before else ()), *fields])
        found[entry.on] = Offer(entry.on, tuple(both), before.pointer if before else entry.pointer, "entry")
    if plan.audiences:
        first = plan.audiences[0]
        name = first.form if first.number == 1 else f"{first.form}-{first.number}"
        sure: dict[str, Json] = {_OCCURRENCE: name}
        fields = [_OCCURRENCE, *_named(plan, MATCHED, events), *_saved(plan, first.save)]
        found[MATCHED] = Offer(MATCHED, tuple(dict.fromkeys(fields)), first.pointer, "entry", sure)
    return [*found.values()]


def offers(plan: Plan, state: State | None) -> list[Offer]:
    """The events that the run would take where it stands: what its wait waits for, then its goal and exits."""
    if state is None or state.ended:
        return []
    step = plan.steps.get(state.node or "")
    awaited = step.work.awaited if step and isinstance(step.work, Wait) else ()
    return [*_awaited(plan, awaited), *_ways_out(plan)]


def named_offers(plan: Plan, events: EventTypes) -> dict[str, Offer]:
    """The events that waits, goal, exits and entries name, wherever the run stands: each type once, with all fields."""
    waits = [step.work for step in plan.steps.values() if isinstance(step.work, Wait)]
    awaited = [offer for wait in waits for offer in _awaited(plan, wait.awaited)]
    found: dict[str, Offer] = {}
    for offer in [*awaited, *_ways_out(plan), *entry_offers(plan, events)]:
        first = found.get(offer.on, offer)
        found[offer.on] = replace(first, fields=tuple(dict.fromkeys([*first.fields, *offer.fields])))
    return found


def hints(when: Json) -> dict[str, Json]:
    """Values by path with which a condition may become true; no promise, only what it compares with."""
    return dict(_hints(when))


def _awaited(plan: Plan, awaited: Iterable[Awaited]) -> list[Offer]:
    return [Offer(each.on, _fields(plan, each, each.save), each.pointer, "wait") for each in awaited]


def _ways_out(plan: Plan) -> list[Offer]:
    """The goal, then the exits."""
    goal = [Offer(plan.goal.on, _fields(plan, plan.goal, None), plan.goal.pointer, "goal")] if plan.goal else []
    return [*goal, *(Offer(each.on, _fields(plan, each, None), each.pointer, "exit") for each in plan.exits)]


def _fields(plan: Plan, trigger: Trigger, save: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*_tested(trigger), *_saved(plan, save)]))


def _tested(trigger: Trigger) -> Iterable[str]:
    """The fields of the event itself that its condition reads."""
    read = trigger.when.fields if trigger.when else ()
    return sorted(path for path in read if path.startswith("event.") and path not in _NOT_ASKED)


def _named(plan: Plan, kind: str, events: EventTypes) -> Iterable[str]:
    """The fields of the entry event that something else in the journey reads."""
    known = events.get(kind, {})
    return sorted(path for path in plan.fields if path in known and path not in _NOT_ASKED)


def _saved(plan: Plan, save: str | None) -> Iterable[str]:
    """The fields of the event that are read later under the name that keeps it."""
    prefix = f"vars.{save}."
    return sorted(f"event.{path.removeprefix(prefix)}" for path in plan.fields if save and path.startswith(prefix))


def _hints(when: Json) -> Iterator[tuple[str, Json]]:
    if not isinstance(when, dict):
        return
    for name, parts in when.items():
        if not isinstance(parts, list):
            continue
        if name in {"and", "or"}:
            for part in parts:
                yield from _hints(part)
        elif len(parts) == 2:
            yield from _compared(name, parts[0], parts[1])


def _compared(name: str, left: Json, right: Json) -> Iterator[tuple[str, Json]]:
    """The value with which a comparison of a field with a literal is true."""
    if name in _TURNED and _path(left) is None:
        name, left, right = _TURNED[name], right, left
    path = _path(left)
    if path is None or _path(right) is not None:
        return
    match name, right:
        case "in", [value, *_]:
            yield path, value
        case ">" | "<", int(value) if not isinstance(value, bool):
            yield path, value + (1 if name == ">" else -1)
        case "==" | ">=" | "<=", str() | int() | float():
            yield path, right
        case _:
            return


_TURNED = {"==": "==", ">": "<", "<": ">", ">=": "<=", "<=": ">="}


def _path(part: Json) -> str | None:
    path = part.get("var") if isinstance(part, Mapping) else None
    return path if isinstance(path, str) else None
