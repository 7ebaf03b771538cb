"""The bounds of every document and rule, and the one walk that holds plain JSON to them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import TypeAlias

from rules import messages
from rules.pointers import step_of
from rules.types import Json, Problem

MAX_DEPTH = 32
MAX_NODES = 2_000
MAX_LIST = 10_000
MAX_BYTES = 64 * 1024
MAX_INTEGER = 2**53
MAX_WORK = 200_000

_JSON_DEPTH = 2 * MAX_DEPTH + 4
"""Operators nest as an object and its list of arguments."""

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")

_Place: TypeAlias = "tuple[_Place, str | int] | None"
"""The way to a value: the place of what holds it, and the last step."""


def check_json(
    value: Json, *, pointer: str = "", depth: int = _JSON_DEPTH, max_bytes: int = MAX_BYTES
) -> list[Problem]:
    """What in `value` breaks the bounds that hold for all JSON: at most one problem about size, and each bad scalar.

    Refused are nesting deeper than `depth`, lists above 10,000 items, more than `max_bytes` of JSON, integers beyond
    ±2^53, numbers that are not finite, and texts with U+0000 or half a surrogate pair.
    """
    problems: list[Problem] = []
    size = 0
    stack: list[tuple[Json, _Place, int]] = [(value, None, 0)]
    while stack:
        item, place, level = stack.pop()
        size += _size(item)
        if size > max_bytes:
            return [*problems, Problem("schema", pointer, messages.too_large(max_bytes))]
        if level > depth:
            return [*problems, Problem("schema", _pointer(pointer, place), messages.too_deep())]
        if not _is_sound(item):
            problems.extend(_own_problems(item, _pointer(pointer, place)))
        if isinstance(item, dict):
            stack.extend([(child, (place, key), level + 1) for key, child in item.items()])
        elif isinstance(item, list) and len(item) <= MAX_LIST:
            stack.extend([(child, (place, i), level + 1) for i, child in enumerate(item)])
    return problems


def escape(key: str) -> str:
    """A key as one step of a JSON pointer."""
    shown = key if is_storable(key) else key.encode("utf-8", "replace").decode().replace("\0", "?")
    return step_of(shown)


def _pointer(base: str, place: _Place) -> str:
    """The pointer of a place; few are ever told, so that the walk notes only the steps."""
    steps: list[str] = []
    while place is not None:
        place, step = place
        steps.append(escape(step) if isinstance(step, str) else str(step))
    return "/".join([base, *reversed(steps)])


def _size(item: Json) -> int:
    """The bytes that a value adds to its JSON, without its children."""
    if isinstance(item, str):
        return _length(item) + 3
    if isinstance(item, dict):
        return 3 + sum([_length(key) + 3 for key in item])
    if isinstance(item, list):
        return 3
    if item is None or isinstance(item, bool):
        return 5
    return 2 + item.bit_length() // 4 if isinstance(item, int) else 8


def _length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def _is_sound(item: Json) -> bool:
    """Whether nothing is wrong with a value itself, its children aside; asked of every one."""
    if isinstance(item, str):
        return is_storable(item)
    if isinstance(item, dict):
        return all(map(is_storable, item))
    if isinstance(item, list):
        return len(item) <= MAX_LIST
    return item is None or -MAX_INTEGER <= item <= MAX_INTEGER


def _own_problems(item: Json, place: str) -> Iterator[Problem]:
    match item:
        case str() if not is_storable(item):
            yield Problem("schema", place, messages.unstorable_text())
        case dict():
            for key in item:
                if not is_storable(key):
                    yield Problem("schema", place, messages.unstorable_text())
        case list() if len(item) > MAX_LIST:
            yield Problem("schema", place, messages.long_list(len(item), MAX_LIST))
        case float() if not math.isfinite(item):
            yield Problem("schema", place, messages.not_finite())
        case int() | float() if abs(item) > MAX_INTEGER:
            yield Problem("schema", place, messages.inexact_integer())


def is_storable(text: str) -> bool:
    """Whether PostgreSQL and UTF-8 can hold the text: no U+0000, no half of a surrogate pair."""
    return _UNSTORABLE.search(text) is None
