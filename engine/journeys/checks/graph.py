"""Checks of the picture: ports, reachability, dead ends, loops, waits without an end, splits."""

from __future__ import annotations

from collections.abc import Iterator

from engine.journeys import messages
from engine.journeys.catalogue import Catalogue
from engine.journeys.document import DelayNode, EndNode, Journey, Node, SplitNode, WaitNode
from engine.journeys.findings import Finding, finding
from engine.journeys.graph import Graph, graph_of, ports_of
from engine.journeys.parse import Reading
from rules.duration import parse_duration
from rules.limits import escape

_PORTS_COME_FROM = ("for", "timeout", "cases", "on_unknown", "arms", "activity")
"""Fields that give a node its ports; where one is broken, nothing is said about them."""


def check(reading: Reading, journey: Journey, catalogue: Catalogue) -> Iterator[Finding]:
    """The findings about nodes and ports."""
    plain = graph_of(journey)
    graph = Graph({**plain.ports, **reading.unreadable}, plain.starts)
    yield from _unknown_starts(reading, journey, graph)
    for node_id, node in journey.nodes.items():
        pointer = f"/nodes/{escape(node_id)}"
        yield from _unknown_targets(node, pointer, graph)
        yield from _wrong_ports(reading, node, pointer, catalogue)
        yield from _own_faults(reading, journey, node, pointer)
    if not any(place == "/start" or "/ports" in place for place in reading.mended):
        yield from _unreachable(journey, graph)
    yield from _dead_ends(reading, journey, graph)
    yield from _hot_loops(reading, journey, graph)


def _unknown_starts(reading: Reading, journey: Journey, graph: Graph) -> Iterator[Finding]:
    if journey.start not in graph.ports and not reading.is_mended("/start"):
        yield finding("unknown-node", "/start", *messages.unknown_node(journey.start, graph.ports))
    for i, entry in enumerate(journey.entry):
        if entry.start and entry.start not in graph.ports:
            yield finding("unknown-node", f"/entry/{i}/start", *messages.unknown_node(entry.start, graph.ports))


def _unknown_targets(node: Node, pointer: str, graph: Graph) -> Iterator[Finding]:
    for port, target in node.ports.items():
        if target not in graph.ports:
            place = f"{pointer}/ports/{escape(port)}"
            yield finding("unknown-node", place, *messages.unknown_node(target, graph.ports))


def _wrong_ports(reading: Reading, node: Node, pointer: str, catalogue: Catalogue) -> Iterator[Finding]:
    ports = ports_of(node, catalogue)
    if ports is None or any(reading.has_mended(f"{pointer}/{source}") for source in _PORTS_COME_FROM):
        return
    known = ports.needed | ports.optional
    for port in node.ports:
        if port not in known:
            yield finding("unknown-port", f"{pointer}/ports/{escape(port)}", *messages.unknown_port(port, known))
    for port in sorted(ports.needed - node.ports.keys()):
        if not reading.is_mended(f"{pointer}/ports/{escape(port)}"):
            place = f"{pointer}/ports" if "ports" in node.model_fields_set else pointer
            yield finding("missing-port", place, *messages.missing_port(port))


def _own_faults(reading: Reading, journey: Journey, node: Node, pointer: str) -> Iterator[Finding]:
    if isinstance(node, WaitNode) and node.timeout is None and journey.policies.max_age is None:
        mended = reading.is_mended(f"{pointer}/timeout") or reading.is_mended("/policies/max_age")
        yield from [] if mended else [finding("endless-wait", pointer, *messages.ENDLESS_WAIT)]
    if isinstance(node, SplitNode) and not reading.has_mended(f"{pointer}/arms"):
        total = sum(arm.share_bp for arm in node.arms)
        if total != 10_000:
            yield finding("bad-split", f"{pointer}/arms", *messages.bad_split(total))


def _unreachable(journey: Journey, graph: Graph) -> Iterator[Finding]:
    reached = graph.reachable(graph.starts)
    for node_id in journey.nodes:
        if node_id not in reached:
            yield finding("unreachable-node", f"/nodes/{escape(node_id)}", *messages.unreachable_node(node_id))


def _dead_ends(reading: Reading, journey: Journey, graph: Graph) -> Iterator[Finding]:
    """The last nodes of paths that go on without ever reaching an end or a wait: they stop, or turn in circles."""
    lost = frozenset(journey.nodes) - _saved(reading, journey, graph)
    stops = {node_id for node_id in lost if not graph.successors[node_id]}
    circles = {min(loop) for loop in graph.loops(lost)}
    for node_id in sorted(stops | circles):
        yield finding("dead-end", f"/nodes/{escape(node_id)}", *messages.dead_end(node_id))


def _saved(reading: Reading, journey: Journey, graph: Graph) -> frozenset[str]:
    """The nodes from which an end, a wait, or something that could not be read can be reached."""
    goals = set(reading.unreadable)
    for node_id, node in journey.nodes.items():
        broken = reading.has_mended(f"/nodes/{escape(node_id)}/ports") or any(
            target not in graph.ports for target in node.ports.values()
        )
        if broken or isinstance(node, EndNode | WaitNode):
            goals.add(node_id)
    back: dict[str, dict[str, str]] = {node_id: {} for node_id in graph.ports}
    for i, edge in enumerate(graph.edges):
        back[edge.target][str(i)] = edge.source
    return Graph(back, ()).reachable(goals)


def _hot_loops(reading: Reading, journey: Journey, graph: Graph) -> Iterator[Finding]:
    hot = frozenset(
        node_id
        for node_id, node in journey.nodes.items()
        if not takes_time(node) and not reading.has_mended(f"/nodes/{escape(node_id)}")
    )
    for loop in graph.loops(hot):
        yield finding("hot-loop", f"/nodes/{escape(min(loop))}", *messages.hot_loop(sorted(loop)))


def takes_time(node: Node) -> bool:
    """Whether a cycle rests at this node. A time of zero does not count."""
    match node:
        case WaitNode():
            return node.timeout is None or not parse_duration(node.timeout).is_zero
        case DelayNode():
            return node.length is None or not parse_duration(node.length).is_zero
        case _:
            return False
