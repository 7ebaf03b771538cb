"""The bounds of every document and rule, and the one walk that holds plain JSON to them."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rules import messages
from rules.types import Json, Problem

MAX_DEPTH = 32
MAX_NODES = 2_000
MAX_LIST = 10_000
MAX_BYTES = 64 * 1024
MAX_INTEGER = 2**53
MAX_WORK = 200_000

_JSON_DEPTH = 2 * MAX_DEPTH + 4
"""Operators nest as an object and its list of arguments."""


def check_json(
    value: Json, *, pointer: str = "", depth: int = _JSON_DEPTH, max_bytes: int = MAX_BYTES
) -> list[Problem]:
    """What in `value` breaks the bounds that hold for all JSON: at most one problem about size, and each bad scalar.

    Refused are nesting deeper than `depth`, lists above 10,000 items, more than `max_bytes` of JSON, integers beyond
    ±2^53, numbers that are not finite, and texts with U+0000 or half a surrogate pair.
    """
    problems: list[Problem] = []
    size = 0
    stack: list[tuple[Json, str, int]] = [(value, pointer, 0)]
    while stack:
        item, place, level = stack.pop()
        size += _size(item)
        if size > max_bytes:
            return [*problems, Problem("schema", pointer, messages.too_large(max_bytes))]
        if level > depth:
            return [*problems, Problem("schema", place, messages.too_deep())]
        problems.extend(_own_problems(item, place))
        if not isinstance(item, list) or len(item) <= MAX_LIST:
            stack.extend((child, where, level + 1) for child, where in _children(item, place))
    return problems


def escape(key: str) -> str:
    """A key as one step of a JSON pointer."""
    shown = key if is_storable(key) else key.encode("utf-8", "replace").decode().replace("\0", "?")
    return shown.replace("~", "~0").replace("/", "~1")


def _children(item: Json, place: str) -> Iterator[tuple[Json, str]]:
    match item:
        case list():
            return ((child, f"{place}/{i}") for i, child in enumerate(item))
        case dict():
            return ((child, f"{place}/{escape(key)}") for key, child in item.items())
        case _:
            return iter(())


def _size(item: Json) -> int:
    """The bytes that a value adds to its JSON, without its children."""
    match item:
        case str():
            return len(item.encode("utf-8", "replace")) + 3
        case dict():
            return 3 + sum(len(key.encode("utf-8", "replace")) + 3 for key in item)
        case list():
            return 3
        case bool() | None:
            return 5
        case int():
            return 2 + item.bit_length() // 4
        case _:
            return 8


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
    return "\0" not in text and (text.isascii() or not any("\ud800" <= c <= "\udfff" for c in text))
