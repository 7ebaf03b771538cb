"""What a new node is made of: a readable id that nobody has, and a sensible value for all that was not said.

Only a branch begins undecided: its condition is null, which is a finding until somebody has chosen one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from engine.journeys.editing.rough import needed_ports
from rules.types import Json

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,62}", re.ASCII)
"""What ids, ports and stages look like; to be matched whole."""

_UNFIT = re.compile(r"[^A-Za-z0-9_]+", re.ASCII)
_COUNTED = re.compile(r"_\d+$")
_LONGEST = 63

_DEFAULTS: Mapping[str, Mapping[str, Json]] = {
    "wait": {"for": [{"on": "contact.added", "port": "added"}], "timeout": "P1D"},
    "choice": {"cases": [{"when": None, "port": "yes"}]},
    "split": {"arms": [{"port": "a", "share_bp": 5_000}, {"port": "b", "share_bp": 5_000}]},
    "decide": {"save": "decision"},
    "activity": {"params": {}},
    "task": {"assign": {"to": "store"}},
    "journey": {"mode": "start"},
    "end": {"outcome": "done"},
}


def complete(add: Mapping[str, Json], target: str | None, more_ports: Iterable[str]) -> dict[str, Json]:
    """The node with what it lacks. Each port that it needs leads to `target`, if there is one, unless it says more."""
    kind = str(add.get("type"))
    node: dict[str, Json] = {**_DEFAULTS.get(kind, {}), **add}
    if kind == "delay" and not node.keys() & {"for", "until"}:
        node["for"] = "P1D"
    if kind == "end":
        return node
    given = add.get("ports")
    led = dict.fromkeys([*needed_ports(node), *more_ports], target) if target is not None else {}
    ports: dict[str, Json] = {**led, **(given if isinstance(given, dict) else {})}
    return {**node, "ports": ports}


def id_for(node: Mapping[str, Json], taken: Collection[str]) -> str:
    """An id that tells what the node does, such as `wait_added` or `send_welcome`."""
    return free_id("_".join(_words(node)), taken)


def free_id(wish: str, taken: Collection[str]) -> str:
    """The wish, as far as an id may look so, with a number behind it where somebody has it."""
    base = _COUNTED.sub("", _UNFIT.sub("_", wish).strip("_"))[: _LONGEST - 5] or "node"
    if base not in taken:
        return base
    number = 2
    while f"{base}_{number}" in taken:
        number += 1
    return f"{base}_{number}"


def _words(node: Mapping[str, Json]) -> list[str]:
    """What an id is made of: the type, or of an activity what it does and to what."""
    match node:
        case {"type": "wait", "for": [{"on": str(event)}, *_]}:
            return ["wait", event.rpartition(".")[2]]
        case {"type": "activity", "activity": str(name)}:
            noun, _, verb = name.rpartition(".")
            return [verb] if "_" in verb or not noun else [verb, noun]
        case {"type": "decide", "ruleset": str(key)}:
            return ["decide", key]
        case {"type": "task", "task": str(key)} | {"type": "journey", "journey": str(key)}:
            return [key]
        case {"type": "end", "outcome": str(outcome)}:
            return [outcome]
        case _:
            return [str(node.get("type"))]
