"""CSV as it comes out of spreadsheets: a header, a column `kind`, and columns named like the fields.

`title.zh` and `title.en` are parts of a title and stand in place of a column `title`. Lists are divided by `;` or `|`,
an empty cell is a field not given.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence

from engine.organisation.importing.lines import KEY_NAMES, KINDS, FileError, Wrong, wrong
from rules.errors import RuleError
from rules.reader import loads
from rules.types import Json

LISTS = frozenset({"hosts", "associates", "backups"})
SWITCHES: Mapping[str, bool] = {
    **dict.fromkeys(("true", "yes", "1", "是"), True),
    **dict.fromkeys(("false", "no", "0", "否"), False),
}
_FIELDS = frozenset().union(*(kind.fields for kind in KINDS.values()))


def csv_records(text: str) -> Iterator[tuple[int, Json] | Wrong]:
    """The rows as records, each with the number of the line on which it begins. Raises FileError."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    header: list[str] | None = None
    ended = 0
    try:
        for row in rows:
            n, ended = ended + 1, rows.line_num
            if not any(cell.strip() for cell in row):
                continue
            if header is None:
                header = _header(row)
            elif len(row) > len(header):
                yield wrong(n, None, "单元格比表头多", "The row has more cells than the header.")
            else:
                yield from _record(n, dict(zip(header, row, strict=False)))
    except csv.Error as error:
        yield wrong(ended + 1, None, f"不是 CSV：{error}", f"This is no CSV: {error}. Look at the quotes.")


def _delimiter(text: str) -> str:
    """Spreadsheets divide by commas, semicolons or tabs, as their country has it."""
    header = text.lstrip().partition("\n")[0]
    return max(",;\t", key=header.count)


def _header(row: Sequence[str]) -> list[str]:
    names = [cell.strip() for cell in row]
    doubled = next((name for name in names if name and names.count(name) > 1), None)
    if doubled:
        raise FileError({"zh": f"表头里有两列 {doubled}", "en": f"The header has the column {doubled!r} twice."})
    parted = next(((name, part) for part in names for name in names if name and part.startswith(f"{name}.")), None)
    if parted:
        raise FileError(
            {
                "zh": f"表头里同时有 {parted[0]} 和 {parted[1]} 两列，请只留一种写法",
                "en": f"The header has both {parted[0]!r} and {parted[1]!r}: keep the whole or its parts.",
            }
        )
    if "kind" not in names or not set(KEY_NAMES) & set(names):
        raise FileError(
            {
                "zh": "CSV 的第一行应是表头，至少有 kind 和 key 两列",
                "en": "The first row of a CSV is its header, with the columns kind and key at least.",
            }
        )
    return names


def _record(n: int, cells: Mapping[str, str]) -> Iterator[tuple[int, Json] | Wrong]:
    kind = KINDS.get(cells.get("kind", "").strip().replace("-", "_"))
    record: dict[str, Json] = {}
    for column, cell in cells.items():
        value, field = cell.strip(), column.partition(".")[0]
        if kind is not None and not value and column in kind.nullable:
            record[column] = None
        elif value and kind is not None and field in _FIELDS - kind.fields:
            yield wrong(
                n, column, f"{kind.name} 没有这个字段，请留空", f"A {kind.name} has no such field: leave it empty."
            )
        elif value and column:
            _put(record, column, value)
    yield n, record


def _put(record: dict[str, Json], column: str, value: str) -> None:
    name, dot, part = column.partition(".")
    if not dot:
        record[name] = _value(name, value)
        return
    inner = record.setdefault(name, {})
    if isinstance(inner, dict):
        inner[part] = value


def _value(name: str, value: str) -> Json:
    if name in LISTS:
        return [part.strip() for part in value.replace("|", ";").split(";") if part.strip()]
    return _READERS[name](value) if name in _READERS else value


def _switch(value: str) -> Json:
    return SWITCHES.get(value.lower(), value)


def _object(value: str) -> Json:
    try:
        return loads(value)
    except RuleError:
        return value


_READERS: Mapping[str, Callable[[str], Json]] = {"active": _switch, "is_test": _switch, "hours": _object}
