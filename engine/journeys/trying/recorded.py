"""Why a recorded run went its way: its conditions asked anew of what was read then, the event, the time that passed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from engine.journeys.plan import Plan
from engine.journeys.steps import Choice, Decide, Delay, Split, Trigger, Wait
from engine.journeys.trying.evaluations import Judged
from engine.journeys.trying.tracing import Reason, nested, reason_of
from rules.compile import Rule
from rules.errors import EvaluationError
from rules.tables.table import is_personal
from rules.types import Fields, Json

Personal: TypeAlias = Callable[[str], bool]
"""Whether the field of a path is personal now, whatever the plan was compiled with."""


@dataclass(frozen=True)
class Recorded:
    """A line of a run's log with what was read for it."""

    kind: str
    at: datetime
    node: str | None
    port: str | None
    detail: Mapping[str, Json]
    reads: Mapping[str, Json]


@dataclass(frozen=True)
class Because:
    """Why a line came to be. `reasons` are conditions in the order in which they were asked, each with its port if any.

    `event` is the type that a wait took; `awaited` are those that did not come in `passed`, an ISO duration (of a delay
    all that passed). `share` is that of a split's arm, of 10,000. `seen` is what a ruleset was told, without what is
    personal, which `hidden` counts; `fields` declare it.
    """

    reasons: tuple[tuple[Reason, str | None], ...] = ()
    event: str | None = None
    passed: str | None = None
    awaited: tuple[str, ...] = ()
    share: int | None = None
    seen: Mapping[str, Json] | None = None
    hidden: int = 0
    fields: Fields | None = None


def because(plan: Plan, line: Recorded, before: Recorded | None, personal: Personal) -> Because | None:
    """Why this line came to be, as far as the record tells; `before` is the line before it.

    Values are withheld that are `personal` now, and those that were when the plan was compiled.
    """
    step = plan.steps.get(line.node or "")
    if line.kind == "event":
        return _by_trigger(plan, line, personal)
    if step is None or line.kind not in {"left", "timeout"}:
        return None
    match step.work:
        case Choice() as choice if line.kind == "left":
            return Because(tuple(_asked(plan, choice, line, personal)))
        case Split(arms) if line.kind == "left":
            return Because(share=dict(arms).get(line.port or ""))
        case Decide() as decide if line.kind == "left":
            return _by_ruleset(decide, line, personal)
        case Wait() as wait if line.kind == "timeout":
            return Because(passed=str(wait.timeout or ""), awaited=tuple({each.on: None for each in wait.awaited}))
        case Wait() if before is not None and before.kind == "event" and before.node == line.node:
            return Because(event=str(before.detail.get("type")))
        case Delay(length) if line.kind == "timeout":
            return Because(passed=str(length))
    return None


def _asked(plan: Plan, choice: Choice, line: Recorded, personal: Personal) -> Iterator[tuple[Reason, str | None]]:
    """The cases up to the first that was true."""
    for rule, port in choice.cases:
        reason = _reason(plan, rule, line, personal)
        yield reason, port
        if reason.value is True:
            return


def _by_trigger(plan: Plan, line: Recorded, personal: Personal) -> Because | None:
    """The condition of the goal, the exit or the wait that took an event."""
    step = plan.steps.get(line.node or "")
    awaited = step.work.awaited if step is not None and isinstance(step.work, Wait) else ()
    goal = [plan.goal] if plan.goal else []
    takers: Mapping[str, list[Trigger]] = {"goal": [*goal], "exit": [*plan.exits], "wait": [*awaited]}
    for trigger in takers.get(str(line.detail.get("fate")), ()):
        if trigger.on == line.detail.get("type") and trigger.when is not None:
            reason = _reason(plan, trigger.when, line, personal)
            if reason.value is True:
                return Because(((reason, None),))
    return None


def _by_ruleset(decide: Decide, line: Recorded, personal: Personal) -> Because:
    known = decide.ruleset.table.known
    hidden = {path for path in line.reads if is_personal(known.get(path)) or personal(path)}
    seen = {path: value for path, value in line.reads.items() if path not in hidden}
    return Because(seen=seen, hidden=len(hidden), fields=known)


def _reason(plan: Plan, rule: Rule, line: Recorded, personal: Personal) -> Reason:
    facts = nested(line.reads)
    judged = Judged(rule, facts, line.at, plan.zone, None, personal=personal)
    try:
        value = rule.evaluate(facts, now=line.at, zone=plan.zone)
    except EvaluationError as error:
        return reason_of(replace(judged, error=error.message))
    return reason_of(replace(judged, value=value))
