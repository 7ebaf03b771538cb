"""What changed between two documents as a patch that makes the second from the first: RFC 6902's add, remove, replace.

Numbers of different types are different (1 and 1.0, 1 and true), so that a patch and its inverse keep the hash.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Literal, NotRequired, TypeAlias, TypedDict

from rules.documents.pointers import Absent, changed, found, position, steps_of, with_item
from rules.pointers import pointer_of
from rules.types import Json

Steps: TypeAlias = tuple[str | int, ...]


class Change(TypedDict):
    """One step of a patch."""

    op: Literal["add", "remove", "replace"]
    path: str
    value: NotRequired[Json]


Patch: TypeAlias = list[Change]


class PatchError(Exception):
    """The patch is of another document."""


def patch(before: Json, after: Json) -> Patch:
    """The steps that make `after` of `before`."""
    return list(_steps(before, after, ()))


def patched(document: Json, changes: Sequence[Change]) -> Json:
    """The document after a patch. Raises PatchError where it does not fit."""
    for change in changes:
        steps = steps_of(change["path"])
        if not steps:
            document = change["value"]
            continue
        try:
            document = changed(document, steps[:-1], partial(_with, change=change, step=steps[-1]))
        except KeyError as error:
            raise PatchError(f"there is nothing at {change['path']}") from error
    return document


def same(one: Json, other: Json) -> bool:
    """Whether two values are the same JSON, numbers told apart by their type."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def _steps(before: Json, after: Json, at: Steps) -> Iterator[Change]:
    match before, after:
        case dict(), dict():
            yield from _members(before, after, at)
        case list(), list():
            yield from _items(before, after, at)
        case _ if not same(before, after):
            yield Change(op="replace", path=pointer_of(at), value=after)
        case _:
            return


def _members(before: Mapping[str, Json], after: Mapping[str, Json], at: Steps) -> Iterator[Change]:
    for key, value in before.items():
        if key not in after:
            yield Change(op="remove", path=pointer_of((*at, key)))
        else:
            yield from _steps(value, after[key], (*at, key))
    for key, value in after.items():
        if key not in before:
            yield Change(op="add", path=pointer_of((*at, key)), value=value)


def _items(before: Sequence[Json], after: Sequence[Json], at: Steps) -> Iterator[Change]:
    """The items between those that both lists begin and end with: in pairs, then what one has more than the other."""
    shorter = min(len(before), len(after))
    head = next((i for i in range(shorter) if not same(before[i], after[i])), shorter)
    tail = next((i for i in range(shorter - head) if not same(before[-1 - i], after[-1 - i])), shorter - head)
    paired = shorter - head - tail
    for i in range(head, head + paired):
        yield from _steps(before[i], after[i], (*at, i))
    for i in reversed(range(head + paired, len(before) - tail)):
        yield Change(op="remove", path=pointer_of((*at, i)))
    for i in range(head + paired, len(after) - tail):
        yield Change(op="add", path=pointer_of((*at, i)), value=after[i])


def _with(holder: Json, change: Change, step: str) -> Json:
    if change["op"] == "add" and isinstance(holder, list):
        place = position(step, len(holder) + 1)
        if place is None:
            raise KeyError(step)
        return [*holder[:place], change["value"], *holder[place:]]
    if change["op"] == "add":
        return with_item(holder, step, change["value"])
    if isinstance(found(holder, [step]), Absent):
        raise KeyError(step)
    if change["op"] == "replace":
        return with_item(holder, step, change["value"])
    if isinstance(holder, dict):
        return {key: value for key, value in holder.items() if key != step}
    return [item for i, item in enumerate(holder) if i != int(step)] if isinstance(holder, list) else holder
