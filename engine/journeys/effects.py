"""The activity node: params, quiet hours, the command, its outcome, and what follows a failure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import ValidationError

from engine.journeys.deadlines import after
from engine.journeys.state import Failure, Local, Outcome, Pass, Remote, Uncalled
from engine.journeys.steps import Activity, Step
from engine.journeys.walk import Facts, Walk
from rules.duration import Duration
from rules.errors import EvaluationError
from rules.shares import share_of
from rules.types import Json
from rules.unknown import Unknown

if TYPE_CHECKING:
    from engine.journeys.plan import Plan

SPREAD = timedelta(minutes=30)
"""The end of quiet hours lets the deferred go one by one within this time."""


class ParamsError(Exception):
    """A node's params cannot be computed; it fails without a call."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.failure = Failure(code, message, final=True)


def begin(walk: Walk, step: Step, activity: Activity) -> None:
    """Ask for the effect of an activity node, unless quiet hours or its params forbid it, or the run has had it."""
    known = walk.state.passes.get(step.id)
    if known is not None and known.due:
        pass_by(walk, step, known, activity.save)
        return
    if activity.type.contact == "push" and _is_kept_quiet(walk, step):
        return
    state = walk.state
    key = f"{step.id}:{state.visits[step.id]}"
    try:
        params = compute_params(walk, activity)
    except ParamsError as error:
        walk.commands.append(Uncalled(key, activity.type.name, error.failure))
        _fail(walk, step, error.failure)
        return
    walk.state = replace(state, phase="acting", effect=key, deadline=None, again=False)
    if activity.type.mode == "local":
        walk.commands.append(Local(key, activity.type.name, params))
    else:
        walk.commands.append(Remote(key, activity.type.name, params, activity.retry, state.expires, state.again))


def pass_by(walk: Walk, step: Step, known: Pass, save: str | None = None) -> None:
    """The run had this effect before it was migrated here: leave by the recorded port, and do nothing."""
    state = walk.state
    walk.log("effect", known.port, {"activity": known.type, "key": known.key, "recorded": True})
    saved = {save: known.result} if save is not None and save not in state.vars else {}
    passes = {**state.passes, step.id: replace(known, due=False)}
    walk.state = replace(state, vars={**state.vars, **saved}, passes=passes)
    walk.leave(known.port)


def compute_params(walk: Walk, activity: Activity) -> dict[str, Json]:
    """The params as plain JSON that the type's model accepts. An optional param that is unknown is left out."""
    facts, params = walk.sight(), {}
    for name, value in activity.params.items():
        field = activity.type.params.model_fields.get(name)
        try:
            found = value.evaluate(facts, now=walk.now, zone=walk.plan.zone)
        except EvaluationError as error:
            raise ParamsError("expression-error", f"{name}: {error}") from error
        if not isinstance(found, Unknown):
            params[name] = found
        elif field is None or field.is_required():
            raise ParamsError("unknown-param", f"{name}: unknown without {', '.join(sorted(found.missing))}")
    try:
        activity.type.params.model_validate(params)
    except ValidationError as error:
        raise ParamsError("bad-params", _first(error)) from error
    return params


def settle(walk: Walk, outcome: Outcome) -> None:
    """Take the outcome of the effect that the run waits for; any other is not its concern any more."""
    step = walk.step
    if walk.state.phase != "acting" or outcome.key != walk.state.effect or step is None:
        return
    activity = step.work
    if not isinstance(activity, Activity):
        return
    if outcome.failure is not None:
        _retry_or_fail(walk, step, activity, outcome.failure)
        return
    walk.log("effect", outcome.port, {"activity": activity.type.name, "key": outcome.key})
    if activity.save is not None:
        walk.state = replace(walk.state, vars={**walk.state.vars, activity.save: outcome.result})
    walk.leave(outcome.port)


def quiet_until(plan: Plan, node: str, member: str, now: datetime) -> datetime | None:
    """Until when a push at the node must wait, or None when it is not quiet: the end of quiet hours, spread by hash."""
    end = plan.quiet_hours.ends_after(now, plan.zone) if plan.quiet_hours else None
    if end is None:
        return None
    return end + timedelta(seconds=share_of(f"{plan.key}/{node}:{member}", int(SPREAD.total_seconds())))


def _is_kept_quiet(walk: Walk, step: Step) -> bool:
    """Whether quiet hours hold: the push leaves through `quiet`, or is deferred to their end, spread by hash."""
    until = quiet_until(walk.plan, step.id, walk.state.run.member, walk.now)
    if until is None:
        return False
    if "quiet" in step.ports:
        walk.leave("quiet")
        return True
    walk.state = replace(walk.state, phase="deferred", deadline=until, resting_since=walk.now)
    walk.log("deferred", detail={"until": until.isoformat()})
    return True


def _retry_or_fail(walk: Walk, step: Step, activity: Activity, failure: Failure) -> None:
    """A remote effect comes here when its retries are used up; a local one is tried again from here."""
    failures = walk.state.failures + 1
    walk.state = replace(walk.state, failures=failures)
    if activity.type.mode == "remote" or failure.final or failures >= activity.retry.attempts:
        _fail(walk, step, failure)
        return
    wait = failure.retry_after if failure.retry_after is not None else activity.retry.delay(failures)
    until = after(walk.now, Duration(elapsed=max(wait, timedelta(0))), walk.plan.zone)
    walk.state = replace(walk.state, phase="retrying", effect=None, deadline=until, resting_since=walk.now)
    walk.log("failed", detail={**_tell(failure), "attempt": failures, "retry_at": until.isoformat()})


def _fail(walk: Walk, step: Step, failure: Failure) -> None:
    """Leave through `error` where it is connected, else be stuck. An unknown outcome is for an operator to judge."""
    if failure.code == "unknown-outcome":
        walk.get_stuck("unknown-outcome", failure.message)
    elif "error" in step.ports:
        walk.log("failed", detail=_tell(failure))
        walk.leave("error")
    else:
        walk.get_stuck("failed", f"{failure.code}: {failure.message}")


def _tell(failure: Failure) -> dict[str, Json]:
    return {"code": failure.code, "message": failure.message}


def _first(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"


__all__ = ["Facts", "ParamsError", "begin", "compute_params", "pass_by", "quiet_until", "settle"]
