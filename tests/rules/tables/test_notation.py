"""How cells are written in spreadsheets: short, and read back as exactly what they were."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.tables.notation import read_cell, write_cell
from rules.tables.scalars import (
    Manner,
    NotationError,
    manner_of,
    read_note,
    read_value,
    write_note,
    write_value,
)
from rules.types import Json

WRITTEN: list[tuple[Json, Manner, str]] = [
    (None, "word", ""),
    ("gold", "word", "gold"),
    ("in progress", "word", "in progress"),
    ("1001", "word", "1001"),
    ("1001", "any", '"1001"'),
    (1001, "any", "1001"),
    (1001, "word", "json:1001"),
    (5000, "number", "5000"),
    (-5, "number", "-5"),
    ("5000", "number", '"5000"'),
    (True, "truth", "true"),
    (True, "word", "json:true"),
    ("true", "word", "true"),
    ("true", "any", '"true"'),
    (1.5, "number", "json:1.5"),
    (["gold", "black"], "word", "gold, black"),
    (["gold"], "word", "gold,"),
    ([], "word", "json:[]"),
    (["a, b", "c"], "word", '"a, b", c'),
    (["甲,乙"], "word", '"甲,乙",'),
    ([1, {"from": 5, "to": 9}, 20], "number", "1, 5 .. 9, 20"),
    ({"from": 5000}, "number", ">= 5000"),
    ({"to": 9000}, "number", "< 9000"),
    ({"to": 9000, "to_included": True}, "number", "<= 9000"),
    ({"from": 5000, "to": 9000}, "number", "5000 .. 9000"),
    ({"from": -5, "to": 5, "to_included": True}, "number", "-5 ..= 5"),
    ({"from": "2026-11-01", "to": "2026-11-13"}, "word", "2026-11-01 .. 2026-11-13"),
    ({"from": "a..b", "to": "c"}, "word", '"a..b" .. c'),
    ({"from": 5000, "to_included": True}, "number", '{"from": 5000, "to_included": true}'),
    ({"from": 5, "to": 9, "to_included": False}, "number", '{"from": 5, "to": 9, "to_included": false}'),
    ({"not": "gold"}, "word", "not gold"),
    ({"not": ["gold", "black"]}, "word", "not gold, black"),
    ({"not": {"to": 5}}, "number", "not < 5"),
    ({"not": None}, "word", '{"not": null}'),
    ({"within_last": [{"var": ""}, "P90D"]}, "word", '{"within_last": [{"var": ""}, "P90D"]}'),
    ("", "word", '""'),
    (" gold", "word", '" gold"'),
    ("not", "word", '"not"'),
    ("not gold", "word", '"not gold"'),
    ("=1+2", "word", "=1+2"),
    ("<b>", "word", '"<b>"'),
    ("json:1", "word", '"json:1"'),
    ("a\nb", "word", r'"a\nb"'),
    ("a\u0007b", "word", r'"a\u0007b"'),
    ("a_x000D_b", "word", r'"a\u005fx000D_b"'),
]


@pytest.mark.parametrize(("cell", "manner", "text"), WRITTEN)
def test_a_cell_is_written_so_and_read_back(cell: Json, manner: Manner, text: str) -> None:
    assert write_cell(cell, manner) == text
    assert json.dumps(read_cell(text, manner)) == json.dumps(cell)


@pytest.mark.parametrize(
    ("text", "manner", "cell"),
    [
        ("  gold ,black ", "word", ["gold", "black"]),
        ("gold\uff0cblack", "word", ["gold", "black"]),
        (">=5000", "number", {"from": 5000}),
        ("5000..9000", "number", {"from": 5000, "to": 9000}),
        ("5000 ..=9000", "number", {"from": 5000, "to": 9000, "to_included": True}),
        ("TRUE", "truth", True),
        ('"gold"', "word", "gold"),
        ('["gold"]', "word", ["gold"]),
        ('"a" .. "b"', "word", {"from": "a", "to": "b"}),
        ("not  gold", "word", {"not": "gold"}),
    ],
)
def test_people_may_write_it_otherwise(text: str, manner: Manner, cell: Json) -> None:
    assert read_cell(text, manner) == cell


@pytest.mark.parametrize(
    ("text", "manner"),
    [
        ("not ", "word"), ("gold,,black", "word"), (",", "word"), ("> 5", "number"), ("five", "number"),
        ("5.5", "number"), ("yes", "truth"), ('"gold', "word"), ('5" pipe', "word"), ('"a" b', "word"),
        ('"a" b .. c', "word"), (".. 5", "number"), ("5 ..", "number"), ("{", "word"), ('{"a": 1, "a": 2}', "word"),
        ("json:NaN", "word"), ("json:", "word"), ("not not", "word"), ("<", "number"), ("007", "number"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_in_both_languages(text: str, manner: Manner) -> None:
    with pytest.raises(NotationError) as raised:
        read_cell(text, manner)
    assert all(raised.value.message.values())


@pytest.mark.parametrize(
    ("value", "manner", "text"),
    [
        ("FULL", "word", "FULL"),
        ("a, b", "word", "a, b"),
        ("null", "word", '"null"'),
        (None, "word", "null"),
        (2500, "number", "2500"),
        ({"var": "member.owner"}, "word", '{"var": "member.owner"}'),
        (["x"], "word", 'json:["x"]'),
        (False, "truth", "false"),
    ],
)
def test_a_value_is_written_so_and_read_back(value: Json, manner: Manner, text: str) -> None:
    assert write_value(value, manner) == text
    assert read_value(text, manner) == value


texts = st.text(max_size=12) | st.sampled_from(
    ["_x0041_", "x005F_", "a_x005F_", "not", "null", "5 .. 6", "=A1", "'x", "gold,"]
)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["from", "to", "to_included", "not", "var"]) | texts, inner, max_size=3)
    ),
    max_leaves=8,
)
manners = st.sampled_from(["word", "number", "truth", "any"])


def exactly(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


@given(anything, manners)
def test_every_cell_is_read_back_as_it_was(cell: Json, manner: Manner) -> None:
    assert exactly(read_cell(write_cell(cell, manner), manner)) == exactly(cell)


@given(anything, manners)
def test_every_value_and_note_is_read_back_as_it_was(value: Json, manner: Manner) -> None:
    assert exactly(read_value(write_value(value, manner), manner)) == exactly(value)
    assert exactly(read_note(write_note(value))) == exactly(value)


@given(st.text(max_size=30), manners)
def test_any_text_is_read_or_refused(text: str, manner: Manner) -> None:
    try:
        cell = read_cell(text, manner)
    except NotationError:
        return
    assert exactly(read_cell(write_cell(cell, manner), manner)) == exactly(cell)


def test_values_of_each_type_are_written_in_a_manner() -> None:
    told = {name: manner_of(name) for name in ("enum", "ref:store", "share", "boolean", "date", "list", None)}
    assert list(told.values()) == ["word", "word", "number", "truth", "word", "any", "any"]
