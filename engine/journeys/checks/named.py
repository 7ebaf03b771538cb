"""The things that a journey names and must find around it: rulesets, journeys, tasks, and what its activities name."""

from __future__ import annotations

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel

from engine.journeys.catalogue import Catalogue, Reference
from engine.journeys.document import ActivityNode, DecideNode, Journey, JourneyNode, Node, TaskNode
from rules.limits import escape
from rules.types import Json


class Named(NamedTuple):
    """One thing: its kind, as `Reference` calls kinds, its key, and where the document names it."""

    kind: str
    key: str
    pointer: str


def named(journey: Journey, catalogue: Catalogue) -> Iterator[Named]:
    """All that the nodes name, but for a journey that starts itself again."""
    for node_id, node in journey.nodes.items():
        yield from _of_node(journey, node, catalogue, f"/nodes/{escape(node_id)}")


def _of_node(journey: Journey, node: Node, catalogue: Catalogue, pointer: str) -> Iterator[Named]:
    match node:
        case DecideNode():
            yield Named("ruleset", node.ruleset, f"{pointer}/ruleset")
        case TaskNode():
            yield Named("task", node.task, f"{pointer}/task")
        case JourneyNode() if node.journey != journey.key or node.mode == "call":
            yield Named("journey", node.journey, f"{pointer}/journey")
        case ActivityNode() if (type_ := catalogue.get(node.activity)) is not None:
            for reference, key, place in references(type_.params, node.params, f"{pointer}/params"):
                yield Named(reference.kind, key, place)
        case _:
            pass


def references(model: type[BaseModel], params: Json, pointer: str) -> Iterator[tuple[Reference, str, str]]:
    """The things that params name: what kind, which, and where. Computed names are not known yet."""
    if isinstance(params, dict) and not computes(params):
        for name, field in model.model_fields.items():
            key = field.alias or name
            if key in params:
                place = f"{pointer}/{escape(key)}"
                yield from _named_by(field.annotation, tuple(field.metadata), params[key], place)


def _named_by(form: Any, marks: tuple[Any, ...], value: Json, pointer: str) -> Iterator[tuple[Reference, str, str]]:
    mark = next((mark for mark in marks if isinstance(mark, Reference)), None)
    if isinstance(value, str):
        if mark is not None and not computes(value):
            yield mark, value, pointer
        elif mark is None and get_origin(form) is Annotated:
            yield from _named_by(get_args(form)[0], get_args(form)[1:], value, pointer)
    elif isinstance(form, type) and issubclass(form, BaseModel):
        yield from references(form, value, pointer)
    elif get_origin(form) is Annotated:
        yield from _named_by(get_args(form)[0], get_args(form)[1:], value, pointer)
    elif get_origin(form) is list and isinstance(value, list):
        for i, item in enumerate(value):
            yield from _named_by(get_args(form)[0], (), item, f"{pointer}/{i}")
    elif get_origin(form) in {Union, UnionType}:
        for option in get_args(form):
            yield from _named_by(option, marks, value, pointer)


def computes(value: Json) -> bool:
    """Whether a value is an expression or a text with fields."""
    return (isinstance(value, dict) and "$" in value) or (isinstance(value, str) and "{{" in value)
