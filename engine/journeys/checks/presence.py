"""Where a text or a param may come out empty-handed: the fields that it cannot do without and that may be absent."""

from __future__ import annotations

from collections.abc import Iterator

from rules.limits import escape
from rules.text import compile_text
from rules.types import Fields, Json

_ABOUT_ABSENCE = frozenset({"is_set", "missing", "missing_some"})


def may_be_absent(value: Json, fields: Fields, pointer: str) -> Iterator[tuple[str, frozenset[str]]]:
    """For each text and computed part of a param without problems: its pointer and the fields it cannot do without."""
    match value:
        case {"$": expression}:
            if paths := needed(expression, fields):
                yield pointer, paths
        case dict():
            for key, item in value.items():
                yield from may_be_absent(item, fields, f"{pointer}/{escape(key)}")
        case list():
            for i, item in enumerate(value):
                yield from may_be_absent(item, fields, f"{pointer}/{i}")
        case str() if "{{" in value:
            if paths := compile_text(value, fields).optional_fields:
                yield pointer, paths
        case _:
            pass


def needed(expression: Json, fields: Fields) -> frozenset[str]:
    """The optional fields without which an expression may be unknown. `default` is satisfied by any that is there."""
    match expression:
        case {"var": str(path)}:
            return frozenset({path} if path in fields and fields[path].optional else ())
        case {"default": [*options]}:
            found = [needed(option, fields) for option in options]
            return frozenset().union(*found) if all(found) else frozenset()
        case dict() if expression.keys() & _ABOUT_ABSENCE:
            return frozenset()
        case dict():
            return frozenset().union(*(needed(item, fields) for item in expression.values()))
        case list():
            return frozenset().union(*(needed(item, fields) for item in expression))
        case _:
            return frozenset()
