"""What is said about rulesets, in both languages: the consequence first, then the place, then the remedy."""

from __future__ import annotations

from collections.abc import Collection

from rules.messages import Message
from rules.types import Json, Type
from rules.words import guess, listed, literal, type_name

# Cells

NOT_ANYTHING: Message = {
    "zh": '这一行永远不会匹配：{"not": null} 排除了一切。请写出要排除的值。',
    "en": 'This row could never match: {"not": null} leaves nothing over. Write the value that is left out.',
}
BAD_ITEM: Message = {
    "zh": '单元格无法读取：列表里只能写值和区间。条件请单独写在单元格里；判断有没有值请用 {"is_set": ""}。',
    "en": "The cell cannot be read: a list holds values and ranges. Write a condition as the cell itself; ask "
    '{"is_set": ""} whether there is a value.',
}


def bad_range(cell: Json) -> Message:
    return {
        "zh": f"单元格无法读取：「{literal(cell)}」不是区间。"
        '请写成 {"from": 1, "to": 9}，两端至少写一个；要包含终点请加 "to_included": true。',
        "en": f"The cell cannot be read: {literal(cell)} is no range. "
        'Write {"from": 1, "to": 9}, one of the two at least; "to_included": true takes the end in.',
    }


def no_order(field: str, type_: Type) -> Message:
    zh, en = type_name(type_)
    return {
        "zh": f"单元格无法比较：「{field}」是{zh}，没有大小之分，不能用区间。请列出各个值。",
        "en": f"The cell cannot be compared: `{field}` is {en}, which has no order and so no ranges. List its values.",
    }


def only_a_condition(field: str, type_: Type) -> Message:
    zh, en = type_name(type_)
    return {
        "zh": f"单元格与字段不符：「{field}」是{zh}。请写这种类型的值，或写一个条件。",
        "en": f"The cell does not fit its field: `{field}` is {en}. Write a value of that type, or a condition.",
    }


# Rows


def too_many_rows(count: int, limit: int) -> Message:
    return {
        "zh": f"表格太大，无法发布：有 {count} 行，最多 {limit} 行。请拆成几个规则集。",
        "en": f"The table is too large to publish: {count} rows, at most {limit}. Split it into several rulesets.",
    }


def duplicate_id(what_zh: str, what_en: str, id_: str) -> Message:
    return {
        "zh": f"说不清是哪一个：{what_zh}「{id_}」出现了不止一次。请改成不同的编号。",
        "en": f"Nobody could tell which one is meant: the {what_en} `{id_}` stands more than once. Give it another id.",
    }


def wrong_cells(row: str, got: int, wanted: int) -> Message:
    return {
        "zh": f"这一行无法读取：行「{row}」有 {got} 个单元格，而表格有 {wanted} 列。每列写一个单元格，任意值写 null。",
        "en": f"The row cannot be read: `{row}` has {got} cell(s), and the table has {wanted} column(s). "
        "Write one cell for each, null for any value.",
    }


def bad_time(text: str) -> Message:
    return {
        "zh": f"这一行不知道何时生效：「{text[:40]}」不是日期，也不是带时区的时间。"
        "请写 2026-11-01 或 2026-11-01T10:00:00+08:00。",
        "en": f"The row does not know when it holds: {text[:40]!r} is neither a date nor an instant with an offset. "
        "Write 2026-11-01 or 2026-11-01T10:00:00+08:00.",
    }


EMPTY_WINDOW: Message = {
    "zh": "这一行不知道何时生效：valid 里 from 和 to 至少写一个。请补上，或删去 valid。",
    "en": "The row does not know when it holds: `valid` has neither `from` nor `to`. Write one, or leave `valid` out.",
}

# Fields and outputs


def other_type(path: str, declared: Type, known: Type) -> Message:
    (zh, en), (known_zh, known_en) = type_name(declared), type_name(known)
    return {
        "zh": f"字段的类型对不上：「{path}」在字段目录里是{known_zh}，这里却是{zh}。请删去这条声明，或改成一样的类型。",
        "en": f"Two types for one field: `{path}` is {known_en} in the catalogue, and {en} here. "
        "Remove this declaration, or make them one.",
    }


RESERVED = frozenset({"row", "rows", "reason", "outcome", "missing"})


def reserved_key(key: str) -> Message:
    return {
        "zh": f"测试里会分不清：结果不能叫「{key}」，这个名称另有含义。请换一个名称。",
        "en": f"Tests could not tell them apart: no output is called `{key}`, which means something else. Rename it.",
    }


def no_values() -> Message:
    return {
        "zh": "结果无法核对：类型 enum 要在 values 里列出可选值。",
        "en": "The output cannot be checked: an `enum` lists its `values`.",
    }


def no_such_detail(detail: str, type_: str) -> Message:
    return {
        "zh": f"{detail} 不起作用：它不属于类型 {type_}。请删去它。",
        "en": f"`{detail}` does nothing here: it does not belong to the type {type_}. Remove it.",
    }


def missing_output(key: str) -> Message:
    return {
        "zh": f"结果不完整：缺少「{key}」。请补上它的值。",
        "en": f"The outcome is incomplete: `{key}` is missing. Write its value.",
    }


def unknown_output(key: str, known: Collection[str]) -> Message:
    zh, en = guess(key, known)
    return {
        "zh": f"这个值没有用处：没有名为「{key[:63]}」的结果。{zh}可用：{listed(known)}。",
        "en": f"This value has no use: there is no output `{key[:63]}`. {en}There are {listed(known, ', ') or 'none'}.",
    }


def null_output(key: str) -> Message:
    return {
        "zh": f'结果不完整：「{key}」不能为空。请写一个值，或给这个结果加上 "optional": true。',
        "en": f'The outcome is incomplete: `{key}` cannot be null. Write a value, or declare it `"optional": true`.',
    }


def bad_share(shown: str) -> Message:
    return {
        "zh": f"份额不对：「{shown}」不在 0 到 10000 个基点之间。100 % 写作 10000。",
        "en": f"No share: {shown} is not between 0 and 10000 basis points. Write 100 % as 10000.",
    }


# Hit policies

AGGREGATE_WITHOUT_COLLECT: Message = {
    "zh": 'aggregate 不起作用：只有 hit 为 "collect" 的表格才合并多行。请改 hit，或删去 aggregate。',
    "en": '`aggregate` does nothing: only tables whose `hit` is "collect" bring rows together. Change `hit`, '
    "or remove it.",
}
TOTAL_WITHOUT_COLLECT: Message = {
    "zh": 'total 不起作用：只有 hit 为 "collect" 的表格才有合计。请改 hit，或删去 total。',
    "en": '`total` does nothing: only tables whose `hit` is "collect" have a total. Change `hit`, or remove it.',
}
TOTAL_FORM: Message = {
    "zh": "不知道合计应为多少：is 和 max 必须恰好写一个。",
    "en": "The total is not stated: write exactly one of `is` and `max`.",
}
OTHERWISE_FORM: Message = {
    "zh": "otherwise 的形式不对：这个表格的结果是一个对象，不是列表。请写成对象。",
    "en": "`otherwise` has the wrong form: the outcome of this table is one object, not a list. Write an object.",
}
UNKNOWN_WITHOUT_OTHERWISE: Message = {
    "zh": '数据缺失时没有结果可给：on_unknown 为 "otherwise"，却没有写 otherwise。请补上 otherwise。',
    "en": 'There is nothing to give when data is missing: `on_unknown` is "otherwise", and there is none. '
    "Write `otherwise`.",
}


def not_summable(key: str, type_: str) -> Message:
    return {
        "zh": f"「{key}」无法合计：类型为 {type_}。只有必填的 integer、share、money 可以合计。",
        "en": f"`{key}` cannot be added up: it is {type_}. Only integer, share and money that are not optional can.",
    }


# Tests


def bad_given(what: str) -> Message:
    return {
        "zh": f"测试无法执行：{what} 不对。now 写带时区的时间，如 2026-01-07T10:00:00+08:00,time_zone 写 Asia/Shanghai,"
        "其余各项是对象。",
        "en": f"The test cannot run: `{what}` is wrong. `now` is an instant such as 2026-01-07T10:00:00+08:00, "
        "`time_zone` one like Asia/Shanghai, all else an object.",
    }


def unknown_statement(key: str, known: Collection[str]) -> Message:
    return {
        "zh": f"测试里的「{key[:63]}」没有意义：可用的是 {listed(known)}。请检查拼写。",
        "en": f"`{key[:63]}` means nothing in a test: there are {listed(known, ', ')}. Check its spelling.",
    }


# Decisions


def overlap(rows: Collection[str]) -> Message:
    return {
        "zh": f"没有结果：{listed(rows)} 这几行同时匹配，而这个表格只允许一行。请修改这些行。",
        "en": f"There is no outcome: the rows {listed(rows, ', ')} all match, and one alone may. Change these rows.",
    }


def differing(rows: Collection[str]) -> Message:
    return {
        "zh": f"没有结果：{listed(rows)} 这几行同时匹配，给出的结果却不同。请改成一致。",
        "en": f"There is no outcome: the rows {listed(rows, ', ')} all match and give different ones. Make them one.",
    }


GAP: Message = {
    "zh": "没有结果：没有一行匹配，也没有写 otherwise。请补上一行，或补上 otherwise。",
    "en": "There is no outcome: no row matches, and there is no `otherwise`. Add a row, or `otherwise`.",
}


def broken_total(key: str, total: str, wanted_zh: str, wanted_en: str) -> Message:
    return {
        "zh": f"没有结果：「{key}」合计为 {total}，承诺的是{wanted_zh}。请修改这些行。",
        "en": f"There is no outcome: `{key}` sums to {total}, and {wanted_en} was promised. Change these rows.",
    }


def row_failed(row: str, why: Message) -> Message:
    return {
        "zh": f"没有结果：行「{row}」无法判断：{why['zh']}",
        "en": f"There is no outcome: the row `{row}` went wrong. {why['en']}",
    }


def facts_failed(why: Message) -> Message:
    return {
        "zh": f"没有结果：给出的事实无法计算：{why['zh']}",
        "en": f"There is no outcome: the facts that are given went wrong. {why['en']}",
    }


def otherwise_failed(why: Message) -> Message:
    return {
        "zh": f"没有结果：「其余情况」(otherwise)无法计算：{why['zh']}",
        "en": f"There is no outcome: `otherwise` went wrong. {why['en']}",
    }


# Outputs that rules compute. None of them names the value: it may be personal data, and what went wrong is kept.


def no_value(output: str) -> Message:
    return {
        "zh": f"「{output}」在这里没有值，而它必须有值。请用 default 给出一个，或声明它可以没有。",
        "en": f"`{output}` has no value here, and it must have one; give one with default, or declare it optional.",
    }


def share_beyond(output: str, whole: int) -> Message:
    return {
        "zh": f"「{output}」算出来不是份额：份额在 0 到 {whole} 个万分点之间。请改正算式。",
        "en": f"`{output}` comes to no share: one is from 0 to {whole} basis points. Correct its expression.",
    }


def not_among_values(output: str) -> Message:
    return {
        "zh": f"「{output}」算出来的值不在它声明的值里。请声明这个值，或改正算式。",
        "en": f"`{output}` comes to a value that is not among those declared; declare it, or correct its expression.",
    }
