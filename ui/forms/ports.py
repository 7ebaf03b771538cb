"""The ways out of a node, as rows of its form; and ports that follow when what names them changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.journeys.catalogue import Catalogue
from engine.journeys.document import Node
from engine.journeys.graph import Ports, ports_of
from engine.journeys.parse import parse
from rules.documents.pointers import Absent
from rules.pointers import keys_of, step_of
from rules.types import Json
from ui.forms.mistakes import Mistake
from ui.forms.places import Command, Way, pointer_of

_LISTS = ("for", "cases", "arms")


@dataclass(frozen=True)
class Port:
    """A way out: its name, the node it leads to, whether the node needs it, and whether its type has it at all."""

    pointer: str
    name: str
    target: str | None
    needed: bool
    known: bool


def ports(document: dict[str, Json], node_id: str, catalogue: Catalogue) -> tuple[Port, ...]:
    """The ports of a node in the order in which its form names them: those it needs, those it may have, the rest."""
    node = _object(_object(document.get("nodes")).get(node_id))
    connected = _object(node.get("ports"))
    has = _declared(document, node_id, catalogue)
    if has is None:
        has = Ports(frozenset(), frozenset(connected))
    named = [name for name in _in_order(node) if name in has.needed]
    order = dict.fromkeys([*named, *sorted(has.needed, key=_rank), *sorted(has.optional, key=_rank), *connected])
    place = f"/nodes/{step_of(node_id)}/ports"
    return tuple(
        Port(
            f"{place}/{step_of(name)}",
            name,
            target if isinstance(target := connected.get(name), str) else None,
            name in has.needed,
            name in has.needed | has.optional,
        )
        for name in order
    )


def renaming_port(way: Way, name: str) -> Command | None:
    """The command that names a port of a wait, a choice or a split anew, its way and its mentions with it."""
    holder = way[2].value
    old, item = way[-1].value, way[-2].value
    if not isinstance(holder, dict) or not isinstance(item, dict):
        raise Mistake("forms.mistake.gone")
    if name == old:
        return None
    node = _with_name(holder, [stop.step for stop in way[3:]], name)
    if isinstance(old, str) and not _is_used(node, old):
        node = _moved_way(node, old, name)
    return {"command": "set", "pointer": pointer_of(way[:3]), "value": node}


def taking_item(way: Way) -> Command | None:
    """The command that takes an awaited event, a case or an arm out of its node, and the way that only it named."""
    holder, index = way[2].value, way[-1].step
    items = way[-2].value
    if not isinstance(holder, dict) or not isinstance(items, list) or isinstance(way[-1].value, Absent):
        raise Mistake("forms.mistake.gone")
    item = _object(way[-1].value)
    rest = [each for place, each in enumerate(items) if place != int(index)]
    node = {**holder, way[-2].step: rest}
    port, ways = item.get("port"), _object(node.get("ports"))
    if port in ways and not _is_used(node, port):
        node["ports"] = {name: target for name, target in ways.items() if name != port}
    return {"command": "set", "pointer": pointer_of(way[:3]), "value": node}


def is_port_name(pointer: str) -> bool:
    """Whether a place names a port: in an awaited event, a case, or an arm."""
    match keys_of(pointer):
        case ["nodes", _, part, _, "port"]:
            return part in _LISTS
        case _:
            return False


def is_port_item(pointer: str) -> bool:
    """Whether a place is an awaited event, a case, or an arm."""
    match keys_of(pointer):
        case ["nodes", _, part, _]:
            return part in _LISTS
        case _:
            return False


def _declared(document: dict[str, Json], node_id: str, catalogue: Catalogue) -> Ports | None:
    journey, _ = parse(document)
    node: Node | None = journey.nodes.get(node_id) if journey is not None else None
    return ports_of(node, catalogue) if node is not None else None


def _in_order(node: Mapping[str, Json]) -> list[str]:
    """The ports that a node's lists name, from top to bottom."""
    items = [each for part in _LISTS for each in _list(node.get(part))]
    return [port for each in items if isinstance(port := _object(each).get("port"), str)]


def _rank(name: str) -> tuple[int, str]:
    last = {"done": 0, "else": 2, "timeout": 2, "error": 4, "quiet": 3}
    return last.get(name, 1), name


def _with_name(holder: dict[str, Json], steps: list[str], name: str) -> dict[str, Json]:
    part, index, key = steps
    items = _list(holder.get(part))
    changed = [{**_object(each), key: name} if place == int(index) else each for place, each in enumerate(items)]
    return {**holder, part: changed}


def _moved_way(node: dict[str, Json], old: str, name: str) -> dict[str, Json]:
    ways = _object(node.get("ports"))
    if old in ways and name not in ways:
        node = {**node, "ports": {name if each == old else each: target for each, target in ways.items()}}
    return {**node, "on_unknown": name} if node.get("on_unknown") == old else node


def _is_used(node: Mapping[str, Json], port: Json) -> bool:
    return port in _in_order(node) or (port == "timeout" and "timeout" in node) or port == "else"


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
