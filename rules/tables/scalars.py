"""Single values and JSON as a cell of a spreadsheet holds them: nothing that is written is read as something else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Literal, NoReturn, TypeAlias

from rules.messages import Message
from rules.tables import notation_messages as messages
from rules.types import Json

Manner: TypeAlias = Literal["word", "number", "truth", "any"]
"""What a value without quotes is taken for: text, a whole number, true or false; `any` tells by its looks."""

JSON = "json:"
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,299})", re.ASCII)
_TRUTHS = {"true": True, "false": False}
_UNTOLD = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that a spreadsheet cannot hold, or changes."""
_MISTAKEN = re.compile(r"_(?=x[0-9A-Fa-f]{4})|(?<=x005F)_")
"""What spreadsheets take for the number of another character."""
_OPENING = ('"', "{", "[", JSON)

_NUMBERS = frozenset({"integer", "money", "share"})


class NotationError(ValueError):
    """A cell that cannot be read, or a value that cannot be written; `message` says it in both languages."""

    def __init__(self, message: Message) -> None:
        super().__init__(message["en"])
        self.message = message


def manner_of(type_name: str | None) -> Manner:
    """How values of a declared type are written; of an unknown type, by their looks."""
    match type_name:
        case "boolean":
            return "truth"
        case None | "list" | "object" | "any":
            return "any"
        case name:
            return "number" if name in _NUMBERS else "word"


def write_value(value: Json, manner: Manner) -> str:
    """A single value that is there; `null` for none, expressions as JSON."""
    if value is None:
        return "null"
    return write_scalar(value, manner, _is_plain) or as_json(value)


def read_value(text: str, manner: Manner) -> Json:
    """What `write_value` wrote. Raises NotationError."""
    text = text.strip()
    if text == "null":
        return None
    if text.startswith('"'):
        return _whole_text(text)
    return read_json(text) if text.startswith(_OPENING) else read_scalar(text, manner)


def write_note(note: Json) -> str:
    """A text as it is where it reads back as itself; both languages as JSON."""
    if isinstance(note, str):
        return note if is_tellable(note) and not note.startswith(_OPENING) else _dumped(note)
    return as_json(note)


def read_note(text: str) -> Json:
    """What `write_note` wrote. Raises NotationError."""
    text = text.strip()
    if text.startswith('"'):
        return _whole_text(text)
    return read_json(text) if text.startswith(_OPENING) else text


def write_scalar(value: Json, manner: Manner, is_plain: Callable[[str], bool]) -> str | None:
    """A text, a whole number, true or false; None for anything else, and where it would be read as another."""
    match value:
        case bool():
            return str(value).lower() if manner in {"truth", "any"} else None
        case int():
            text = str(value)
            return text if manner in {"number", "any"} and _WHOLE.fullmatch(text) else None
        case str():
            bare = manner in {"word", "any"} and is_plain(value) and read_scalar(value, manner) == value
            return value if bare else _dumped(value)
        case _:
            return None


def read_scalar(text: str, manner: Manner) -> Json:
    """A value without quotes. Raises NotationError where it is not of the column's kind."""
    match manner:
        case "word":
            return text
        case "number":
            if not _WHOLE.fullmatch(text):
                raise NotationError(messages.no_number(text))
            return int(text)
        case "truth":
            if text.lower() not in _TRUTHS:
                raise NotationError(messages.no_truth(text))
            return _TRUTHS[text.lower()]
        case "any":
            return int(text) if _WHOLE.fullmatch(text) else _TRUTHS.get(text, text)


def as_json(value: Json) -> str:
    """Any value as JSON, marked as such unless it is an object. Raises NotationError for a number without end."""
    try:
        text = _dumped(value)
    except ValueError as error:
        raise NotationError(messages.NOT_JSON) from error
    return text if isinstance(value, dict) else JSON + text


def read_json(text: str) -> Json:
    """A cell of JSON. Raises NotationError, also for a key that stands twice in one object."""
    try:
        value: Json = json.loads(text.removeprefix(JSON), object_pairs_hook=_object, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise NotationError(messages.bad_json(text, str(error))) from error
    return value


def read_quoted(text: str) -> tuple[str, str]:
    """The quoted text at the beginning, and what follows it. Raises NotationError."""
    try:
        value, end = json.JSONDecoder().raw_decode(text)
    except ValueError as error:
        raise NotationError(messages.bad_quotes(text)) from error
    return str(value), text[end:]


def is_tellable(text: str) -> bool:
    """Whether a spreadsheet gives the text back as it is: it is not empty, and nothing at its ends is cut off."""
    return text == text.strip() != "" and not _UNTOLD.search(text) and not _MISTAKEN.search(text)


def _is_plain(text: str) -> bool:
    return is_tellable(text) and text != "null" and not text.startswith(_OPENING)


def _whole_text(text: str) -> str:
    value, rest = read_quoted(text)
    if rest.strip():
        raise NotationError(messages.bad_quotes(text))
    return value


def _dumped(value: Json) -> str:
    """JSON in characters that every spreadsheet keeps."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return _MISTAKEN.sub("\\\\u005f", _UNTOLD.sub(_escaped, text))


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is given twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
