"""Places in a document as JSON pointers (RFC 6901), and copies of a document that differ at one of them.

Nothing here changes what it is given: a copy shares all that did not change. Keys of any text keep it, unlike
`rules.limits.escape`, which makes them fit to be shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from rules.documents.commands import CommandError
from rules.pointers import keys_of
from rules.types import Json

_INDEX = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)
_BAD_ESCAPE = re.compile(r"~(?![01])")


class Absent:
    """What stands where no value does; JSON's null is a value."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()


def steps_of(pointer: str) -> list[str]:
    """The keys and positions of a pointer. Raises CommandError for a text that is no pointer."""
    if (pointer and not pointer.startswith("/")) or _BAD_ESCAPE.search(pointer):
        zh = "位置须写成 JSON 指针，例如 /nodes/welcome/params/text。"
        raise CommandError(pointer, zh, "Write the place as a JSON pointer, such as /nodes/welcome/params/text.")
    return keys_of(pointer)


def found(document: Json, steps: Sequence[str]) -> Json | Absent:
    """The value that the steps lead to, or ABSENT."""
    value = document
    for step in steps:
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and (place := position(step, len(value))) is not None:
            value = value[place]
        else:
            return ABSENT
    return value


def position(step: str, length: int) -> int | None:
    """The position in a list of this length that a step names, if it does."""
    place = int(step) if _INDEX.fullmatch(step) else length
    return place if place < length else None


def with_item(holder: Json, step: str, value: Json) -> Json:
    """A copy of a list or object that has this value at the step. Raises KeyError where that cannot be."""
    if isinstance(holder, dict):
        return {**holder, step: value}
    if isinstance(holder, list) and (place := position(step, len(holder))) is not None:
        return [*holder[:place], value, *holder[place + 1 :]]
    raise KeyError(step)


def changed(document: Json, steps: Sequence[str], change: Callable[[Json], Json]) -> Json:
    """A copy of the document in which `change` was made to the value at the steps. Raises KeyError if there is none."""
    if not steps:
        return change(document)
    inner = found(document, steps[:1])
    if isinstance(inner, Absent):
        raise KeyError(steps[0])
    return with_item(document, steps[0], changed(inner, steps[1:], change))
