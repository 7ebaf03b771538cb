"""Which texts and params of a later version would find nothing where a run is brought in from an earlier one.

They show what a node saves, and the run has never come by such a node: neither before, nor on its way from the target.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.journeys.checks.presence import needed
from engine.journeys.document import ActivityNode, DecideNode, DelayNode, JourneyNode, Node, TaskNode, WaitNode
from engine.journeys.fields import saved_by
from engine.journeys.plan import Plan
from rules.limits import escape
from rules.text import paths_in
from rules.types import Declaration, Json


@dataclass(frozen=True)
class Lack:
    """A text or param of the new version at `pointer` that shows what `name` would hold."""

    node: str
    pointer: str
    name: str


def lacking(new: Plan, target: str) -> list[Lack]:
    """The texts and params at or after the target that show what is not surely saved on the way there."""
    nodes = new.document.nodes
    found = [lack for node_id, node in nodes.items() for lack in _reads(node_id, node)]
    reach = {name: _without(nodes, target, name) for name in {lack.name for lack in found}}
    return sorted((lack for lack in found if lack.node in reach[lack.name]), key=lambda each: each.pointer)


def saved_until(old: Plan, node: str) -> frozenset[str]:
    """The names that a run at this node may have saved on some way there."""
    nodes = old.document.nodes
    before = {each for each in nodes if node in _from(nodes, each)}
    names = {entry.save for entry in old.document.entry if entry.save}
    return frozenset(names | {name for each in before for name in _saves(nodes[each])})


def _reads(node_id: str, node: Node) -> Iterator[Lack]:
    """Each place of a node's texts and params that cannot do without something that was saved."""
    place = f"/nodes/{escape(node_id)}"
    parts: dict[str, Json] = {}
    match node:
        case ActivityNode() | TaskNode():
            parts = {"params": node.params}
        case DecideNode():
            parts = {"facts": node.facts}
        case DelayNode() if node.until is not None and "time" not in node.until:
            parts = {"until": {"$": node.until}}
        case _:
            pass
    for part, value in parts.items():
        for pointer, paths in _needs(value, f"{place}/{part}"):
            yield from (Lack(node_id, pointer, name) for name in sorted({path.split(".")[1] for path in paths}))


def _needs(value: Json, pointer: str) -> Iterator[tuple[str, frozenset[str]]]:
    """The saved values, as `vars.…`, that each text or computed part cannot do without."""
    match value:
        case {"$": expression}:
            yield pointer, needed(expression, _SAVED)
        case dict():
            for key, item in value.items():
                yield from _needs(item, f"{pointer}/{escape(key)}")
        case list():
            for i, item in enumerate(value):
                yield from _needs(item, f"{pointer}/{i}")
        case str():
            yield pointer, frozenset(path for path in paths_in(value) if path in _SAVED)
        case _:
            pass


class _Saved(Mapping[str, Declaration]):
    """Takes every `vars.name.…` for a field that may be absent."""

    def __getitem__(self, path: str) -> Declaration:
        if path not in self:
            raise KeyError(path)
        return Declaration(type="text", optional=True)

    def __contains__(self, path: object) -> bool:
        return isinstance(path, str) and path.startswith("vars.")

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


_SAVED = _Saved()


def _without(nodes: Mapping[str, Node], target: str, name: str) -> frozenset[str]:
    """The nodes that can be reached from the target without anything being saved under this name."""
    found: set[str] = set()
    ahead = [target]
    while ahead:
        here = ahead.pop()
        if here in found:
            continue
        found.add(here)
        node = nodes[here]
        ahead += [to for port, to in node.ports.items() if name not in saved_by(node, port)]
    return frozenset(found)


def _from(nodes: Mapping[str, Node], start: str) -> frozenset[str]:
    """The nodes after this one, itself only in a loop."""
    found: set[str] = set()
    ahead = [*nodes[start].ports.values()]
    while ahead:
        here = ahead.pop()
        if here not in found:
            found.add(here)
            ahead += nodes[here].ports.values()
    return frozenset(found)


def _saves(node: Node) -> Iterator[str]:
    """The names under which a node saves something, whatever port it is left by."""
    if isinstance(node, WaitNode):
        yield from (item.save for item in node.awaited if item.save)
    elif not isinstance(node, JourneyNode) and (name := getattr(node, "save", None)):
        yield name
