"""From an old version of a journey to a new one, by an author's map: where somebody at a node goes, and by which rule.

They stay at their node if it is the same there (`purposes`), and go on as they were. Else they go where the map says: a
wait that is mapped to a wait with the same timeout keeps its deadline, everything else starts anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeAlias

from engine.journeys.document import DelayNode, WaitNode
from engine.journeys.migration.purposes import Fate, can_rest, fate_of, successor
from engine.journeys.plan import Plan

Rule: TypeAlias = Literal["same", "mapped", "next"]
"""Why a run goes where it goes: the node is the same, the map says so, or nobody rests there and the way leads on."""


@dataclass(frozen=True)
class Move:
    """Where somebody at a node goes. `anew`: what is there begins from the start, its deadline counts from then."""

    target: str
    rule: Rule
    anew: bool


@dataclass(frozen=True)
class Moves:
    """How people get from an old version to a new one. `mapping` names the new node of removed or re-purposed ones."""

    old: Plan
    new: Plan
    mapping: Mapping[str, str] = field(default_factory=dict)

    def of(self, node: str) -> Move | None:
        """Where somebody at this node goes; None where nobody has said."""
        target = self.mapping.get(node)
        if target is not None and target in self.new.steps:
            return Move(target, "mapped", not self._goes_on(node, target))
        if self.fate(node) == "same":
            return Move(node, "same", not self._goes_on(node, node))
        if can_rest(self.old.document.nodes[node]):
            return None
        further = successor(self.old, self.new, node)
        return Move(further, "next", anew=True) if further is not None else None

    def fate(self, node: str) -> Fate:
        """What the new version makes of a node of the old one."""
        return fate_of(self.old, self.new, node)

    def waits_for_other(self, node: str, target: str) -> bool:
        """Whether a wait that goes on looks for other events than before."""
        one, other = self.old.document.nodes[node], self.new.document.nodes[target]
        if not isinstance(one, WaitNode) or not isinstance(other, WaitNode):
            return False
        return (one.awaited, one.since) != (other.awaited, other.since)

    def sources(self, target: str) -> Iterator[str]:
        """The old nodes that the new one stands for: itself, and those that the map leads to it."""
        if target in self.old.steps and self.fate(target) == "same":
            yield target
        yield from (node for node, to in self.mapping.items() if to == target and node in self.old.steps)

    def _goes_on(self, node: str, target: str) -> bool:
        one, other = self.old.document.nodes[node], self.new.document.nodes[target]
        if isinstance(one, WaitNode) and isinstance(other, WaitNode):
            return self._timeout(self.old, node) == self._timeout(self.new, target)
        if node != target or isinstance(one, WaitNode | DelayNode) != isinstance(other, WaitNode | DelayNode):
            return False
        if isinstance(one, DelayNode) and isinstance(other, DelayNode):
            return (one.length, one.until) == (other.length, other.until)
        return self.fate(node) == "same"

    @staticmethod
    def _timeout(plan: Plan, node: str) -> object:
        return getattr(plan.steps[node].work, "timeout", None)

    @cached_property
    def ahead(self) -> Mapping[str, frozenset[str]]:
        """For each node of the old version those that it leads to, itself only in a loop."""
        graph = _graph(self.old)
        return {node: _reached(graph, targets) for node, targets in graph.items()}


def needed(moves: Moves, standing: Iterable[str]) -> dict[str, Fate]:
    """The nodes of the old version that a map must name: somebody rests there, or may come to rest there, and the new
    version has no such node.
    """
    reach: set[str] = set()
    for node in standing:
        reach |= {node} | moves.ahead.get(node, frozenset())
    nodes = moves.old.document.nodes
    return {node: moves.fate(node) for node in sorted(reach) if can_rest(nodes[node]) and moves.fate(node) != "same"}


def _graph(plan: Plan) -> Mapping[str, Sequence[str]]:
    return {node: tuple(dict.fromkeys(step.ports.values())) for node, step in plan.steps.items()}


def _reached(graph: Mapping[str, Sequence[str]], roots: Iterable[str]) -> frozenset[str]:
    found: set[str] = set()
    ahead = list(roots)
    while ahead:
        node = ahead.pop()
        if node not in found:
            found.add(node)
            ahead.extend(graph[node])
    return frozenset(found)
