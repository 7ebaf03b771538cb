"""What an author may choose for a field, what a choice begins with, and values as people write them."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from rules.compile import check_rule
from rules.fields import MOMENT
from rules.operators import OPERATORS
from rules.types import Declaration, Fields, Json, Type
from tests.rules.generate import FIELDS
from ui.conditions.choices import Choice, Start, begin, choice_of, choices, first_value, new_test
from ui.conditions.labels import label
from ui.conditions.reading import to_builder
from ui.conditions.shapes import (
    GROUP_OPERATORS,
    HAS_SHAPE,
    LINE_OPERATORS,
    MEASURES,
    SHAPES,
    WRAPPERS,
)
from ui.conditions.tree import Block, FieldOf, Holds, Lines, Test, same
from ui.conditions.typed import wanted
from ui.conditions.values import MistakeError, Speaking, entry, read
from ui.messages import Language, known, text

SHANGHAI = ZoneInfo("Asia/Shanghai")
START = Start(date(2026, 1, 7), SHANGHAI)
SPEAKING = Speaking("zh", SHANGHAI)
SEEN: Fields = {**FIELDS, "member.code": Declaration(type="text"), "event.product": Declaration(type="ref:product")}


@pytest.mark.parametrize("path", sorted({*SEEN, *MOMENT}))
def test_each_choice_for_a_field_begins_with_a_valid_test_that_shows_that_choice(path: str) -> None:
    found = choices(FieldOf(path), SEEN)
    assert found
    for choice in found:
        made = begin(choice, FieldOf(path), SEEN, START)
        assert check_rule(made, SEEN) == []
        node = to_builder(made)
        assert isinstance(node, Test | Lines | Holds)
        assert choice_of(node).key == choice.key


@pytest.mark.parametrize("path", sorted({*SEEN, *MOMENT}))
def test_a_new_test_is_valid_and_of_the_field(path: str) -> None:
    made = new_test(path, SEEN, START)
    assert check_rule(made, SEEN) == []
    assert f'"var": "{path}"' in str(made).replace("'", '"')


@pytest.mark.parametrize(
    ("path", "made"),
    [
        ("member.friend", {"==": [{"var": "member.friend"}, True]}),
        ("member.last_order_at", {"within_last": [{"var": "member.last_order_at"}, "P30D"]}),
        ("member.tier", {"in": [{"var": "member.tier"}, []]}),
        ("member.orders", {">=": [{"var": "member.orders"}, 0]}),
        ("member.tags", {"has_any": [{"var": "member.tags"}, []]}),
        ("event.lines", {"any_line": [{"var": "event.lines"}, True]}),
    ],
)
def test_a_new_test_begins_as_people_mean_it(path: str, made: Json) -> None:
    assert new_test(path, SEEN, START) == made


def test_values_are_kept_where_they_suit_another_operator() -> None:
    tier = FieldOf("member.tier")
    is_ = next(each for each in choices(tier, SEEN) if each.key == "is")
    assert begin(is_, tier, SEEN, START, [["silver", "black"]]) == {"==": [{"var": "member.tier"}, "silver"]}
    among = next(each for each in choices(tier, SEEN) if each.key == "in")
    assert begin(among, tier, SEEN, START, ["black"]) == {"in": [{"var": "member.tier"}, ["black"]]}


def test_every_operator_is_shown_somehow_or_told_to_be_a_block() -> None:
    """A new operator of ours either has a shape, or shows by its title; these alone have neither."""
    shown = {*HAS_SHAPE, *MEASURES, *GROUP_OPERATORS, *WRAPPERS, *LINE_OPERATORS, "condition", "var"}
    others = {name for name in OPERATORS if name not in shown}
    blocks = {
        "+",
        "-",
        "*",
        "min",
        "max",
        "cat",
        "if",
        "missing",
        "missing_some",
        "ratio_bp",
        "round_money",
        "add_duration",
    }
    assert others <= blocks


def test_every_shape_and_measure_has_words() -> None:
    keys = [f"conditions.op.{each.key}" for each in SHAPES] + [f"conditions.op.{name}" for name in LINE_OPERATORS]
    keys += [f"conditions.measure.{name}" for name in MEASURES]
    assert [key for key in keys if not known("zh", key)] == []


@pytest.mark.parametrize(
    "condition",
    [
        {"if": [True, True]},
        {"missing": ["a.b"]},
        {"x": 1},
        {"==": [1, 1]},
        {},
        {"and": [], "or": []},
        "text",
        7,
        None,
        [],
    ],
)
def test_what_cannot_be_shown_is_a_block(condition: Any) -> None:
    assert isinstance(to_builder(condition), Block)


# Values

SUBJECTS: dict[str, dict[str, Any]] = {
    "money": {"type": "money", "currency": "CNY"}, "integer": {"type": "integer"}, "decimal": {"type": "decimal"},
    "enum": {"type": "enum", "values": ["a", "b"]}, "boolean": {"type": "boolean"}, "text": {"type": "text"},
    "date": {"type": "date"}, "instant": {"type": "instant"}, "tags": {"type": "tags"}, "store": {"type": "ref:store"},
}  # fmt: skip


def subject(name: str) -> Any:
    return Declaration.model_validate(SUBJECTS[name]).value_type


@pytest.mark.parametrize(
    ("slot", "of", "present", "shown", "typed", "kept"),
    [
        ("same", "money", 5000, "50.00", "99.5", 9950),
        ("same", "money", 0, "0.00", "¥1,234", 123400),
        ("same", "integer", 3, "3", "1,200", 1200),
        ("same", "decimal", "0.50", "0.50", "12.25", "12.25"),
        ("same", "boolean", True, "true", "false", False),
        ("same", "enum", "a", "a", "b", "b"),
        ("same", "date", "2026-01-07", "2026-01-07", "2026-02-01", "2026-02-01"),
        (
            "same",
            "instant",
            "2026-01-07T02:00:00Z",
            "2026-01-07T10:00",
            "2026-01-08T09:30",
            "2026-01-08T09:30:00+08:00",
        ),
        ("length", "instant", "P30D", "30 天", "2 小时", "PT2H"),
        ("clock", "instant", "09:00", "09:00", "8:05", "08:05"),
        ("many", "text", ["x"], "x", "x\ny、z", ["x", "y", "z"]),
        ("many", "integer", [1], "1", "1,2", [1, 2]),
        ("many", "money", [100], "1.00", "1.00\n2.5", [100, 250]),
        ("tags", "tags", [], "", "vip,tea", ["vip", "tea"]),
        ("same", "store", "E01", "E01", "E02", "E02"),
        ("any", "text", {"a": 1}, '{"a": 1}', "[1]", [1]),
    ],
)
def test_values_are_written_as_people_write_them(
    slot: Any, of: str, present: Json, shown: str, typed: str, kept: Json
) -> None:
    assert entry(slot, subject(of), present, SPEAKING).text == shown
    assert same(read(slot, subject(of), [typed], present, SPEAKING), kept)


@pytest.mark.parametrize(("slot", "of", "present"), [
    ("same", "instant", "2026-01-07T02:00:00Z"), ("same", "decimal", 3), ("many", "text", ["a, b", "c"]),
    ("many", "enum", ["b", "zzz"]), ("weekdays", "instant", [7, 6, 6]), ("same", "enum", 7), ("same", "text", "a\nb"),
    ("many", "text", [" a"]), ("same", "money", {"minor": 1, "currency": "CNY"}), ("length", "instant", "whenever"),
])  # fmt: skip
def test_a_value_that_nobody_changed_stays_to_the_letter(slot: Any, of: str, present: Json) -> None:
    shown = entry(slot, subject(of), present, SPEAKING)
    assert same(read(slot, subject(of), [shown.text], present, SPEAKING), present)
    assert wanted(slot, subject(of)) is not None


@pytest.mark.parametrize(
    ("slot", "of", "typed"),
    [
        ("same", "integer", "1.5"), ("same", "integer", ""), ("same", "integer", "9" * 40), ("same", "money", "1.005"),
        ("same", "money", "much"), ("same", "decimal", "1e9"), ("same", "boolean", "maybe"), ("many", "integer", "x"),
        ("clock", "instant", "25:00"), ("same", "instant", "soon"), ("length", "instant", "soon"),
        ("length", "instant", ""), ("any", "text", "{"),
        ("same", "date", "2026-02-30"), ("weekdays", "instant", "9"), ("same", "text", "x" * 70_000),
        ("many", "integer", "1\nx"),
    ],
)  # fmt: skip
def test_what_is_no_value_is_told_and_not_kept(slot: Any, of: str, typed: str) -> None:
    present: Json = [6] if slot in {"weekdays", "many"} else first_value(slot, subject(of), START)
    with pytest.raises(MistakeError) as refused:
        read(slot, subject(of), [typed], present, SPEAKING)
    assert known("zh", refused.value.key)


@pytest.mark.parametrize(("language", "said"), [("zh", ("应为", "是", "是")), ("en", ("should be", "is", "yes"))])
def test_a_yes_is_not_said_twice(language: Language, said: tuple[str, str, str]) -> None:
    """In Chinese the word between a field and its value would be that value."""
    between, usual, value = said
    assert label(Choice("is"), Type("boolean"), language) == between
    assert label(Choice("is"), Type("text"), language) == usual
    assert between != text(language, "conditions.value.true") == value
