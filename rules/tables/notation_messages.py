"""What is said about cells of a spreadsheet, in both languages: the consequence, the place, the remedy."""

from __future__ import annotations

from rules.messages import Message

NOTHING_LEFT_OUT: Message = {
    "zh": "单元格无法读取：not 后面没有要排除的值。请写成 not gold。",
    "en": "The cell cannot be read: nothing follows `not`. Write `not gold`.",
}
NOT_JSON: Message = {
    "zh": "无法写入表格：数值不是有限的数。请先在草稿里改正。",
    "en": "This cannot be written into a table: a number is not finite. Mend it in the draft first.",
}


def no_value(text: str) -> Message:
    return {
        "zh": f"单元格无法读取：「{_short(text)}」。请写一个值、用逗号隔开的几个值、区间(10 .. 20、>= 10、< 20、<= 20),"
        '或 JSON 条件；文字里有特殊符号时请加英文引号，如 "a, b"。',
        "en": f"The cell cannot be read: `{_short(text)}`. Write a value, values with commas between, a range "
        "(10 .. 20, >= 10, < 20, <= 20) or a condition in JSON; put a text with signs of its own into quotes, such as "
        '"a, b".',
    }


def bad_quotes(text: str) -> Message:
    return {
        "zh": f"单元格无法读取：「{_short(text)}」里的引号不成对或位置不对。请把整个文字放进一对英文引号。",
        "en": f"The cell cannot be read: quotes in `{_short(text)}` do not match. Put the whole text into quotes.",
    }


def bad_json(text: str, reason: str) -> Message:
    return {
        "zh": f"单元格无法读取：「{_short(text)}」不是合法的 JSON({reason})。请检查引号、逗号和括号。",
        "en": f"The cell cannot be read: `{_short(text)}` is not JSON ({reason}). Check quotes and brackets.",
    }


def no_number(text: str) -> Message:
    return {
        "zh": f"单元格无法读取：这一列是整数(金额按分)，而「{_short(text)}」不是。请写成 5000。",
        "en": f"The cell cannot be read: this column holds whole numbers (amounts in cents), and `{_short(text)}` "
        "is none. Write 5000.",
    }


def no_truth(text: str) -> Message:
    return {
        "zh": f"单元格无法读取：这一列只能写 true 或 false，而这里是「{_short(text)}」。",
        "en": f"The cell cannot be read: this column holds true or false, and not `{_short(text)}`.",
    }


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"
