"""What an evaluation says when it goes wrong: in words of its reader's language, and never the value itself."""

from __future__ import annotations

import re

import pytest

from rules.compile import compile_rule
from rules.errors import EvaluationError
from rules.types import Json
from tests.rules.ruleworld import FIELDS, NOW, SHANGHAI, var

PYTHONS = re.compile(r"\b(dict|str|float|int|bool|NoneType)\b")


def said(rule: Json, facts: dict[str, object]) -> dict[str, str]:
    with pytest.raises(EvaluationError) as raised:
        compile_rule(rule, FIELDS).evaluate(facts, now=NOW, zone=SHANGHAI)
    return raised.value.message


@pytest.mark.parametrize(("name", "literal", "value", "zh", "en"), [
    ("spend", 5, {"minor": 300_000, "currency": "USD"}, "应为金额(CNY)，实际是以 USD 计的金额",
     "should be money (CNY) and holds money in USD"),
    ("spend", 5, {"minor": 5, "currency": "secret"}, "以其他货币计的金额", "holds money in another currency"),
    ("spend", 5, {"minor": 1.5, "currency": "CNY"}, "不是整数分的金额", "money that is not a whole number"),
    ("spend", 5, 1.5, "带小数点的数", "a number with a decimal point"),
    ("orders", 5, "many", "应为整数，实际是文本", "should be an integer and holds text"),
    ("orders", 5, True, "是非值", "holds true or false"),
    ("weight", "1.5", 1.5, "带小数点的数", "a number with a decimal point"),
    ("birthday", "2026-01-31", "31.1.", "写法不对的文本", 'text in another form; send a value such as "2026-01-31"'),
    ("friend", True, [1], "实际是列表", "holds a list"),
    ("friend", True, {"a": 1}, "实际是对象", "holds an object"),
    ("nickname", "a", 5, "应为文本，实际是整数", "should be text and holds an integer"),
])  # fmt: skip
def test_a_fact_of_another_type_is_told_in_words(name: str, literal: Json, value: object, zh: str, en: str) -> None:
    message = said({"==": [var(f"member.{name}"), literal]}, {"member": {name: value}})
    assert zh in message["zh"]
    assert en in message["en"]
    assert PYTHONS.search(message["zh"] + message["en"]) is None
    assert "secret" not in message["zh"] + message["en"]


def test_a_day_beyond_the_calendar_is_told_in_the_language_of_the_reader() -> None:
    rule: Json = {"<": [{"add_duration": [var("member.birthday"), "P90Y"]}, "2026-01-07"]}
    message = said(rule, {"member": {"birthday": "9950-01-01"}})
    assert re.search(r"[A-Za-z]", message["zh"]) is None
