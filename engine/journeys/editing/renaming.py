"""Another id for a node, everywhere a document names it: ports, starts, and its tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from rules.types import Json

_Named = TypeVar("_Named", bound=Json)


def renamed(document: Mapping[str, Json], before: str, after: str) -> dict[str, Json]:
    """The document with the node under its new id, in its old place among the others."""
    found = {**document}
    nodes = document.get("nodes")
    if isinstance(nodes, dict):
        found["nodes"] = {_name(key, before, after): _node(node, before, after) for key, node in nodes.items()}
    if document.get("start") == before:
        found["start"] = after
    for key, each in (("entry", _entry), ("tests", _test)):
        items = document.get(key)
        if isinstance(items, list):
            found[key] = [each(item, before, after) if isinstance(item, dict) else item for item in items]
    return found


def _node(node: Json, before: str, after: str) -> Json:
    ports = node.get("ports") if isinstance(node, dict) else None
    if not isinstance(node, dict) or not isinstance(ports, dict):
        return node
    return {**node, "ports": {port: _name(target, before, after) for port, target in ports.items()}}


def _entry(entry: dict[str, Json], before: str, after: str) -> Json:
    return {**entry, "start": _name(entry["start"], before, after)} if "start" in entry else entry


def _test(test: dict[str, Json], before: str, after: str) -> Json:
    found = {**test}
    given, then = test.get("given"), test.get("then")
    arms = given.get("arms") if isinstance(given, dict) else None
    if isinstance(given, dict) and isinstance(arms, dict):
        found["given"] = {**given, "arms": {_name(node, before, after): arm for node, arm in arms.items()}}
    if isinstance(then, dict):
        found["then"] = {key: _expected(key, value, before, after) for key, value in then.items()}
    return found


def _expected(key: str, value: Json, before: str, after: str) -> Json:
    """What a test expects: a path, effects at nodes, the node where the run waits."""
    match key, value:
        case "path", list():
            return [_name(node, before, after) for node in value]
        case "effects", list():
            return [_at(effect, before, after) for effect in value]
        case "waiting_at", str():
            return _name(value, before, after)
        case "waiting_at", _:
            return _at(value, before, after)
        case _:
            return value


def _at(value: Json, before: str, after: str) -> Json:
    """What names its node under `node`."""
    return (
        {**value, "node": _name(value["node"], before, after)} if isinstance(value, dict) and "node" in value else value
    )


def _name(name: _Named, before: str, after: str) -> _Named | str:
    return after if isinstance(name, str) and name == before else name
