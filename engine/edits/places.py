"""Which places of a document a change touches, so that changes of two authors can be told apart; and their merging.

Items of a list that all have an `id` of their own are known by it, wherever they stand; others by their position. A
list of the latter whose length changed counts as touched altogether, unless it only grew at its end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from engine.edits.patches import same
from rules.documents.pointers import ABSENT, Absent
from rules.pointers import pointer_of
from rules.types import Json


@dataclass(frozen=True)
class Item:
    """A step to the item of a list that has this id; without one: to the order of the list."""

    id: str | None


Place: TypeAlias = tuple[str | int | Item, ...]


def touched(before: Json, after: Json, at: Place = ()) -> Iterator[Place]:
    """The places at which two documents differ."""
    match before, after:
        case dict(), dict():
            for key in [*before, *(key for key in after if key not in before)]:
                yield from _differing(before.get(key, ABSENT), after.get(key, ABSENT), (*at, key))
        case list(), list() if (named := _named(before, after)) is not None:
            yield from _named_items(*named, at)
        case list(), list():
            yield from _placed_items(before, after, at)
        case _ if not same(before, after):
            yield at
        case _:
            return


def value_at(document: Json, place: Place) -> Json | Absent:
    """What stands at a place; the ids of a list for its order."""
    value: Json | Absent = document
    for step in place:
        match value, step:
            case dict(), str() if step in value:
                value = value[step]
            case list(), int() if step < len(value):
                value = value[step]
            case list(), Item(id=None):
                value = list[Json](_by_id(value) or ())
            case list(), Item(id=str() as name) if len(known := _called(value, name)) == 1:
                value = known[0]
            case _:
                return ABSENT
    return value


def alike(one: Json | Absent, other: Json | Absent) -> bool:
    """Whether the same stands at two places, nothing at both included."""
    if isinstance(one, Absent) or isinstance(other, Absent):
        return one is other
    return same(one, other)


def kept_at(place: Place, before: Json, after: Json) -> bool:
    """Whether the same stands at a place after a change; of an order, that of the items which are still there."""
    one, other = value_at(before, place), value_at(after, place)
    if place and place[-1] == Item(None) and isinstance(one, list) and isinstance(other, list):
        return [name for name in one if name in other] == [name for name in other if name in one]
    return alike(one, other)


def overlap(one: Place, other: Place) -> bool:
    """Whether one place holds the other, or is it."""
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def shown(place: Place, document: Json) -> str:
    """The place as a pointer into a document."""
    steps: list[str | int] = []
    for step in place:
        holder = value_at(document, place[: len(steps)])
        if not isinstance(step, Item):
            steps.append(step)
        elif step.id is not None and isinstance(holder, list):
            steps.append(next((i for i, name in enumerate(_by_id(holder) or ()) if name == step.id), step.id))
    return pointer_of(steps)


def merged(base: Json, mine: Json, theirs: Json) -> Json:
    """Both authors' changes of `base`; where both changed the same, mine."""
    if same(mine, base):
        return theirs
    if same(theirs, base):
        return mine
    if isinstance(base, dict) and isinstance(mine, dict) and isinstance(theirs, dict):
        return _merged_members(base, mine, theirs)
    if isinstance(base, list) and isinstance(mine, list) and isinstance(theirs, list):
        lists = (_by_id(base), _by_id(mine), _by_id(theirs))
        if None not in lists:
            return _merged_items(*(known or {} for known in lists))
        return _merged_by_position(base, mine, theirs)
    return mine


def _differing(before: Json | Absent, after: Json | Absent, at: Place) -> Iterator[Place]:
    if isinstance(before, Absent) or isinstance(after, Absent):
        yield at
    else:
        yield from touched(before, after, at)


def _named_items(before: Mapping[str, Json], after: Mapping[str, Json], at: Place) -> Iterator[Place]:
    for name in [*before, *(name for name in after if name not in before)]:
        yield from _differing(before.get(name, ABSENT), after.get(name, ABSENT), (*at, Item(name)))
    if [*after][: len(before)] != [*before]:
        yield (*at, Item(None))


def _placed_items(before: Sequence[Json], after: Sequence[Json], at: Place) -> Iterator[Place]:
    shorter = min(len(before), len(after))
    if len(before) != len(after) and not all(map(same, before[:shorter], after[:shorter])):
        yield at
        return
    for i in range(shorter):
        yield from touched(before[i], after[i], (*at, i))
    for i in range(shorter, max(len(before), len(after))):
        yield (*at, i)


def _named(before: Sequence[Json], after: Sequence[Json]) -> tuple[Mapping[str, Json], Mapping[str, Json]] | None:
    one, other = _by_id(before), _by_id(after)
    return (one, other) if one is not None and other is not None and (one or other) else None


def _by_id(items: Sequence[Json]) -> dict[str, Json] | None:
    """The items by their ids, if each has one of its own."""
    known: dict[str, Json] = {}
    for item in items:
        name = item.get("id") if isinstance(item, dict) else None
        if not isinstance(name, str) or name in known:
            return None
        known[name] = item
    return known


def _merged_by_position(base: list[Json], mine: list[Json], theirs: list[Json]) -> Json:
    """Item by item, where neither moved any: at most one author added some, at the end alone."""
    n = len(base)
    added = [each for each in (mine, theirs) if len(each) != n]
    if len(added) > 1 or any(not same(each[:n], base) for each in added):
        return mine
    return [*map(merged, base, mine, theirs), *mine[n:], *theirs[n:]]


def _called(items: Sequence[Json], name: str) -> list[Json]:
    """The items with this id: one, in a list that is in order."""
    return [item for item in items if isinstance(item, dict) and item.get("id") == name]


def _merged_members(base: Mapping[str, Json], mine: Mapping[str, Json], theirs: Mapping[str, Json]) -> dict[str, Json]:
    result: dict[str, Json] = {}
    for key in [*theirs, *(key for key in mine if key not in theirs)]:
        value = _merged_value(base.get(key, ABSENT), mine.get(key, ABSENT), theirs.get(key, ABSENT))
        if not isinstance(value, Absent):
            result[key] = value
    return result


def _merged_value(base: Json | Absent, mine: Json | Absent, theirs: Json | Absent) -> Json | Absent:
    if alike(mine, base):
        return theirs
    if isinstance(mine, Absent) or isinstance(theirs, Absent) or isinstance(base, Absent):
        return mine
    return merged(base, mine, theirs)


def _merged_items(base: Mapping[str, Json], mine: Mapping[str, Json], theirs: Mapping[str, Json]) -> Json:
    """In my order; what only they added stands behind the item that it stands behind in theirs."""
    both = _merged_members(base, mine, theirs)
    moved = [name for name in mine if name in base] != [name for name in base if name in mine]
    leading, following = (mine, theirs) if moved or [*theirs] == [*base] else (theirs, mine)
    order = [name for name in leading if name in both]
    others = [*following]
    for i, name in enumerate(others):
        if name in both and name not in order:
            before = next((other for other in reversed(others[:i]) if other in order), None)
            order.insert(0 if before is None else order.index(before) + 1, name)
    return [both[name] for name in order]
