"""What a journey costs: its effects per entrant, as bounds of its graph and as expectations from counts.

An effect counts when its node is left through `done`: a coupon that is sold out costs nothing. The lower bound holds
for whoever comes in while effects succeed (the stock lasts, what is called answers), so it takes no way behind what
fails; the upper one holds whatever happens. What lies on every path is at least as many as there are entrants, what
lies on a cycle has no upper bound. Where something may end a run at rest (the goal, an exit, its age), whatever lies
behind a rest may not happen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from heapq import heappop, heappush
from zoneinfo import ZoneInfo

from engine.journeys.catalogue import ActivityType, Reference
from engine.journeys.graph import Graph
from engine.journeys.plan import Plan
from engine.journeys.steps import Activity, Delay, DelayUntil, DelayUntilTime, Step, Wait


@dataclass(frozen=True, order=True)
class Kind:
    """What is counted: an activity type; of coupons those of one batch, where the document names it."""

    activity: str
    batch: str = ""


@dataclass(frozen=True)
class Bound:
    """Between `least` and `most` effects of a kind for each entrant; `most` is None where a cycle repeats it.

    `least` is told of the ways that are taken while effects succeed, `most` of all of them.
    """

    kind: Kind
    least: int
    most: int | None


@dataclass(frozen=True)
class Expected:
    """How many effects of a kind 1,000 entrants have."""

    kind: Kind
    per_1000: float


def kind_of(step: Step) -> Kind | None:
    """What a node's effect counts as; None for a node without one."""
    work = step.work
    if not isinstance(work, Activity):
        return None
    name = batch_param(work.type)
    given = work.params.get(name) if name is not None else None
    if given is not None and given.is_literal:
        return Kind(work.type.name, str(given.evaluate({}, now=_ANY_TIME, zone=ZoneInfo("UTC"))))
    return Kind(work.type.name)


def batch_param(type_: ActivityType) -> str | None:
    """The param by which a type names the batch whose coupons it issues; None for one that issues none."""
    for name, field in type_.params.model_fields.items():
        if any(isinstance(each, Reference) and each.kind == "coupon-batch" for each in field.metadata):
            return name
    return None


def bounds(plan: Plan) -> list[Bound]:
    """The bounds of each kind of effect that the journey can have, by kind."""
    kinds = {kind for step in plan.steps.values() if (kind := kind_of(step))}
    starts = {plan.start, *(entry.start for entry in plan.entries), *(entry.start for entry in plan.audiences)}
    graph = Graph({node: step.ports for node, step in plan.steps.items()}, tuple(sorted(starts)))
    return [Bound(kind, _least(plan, graph, kind), _most(plan, graph, kind)) for kind in sorted(kinds)]


def expected(counts: Mapping[Kind, int], entered: int) -> list[Expected]:
    """What 1,000 entrants have if they fare like those who were counted; nothing where nobody entered."""
    if not entered:
        return []
    return [Expected(kind, 1_000 * n / entered) for kind, n in sorted(counts.items())]


def _having(plan: Plan, kind: Kind) -> frozenset[str]:
    """The nodes with this kind of effect."""
    return frozenset(node for node, step in plan.steps.items() if kind_of(step) == kind)


def _least(plan: Plan, graph: Graph, kind: Kind) -> int:
    """The fewest effects on a way from a start to where a run may end, while all that is tried succeeds."""
    having, best = _having(plan, kind), dict[str, int]()
    ahead = [(0, start) for start in graph.starts]
    while ahead:
        cost, node = heappop(ahead)
        if node in best:
            continue
        best[node] = cost
        for port, target in graph.ports[node].items():
            if _succeeds(plan.steps[node], port):
                heappush(ahead, (cost + (node in having and port == "done"), target))
    return min((cost for node, cost in best.items() if _may_end(plan, plan.steps[node])), default=0)


def _most(plan: Plan, graph: Graph, kind: Kind) -> int | None:
    """The most effects on a way from a start: the longest path; None where a cycle has one."""
    having = _having(plan, kind)
    loops = graph.loops(frozenset(graph.reachable(graph.starts)))
    if any(node in having for loop in loops for node in loop):
        return None
    loop_of = {node: loop for loop in loops for node in loop}

    @cache
    def ahead(node: str) -> int:
        group = loop_of.get(node, frozenset({node}))
        ways = [
            (each in having and port == "done", target) for each in group for port, target in graph.ports[each].items()
        ]
        return max((has + ahead(target) for has, target in ways if target not in group), default=0)

    return max(map(ahead, graph.starts), default=0)


def _succeeds(step: Step, port: str) -> bool:
    """Whether a node may be left so while effects succeed; `quiet` is left by before anything is tried."""
    return port in {"done", "quiet"} if isinstance(step.work, Activity) else port != "error"


def _may_end(plan: Plan, step: Step) -> bool:
    """Whether a run may come no further: at an end; where something ends it at rest or while quiet hours last."""
    if not step.ports:
        return True
    work = step.work
    rests = isinstance(work, Wait | Delay | DelayUntil | DelayUntilTime)
    waits = isinstance(work, Activity) and work.type.contact == "push" and plan.quiet_hours is not None
    return (rests or waits) and bool(plan.goal or plan.exits or plan.max_age)


def total(bounds_: Iterable[Bound]) -> tuple[int, int | None]:
    """The sum of bounds: at least, and at most so many effects in all."""
    all_bounds = [*bounds_]
    mosts = [each.most for each in all_bounds]
    most = None if None in mosts else sum(each for each in mosts if each is not None)
    return sum(each.least for each in all_bounds), most


_ANY_TIME = datetime.fromtimestamp(0, UTC)
