"""Where a pointer leads: the shapes and values from the document down to a place, and commands that change it there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rules.documents.pointers import ABSENT, Absent
from rules.pointers import keys_of, step_of
from rules.types import Json
from ui.forms.mistakes import Mistake
from ui.forms.shapes import Shape, Value, shape

Command: TypeAlias = dict[str, Json]
"""A command as the draft's editor reads it; see engine/edits."""

Refine: TypeAlias = Callable[["Stop", str, Shape | None], Shape | None]
"""Another shape for a part of a value, where the schema alone does not tell it."""


@dataclass(frozen=True)
class Stop:
    """One value on the way: its step, its shape, and itself."""

    step: str
    shape: Shape
    value: Value


Way: TypeAlias = Sequence[Stop]
"""From the document, whose step is empty, down to a place."""


def as_they_are(_: Stop, __: str, part: Shape | None) -> Shape | None:
    """Refines nothing."""
    return part


def way_to(root: Shape, document: Json, pointer: str, refine: Refine = as_they_are) -> Way:
    """The stops on the way; what the schema does not know may be anything. Raises Mistake for what is no pointer."""
    if pointer and not pointer.startswith("/"):
        raise Mistake("forms.mistake.gone")
    way = [Stop("", root, document)]
    for step in keys_of(pointer):
        above = way[-1]
        part = refine(above, step, above.shape.part(step, above.value))
        way.append(Stop(step, part or shape({}, name=step), _inside(above.value, step)))
    return way


def pointer_of(way: Way) -> str:
    """The way as a pointer."""
    return "".join(f"/{step_of(stop.step)}" for stop in way[1:])


def put(way: Way, value: Json) -> Command:
    """The command that puts a value at the end of the way, with what is missing above it."""
    *above, last = way
    if not above:
        raise Mistake("forms.mistake.gone")
    holder = above[-1].value
    match holder:
        case dict():
            return {"command": "set", "pointer": pointer_of(way), "value": value}
        case list() if last.step == "-":
            return {"command": "insert", "pointer": pointer_of(above), "value": value}
        case list() if _index(last.step, holder) is not None:
            return {"command": "set", "pointer": pointer_of(way), "value": value}
        case None | Absent() if not _is_member(above):
            return put(above, [value] if last.step == "-" else {last.step: value})
        case _:
            raise Mistake("forms.mistake.gone")


def _is_member(way: Way) -> bool:
    """Whether the way ends at a member of a map or an item of a list, which nobody makes by writing into it."""
    return len(way) > 1 and way[-2].shape.kind in {"map", "list"}


def take(way: Way) -> Command | None:
    """The command that takes away what the way leads to, with what holds nothing else and may be left out."""
    *above, last = way
    if not above or isinstance(last.value, Absent):
        return None
    holder = above[-1]
    alone = isinstance(holder.value, dict | list) and len(holder.value) == 1
    if alone and len(above) > 1 and not holder.shape.required:
        return take(above)
    return {"command": "remove", "pointer": pointer_of(way)}


def moved(way: Way, by: int) -> Command | None:
    """The command that moves an item up or down in its list."""
    holder, item = way[-2].value, way[-1].step
    place = _index(item, holder) if isinstance(holder, list) else None
    if place is None or not isinstance(holder, list):
        raise Mistake("forms.mistake.gone")
    to = place + by
    return {"command": "move", "pointer": pointer_of(way), "to": to} if 0 <= to < len(holder) else None


def renamed(way: Way, name: str) -> Command | None:
    """The command that gives a member of an object another name."""
    holder, old = way[-2].value, way[-1].step
    if not isinstance(holder, dict) or old not in holder:
        raise Mistake("forms.mistake.gone")
    if name == old:
        return None
    if name in holder:
        raise Mistake("forms.mistake.name_taken", name=name)
    return {"command": "rename", "pointer": pointer_of(way), "to": name}


def _inside(value: Value, step: str) -> Value:
    match value:
        case dict():
            return value.get(step, ABSENT)
        case list():
            index = _index(step, value)
            return value[index] if index is not None else ABSENT
        case _:
            return ABSENT


def _index(step: str, items: Sequence[Json]) -> int | None:
    return int(step) if step.isdecimal() and step.isascii() and int(step) < len(items) else None
