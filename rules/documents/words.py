"""What breaks the format of a document, in Chinese and English."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import TypeAlias

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from rules.documents.allowed import allowed_keys

Words: TypeAlias = tuple[str, str]

_BY_TYPE: dict[str, Words] = {
    "missing": ("缺少必需的“{key}”。", "The key `{key}` is missing."),
    "extra_forbidden": ("没有“{key}”这一项。请检查拼写。", "There is no key `{key}` here. Check its spelling."),
    "string_type": ("这里需要文本。", "A text is wanted here."),
    "string_too_long": ("文本太长，最多 {max_length} 个字符。", "This is too long: at most {max_length} characters."),
    "string_too_short": ("文本不能为空。", "This text must not be empty."),
    "int_type": ("这里需要整数。", "An integer is wanted here."),
    "float_type": ("这里需要数字。", "A number is wanted here."),
    "bool_type": ("这里需要 true 或 false。", "Write true or false here."),
    "list_type": ("这里需要列表。", "A list is wanted here."),
    "too_short": ("列表至少要有 {min_length} 项。", "This list needs at least {min_length} item(s)."),
    "dict_type": ("这里需要对象。", "An object is wanted here."),
    "model_type": ("这里需要对象。", "An object is wanted here."),
    "literal_error": ("这里只能写 {expected}。", "Write {expected} here."),
    "greater_than_equal": ("数值不能小于 {ge}。", "This number must not be below {ge}."),
    "less_than_equal": ("数值不能大于 {le}。", "This number must not be above {le}."),
    "union_tag_invalid": (
        "没有“{tag}”这种节点。可用：{expected_tags}。",
        "There is no node of type `{tag}`. There are {expected_tags}.",
    ),
    "union_tag_not_found": ("节点缺少 type。", "The node has no `type`."),
    "waystation": ("{zh}。", "{en}."),
}  # fmt: skip


def of(problem: ErrorDetails, model: type[BaseModel]) -> Words:
    """A problem that pydantic found in an object of this model, in our words."""
    if problem["type"] == "extra_forbidden" and (known := allowed_keys(model, problem["loc"])):
        return unknown_key(str(problem["loc"][-1]), known)
    zh, en = _BY_TYPE.get(problem["type"], ("这里的内容不合格式：{message}", "{message}"))
    key = str(problem["loc"][-1]) if problem["loc"] else ""
    told = {"key": key, "message": problem["msg"].removeprefix("Value error, "), **problem.get("ctx", {})}
    return zh.format(**told), _sentence(en.format(**told))


def unknown_key(key: str, known: Sequence[str]) -> Words:
    """The keys that there are, the nearest first."""
    near = get_close_matches(key, known, n=3)
    listed = list(dict.fromkeys([*near, *known]))
    zh, en = "、".join(f"“{name}”" for name in listed), ", ".join(f"`{name}`" for name in listed)
    return (
        f"没有“{key}”这一项。这里可用：{zh}。",
        f"There is no key `{key}` here. There are {en}.",
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
