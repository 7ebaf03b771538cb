"""The shape of a journey document: its models' schema, with what the types of its texts do not tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cache
from typing import Any, Final

from engine.journeys.catalogue import Catalogue
from engine.journeys.document import Journey
from rules.types import DECLARED, Json
from ui.forms.places import Refine, Stop
from ui.forms.shapes import Shape, Value, shape, shape_of

_TYPES: Final = [
    *(kind for kind in DECLARED if kind != "ref"),
    "ref:store",
    "ref:region",
    "ref:channel",
    "ref:associate",
]

HINTS: Mapping[str, Mapping[str, Any]] = {
    "Journey.key": {"x-kind": "name"},
    "Journey.start": {"x-kind": "node"},
    "Journey.fields": {},
    "Words.zh": {},
    "Words.en": {},
    "LongWords.zh": {"x-kind": "long_text"},
    "LongWords.en": {"x-kind": "long_text"},
    "Title.zh": {},
    "Title.en": {},
    "*.on": {"x-kind": "event"},
    "*.when": {"x-kind": "condition"},
    "*.start": {"x-kind": "node"},
    "*.save": {"x-kind": "name"},
    "*.stage": {"x-kind": "name"},
    "*.port": {"x-kind": "name"},
    "*.outcome": {"x-kind": "name"},
    "*.salt": {"x-kind": "name"},
    "*.at": {"x-kind": "clock"},
    "ScheduleEntry.schedule": {"x-kind": "name"},
    "ScheduleEntry.audience": {"x-kind": "condition"},
    "ScheduleEntry.rate": {"x-kind": "name"},
    "BecomesEntry.becomes": {"x-kind": "condition"},
    "BecomesEntry.check": {"x-kind": "duration"},
    "DateEntry.date": {"x-kind": "field"},
    "DateEntry.offset": {"x-kind": "duration", "x-signed": True},
    "Reentry.cooldown": {"x-kind": "duration"},
    "Policies.max_age": {"x-kind": "duration"},
    "Policies.entry_max_age": {"x-kind": "duration"},
    "Policies.time_zone": {"x-kind": "zone"},
    "Policies.pressure": {"x-kind": "json"},
    "QuietTime.from": {"x-kind": "clock"},
    "QuietTime.to": {"x-kind": "clock"},
    "WaitNode.timeout": {"x-kind": "duration"},
    "DelayNode.for": {"x-kind": "duration"},
    "DelayNode.until": {"x-kind": "json"},
    "ChoiceNode.on_unknown": {"x-kind": "name"},
    "RetryPart.initial": {"x-kind": "duration"},
    "RetryPart.max": {"x-kind": "duration"},
    "ActivityNode.activity": {"x-kind": "activity"},
    "DecideNode.ruleset": {"x-reference": "ruleset"},
    "TaskNode.task": {"x-reference": "task"},
    "TaskNode.assign": {"x-kind": "json"},
    "JourneyNode.journey": {"x-reference": "journey"},
    "Declaration.type": {"enum": _TYPES},
    "Declaration.title": {"x-of": "Words"},
    "Declaration.values": {},
    "Declaration.min": {"x-kind": "any"},
    "Declaration.max": {"x-kind": "any"},
    "Declaration.of": {"x-kind": "json"},
    "Declaration.currency": {"x-kind": "name"},
    "Journey.tests": {"x-kind": "json"},
}
"""By model and property (`*` is any model): how people write it, where its type alone does not tell."""

UNTIL: Final[Mapping[str, Any]] = {
    "title": "UntilTime",
    "type": "object",
    "properties": {
        "time": {"type": "string", "x-kind": "clock"},
        "days": {"type": "integer", "default": 0, "minimum": 0},
        "working_day": {"type": "boolean", "default": False},
    },
    "required": ["time"],
}
"""The form of a delay's `until` that names a time of day."""

ANYTHING: Final[Mapping[str, Any]] = {"type": "object", "additionalProperties": True}


@cache
def journey_shape() -> Shape:
    """The shape of a whole document."""
    schema = deepcopy(Journey.model_json_schema())
    for model, parts in {"Journey": schema, **schema["$defs"]}.items():
        for name, part in parts.get("properties", {}).items():
            hint = {**HINTS.get(f"*.{name}", {}), **HINTS.get(f"{model}.{name}", {})}
            of = hint.pop("x-of", None)
            parts["properties"][name] = {"$ref": f"#/$defs/{of}"} if of else {**part, **hint}
    return shape(schema)


def params_shape(activity: Json, catalogue: Catalogue) -> Shape:
    """The shape of an activity's params: its model's, or anything where the type is not registered."""
    found = catalogue.get(activity) if isinstance(activity, str) else None
    return shape_of(found.params, computable=True) if found else shape(ANYTHING, computable=True)


def refining(catalogue: Catalogue) -> Refine:
    """The shapes of params, facts and a delay's `until`, which the schema of the document leaves open."""

    def refine(holder: Stop, step: str, part: Shape | None) -> Shape | None:
        if part is None or not isinstance(holder.value, dict):
            return part
        return refined(holder.value, step, part, catalogue)

    return refine


def refined(node: Mapping[str, Json], name: str, part: Shape, catalogue: Catalogue) -> Shape:
    """A part of a node with the shape that the node's own content gives it."""
    match part.owner, name:
        case "ActivityNode", "params":
            return _named(params_shape(node.get("activity"), catalogue), part)
        case ("DecideNode", "facts") | ("TaskNode", "params"):
            return _named(shape(ANYTHING, computable=True), part)
        case "DelayNode", "until":
            return _named(shape({"x-kind": "field"} if is_instant(node.get("until")) else UNTIL), part)
        case _:
            return part


def node_shape(node: Mapping[str, Json]) -> Shape:
    """The shape of one node, by its type; of a type that there is not, what every node has."""
    return journey_shape().properties["nodes"].item.option_for(dict(node))


def texts_without_hint() -> Iterator[str]:
    """The properties of the format that are shown as plain text without anybody having said so; tests want none."""
    root = journey_shape()
    for model, parts in {"Journey": root.schema, **root.definitions}.items():
        for name, part in shape(parts, root.definitions).properties.items():
            hinted = f"*.{name}" in HINTS or f"{model}.{name}" in HINTS
            if part.kind in {"text", "any"} and not hinted:
                yield f"{model}.{name}"


def instant_shape(part: Shape) -> Shape:
    """A delay's `until` as the field that gives the instant, whatever stands there now; any other part as it is."""
    asked = (part.owner, part.name, part.kind) == ("DelayNode", "until", "object")
    return _named(shape({"x-kind": "field"}), part) if asked else part


def is_instant(until: Value) -> bool:
    """Whether a delay waits until an instant, which an expression gives, and not until a time of day."""
    return isinstance(until, dict) and bool(until) and not until.keys() & UNTIL["properties"].keys()


def _named(found: Shape, part: Shape) -> Shape:
    return Shape(
        found.kind,
        found.schema,
        found.definitions,
        owner=part.owner,
        name=part.name,
        required=part.required,
        nullable=part.nullable,
        computable=found.computable,
    )
