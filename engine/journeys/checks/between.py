"""Loops between journeys: one that begins another at once, which begins the first at once, and so on without end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.journeys import messages
from engine.journeys.checks.graph import takes_time
from engine.journeys.context import CheckContext, Door, LiveJourney
from engine.journeys.document import ActivityNode, EndNode, Journey, JourneyNode, Node
from engine.journeys.document_entries import EventEntry
from engine.journeys.findings import Finding, finding
from engine.journeys.graph import Graph, graph_of
from rules.duration import parse_duration
from rules.limits import escape

EMIT = "event.emit"
"""The activity type by which a journey sends an event."""


def begins(journey: Journey) -> Mapping[Door, str]:
    """The doors that whoever is begun in this journey goes through at once, each with the first node that does so.

    None where re-entry breaks every loop: `once`, or a cooldown. With `after_exit` only a node counts behind which a
    run can end at once, for whoever is inside is not let in again; a call keeps its caller inside until it returns.
    """
    reentry = journey.policies.reentry
    cools = reentry.cooldown is not None and not parse_duration(reentry.cooldown).is_zero
    if reentry.mode == "once" or cools:
        return {}
    graph, is_open = graph_of(journey), reentry.mode == "always"
    found: dict[Door, str] = {}
    for node_id in sorted(_at_once(journey, graph, journey.start)):
        door = _door(journey.nodes[node_id], is_open=is_open)
        if door is not None and (is_open or _may_end(journey, graph, node_id)):
            found.setdefault(door, node_id)
    return found


def loops(journey: Journey, context: CheckContext) -> Iterator[Finding]:
    """The nodes by which a journey comes back to itself through live ones, without any wait or delay on the way."""
    own = tuple((entry.on, entry.when) for entry in journey.entry if isinstance(entry, EventEntry))
    others = [other for other in context.live or () if other.key != journey.key]
    everyone = [LiveJourney(journey.key, own), *others]
    for door, node_id in begins(journey).items():
        if (way := _way_back(journey.key, door, everyone)) is not None:
            yield finding("hot-loop", f"/nodes/{escape(node_id)}", *messages.loop_between(way))


def _at_once(journey: Journey, graph: Graph, start: str) -> frozenset[str]:
    """The nodes that a turn which stands at `start` may come to without resting."""
    return graph.reachable([start], lambda node: not takes_time(journey.nodes[node]))


def _may_end(journey: Journey, graph: Graph, start: str) -> bool:
    return any(isinstance(journey.nodes[node], EndNode) for node in _at_once(journey, graph, start))


def _door(node: Node, *, is_open: bool) -> Door | None:
    """The door that a node leads through; a call counts only where whoever waits at it may be let in again."""
    match node:
        case JourneyNode():
            return ("journey", node.journey) if node.mode == "start" or is_open else None
        case ActivityNode(activity=activity, params={"type": str(event)}) if activity == EMIT:
            return ("event", event)
        case _:
            return None


def _way_back(key: str, door: Door, everyone: Sequence[LiveJourney]) -> list[str] | None:
    """The journeys from the first behind a door back to this one; None where it is not come back to."""
    ahead: list[tuple[Door, list[str]]] = [(door, [])]
    seen = {door}
    while ahead:
        through, way = ahead.pop(0)
        for journey in everyone:
            if not journey.is_behind(through):
                continue
            if journey.key == key:
                return [*way, key]
            ahead += [(each, [*way, journey.key]) for each in journey.begins if each not in seen]
            seen.update(journey.begins)
    return None
