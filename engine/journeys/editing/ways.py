"""Commands on the ways between nodes: connecting, disconnecting, taking out and moving what a port leads to."""

from __future__ import annotations

from collections.abc import Collection

from engine.journeys.editing import messages
from engine.journeys.editing.branches import branch_at, redirected, with_nodes, without_nodes
from engine.journeys.editing.commands import Connect, DeleteBranch, Disconnect, MoveBranch
from engine.journeys.editing.places import Document, all_nodes, demand_name, node_at, pointed, port_place, ports_at
from engine.journeys.editing.rough import nodes_of, targets_of
from rules.documents.commands import CommandError
from rules.types import Json


def connect(document: Document, command: Connect) -> dict[str, Json]:
    """With a port that leads to another node than before."""
    node_at(document, command.node)
    node_at(document, command.to, place="/to")
    demand_name(command.port, "/port")
    return pointed(document, command.node, command.port, command.to)


def disconnect(document: Document, command: Disconnect) -> dict[str, Json]:
    """With a port that leads nowhere."""
    return _opened(document, command.node, command.port)


def _opened(document: Document, node_id: str, port: str) -> dict[str, Json]:
    node = node_at(document, node_id)
    ports = ports_at(node_id, node)
    if port not in ports:
        raise CommandError(port_place(node_id, port), *messages.leads_nowhere(node_id, port))
    left = {**node, "ports": {name: target for name, target in ports.items() if name != port}}
    return with_nodes(document, {**all_nodes(document), node_id: left})


def delete_branch(document: Document, command: DeleteBranch) -> dict[str, Json]:
    """Without what only this port leads to."""
    node_id, port = command.node, command.port
    node_at(document, node_id)
    branch = branch_at(document, node_id, port)
    if branch is None:
        raise CommandError(port_place(node_id, port), *messages.leads_nowhere(node_id, port))
    if not branch.nodes:
        raise CommandError(port_place(node_id, port), *messages.shared_branch(branch.root))
    return without_nodes(document, branch.nodes, branch.back)


def move_branch(document: Document, command: MoveBranch) -> dict[str, Json]:
    """The branch behind the one port stands behind the other; each closes up, or leads on, where it was cut."""
    node_at(document, command.node)
    receiver = node_at(document, command.to_node)
    demand_name(command.to_port, "/to_port")
    branch = branch_at(document, command.node, command.port)
    if branch is None:
        raise CommandError(port_place(command.node, command.port), *messages.leads_nowhere(command.node, command.port))
    if (command.node, command.port) == (command.to_node, command.to_port) or command.to_node in branch.nodes:
        raise CommandError(port_place(command.to_node, command.to_port), *messages.MOVED_INTO_ITSELF)
    if targets_of(receiver).get(command.to_port) == branch.root:
        raise CommandError(port_place(command.to_node, command.to_port), *messages.ALREADY_THERE)
    before = targets_of(receiver).get(command.to_port)
    cut = _cut(document, command.node, command.port, branch.back if branch.nodes else None)
    joined = _led_on(cut, branch.nodes, branch.back, before)
    return pointed(joined, command.to_node, command.to_port, branch.root)


def _cut(document: Document, node_id: str, port: str, lead_to: str | None) -> dict[str, Json]:
    """With a port that leads to where its branch came back, or nowhere."""
    if lead_to is not None:
        return pointed(document, node_id, port, lead_to)
    return _opened(document, node_id, port)


def _led_on(
    document: dict[str, Json], branch: Collection[str], back: str | None, before: str | None
) -> dict[str, Json]:
    """With a branch that leads to where the port led that it is moved to, instead of where it came back."""
    if back is None or before is None or before in branch:
        return document
    nodes = all_nodes(document)
    led = {key: redirected(node, back, before) for key, node in nodes_of(document).items() if key in branch}
    return with_nodes(document, {**nodes, **led})
