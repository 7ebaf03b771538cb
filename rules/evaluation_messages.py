"""What an evaluation says when it cannot go on, in both languages: the consequence first, then the remedy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from rules.messages import Message
from rules.types import Type
from rules.words import example, type_name

_CURRENCY = re.compile("[A-Z]{3}")
_WRITTEN = frozenset({"date", "instant", "duration", "decimal"})
"""Kinds that are written as text in a form of their own."""


def too_much_work(limit: int) -> Message:
    return {
        "zh": f"规则无法判断：在这些数据上要超过 {limit} 步。请缩短它读取的列表和文字。",
        "en": f"The rule needs more than {limit} steps on these facts; shorten the lists and texts that it reads.",
    }


def inexact(operator: str) -> Message:
    return {
        "zh": f"规则无法计算：「{operator}」的结果位数太多，无法精确。请用更小的数。",
        "en": f"The result of {operator} has too many digits to be exact; use smaller numbers.",
    }


def out_of_bounds(operator: str) -> Message:
    return {
        "zh": f"规则无法计算：「{operator}」的结果超出 ±2^53，会失准。请用更小的数。",
        "en": f"The result of {operator} is beyond ±2^53 and would not be exact; use smaller numbers.",
    }


def division_by_zero(operator: str) -> Message:
    return {
        "zh": f"规则无法计算：「{operator}」除以了零。请先判断除数是不是 0。",
        "en": f"{operator} divides by zero; ask beforehand whether the divisor is 0.",
    }


def wrong_fact(path: str, wanted: Type, value: object) -> Message:
    """The value is never shown: it may be personal data."""
    (zh, en), (found_zh, found_en) = type_name(wanted), _found(value, wanted)
    return {
        "zh": f"规则无法判断：字段「{path}」应为{zh}，实际是{found_zh}。"
        f"请给出 {example(wanted)} 这样的值，或更正字段的声明。",
        "en": f"The field {path} should be {en} and holds {found_en}; send a value such as {example(wanted)}, or "
        "correct its declaration.",
    }


def _found(value: object, wanted: Type) -> tuple[str, str]:
    """What stands where a value of the type should."""
    match value:
        case Mapping() if wanted.kind == "money":
            return _found_money(value.get("currency"), wanted.currency)
        case bool():
            return "是非值", "true or false"
        case int():
            return "整数", "an integer"
        case float() | Decimal():
            return "带小数点的数", "a number with a decimal point"
        case str() if wanted.kind in _WRITTEN:
            return "写法不对的文本", "text in another form"
        case str():
            return "文本", "text"
        case list() | tuple() if wanted.kind in {"list", "tags"}:
            return "含有其他类型的列表", "a list with items of another type"
        case list() | tuple():
            return "列表", "a list"
        case Mapping():
            return "对象", "an object"
        case _:
            return "其他类型的值", "a value of another type"


def _found_money(currency: object, wanted: str | None) -> tuple[str, str]:
    if wanted is None or currency in {None, wanted}:
        return "不是整数分的金额", "money that is not a whole number of minor units"
    if isinstance(currency, str) and _CURRENCY.fullmatch(currency):
        return f"以 {currency} 计的金额", f"money in {currency}"
    return "以其他货币计的金额", "money in another currency"


def long_fact(path: str, length: int, limit: int) -> Message:
    return {
        "zh": f"规则无法判断：字段「{path}」有 {length} 项，最多 {limit} 项。请缩短这个列表。",
        "en": f"The field {path} has {length} items; at most {limit} can be decided on. Shorten the list.",
    }


def hours_of_a_date(duration: str) -> Message:
    return {
        "zh": f"规则无法判断：日期没有钟点，而「{duration}」按小时算。请用整天的时长。",
        "en": f"A date has no time of day, and {duration} counts hours; use whole days.",
    }


def out_of_calendar() -> Message:
    return {
        "zh": "规则无法判断：算出来的日期超出了日历。请用更短的时长，或更正日期。",
        "en": "The date that is computed leaves the calendar; use a shorter duration, or correct the date.",
    }
