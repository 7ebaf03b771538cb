"""Texts with fields in them."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.errors import EvaluationError, RuleError
from rules.text import check_text, compile_text
from rules.unknown import Unknown
from tests.rules.ruleworld import FACTS, FIELDS, NOW, declared, unknown


@pytest.mark.parametrize(("text", "zh", "en"), [
    ("{{member.nickname}},欢迎", "小林,欢迎", "小林,欢迎"),
    ("{{ member.nickname }}!", "小林!", "小林!"),
    ("{{member.nickname}}{{member.nickname}}", "小林小林", "小林小林"),
    ("plain }} text { {", "plain }} text { {", "plain }} text { {"),
    ("", "", ""),
    ("{{member.friend}}", "是", "yes"),
    ("{{member.orders}} × {{score}}", "3 × 7", "3 × 7"),
    ("{{member.spend}}", "¥600.00", "¥600.00"),
    ("{{member.debt}}", "¥1.00", "¥1.00"),
    ("{{member.dollars}}", "US$0.05", "US$0.05"),
    ("{{member.weight}}", "12.50", "12.50"),
    ("{{member.tags}}", "tea、vip", "tea, vip"),
    ("{{member.birthday}}", "2000年1月31日", "31 Jan 2000"),
    ("{{member.last_order_at}}", "2026年1月1日 00:30", "1 Jan 2026, 00:30"),
    ("{{member.patience}}", "7天", "7 days"),
    ("{{member.home_store}}", "s1", "s1"),
    ("{{event.channel.kind}}", "pos", "pos"),
    ("{{now}} / {{today}}", "2026年1月7日 10:00 / 2026年1月7日", "7 Jan 2026, 10:00 / 7 Jan 2026"),
])  # fmt: skip
def test_a_field_is_written_by_its_type_and_the_language(text: str, zh: str, en: str) -> None:
    compiled = compile_text(text, FIELDS)
    assert compiled.render(FACTS, now=NOW) == zh
    assert compiled.render(FACTS, "en", now=NOW) == en


@pytest.mark.parametrize(("declaration", "value", "zh", "en"), [
    ({"type": "money"}, -5, "-¥0.05", "-¥0.05"),
    ({"type": "money", "currency": "JPY"}, 1200, "JP¥1200", "JP¥1200"),
    ({"type": "money", "currency": "CHF"}, 1200, "CHF 12.00", "CHF 12.00"),
    ({"type": "boolean"}, False, "否", "no"),
    ({"type": "decimal"}, "0.0000001", "0.0000001", "0.0000001"),
    ({"type": "tags"}, [], "", ""),
    ({"type": "duration"}, "P1M1DT1H1M1S", "1个月1天1小时1分钟1秒", "1 month 1 day 1 hour 1 minute 1 second"),
    ({"type": "duration"}, "PT0S", "0天", "0 days"),
    ({"type": "enum", "values": ["a"]}, "a", "a", "a"),
])  # fmt: skip
def test_values_are_written_as_people_write_them(declaration: dict[str, Any], value: object, zh: str, en: str) -> None:
    compiled = compile_text("{{x.y}}", declared(x__y=declaration))
    assert compiled.render({"x": {"y": value}}) == zh
    assert compiled.render({"x": {"y": value}}, "en") == en


def test_instants_are_written_in_the_zone() -> None:
    compiled = compile_text("{{member.last_order_at}}", FIELDS)
    assert compiled.render(FACTS, zone=ZoneInfo("UTC")) == "2025年12月31日 16:30"


def test_a_text_shows_a_missing_field_as_nothing() -> None:
    compiled = compile_text("{{member.nickname}},{{score}},{{member.tier}}", FIELDS)
    assert compiled.render({"member": {"tier": "gold"}}) == ",,gold"


def test_a_text_that_is_one_missing_field_is_unknown() -> None:
    compiled = compile_text("{{member.nickname}}", FIELDS)
    assert compiled.render({"member": {"tier": "gold"}}) == unknown("member.nickname")


def test_a_text_tells_which_fields_it_shows() -> None:
    compiled = compile_text("{{member.nickname}} {{score}} {{now}}", FIELDS)
    assert compiled.fields == {"member.nickname", "score"}
    assert compiled.optional_fields == {"member.nickname"}


def test_what_a_field_holds_is_never_read_as_a_placeholder() -> None:
    facts = {"member": {"nickname": "{{member.tier}}{{", "tier": "gold"}}
    assert compile_text("{{member.nickname}}", FIELDS).render(facts) == "{{member.tier}}{{"


def test_a_fact_of_another_type_is_an_error() -> None:
    with pytest.raises(EvaluationError, match=r"member\.spend"):
        compile_text("{{member.spend}}", FIELDS).render({"member": {"spend": 9.99}})


def test_a_text_that_shows_the_time_wants_to_be_told_it() -> None:
    with pytest.raises(ValueError, match="now"):
        compile_text("{{today}}", FIELDS).render(FACTS)


@pytest.mark.parametrize(("text", "code"), [
    ("{{member.nick}}", "unknown-field"), ("{{member}}", "unknown-field"), ("{{}}", "schema"), ("{{ }}", "schema"),
    ("{{1 + 1}}", "schema"), ("{{member.nickname|upper}}", "schema"), ("{{member.nickname", "schema"),
    ("{{member.}}", "schema"), ("{{.member}}", "schema"), ("{{member..x}}", "schema"), ("{{__class__()}}", "schema"),
    ("{{{{member.tier}}}}", "schema"), ("{{member.tier}} {{", "schema"), ("{{event.lines}}", "type-mismatch"),
    ("{{event.scores}}", "type-mismatch"), ("a\0b", "schema"), ("x" * 70_000, "schema"), ("\udc00", "schema"),
])  # fmt: skip
def test_what_is_no_text_is_found_at_its_place(text: str, code: str) -> None:
    [problem] = check_text(text, FIELDS, "/nodes/welcome/params/text")
    assert (problem.code, problem.pointer) == (code, "/nodes/welcome/params/text")
    assert problem.message["zh"].endswith("。")
    with pytest.raises(RuleError):
        compile_text(text, FIELDS)


def test_all_problems_of_a_text_are_found() -> None:
    found = [problem.code for problem in check_text("{{a.b}} {{1}} {{event.lines}} {{", FIELDS)]
    assert sorted(found) == ["schema", "schema", "type-mismatch", "unknown-field"]


@given(st.text(alphabet="ab{}. 1-", max_size=20))
def test_any_text_is_either_refused_or_rendered(text: str) -> None:
    fields = declared(a={"type": "text"}, a__b={"type": "text"}, b={"type": "text"})
    if check_text(text, fields):
        return
    found = compile_text(text, fields).render({"a": {"b": "X"}, "b": "Y"})
    assert isinstance(found, str | Unknown)
    if "{{" not in text:
        assert found == text
