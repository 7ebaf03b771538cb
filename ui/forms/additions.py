"""What a new item of a list, or a new member of an object, begins as: what it must have, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from string import ascii_uppercase
from typing import Any

from pydantic import TypeAdapter, ValidationError

from rules.documents.values import EventType, Name
from rules.types import Json
from ui.forms.mistakes import Mistake
from ui.forms.places import Way
from ui.forms.shapes import Shape, Value

ENTRIES: Mapping[str, Mapping[str, Json]] = {
    "ScheduleEntry": {"schedule": "FREQ=DAILY", "at": "09:00"},
    "BecomesEntry": {"check": "P1D"},
    "DateEntry": {"date": {"var": "member.birthday"}, "at": "10:00", "yearly": True},
    "ListEntry": {"list": True},
}
"""What entries begin as that no event starts."""

_EVENT: TypeAdapter[str] = TypeAdapter(EventType)
_NAME: TypeAdapter[str] = TypeAdapter(Name)


def new_item(way: Way, option: str, typed: str) -> Json:
    """The item to add to the list at the end of the way. `option` names a form of its union, `typed` what was written.

    Raises Mistake.
    """
    last = way[-1]
    held = last.value if isinstance(last.value, list) else []
    match last.shape.owner, last.shape.name:
        case "WaitNode", "for":
            return {"on": event(typed), "port": _free(_suffix(typed), _ports(held))}
        case "ChoiceNode", "cases":
            return {"when": None, "port": _numbered("case", _ports(held))}
        case "SplitNode", "arms":
            left = 10_000 - sum(_shares(held))
            return {"port": _letter(_ports(held)), "share_bp": max(0, left)}
        case ("Journey", "entry") if option not in ENTRIES:
            return {"on": event(typed)}
        case "Journey", "entry":
            return dict(ENTRIES[option])
        case "Journey", "exits":
            return {"on": event(typed)}
        case _:
            return _of_shape(last.shape.item, option, typed)


def new_member(way: Way) -> Json:
    """What a new member of the object or map at the end of the way begins as."""
    item = way[-1].shape.item
    return {"type": "text"} if item.model == "Declaration" else _of_shape(item, "", "")


def event(typed: str) -> str:
    """The type of event that was written. Raises Mistake."""
    try:
        return _EVENT.validate_python(typed.strip())
    except ValidationError as error:
        raise Mistake("forms.mistake.event") from error


def port_name(typed: str) -> str:
    """The name of a port that was written. Raises Mistake."""
    try:
        return _NAME.validate_python(typed.strip())
    except ValidationError as error:
        raise Mistake("forms.mistake.port") from error


def with_tag(shape: Shape, held: Value, tag: str) -> Json:
    """An object of a union in the form with this tag: it keeps what that form knows too. Raises Mistake."""
    for option in shape.options:
        constant = option.properties.get(shape.tag)
        if constant is not None and constant.schema.get("const") == tag:
            kept = held if isinstance(held, dict) else {}
            known = {name: value for name, value in kept.items() if name in option.properties}
            return {**known, shape.tag: tag}
    raise Mistake("forms.mistake.choice")


def _of_shape(of: Shape, option: str, typed: str) -> Json:
    match of.kind:
        case "union":
            chosen = next((each for each in of.options if each.model == option), of.options[0])
            return _of_shape(chosen, "", "")
        case "object":
            return {name: part.schema.get("const") for name, part in of.properties.items() if part.kind == "const"}
        case "list":
            return []
        case "map":
            return {}
        case "boolean":
            return False
        case "integer" | "share":
            return int(of.schema.get("minimum", 0))
        case "number":
            return float(of.schema.get("minimum", 0))
        case _:
            return typed


def _suffix(event_type: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", event_type.strip().rpartition(".")[2])[:50]


def _ports(held: Sequence[Json]) -> set[Any]:
    return {each.get("port") for each in held if isinstance(each, dict)}


def _shares(held: Sequence[Json]) -> Iterator[int]:
    for each in held:
        share = each.get("share_bp") if isinstance(each, dict) else None
        yield share if isinstance(share, int) else 0


def _free(name: str, taken: set[Any]) -> str:
    return name if name not in taken else _numbered(name, taken, first=2)


def _numbered(name: str, taken: set[Any], first: int = 1) -> str:
    return next(each for n in count(first) if (each := f"{name}_{n}") not in taken)


def _letter(taken: set[Any]) -> str:
    free = next((each for each in ascii_uppercase if each not in taken), None)
    return free or _numbered("arm", taken)
