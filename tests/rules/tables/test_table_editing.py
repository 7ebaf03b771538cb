"""Edits of a ruleset: what each command makes of a document, and what it refuses with which place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import TypeAdapter

from rules.documents.commands import CommandError
from rules.tables.commands import TableCommand
from rules.tables.editing import apply
from rules.types import Json
from tests.rules.tables.tableworld import row, ruleset

COMMANDS: TypeAdapter[Any] = TypeAdapter(TableCommand)


def document(**more: Json) -> dict[str, Json]:
    """Two inputs, three rows, and tests that name two of them."""
    return ruleset(
        row("a", "gold", None),
        row("b", ["silver", "black"], {"from": 3}, note="kept"),
        row("c", None, None, valid={"from": "2026-01-01"}),
        inputs=("member.tier", "member.orders"),
        tests=[
            {"name": "one", "given": {}, "then": {"row": "b", "out": "b"}},
            {"name": "two", "then": {"rows": ["a"]}},
        ],
        otherwise={"out": "none"},
        total={"of": "out", "is": 1},
        agree=[{"id": "p", "vary": "member.tier", "among": ["gold", "black"], "same": ["out"]}],
        **more,
    )


def edited(draft: dict[str, Json], /, **command: Any) -> dict[str, Any]:
    before = json.dumps(draft)
    try:
        return apply(draft, COMMANDS.validate_python(command))
    finally:
        assert json.dumps(draft) == before, "a command makes a document of its own"


def ids(given: dict[str, Any]) -> list[str]:
    return [each["id"] for each in given["rows"]]


@pytest.mark.parametrize(("command", "expected"), [
    ({"command": "insert_row"}, ["a", "b", "c", "r1"]),
    ({"command": "insert_row", "index": 1, "row": {"id": "x"}}, ["a", "x", "b", "c"]),
    ({"command": "duplicate_row", "row": "b"}, ["a", "b", "b-2", "c"]),
    ({"command": "duplicate_row", "row": ["c", "a"]}, ["a", "b", "c", "a-2", "c-2"]),
    ({"command": "move_row", "row": "c", "to": 0}, ["c", "a", "b"]),
    ({"command": "move_row", "row": ["a", "b"], "to": 1}, ["c", "a", "b"]),
    ({"command": "move_row", "row": 0, "to": 2}, ["b", "c", "a"]),
    ({"command": "delete_row", "row": ["c", 0]}, ["b"]),
    ({"command": "replace_row", "row": "b", "rows": [{"when": ["silver", None]}, {"when": ["black", None]}]},
     ["a", "b", "b-2", "c"]),
    ({"command": "set_rows", "rows": [row("z", None, None)]}, ["z"]),
    ({"command": "paste", "column": "member.tier", "cells": [["gold"], ["black"]]}, ["a", "b", "c", "r1", "r2"]),
])  # fmt: skip
def test_rows_come_go_and_move_under_ids_that_stay(command: dict[str, Any], expected: list[str]) -> None:
    assert ids(edited(document(), **command)) == expected


@pytest.mark.parametrize(("column", "value", "part", "expected"), [
    ("when:member.tier", ["gold", "silver"], "when", [["gold", "silver"], {"from": 3}]),
    ("member.orders", None, "when", [["silver", "black"], None]),
    ("out", "new", "then", {"out": "new"}),
    ("then:out", None, "then", {"out": None}),
    ("and", {"var": "member.friend"}, "and", {"var": "member.friend"}),
    ("valid:from", "2026-11-01", "valid", {"from": "2026-11-01"}),
    ("valid", {"from": "2026-11-01", "to": None}, "valid", {"from": "2026-11-01"}),
    ("note", {"zh": "甲", "en": "A"}, "note", {"zh": "甲", "en": "A"}),
])  # fmt: skip
def test_a_cell_says_what_it_is_told(column: str, value: Json, part: str, expected: Json) -> None:
    changed = edited(document(), command="set_cell", row="b", column=column, value=value)
    assert changed["rows"][1][part] == expected
    assert [changed["rows"][i] for i in (0, 2)] == [document()["rows"][i] for i in (0, 2)]  # type: ignore[index,call-overload]  # Json


@pytest.mark.parametrize(("name", "column", "part"), [
    ("b", "note", "note"), ("c", "valid", "valid"), ("c", "valid:from", "valid"), ("a", "and", "and"),
])  # fmt: skip
def test_what_is_emptied_is_not_there(name: str, column: str, part: str) -> None:
    changed = edited(document(), command="set_cell", row=name, column=column)
    assert part not in changed["rows"][ids(changed).index(name)]
    emptied = edited(document(), command="set_cell", row=name, column="out")
    assert emptied["rows"][ids(emptied).index(name)]["then"] == {}


def test_a_row_takes_its_new_id_to_the_tests() -> None:
    changed = edited(document(), command="set_cell", row="b", column="id", value="silver")
    assert [test["then"] for test in changed["tests"]] == [{"row": "silver", "out": "b"}, {"rows": ["a"]}]
    assert ids(changed) == ["a", "silver", "c"]


def test_fresh_ids_are_none_that_a_test_still_names() -> None:
    tested = {**document(), "rows": [row("r2", None, None)], "tests": [{"name": "t", "then": {"rows": ["r7"]}}]}
    assert ids(edited(tested, command="insert_row")) == ["r2", "r8"]


def test_a_block_of_texts_is_read_as_files_are() -> None:
    cells = [["gold, black", ">= 5", "", "2026-01-01", "", "VIP", "hello"], ["not gold"]]
    given = document(fields={"member.orders": {"type": "integer"}})
    changed = edited(given, command="paste", row="b", column="when:member.tier", cells=cells)
    assert changed["rows"][1] == {
        "id": "b", "when": [["gold", "black"], {"from": 5}], "valid": {"from": "2026-01-01"}, "then": {"out": "VIP"},
        "note": "hello",
    }  # fmt: skip
    assert changed["rows"][2]["when"] == [{"not": "gold"}, None]
    digits = {"command": "paste", "row": "a", "column": "member.tier", "cells": [["1001"]]}
    assert edited(document(), **digits)["rows"][0]["when"][0] == 1001
    assert edited(document(), **digits, types={"member.tier": "text"})["rows"][0]["when"][0] == "1001"


def test_columns_take_their_cells_along() -> None:
    added = edited(document(), command="add_input", field="member.tags", index=1)
    assert [each["when"] for each in added["rows"]] == [["gold", None, None], [["silver", "black"], None, {"from": 3}],
                                                        [None, None, None]]  # fmt: skip
    assert edited(added, command="remove_input", input="member.tags") == document()
    moved = edited(document(), command="move_input", input="member.orders", to=0)
    assert [each["field"] for each in moved["inputs"]] == ["member.orders", "member.tier"]
    assert moved["rows"][1]["when"] == [{"from": 3}, ["silver", "black"]]


def test_outputs_take_what_is_given_along() -> None:
    output = {"key": "bp", "type": "share"}
    added = edited(document(), command="add_output", output=output, index=0, given=100)
    assert [each["then"]["bp"] for each in added["rows"]] == [100] * 3
    assert added["otherwise"] == {"bp": 100, "out": "none"}
    assert edited(added, command="remove_output", output="bp") == document()
    assert edited(added, command="move_output", output="bp", to=1)["outputs"][1] == output
    renamed = edited(document(), command="rename_output", output="out", to="zone")
    assert [each["then"] for each in renamed["rows"]] == [{"zone": "a"}, {"zone": "b"}, {"zone": "c"}]
    assert renamed["tests"][0]["then"] == {"row": "b", "zone": "b"}
    assert (renamed["total"]["of"], renamed["agree"][0]["same"], renamed["otherwise"]) == (
        "zone", ["zone"], {"zone": "none"},
    )  # fmt: skip


def test_terms_are_set_and_taken_away() -> None:
    assert edited(document(), command="set_term", term="hit", value="first")["hit"] == "first"
    assert "otherwise" not in edited(document(), command="set_term", term="otherwise")


def test_a_test_is_added_under_a_name_of_its_own() -> None:
    named = edited(document(), command="add_test", test={"name": "one", "given": {}, "then": {}})
    again = edited(named, command="add_test", test={"name": "one", "given": {}, "then": {}})
    assert [each["name"] for each in again["tests"]] == ["one", "two", "one 2", "one 3"]


REFUSED: list[tuple[dict[str, Json], dict[str, Any], str, str]] = [
    ({}, {"command": "set_cell", "row": "z", "column": "note"}, "/rows", "no row z"),
    ({}, {"command": "delete_row", "row": 3}, "/rows", "no row 4"),
    ({}, {"command": "set_cell", "row": "a", "column": "nothing"}, "/column", "no column nothing"),
    ({}, {"command": "set_cell", "row": "a", "column": "id", "value": "b"}, "/value", "Another row has the id b"),
    ({}, {"command": "set_cell", "row": "a", "column": "id"}, "/value", "an id of its own"),
    ({}, {"command": "set_cell", "row": "a", "column": "valid:to", "value": 5}, "/value", "a date"),
    ({}, {"command": "set_cell", "row": "a", "column": "valid", "value": {"on": "x"}}, "/rows/0/valid", "a date"),
    ({}, {"command": "insert_row", "index": 4}, "/index", "3 other rows"),
    ({}, {"command": "insert_row", "row": {"id": "a"}}, "/row/id", "Another row"),
    ({}, {"command": "insert_row", "row": {"when": [1, 2, 3]}}, "/row/when", "2 at most"),
    ({}, {"command": "move_row", "row": "a", "to": 3}, "/to", "2 other rows"),
    ({}, {"command": "paste", "row": "b", "column": "member.orders", "cells": [["1"], ["> 5"]],
          "types": {"member.orders": "integer"}}, "/rows/2", "Row 3, column when:member.orders: The cell"),
    ({}, {"command": "paste", "row": "b", "column": "id", "cells": [["x"], ["a"]]}, "/value", "Row 3, column id"),
    ({}, {"command": "paste", "row": "a", "column": "out", "cells": [["1", "2", "3"]]}, "/cells", "3 columns"),
    ({}, {"command": "add_input", "field": "member.tier"}, "/field", "a column already"),
    ({}, {"command": "remove_input", "input": 2}, "/field", "no input 2"),
    ({}, {"command": "add_output", "output": {"key": "out"}}, "/output/key", "already"),
    ({}, {"command": "add_output", "output": {"key": "a b"}}, "/output/key", "cannot be a name"),
    ({}, {"command": "rename_output", "output": "gone", "to": "x"}, "/key", "no output gone"),
    ({"rows": "none"}, {"command": "insert_row"}, "/rows", "no list"),
    ({"rows": [5]}, {"command": "set_cell", "row": 0, "column": "note"}, "/rows/0", "Row 1 is no object"),
    ({"rows": [{"when": 5}]}, {"command": "set_cell", "row": 0, "column": "member.tier"}, "/rows/0/when", "no list"),
    ({"rows": [{"then": 5}]}, {"command": "set_cell", "row": 0, "column": "out"}, "/rows/0/then", "no object"),
    ({"rows": [row("a"), row("a")]}, {"command": "delete_row", "row": "a"}, "/rows", "Several rows"),
    ({"inputs": 5}, {"command": "set_cell", "row": "a", "column": "note"}, "/inputs", "no columns"),
    ({"inputs": 5}, {"command": "add_input", "field": "member.tags"}, "/inputs", "no list"),
    ({"tests": 5}, {"command": "add_test", "test": {}}, "/tests", "no list"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "command", "pointer", "said"), REFUSED)
def test_what_cannot_be_done_is_refused_with_its_place(
    changes: dict[str, Json], command: dict[str, Any], pointer: str, said: str
) -> None:
    with pytest.raises(CommandError) as refused:
        edited({**document(), **changes}, **command)
    assert (refused.value.pointer, said in refused.value.en) == (pointer, True), refused.value.en
    assert refused.value.zh


def test_what_is_unfinished_is_edited_all_the_same() -> None:
    bare: dict[str, Json] = {"inputs": [{"field": "member.tier"}], "outputs": []}
    begun = edited(bare, command="insert_row")
    assert begun["rows"] == [{"id": "r1", "when": [None], "then": {}}]
    short: dict[str, Json] = {**bare, "rows": [{}, "odd"]}
    assert edited(short, command="set_cell", row=0, column="member.tier", value="gold")["rows"] == [
        {"when": ["gold"]}, "odd",
    ]  # fmt: skip
    assert edited(short, command="delete_row", row=1)["rows"] == [{}]
