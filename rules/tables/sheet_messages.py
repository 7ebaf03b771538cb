"""What is said about tables of a spreadsheet, in both languages: the consequence, the place, the remedy."""

from __future__ import annotations

from collections.abc import Iterable

from rules.messages import Message

NO_ROW: Message = {
    "zh": "这一行无法完整写入表格。它需要文本 id、when，可以有 and、valid、note、then；请先在草稿里改正。",
    "en": "This row cannot be told in a table without loss. It has a text as id, `when`, and may have `and`, `valid`, "
    "`note` and `then`; mend it in the draft first.",
}
NO_OUTPUT: Message = {
    "zh": "这一行的结果会丢失：then 里有 outputs 中没有的键。请先在草稿里改正。",
    "en": "A part of this row would be lost: `then` has a key that is no output. Mend it in the draft first.",
}
NO_ID: Message = {
    "zh": "这一行没有编号。请在 id 列写一个不重复的编号。",
    "en": "This row has no id. Write one into the column `id` that no other row has.",
}
NO_HEADING: Message = {
    "zh": "这一列没有标题，内容会丢失。请删除它，或从导出的表格开始修改。",
    "en": "This column has no heading: what it holds would be lost. Delete it, or begin with an exported table.",
}
EMPTY: Message = {
    "zh": "表格是空的：第一行应当是标题。请从导出的表格开始修改。",
    "en": "The table is empty: its first line holds the headings. Begin with an exported table.",
}
CHANGED: Message = {
    "zh": "电子表格把这个值改成了日期、时间或真假值。请把单元格格式设为“文本”，再重新填写。",
    "en": "The spreadsheet has made a date, a time or a truth of this value. Format it as text and write it anew.",
}
FORMULA: Message = {
    "zh": "这里是公式，不会被计算。请改成它的值(以文本粘贴)。",
    "en": "This is a formula, and nothing computes it. Put its value there, pasted as text.",
}
MERGED: Message = {
    "zh": "这里有合并的单元格，不知道值属于哪一行。请取消合并，并填写每个单元格。",
    "en": "Cells are merged here, and nobody knows to which row the value belongs. Split them and fill each of them.",
}
ERROR_VALUE: Message = {
    "zh": "这里是电子表格的错误值。请改成正确的值。",
    "en": "This is an error of the spreadsheet. Put the right value there.",
}


def no_rows(most: int) -> Message:
    return {
        "zh": f"草稿的 rows 不是列表，或超过 {most} 行，无法写入表格。请先在草稿里改正。",
        "en": f"The draft's `rows` are no list, or more than {most}, and fit into no table. Mend the draft first.",
    }


def no_columns(key: str) -> Message:
    return {
        "zh": f"没有可用的列：草稿的 {key} 应当是列表，每一项有不重复、不含空格的名称。请先在草稿里改正。",
        "en": f"There are no columns to tell: `{key}` is a list whose items have names, each once and without spaces. "
        "Mend the draft first.",
    }


def cells(wanted: int) -> Message:
    return {
        "zh": f"这一行的单元格与列对不上：when 应当有 {wanted} 项。请先在草稿里改正。",
        "en": f"The cells of this row do not fit the columns: `when` has {wanted} items. Mend it in the draft first.",
    }


def extra_column(name: str, known: Iterable[str]) -> Message:
    return {
        "zh": f"没有“{name}”这一列，内容会丢失。请删除它，或先加入草稿的 inputs 或 outputs。有：{'、'.join(known)}。",
        "en": f"There is no column `{name}`: what it holds would be lost. Delete it, or add it to the draft's "
        f"inputs or outputs first. There are {', '.join(known)}.",
    }


def doubled_column(name: str) -> Message:
    return {
        "zh": f"“{name}”这一列出现了两次，不知道以哪一列为准。请只保留一列。",
        "en": f"The column `{name}` stands here twice, and nobody knows which one counts. Keep one of them.",
    }


def missing_columns(names: Iterable[str]) -> Message:
    return {
        "zh": f"缺少列：{'、'.join(names)}。请从导出的表格开始修改，不要删除列。",
        "en": f"Columns are missing: {', '.join(names)}. Begin with an exported table and delete no column.",
    }


def unknown_type(name: str) -> Message:
    return {
        "zh": f"不知道这一列怎样读取：没有“{name}”这种类型。请恢复导出时的标题。",
        "en": f"Nobody knows how to read this column: there is no type `{name}`. Restore its heading.",
    }


def doubled_id(name: str, first: int) -> Message:
    return {
        "zh": f"编号“{name}”在第 {first} 行已经用过。请改成不重复的编号。",
        "en": f"The id `{name}` stands in row {first} already. Give each row an id of its own.",
    }


def too_many_rows(most: int) -> Message:
    return {
        "zh": f"表格太长：最多 {most} 行。请拆成几个规则集。",
        "en": f"The table is too long: at most {most} rows. Split it into several rulesets.",
    }


def at(row: int, column: str | None, message: Message) -> Message:
    """The same, with its place in the table before it."""
    zh = f"第 {row} 行 {column} 列" if column else f"第 {row} 行"
    en = f"Row {row}, column {column}" if column else f"Row {row}"
    return {"zh": f"{zh}:{message['zh']}", "en": f"{en}: {message['en']}"}


NOT_UTF8: Message = {
    "zh": "文件不是 UTF-8 编码，文字会变成乱码。请在电子表格里另存为“CSV UTF-8”，或直接使用 xlsx。",
    "en": "The file is not UTF-8 and its texts would be garbled. Save it as “CSV UTF-8”, or use xlsx.",
}
NO_WORKBOOK: Message = {
    "zh": "文件无法读取：不是 xlsx 工作簿，或已经损坏。请从电子表格另存为 xlsx，不要加密。",
    "en": "The file cannot be read: it is no xlsx workbook, or broken. Save it as xlsx, not encrypted.",
}
TOO_LARGE: Message = {
    "zh": "工作簿太大：解压后超出限制。请只保留规则表，删除图片和其他工作表。",
    "en": "The workbook is too large once it is unpacked. Keep the table alone, without pictures and other sheets.",
}


def several_sheets(names: Iterable[str]) -> Message:
    return {
        "zh": f"不知道读哪一张工作表：{'、'.join(names)}。请只保留一张。",
        "en": f"Nobody knows which sheet to read: {', '.join(names)}. Keep one of them.",
    }


def no_csv(reason: str) -> Message:
    return {
        "zh": f"文件从这里起无法读取({reason})。请用电子表格另存为“CSV UTF-8”。",
        "en": f"The file cannot be read from here on ({reason}). Save it as “CSV UTF-8” from a spreadsheet.",
    }


def too_long(most: int) -> Message:
    return {
        "zh": f"单元格太长，电子表格放不下：最多 {most} 个字符。请导出 csv，或缩短内容。",
        "en": f"A spreadsheet cannot hold this cell: at most {most} characters. Export csv, or shorten it.",
    }
