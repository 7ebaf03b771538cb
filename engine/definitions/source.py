"""JSON text read with the place of every value in it, so that what is found can be shown where it stands.

The whole of JSON is read, and nothing but JSON: NaN, a key given twice and anything after the end are refused. What is
JSON but cannot be used (huge numbers, U+0000) is read; the checks speak about it.
"""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import NoReturn

from engine.definitions.errors import NotReadableError
from rules.limits import escape
from rules.pointers import keys_of
from rules.types import Json

MAX_DEPTH = 200
_SPACE = re.compile(r"[ \t\r\n]*")
_LONGEST_INTEGER = 300


@dataclass(frozen=True)
class Place:
    """Where a value begins; both numbers count from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class Source:
    """A document and its text."""

    text: str
    document: dict[str, Json]

    def place(self, pointer: str) -> Place:
        """Where the value at `pointer` stands, or where the nearest value around it does if it is missing."""
        offsets = self._reader.offsets
        while pointer not in offsets:
            pointer = pointer.rpartition("/")[0]
        return self._reader.place(offsets[pointer])

    @cached_property
    def _reader(self) -> _Reader:
        """Reads the text a second time, for the places: only who shows findings by line needs them."""
        reader = _Reader(self.text)
        reader.read()
        return reader


def read_source(text: str) -> Source:
    """Read a JSON object. Raises NotReadableError, which names line and column."""
    try:
        document = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant, parse_int=_integer)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or _is_deep(document):
        _Reader(text).read()
        raise NotReadableError("a definition is one JSON object: { … }", 1, 1)
    return Source(text, document)


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is given twice")
    return found


def _no_constant(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")


def _is_deep(document: dict[str, Json]) -> bool:
    """Whether anything is nested deeper than MAX_DEPTH; without recursion."""
    level: list[Json] = [document]
    for _ in range(MAX_DEPTH + 1):
        inside = [list(each.values()) if isinstance(each, dict) else each for each in level]
        level = [child for each in inside if isinstance(each, list) for child in each if isinstance(child, dict | list)]
        if not level:
            return False
    return True


def value_at(document: Json, pointer: str) -> Json:
    """The value at a JSON pointer; null where there is none."""
    value = document
    for key in keys_of(pointer):
        match value:
            case dict():
                value = value.get(key)
            case list():
                value = value[int(key)] if key.isdecimal() and int(key) < len(value) else None
            case _:
                return None
    return value


def _integer(digits: str) -> int | float:
    """An integer, or infinity where it is so long that making it would be a burden; both break the bounds anyway."""
    return int(digits) if len(digits) < _LONGEST_INTEGER else math.inf


class _Reader:
    """One slow pass over the text: structure by hand, so that places are known; scalars by the standard library."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.offsets: dict[str, int] = {}
        self.lines = [0, *(found.end() for found in re.finditer(r"\n", text))]
        self._scalars = json.JSONDecoder(parse_constant=self._refuse_constant, parse_int=_integer)

    def read(self) -> Json:
        if self.text.startswith("\ufeff"):
            self._refuse("the text begins with a byte order mark; save it without one")
        value = self._value("", 0)
        self._space()
        if self.at < len(self.text):
            self._refuse("something follows the end of the document")
        return value

    def place(self, offset: int) -> Place:
        """The place of a character."""
        line = bisect_right(self.lines, offset)
        return Place(line, offset - self.lines[line - 1] + 1)

    def _value(self, pointer: str, depth: int) -> Json:
        self._space()
        self.offsets[pointer] = self.at
        first = self.text[self.at : self.at + 1]
        if depth > MAX_DEPTH and first in ("{", "["):
            self._refuse(f"nested deeper than {MAX_DEPTH} levels")
        match first:
            case "{":
                return self._object(pointer, depth + 1)
            case "[":
                return self._list(pointer, depth + 1)
            case _:
                return self._scalar()

    def _object(self, pointer: str, depth: int) -> Json:
        found: dict[str, Json] = {}
        self.at += 1
        if self._taken("}"):
            return found
        while True:
            self._space()
            start = self.at
            if self.text[start : start + 1] != '"':
                self._refuse("a key in double quotes is expected here")
            key = str(self._scalar())
            if key in found:
                self.at = start
                self._refuse(f"the key {key!r} is given twice in one object")
            self._expect(":", "a colon is expected after a key")
            found[key] = self._value(f"{pointer}/{escape(key)}", depth)
            if self._taken("}"):
                return found
            self._expect(",", "a comma or } is expected here")

    def _list(self, pointer: str, depth: int) -> Json:
        found: list[Json] = []
        self.at += 1
        if self._taken("]"):
            return found
        while True:
            found.append(self._value(f"{pointer}/{len(found)}", depth))
            if self._taken("]"):
                return found
            self._expect(",", "a comma or ] is expected here")

    def _scalar(self) -> Json:
        try:
            value, self.at = self._scalars.raw_decode(self.text, self.at)
        except json.JSONDecodeError as error:
            self.at = min(error.pos, len(self.text))
            self._refuse(error.msg[0].lower() + error.msg[1:])
        scalar: Json = value
        return scalar

    def _refuse_constant(self, name: str) -> Json:
        self._refuse(f"{name} is not JSON")

    def _space(self) -> None:
        space = _SPACE.match(self.text, self.at)
        self.at = space.end() if space else self.at

    def _taken(self, character: str) -> bool:
        self._space()
        if self.text[self.at : self.at + 1] != character:
            return False
        self.at += 1
        return True

    def _expect(self, character: str, otherwise: str) -> None:
        if not self._taken(character):
            self._refuse(otherwise)

    def _refuse(self, what: str) -> NoReturn:
        what = "the text ends too early" if self.at == len(self.text) else what
        place = self.place(self.at)
        raise NotReadableError(what, place.line, place.column)
