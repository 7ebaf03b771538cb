"""The side panel of the journey editor: which fields stand on it for a node, and for each part of the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

from engine.journeys.catalogue import ActivityType, Catalogue
from rules.documents.pointers import ABSENT, Absent
from rules.pointers import step_of
from rules.types import Json
from ui.forms.fields import Field, form_of
from ui.forms.journeys import is_instant, journey_shape, node_shape, refined
from ui.forms.ports import Port, ports
from ui.forms.speech import Speech
from ui.words import wording

Part: TypeAlias = Literal["settings", "entry", "policies", "goal", "exits", "fields"]
PARTS: Final[tuple[Part, ...]] = get_args(Part)

_SETTINGS = ("title", "note", "subject", "start")
_ABOUT = ("title", "stage", "note")
_PARTING = frozenset({"choice", "split"})
_APART = frozenset({*_ABOUT, "ports", "type"})
_FIRST = frozenset({"timeout"})
"""What nearly everybody changes stands before what is long: how long a wait lasts, before what it waits for."""


@dataclass(frozen=True)
class NodePanel:
    """A node's form: what it is called, the fields of its type, its ways out, and its activity type if it has one.

    `words` are what its ways out are called.
    `waits` says how a delay is told: by its length (`for`), a time of day (`until`) or an instant (`instant`).
    """

    id: str
    kind: str
    pointer: str
    about: tuple[Field, ...]
    fields: tuple[Field, ...]
    unknown: tuple[Field, ...]
    ports: tuple[Port, ...]
    words: Mapping[str, str]
    activity: ActivityType | None = None
    waits: str = ""

    @property
    def decides_nothing(self) -> bool:
        """Whether a node that is there to part ways has several, and all lead to one node."""
        targets = {port.target for port in self.ports}
        return self.kind in _PARTING and len(self.ports) > 1 and len(targets) == 1 and None not in targets


@dataclass(frozen=True)
class PartPanel:
    """One part of the settings."""

    part: Part
    fields: tuple[Field, ...]


def node_panel(
    document: dict[str, Json], node_id: str, catalogue: Catalogue, speech: Speech, waits: str = ""
) -> NodePanel | None:
    """The form of a node; None where no object has this id. `waits` asks for another form of a delay."""
    nodes = document.get("nodes")
    node = nodes.get(node_id) if isinstance(nodes, dict) else None
    if not isinstance(node, dict):
        return None
    pointer = f"/nodes/{step_of(node_id)}"
    whole = form_of(node_shape(node), node, pointer, speech)
    kind = str(node.get("type"))
    parts = {part.name: part for part in whole.parts}
    about = tuple(parts[name] for name in _ABOUT if name in parts)
    in_order = sorted(parts.items(), key=lambda part: part[0] not in _FIRST)
    own = [_refined(part, node, catalogue, speech) for name, part in in_order if name not in _APART]
    waits = (waits or _waits(node)) if kind == "delay" else ""
    if waits:
        own = [_until(part, speech, waits) for part in own if part.name == ("for" if waits == "for" else "until")]
    activity = catalogue.get(str(node.get("activity"))) if kind == "activity" else None
    ways = ports(document, node_id, catalogue)
    words = {way.name: wording.way_out(node, way.name, speech.language) for way in ways}
    return NodePanel(node_id, kind, pointer, about, tuple(own), whole.unknown, ways, words, activity, waits)


def part_panel(document: dict[str, Json], part: Part, speech: Speech) -> PartPanel:
    """The form of a part of the settings."""
    root = journey_shape().properties
    names = _SETTINGS if part == "settings" else (part,)
    made = (form_of(root[name], document.get(name, ABSENT), f"/{name}", speech) for name in names)
    return PartPanel(part, tuple(made))


def _refined(field: Field, node: Mapping[str, Json], catalogue: Catalogue, speech: Speech) -> Field:
    shape = refined(node, field.name, field.shape, catalogue)
    return field if shape is field.shape else form_of(shape, field.value, field.pointer, speech)


def _waits(node: Mapping[str, Json]) -> str:
    until = node.get("until")
    if until is None:
        return "for"
    return "instant" if is_instant(until) else "until"


def _until(field: Field, speech: Speech, waits: str) -> Field:
    """A delay's `until` in the form that is asked for, whatever stands there now."""
    if field.name == "for":
        return field
    asked: dict[str, Json] = {"until": {"var": ""} if waits == "instant" else {}}
    shape = refined(asked, "until", node_shape({"type": "delay"}).properties["until"], {})
    fits = waits == _waits({} if isinstance(field.value, Absent) else {"until": field.value})
    value = field.value if fits else ABSENT
    return form_of(shape, value, field.pointer, speech)
