"""What an author did on a form, as one command on the draft; nothing where all stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, get_args

from engine.journeys.catalogue import Catalogue
from rules.documents.pointers import Absent
from rules.pointers import step_of
from rules.types import Json
from ui.forms import ports
from ui.forms.additions import new_item, new_member, port_name, with_tag
from ui.forms.fields import Field, form_of
from ui.forms.journeys import instant_shape, is_instant
from ui.forms.mistakes import Mistake
from ui.forms.places import Command, Refine, Way, as_they_are, moved, pointer_of, put, renamed, take, way_to
from ui.forms.posting import Sent, Unchanged, meant
from ui.forms.shapes import LEAVES, Shape, Value
from ui.forms.speech import Speech

Deed: TypeAlias = Literal["set", "add", "remove", "up", "down", "rename", "put", "option", "node", "port"]
DEEDS: Final[tuple[Deed, ...]] = get_args(Deed)
NEW: Final = "+"
"""What a choice of nodes begins with that makes a new one: `+wait`, `+activity:coupon.issue`."""


@dataclass(frozen=True)
class Ground:
    """What a form stands on: the document, its shape, the activity types, and the reader's words."""

    document: dict[str, Json]
    root: Shape
    speech: Speech
    catalogue: Catalogue = field(default_factory=dict)
    refine: Refine = as_they_are

    def way(self, pointer: str) -> Way:
        """The way to a place. Raises Mistake."""
        return way_to(self.root, self.document, pointer, self.refine)

    def field(self, pointer: str, sent: Sent) -> Field:
        """The field at a place, in the mode in which it was sent. Raises Mistake."""
        last = self.way(pointer)[-1]
        shape = instant_shape(last.shape) if sent.mode in {"field", "json"} else last.shape
        return form_of(shape, last.value, pointer, self.speech, sent.mode)


def command_for(ground: Ground, deed: Deed, pointer: str, sent: Sent, option: str = "") -> Command | None:
    """The command that a deed means; None where nothing changes. Raises Mistake."""
    way = ground.way(pointer)
    match deed:
        case "set":
            return _set(ground, way, ground.field(pointer, sent), sent)
        case "add":
            return put(ground.way(f"{pointer}/-"), new_item(way, option, sent.text))
        case "remove":
            return ports.taking_item(way) if ports.is_port_item(pointer) else take(way)
        case "up" | "down":
            return moved(way, -1 if deed == "up" else 1)
        case "rename":
            return renamed(way, _name(sent.text))
        case "put":
            return _put_member(ground, way, pointer, _name(sent.text))
        case "option":
            return put(way, with_tag(way[-1].shape, way[-1].value, option or sent.text))
        case "node":
            return _node(way, sent.text.strip())
        case "port":
            return _connect(way, sent.text.strip(), ground.catalogue)


def _set(ground: Ground, way: Way, shown: Field, sent: Sent) -> Command | None:
    if shown.kind not in LEAVES:
        raise Mistake("forms.mistake.gone")
    value = meant(shown, sent, ground.speech.language)
    if isinstance(value, Unchanged):
        return None
    if ports.is_port_name(shown.pointer):
        return ports.renaming_port(way, port_name("" if isinstance(value, Absent) else str(value)))
    if isinstance(value, Absent):
        if _is_last_title(way):
            raise Mistake("forms.mistake.title_empty")
        return take(way)
    return _instead(way, value) or put(way, value)


def _is_last_title(way: Way) -> bool:
    """Whether the definition would have no title without this one."""
    title = way[1].value if len(way) == 3 and way[1].step == "title" else None
    return isinstance(title, dict) and not any(text for key, text in title.items() if key != way[-1].step)


def _instead(way: Way, value: Json) -> Command | None:
    """A delay says `for` or `until`, and that in one of its forms: what is written takes the other's place."""
    for at, stop in enumerate(way):
        other = {"for": "until", "until": "for"}.get(stop.step, "")
        holder = way[at - 1].value
        if stop.shape.owner != "DelayNode" or not other or not isinstance(holder, dict):
            continue
        if holder.get(other) is not None or (is_instant(stop.value) and len(way) > at + 1):
            rest = {key: part for key, part in holder.items() if key != other}
            whole: Json = {**rest, stop.step: _wrapped(way[at:], value)}
            return {"command": "set", "pointer": pointer_of(way[:at]), "value": whole}
    return None


def _wrapped(way: Way, value: Json) -> Json:
    """The value of the first stop with `value` at the last."""
    first, *below = way
    if not below:
        return value
    held = first.value if isinstance(first.value, dict) and not is_instant(first.value) else {}
    return {**held, below[0].step: _wrapped(below, value)}


def _name(typed: str) -> str:
    if not typed.strip():
        raise Mistake("forms.mistake.name_empty")
    return typed.strip()


def _put_member(ground: Ground, way: Way, pointer: str, name: str) -> Command:
    held: Value = way[-1].value
    if isinstance(held, dict) and name in held:
        raise Mistake("forms.mistake.name_taken", name=name)
    return put(ground.way(f"{pointer}/{step_of(name)}"), new_member(way))


def _node(way: Way, name: str) -> Command | None:
    """Another id for a node."""
    if name == way[-1].step:
        return None
    return {"command": "rename_node", "node": way[-1].step, "to": port_name(name)}


def _connect(way: Way, to: str, catalogue: Catalogue) -> Command | None:
    """Where a port leads: to a node, to a new one, or nowhere."""
    node, port, present = way[2].step, way[-1].step, way[-1].value
    if to == present or (not to and isinstance(present, Absent)):
        return None
    if not to:
        return {"command": "disconnect", "node": node, "port": port}
    if not to.startswith(NEW):
        return {"command": "connect", "node": node, "port": port, "to": to}
    add = _new_node(to.removeprefix(NEW))
    found = catalogue.get(str(add.get("activity")))
    ways: list[Json] = ["done", *found.outcomes] if found else []
    return {"command": "insert_after", "node": node, "port": port, "add": dict(add), "ports": ways}


def _new_node(kind: str) -> Mapping[str, Json]:
    type_, _, activity = kind.partition(":")
    return {"type": type_, "activity": activity} if activity else {"type": type_}
