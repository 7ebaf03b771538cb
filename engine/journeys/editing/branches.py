"""Branches of a document: what only one way leads to, where it comes back, taking it out, copying it, moving it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from engine.journeys.editing.rough import main_successor, nodes_of, rough_graph, targets_of
from engine.journeys.graph import Graph
from rules.types import Json


@dataclass(frozen=True)
class Branch:
    """What only one way leads to. `root` is its first node, `back` where it joins the others again, if it does."""

    root: str
    nodes: frozenset[str]
    back: str | None


def branch_at(document: Mapping[str, Json], node: str, port: str) -> Branch | None:
    """The branch behind a port; None where the port leads to no node. It has no nodes where others lead there too."""
    graph = rough_graph(document)
    root = graph.ports.get(node, {}).get(port)
    if root is None or root not in graph.ports:
        return None
    ports = {**graph.ports, node: {name: target for name, target in graph.ports[node].items() if name != port}}
    own = _only_behind([root], Graph(ports, graph.starts), kept=node)
    return Branch(root, own, _where_back(document, graph, own, root, avoid=_leading_to(graph, node)) if own else root)


def branch_of(document: Mapping[str, Json], node: str) -> Branch:
    """A node, and what only it leads to."""
    graph = rough_graph(document)
    without = Graph({**graph.ports, node: {}}, graph.starts)
    return Branch(node, frozenset({node}) | _only_behind(graph.successors[node], without, kept=node), None)


def without_nodes(document: Mapping[str, Json], gone: frozenset[str], lead_to: str | None) -> dict[str, Json]:
    """The document without these nodes. What led into them from outside leads to `lead_to`, or nowhere."""
    nodes = document.get("nodes")
    kept = {key: node for key, node in nodes.items() if key not in gone} if isinstance(nodes, dict) else {}
    return with_nodes(document, {key: _led(node, gone, lead_to) for key, node in kept.items()})


def with_nodes(document: Mapping[str, Json], nodes: Mapping[str, Json]) -> dict[str, Json]:
    """The document with these nodes instead of its own."""
    return {**document, "nodes": {**nodes}}


def redirected(node: Mapping[str, Json], before: str, after: str) -> dict[str, Json]:
    """A node whose ports lead to `after` where they led to `before`."""
    return {**node, "ports": {port: after if target == before else target for port, target in _ports(node).items()}}


def _led(node: Json, gone: frozenset[str], lead_to: str | None) -> Json:
    """A node none of whose ports leads to what is gone."""
    if not isinstance(node, dict) or gone.isdisjoint(targets_of(node).values()):
        return node
    ports = {
        port: lead_to if isinstance(target, str) and target in gone else target for port, target in _ports(node).items()
    }
    return {**node, "ports": {port: target for port, target in ports.items() if target is not None}}


def _ports(node: Mapping[str, Json]) -> dict[str, Json]:
    ports = node.get("ports")
    return ports if isinstance(ports, dict) else {}


def _only_behind(roots: Iterable[str], graph: Graph, kept: str) -> frozenset[str]:
    """What these nodes lead to, themselves included, and no start, no other node and not `kept` does."""
    behind = graph.reachable(roots)
    others = graph.ports.keys() - behind
    return behind - graph.reachable([*graph.starts, *others, kept])


def _leading_to(graph: Graph, node: str) -> frozenset[str]:
    """The nodes from which one comes to `node`, itself included."""
    return frozenset(other for other in graph.ports if node in graph.reachable([other]))


def _where_back(
    document: Mapping[str, Json], graph: Graph, own: frozenset[str], root: str, avoid: frozenset[str]
) -> str | None:
    """The first node outside that the branch leads to, along its main ways; never back to what led into it."""
    nodes = nodes_of(document)
    ahead, seen = [root], {root}
    while ahead:
        node = ahead.pop(0)
        first = main_successor(node, nodes[node])
        for target in [*([first] if first in graph.ports else []), *graph.successors[node]]:
            if target not in own and target not in avoid:
                return target
            if target in own and target not in seen:
                seen.add(target)
                ahead.append(target)
    return None
