"""Commands on nodes: putting them in, taking them out, copying, naming and labelling them."""

from __future__ import annotations

from collections.abc import Mapping

from engine.journeys.editing import messages
from engine.journeys.editing.branches import branch_of, with_nodes, without_nodes
from engine.journeys.editing.commands import (
    Delete,
    Duplicate,
    InsertAfter,
    InsertStart,
    LabelStage,
    RenameNode,
    SetParams,
)  # fmt: skip
from engine.journeys.editing.new_nodes import complete, free_id, id_for
from engine.journeys.editing.places import (
    Document,
    all_nodes,
    connected,
    demand_name,
    node_at,
    place_of,
    room_for,
)  # fmt: skip
from engine.journeys.editing.renaming import renamed
from engine.journeys.editing.rough import main_successor, nodes_of, ports_in_order, starts_of, targets_of
from rules.documents.commands import CommandError
from rules.types import Json


def insert_after(document: Document, command: InsertAfter) -> dict[str, Json]:
    """With a new node between a port and where it led."""
    node = node_at(document, command.node)
    demand_name(command.port, "/port")
    target = targets_of(node).get(command.port)
    new_id, nodes = _with_new(document, command, target)
    for port in dict.fromkeys([command.port, *command.also]):
        demand_name(port, "/also")
        node = connected(command.node, node, port, new_id)
    return with_nodes(document, {**nodes, command.node: node})


def insert_start(document: Document, command: InsertStart) -> dict[str, Json]:
    """With a new first node."""
    start = document.get("start")
    if command.entry is not None:
        entries = document.get("entry")
        entry = entries[command.entry] if isinstance(entries, list) and command.entry < len(entries) else None
        if not isinstance(entry, dict):
            raise CommandError(f"/entry/{command.entry}", *messages.no_entry(command.entry))
        start = entry.get("start", start)
    new_id, nodes = _with_new(document, command, start if isinstance(start, str) else None)
    inserted = with_nodes(document, nodes)
    return {**inserted, "start": new_id} if command.entry is None else _started(inserted, command.entry, new_id)


def delete(document: Document, command: Delete) -> dict[str, Json]:
    """Without the node; ways in, starts included, lead to its main successor."""
    node_id = command.node
    node = node_at(document, node_id)
    if len(all_nodes(document)) == 1:
        raise CommandError(place_of(node_id), *messages.LAST_NODE)
    successor = main_successor(node_id, node)
    if successor is None and node_id in starts_of(document):
        raise CommandError(place_of(node_id), *messages.start_without_successor(node_id))
    return _restarted(without_nodes(document, frozenset({node_id}), successor), node_id, successor)


def duplicate(document: Document, command: Duplicate) -> dict[str, Json]:
    """With a copy of a node, or of a node and all that only it leads to."""
    return (_duplicate_branch if command.branch else _duplicate_node)(document, command.node)


def _duplicate_node(document: Document, node_id: str) -> dict[str, Json]:
    """A copy right behind the node, on its main way; of a node without ways out, one that nothing leads to."""
    node = node_at(document, node_id)
    nodes = room_for(document, 1)
    new_id = free_id(node_id, nodes)
    copy = {key: value for key, value in node.items() if key != "stage"}
    ports = ports_in_order(node)
    if node.get("type") == "end" or not ports:
        return with_nodes(document, {**nodes, new_id: copy})
    main = "else" if node.get("type") == "choice" else ports[0]
    return with_nodes(document, {**nodes, node_id: connected(node_id, node, main, new_id), new_id: copy})


def _duplicate_branch(document: Document, node_id: str) -> dict[str, Json]:
    """A copy of all that only this node leads to. Ways within lead within the copy, ways out to where they led."""
    node_at(document, node_id)
    branch = branch_of(document, node_id)
    nodes = room_for(document, len(branch.nodes))
    readable = nodes_of(document)
    names: dict[str, str] = {}
    for each in [node_id, *(one for one in readable if one in branch.nodes and one != node_id)]:
        names[each] = free_id(each, [*nodes, *names.values()])
    copies = {new: _copied(readable[old], names) for old, new in names.items()}
    return with_nodes(document, {**nodes, **copies})


def _copied(node: dict[str, Json], names: Mapping[str, str]) -> Json:
    ports = node.get("ports")
    if not isinstance(ports, dict):
        return node
    led = {port: names.get(target, target) if isinstance(target, str) else target for port, target in ports.items()}
    return {**node, "ports": led}


def set_params(document: Document, command: SetParams) -> dict[str, Json]:
    """With other params, or facts of a decision."""
    node_id = command.node
    node = node_at(document, node_id)
    field = {"activity": "params", "task": "params", "decide": "facts"}.get(str(node.get("type")))
    if field is None:
        raise CommandError(place_of(node_id), *messages.no_params(node_id))
    return with_nodes(document, {**all_nodes(document), node_id: {**node, field: command.params}})


def rename(document: Document, command: RenameNode) -> dict[str, Json]:
    """With another id for a node, wherever it is named."""
    node_at(document, command.node)
    demand_name(command.to, "/to")
    if command.to != command.node and command.to in all_nodes(document):
        raise CommandError("/to", *messages.taken(command.to))
    return renamed(document, command.node, command.to)


def label_stage(document: Document, command: LabelStage) -> dict[str, Json]:
    """With a node that begins a stage of the funnel, or does so no longer."""
    node = {key: value for key, value in node_at(document, command.node).items() if key != "stage"}
    if command.stage is not None:
        demand_name(command.stage, "/stage")
        node = {"stage": command.stage, **node}
    if command.title is not None:
        node["title"] = command.title.model_dump()
    return with_nodes(document, {**all_nodes(document), command.node: node})


def _with_new(
    document: Document, command: InsertAfter | InsertStart, target: str | None
) -> tuple[str, dict[str, Json]]:
    """The id of a new node, and all nodes with it."""
    if not isinstance(command.add.get("type"), str):
        raise CommandError("/add/type", *messages.NO_TYPE)
    nodes = room_for(document, 1)
    new = complete(command.add, target, command.ports)
    if command.id is None:
        new_id = id_for(new, nodes)
    else:
        demand_name(command.id, "/id")
        if command.id in nodes:
            raise CommandError("/id", *messages.taken(command.id))
        new_id = command.id
    return new_id, {**nodes, new_id: new}


def _restarted(document: dict[str, Json], gone: str, successor: str | None) -> dict[str, Json]:
    """With entries that begin at the successor where they began at a node that is gone."""
    if successor is None:
        return document
    if document.get("start") == gone:
        document = {**document, "start": successor}
    entries = document.get("entry")
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict) and entry.get("start") == gone:
            document = _started(document, index, successor)
    return document


def _started(document: dict[str, Json], index: int, start: str) -> dict[str, Json]:
    """With an entry that begins at a node of its own."""
    entries = document["entry"]
    found = list(entries) if isinstance(entries, list) else []
    entry = found[index]
    found[index] = {**(entry if isinstance(entry, dict) else {}), "start": start}
    return {**document, "entry": found}
