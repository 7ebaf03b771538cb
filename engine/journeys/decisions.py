"""The decide node: facts that are known and given, what the pinned ruleset says, and the port that follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.journeys.state import Alert
from engine.journeys.steps import Decide, Step
from engine.journeys.walk import Walk, read_fields
from rules.errors import EvaluationError
from rules.messages import Message
from rules.tables import messages
from rules.tables.decide import Decision, decide
from rules.types import Json
from rules.unknown import Unknown


def begin(walk: Walk, step: Step, work: Decide) -> None:
    """Ask the ruleset and leave. What was read is recorded; what is uncertain without a port of its own is no guess."""
    try:
        facts = _facts(walk, work)
    except EvaluationError as error:
        _follow(walk, step, work, _unasked(error.message), {})
        return
    table = work.ruleset.table
    zone = table.zone if "time_zone" in table.document.model_fields_set else walk.plan.zone
    decision = decide(table, facts, now=walk.now, zone=zone)
    _follow(walk, step, work, decision, read_fields(table.fields, facts))


def _follow(walk: Walk, step: Step, work: Decide, decision: Decision, reads: Mapping[str, Json]) -> None:
    """Save the decision and leave through its port; be stuck where there is none."""
    detail: dict[str, Json] = {
        "ruleset": work.ruleset.key, "version": work.ruleset.version, "hash": work.ruleset.hash,
        "decision": decision.reason, "rows": [*decision.rows], "missing": [*decision.missing],
    }  # fmt: skip
    _alert(walk, work, decision)
    port = _port(step, decision)
    if port is None:
        walk.get_stuck("failed", _why(decision), {**detail}, reads)
        return
    walk.state = replace(walk.state, vars={**walk.state.vars, work.save: saved(decision)})
    walk.leave(port, reads, detail)


def _facts(walk: Walk, work: Decide) -> dict[str, Json]:
    """What the run knows, and over it what the node gives; a given value that is unknown hides what is known."""
    facts: dict[str, Json] = {**walk.sight()}
    for path, value in work.facts:
        found = value.evaluate(walk.sight(), now=walk.now, zone=walk.plan.zone)
        _put(facts, path.split("."), None if isinstance(found, Unknown) else found)
    return facts


def _put(facts: dict[str, Json], path: list[str], value: Json) -> None:
    """Write a value at a path; objects on the way are copied, for they are not ours."""
    [name, *rest] = path
    if not rest:
        facts[name] = value
        return
    inner = facts.get(name)
    copy: dict[str, Json] = {**inner} if isinstance(inner, dict) else {}
    facts[name] = copy
    _put(copy, rest, value)


def saved(decision: Decision) -> dict[str, Json]:
    """What `save` keeps: the outputs, or the list of them under `outcome`, and why."""
    why: dict[str, Json] = {
        "reason": decision.reason,
        "rows": [*decision.rows],
        "missing": [*decision.missing],
    }
    match decision.outcome:
        case dict() as outputs:
            return {**outputs, **why}
        case list() as several:
            return {"outcome": several, **why}
        case _:
            return why


def _port(step: Step, decision: Decision) -> str | None:
    """The port that a decision leads to; None where nobody has said what is to happen."""
    match decision.reason:
        case "matched" | "otherwise":
            return "done"
        case "uncertain" if "uncertain" in step.ports:
            return "uncertain"
        case "uncertain" if decision.outcome is not None:
            return "done"
        case _:
            return "error" if "error" in step.ports else None


def _alert(walk: Walk, work: Decide, decision: Decision) -> None:
    table = work.ruleset.table
    about: dict[str, Json] = {"ruleset": work.ruleset.key, "version": work.ruleset.version}
    if decision.reason == "uncertain" and table.document.on_unknown != "skip":
        missing = {"missing": ", ".join(decision.missing)}
        walk.commands.append(Alert("decision-uncertain", walk.state.node, {**about, **missing}))
    elif decision.reason == "error":
        rows = {"rows": ", ".join(decision.rows)}
        walk.commands.append(Alert("decision-failed", walk.state.node, {**about, **rows}))


def _why(decision: Decision) -> str:
    if decision.trouble is not None:
        return decision.trouble["en"]
    return f"uncertain without {', '.join(decision.missing)}"


def _unasked(why: Message) -> Decision:
    return Decision(None, "error", trouble=messages.facts_failed(why))
