"""What an author may do about a cell that cannot be read, an id given twice, or a test that fails."""

from __future__ import annotations

from collections.abc import Mapping

from rules.documents.commands import CommandError, Mend
from rules.tables.places import columns, fresh_id, rows_of
from rules.tables.table import Table
from rules.tables.trials import run_tests
from rules.types import Json

_CELLS = {"and": "and", "valid": "valid", "note": "note"}


def mends_of_problem(document: Mapping[str, Json], code: str, pointer: str) -> list[Mend]:
    """Ways to do away with what breaks the format at a place; none for what only people can know."""
    match pointer.split("/")[1:]:
        case ["rows", number, "id"] if number.isdecimal():
            return _with_fresh_id(document, int(number))
        case ["rows", number, "when", cell, *_] if number.isdecimal() and cell.isdecimal():
            name = _input_name(document, int(cell))
            return [_emptied(int(number), name)] if name else []
        case ["rows", number, part, *_] if number.isdecimal() and part in _CELLS:
            return [_emptied(int(number), _CELLS[part])]
        case ["inputs", number, *_] if number.isdecimal() and code == "unknown-field":
            return [Mend(NO_INPUT, ({"command": "remove_input", "input": int(number)},))]
        case ["rows", number] if number.isdecimal():
            return [Mend(NO_ROW, ({"command": "delete_row", "row": int(number)},))]
        case _:
            return []


def mends_of_test(table: Table, pointer: str) -> list[Mend]:
    """The test states what comes out now."""
    number = pointer.rpartition("/")[2]
    tests = table.document.tests
    if not number.isdecimal() or int(number) >= len(tests):
        return []
    result = run_tests(table).tests[int(number)]
    then = {**tests[int(number)].then, **{each.field: each.actual for each in result.differences}}
    return [Mend(AS_IT_IS, ({"command": "set", "pointer": f"{pointer}/then", "value": then},))]


def _with_fresh_id(document: Mapping[str, Json], number: int) -> list[Mend]:
    try:
        name = fresh_id(document, rows_of(document))
    except CommandError:
        return []
    title = {"zh": f"编号改为 {name}", "en": f"Make its id {name}"}
    return [Mend(title, ({"command": "set_cell", "row": number, "column": "id", "value": name},))]


def _emptied(number: int, column: str) -> Mend:
    return Mend(EMPTIED, ({"command": "set_cell", "row": number, "column": column},))


def _input_name(document: Mapping[str, Json], index: int) -> str | None:
    """How commands name an input."""
    try:
        whens = [column.name for column in columns(document) if column.part == "when"]
    except CommandError:
        return None
    return whens[index] if index < len(whens) else None


EMPTIED = {"zh": "清空这一格", "en": "Empty this cell"}
NO_INPUT = {"zh": "删除这一列", "en": "Remove this column"}
NO_ROW = {"zh": "删除这一行", "en": "Delete this row"}
AS_IT_IS = {"zh": "让测试以现在的结果为准", "en": "Let the test state what comes out now"}
