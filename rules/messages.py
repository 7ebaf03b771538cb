"""Every message of this package, in both languages: the consequence first, then the place, then the remedy."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import TypeAlias

from rules.types import Type
from rules.words import example, guess, listed, type_name

Message: TypeAlias = dict[str, str]

_COMPARISON = '{"==": [{"var": "member.tier"}, "gold"]}'


# What breaks the bounds of all JSON


def too_large(limit: int) -> Message:
    return {
        "zh": f"内容太大，无法保存：超过 {limit // 1024} kB。请缩短列表或文字，或拆成几份。",
        "en": f"This is too large to be kept: more than {limit // 1024} kB. Shorten its lists and texts, or split it.",
    }


def too_deep() -> Message:
    return {
        "zh": "嵌套太深，无法执行：最多 32 层。请把里层的条件拆开，或用 and / or 并列书写。",
        "en": "This is nested too deeply to run: at most 32 levels. Flatten it with and / or, or split it.",
    }


def too_many_nodes(limit: int) -> Message:
    return {
        "zh": f"规则太长，无法执行：最多 {limit} 个节点。请用 in 代替许多个 ==,或拆成几条规则。",
        "en": f"This rule is too long to run: at most {limit} nodes. Use `in` instead of many `==`, or split it.",
    }


def long_list(length: int, limit: int) -> Message:
    return {
        "zh": f"列表太长，无法执行：有 {length} 项，最多 {limit} 项。请拆分列表，或改用标签。",
        "en": f"This list is too long to run: {length} items, at most {limit}. Split it, or use a tag instead.",
    }


def not_finite() -> Message:
    return {
        "zh": "数值无法保存：不是有限的数。请改成普通的数字。",
        "en": "This number cannot be kept: it is not finite. Write an ordinary number.",
    }


def inexact_integer() -> Message:
    return {
        "zh": '数值会失准：超出 ±2^53。请把编号这类长数字写成文本，例如 "9007199254740993"。',
        "en": 'This number loses digits: it is beyond ±2^53. Write long ids as text, such as "9007199254740993".',
    }


def unstorable_text() -> Message:
    return {
        "zh": "文字无法保存：含有 U+0000 或不完整的字符。请删去这个字符。",
        "en": "This text cannot be kept: it holds U+0000 or half a character. Remove that character.",
    }


def bad_json(reason: str) -> Message:
    return {
        "zh": f"内容无法读取：不是合法的 JSON({reason})。请检查引号、逗号和括号。",
        "en": f"This cannot be read: it is not valid JSON ({reason}). Check quotes, commas and brackets.",
    }


def duplicate_key(key: str) -> Message:
    return {
        "zh": f"有一处内容会丢失：键「{key}」在同一个对象里出现了两次。请只保留一个。",
        "en": f"One of two values would be lost: the key `{key}` stands twice in one object. Keep one of them.",
    }


# What is no rule


def not_one_key(keys: Iterable[str]) -> Message:
    names = list(keys)
    zh = f"这里有 {len(names)} 个键({listed(names)})" if names else "这里是空对象"
    en = f"this object has {len(names)} keys ({listed(names, ', ')})" if names else "this object is empty"
    return {
        "zh": f"规则无法执行：{zh}，而规则对象只能有一个键，即运算符。请用 and 把几个条件连起来。",
        "en": f"The rule cannot run: {en}, and a rule has exactly one, its operator. "
        "Join several conditions with `and`.",
    }


def unknown_operator(name: str, known: Container[str]) -> Message:
    zh, en = guess(name, known)
    return {
        "zh": f"规则无法执行：没有运算符「{name[:60]}」。{zh}可用的运算符见规则参考页。",
        "en": f"The rule cannot run: there is no operator `{name[:60]}`. {en}The reference page of rules lists them.",
    }


def wrong_count(operator: str, got: int, least: int, most: int | None) -> Message:
    zh = f"至少 {least} 个" if most is None else f"{least} 个" if least == most else f"{least} 到 {most} 个"
    en = f"at least {least}" if most is None else f"{least}" if least == most else f"{least} to {most}"
    return {
        "zh": f"规则无法执行：「{operator}」需要 {zh}参数，这里有 {got} 个。请补齐或删去多余的参数。",
        "en": f"The rule cannot run: `{operator}` takes {en} argument(s), here are {got}. Add or remove arguments.",
    }


def not_a_path(operator: str) -> Message:
    return {
        "zh": f'规则无法执行：「{operator}」要写字段名，例如 "member.tier"。请改成字段名文本。',
        "en": f'The rule cannot run: `{operator}` takes the name of a field, such as "member.tier". Write it as text.',
    }


def not_a_name() -> Message:
    return {
        "zh": '规则无法执行：condition 要写条件的名称，例如 "vip"。请改成名称文本。',
        "en": 'The rule cannot run: `condition` takes the name of a condition, such as "vip". Write it as text.',
    }


def cyclic_condition(names: Iterable[str]) -> Message:
    cycle = " → ".join(names)
    return {
        "zh": f"条件永远算不出来：命名条件互相引用成环({cycle})。请去掉其中一处引用。",
        "en": f"The condition could never be decided: named conditions use each other in a circle ({cycle}). "
        "Remove one of these uses.",
    }


def unknown_condition(name: str, known: Container[str]) -> Message:
    zh, en = guess(name, known)
    return {
        "zh": f"规则无法判断：没有名为「{name[:130]}」的条件。{zh}请在 conditions 里写上它，或检查规则集是否已发布。",
        "en": f"The rule cannot decide: there is no condition named `{name[:130]}`. {en}Write it in `conditions`, "
        "or check that its ruleset is published.",
    }


def null_literal() -> Message:
    return {
        "zh": "这条规则永远不会成立：不能和 null 比较。判断有没有值请用 is_set，补缺省值请用 default。",
        "en": "This rule could never be true: nothing compares with null. Ask `is_set`, or give a value "
        "with `default`.",
    }


# Fields


def unknown_field(path: str, known: Container[str]) -> Message:
    if not path:
        return {
            "zh": "规则无法判断：这里没有「当前值」，空字段名只用于表格单元格和列表条件。"
            '请写出字段名，例如 "member.tier"。',
            "en": "The rule cannot decide: there is no value at hand here; the empty name is for cells of tables and "
            'items of lists. Write the name of a field, such as "member.tier".',
        }
    zh, en = guess(path, known)
    return {
        "zh": f"规则无法判断：没有字段「{path[:100]}」。{zh}请改用已有的字段，或在 fields 里声明它。",
        "en": f"The rule cannot decide: there is no field `{path[:100]}`. {en}Use a field that exists, or "
        "declare it in `fields`.",
    }


# Types


def wrong_type(shown: str, actual: Type, wanted: Type) -> Message:
    if wanted.kind == "boolean":
        return _no_condition(shown, actual)
    (zh, en), (wanted_zh, wanted_en) = type_name(actual), type_name(wanted)
    return {
        "zh": f"规则无法执行：这里需要{wanted_zh}，而「{shown}」是{zh}。"
        f"请改用{wanted_zh}的字段，或写成 {example(wanted)} 这样的值。",
        "en": f"The rule cannot run: {wanted_en} is wanted here, and `{shown}` is {en}. Use a field of that type, or "
        f"a value such as {example(wanted)}.",
    }


def _no_condition(shown: str, actual: Type) -> Message:
    zh, en = type_name(actual)
    return {
        "zh": f"规则无法判断：条件必须是「是」或「否」，而「{shown}」是{zh}。"
        f"请写出比较，例如 {_COMPARISON}，或用 is_set 判断有没有值。",
        "en": f"The rule cannot decide: a condition is true or false, and `{shown}` is {en}. "
        f"Write a comparison such as {_COMPARISON}, or ask `is_set`.",
    }


def bad_literal(shown: str, wanted: Type, beside: str) -> Message:
    if wanted.kind == "boolean" and not beside:
        return {
            "zh": f"规则无法判断：条件必须是「是」或「否」，而「{shown}」不是。请写出比较，例如 {_COMPARISON}。",
            "en": f"The rule cannot decide: a condition is true or false, and `{shown}` is neither. "
            f"Write a comparison such as {_COMPARISON}.",
        }
    zh, en = type_name(wanted)
    place_zh, place_en = (
        (f"「{beside}」是{zh}", f"`{beside}` is {en}") if beside else (f"这里需要{zh}", f"{en} is wanted")
    )
    return {
        "zh": f"规则无法执行：{place_zh}，而「{shown}」不是。请写成 {example(wanted)} 这样的值。",
        "en": f"The rule cannot run: {place_en}, and `{shown}` is not. Write a value such as {example(wanted)}.",
    }


def not_among(shown: str, values: Iterable[str], beside: str) -> Message:
    names = list(values)
    of_zh, of_en = (f"「{beside}」的", f" of `{beside}`") if beside else ("", "")
    return {
        "zh": f"这个值永远不会出现：「{shown}」不在{of_zh}可选值之中。"
        f"请改用 {listed(names)} 之一，或先在字段的可选值里加上它。",
        "en": f"This value never occurs: `{shown}` is not among the values{of_en}. "
        f"Use one of {listed(names, ', ')}, or add it to the field's values first.",
    }


def inexact_literal(shown: str, wanted: Type, beside: str) -> Message:
    at_zh, at_en = (f"与「{beside}」一起使用的", f", used with `{beside}`,") if beside else ("", "")
    match wanted.kind:
        case "money":
            zh, en = "金额请写成整数，单位为分，例如 5000。", "Write money as whole minor units, such as 5000."
        case "decimal":
            zh, en = f'小数请写成文本，例如 "{shown}"。', f'Write a decimal as text, such as "{shown}".'
        case _:
            zh, en = (
                "请写成整数，例如 3；需要小数时请用小数类型的字段。",
                "Write an integer, such as 3, or use a decimal field.",
            )
    return {
        "zh": f"数值会失准：{at_zh}「{shown}」带小数点。{zh}",
        "en": f"The number may not be exact: `{shown}`{at_en} has a decimal point. {en}",
    }


def not_comparable(one: str, one_type: Type, other: str, other_type: Type) -> Message:
    (zh, en), (other_zh, other_en) = type_name(one_type), type_name(other_type)
    return {
        "zh": f"规则无法比较：「{one}」是{zh}，「{other}」是{other_zh}。请改成同一类型的字段或值。",
        "en": f"The rule cannot compare: `{one}` is {en}, `{other}` is {other_en}. Use fields or values of one type.",
    }


def not_for_type(operator: str, shown: str, actual: Type, wanted_zh: str, wanted_en: str) -> Message:
    zh, en = type_name(actual)
    return {
        "zh": f"规则无法执行：「{operator}」用于{wanted_zh}，而「{shown}」是{zh}。请换一个字段或运算符。",
        "en": f"The rule cannot run: `{operator}` is for {wanted_en}, and `{shown}` is {en}. "
        "Use another field or operator.",
    }


def hours_of_a_date(shown: str, duration: str) -> Message:
    return {
        "zh": f'规则无法执行：「{shown}」是日期，没有钟点，而「{duration}」按小时算。请用整天的时长，例如 "P1D"。',
        "en": f"The rule cannot run: `{shown}` is a date without a time of day, and `{duration}` counts hours. "
        'Use whole days, such as "P1D".',
    }


# Texts and values


def bad_placeholder(content: str) -> Message:
    return {
        "zh": f"文字无法发出：「{{{{{content[:60]}}}}}」不是字段名。"
        "双花括号里只能写字段名，例如 {{member.nickname}}。",
        "en": f"The text cannot be sent: `{{{{{content[:60]}}}}}` is no field name. "
        "Only a field's name may stand between double braces, such as {{member.nickname}}.",
    }


def open_placeholder() -> Message:
    return {
        "zh": "文字无法发出：有「{{」没有对应的「}}」。请补上「}}」，或删去「{{」。",
        "en": "The text cannot be sent: a `{{` has no `}}`. Add `}}`, or remove `{{`.",
    }


def not_for_text(path: str, actual: Type) -> Message:
    zh, en = type_name(actual)
    return {
        "zh": f"文字无法发出：「{path}」是{zh}，不能写进文字。请改用其他字段。",
        "en": f"The text cannot be sent: `{path}` is {en}, which has no written form. Use another field.",
    }


def dollar_among_keys() -> Message:
    return {
        "zh": "参数无法计算：带「$」的对象只能有「$」一个键。请把其他键移到外层。",
        "en": "The value cannot be computed: an object with `$` has no other key. Move the others out of it.",
    }
