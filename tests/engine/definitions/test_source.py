"""JSON text is read whole, with the place of everything in it."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.definitions.errors import NotReadableError
from engine.definitions.source import Place, read_source

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(st.dictionaries(st.text(), VALUES), st.sampled_from([None, 1]), st.booleans())
def test_it_reads_what_json_reads(document: dict[str, object], indent: int | None, escaped: bool) -> None:
    text = json.dumps(document, indent=indent, ensure_ascii=escaped)
    source = read_source(text)
    assert source.document == document
    assert source.place("") == Place(1, 1)


@pytest.mark.parametrize(
    ("pointer", "place"),
    [
        ("", Place(1, 1)),
        ("/key", Place(2, 10)),
        ("/nodes/a~1b/ports/0", Place(5, 6)),
        ("/nodes/a~1b/ports/7", Place(4, 14)),
        ("/nodes/a~1b/timeout", Place(3, 20)),
        ("/nowhere/at/all", Place(1, 1)),
    ],
)
def test_a_place_is_a_line_and_a_column(pointer: str, place: Place) -> None:
    text = '{\n  "key": "扫码",\n  "nodes": {"a/b": {\n    "ports":\t[\n     1, 2]}}}'
    assert read_source(text).place(pointer) == place


@pytest.mark.parametrize(
    ("text", "line", "column", "what"),
    [
        ("", 1, 1, "the text ends too early"),
        ("[1]", 1, 1, "a definition is one JSON object"),
        ('{"a": 1,\n "b": 2,\n "a": 3}', 3, 2, "the key 'a' is given twice in one object"),
        ('{"a": NaN}', 1, 7, "NaN is not JSON"),
        ('{"a": -Infinity}', 1, 7, "-Infinity is not JSON"),
        ('{"a": 1}\n\nx', 3, 1, "something follows the end of the document"),
        ('{"a" 1}', 1, 6, "a colon is expected after a key"),
        ('{"a": 1 "b": 2}', 1, 9, "a comma or } is expected here"),
        ('{"a": [1 2]}', 1, 10, "a comma or ] is expected here"),
        ('{"a": 1,}', 1, 9, "a key in double quotes is expected here"),
        ("{'a': 1}", 1, 2, "a key in double quotes is expected here"),
        ('{"a": "x\ny"}', 1, 9, "invalid control character"),
        ('{"a": [1,\n  ', 2, 3, "the text ends too early"),
        ('{"a": "x', 1, 7, "unterminated string"),
        ('{"a": tru}', 1, 7, "expecting value"),
        ('\ufeff{"a": 1}', 1, 1, "byte order mark"),
        ('{"a": ' + "[" * 300 + "]" * 300 + "}", 1, 207, "nested deeper than 200 levels"),
        ('{"a": ' + "[" * 100_000, 1, 207, "nested deeper than 200 levels"),
    ],
)
def test_what_is_no_json_object_is_refused_at_its_place(text: str, line: int, column: int, what: str) -> None:
    with pytest.raises(NotReadableError, match="line") as refused:
        read_source(text)
    assert what in str(refused.value)
    assert (refused.value.line, refused.value.column) == (line, column)


def test_what_is_json_but_of_no_use_is_read_so_that_the_checks_can_speak_about_it() -> None:
    document = read_source('{"a": 1e400, "b": ' + "9" * 5000 + ', "c": "\\u0000", "d": "\\ud800"}').document
    assert document == {"a": math.inf, "b": math.inf, "c": "\0", "d": "\ud800"}


def test_two_hundred_levels_are_read_and_one_more_is_not() -> None:
    def nested(levels: int) -> str:
        return '{"a": ' + "[" * levels + "1" + "]" * levels + "}"

    assert read_source(nested(200)).place("/a" + "/0" * 200) == Place(1, 207)
    with pytest.raises(NotReadableError, match="nested deeper"):
        read_source(nested(201))
