"""What an author does to a condition, as one command on the document: each changes what it says and nothing else.

`at` is a place within the condition, `root` where the condition stands in the document.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from engine.definitions.source import value_at
from rules.limits import escape
from rules.types import Json
from ui.conditions.reading import to_builder
from ui.conditions.tree import Always, Group, Lines, Node, Wrapped, children
from ui.conditions.typed import node_at, parent_of

Command: TypeAlias = dict[str, Json]
"""A generic command of `engine.edits`: set, remove, insert, move or rename, with its pointer."""

Absent: TypeAlias = Literal["true", "null", "remove"]
"""What stands for "always" at the condition's own place: `true`, null, or nothing."""


ALWAYS: Json = True
"""The condition that is true of everybody."""


class ActionError(ValueError):
    """What cannot be done there; `key` is the message that says why."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


@dataclass(frozen=True)
class Edited:
    """A condition that is edited: its JSON, where it stands, and whether anything stands there."""

    condition: Json
    root: str
    there: bool = True
    absent: Absent = "true"

    @property
    def tree(self) -> Node:
        """The builder's view; nothing means always."""
        return to_builder(self.whole)

    @property
    def whole(self) -> Json:
        """The condition as it counts: nothing means always."""
        return ALWAYS if self.condition is None else self.condition

    def node(self, at: str) -> Node:
        """The part at a place. Raises ActionError."""
        found = node_at(self.tree, at)
        if found is None:
            raise ActionError("conditions.failure.gone")
        return found

    def json(self, at: str) -> Json:
        """What stands at a place."""
        return value_at(self.whole, at)

    def put(self, at: str, value: Json) -> Command:
        """A command that puts a value to a place."""
        return {"command": "set", "pointer": f"{self.root}{at}", "value": value}


# Adding


def add(edited: Edited, at: str, part: Json) -> tuple[Command, str]:
    """Add a condition: in a group as its last one, in the place of "always", else beside what stands there.

    The command, and where the new condition will stand.
    """
    node = edited.node(at)
    match node:
        case Always(True):
            return edited.put(at, part), at
        case Group(operator, parts, True):
            place = f"{at}/{operator}"
            command: Command = {"command": "insert", "pointer": f"{edited.root}{place}", "value": part}
            return command, f"{place}/{len(parts)}"
        case Group(operator, parts, False):
            whole: Json = {operator: [edited.json(parts[0].at), part]}
            return edited.put(at, whole), f"{at}/{operator}/1"
        case _:
            return edited.put(at, {"and": [edited.json(at), part]}), f"{at}/and/1"


def add_group(edited: Edited, at: str) -> tuple[Command, str]:
    """Add an empty group of the other kind than the one that it comes into."""
    node = edited.node(at)
    return add(edited, at, {"and" if isinstance(node, Group) and node.operator == "or" else "or": []})


# Order


def _listed(edited: Edited, at: str) -> tuple[Group, int]:
    """The group whose part stands at a place, and which one that is. Raises ActionError."""
    parent = parent_of(edited.tree, at)
    if not isinstance(parent, Group) or not parent.listed:
        raise ActionError("conditions.failure.alone")
    return parent, next(i for i, part in enumerate(parent.parts) if part.at == at)


def shift(edited: Edited, at: str, by: int) -> tuple[Command, str]:
    """Move a part up or down in its group."""
    group, index = _listed(edited, at)
    to = index + by
    if not 0 <= to < len(group.parts):
        raise ActionError("conditions.failure.edge")
    return {"command": "move", "pointer": f"{edited.root}{at}", "to": to}, group.parts[to].at


def duplicate(edited: Edited, at: str) -> tuple[Command, str]:
    """Put the same once more behind a part."""
    group, index = _listed(edited, at)
    place = f"{group.at}/{group.operator}"
    pointer = f"{edited.root}{place}"
    command: Command = {"command": "insert", "pointer": pointer, "index": index + 1, "value": edited.json(at)}
    return command, f"{place}/{index + 1}"


def remove(edited: Edited, at: str) -> tuple[Command, str]:
    """Take a part out of its group; what stands alone becomes "always"."""
    if not at:
        return _nothing(edited), ""
    parent = parent_of(edited.tree, at)
    match parent:
        case Group(listed=True, parts=parts):
            index = next(i for i, part in enumerate(parts) if part.at == at)
            near = parts[index].at if index + 1 < len(parts) else parts[index - 1].at if index else parent.at
            return {"command": "remove", "pointer": f"{edited.root}{at}"}, near
        case Group() | Lines():
            return edited.put(at, ALWAYS), at
        case _:
            raise ActionError("conditions.failure.alone")


def _nothing(edited: Edited) -> Command:
    if not edited.there:
        raise ActionError("conditions.failure.gone")
    match edited.absent:
        case "remove":
            return {"command": "remove", "pointer": edited.root}
        case "null":
            return edited.put("", None)
        case "true":
            return edited.put("", ALWAYS)


# Shape


def wrap(edited: Edited, at: str, operator: str) -> tuple[Command, str]:
    """Put a part into a "not", or into a group of its own."""
    edited.node(at)
    return edited.put(at, {operator: [edited.json(at)]}), f"{at}/{operator}/0"


def group(edited: Edited, at: str) -> tuple[Command, str]:
    """Put a part into a group of its own, of the other kind than the one that it stands in."""
    parent = parent_of(edited.tree, at)
    return wrap(edited, at, "or" if isinstance(parent, Group) and parent.operator == "and" else "and")


def unwrap(edited: Edited, at: str) -> tuple[Command, str]:
    """Put the one thing that a "not" or a group holds in its place."""
    node = edited.node(at)
    parts = children(node)
    if not isinstance(node, Group | Wrapped) or len(parts) != 1:
        raise ActionError("conditions.failure.unwrap")
    return edited.put(at, edited.json(parts[0].at)), at


def switch(edited: Edited, at: str, operator: str) -> tuple[Command, str]:
    """Make all of any, or any of all."""
    node = edited.node(at)
    if not isinstance(node, Group) or operator not in {"and", "or"}:
        raise ActionError("conditions.failure.gone")
    if node.operator == operator:
        raise ActionError("conditions.failure.same")
    return named_otherwise(edited, at, node.operator, operator), at


def named_otherwise(edited: Edited, at: str, operator: str, to: str) -> Command:
    """Another operator over the same operands."""
    return {"command": "rename", "pointer": f"{edited.root}{at}/{escape(operator)}", "to": to}


def replace(edited: Edited, at: str, value: Json) -> tuple[Command, str]:
    """Put something else to a place: a test, one of its operands, or the whole."""
    return edited.put(at, value), at
