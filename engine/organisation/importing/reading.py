"""From the bytes of a file to its lines. UTF-8 only, with or without a byte order mark."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import Literal

from engine.events.content import mistakes
from engine.organisation.importing.csv_lines import csv_records
from engine.organisation.importing.lines import KEY_NAMES, KINDS, FileError, Line, Wrong, wrong
from rules.errors import RuleError
from rules.reader import loads
from rules.types import Json

Form = Literal["jsonl", "csv"]
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read(content: bytes, form: Form | None = None) -> list[Line | Wrong]:
    """The lines of a file, and what is wrong with them. Without a form its first character decides.

    A line of which something can be read stands beside what is wrong with it, under the same number.
    Raises FileError when nothing of it can be read.
    """
    text = decode(content)
    form = form or ("jsonl" if text.lstrip().startswith("{") else "csv")
    records = csv_records(text) if form == "csv" else _json_records(text)
    found = [each for one in records for each in ([one] if isinstance(one, Wrong) else _line(*one))]
    if not found:
        raise FileError({"zh": "文件里没有内容", "en": "There is nothing in the file."})
    return found


def decode(content: bytes) -> str:
    """The text of a file. Raises FileError, with a word about what it seems to be instead."""
    if content.startswith(_UTF16):
        raise _not_utf8("UTF-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        content.decode("gb18030")
    except UnicodeDecodeError:
        raise _not_utf8("") from None
    raise _not_utf8("GB18030")


def _not_utf8(seems: str) -> FileError:
    looks = (f"，看起来是 {seems}", f"; it looks like {seems}") if seems else ("", "")
    return FileError(
        {
            "zh": f"文件不是 UTF-8 编码{looks[0]}；请另存为“CSV UTF-8”后再上传",
            "en": f"The file is not UTF-8{looks[1]}. Save it as 'CSV UTF-8' and send it again.",
        }
    )


def _json_records(text: str) -> Iterator[tuple[int, Json] | Wrong]:
    for n, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield n, loads(line.strip())
        except RuleError as error:
            problem = error.problems[0]
            yield wrong(n, None, f"不是 JSON：{problem.message['zh']}", f"This is no JSON: {problem.message['en']}")


def _line(n: int, record: Json) -> Iterator[Line | Wrong]:
    if not isinstance(record, dict):
        yield wrong(n, None, "每行应是一个 JSON 对象", "Each line is one JSON object.")
        return
    if unusable := [
        wrong(n, pointer.removeprefix("/") or None, f"内容不可用（{message}）", message)
        for pointer, message in mistakes(record)
    ]:
        yield from unusable
        return
    kind = str(record.get("kind", "")).replace("-", "_")
    key = next((record[name] for name in KEY_NAMES if record.get(name) not in (None, "")), None)
    if kind not in KINDS:
        known = ", ".join(KINDS)
        yield wrong(n, "kind", f"种类应是 {known} 之一", f"Give the kind of record: one of {known}.")
    if not isinstance(key, str | int) or isinstance(key, bool):
        yield wrong(n, "key", "缺少记录的键", "Give the key of the record.")
        key = ""
    if kind in KINDS:
        aliases = KINDS[kind].aliases
        body = {aliases.get(name, name): value for name, value in record.items() if name not in ("kind", *KEY_NAMES)}
        yield Line(n, kind, str(key), body)
