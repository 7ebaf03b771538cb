"""What an evaluation says when it cannot go on, in both languages: the consequence first, then the remedy."""

from __future__ import annotations

from rules.messages import Message


def too_much_work(limit: int) -> Message:
    return {
        "zh": f"规则无法判断:在这些数据上要超过 {limit} 步。请缩短它读取的列表和文字。",
        "en": f"The rule needs more than {limit} steps on these facts; shorten the lists and texts that it reads.",
    }


def inexact(operator: str) -> Message:
    return {
        "zh": f"规则无法计算:「{operator}」的结果位数太多,无法精确。请用更小的数。",
        "en": f"The result of {operator} has too many digits to be exact; use smaller numbers.",
    }


def out_of_bounds(operator: str) -> Message:
    return {
        "zh": f"规则无法计算:「{operator}」的结果超出 ±2^53,会失准。请用更小的数。",
        "en": f"The result of {operator} is beyond ±2^53 and would not be exact; use smaller numbers.",
    }


def division_by_zero(operator: str) -> Message:
    return {
        "zh": f"规则无法计算:「{operator}」除以了零。请先判断除数是不是 0。",
        "en": f"{operator} divides by zero; ask beforehand whether the divisor is 0.",
    }


def wrong_fact(path: str, wanted: str, found: str) -> Message:
    return {
        "zh": f"规则无法判断:字段「{path}」应为 {wanted} 类型,实际是 {found}。请给出该类型的值,或更正它的声明。",
        "en": f"The field {path} should be of type {wanted} and holds {found}; send a value of that type, or correct "
        "its declaration.",
    }


def long_fact(path: str, length: int, limit: int) -> Message:
    return {
        "zh": f"规则无法判断:字段「{path}」有 {length} 项,最多 {limit} 项。请缩短这个列表。",
        "en": f"The field {path} has {length} items; at most {limit} can be decided on. Shorten the list.",
    }


def hours_of_a_date(duration: str) -> Message:
    return {
        "zh": f"规则无法判断:日期没有钟点,而「{duration}」按小时算。请用整天的时长。",
        "en": f"A date has no time of day, and {duration} counts hours; use whole days.",
    }


def out_of_calendar(reason: str) -> Message:
    return {
        "zh": f"规则无法判断:日期超出了日历({reason})。请用更短的时长。",
        "en": f"{reason}; use a shorter duration.",
    }
