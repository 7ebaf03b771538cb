"""The interpreter: one input in, the next state and its commands out. A function of its arguments and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from engine.journeys import calls, decisions, effects, inbox, operators
from engine.journeys.deadlines import after, next_time_of_day
from engine.journeys.plan import Plan
from engine.journeys.state import (
    Command,
    Continue,
    Deadline,
    DeadlineKind,
    EventIn,
    Input,
    Look,
    Operator,
    Outcome,
    Stage,
    State,
)  # fmt: skip
from engine.journeys.steps import (
    Activity,
    Called,
    Choice,
    Decide,
    Delay,
    DelayUntil,
    DelayUntilTime,
    Finish,
    Split,
    Step,
    Wait,
)
from engine.journeys.walk import MAX_NODES_PER_RUN, MAX_NODES_PER_TURN, Facts, Walk, pick_arm, read_fields
from rules.errors import EvaluationError
from rules.unknown import Unknown


def advance(
    plan: Plan, state: State, given: Input, facts: Facts, now: datetime, *, paused: bool = False
) -> tuple[State, list[Command]]:
    """Take one input, then go on until the run rests. An ended run takes nothing.

    After a `Local` command the caller performs the effect and gives its `Outcome` as the next input.
    """
    if state.ended:
        return state, []
    walk = Walk(plan, state, facts, now, paused=paused)
    match given:
        case Continue():
            pass
        case EventIn():
            inbox.consider(walk, given)
        case Look():
            inbox.look_again(walk, given.seq)
        case Outcome() if walk.step and isinstance(walk.step.work, Called):
            calls.settle(walk, walk.step, walk.step.work, given)
        case Outcome():
            effects.settle(walk, given)
        case Deadline():
            fall_due(walk, given.kind)
        case Operator():
            operators.operate(walk, given)
    go_on(walk)
    return walk.state, walk.commands


def fall_due(walk: Walk, kind: DeadlineKind) -> None:
    """A deadline acts."""
    match kind:
        case "max_age":
            walk.finish("expired", "expired")
        case "timeout":
            port = "timeout" if walk.step and isinstance(walk.step.work, Wait) else "done"
            walk.log("timeout", port)
            walk.leave(port)
        case "quiet" | "retry":
            walk.state = replace(walk.state, phase="ready", deadline=None)


def go_on(walk: Walk) -> None:
    """Enter nodes and begin their work until the run rests. While paused nothing is entered and nothing begun."""
    while not walk.paused and not walk.state.holdout:
        if walk.state.phase == "moving" and walk.state.next:
            enter(walk, walk.plan.steps[walk.state.next])
        elif walk.state.phase == "ready" and walk.step:
            begin(walk, walk.step)
        else:
            return


def enter(walk: Walk, step: Step) -> None:
    """Stand at a node, at the `now` of the turn, unless the turn or the run has visited too many."""
    state = walk.state
    if state.burst >= MAX_NODES_PER_TURN or sum(state.visits.values()) >= MAX_NODES_PER_RUN:
        walk.get_stuck("loop", step.id)
        return
    walk.state = replace(
        state, phase="ready", node=step.id, next=None, node_entered_at=walk.now, node_seen=state.seen,
        burst=state.burst + 1, visits={**state.visits, step.id: state.visits.get(step.id, 0) + 1},
    )  # fmt: skip
    walk.log("entered")
    if step.stage:
        walk.commands.append(Stage(step.stage))
    begin(walk, step)


def begin(walk: Walk, step: Step) -> None:
    """Do the work of the node where the run stands."""
    match step.work:
        case Wait() as wait:
            rest(walk, after(walk.now, wait.timeout, walk.plan.zone) if wait.timeout else None)
            inbox.look(walk)
        case Delay(length):
            rest(walk, after(walk.now, length, walk.plan.zone))
        case DelayUntil() | DelayUntilTime() as delay:
            rest_until(walk, delay)
        case Choice() as choice:
            choose(walk, step, choice)
        case Split(arms, salt):
            arm = walk.state.splits.get(step.id) or pick_arm(arms, salt, walk.state.run.member)
            walk.state = replace(walk.state, splits={**walk.state.splits, step.id: arm})
            walk.leave(arm)
        case Activity() as activity:
            effects.begin(walk, step, activity)
        case Decide() as question:
            decisions.begin(walk, step, question)
        case Called() as called:
            calls.begin(walk, step, called)
        case Finish(outcome):
            walk.finish("completed", outcome)


def rest(walk: Walk, until: datetime | None) -> None:
    """Rest at the node, until a deadline if there is one."""
    walk.state = replace(walk.state, phase="waiting", deadline=until, resting_since=walk.now)


def rest_until(walk: Walk, delay: DelayUntil | DelayUntilTime) -> None:
    """Rest until an instant that is computed now: at the earliest now. One that is unknown is a failure."""
    if isinstance(delay, DelayUntilTime):
        rest(walk, next_time_of_day(walk.now, delay.at, delay.days, walk.plan.zone, working_day=delay.working_day))
        return
    try:
        found = delay.instant.evaluate(walk.sight(), now=walk.now, zone=walk.plan.zone)
    except EvaluationError as error:
        walk.get_stuck("failed", str(error))
        return
    if isinstance(found, Unknown):
        walk.get_stuck("failed", f"unknown without {', '.join(sorted(found.missing))}")
    else:
        rest(walk, max(as_instant(found), walk.now))


def as_instant(value: object) -> datetime:
    """The instant that a rule gave."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))


def choose(walk: Walk, step: Step, choice: Choice) -> None:
    """First true case wins; when none is true and one was unknown, `on_unknown`. What was read is recorded."""
    port, read = "else", set[str]()
    for i, (when, case_port) in enumerate(choice.cases):
        verdict = walk.verdict(when, f"/nodes/{step.id}/cases/{i}/when")
        read |= when.fields
        if verdict is True:
            port = case_port
            break
        if isinstance(verdict, Unknown):
            port = choice.on_unknown
    walk.leave(port, read_fields(read, walk.sight()))
