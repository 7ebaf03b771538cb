"""Finding what a command names in any document, and putting a changed node back; what is not there is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from engine.journeys.editing import messages
from engine.journeys.editing.branches import with_nodes
from engine.journeys.editing.new_nodes import NAME
from rules.documents.commands import CommandError
from rules.limits import escape
from rules.types import Json

MOST_NODES = 300
"""Twice what may be published: a draft may be too large for a while, but not without bounds."""

Document: TypeAlias = Mapping[str, Json]


def node_at(document: Document, node_id: str, *, place: str | None = None) -> dict[str, Json]:
    nodes = all_nodes(document)
    if node_id not in nodes:
        raise CommandError(place or place_of(node_id), *messages.no_node(node_id, nodes))
    node = nodes[node_id]
    if not isinstance(node, dict):
        raise CommandError(place_of(node_id), *messages.NO_OBJECT)
    return node


def all_nodes(document: Document) -> dict[str, Json]:
    nodes = document.get("nodes", {})
    if not isinstance(nodes, dict):
        raise CommandError("/nodes", *messages.NO_OBJECT)
    return nodes


def ports_at(node_id: str, node: dict[str, Json]) -> dict[str, Json]:
    ports = node.get("ports", {})
    if not isinstance(ports, dict):
        raise CommandError(f"{place_of(node_id)}/ports", *messages.NO_OBJECT)
    return ports


def pointed(document: Document, node_id: str, port: str, target: str) -> dict[str, Json]:
    """With a port that leads to a node."""
    node = node_at(document, node_id)
    return with_nodes(document, {**all_nodes(document), node_id: connected(node_id, node, port, target)})


def connected(node_id: str, node: dict[str, Json], port: str, target: str) -> dict[str, Json]:
    if node.get("type") == "end":
        raise CommandError(place_of(node_id), *messages.end_has_no_ports(node_id))
    return {**node, "ports": {**ports_at(node_id, node), port: target}}


def room_for(document: Document, count: int) -> dict[str, Json]:
    """All nodes, where so many more may be added."""
    nodes = all_nodes(document)
    if len(nodes) + count > MOST_NODES:
        raise CommandError("/nodes", *messages.too_many(MOST_NODES))
    return nodes


def demand_name(name: str, place: str) -> None:
    if not NAME.fullmatch(name):
        raise CommandError(place, *messages.BAD_NAME)


def place_of(node_id: str) -> str:
    return f"/nodes/{escape(node_id)}"


def port_place(node_id: str, port: str) -> str:
    return f"{place_of(node_id)}/ports/{escape(port)}"
