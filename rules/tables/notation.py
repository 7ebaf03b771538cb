"""How the parts of a row are written in a spreadsheet: short where nothing can be misread, else as JSON.

    gold                  a value; as its column has it: text, a whole number, true or false
    gold, black           any of these; `gold,` is a list of one
    5000 .. 9000          from 5000 to below 9000; `5000 ..= 9000` includes 9000
    >= 5000, < 9000, <= 9000
    not gold, black       anything else
    {"within_last": …}    a condition, as JSON
    "not known"           a text that would otherwise be read as something else, quoted as in JSON
    json:[[]]             whatever has no shorter form

An empty cell of a condition is null: any. What is written is read back as exactly the same.
"""

from __future__ import annotations

import re

from rules.tables import notation_messages as messages
from rules.tables.scalars import (
    JSON,
    Manner,
    NotationError,
    as_json,
    is_tellable,
    read_json,
    read_quoted,
    read_scalar,
    write_scalar,
)  # fmt: skip
from rules.types import Json

_NOT = "not "
_PIECES = re.compile(r'"(?:[^"\\]|\\.)*"|[,\uff0c]|[^",\uff0c]+|"', re.DOTALL)
_COMMAS = (",", "\uff0c")
_BOUNDS = {">=": "from", "<=": "to", "<": "to"}
_FIRST = ("<", ">", "{", "[", "'", JSON, _NOT)
"""What begins something else than a value."""


def write_cell(cell: Json, manner: Manner) -> str:
    """A cell of a condition: a value, a list, a range, what is left out, or a condition."""
    match cell:
        case None:
            return ""
        case {"not": inner, **others} if not others and inner is not None:
            return _NOT + write_cell(inner, manner)
        case list():
            return _written_list(cell, manner) or as_json(cell)
        case _:
            return _written_item(cell, manner) or as_json(cell)


def read_cell(text: str, manner: Manner) -> Json:
    """What `write_cell` wrote. Raises NotationError."""
    text = text.strip()
    if not text:
        return None
    if text == _NOT.strip():
        raise NotationError(messages.NOTHING_LEFT_OUT)
    if text.startswith(_NOT):
        return {"not": read_cell(text.removeprefix(_NOT), manner)}
    if text.startswith((JSON, "{", "[")):
        return read_json(text)
    items = _segments(text)
    if len(items) == 1:
        return _read_item(items[0], manner)
    return [_read_item(item, manner) for item in (items if items[-1] else items[:-1])]


def _written_list(cell: list[Json], manner: Manner) -> str | None:
    items = [_written_item(item, manner) for item in cell]
    if not all(items):
        return None
    return ", ".join(filter(None, items)) + ("," if len(items) == 1 else "")


def _written_item(item: Json, manner: Manner) -> str | None:
    """A value or a range; None where it has no short form."""
    if isinstance(item, dict):
        return _written_range(item, manner)
    return write_scalar(item, manner, _is_plain)


def _written_range(cell: dict[str, Json], manner: Manner) -> str | None:
    closed = cell.get("to_included") is True
    bounds = {key: write_scalar(value, manner, _is_plain) for key, value in cell.items() if key != "to_included"}
    if not all(bounds.values()) or ("to_included" in cell and not closed):
        return None
    match bounds:
        case {"from": start, "to": end, **others} if not others:
            return f"{start} ..{'=' if closed else ''} {end}"
        case {"to": end, **others} if not others:
            return f"{'<=' if closed else '<'} {end}"
        case {"from": start, **others} if not others and not closed:
            return f">= {start}"
        case _:
            return None


def _is_plain(text: str) -> bool:
    """Whether a text may stand in a list or a range without quotes."""
    signs = any(sign in text for sign in ('"', "..", "\n", *_COMMAS))
    return is_tellable(text) and not signs and text != _NOT.strip() and not text.startswith(_FIRST)


def _segments(text: str) -> list[str]:
    """What stands between the commas outside quotes."""
    found = [""]
    for piece in _PIECES.findall(text):
        if piece == '"':
            raise NotationError(messages.bad_quotes(text))
        if piece in _COMMAS:
            found.append("")
        else:
            found[-1] += piece
    return [each.strip() for each in found]


def _read_item(text: str, manner: Manner) -> Json:
    for sign, key in _BOUNDS.items():
        if text.startswith(sign):
            bound = _read_operand(text.removeprefix(sign), text, manner)
            return {key: bound, "to_included": True} if sign == "<=" else {key: bound}
    first, rest = _first_operand(text)
    before, dots, after = rest.partition("..")
    if not dots:
        return _read_operand(text, text, manner)
    start = _read_operand(first + before, text, manner)
    end = _read_operand(after.removeprefix("="), text, manner)
    return {"from": start, "to": end, **({"to_included": True} if after.startswith("=") else {})}


def _first_operand(text: str) -> tuple[str, str]:
    """A quoted text at the beginning as it stands there, since it may hold anything, and the rest."""
    rest = read_quoted(text)[1] if text.startswith('"') else text
    return text[: len(text) - len(rest)], rest


def _read_operand(given: str, whole: str, manner: Manner) -> Json:
    text = given.strip()
    if text.startswith('"'):
        value, rest = read_quoted(text)
        if rest.strip():
            raise NotationError(messages.bad_quotes(whole))
        return value
    if not text or text.startswith(_FIRST) or '"' in text:
        raise NotationError(messages.no_value(whole))
    return read_scalar(text, manner)
