"""Computed values as people choose them: the first of some fields that is there, else a value.

`{"$": {"var": …}}` and `{"$": {"default": [{"var": …}, …, value]}}` are shown so; any other expression as JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rules.documents.pointers import ABSENT, Absent
from rules.types import Json
from ui.forms.shapes import Value


@dataclass(frozen=True)
class Chosen:
    """Fields in the order in which they are tried, and the value that holds where none of them is there."""

    sources: tuple[str, ...] = ()
    otherwise: Value = ABSENT


NOTHING: Final = Chosen()
"""A choice from nothing."""


def is_computed(value: Value) -> bool:
    """Whether a value is an expression."""
    return isinstance(value, dict) and value.keys() == {"$"}


def chosen(value: Value) -> Chosen | None:
    """What an expression chooses from; None where it does more than choose. No value chooses from nothing."""
    if isinstance(value, Absent) or value is None:
        return NOTHING
    if not isinstance(value, dict) or value.keys() != {"$"}:
        return None
    match value["$"]:
        case {"var": str(path), **more} if not more:
            return Chosen((path,))
        case {"default": [_, _, *_] as options, **more} if not more:
            return _among(options)
        case _:
            return None


def expression_of(choice: Chosen) -> Value:
    """The expression that chooses so; nothing where there is nothing to choose from."""
    fields: list[Json] = [{"var": path} for path in choice.sources]
    if not isinstance(choice.otherwise, Absent):
        return {"$": {"default": [*fields, choice.otherwise]}} if fields else choice.otherwise
    if not fields:
        return ABSENT
    return {"$": {"default": fields} if len(fields) > 1 else fields[0]}


def _among(options: list[Json]) -> Chosen | None:
    paths = [_path(option) for option in options]
    *first, last = paths
    if any(path is None for path in first):
        return None
    known = tuple(path for path in first if path is not None)
    if last is not None:
        return Chosen((*known, last))
    literal = options[-1]
    return Chosen(known, literal) if isinstance(literal, str | int | float) else None


def _path(option: Json) -> str | None:
    match option:
        case {"var": str(path), **more} if not more:
            return path
        case _:
            return None
