"""What a node is for, and whether a later version puts something else under its name.

A node is *removed* when the later version has none of its id, and *re-purposed* when it has one of another type, or

    wait       that waits for none of the same event types
    activity   of another activity type, or whose params name another thing at their top level (a batch, a chat)
    decide     that asks another ruleset; `task` and `journey` alike

Other words, times, conditions, ports, stages and retries do not make it another node. A run can rest at waits, delays,
activities, decisions, tasks and called journeys: only those need a place in the later version.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from engine.journeys.checks.named import references
from engine.journeys.document import (
    ActivityNode,
    ChoiceNode,
    DecideNode,
    EndNode,
    JourneyNode,
    Node,
    SplitNode,
    TaskNode,
    WaitNode,
)  # fmt: skip
from engine.journeys.plan import Plan
from engine.journeys.steps import Activity

Fate: TypeAlias = Literal["same", "removed", "repurposed"]
"""What a later version makes of a node."""


def fate_of(old: Plan, new: Plan, node: str) -> Fate:
    """What the new version makes of a node of the old one."""
    if node not in new.steps:
        return "removed"
    return "same" if is_alike(old, node, new, node) else "repurposed"


def is_alike(old: Plan, node: str, new: Plan, other: str) -> bool:
    """Whether a node of the old version and one of the new are for the same thing, whatever they are called."""
    return bool(_purpose(old, node) & _purpose(new, other))


def can_rest(node: Node) -> bool:
    """Whether a run can stand there between two turns, if nothing is wrong with the journey."""
    return not isinstance(node, ChoiceNode | SplitNode | EndNode)


def main_port(node: Node) -> str | None:
    """The port that most people leave by: what happened for a wait, else `done`, else the first that leads anywhere."""
    wanted = [item.port for item in node.awaited] if isinstance(node, WaitNode) else ["done"]
    if isinstance(node, ChoiceNode):
        wanted = [case.port for case in node.cases]
    if isinstance(node, SplitNode):
        wanted = [arm.port for arm in node.arms]
    return next((port for port in (*wanted, *sorted(node.ports)) if port in node.ports), None)


def successor(old: Plan, new: Plan, node: str) -> str | None:
    """Where somebody at an old node best goes: through main ports to the next node that is the same in both."""
    seen, here = {node}, _next(old.document.nodes, node)
    while here is not None and here not in seen:
        if fate_of(old, new, here) == "same":
            return here
        seen.add(here)
        here = _next(old.document.nodes, here)
    return None


def _next(nodes: Mapping[str, Node], node: str) -> str | None:
    port = main_port(nodes[node])
    return nodes[node].ports[port] if port is not None else None


def _purpose(plan: Plan, node_id: str) -> frozenset[tuple[str, ...]]:
    """What the node is for. Two nodes that share one of these are the same."""
    node = plan.document.nodes[node_id]
    match node:
        case WaitNode():
            return frozenset(("wait", item.on) for item in node.awaited)
        case ActivityNode():
            return frozenset({("activity", node.activity, *_named(plan, node_id, node))})
        case DecideNode():
            return frozenset({("decide", node.ruleset)})
        case TaskNode():
            return frozenset({("task", node.task)})
        case JourneyNode():
            return frozenset({("journey", node.journey, node.mode)})
        case _:
            return frozenset({(node.type,)})


def _named(plan: Plan, node_id: str, node: ActivityNode) -> tuple[str, ...]:
    """What its params name at their top level."""
    work = plan.steps[node_id].work
    found = references(work.type.params, node.params, "") if isinstance(work, Activity) else ()
    return tuple(sorted(f"{place}={name}" for _, name, place in found if place.count("/") == 1))
