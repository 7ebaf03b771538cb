"""Types and pieces of rules as messages name them, in Chinese and English."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Iterator
from string import ascii_lowercase

from rules.types import Json, Type

_KINDS = {
    "boolean": ("是非值", "true or false"), "integer": ("整数", "an integer"), "decimal": ("小数", "a decimal"),
    "money": ("金额", "money"), "text": ("文本", "text"), "enum": ("选项", "an enum"), "tags": ("标签", "tags"),
    "date": ("日期", "a date"), "instant": ("时间点", "an instant"), "duration": ("时长", "a duration"),
    "ref": ("引用", "a reference"), "list": ("列表", "a list"), "object": ("对象", "an object"),
    "null": ("空值", "null"), "any": ("任意值", "any value"),
}  # fmt: skip

_EXAMPLES = {
    "boolean": "true", "integer": "3", "decimal": '"12.5"', "money": "5000", "text": '"abc"', "tags": '["vip"]',
    "date": '"2026-01-31"', "instant": '"2026-01-31T10:00:00+08:00"', "duration": '"P7D"', "ref": '"key"',
    "list": "[1, 2]", "object": '{"key": "A1"}',
}  # fmt: skip


def type_name(type_: Type) -> tuple[str, str]:
    """A type in Chinese and in English, with what tells it from others of its kind."""
    zh, en = _KINDS[type_.kind]
    if type_.values is not None:
        return f"{zh}({listed(type_.values)})", f"{en} ({listed(type_.values, ', ')})"
    detail = type_.ref or type_.currency
    return (f"{zh}({detail})", f"{en} ({detail})") if detail else (zh, en)


def example(type_: Type) -> str:
    """A literal of the type, as one writes it in a rule."""
    if type_.values:
        first = json.dumps(type_.values[0], ensure_ascii=False)
        return first if type_.kind == "enum" else f"[{first}]"
    return _EXAMPLES.get(type_.kind, '"abc"')


def literal(value: Json) -> str:
    """A piece of JSON short enough for a message."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}…"


def said(value: Json, nothing: str = "nothing") -> str:
    """A value of a document, short and without the signs of JSON; `nothing` stands for one that is not there."""
    text = _said(value, nothing)
    return text if len(text) <= _LONGEST_SAID else f"{text[: _LONGEST_SAID - 1]}…"


def _said(value: Json, nothing: str) -> str:
    match value:
        case None:
            return nothing
        case list() | dict() if not value:
            return nothing
        case str():
            return value
        case {"minor": int() as minor, "currency": str() as currency}:
            return f"{minor} ({currency})"
        case list():
            return ", ".join(_said(each, nothing) for each in value)
        case dict():
            return ", ".join(f"{key} = {_said(each, nothing)}" for key, each in value.items())
        case _:
            return json.dumps(value)


def listed(values: Iterable[str], comma: str = "、", limit: int = 8) -> str:
    """Some of the names, and a sign that there are more."""
    names = [name[:40] for name in values]
    return comma.join(names[:limit]) + (f"{comma}…" if len(names) > limit else "")


def guess(name: str, known: Container[str]) -> tuple[str, str]:
    """A question after the name that was probably meant, in Chinese and English; empty when none is near.

    Near is one letter more, less, swapped or other: found at a cost that does not grow with the names that there are.
    """
    close = next((near for near in _near(name) if near in known), None) if len(name) <= _LONGEST_GUESSED else None
    return (f"是不是想写「{close}」？", f"Did you mean `{close}`? ") if close else ("", "")


def _near(name: str) -> Iterator[str]:
    cuts = [(name[:i], name[i:]) for i in range(len(name) + 1)]
    for head, tail in cuts:
        if len(tail) > 1:
            yield f"{head}{tail[1]}{tail[0]}{tail[2:]}"
        yield head + tail[1:]
    for head, tail in cuts:
        for letter in _LETTERS:
            yield head + letter + tail
            yield head + letter + tail[1:]


_LETTERS = f"{ascii_lowercase}_.=!<>"
_LONGEST_GUESSED = 60
_LONGEST_SAID = 120
