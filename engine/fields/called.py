"""Titles of the values of our own fields, for declarations that were read back: documents and bundles keep none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from engine.events.types import EVENT_TYPES
from engine.members.fields import base_fields
from rules.types import Declaration, Title


def with_titles(path: str, declared: Declaration) -> Declaration:
    """The declaration with the titles of its values, where they are ours."""
    if declared.titles or not declared.values:
        return declared
    values = frozenset(declared.values)
    found = next((titles for titles in _known().get(path, ()) if values <= titles.keys()), None)
    return declared if found is None else declared.calling(found)


@cache
def _known() -> Mapping[str, tuple[Mapping[str, Title], ...]]:
    """By path the titles that its values may have: two types of events may mean other things by one name."""
    found: dict[str, tuple[Mapping[str, Title], ...]] = {}
    for path, each in _declared():
        if each.titles:
            found[path] = (*found.get(path, ()), each.titles)
    return found


def _declared() -> Iterator[tuple[str, Declaration]]:
    yield from base_fields().items()
    for type_ in EVENT_TYPES.values():
        yield from type_.fields.items()
