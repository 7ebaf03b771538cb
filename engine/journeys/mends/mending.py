"""What mends need to know of a document, and the commands that they are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property

from engine.journeys.check import check
from engine.journeys.context import CheckContext
from engine.journeys.document import Journey
from engine.journeys.editing.rough import nodes_of, rough_graph
from engine.journeys.fields import DocumentFields
from engine.journeys.graph import Graph
from engine.journeys.parse import read
from rules.documents.commands import CommandError, Mend
from rules.documents.pointers import ABSENT, Absent, changed, found, steps_of
from rules.types import Fields, Json

MOST = 3
"""So many near names are offered."""
LISTED = 9
"""So many of what may stand there are offered, the nearest first."""

Told = Mapping[str, Json]


@dataclass(frozen=True)
class Patient:
    """A document with what is around it."""

    document: dict[str, Json]
    context: CheckContext

    @cached_property
    def nodes(self) -> dict[str, dict[str, Json]]:
        """The nodes that can be read."""
        return nodes_of(self.document)

    @cached_property
    def graph(self) -> Graph:
        """What can be read of its graph."""
        return rough_graph(self.document)

    @cached_property
    def journey(self) -> Journey | None:
        """What is left of the document once all is left out that breaks its format."""
        return read(self.document).journey

    @cached_property
    def scope(self) -> DocumentFields | None:
        """The fields of its places."""
        if self.journey is None:
            return None
        around = self.context
        return DocumentFields(self.journey, around.catalogue, around.fields, around.events, around.rulebook)

    def node_of(self, pointer: str) -> tuple[str, dict[str, Json]]:
        """The node that a pointer leads into. Raises CommandError where there is none that can be read."""
        steps = steps_of(pointer)
        if len(steps) < 2 or steps[0] != "nodes" or steps[1] not in self.nodes:
            raise CommandError(pointer, "这里没有节点。", "There is no node here.")
        return steps[1], self.nodes[steps[1]]

    def value(self, pointer: str) -> Json | Absent:
        """What stands at a pointer."""
        return found(self.document, steps_of(pointer))

    def text(self, pointer: str) -> str:
        """The text at a pointer. Raises CommandError where there is none."""
        value = self.value(pointer)
        if not isinstance(value, str):
            raise CommandError(pointer, "这里没有文字。", "There is no text here.")
        return value

    def stays_sound(self, pointer: str, value: Json) -> bool:
        """Whether another value there brings no error that the document does not have."""
        after = changed(self.document, steps_of(pointer), lambda _: value)
        return _errors(after, self.context) <= self._errors

    def gets_better(self, pointer: str, value: Json) -> bool:
        """Whether another value there brings no error, and does away with one."""
        after = changed(self.document, steps_of(pointer), lambda _: value)
        return _errors(after, self.context) < self._errors

    @cached_property
    def _errors(self) -> frozenset[tuple[str, str, str]]:
        return _errors(self.document, self.context)

    def fields_at(self, pointer: str) -> Fields:
        """The fields that an expression sees at a place."""
        scope, steps = self.scope, steps_of(pointer)
        if scope is None:
            return self.context.fields
        match steps:
            case ["entry", index, *_]:
                return scope.at_entry(self._event(["entry", index]))
            case ["goal", *_]:
                return scope.at_event(self._event(["goal"]))
            case ["exits", index, *_]:
                return scope.at_event(self._event(["exits", index]))
            case ["nodes", node, "for", index, *_]:
                return scope.at_event(self._event(["nodes", node, "for", index]))
            case ["nodes", node, *_]:
                return scope.at_node(node)
            case _:
                return scope.at_node("")

    def _event(self, steps: list[str]) -> str:
        on = found(self.document, [*steps, "on"])
        return on if isinstance(on, str) else ""


def _errors(document: Json, context: CheckContext) -> frozenset[tuple[str, str, str]]:
    """What blocks publishing, but for tests, which tell of each change."""
    found = check(document, replace(context, proofs=None))
    return frozenset(
        (each.code, each.pointer, each.message["en"])
        for each in found
        if each.severity == "error" and each.code != "test-failed"
    )


def mend(zh: str, en: str, *commands: Told) -> Mend:
    """A mend with its titles."""
    return Mend({"zh": zh, "en": en}, commands)


def near(name: str, known: Iterable[str], cutoff: float = 0.5) -> list[str]:
    """The names most like this one, the likest first."""
    return get_close_matches(name, sorted(set(known) - {name}), n=MOST, cutoff=cutoff)


def choices(name: str, known: Iterable[str], cutoff: float = 0.5) -> list[str]:
    """What may stand in place of a name: those most like it, then others as they are listed."""
    listed = [*known]
    return list(dict.fromkeys([*near(name, listed, cutoff), *(each for each in listed if each != name)]))[:LISTED]


def put(pointer: str, value: Json) -> Told:
    """The command that sets a value."""
    return {"command": "set", "pointer": pointer, "value": value}


def take(pointer: str) -> Told:
    """The command that removes a value."""
    return {"command": "remove", "pointer": pointer}


def member(document: Json, pointer: str, key: str, value: Json) -> Told:
    """The command that sets a member of the object at the pointer, which is made where it is missing."""
    holder = found(document, steps_of(pointer))
    return put(f"{pointer}/{key}", value) if holder is not ABSENT else put(pointer, {key: value})


def end_after(node: str, port: str, outcome: str) -> Told:
    """The command that puts an end behind a port."""
    return {"command": "insert_after", "node": node, "port": port, "add": {"type": "end", "outcome": outcome}}


def way(node: str, port: str, to: str) -> Told:
    """The command that connects a port."""
    return {"command": "connect", "node": node, "port": port, "to": to}
