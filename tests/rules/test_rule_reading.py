"""JSON text, the bounds of all JSON, declarations, and the budget of an evaluation."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from pydantic import ValidationError

from rules.compile import compile_rule
from rules.errors import EvaluationError, RuleError
from rules.limits import check_json
from rules.moment import Moment
from rules.reader import loads
from rules.types import Declaration, Type, fits, join
from tests.rules.ruleworld import FIELDS, NOW, SHANGHAI, decide, declared, var


@pytest.mark.parametrize("text", ['{"a": [1, "x", null, 2.5]}', b'"\xe5\xb0\x8f"', "9007199254740992"])
def test_json_text_is_read(text: str | bytes) -> None:
    assert loads(text) == json.loads(text)


@pytest.mark.parametrize("text", [
    "", "{", "nul", '{"a": 1, "a": 2}', '{"x": {"a": 1, "a": 1}}', "NaN", "[Infinity]", "9007199254740993", "1e400",
    '"\\u0000"', '{"\\u0000": 1}', '"\\ud800"', b"\xff", "[" * 100_000, "1" * 5_000, '"' + "x" * 70_000 + '"',
])  # fmt: skip
def test_bad_json_text_is_a_schema_problem(text: str | bytes) -> None:
    with pytest.raises(RuleError) as caught:
        loads(text)
    assert {problem.code for problem in caught.value.problems} == {"schema"}


def test_the_bound_of_a_text_can_be_set() -> None:
    assert loads('"' + "x" * 70_000 + '"', max_bytes=256 * 1024)
    with pytest.raises(RuleError):
        loads("[[[1]]]", depth=2)


def test_every_bad_scalar_is_found() -> None:
    problems = check_json({"a": 2**53 + 1, "b": [float("inf"), "\0"], "ok": [2**53, -(2**53), 1.5, "x"]}, pointer="/p")
    assert sorted(problem.pointer for problem in problems) == ["/p/a", "/p/b/0", "/p/b/1"]


@pytest.mark.parametrize("declaration", [
    {"type": "boolean"}, {"type": "integer", "min": 0, "max": 10}, {"type": "decimal", "min": "0.5"},
    {"type": "money", "currency": "CNY"}, {"type": "text", "optional": True, "title": {"zh": "名", "en": "name"}},
    {"type": "enum", "values": ["a"]}, {"type": "tags"}, {"type": "tags", "values": []},
    {"type": "date", "min": "2026-01-01"},
    {"type": "instant"}, {"type": "duration", "title": "time"}, {"type": "ref:price_zone"},
    {"type": "list", "of": {"type": "integer"}},
    {"type": "list", "of": {"sku": {"type": "text"}, "type": {"type": "text"}}},
    {"type": "text", "personal": True},
])  # fmt: skip
def test_a_declaration_is_read(declaration: dict[str, Any]) -> None:
    assert Declaration.model_validate(declaration).value_type.name == declaration["type"]


@pytest.mark.parametrize("declaration", [
    {}, {"type": "string"}, {"type": "ref"}, {"type": "ref:"}, {"type": "integer:x"}, {"type": "object"},
    {"type": "null"},
    {"type": "enum"}, {"type": "enum", "values": []}, {"type": "list"}, {"type": "integer", "values": ["1"]},
    {"type": "text", "min": 1}, {"type": "integer", "currency": "CNY"}, {"type": "money", "currency": "yuan"},
    {"type": "integer", "min": 0.5}, {"type": "integer", "optional": "yes"}, {"type": "integer", "default": 1},
    {"type": "text", "of": {"type": "text"}}, {"type": "list", "of": {"type": "nope"}},
    {"type": "integer", "min": True},
    {"type": "text", "title": {"zh": "名"}},
])  # fmt: skip
def test_what_is_no_declaration_is_refused(declaration: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Declaration.model_validate(declaration)


def test_types_join_to_what_holds_both() -> None:
    gold, silver = Type("enum", values=("gold",)), Type("enum", values=("silver",))
    assert join(gold, silver) == Type("enum", values=("gold", "silver"))
    assert join(Type("integer"), Type("decimal")) == Type("decimal")
    assert join(Type("money"), Type("money", currency="CNY")) == Type("money", currency="CNY")
    assert join(Type("ref", ref="store"), Type("ref", ref="region")) is None
    assert join(Type("list", of=Type("text")), Type("list", of=Type("integer"))) is None
    assert fits(Type("integer"), Type("decimal"))
    assert not fits(Type("decimal"), Type("integer"))


def test_a_rule_that_needs_too_much_work_is_an_error_and_never_false() -> None:
    tags = [f"tag-{i}" for i in range(9_000)]
    once = {"has_any": [var("member.tags"), ["none"]]}
    assert decide(once, {"member": {"tags": tags}}) is False
    with pytest.raises(EvaluationError, match="200000 steps"):
        decide({"or": [once] * 40}, {"member": {"tags": tags}})


def test_rules_may_share_a_moment_and_its_budget() -> None:
    rule = compile_rule({"has_any": [var("member.tags"), ["none"]]}, FIELDS)
    moment, facts = Moment(NOW, SHANGHAI), {"member": {"tags": ["a"] * 9_000}}
    assert [rule(facts, moment) for _ in range(22)] == [False] * 22
    with pytest.raises(EvaluationError):
        rule(facts, moment)
    assert rule.evaluate(facts, now=NOW, zone=SHANGHAI) is False


def test_a_list_above_the_limit_is_an_error() -> None:
    with pytest.raises(EvaluationError, match=r"member\.tags has 10001 items"):
        decide({"has_any": [var("member.tags"), ["a"]]}, {"member": {"tags": ["a"] * 10_001}})


def test_long_texts_are_charged_for() -> None:
    fields = declared(x__long={"type": "text"})
    rule = {"or": [{"in": ["b", var("x.long")]}] * 200}
    with pytest.raises(EvaluationError):
        decide(rule, {"x": {"long": "a" * 100_000}}, fields=fields)


def test_a_naive_now_is_refused() -> None:
    with pytest.raises(ValueError, match="no zone"):
        decide({"days_since": var("member.birthday")}, now=datetime(2026, 1, 7))  # noqa: DTZ001
