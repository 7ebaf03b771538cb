"""What pydantic found in a body, in both languages, with the field and how to mend it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from engine.organisation.importing.lines import Kind, Wrong, wrong

_CHINESE: Mapping[str, str] = {
    "missing": "缺少这个必填字段，请补上",
    "string_type": "应是文字",
    "string_pattern_mismatch": "格式不对：键由字母、数字、点、下划线和连字符组成，最长 64 个字符",
    "string_too_short": "不能为空",
    "string_too_long": "太长，请缩短",
    "bool_parsing": "应是 true 或 false",
    "bool_type": "应是 true 或 false",
    "int_parsing": "应是整数",
    "int_from_float": "应是整数",
    "float_parsing": "应是数字",
    "list_type": "应是列表",
    "dict_type": "应是 JSON 对象",
    "too_long": "项目太多",
    "timezone_aware": "应是带时区的时间，例如 2026-01-07T10:00:00+08:00",
}


def in_words(n: int, kind: Kind, error: ValidationError) -> Iterator[Wrong]:
    """One finding for each field."""
    told = set()
    for detail in error.errors(include_url=False, include_context=True):
        field = kind.in_files(".".join(str(part) for part in detail["loc"] if part != "Title"))
        if field not in told:
            told.add(field)
            yield _one(n, kind, field, detail)


def _one(n: int, kind: Kind, field: str, detail: ErrorDetails) -> Wrong:
    message = detail["msg"].removeprefix("Value error, ")
    match detail["type"]:
        case "extra_forbidden":
            known = ", ".join(sorted(kind.fields))
            return wrong(
                n,
                field,
                f"没有这个字段；可用的有 {known}",
                f"There is no such field: remove it, or use one of {known}.",
            )
        case "literal_error":
            expected = str(detail.get("ctx", {}).get("expected", ""))
            return wrong(n, field, f"应是下列之一：{expected}", f"Give one of {expected}.")
        case "missing":
            return wrong(n, field, _CHINESE["missing"], f"A {kind.name} needs this field: give it.")
        case type_:
            return wrong(n, field, _CHINESE.get(type_, f"值不可用（{message}）"), f"{message}.")
