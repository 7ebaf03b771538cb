"""Documents and patches as JSON text: whatever `read_source` reads is written so that it reads the same again."""

from __future__ import annotations

import json
import math
import re

from engine.definitions.errors import NotReadableError
from engine.definitions.source import read_source
from rules.documents.commands import CommandError
from rules.types import Json

LARGEST = 4 * 1024 * 1024
"""No draft grows beyond what a request may bring."""

_HALF = re.compile("[\ud800-\udfff]")
_BEYOND = "1e999"
"""A number that no double holds; it reads as infinity, which JSON has no word for."""


def write(value: Json, *, indent: int | None = None) -> str:
    """The value as text that UTF-8 can hold. What cannot be used in a definition is kept all the same."""
    mark = "beyond"
    text = _dump(value, indent)
    if "Infinity" in text and _is_beyond(value):
        while mark in text:
            mark += "-"
        text = _dump(_marked(value, mark), indent)
        text = text.replace(f'"{mark}"', _BEYOND).replace(f'"-{mark}"', f"-{_BEYOND}")
    return text


def written(document: dict[str, Json]) -> str:
    """A draft's text: indented, or without any spaces where that would be too long. Raises CommandError.

    It is refused where it is too long all the same, or could not be read again.
    """
    text = write(document, indent=2)
    if len(text.encode()) > LARGEST:
        text = write(document)
    if len(text.encode()) > LARGEST:
        raise CommandError("", "草稿不能超过 4 MiB。", "A draft is at most 4 MiB. Leave something out.")
    try:
        read_source(text)
    except NotReadableError as error:
        raise CommandError(
            "", f"改动后的草稿无法读取：{error.what}", f"The draft could not be read: {error}"
        ) from error
    return text


def _dump(value: Json, indent: int | None) -> str:
    separators = (",", ":") if indent is None else None
    text = json.dumps(value, ensure_ascii=False, indent=indent, separators=separators)
    return _HALF.sub(lambda half: f"\\u{ord(half[0]):04x}", text)


def _is_beyond(value: Json) -> bool:
    match value:
        case dict():
            return any(map(_is_beyond, value.values()))
        case list():
            return any(map(_is_beyond, value))
        case _:
            return isinstance(value, float) and math.isinf(value)


def _marked(value: Json, mark: str) -> Json:
    match value:
        case dict():
            return {key: _marked(item, mark) for key, item in value.items()}
        case list():
            return [_marked(item, mark) for item in value]
        case float() if math.isinf(value):
            return mark if value > 0 else f"-{mark}"
        case _:
            return value
