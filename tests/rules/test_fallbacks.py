"""Texts with fallbacks: what a person writes and what a document holds say exactly the same, both ways."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.fallbacks import FallbackError, from_text, to_text
from rules.types import Declaration, Json
from rules.values import compile_value
from rules.zones import HOME
from tests.rules.ruleworld import NOW

NICKNAME: Json = {"var": "member.nickname"}
NAMED: Json = {"default": [NICKNAME, "顾客"]}

SAME: list[tuple[str, Json]] = [
    ("{{member.nickname|顾客}}", {"$": NAMED}),
    ("您好,{{member.nickname|顾客}}!", {"$": {"cat": ["您好,", NAMED, "!"]}}),
    ("{{store.title}}:{{member.nickname|顾客}}", {"$": {"cat": [{"var": "store.title"}, ":", NAMED]}}),
    ("{{member.nickname|}}你好", {"$": {"cat": [{"default": [NICKNAME, ""]}, "你好"]}}),
    ("{{member.nickname|a | b}}", {"$": {"default": [NICKNAME, "a | b"]}}),
    ("{ {{member.nickname|顾客}} }\n", {"$": {"cat": ["{ ", NAMED, " }\n"]}}),
]


@pytest.mark.parametrize(("text", "value"), SAME)
def test_a_text_with_a_fallback_is_an_expression_and_back(text: str, value: Json) -> None:
    assert from_text(text) == value
    assert to_text(value) == text


@pytest.mark.parametrize("text", ["", "hello", "{{member.nickname}}, hello", "a|b", "{{a", "a}}|{{b}}", "{{no path}}"])
def test_a_text_without_a_fallback_stays_a_text(text: str) -> None:
    assert from_text(text) == text


@pytest.mark.parametrize("text", ["{{a b|c}}", "{{|c}}", "{{{a|b}}", "{{a|b}} {{c d}}", "{{a|b}} {{open"])
def test_what_names_no_field_is_refused(text: str) -> None:
    with pytest.raises(FallbackError):
        from_text(text)


@pytest.mark.parametrize(
    "value",
    [
        {"$": NICKNAME},
        {"$": {"cat": ["no", "fallback"]}},
        {"$": {"cat": ["two ", "in a row", NAMED]}},
        {"$": {"cat": [NAMED]}},
        {"$": {"cat": ["", NAMED]}},
        {"$": {"default": [NICKNAME, 5]}},
        {"$": {"default": [NICKNAME, {"var": "member.name"}, "x"]}},
        {"$": {"cat": [{"default": [NICKNAME, "}} "]}, "x"]}},
        {"$": {"cat": ["{", NAMED]}},
        {"$": {"cat": ["{{", NAMED]}},
        {"$": {"cat": [{"default": [{"var": "a|b"}, "x"]}, "y"]}},
        {"$": {"default": [NICKNAME, "x"], "cat": []}},
        "{{member.nickname|x}}",
        None,
    ],
)
def test_what_a_text_cannot_say_exactly_stays_as_it_is(value: Json) -> None:
    assert to_text(value) is None


_TEXTS = st.text(st.sampled_from("{}|a. 顾\n"), max_size=8)
_PATHS = st.sampled_from(["member.nickname", "now", "event.a-b"]) | _TEXTS
_PIECES: st.SearchStrategy[Any] = st.one_of(
    _TEXTS,
    _PATHS.map(lambda path: {"var": path}),
    st.tuples(_PATHS, _TEXTS | st.integers()).map(lambda pair: {"default": [{"var": pair[0]}, pair[1]]}),
)


@given(
    _PIECES.map(lambda piece: {"$": piece}) | st.lists(_PIECES, max_size=4).map(lambda pieces: {"$": {"cat": pieces}})
)
def test_whatever_is_shown_as_a_text_is_read_back_the_same(value: Json) -> None:
    text = to_text(value)
    assert text is None or from_text(text) == value


@given(st.lists(_TEXTS | st.sampled_from(["{{member.nickname|顾客}}", "{{ now }}", "{{a|}}"]), max_size=4).map("".join))
def test_whatever_is_read_is_shown_so_that_it_means_the_same(text: str) -> None:
    try:
        value = from_text(text)
    except FallbackError:
        return
    shown = text if isinstance(value, str) else to_text(value)
    assert shown is not None
    assert from_text(shown) == value


@pytest.mark.parametrize(("facts", "said"), [({}, "您好,顾客!"), ({"member": {"nickname": "小林"}}, "您好,小林!")])
def test_the_fallback_stands_where_the_field_is_absent(facts: dict[str, Any], said: str) -> None:
    fields = {"member.nickname": Declaration(type="text", optional=True)}
    value = compile_value(from_text("您好,{{member.nickname|顾客}}!"), fields)
    assert value.evaluate(facts, now=NOW, zone=HOME) == said
