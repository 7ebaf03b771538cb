"""Texts with a field that may be absent, as people write them, and the expression that says the same.

`您好，{{member.nickname|顾客}}` is `{"$": {"cat": ["您好，", {"default": [{"var": "member.nickname"}, "顾客"]}]}}`.
Only forms and mends write so: a document holds the expression, and a text without such a fallback stays a text.
"""

from __future__ import annotations

from collections.abc import Iterator

from rules.text import PATH, PLACEHOLDER
from rules.types import Json

_MARK = "|"


class FallbackError(ValueError):
    """What stands in braces beside a fallback names no field; `shown` is what was written there."""

    def __init__(self, shown: str) -> None:
        super().__init__(f"{{{{{shown}}}}} names no field")
        self.shown = shown


def from_text(text: str) -> Json:
    """What a document holds for a text that a person wrote. Raises FallbackError."""
    if not any(_MARK in match[1] for match in PLACEHOLDER.finditer(text)):
        return text
    pieces = list(_pieces(text))
    return {"$": pieces[0] if len(pieces) == 1 else {"cat": pieces}}


def to_text(value: Json) -> str | None:
    """The text that a person reads for an expression; None where a text cannot say exactly the same."""
    text = _told(value)
    try:
        return text if text is not None and from_text(text) == value else None
    except FallbackError:
        return None


def _pieces(text: str) -> Iterator[Json]:
    end = 0
    for match in PLACEHOLDER.finditer(text):
        yield from _words(text[end : match.start()])
        yield _field(match[1])
        end = match.end()
    yield from _words(text[end:])


def _words(between: str) -> Iterator[Json]:
    if "{{" in between:
        raise FallbackError(between.partition("{{")[2])
    if between:
        yield between


def _field(shown: str) -> Json:
    path, mark, otherwise = shown.partition(_MARK)
    if not PATH.fullmatch(path.strip()):
        raise FallbackError(shown)
    field: Json = {"var": path.strip()}
    return {"default": [field, otherwise]} if mark else field


def _told(value: Json) -> str | None:
    match value:
        case {"$": {"cat": [*pieces], **more}, **others} if not more and not others:
            told = [_shown(piece) for piece in pieces]
        case {"$": expression, **others} if not others:
            told = [_shown(expression)]
        case _:
            return None
    known = [each for each in told if each is not None]
    return "".join(known) if len(known) == len(told) else None


def _shown(piece: Json) -> str | None:
    match piece:
        case str():
            return piece
        case {"var": str(path), **more} if not more:
            return f"{{{{{path}}}}}"
        case {"default": [{"var": str(path), **inner}, str(otherwise)], **more} if not inner and not more:
            return f"{{{{{path}{_MARK}{otherwise}}}}}"
        case _:
            return None
