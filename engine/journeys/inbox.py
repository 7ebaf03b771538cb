"""Events in a run: the goal, the exits and the wait look at each; what fits nothing waits in the inbox."""

from __future__ import annotations

from dataclasses import replace

from engine.journeys.state import Drop, EventIn, Keep, Kept, Stage
from engine.journeys.steps import Awaited, Wait
from engine.journeys.walk import MAX_KEPT, Walk
from rules.types import Json


def consider(walk: Walk, event: EventIn) -> None:
    """Test one event: the goal, then the exits in document order, then the wait; what fits nothing is kept."""
    state, plan = walk.state, walk.plan
    walk.state = replace(state, considered=max(state.considered, event.seq), seen=max(state.seen, event.seq))
    if plan.goal and walk.holds(plan.goal, event):
        walk.take(event, "goal", plan.goal)
        if plan.goal.stage and not state.holdout:
            walk.commands.append(Stage(plan.goal.stage))
        walk.finish("completed", "goal")
        return
    for way_out in plan.exits:
        if walk.holds(way_out, event):
            walk.take(event, "exit", way_out)
            walk.finish("exited", way_out.outcome)
            return
    if event.type in plan.event_types and not state.holdout:
        item = None if walk.paused else _fitting(walk, event)
        if item:
            _consume(walk, item, event)
        else:
            _keep(walk, event)


def look(walk: Walk) -> None:
    """A wait that was just entered looks at the kept events in order of acceptance and takes the first that fits."""
    for each in walk.state.kept:
        if item := _fitting(walk, each.event):
            _consume(walk, item, each.event)
            return


def look_again(walk: Walk, seq: int) -> None:
    """After a pause: the wait looks at an event that was kept meanwhile."""
    kept = {each.event.seq: replace(each, held=each.held and each.event.seq != seq) for each in walk.state.kept}
    walk.state = replace(walk.state, kept=tuple(kept.values()))
    if seq in kept and (item := _fitting(walk, kept[seq].event)):
        _consume(walk, item, kept[seq].event)


def _fitting(walk: Walk, event: EventIn) -> Awaited | None:
    """The first item of the wait, where the run stands at one, that the event fits."""
    wait, state = walk.step.work if walk.step else None, walk.state
    if state.phase != "waiting" or not isinstance(wait, Wait) or state.node_entered_at is None:
        return None
    if wait.fresh and (event.accepted_at, event.seq) <= (state.node_entered_at, state.node_seen):
        return None
    return next((item for item in wait.awaited if walk.holds(item, event)), None)


def _consume(walk: Walk, item: Awaited, event: EventIn) -> None:
    """The wait takes the event and is left through the item's port."""
    state = walk.state
    walk.take(event, "wait", item)
    kept = tuple(each for each in state.kept if each.event.seq != event.seq)
    saved: dict[str, Json] = {item.save: event.data} if item.save else {}
    walk.state = replace(state, kept=kept, vars={**state.vars, **saved})
    if event.type == "contact.added" and state.entry.data.get("associate") is None:
        walk.state = replace(walk.state, associate=event.data.get("associate"))
    walk.leave(item.port)


def _keep(walk: Walk, event: EventIn) -> None:
    """Put the event into the inbox, in order of acceptance; above its bound the oldest goes, which is logged."""
    walk.commands.append(Keep(event.seq))
    walk.log("event", detail={"seq": event.seq, "type": event.type, "fate": "kept"})
    kept = sorted((*walk.state.kept, Kept(event, held=walk.paused)), key=lambda each: each.event.seq)
    for dropped in kept[:-MAX_KEPT]:
        walk.commands.append(Drop(dropped.event.seq))
        walk.log("event", detail={"seq": dropped.event.seq, "type": dropped.event.type, "fate": "dropped"})
    walk.state = replace(walk.state, kept=tuple(kept[-MAX_KEPT:]))
