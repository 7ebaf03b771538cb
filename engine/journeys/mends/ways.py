"""Mends of the picture: ways that lead nowhere or too far, nodes that nobody comes to, loops without rest."""

from __future__ import annotations

from engine.journeys import messages
from engine.journeys.editing.branches import branch_of
from engine.journeys.editing.new_nodes import NAME, free_id
from engine.journeys.editing.rough import main_successor, needed_ports, optional_ports, starts_of, targets_of
from engine.journeys.findings import Finding
from engine.journeys.graph import Graph
from engine.journeys.mends.mending import LISTED, Patient, Told, end_after, mend, near, put, take, way
from rules.documents.commands import Mend
from rules.documents.pointers import steps_of
from rules.pointers import pointer_of
from rules.types import Json

_REST: dict[str, Json] = {"type": "delay", "for": "P1D"}


def unknown_node(patient: Patient, finding: Finding) -> list[Mend]:
    """Lead to a node with a name like it, to a new end, or nowhere where that may be."""
    name, steps = patient.text(finding.pointer), steps_of(finding.pointer)
    like = near(name, patient.nodes)
    if steps[0] != "nodes":
        offers = [mend(f"从“{each}”开始", f"Begin at `{each}`", put(finding.pointer, each)) for each in like]
        if steps[0] == "entry":
            offers.append(mend("从旅程的开头开始", "Begin where the journey begins", take(finding.pointer)))
        return offers
    node, at = patient.node_of(finding.pointer)
    port = steps[-1]
    offers = [mend(f"连到“{each}”", f"Lead to `{each}`", way(node, port, each)) for each in like]
    if NAME.fullmatch(port):
        offers.append(mend("连到一个新的结束节点", "Lead to a new end", end_after(node, port, _outcome(port))))
    if port in optional_ports(at, patient.context.catalogue):
        offers.append(mend("断开这个端口", "Disconnect the port", _disconnect(node, port)))
    return offers


def unknown_port(patient: Patient, finding: Finding) -> list[Mend]:
    """Call it by the name that is missing, give the wait its time, or take the way away."""
    node, at = patient.node_of(finding.pointer)
    port = steps_of(finding.pointer)[-1]
    targets = targets_of(at)
    missing = [each for each in needed_ports(at, patient.context.catalogue) if each not in targets]
    offers = [
        mend(
            f"改名为“{each}”",
            f"Call it `{each}`",
            {"command": "rename", "pointer": finding.pointer, "to": each},
        )
        for each in near(port, missing, 0.0)
    ]
    if at.get("type") == "wait" and port == "timeout":
        offers.append(
            mend("给等待加上 7 天期限", "Let the wait end after 7 days", put(f"{_place(node)}/timeout", "P7D"))
        )
    return offers if missing else [*offers, mend("删除这条连线", "Take this way away", _disconnect(node, port))]


def missing_port(patient: Patient, finding: Finding) -> list[Mend]:
    """Lead it to where the node's main way goes, or to a new end."""
    node, at = patient.node_of(finding.pointer)
    targets = targets_of(at)
    for port in needed_ports(at, patient.context.catalogue):
        if port not in targets and messages.missing_port(port)[1] == finding.message["en"] and NAME.fullmatch(port):
            return _leading_on(patient, node, port)
    return []


def unreachable_node(patient: Patient, finding: Finding) -> list[Mend]:
    """Lead a loose port to it, or take it out with all that only it leads to."""
    node, _ = patient.node_of(finding.pointer)
    reached = patient.graph.reachable(patient.graph.starts)
    loose = [
        (other, port)
        for other in patient.nodes
        if other in reached
        for port in needed_ports(patient.nodes[other], patient.context.catalogue)
        if port not in targets_of(patient.nodes[other]) and NAME.fullmatch(port)
    ]
    offers = [
        mend(f"从“{other}”的“{port}”连过来", f"Lead `{port}` of `{other}` here", way(other, port, node))
        for other, port in loose[:LISTED]
    ]
    gone = [each for each in patient.nodes if each in branch_of(patient.document, node).nodes]
    led_to = any(node in targets_of(patient.nodes[other]).values() for other in patient.nodes if other not in gone)
    if not led_to and len(gone) < len(patient.nodes) and not set(gone) & set(starts_of(patient.document)):
        offers.append(mend(*_gone(gone), *({"command": "delete", "node": each} for each in gone)))
    return offers


def dead_end(patient: Patient, finding: Finding) -> list[Mend]:
    """Let the node lead to a new end."""
    node, at = patient.node_of(finding.pointer)
    ports = [port for port in [*needed_ports(at, patient.context.catalogue), *targets_of(at)] if NAME.fullmatch(port)]
    if not ports or at.get("type") == "end":
        return []
    loose = [port for port in ports if port not in targets_of(at)]
    commands = [end_after(node, port, _outcome(port)) for port in dict.fromkeys(loose)] or [
        end_after(node, ports[0], _outcome(ports[0]))
    ]
    return [mend("在这里结束旅程", "End the journey here", *commands)]


def hot_loop(patient: Patient, finding: Finding) -> list[Mend]:
    """Put a delay of a day into the loop: on the way back to where it begins, or before the node by which a journey
    comes back to itself through others.
    """
    node, _ = patient.node_of(finding.pointer)
    graph = patient.graph
    loop = next((each for each in graph.loops(frozenset(graph.ports)) if node in each), None)
    commands = _rest_in(patient, loop, node) if loop else _rest_before(patient, node)
    return [mend("在循环里加一天延时", "Put a delay of a day into the loop", *commands)] if commands else []


def _rest_in(patient: Patient, loop: frozenset[str], node: str) -> list[Told]:
    """A delay on every way within the loop that leads back to where it is entered."""
    ways = _closing(patient.graph, loop, node)
    if not ways:
        return []
    delay = free_id("delay", patient.nodes)
    (first, port, begin), *others = ways
    after: Told = {"command": "insert_after", "node": first, "port": port, "add": _REST, "id": delay}
    return [after, *(way(source, through, delay) for source, through, target in others if target == begin)]


def _rest_before(patient: Patient, node: str) -> list[Told]:
    """A delay that whoever comes to the node passes first."""
    delay = free_id("delay", patient.nodes)
    ways = [(edge.source, edge.port) for edge in patient.graph.edges if edge.target == node]
    if patient.document.get("start") == node:
        first: Told = {"command": "insert_start", "add": _REST, "id": delay}
    elif ways:
        source, port = ways.pop(0)
        first = {"command": "insert_after", "node": source, "port": port, "add": _REST, "id": delay}
    else:
        return []
    return [first, *(way(source, port, delay) for source, port in ways)]


def _closing(graph: Graph, loop: frozenset[str], node: str) -> list[tuple[str, str, str]]:
    """The ways within the loop that lead back to where it is entered."""
    outside = {target for source in graph.ports for target in graph.successors[source] if source not in loop}
    begin = min(loop & (outside | set(graph.starts)) or {node})
    return [(edge.source, edge.port, begin) for edge in graph.edges if edge.target == begin and edge.source in loop]


def _leading_on(patient: Patient, node: str, port: str) -> list[Mend]:
    offers = [mend("连到一个新的结束节点", "Lead it to a new end", end_after(node, port, _outcome(port)))]
    on = main_successor(node, patient.nodes[node])
    if on in patient.nodes:
        offers.insert(
            0, mend(f"连到“{on}”，和主要出口一样", f"Lead it to `{on}`, as the main way does", way(node, port, str(on)))
        )
    return offers


def _disconnect(node: str, port: str) -> dict[str, str]:
    return {"command": "disconnect", "node": node, "port": port}


def _outcome(port: str) -> str:
    """What an end behind a port is called."""
    return port if NAME.fullmatch(port) else "ended"


def _place(node: str) -> str:
    return pointer_of(["nodes", node])


def _gone(gone: list[str]) -> tuple[str, str]:
    if len(gone) == 1:
        return "删除这个节点", "Delete it"
    return f"删除它和后面共 {len(gone)} 个节点", f"Delete it and all that only it leads to ({len(gone)} nodes)"
