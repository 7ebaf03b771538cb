"""A simulation as an embedded test of the document: what was given, what happened, and what came of it."""

from __future__ import annotations

from datetime import datetime

from engine.journeys.catalogue import worded
from engine.journeys.deadlines import after
from engine.journeys.document_tests import Happening
from engine.journeys.made_up import PlayedEffect
from engine.journeys.plan import Plan
from engine.journeys.steps import Activity
from engine.journeys.trying.script import Script, offset
from engine.journeys.trying.simulation import Simulation
from rules.duration import parse_duration
from rules.types import Json

DEFAULT_BEGIN = "2026-01-07T10:00:00"


def as_test(plan: Plan, script: Script, found: Simulation, name: str) -> dict[str, Json]:
    """The test that says what the simulation showed. A run that has not ended states where it waits, and until when.

    Of effects it states what tells them apart, such as the batch of a coupon, and not how messages are worded.
    A real member's facts must be given by the script by then; what is personal should not be among them.
    """
    when = [_happening(each) for each in script.when if _has_happened(plan, found, each)]
    if found.outcome is None and found.now > found.begin:
        when.append({"at": offset(found.begin, found.now, plan.zone)})
    return {
        "name": name,
        **({"given": given} if (given := _given(plan, script, found)) else {}),
        "when": [*when],
        "then": _then(plan, found),
    }


def _given(plan: Plan, script: Script, found: Simulation) -> dict[str, Json]:
    given = script.given
    scopes: dict[str, Json] = {
        scope: dict(facts) for scope in ("member", "store", "associate") if (facts := getattr(given, scope))
    }
    arms = {node: arm for node, arm in (found.state.splits if found.state else {}).items() if node in found.path}
    begin = found.begin.astimezone(plan.zone)
    is_default = begin.replace(tzinfo=None) == datetime.fromisoformat(DEFAULT_BEGIN)
    return {
        **({} if is_default else {"now": begin.isoformat()}),
        **scopes,
        **({"arms": {**arms}} if arms else {}),
        **({"holdout": True} if found.state and found.state.holdout else {}),
    }


def _has_happened(plan: Plan, found: Simulation, happening: Happening) -> bool:
    """Whether it is a result of an activity, or an event that the clock has reached."""
    if happening.at is None or happening.activity is not None:
        return happening.activity is not None
    return after(found.begin, parse_duration(happening.at), plan.zone) <= found.now


def _happening(happening: Happening) -> dict[str, Json]:
    plain: dict[str, Json] = happening.model_dump(mode="json", exclude_unset=True)
    return plain


def _then(plan: Plan, found: Simulation) -> dict[str, Json]:
    if found.state is None:
        return {"path": []}
    effects: list[Json] = [_effect(plan, each) for each in found.effects]
    rests = found.waiting_at
    waiting: dict[str, Json] = {}
    if found.outcome is None and rests is not None:
        deadline = rests.get("deadline")
        waiting = {"node": rests["node"]}
        if isinstance(deadline, str):
            waiting["deadline"] = offset(found.begin, datetime.fromisoformat(deadline), plan.zone)
    return {
        **({"outcome": found.outcome} if found.outcome is not None else {"waiting_at": waiting}),
        "path": [*found.path],
        **({"effects": effects} if effects else {}),
    }


def _effect(plan: Plan, effect: PlayedEffect) -> dict[str, Json]:
    step = plan.steps.get(effect.node)
    worded_ones = worded(step.work.type.params) if step and isinstance(step.work, Activity) else frozenset[str]()
    params: dict[str, Json] = {name: value for name, value in effect.params.items() if name not in worded_ones}
    return {"activity": effect.activity, **({"params": params} if params else {})}
