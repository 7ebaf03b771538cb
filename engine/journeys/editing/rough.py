"""A document as it stands, however unfinished: its nodes, the ports that they have, where these lead.

Nothing here is checked: what is not understood is passed over, and no document is too broken to be looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.journeys.catalogue import ActivityType, Catalogue
from engine.journeys.graph import Graph
from rules.types import Json

_DONE = frozenset({"delay", "decide", "activity", "task", "journey"})
_OPTIONAL: Mapping[str, tuple[str, ...]] = {
    "decide": ("uncertain", "error"),
    "task": ("declined",),
    "journey": ("error",),
    "activity": ("error",),
}


def nodes_of(document: Mapping[str, Json]) -> dict[str, dict[str, Json]]:
    """The nodes that are objects, by id."""
    nodes = document.get("nodes")
    return {key: node for key, node in nodes.items() if isinstance(node, dict)} if isinstance(nodes, dict) else {}


def targets_of(node: Mapping[str, Json]) -> dict[str, str]:
    """Where each connected port of a node leads."""
    ports = node.get("ports")
    found = ports.items() if isinstance(ports, dict) else ()
    return {port: target for port, target in found if isinstance(target, str)}


def needed_ports(node: Mapping[str, Json], catalogue: Catalogue | None = None) -> list[str]:
    """The ports that a node must have connected, the main one first."""
    found = [*_needed(node)]
    if type_ := _type_of(node, catalogue):
        found += type_.outcomes
    return [*dict.fromkeys(found)]


def optional_ports(node: Mapping[str, Json], catalogue: Catalogue | None = None) -> list[str]:
    """The ports that a node may have connected."""
    type_ = _type_of(node, catalogue)
    quiet = ("quiet",) if type_ and type_.contact == "push" else ()
    return [*_OPTIONAL.get(_text(node.get("type")), ()), *quiet]


def ports_in_order(node: Mapping[str, Json]) -> list[str]:
    """The ports that a node needs, then whatever else it has connected."""
    return [*dict.fromkeys([*_needed(node), *targets_of(node)])]


def main_successor(node_id: str, node: Mapping[str, Json]) -> str | None:
    """Where most go on from a node: through its main port, else through the first other one that leads elsewhere."""
    targets = targets_of(node)
    order = ports_in_order(node)
    if node.get("type") == "choice":
        order = ["else", *order]
    return next((targets[port] for port in order if targets.get(port, node_id) != node_id), None)


def entries_of(document: Mapping[str, Json]) -> list[tuple[int, dict[str, Json]]]:
    """The entries that are objects, each with its index."""
    entries = document.get("entry")
    found = enumerate(entries) if isinstance(entries, list) else ()
    return [(index, entry) for index, entry in found if isinstance(entry, dict)]


def starts_of(document: Mapping[str, Json]) -> list[str]:
    """The nodes that entries lead to, the common first one before those of single entries."""
    named = [document.get("start"), *(entry.get("start") for _, entry in entries_of(document))]
    return [*dict.fromkeys(start for start in named if isinstance(start, str))]


def rough_graph(document: Mapping[str, Json]) -> Graph:
    """The graph of what can be read."""
    ports = {node_id: targets_of(node) for node_id, node in nodes_of(document).items()}
    return Graph(ports, tuple(starts_of(document)))


def _needed(node: Mapping[str, Json]) -> Iterator[str]:
    match node.get("type"):
        case "wait":
            yield from _named(node.get("for"))
            yield from ["timeout"] if "timeout" in node else []
        case "choice":
            yield from _named(node.get("cases"))
            yield "else"
            yield from [unknown] if isinstance(unknown := node.get("on_unknown"), str) else []
        case "split":
            yield from _named(node.get("arms"))
        case str() as kind if kind in _DONE:
            yield "done"
            yield from ["overdue"] if kind == "task" else []
        case _:
            return


def _named(items: Json) -> Iterator[str]:
    for item in items if isinstance(items, list) else ():
        port = item.get("port") if isinstance(item, dict) else None
        if isinstance(port, str):
            yield port


def _type_of(node: Mapping[str, Json], catalogue: Catalogue | None) -> ActivityType | None:
    return (catalogue or {}).get(_text(node.get("activity"))) if node.get("type") == "activity" else None


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""
