"""Two documents compared as a person compares them: items of lists are found again wherever they stand.

An item is known by its `id`, `port`, `name`, `field` or `key` where all items of a list have one of their own, else by
what it says. An expression, `{"$": …}`, is one value, such as a text with fields in it. `diff` names the same changes
by position, for programs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal, TypeAlias

from rules.documents.pointers import ABSENT, Absent
from rules.pointers import pointer_of
from rules.types import Json

WHOLE = frozenset({"when", "and", "audience", "becomes", "title", "note", "valid", "agree"})
"""Keys whose values are read as one: a condition, a title."""

_NAMES = ("id", "port", "name", "field", "key")

Op: TypeAlias = Literal["added", "removed", "changed", "moved"]
Steps: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True)
class Compared:
    """One difference. `pointer` leads to it in the later document, of what was removed in the earlier one."""

    op: Op
    pointer: str
    before: Json = None
    after: Json = None


def compare(before: Json, after: Json) -> list[Compared]:
    """All differences, in the order of the documents."""
    return list(_between(before, after, (), ()))


def _between(before: Json, after: Json, old: Steps, new: Steps) -> Iterator[Compared]:
    match before, after:
        case (dict(), dict()) if not (new and new[-1] in WHOLE) and "$" not in before and "$" not in after:
            yield from _members(before, after, old, new)
        case (list(), list()) if not (new and new[-1] in WHOLE and new[0] != "rows"):
            yield from _items(before, after, old, new)
        case _ if _said(before) != _said(after):
            yield Compared("changed", pointer_of(new), before, after)
        case _:
            return


def _members(before: Mapping[str, Json], after: Mapping[str, Json], old: Steps, new: Steps) -> Iterator[Compared]:
    for key in [*before, *(key for key in after if key not in before)]:
        yield from _one(before.get(key, ABSENT), after.get(key, ABSENT), (*old, key), (*new, key))


def _one(before: Json | Absent, after: Json | Absent, old: Steps, new: Steps) -> Iterator[Compared]:
    if isinstance(after, Absent):
        yield Compared("removed", pointer_of(old), None if isinstance(before, Absent) else before)
    elif isinstance(before, Absent):
        yield Compared("added", pointer_of(new), after=after)
    else:
        yield from _between(before, after, old, new)


def _items(before: Sequence[Json], after: Sequence[Json], old: Steps, new: Steps) -> Iterator[Compared]:
    names = _named(before), _named(after)
    if names[0] is not None and names[1] is not None and (before or after):
        yield from _named_items(before, after, names[0], names[1], old, new)
        return
    matcher = SequenceMatcher(None, [_said(each) for each in before], [_said(each) for each in after], autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            continue
        for i, j in _pairs(i1, i2, j1, j2):
            one = before[i] if i is not None else ABSENT
            other = after[j] if j is not None else ABSENT
            yield from _one(one, other, (*old, i or 0), (*new, j or 0))


def _pairs(i1: int, i2: int, j1: int, j2: int) -> Iterator[tuple[int | None, int | None]]:
    """The items of two stretches side by side; the longer one's rest alone."""
    for offset in range(max(i2 - i1, j2 - j1)):
        yield (i1 + offset if i1 + offset < i2 else None, j1 + offset if j1 + offset < j2 else None)


def _named_items(
    before: Sequence[Json], after: Sequence[Json], here: list[str], there: list[str], old: Steps, new: Steps
) -> Iterator[Compared]:
    was, now = {name: i for i, name in enumerate(here)}, set(there)
    for i, name in enumerate(here):
        if name not in now:
            yield Compared("removed", pointer_of((*old, i)), before[i])
    moved = set(_moved([name for name in here if name in now], [name for name in there if name in was]))
    for j, name in enumerate(there):
        if name not in was:
            yield Compared("added", pointer_of((*new, j)), after=after[j])
            continue
        i = was[name]
        if name in moved:
            yield Compared("moved", pointer_of((*new, j)), i + 1, j + 1)
        if repr(before[i]) != repr(after[j]):  # what is written alike is alike, and most items are
            yield from _between(before[i], after[j], (*old, i), (*new, j))


def _moved(before: list[str], after: list[str]) -> Iterator[str]:
    """Those that do not keep their order: the fewest whose moving makes the one list of the other."""
    if before == after:
        return
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for tag, _, _, j1, j2 in matcher.get_opcodes():
        if tag in ("insert", "replace"):
            yield from after[j1:j2]


def _named(items: Sequence[Json]) -> list[str] | None:
    """What the items are known by, if each has a name of its own."""
    for key in _NAMES:
        names = [item.get(key) for item in items if isinstance(item, dict)]
        told = [name for name in names if isinstance(name, str)]
        if len(told) == len(items) == len(set(told)):
            return told
    return None


def _said(value: Json) -> str:
    """A value as text, alike for values that are the same JSON."""
    return json.dumps(value, sort_keys=True)
