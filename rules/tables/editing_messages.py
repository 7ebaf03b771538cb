"""What is said about edits of a table that cannot be made, in both languages: the place, the reason, the remedy."""

from __future__ import annotations

from collections.abc import Iterable

from rules.messages import Message

NO_ROWS: Message = {
    "zh": "草稿的 rows 不是列表，无法编辑行。请在 JSON 视图里改正。",
    "en": "The draft's `rows` are no list, so that no row can be edited. Mend it in the JSON view.",
}
NO_TESTS: Message = {
    "zh": "草稿的 tests 不是列表，无法添加测试。请在 JSON 视图里改正。",
    "en": "The draft's `tests` are no list, so that no test can be added. Mend it in the JSON view.",
}


def no_row(row: str) -> Message:
    return {
        "zh": f"没有“{_short(row)}”这一行，可能已被删除。请刷新页面再试。",
        "en": f"There is no row {_short(row)}; it may be gone by now. Reload the page and try again.",
    }


def doubled_row(row: str) -> Message:
    return {
        "zh": f"有几行的编号都是“{_short(row)}”，不知道是哪一行。请先给每行不重复的编号。",
        "en": f"Several rows have the id {_short(row)}, and nobody knows which is meant. Give each its own id first.",
    }


def broken_row(number: int) -> Message:
    return {
        "zh": f"第 {number} 行不是对象，无法编辑。请删除它，或在 JSON 视图里改正。",
        "en": f"Row {number} is no object and cannot be edited. Delete it, or mend it in the JSON view.",
    }


def broken_cells(number: int) -> Message:
    return {
        "zh": f"第 {number} 行的 when 不是列表，无法编辑单元格。请删除这一行，或在 JSON 视图里改正。",
        "en": f"`when` of row {number} is no list, so that its cells cannot be edited. Delete the row, or mend it "
        "in the JSON view.",
    }


def broken_part(number: int, key: str) -> Message:
    return {
        "zh": f"第 {number} 行的 {key} 不是对象，无法编辑。请删除这一行，或在 JSON 视图里改正。",
        "en": f"`{key}` of row {number} is no object and cannot be edited. Delete the row, or mend it as JSON.",
    }


def no_column(name: str, known: Iterable[str]) -> Message:
    return {
        "zh": f"没有“{_short(name)}”这一列。有：{'、'.join(known)}。",
        "en": f"There is no column {_short(name)}. There are {', '.join(known)}.",
    }


def no_input(name: str) -> Message:
    return {
        "zh": f"没有“{_short(name)}”这个条件列。请刷新页面再试。",
        "en": f"There is no input {_short(name)}. Reload the page and try again.",
    }


def no_output(name: str) -> Message:
    return {
        "zh": f"没有“{_short(name)}”这个结果列。请刷新页面再试。",
        "en": f"There is no output {_short(name)}. Reload the page and try again.",
    }


def doubled_input(name: str) -> Message:
    return {
        "zh": f"“{_short(name)}”已经是一列。一列里可以写几个值、区间或条件。",
        "en": f"{_short(name)} is a column already. One cell may hold several values, ranges or a condition.",
    }


def doubled_output(name: str) -> Message:
    return {
        "zh": f"已经有结果“{_short(name)}”。请换一个名称。",
        "en": f"There is an output {_short(name)} already. Choose another key.",
    }


def bad_name(name: str) -> Message:
    return {
        "zh": f"“{_short(name)}”不能作为名称：只用字母、数字、下划线和连字符，最长 63 个字符。",
        "en": f"{_short(name)} cannot be a name: use letters, digits, underscores and hyphens, at most 63 of them.",
    }


def doubled_id(name: str) -> Message:
    return {
        "zh": f"编号“{_short(name)}”已经用过。请改成不重复的编号。",
        "en": f"Another row has the id {_short(name)}. Give each row an id of its own.",
    }


def wrong_kind(column: str, wanted: str) -> Message:
    return {
        "zh": f"{column} 列不能这样写，应当是{_KINDS[wanted][0]}。",
        "en": f"This cannot stand in the column {column}: it holds {_KINDS[wanted][1]}.",
    }


_KINDS = {
    "id": ("不重复的编号", "an id of its own"),
    "valid": ("日期、时刻或空", "a date, an instant, or nothing"),
    "when": ("值、列表、区间或条件", "a value, a list, a range or a condition"),
}


def bad_cell(row: int, column: str, message: Message) -> Message:
    """What is wrong with a pasted text, with its place in the grid before it; rows count from 1."""
    return {
        "zh": f"第 {row} 行 {column} 列：{message['zh']}",
        "en": f"Row {row}, column {column}: {message['en']}",
    }


def beyond(columns: int, wide: int) -> Message:
    return {
        "zh": f"粘贴的内容有 {wide} 列，而从这里起只有 {columns} 列。请从更靠左的列粘贴，或少复制几列。",
        "en": f"What is pasted has {wide} columns, and only {columns} are left from here on. "
        "Begin further left, or copy fewer.",
    }


def too_many(most: int) -> Message:
    return {
        "zh": f"行太多：最多 {most} 行。请拆成几个规则集。",
        "en": f"There would be too many rows: {most} at most. Split the table into several rulesets.",
    }


def no_target(most: int) -> Message:
    return {
        "zh": f"放不到那里：其他行只有 {most} 行。请写 0 到 {most}。",
        "en": f"There is no such place: there are {most} other rows. Say 0 to {most}.",
    }


def no_place(most: int) -> Message:
    return {
        "zh": f"放不到那里：其他列只有 {most} 列。请写 0 到 {most}。",
        "en": f"There is no such place: there are {most} other columns. Say 0 to {most}.",
    }


def no_list(key: str) -> Message:
    return {
        "zh": f"草稿的 {key} 不是列表，无法编辑列。请在 JSON 视图里改正。",
        "en": f"The draft's `{key}` are no list, so that no column can be edited. Mend it in the JSON view.",
    }


def too_wide(wanted: int) -> Message:
    return {
        "zh": f"这一行的单元格比列多：最多 {wanted} 个。",
        "en": f"The row has more cells than there are columns: {wanted} at most.",
    }


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"
