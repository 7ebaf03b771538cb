"""The named conditions of a ruleset: which there are, where each is used, and the commands that change them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rules.pointers import keys_of, step_of
from rules.types import Json

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,62}", re.ASCII)
"""What a name may be."""

Command = dict[str, Json]


@dataclass(frozen=True)
class NamedCondition:
    """One of them, with the places in the document that use it."""

    name: str
    rule: Json
    uses: tuple[str, ...]

    @property
    def pointer(self) -> str:
        return f"/conditions/{step_of(self.name)}"


class UnusableNameError(ValueError):
    """A name that cannot be given; `key` is the message that says why."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def named_conditions(document: Mapping[str, Json]) -> list[NamedCondition]:
    """All of them, in the order of the document."""
    held = document.get("conditions")
    conditions = held if isinstance(held, dict) else {}
    return [NamedCondition(name, rule, tuple(_uses(document, name, ""))) for name, rule in conditions.items()]


def adding(document: Mapping[str, Json], name: str) -> Command:
    """The command that adds one, which is always true at first. Raises UnusableNameError."""
    new = _free(document, name)
    if not isinstance(document.get("conditions"), dict):
        return {"command": "set", "pointer": "/conditions", "value": {new: True}}
    return {"command": "set", "pointer": f"/conditions/{new}", "value": True}


def renaming(document: Mapping[str, Json], name: str, to: str, title: Mapping[str, str]) -> Command:
    """The command that gives one another name, everywhere in the document. Raises UnusableNameError."""
    new = _free(document, to)
    uses: list[Json] = [_used_as(document, pointer, new) for pointer in _uses(document, name, "")]
    renamed: Json = {"command": "rename", "pointer": f"/conditions/{step_of(name)}", "to": new}
    return {"command": "several", "title": {**title}, "commands": [*uses, renamed]}


def removing(name: str) -> Command:
    """The command that takes one away."""
    return {"command": "remove", "pointer": f"/conditions/{step_of(name)}"}


def _free(document: Mapping[str, Json], name: str) -> str:
    held = document.get("conditions")
    if not NAME.fullmatch(name):
        raise UnusableNameError("conditions.failure.bad_name")
    if isinstance(held, dict) and name in held:
        raise UnusableNameError("conditions.failure.taken")
    return name


def _uses(value: Json | Mapping[str, Json], name: str, at: str) -> Iterator[str]:
    """The places of `{"condition": name}`, outside of tests and texts."""
    match value:
        case {"condition": str(used) | [str(used)], **others} if not others:
            if used == name:
                yield at
        case dict():
            for key, inner in value.items():
                if at or key in _WITH_CONDITIONS:
                    yield from _uses(inner, name, f"{at}/{step_of(key)}")
        case list():
            for i, inner in enumerate(value):
                yield from _uses(inner, name, f"{at}/{i}")
        case _:
            return


_WITH_CONDITIONS = frozenset({"rows", "conditions", "agree", "otherwise"})


def _used_as(document: Json | Mapping[str, Json], pointer: str, name: str) -> Json:
    """The command that uses another name at a place, written as it was."""
    value: Json | Mapping[str, Json] = document
    for key in keys_of(pointer):
        value = value[key] if isinstance(value, Mapping) else value[int(key)] if isinstance(value, list) else None
    listed = isinstance(value, Mapping) and isinstance(value.get("condition"), list)
    return {"command": "set", "pointer": pointer, "value": {"condition": [name] if listed else name}}
