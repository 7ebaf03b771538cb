"""Commands carried out on a ruleset as JSON: from one document to another, and never in between.

Documents may be unfinished in any way: what a command does not concern stays to the letter, and what it cannot do is
refused with the place. `rules.tables.commands` says what each command means.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rules.tables import editing_messages as messages
from rules.tables.cell_editing import paste, set_cell
from rules.tables.column_editing import apply_to_inputs, apply_to_outputs
from rules.tables.commands import (
    AddInput,
    AddOutput,
    AddTest,
    DeleteRow,
    DuplicateRow,
    InsertRow,
    MoveInput,
    MoveOutput,
    MoveRow,
    Paste,
    RemoveInput,
    RemoveOutput,
    RenameOutput,
    ReplaceRow,
    RowCommand,
    SetCell,
    SetRows,
    SetTerm,
    TableCommand,
)
from rules.tables.places import fresh_id, id_like, number_of, numbers_of, refuse, row_at, rows_of, with_rows
from rules.types import Json

Document = Mapping[str, Json]


def apply(document: Document, command: TableCommand) -> dict[str, Json]:
    """The document after the command. Raises CommandError, and then nothing has changed."""
    match command:
        case SetCell():
            return set_cell(document, command)
        case Paste():
            return paste(document, command)
        case SetTerm():
            return set_term(document, command)
        case AddTest():
            return add_test(document, command)
        case AddInput() | RemoveInput() | MoveInput():
            return apply_to_inputs(document, command)
        case AddOutput() | RemoveOutput() | MoveOutput() | RenameOutput():
            return apply_to_outputs(document, command)
        case _:
            return apply_to_rows(document, command)


def apply_to_rows(document: Document, command: RowCommand) -> dict[str, Json]:
    """The document with other rows. Raises CommandError."""
    match command:
        case InsertRow():
            return insert_row(document, command)
        case DuplicateRow():
            return duplicate_row(document, command)
        case MoveRow():
            return move_row(document, command)
        case DeleteRow():
            return delete_row(document, command)
        case ReplaceRow():
            return replace_row(document, command)
        case SetRows():
            return with_rows(document, list(command.rows))


def insert_row(document: Document, command: InsertRow) -> dict[str, Json]:
    """With a new row."""
    rows = rows_of(document)
    index = len(rows) if command.index is None else command.index
    if index > len(rows):
        refuse("/index", messages.no_target(len(rows)))
    return with_rows(document, [*rows[:index], _new_row(document, rows, command.row), *rows[index:]])


def duplicate_row(document: Document, command: DuplicateRow) -> dict[str, Json]:
    """With copies of rows below the last of them."""
    rows = rows_of(document)
    chosen = numbers_of(rows, command.row)
    copies: list[Json] = []
    for number in chosen:
        row, known = row_at(rows, number), [*rows, *copies]
        copies.append({**row, "id": id_like(row.get("id"), known) or fresh_id(document, known)})
    after = chosen[-1] + 1
    return with_rows(document, [*rows[:after], *copies, *rows[after:]])


def move_row(document: Document, command: MoveRow) -> dict[str, Json]:
    """With rows in another place."""
    rows = rows_of(document)
    chosen = numbers_of(rows, command.row)
    rest = _without(rows, chosen)
    if command.to > len(rest):
        refuse("/to", messages.no_target(len(rest)))
    return with_rows(document, [*rest[: command.to], *(rows[i] for i in chosen), *rest[command.to :]])


def delete_row(document: Document, command: DeleteRow) -> dict[str, Json]:
    """Without rows."""
    rows = rows_of(document)
    return with_rows(document, _without(rows, numbers_of(rows, command.row)))


def replace_row(document: Document, command: ReplaceRow) -> dict[str, Json]:
    """With several rows in the place of one."""
    rows = rows_of(document)
    number = number_of(rows, command.row)
    row = row_at(rows, number)
    made: list[Json] = [{**row, **command.rows[0], "id": row.get("id")}]
    for parts in command.rows[1:]:
        known = [*rows, *made]
        made.append({**row, **parts, "id": id_like(row.get("id"), known) or fresh_id(document, known)})
    return with_rows(document, [*rows[:number], *made, *rows[number + 1 :]])


def set_term(document: Document, command: SetTerm) -> dict[str, Json]:
    """With another term; without it where it is null."""
    if command.value is None:
        return {key: value for key, value in document.items() if key != command.term}
    return {**document, command.term: command.value}


def add_test(document: Document, command: AddTest) -> dict[str, Json]:
    """With one more test."""
    tests = document.get("tests")
    if tests is not None and not isinstance(tests, list):
        refuse("/tests", messages.NO_TESTS)
    known = list(tests or [])
    taken = {each.get("name") for each in known if isinstance(each, dict) if isinstance(each.get("name"), str)}
    name, number = command.test.get("name"), 2
    while isinstance(name, str) and name in taken:
        name, number = f"{command.test['name']} {number}", number + 1
    return {**document, "tests": [*known, {**command.test, **({"name": name} if name else {})}]}


def _new_row(document: Document, rows: Sequence[Json], given: Mapping[str, Json]) -> dict[str, Json]:
    """A row with an id of its own and a cell for each input; its parts in the order of people."""
    inputs = document.get("inputs")
    width = len(inputs) if isinstance(inputs, list) else 0
    when = given.get("when")
    cells: Json = when if when is not None else []
    if isinstance(cells, list):
        if len(cells) > width:
            refuse("/row/when", messages.too_wide(width))
        cells = [*cells, *[None] * (width - len(cells))]
    name = given.get("id")
    if isinstance(name, str) and any(isinstance(row, dict) and row.get("id") == name for row in rows):
        refuse("/row/id", messages.doubled_id(name))
    return {"id": fresh_id(document, rows) if name is None else name, "when": cells, "then": {}, **_rest(given)}


def _rest(given: Mapping[str, Json]) -> dict[str, Json]:
    return {key: value for key, value in given.items() if key not in {"id", "when"}}


def _without(rows: Sequence[Json], chosen: Sequence[int]) -> list[Json]:
    gone = set(chosen)
    return [row for i, row in enumerate(rows) if i not in gone]
