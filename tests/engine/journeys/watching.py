"""The laws that hold after each turn of a run, whatever it was told. `scripts.Player` calls `watch`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol, TypeGuard

from engine.journeys.deadlines import Pause, deadlines
from engine.journeys.state import Command, EventIn, Local, Log, Remote, State
from engine.journeys.steps import Activity, Wait
from engine.journeys.turn import TurnResult
from engine.journeys.walk import MAX_KEPT, MAX_NODES_PER_TURN, Walk
from tests.engine.journeys.world import Run


class Watched(Protocol):
    """What the laws must know of a play. `retried` counts an operator's retries by node."""

    run: Run
    now: datetime
    given: list[EventIn]
    retried: Counter[str]

    @property
    def paused(self) -> bool: ...

    @property
    def pauses(self) -> Sequence[Pause]: ...


def watch(play: Watched, before: State, result: TurnResult, told: list[int]) -> None:
    state = result.state
    assert state.now >= before.now, "time goes back"
    if before.ended:
        assert (replace(state, seen=before.seen), result.commands) == (before, []), "a run that has ended changes"
        return
    if play.paused:
        _stands_still(play, result.commands)
    else:
        _rests(play, result)
        _races(play, before, result, told)
    _bounds(play, state)
    _led_to(play)
    _effects(play, state, result.commands)
    _keeps_every_event(play, state, told, {event.seq for event in result.untaken})
    if not state.ended:
        _passes_no_goal_over(play)


def _stands_still(play: Watched, commands: list[Command]) -> None:
    begun = [each for each in commands if isinstance(each, Local | Remote) or _is(each, "entered")]
    assert begun == [], "a node is entered or an effect begins while the run is paused"
    assert not any(_is(each, "timeout") for each in commands), "a deadline acts while the run is paused"


def _rests(play: Watched, result: TurnResult) -> None:
    state = result.state
    if state.holdout:
        return
    assert state.phase in {"waiting", "deferred", "acting", "retrying", "stuck", "ended"}, state.phase
    if result.untaken or state.ended:
        return
    assert all(due.at > play.now for due in deadlines(state, play.pauses)), "a deadline is passed over"
    assert not any(each.held for each in state.kept), "an event of a pause is not looked at"
    work = play.run.plan.steps[state.node].work if state.node else None
    if state.phase == "waiting" and isinstance(work, Wait):
        _holds_nothing_that_fits(play, state, work)


def _holds_nothing_that_fits(play: Watched, state: State, wait: Wait) -> None:
    walk = Walk(play.run.plan, state, play.run.host.facts(), play.now, paused=False)
    for kept in state.kept:
        fresh = state.node_entered_at is not None and kept.event.accepted_at > state.node_entered_at
        if fresh or not wait.fresh:
            fits = any(walk.holds(item, kept.event) for item in wait.awaited)
            assert not fits, f"the wait {state.node} stands before event {kept.event.seq}, which fits"


def _races(play: Watched, before: State, result: TurnResult, told: list[int]) -> None:
    """The wait where the run stood: what it took was not late, and what was in time was not passed over."""
    work = play.run.plan.steps[before.node].work if before.node else None
    if before.phase != "waiting" or not isinstance(work, Wait) or any(each.held for each in before.kept):
        return
    due = next((due.at for due in deadlines(before, play.pauses) if due.kind == "timeout"), None)
    left = next((i for i, each in enumerate(result.commands) if _is(each, "left")), None)
    if due is None or left is None:
        return
    events = {event.seq: event for event in play.given}
    walk = Walk(play.run.plan, before, play.run.host.facts(), play.now, paused=False)
    looked_at = [each.detail["seq"] for each in result.commands[:left] if _is(each, "event")]
    if any(_is(each, "timeout") for each in result.commands[:left]):
        for seq in told:
            if seq not in looked_at:
                if events[seq].at > due:
                    return
                fits = any(walk.holds(item, events[seq]) for item in work.awaited)
                assert not fits, f"event {seq} was in time, and the timeout was taken"
    elif looked_at and looked_at[-1] in events:
        assert events[looked_at[-1]].at <= due, "the wait took an event that came after its deadline"


def _bounds(play: Watched, state: State) -> None:
    seqs = [each.event.seq for each in state.kept]
    assert len(seqs) <= MAX_KEPT
    assert seqs == sorted(set(seqs)), "the inbox is not in order of acceptance"
    assert state.burst <= MAX_NODES_PER_TURN
    entered = Counter(play.run.path)
    assert entered == Counter(state.visits), "visits are miscounted"


def _led_to(play: Watched) -> None:
    """Every node that was entered was led to by the port before; an operator's retry enters none."""
    here: str | None = play.run.plan.start
    for line in (each for each in play.run.commands if isinstance(each, Log)):
        if line.kind == "entered":
            assert line.node == here, f"{line.node} was entered, and nothing led there"
            here = None
        elif line.kind == "left":
            here = play.run.plan.steps[line.node or ""].ports[line.port or ""]


def _effects(play: Watched, state: State, commands: list[Command]) -> None:
    plan = play.run.plan
    for effect in (each for each in commands if isinstance(each, Local | Remote)):
        node, _, visit = effect.key.rpartition(":")
        assert int(visit) <= state.visits[node], "an effect of a visit that was not made"
        work = plan.steps[node].work
        assert isinstance(work, Activity)
        if work.type.contact == "push" and plan.quiet_hours:
            assert plan.quiet_hours.ends_after(play.now, plan.zone) is None, "a push begins in quiet hours"
    asked = Counter(each.key for each in play.run.commands if isinstance(each, Remote) and not each.again)
    assert all(times == 1 for times in asked.values()), "an effect is asked for twice"
    again = Counter(each.key for each in play.run.commands if isinstance(each, Remote) and each.again)
    for key, times in again.items():
        assert times <= play.retried[key.rpartition(":")[0]], "an effect is asked for again without an order"


def _keeps_every_event(play: Watched, state: State, told: list[int], left: set[int]) -> None:
    """Each event that the run has looked at is consumed, in the inbox, or was dropped from it; nothing else is."""
    run = play.run
    consumed = [line.detail["seq"] for line in run.lines("event") if line.detail["fate"] in _TAKEN]
    assert len(consumed) == len(set(consumed)), "an event is taken twice"
    kept = {each.event.seq for each in state.kept}
    assert not kept & set(consumed), "an event is taken and kept"
    if not state.ended and not state.holdout:
        fates = {line.detail["seq"] for line in run.lines("event")}
        assert set(told) - left <= fates, "an event is lost"
        dropped = {line.detail["seq"] for line in run.lines("event") if line.detail["fate"] == "dropped"}
        assert fates - set(consumed) - dropped == kept, "the inbox is not what the log says"


def _passes_no_goal_over(play: Watched) -> None:
    run, plan = play.run, play.run.plan
    walk = Walk(plan, run.state, run.host.facts(), play.now, paused=False)
    seen = [each.event for each in run.state.kept]
    for event in seen:
        assert not (plan.goal and walk.holds(plan.goal, event)), "the goal was reached and passed over"
        assert not any(walk.holds(way_out, event) for way_out in plan.exits), "an exit was passed over"


_TAKEN = {"wait", "goal", "exit"}


def _is(command: Command, kind: str) -> TypeGuard[Log]:
    return isinstance(command, Log) and command.kind == kind
