"""Laws of edits: whatever the document and the command, nothing is lost that was not meant."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from rules.documents.commands import CommandError
from rules.tables.commands import TableCommand
from rules.tables.compile import examine
from rules.tables.editing import apply
from rules.tables.sheet import SheetError, normal, write_rows
from tests.law import law
from tests.rules.tables.tableworld import FIELDS, ruleset

COMMANDS: TypeAdapter[Any] = TypeAdapter(TableCommand)
INPUTS = ("member.tier", "member.orders", "member.weight")

scalars: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "a", "out", "r1"])
)
anything: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "when", "then", "field", "key", "name", "row"]), inner, max_size=4)
    ),
    max_leaves=12,
)
cells: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.sampled_from(["gold", "silver", "1.5", {"not": "gold"}, {"from": 3, "to": 9}, {"to": 4, "to_included": True}]),
    st.lists(st.sampled_from(["gold", "a, b", " x", "not y"]), max_size=3),
    st.just({"is_set": ""}),
)
valid: st.SearchStrategy[Any] = st.sampled_from(
    [{"from": "2026-01-01"}, {"to": "2026-02-01"}, {"from": "2026-01-01", "to": "2026-03-01"}]
)
thens: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {}, optional={"out": st.sampled_from(["a", "x, y", None, {"var": "member.tier"}])}
)
notes: st.SearchStrategy[Any] = st.sampled_from(["n", {"zh": "甲", "en": "A"}])
rows: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {"when": st.lists(cells, min_size=3, max_size=3), "then": thens},
    optional={"and": st.just({"var": "member.friend"}), "valid": valid, "note": notes},
)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """A ruleset whose rows have all the parts that rows may have."""
    drawn = draw(st.lists(rows, max_size=6))
    return ruleset(*({"id": f"r{i}", **each} for i, each in enumerate(drawn)), inputs=INPUTS)


@st.composite
def commands(draw: st.DrawFn) -> Any:
    """Any command, most of them about what is there."""
    row = st.integers(0, 7) | st.sampled_from(["r0", "r1", "r2", "gone"])
    several = row | st.lists(row, min_size=1, max_size=3)
    place = st.integers(0, 7)
    column = st.sampled_from(
        ["id", "when:member.tier", "member.orders", "and", "valid:from", "valid", "out", "note", "no"]
    )
    texts = st.sampled_from(["", "gold", "gold, silver", ">= 3", "not a", "{", '"x', "json:[]"])
    parts: dict[str, dict[str, st.SearchStrategy[Any]]] = {
        "insert_row": {
            "index": place | st.none(), "row": st.dictionaries(st.sampled_from(["id", "note", "when"]), anything)
        },
        "duplicate_row": {"row": several}, "move_row": {"row": several, "to": place}, "delete_row": {"row": several},
        "replace_row": {"row": row, "rows": st.lists(rows, min_size=1, max_size=3)},
        "set_rows": {"rows": st.lists(anything, max_size=3)},
        "set_cell": {"row": row, "column": column, "value": anything},
        "paste": {
            "row": row | st.none(), "column": column,
            "cells": st.lists(st.lists(texts, max_size=3), min_size=1, max_size=3),
        },
        "add_input": {"field": st.sampled_from(["member.tags", "member.tier"]), "index": place},
        "remove_input": {"input": place | st.just("member.tier")},
        "move_input": {"input": place, "to": place},
        "add_output": {"output": st.fixed_dictionaries({"key": scalars}), "given": anything},
        "remove_output": {"output": place | st.just("out")}, "move_output": {"output": place, "to": place},
        "rename_output": {"output": place | st.just("out"), "to": st.sampled_from(["zone", "out", "a b"])},
        "set_term": {"term": st.sampled_from(["hit", "otherwise", "complete"]), "value": anything},
        "add_test": {"test": st.dictionaries(st.sampled_from(["name", "then"]), anything)},
    }  # fmt: skip
    name = draw(st.sampled_from(sorted(parts)))
    return COMMANDS.validate_python({"command": name, **draw(st.fixed_dictionaries(parts[name]))})


def done(document: dict[str, Any], command: Any) -> dict[str, Any]:
    try:
        changed = apply(document, command)
    except CommandError as error:
        said = (error.zh, error.en, error.pointer.startswith("/"))
    else:
        return changed
    assert all(said)
    return document


@law(150)
@given(
    st.dictionaries(st.sampled_from(["rows", "inputs", "outputs", "tests", "otherwise", "agree", "total"]), anything),
    commands(),
)
def test_no_document_is_too_broken_for_an_answer(document: dict[str, Any], command: Any) -> None:
    before = json.dumps(document)
    json.dumps(done(document, command))
    assert json.dumps(document) == before


@law(150)
@given(documents(), st.lists(commands(), max_size=8))
def test_ids_that_differ_go_on_to_differ(document: dict[str, Any], several: list[Any]) -> None:
    for command in several:
        if command.command != "set_rows":
            document = done(document, command)
            names = [row["id"] for row in document["rows"] if isinstance(row["id"], str)]
            assert len(set(names)) == len(names)


@law(100)
@given(documents(), st.integers(0, 6), st.integers(0, 6))
def test_what_comes_can_go_again(document: dict[str, Any], index: int, to: int) -> None:
    count = len(document["rows"])
    came = apply(document, COMMANDS.validate_python({"command": "insert_row", "index": min(index, count)}))
    [name] = {row["id"] for row in came["rows"]} - {row["id"] for row in document["rows"]}
    moved = apply(came, COMMANDS.validate_python({"command": "move_row", "row": name, "to": min(to, count)}))
    assert apply(moved, COMMANDS.validate_python({"command": "delete_row", "row": name})) == document
    wide = apply(document, COMMANDS.validate_python({"command": "add_input", "field": "x.y", "index": min(index, 3)}))
    assert apply(wide, COMMANDS.validate_python({"command": "remove_input", "input": "x.y"})) == document


@law(100)
@given(documents())
def test_a_table_pasted_over_itself_stays_what_it_is(document: dict[str, Any]) -> None:
    types = {path: FIELDS[path].type for path in INPUTS}
    try:
        _, texts = write_rows(document, types.get)
    except SheetError:
        return
    if not texts:
        return
    given = {"command": "paste", "row": 0, "column": "id", "cells": texts, "types": types}
    again = apply(document, COMMANDS.validate_python(given))
    assert [normal(row) for row in again["rows"]] == [normal(row) for row in document["rows"]]
    fresh = apply({**document, "rows": []}, COMMANDS.validate_python({**given, "row": None}))
    assert [normal(row) for row in fresh["rows"]] == [normal(row) for row in document["rows"]]


@law(60)
@given(documents(), st.lists(commands(), max_size=5))
def test_rows_keep_a_cell_for_each_input(document: dict[str, Any], several: list[Any]) -> None:
    for command in several:
        if command.command not in {"set_rows", "insert_row", "replace_row"}:
            document = done(document, command)
    assert all(len(row["when"]) == len(document["inputs"]) for row in document["rows"])
    examine(document, FIELDS)
