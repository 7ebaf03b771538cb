"""What changed between two documents, as a list that can be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from rules.limits import escape
from rules.types import Json


@dataclass(frozen=True)
class Change:
    """One value that was added, removed or changed, named by its JSON pointer."""

    op: Literal["added", "removed", "changed"]
    pointer: str
    before: Json = None
    after: Json = None


def diff(before: Json, after: Json) -> list[Change]:
    """All changes, in the order of the documents. Items of lists are compared by their position."""
    return list(_changes(before, after, ""))


def _changes(before: Json, after: Json, pointer: str) -> Iterator[Change]:
    match before, after:
        case (dict(), dict()) | (list(), list()):
            yield from _changes_inside(_items(before), _items(after), pointer)
        case _ if before != after or isinstance(before, bool) != isinstance(after, bool):
            yield Change("changed", pointer, before, after)
        case _:
            return


def _changes_inside(before: Mapping[str, Json], after: Mapping[str, Json], pointer: str) -> Iterator[Change]:
    for key in [*before, *(key for key in after if key not in before)]:
        place = f"{pointer}/{escape(key)}"
        if key not in before:
            yield Change("added", place, after=after[key])
        elif key not in after:
            yield Change("removed", place, before=before[key])
        else:
            yield from _changes(before[key], after[key], place)


def _items(value: Json) -> Mapping[str, Json]:
    if isinstance(value, list):
        return {str(index): item for index, item in enumerate(value)}
    return value if isinstance(value, dict) else {}
