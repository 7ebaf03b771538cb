"""Loops between journeys: one that begins another at once, which begins the first at once, and so on without end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.journeys import messages
from engine.journeys.checks.graph import takes_time
from engine.journeys.context import CheckContext
from engine.journeys.document import Journey, JourneyNode
from engine.journeys.findings import Finding, finding
from engine.journeys.graph import graph_of
from rules.duration import parse_duration
from rules.limits import escape


def begins(journey: Journey) -> Mapping[str, str]:
    """The journeys that whoever is begun in this one begins at once, each with the first node that does so.

    None where re-entry breaks every loop: `once`, or a cooldown. A call keeps its caller inside, so that only `always`
    lets them in again.
    """
    reentry = journey.policies.reentry
    cools = reentry.cooldown is not None and not parse_duration(reentry.cooldown).is_zero
    if reentry.mode == "once" or cools:
        return {}
    at_once = graph_of(journey).reachable([journey.start], lambda node: not takes_time(journey.nodes[node]))
    found: dict[str, str] = {}
    for node_id in sorted(at_once):
        node = journey.nodes[node_id]
        if isinstance(node, JourneyNode) and (node.mode == "start" or reentry.mode == "always"):
            found.setdefault(node.journey, node_id)
    return found


def loops(journey: Journey, context: CheckContext) -> Iterator[Finding]:
    """The nodes by which a journey comes back to itself through live ones, without any wait or delay on the way."""
    others = {other.key: other.begins for other in context.live or () if other.key != journey.key}
    for first, node_id in begins(journey).items():
        if (way := _way_back(journey.key, first, others)) is not None:
            yield finding("hot-loop", f"/nodes/{escape(node_id)}", *messages.loop_between(way))


def _way_back(key: str, first: str, others: Mapping[str, tuple[str, ...]]) -> list[str] | None:
    """The journeys from the first that is begun back to this one; None where it is not come back to."""
    ahead, seen = [[first]], {first}
    while ahead:
        way = ahead.pop(0)
        if way[-1] == key:
            return way
        for following in others.get(way[-1], ()):
            if following not in seen:
                seen.add(following)
                ahead.append([*way, following])
    return None
