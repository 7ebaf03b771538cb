"""The picture behind a document: ports and edges, what can be reached, the order of stages, loops and dead ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from engine.journeys.catalogue import ActivityType, Catalogue
from engine.journeys.document import (
    ActivityNode,
    ChoiceNode,
    Journey,
    Node,
    SplitNode,
    WaitNode,
)  # fmt: skip


@dataclass(frozen=True)
class Edge:
    """From a node, through a port, to a node."""

    source: str
    port: str
    target: str


@dataclass(frozen=True)
class Ports:
    """The ports that a node needs and those that it may leave unconnected."""

    needed: frozenset[str]
    optional: frozenset[str] = frozenset()


def ports_of(node: Node, catalogue: Catalogue) -> Ports | None:
    """The ports that a node's type and fields give it; None where its activity type is not registered."""
    match node:
        case WaitNode():
            timeout = {"timeout"} if node.timeout is not None else set()
            return Ports(frozenset({item.port for item in node.awaited} | timeout))
        case ChoiceNode():
            return Ports(frozenset({case.port for case in node.cases} | {"else", node.on_unknown}))
        case SplitNode():
            return Ports(frozenset(arm.port for arm in node.arms))
        case ActivityNode():
            return _activity_ports(catalogue.get(node.activity))
        case _:
            return _FIXED[node.type]


_FIXED = {
    "delay": Ports(frozenset({"done"})),
    "decide": Ports(frozenset({"done"}), frozenset({"uncertain", "error"})),
    "task": Ports(frozenset({"done", "overdue"}), frozenset({"declined"})),
    "journey": Ports(frozenset({"done"}), frozenset({"error"})),
    "end": Ports(frozenset()),
}


def _activity_ports(type_: ActivityType | None) -> Ports | None:
    if type_ is None:
        return None
    quiet = {"quiet"} if type_.contact == "push" else set()
    return Ports(frozenset({"done", *type_.outcomes}), frozenset({"error"} | quiet))


@dataclass(frozen=True)
class Graph:
    """Nodes by id with their successors by port. `starts` begins with the document's `start`."""

    ports: Mapping[str, Mapping[str, str]]
    starts: tuple[str, ...]

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """All edges whose target exists, by source and port."""
        return tuple(
            Edge(source, port, target)
            for source in sorted(self.ports)
            for port, target in sorted(self.ports[source].items())
            if target in self.ports
        )

    @cached_property
    def successors(self) -> Mapping[str, tuple[str, ...]]:
        """The nodes that each node leads to, in the order of its port names, each once."""
        found: dict[str, dict[str, None]] = {node: {} for node in self.ports}
        for edge in self.edges:
            found[edge.source][edge.target] = None
        return {node: tuple(targets) for node, targets in found.items()}

    def reachable(self, roots: Iterable[str], passes: Callable[[str], bool] = lambda _: True) -> frozenset[str]:
        """The nodes that can be reached from `roots`, these included, through nodes that let one pass."""
        found: set[str] = set()
        ahead = [root for root in roots if root in self.ports]
        while ahead:
            node = ahead.pop()
            if node not in found:
                found.add(node)
                ahead.extend(self.successors[node] if passes(node) else ())
        return frozenset(found)

    def loops(self, among: frozenset[str]) -> list[frozenset[str]]:
        """The cycles within `among`: each largest set of nodes that all lead to one another, by smallest id."""
        inner = {node: [target for target in self.successors[node] if target in among] for node in among}
        onward = {node: _closure(node, inner) for node in among}
        loops = {frozenset(other for other in onward[node] if node in onward[other]) for node in among}
        return sorted((loop for loop in loops if loop), key=min)

    @cached_property
    def depth(self) -> Mapping[str, int]:
        """The length of the longest path to each node that can be reached, back edges left out."""
        order, back = self._walk()
        depth = dict.fromkeys(order, 0)
        for node in order:
            for target in self.successors[node]:
                if (node, target) not in back:
                    depth[target] = max(depth[target], depth[node] + 1)
        return depth

    def _walk(self) -> tuple[list[str], set[tuple[str, str]]]:
        """Depth first from the starts: the nodes, each before those it leads to, and the back edges."""
        left: list[str] = []
        back: set[tuple[str, str]] = set()
        open_, seen = set[str](), set[str]()

        def visit(node: str) -> None:
            seen.add(node)
            open_.add(node)
            for target in self.successors[node]:
                if target in open_:
                    back.add((node, target))
                elif target not in seen:
                    visit(target)
            open_.discard(node)
            left.append(node)

        for start in self.starts:
            if start in self.ports and start not in seen:
                visit(start)
        return left[::-1], back


def _closure(node: str, inner: Mapping[str, list[str]]) -> set[str]:
    found: set[str] = set()
    ahead = list(inner[node])
    while ahead:
        target = ahead.pop()
        if target not in found:
            found.add(target)
            ahead.extend(inner[target])
    return found


def graph_of(journey: Journey) -> Graph:
    """The graph of a journey."""
    starts = sorted({entry.start for entry in journey.entry if entry.start} - {journey.start})
    return Graph({node_id: node.ports for node_id, node in journey.nodes.items()}, (journey.start, *starts))


def stages_of(journey: Journey, graph: Graph) -> dict[str, dict[str, str]]:
    """The stages in order, with their titles: by depth, ties by node id; the goal's is the last."""
    nodes = sorted(journey.nodes, key=lambda node_id: (graph.depth.get(node_id, len(graph.ports)), node_id))
    stages: dict[str, dict[str, str]] = {}
    for node_id in nodes:
        node = journey.nodes[node_id]
        if node.stage:
            stages.setdefault(node.stage, node.title.model_dump() if node.title else _same(node.stage))
    if journey.goal and journey.goal.stage:
        title = journey.goal.title.model_dump() if journey.goal.title else _same(journey.goal.stage)
        stages.pop(journey.goal.stage, None)
        stages[journey.goal.stage] = title
    return stages


def _same(name: str) -> dict[str, str]:
    return {"zh": name, "en": name}
