"""Edits of a ruleset as commands: data that says what an author did, carried out by `rules.tables.editing.apply`.

A row is named by its id, or by its number from 0 where it has none that is its own. A column is named as in the files
of its table (`rules.tables.sheet`): `id`, `when:member.tier`, `and`, `valid:from`, `valid:to`, `then:zone`, `note`; a
field or an output may also be named alone, and `valid` is both ends.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr

from rules.documents.values import JsonObject
from rules.tables.document import MAX_ROWS
from rules.types import Json

Row: TypeAlias = Annotated[StrictInt, Field(ge=0)] | StrictStr
"""A row: its id, or its number."""
Rows: TypeAlias = Row | Annotated[list[Row], Field(min_length=1, max_length=MAX_ROWS)]
Place: TypeAlias = Annotated[StrictInt, Field(ge=0)]
Which: TypeAlias = Annotated[StrictInt, Field(ge=0)] | StrictStr
"""An input by its number or its field; an output by its number or its key."""

Term: TypeAlias = Literal[
    "title",
    "note",
    "time_zone",
    "hit",
    "aggregate",
    "total",
    "complete",
    "otherwise",
    "on_unknown",
    "agree",
    "fields",
    "conditions",
]
"""What holds for a ruleset beside its rows and columns."""


class Part(BaseModel):
    """A command: nothing unknown, nothing converted."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class InsertRow(Part):
    """A new row before the one that is number `index`, at the end without; what `row` does not say is empty."""

    command: Literal["insert_row"]
    index: Place | None = None
    row: JsonObject = Field(default_factory=dict)


class DuplicateRow(Part):
    """Copies of rows, below the last of them, under ids of their own."""

    command: Literal["duplicate_row"]
    row: Rows


class MoveRow(Part):
    """Rows, together and in their order, to where `to` others are above them."""

    command: Literal["move_row"]
    row: Rows
    to: Place


class DeleteRow(Part):
    """Rows taken away."""

    command: Literal["delete_row"]
    row: Rows


class ReplaceRow(Part):
    """One row made several. The first keeps its id, the others get ids like it; what they do not say, they keep."""

    command: Literal["replace_row"]
    row: Row
    rows: list[JsonObject] = Field(min_length=1, max_length=1_000)


class SetRows(Part):
    """All rows at once, as a spreadsheet brings them."""

    command: Literal["set_rows"]
    rows: list[Json] = Field(max_length=MAX_ROWS)


class SetCell(Part):
    """One cell; without `value` it becomes empty. A row whose `id` is set keeps its name in the tests."""

    command: Literal["set_cell"]
    row: Row
    column: str = Field(max_length=300)
    value: Json = None

    @property
    def clears(self) -> bool:
        """Whether nothing is to stand in the cell: an output may be null, which is not nothing."""
        return "value" not in self.model_fields_set


class Paste(Part):
    """A block of texts, as spreadsheets write cells, from a row and column on; rows are added below as needed.

    `row` is None for new rows at the end. `types` are those of fields that the document does not declare.
    """

    command: Literal["paste"]
    row: Row | None = None
    column: str = Field(max_length=300)
    cells: list[list[str]] = Field(min_length=1, max_length=MAX_ROWS)
    types: dict[str, str] = Field(default_factory=dict)


class AddInput(Part):
    """A column for a field, before the one that is number `index`, at the end without; its cells are empty: any."""

    command: Literal["add_input"]
    field: str = Field(min_length=1, max_length=200)
    title: Json = None
    index: Place | None = None


class RemoveInput(Part):
    """A column of the inputs taken away, with its cells."""

    command: Literal["remove_input"]
    input: Which


class MoveInput(Part):
    """A column of the inputs to where `to` others are before it."""

    command: Literal["move_input"]
    input: Which
    to: Place


class AddOutput(Part):
    """A column of the outputs. With `given` all rows give this value for it."""

    command: Literal["add_output"]
    output: JsonObject
    index: Place | None = None
    given: Json = None


class RemoveOutput(Part):
    """An output taken away, with what rows and `otherwise` give for it."""

    command: Literal["remove_output"]
    output: Which


class MoveOutput(Part):
    """An output to where `to` others are before it."""

    command: Literal["move_output"]
    output: Which
    to: Place


class RenameOutput(Part):
    """Another key for an output: in rows, `otherwise`, the total, promises and tests."""

    command: Literal["rename_output"]
    output: Which
    to: str = Field(min_length=1, max_length=63)


class SetTerm(Part):
    """What holds beside the rows; null takes it away, so that the default holds."""

    command: Literal["set_term"]
    term: Term
    value: Json = None


class AddTest(Part):
    """A test at the end; a name that another test has gets a number behind it."""

    command: Literal["add_test"]
    test: JsonObject


RowCommand: TypeAlias = InsertRow | DuplicateRow | MoveRow | DeleteRow | ReplaceRow | SetRows
CellCommand: TypeAlias = SetCell | Paste
InputCommand: TypeAlias = AddInput | RemoveInput | MoveInput
OutputCommand: TypeAlias = AddOutput | RemoveOutput | MoveOutput | RenameOutput
TableCommand: TypeAlias = RowCommand | CellCommand | InputCommand | OutputCommand | SetTerm | AddTest
"""All of them; `command` tells them apart."""
