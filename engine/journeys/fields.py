"""Which fields an expression sees at each place of a document, and which of them can be absent there.

`event.*` is the entry event, but in a `when` of entry, goal, exits and a wait's `for` it is the event being tested.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from engine.journeys.audience_entries import MATCHED
from engine.journeys.catalogue import Catalogue, EventTypes
from engine.journeys.document import ActivityNode, DecideNode, Journey, Node, WaitNode
from engine.journeys.document_entries import EventEntry
from engine.journeys.graph import Graph, graph_of
from engine.journeys.rulebook import NO_RULES, Rulebook, saved_fields
from rules.types import Declaration, Fields

AUDIENCE_SCOPES = ("member.", "store.", "associate.")
_RUN: Fields = {
    "run.id": Declaration(type="text"),
    "run.journey": Declaration(type="text"),
    "run.version": Declaration(type="integer"),
    "run.entered_at": Declaration(type="instant"),
}
_EVENT: Fields = {"event.type": Declaration(type="text"), "event.time": Declaration(type="instant")}
_FAILED = frozenset({"error", "quiet"})
"""Ports of an activity node through which it is left without a result."""


@dataclass(frozen=True)
class DocumentFields:
    """The fields of one document.

    `fields` is the catalogue of all places: `member.*`, `store.*`, `associate.*`, and the `event.*` of HQ's own.
    `events` holds the `event.*` of each type; a type that is not among them has what all of them have. `rulebook` knows
    the rulesets that decide nodes ask.
    """

    journey: Journey
    catalogue: Catalogue
    fields: Fields
    events: EventTypes
    rulebook: Rulebook = NO_RULES
    _at_event: dict[str, Fields] = field(default_factory=dict, init=False, repr=False, compare=False)
    _at_node: dict[frozenset[str], Fields] = field(default_factory=dict, init=False, repr=False, compare=False)

    def at_entry(self, event_type: str) -> Fields:
        """In the `when` of an entry."""
        return {**self._declared, **self._event(event_type), **self.fields}

    @cached_property
    def at_audience(self) -> Fields:
        """In the condition, or the date, of an entry that chooses members: what is known of them without an event."""
        everything = {**self._declared, **self.fields}
        return {path: each for path, each in everything.items() if path.startswith(AUDIENCE_SCOPES)}

    def at_event(self, event_type: str) -> Fields:
        """In the `when` of the goal, an exit, or an item of a wait's `for`: anything saved may be absent."""
        if event_type not in self._at_event:
            self._at_event[event_type] = {**self._vars(frozenset()), **self.at_entry(event_type), **_RUN}
        return self._at_event[event_type]

    def at_node(self, node_id: str) -> Fields:
        """In the cases, params and instants of a node."""
        saved = self.saved_before.get(node_id, frozenset())
        if saved not in self._at_node:
            entry = {**self._declared, **self._entry_event, **self.fields, **_RUN}
            self._at_node[saved] = {**self._vars(saved), **entry}
        return self._at_node[saved]

    @cached_property
    def graph(self) -> Graph:
        return graph_of(self.journey)

    @cached_property
    def saves(self) -> Mapping[str, Fields]:
        """What each name that is saved holds; optional where not every place that saves it gives it."""
        kinds: dict[str, list[Fields]] = {}
        for name, fields in self._saved():
            kinds.setdefault(name, []).append(fields)
        return {name: _union(found) for name, found in kinds.items()}

    @cached_property
    def saved_before(self) -> Mapping[str, frozenset[str]]:
        """The names that are saved on every path to each node that can be reached."""
        everything = frozenset(self.saves)
        before = dict.fromkeys(self.graph.reachable(self.graph.starts), everything)
        for entry in self.journey.entry:
            start = entry.start or self.journey.start
            if start in before:
                before[start] &= {entry.save} if entry.save else frozenset()
        changed = True
        while changed:
            changed = False
            for edge in self.graph.edges:
                if edge.source not in before:
                    continue
                known = before[edge.target] & (
                    before[edge.source] | saved_by(self.journey.nodes[edge.source], edge.port)
                )
                changed = changed or known != before[edge.target]
                before[edge.target] = known
        return before

    @cached_property
    def _entry_event(self) -> Fields:
        types = [entry.on if isinstance(entry, EventEntry) else MATCHED for entry in self.journey.entry]
        return _union([self._event(each) for each in dict.fromkeys(types)])

    @property
    def _declared(self) -> Fields:
        return self.journey.fields

    def _event(self, event_type: str) -> Fields:
        return event_fields(event_type, self.events)

    def _data(self, event_type: str) -> Fields:
        """What an event's `data` holds: the fields of its type, and those that the document or HQ declares."""
        more = {**self._declared, **self.fields}
        declared = {path: each for path, each in more.items() if path.startswith("event.")}
        event = {**declared, **self._event(event_type)}
        return {path.removeprefix("event."): each for path, each in event.items() if path not in _EVENT}

    def _vars(self, certain: frozenset[str]) -> Fields:
        return {
            f"vars.{name}.{path}": each if name in certain else each.model_copy(update={"optional": True})
            for name, fields in self.saves.items()
            for path, each in fields.items()
        }

    def _saved(self) -> Iterable[tuple[str, Fields]]:
        for entry in self.journey.entry:
            if entry.save:
                yield entry.save, self._data(entry.on if isinstance(entry, EventEntry) else MATCHED)
        for node in self.journey.nodes.values():
            if isinstance(node, WaitNode):
                yield from ((item.save, self._data(item.on)) for item in node.awaited if item.save)
            elif isinstance(node, ActivityNode) and node.save:
                type_ = self.catalogue.get(node.activity)
                yield node.save, type_.result if type_ else {}
            elif isinstance(node, DecideNode):
                pinned = self.rulebook.find(node.ruleset)
                yield node.save, saved_fields(pinned.table) if pinned is not None else {}


def event_fields(event_type: str, events: EventTypes) -> Fields:
    """The `event.*` of a type; of one that nobody declares, what every event has."""
    if event_type in events:
        return {**_EVENT, **events[event_type]}
    kinds = list(events.values())
    common = {path: each for path, each in _union(kinds).items() if all(path in fields for fields in kinds)}
    return {**_EVENT, **common}


def saved_by(node: Node, port: str) -> frozenset[str]:
    """The names that are certainly saved when a node is left through a port."""
    if isinstance(node, ActivityNode):
        return frozenset({node.save} if node.save and port not in _FAILED else ())
    if isinstance(node, DecideNode):
        return frozenset({node.save} if port == "done" else ())
    if isinstance(node, WaitNode):
        saves = [frozenset({item.save} if item.save else ()) for item in node.awaited if item.port == port]
        return frozenset.intersection(*saves) if saves and port != "timeout" else frozenset()
    return frozenset()


def _union(kinds: list[Fields]) -> Fields:
    """The fields of several kinds of data; what one of them lacks is optional, and the first declaration counts."""
    found: dict[str, Declaration] = {}
    for fields in kinds:
        for path, each in fields.items():
            everywhere = all(path in other and not other[path].optional for other in kinds)
            found.setdefault(path, each if everywhere else each.model_copy(update={"optional": True}))
    return found
