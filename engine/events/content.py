"""Which JSON may stand in an event: what PostgreSQL, our rules and a reader can all hold without a change.

Refused, each with its place: control characters but tab and line breaks, halves of surrogate pairs, numbers that are
not finite or beyond ±2^53, a key given twice, and nesting deeper than 32.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import TypeAlias, cast

from rules.limits import MAX_DEPTH, MAX_INTEGER, escape
from rules.types import Json

Mistake: TypeAlias = tuple[str, str]
"""A JSON pointer and how to mend what stands there."""

_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_TEXT = "Leave out control characters (but tab and line break) and halves of surrogate pairs."
_NUMBER = "Write a finite number within ±2^53, or a text."


class ContentError(ValueError):
    """The bytes are no JSON at all."""


class _Doubled(dict[str, Json]):
    """An object in which a key stood twice; remembered, so that only its own event is refused."""


def parse_json(body: bytes) -> Json:
    """JSON from UTF-8. Raises ContentError. What is JSON to Python only (NaN) is left for `mistakes` to find."""
    try:
        parsed: Json = json.loads(body.decode("utf-8"), object_pairs_hook=_object)
    except UnicodeDecodeError as error:
        raise ContentError("The body is not UTF-8.") from error
    except RecursionError as error:
        raise ContentError("The body is nested too deeply.") from error
    except ValueError as error:
        raise ContentError(f"The body is not JSON: {error}.") from error
    return parsed


def is_clean(value: Json, depth: int = 0) -> bool:
    """Whether `mistakes` would find nothing; much faster, since it names no places and looks at exact types."""
    kind = type(value)
    if kind is str:
        return _UNWANTED.search(cast("str", value)) is None
    if kind is dict or kind is list:
        return depth < MAX_DEPTH and _all_clean(cast("dict[str, Json] | list[Json]", value), depth + 1)
    if kind is int or kind is float:
        number = cast("float", value)
        return math.isfinite(number) and abs(number) <= MAX_INTEGER
    return value is None or kind is bool


def _all_clean(value: dict[str, Json] | list[Json], depth: int) -> bool:
    for name in value if isinstance(value, dict) else ():
        if _UNWANTED.search(name):
            return False
    for item in value.values() if isinstance(value, dict) else value:  # noqa: SIM110 - a loop is twice as quick here
        if not is_clean(item, depth):
            return False
    return True


def mistakes(value: Json, pointer: str = "", levels: int = MAX_DEPTH) -> Iterator[Mistake]:
    """What in `value` is refused, with its place; `levels` is how deep it may nest."""
    match value:
        case dict() | list() if levels <= 0:
            yield pointer, "This is nested too deeply. Nest less, or split it."
        case dict():
            yield from _object_mistakes(value, pointer, levels - 1)
        case list():
            for index, item in enumerate(value):
                yield from mistakes(item, f"{pointer}/{index}", levels - 1)
        case str() if _UNWANTED.search(value):
            yield pointer, _TEXT
        case int() | float() if not math.isfinite(value) or abs(value) > MAX_INTEGER:
            yield pointer, _NUMBER


def _object_mistakes(value: dict[str, Json], pointer: str, levels: int) -> Iterator[Mistake]:
    if isinstance(value, _Doubled):
        yield pointer, "Give each key once."
    for key, item in value.items():
        if _UNWANTED.search(key):
            yield pointer, _TEXT
        else:
            yield from mistakes(item, f"{pointer}/{escape(key)}", levels)


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else _Doubled(found)
