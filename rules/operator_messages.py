"""Messages about the arguments of single operators, in both languages, as in `messages`."""

from __future__ import annotations

from collections.abc import Iterable

from rules.messages import Message
from rules.words import listed


def not_written_out(operator: str, example: str) -> Message:
    return {
        "zh": f"规则无法执行:「{operator}」的这个参数要直接写出来,不能计算得出。请写成 {example} 这样的值。",
        "en": f"The rule cannot run: this argument of `{operator}` is written out, never computed. "
        f"Write a value such as {example}.",
    }


def no_rounding_mode(operator: str, shown: str, modes: Iterable[str]) -> Message:
    names = list(modes)
    return {
        "zh": f"规则无法计算:「{operator}」要写明怎样取整,而「{shown}」不是取整方式。请改用 {listed(names)} 之一。",
        "en": f"The rule cannot compute: `{operator}` must say how to round, and `{shown}` is no way of rounding. "
        f"Use one of {listed(names, ', ')}.",
    }


def no_weekday(shown: str) -> Message:
    return {
        "zh": f"这一天永远不会到来:「{shown}」不是星期几。请用 1(星期一)到 7(星期日)的整数。",
        "en": f"This day never comes: `{shown}` is no weekday. Use integers from 1 (Monday) to 7 (Sunday).",
    }


def no_time_of_day(shown: str) -> Message:
    return {
        "zh": f'规则无法判断:「{shown}」不是钟点。请直接写成 "22:00" 这样的时间,从 "00:00" 到 "23:59"。',
        "en": f'The rule cannot decide: `{shown}` is no time of day. Write it out as in "22:00", from "00:00" to '
        '"23:59".',
    }


def empty_window(shown: str) -> Message:
    return {
        "zh": f"规则无法判断:从「{shown}」到「{shown}」可以指整天,也可以指一刻也没有。"
        "请写不同的起止时间,全天则删去这个条件。",
        "en": f"The rule cannot decide: from `{shown}` to `{shown}` may mean all day or never. "
        "Write two different times, or remove the condition for all day.",
    }


def star_inside(shown: str) -> Message:
    return {
        "zh": f"这一项永远不会匹配:「{shown}」中间有「*」,而「*」只能写在末尾,代表以前面文字开头的所有商品。"
        "请只保留末尾的「*」。",
        "en": f"This entry never matches: `{shown}` has a `*` inside, and it stands only at the end, for all products "
        "that begin so. Keep the last one only.",
    }


def no_number_of_parts(shown: str) -> Message:
    return {
        "zh": f"规则无法计算:「bucket」要直接写出分成几份,而「{shown}」不是从 1 起的整数。请写成 100 这样的值。",
        "en": f"The rule cannot compute: `bucket` is told the number of parts, and `{shown}` is no integer from 1 on. "
        "Write a value such as 100.",
    }


def no_regions_above(shown: str) -> Message:
    return {
        "zh": f"规则无法判断:「{shown}」旁边没有列出它的各级上级大区的标签字段。"
        '请改用 {"var": "store.region"} 或 {"var": "store.regions"},或在 fields 里声明字段'
        f"「{shown}s」(tags)。",
        "en": f"The rule cannot decide: beside `{shown}` no field of tags lists the regions above it. "
        'Use {"var": "store.region"} or {"var": "store.regions"}, or declare '
        f"`{shown}s` (tags) in `fields`.",
    }
