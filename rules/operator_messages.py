"""Messages about the arguments of single operators, in both languages, as in `messages`."""

from __future__ import annotations

from collections.abc import Iterable

from rules.messages import Message
from rules.words import listed

_MAKES_LISTS = (
    "它产生新的列表或文字，无法写成 SQL 和证明，数据缺失时也没有明确的意思",
    "what it makes has no SQL form, no form for proofs and no clear meaning for missing data",
    "用 any_line、every_line、no_line 或 sum_lines 直接判断列表的各项",
    "Judge the items themselves with any_line, every_line, no_line or sum_lines",
)
_DIVIDES = (
    "除法必须写明怎样取整",
    "a division must say how it is rounded",
    "用 ratio_bp 求占比，或用 round_money 按比例算金额",
    "Use ratio_bp for a share, or round_money for an amount",
)
_USE_CAT = ("用 starts_with 判断开头，或用 cat 连接文字", "Ask starts_with, or put texts together with cat")
_USE_IF = ("它是 if 的旧名", "it is an old name of if", "改写成 if", "Write if")
LEFT_OUT: dict[str, tuple[str, str, str, str]] = {
    **dict.fromkeys(("filter", "map", "reduce", "merge"), _MAKES_LISTS),
    "substr": (*_MAKES_LISTS[:2], *_USE_CAT),
    "/": _DIVIDES,
    "%": _DIVIDES,
    "?:": _USE_IF,
    "log": ("它写日志，不是判断", "it writes a log and decides nothing", "删去它", "Remove it"),
}
"""The operators of JSONLogic that this profile leaves out: why, and what to use, in Chinese and in English."""


def left_out(name: str) -> Message:
    why_zh, why_en, use_zh, use_en = LEFT_OUT[name]
    return {
        "zh": f"规则无法执行：这套规则不含 JSONLogic 的「{name}」，因为{why_zh}。请{use_zh}。",
        "en": f"The rule cannot run: this profile of JSONLogic leaves out `{name}`, since {why_en}. {use_en}.",
    }


def reserved(name: str) -> str:
    """Why no operator may have one of these names, for engineers."""
    _, why, _, use = LEFT_OUT[name]
    return f"{name} is a name of JSONLogic that this profile leaves out, since {why}. {use}; or take another name"


def not_written_out(operator: str, example: str) -> Message:
    return {
        "zh": f"规则无法执行：「{operator}」的这个参数要直接写出来，不能计算得出。请写成 {example} 这样的值。",
        "en": f"The rule cannot run: this argument of `{operator}` is written out, never computed. "
        f"Write a value such as {example}.",
    }


def no_rounding_mode(operator: str, shown: str, modes: Iterable[str]) -> Message:
    names = list(modes)
    return {
        "zh": f"规则无法计算：「{operator}」要写明怎样取整，而「{shown}」不是取整方式。请改用 {listed(names)} 之一。",
        "en": f"The rule cannot compute: `{operator}` must say how to round, and `{shown}` is no way of rounding. "
        f"Use one of {listed(names, ', ')}.",
    }


def no_weekday(shown: str) -> Message:
    return {
        "zh": f"这一天永远不会到来：「{shown}」不是星期几。请用 1(星期一)到 7(星期日)的整数。",
        "en": f"This day never comes: `{shown}` is no weekday. Use integers from 1 (Monday) to 7 (Sunday).",
    }


def no_time_of_day(shown: str) -> Message:
    return {
        "zh": f'规则无法判断：「{shown}」不是钟点。请直接写成 "22:00" 这样的时间，从 "00:00" 到 "23:59"。',
        "en": f'The rule cannot decide: `{shown}` is no time of day. Write it out as in "22:00", from "00:00" to '
        '"23:59".',
    }


def empty_window(shown: str) -> Message:
    return {
        "zh": f"规则无法判断：从「{shown}」到「{shown}」可以指整天，也可以指一刻也没有。"
        "请写不同的起止时间，全天则删去这个条件。",
        "en": f"The rule cannot decide: from `{shown}` to `{shown}` may mean all day or never. "
        "Write two different times, or remove the condition for all day.",
    }


def star_inside(shown: str) -> Message:
    return {
        "zh": f"这一项永远不会匹配：「{shown}」中间有「*」，而「*」只能写在末尾，代表以前面文字开头的所有商品。"
        "请只保留末尾的「*」。",
        "en": f"This entry never matches: `{shown}` has a `*` inside, and it stands only at the end, for all products "
        "that begin so. Keep the last one only.",
    }


def no_number_of_parts(shown: str) -> Message:
    return {
        "zh": f"规则无法计算：「bucket」要直接写出分成几份，而「{shown}」不是从 1 起的整数。请写成 100 这样的值。",
        "en": f"The rule cannot compute: `bucket` is told the number of parts, and `{shown}` is no integer from 1 on. "
        "Write a value such as 100.",
    }


def no_regions_above(shown: str) -> Message:
    return {
        "zh": f"规则无法判断：「{shown}」旁边没有列出它的各级上级大区的标签字段。"
        '请改用 {"var": "store.region"} 或 {"var": "store.regions"}，或在 fields 里声明字段'
        f"「{shown}s」(tags)。",
        "en": f"The rule cannot decide: beside `{shown}` no field of tags lists the regions above it. "
        'Use {"var": "store.region"} or {"var": "store.regions"}, or declare '
        f"`{shown}s` (tags) in `fields`.",
    }
