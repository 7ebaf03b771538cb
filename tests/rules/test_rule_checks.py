"""What a check finds, where it points, and that its words help."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.compile import check_rule, compile_rule
from rules.errors import RuleError
from rules.operators import OPERATORS
from rules.types import Json, Problem
from rules.values import check_value
from tests.rules.ruleworld import FIELDS, declared, var

FOUND: list[tuple[Json, str, str, str]] = [
    # rule, code, pointer, what both messages name
    ({"==": [var("member.teir"), "gold"]}, "unknown-field", "/==/0/var", "member.tier"),
    ({"is_set": "member.unheard"}, "unknown-field", "/is_set", "member.unheard"),
    ({"==": [{"missing": ["member.unheard"]}, []]}, "unknown-field", "/==/0/missing/0", "member.unheard"),
    ({"==": [{"var": ["member.x", 1]}, 1]}, "unknown-field", "/==/0/var/0", "member.x"),
    ({"==": [var(""), 1]}, "unknown-field", "/==/0/var", ""),
    ({"==": [var("member"), 1]}, "unknown-field", "/==/0/var", "member"),
    ({"==": [var("event.lines.sku"), 1]}, "unknown-field", "/==/0/var", "event.lines.sku"),
    ({}, "schema", "", "and"),
    ({"and": [True], "or": [True]}, "schema", "", "and, or"),
    ({"and": [{"and": [True], "or": [True]}]}, "schema", "/and/0", "and, or"),
    ({"annd": [True]}, "schema", "", "and"),
    ({"filter": [var("member.tags"), True]}, "schema", "", "any_line"),
    ({"/": [4, 2]}, "schema", "", "ratio_bp"),
    ({"?:": [True, 1, 2]}, "schema", "", "if"),
    ({"substr": ["abc", 1]}, "schema", "", "starts_with"),
    ({"==": [1]}, "schema", "", "=="),
    ({"==": [1, 2, 3, 4]}, "schema", "", "2 到 3"),
    ({"!=": [1, 2, 3]}, "schema", "", "!="),
    ({"between": [1, 2]}, "schema", "", "between"),
    ({"!": []}, "schema", "", "!"),
    ({"and": []}, "schema", "", "and"),
    ({"if": [True]}, "schema", "", "if"),
    ({"is_set": [var("member.tier"), 1]}, "schema", "", "is_set"),
    ({"==": [{"var": 1}, 1]}, "schema", "/==/0/var", "member.tier"),
    ({"==": [{"var": var("member.tier")}, 1]}, "schema", "/==/0/var", "member.tier"),
    ({"is_set": 5}, "schema", "/is_set", "member.tier"),
    ({"and": [True, {"a/b~c": 1}]}, "schema", "/and/1", "a/b~c"),
    ({"and": [{"==": [1, "\0"]}]}, "schema", "/and/0/==/1", "U+0000"),
    ({"==": [var("member.orders"), 2**53 + 1]}, "schema", "/==/1", "2^53"),
    ({"==": [var("member.orders"), -(10**400)]}, "schema", "/==/1", "2^53"),
    ({"==": [var("member.orders"), float("inf")]}, "schema", "/==/1", ""),
    ({"==": [var("member.orders"), float("nan")]}, "schema", "/==/1", ""),
    ({"==": ["\ud800", "a"]}, "schema", "/==/0", "U+0000"),
    (var("member.tier"), "type-mismatch", "", "member.tier"),
    ({"and": [var("member.orders"), True]}, "type-mismatch", "/and/0", "member.orders"),
    ({"!": var("member.tags")}, "type-mismatch", "/!", "member.tags"),
    ({"!!": 1}, "type-mismatch", "/!!", "1"),
    ({"if": [1, True, False]}, "type-mismatch", "/if/0", "1"),
    ({"if": [True, "x", False]}, "type-mismatch", "/if/1", "x"),
    ({"==": [var("member.tier"), 5]}, "type-mismatch", "/==/1", "member.tier"),
    ({"==": [var("member.tier"), "gld"]}, "type-mismatch", "/==/1", "silver"),
    ({"==": ["gld", var("member.tier")]}, "type-mismatch", "/==/0", "member.tier"),
    ({"==": [var("member.tier"), None]}, "type-mismatch", "/==/1", "is_set"),
    ({"in": [var("member.tier"), ["gold", None]]}, "type-mismatch", "/in/1/1", "is_set"),
    ({"==": [var("member.tier"), var("member.orders")]}, "type-mismatch", "/==/1", "member.orders"),
    ({"==": [var("member.spend"), var("member.orders")]}, "type-mismatch", "/==/1", "member.orders"),
    ({"==": [var("member.spend"), var("member.dollars")]}, "type-mismatch", "/==/1", "USD"),
    ({"==": [var("event.store"), var("event.region")]}, "type-mismatch", "/==/1", "region"),
    ({"==": [var("event.store"), 7]}, "type-mismatch", "/==/1", "event.store"),
    ({"==": [var("member.birthday"), var("now")]}, "type-mismatch", "/==/1", "member.birthday"),
    ({"<": [var("member.last_order_at"), "2026-01-01"]}, "type-mismatch", "/</1", "member.last_order_at"),
    ({"<": [var("member.birthday"), "2026-02-30"]}, "type-mismatch", "/</1", "member.birthday"),
    ({"==": [var("member.patience"), "7 days"]}, "type-mismatch", "/==/1", "P7D"),
    ({">": [var("member.weight"), 12.5]}, "type-mismatch", "/>/1", '"12.5"'),
    ({">": [var("member.weight"), 12.0]}, "type-mismatch", "/>/1", "member.weight"),
    ({">": [var("member.spend"), 100.0]}, "type-mismatch", "/>/1", "member.spend"),
    ({">": [var("member.spend"), "100"]}, "type-mismatch", "/>/1", "5000"),
    ({">": [var("member.orders"), 1.5]}, "type-mismatch", "/>/1", "member.orders"),
    ({">": [var("member.orders"), "1"]}, "type-mismatch", "/>/1", "member.orders"),
    ({">": [var("member.tier"), "gold"]}, "type-mismatch", "", "member.tier"),
    ({">": [var("member.friend"), False]}, "type-mismatch", "", "member.friend"),
    ({">": [var("member.patience"), "P1D"]}, "type-mismatch", "", "member.patience"),
    ({"between": [var("member.tags"), [], []]}, "type-mismatch", "", "member.tags"),
    ({"==": [var("event.lines"), []]}, "type-mismatch", "", "event.lines"),
    ({"in": [var("member.tier"), ["gold", "gld"]]}, "type-mismatch", "/in/1/1", "gld"),
    ({"in": [var("member.orders"), ["1"]]}, "type-mismatch", "/in/1/0", "member.orders"),
    ({"in": [var("member.orders"), var("member.tags")]}, "type-mismatch", "/in/0", "member.orders"),
    ({"in": [1, var("member.friend")]}, "type-mismatch", "/in/1", "member.friend"),
    ({"in": ["x", var("member.interests")]}, "type-mismatch", "/in/0", "member.interests"),
    ({"in": ["a", var("event.lines")]}, "type-mismatch", "/in/1", "event.lines"),
    ({"has_any": [var("member.tags"), "vip"]}, "type-mismatch", "/has_any/1", '["vip"]'),
    ({"has_any": [var("member.tier"), ["gold"]]}, "type-mismatch", "/has_any/0", "member.tier"),
    ({"has_all": [var("member.interests"), ["tea", "beer"]]}, "type-mismatch", "/has_all/1/1", "member.interests"),
    ({"has_none": [var("member.tags"), [1]]}, "type-mismatch", "/has_none/1/0", "member.tags"),
    ({"==": [{"+": [var("member.nickname"), "x"]}, "x"]}, "type-mismatch", "/==/0", "member.nickname"),
    ({"==": [{"+": [var("member.friend")]}, 1]}, "type-mismatch", "/==/0", "member.friend"),
    ({"==": [{"*": [var("member.spend"), var("member.debt")]}, 1]}, "type-mismatch", "/==/0/*/1", "member.debt"),
    ({"==": [{"*": [var("member.spend"), "0.5"]}, 1]}, "type-mismatch", "/==/0/*/1", "0.5"),
    ({"==": [{"default": [var("member.tier"), 0]}, "gold"]}, "type-mismatch", "/==/0/default/1", "member.tier"),
    ({"==": [{"days_since": var("member.tier")}, 1]}, "type-mismatch", "/==/0/days_since", "member.tier"),
    ({"within_last": [var("member.birthday"), "PT5H"]}, "type-mismatch", "/within_last/1", "member.birthday"),
    ({"within_last": [var("member.last_order_at"), 7]}, "type-mismatch", "/within_last/1", "P7D"),
    ({"within_last": [var("member.last_order_at"), "P1Y1W"]}, "type-mismatch", "/within_last/1", "P7D"),
    (5, "type-mismatch", "", "5"),
    ("gold", "type-mismatch", "", "gold"),
    (None, "type-mismatch", "", "is_set"),
    ([True], "type-mismatch", "", "true"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "code", "pointer", "named"), FOUND)
def test_a_problem_has_its_code_its_place_and_words_that_help(rule: Json, code: str, pointer: str, named: str) -> None:
    [problem] = check_rule(rule, FIELDS)
    assert (problem.code, problem.pointer) == (code, pointer)
    assert set(problem.message) == {"zh", "en"}
    assert named in problem.message["zh"] + problem.message["en"]
    assert problem.message["zh"].endswith("。")
    assert "请" in problem.message["zh"] or "见规则参考页" in problem.message["zh"]
    assert problem.message["en"].endswith((".", "say."))
    with pytest.raises(RuleError) as caught:
        compile_rule(rule, FIELDS)
    assert caught.value.problems == [problem]


def test_no_problem_hides_another() -> None:
    rule: Json = {"and": [
        {"==": [var("member.teir"), "gold"]}, {"oops": [1]}, {">": [var("member.spend"), "5"]},
        {"==": [{"nope": 1}, {"<": [var("member.orders"), "1"]}]}, var("member.unheard"),
    ]}  # fmt: skip
    found = [(problem.code, problem.pointer) for problem in check_rule(rule, FIELDS, pointer="/nodes/a/when")]
    assert sorted(found) == [
        ("schema", "/nodes/a/when/and/1"),
        ("schema", "/nodes/a/when/and/3/==/0"),
        ("type-mismatch", "/nodes/a/when/and/2/>/1"),
        ("type-mismatch", "/nodes/a/when/and/3/==/1/</1"),
        ("unknown-field", "/nodes/a/when/and/0/==/0/var"),
        ("unknown-field", "/nodes/a/when/and/4/var"),
    ]


@pytest.mark.parametrize(("rule", "expect", "name"), [
    (var("member.spend"), "money", "money"), (5000, "money", "money"), ("12.5", "decimal", "decimal"),
    (var("now"), "instant", "instant"), ("2026-01-07", "date", "date"), ("P7D", "duration", "duration"),
    (var("member.home_store"), "ref:store", "ref:store"), ("s1", "ref:store", "ref:store"),
    (var("member.tags"), "tags", "tags"), (["a"], "tags", "tags"), (var("member.tier"), "text", "enum"),
    ({"default": [var("member.tier"), "none"]}, "text", "text"),
    ({"default": [var("member.tier"), "gold"]}, "text", "enum"),
    ({"if": [var("member.friend"), var("member.tier"), "none"]}, None, "text"),
    ({"var": ["member.tier", "-"]}, None, "text"),
    (var("member.orders"), "decimal", "integer"), (True, None, "boolean"), ({"+": [1, 2]}, None, "integer"),
    ({"if": [var("member.friend"), 1, 2]}, "money", "money"), ({"missing": ["score"]}, None, "list"),
])  # fmt: skip
def test_an_expression_may_be_of_any_type_that_is_asked_for(rule: Json, expect: str | None, name: str) -> None:
    assert check_rule(rule, FIELDS, expect=expect) == []
    assert compile_rule(rule, FIELDS, expect=expect).type == name


@pytest.mark.parametrize(("rule", "expect"), [
    (var("member.orders"), "money"), (var("event.region"), "ref:store"), (var("member.nickname"), "enum"),
    ("soon", "instant"), (12.5, "decimal"), (var("member.weight"), "integer"), (None, None), (None, "text"),
])  # fmt: skip
def test_an_expression_of_another_type_is_found(rule: Json, expect: str | None) -> None:
    assert [problem.code for problem in check_rule(rule, FIELDS, expect=expect)] == ["type-mismatch"]


def test_a_rule_tells_which_fields_it_reads_and_which_may_be_absent() -> None:
    rule = compile_rule({"or": [
        {"is_set": "member.nickname"}, {"==": [{"var": ["member.visits", 0]}, var("member.orders")]},
        {"<": [var("now"), var("member.last_order_at")]}, {"==": [{"missing": ["score"]}, []]},
    ]}, FIELDS)  # fmt: skip
    assert rule.fields == {"member.nickname", "member.visits", "member.orders", "member.last_order_at", "score"}
    assert rule.optional_fields == frozenset()


NICKNAME, VISITS, TIER = var("member.nickname"), var("member.visits"), var("member.tier")


@pytest.mark.parametrize(("rule", "needed"), [
    (NICKNAME, {"member.nickname"}),
    (TIER, set()),
    ({"==": [NICKNAME, TIER]}, {"member.nickname"}),
    ({"default": [NICKNAME, TIER]}, set()),
    ({"default": [NICKNAME, "x"]}, set()),
    ({"default": [NICKNAME, var("vars.added.welcome_code")]}, {"member.nickname", "vars.added.welcome_code"}),
    ({"var": ["member.visits", 0]}, set()),
    ({"is_set": "member.nickname"}, set()),
    ({"missing": ["member.nickname"]}, set()),
    ({"missing_some": [VISITS, ["member.nickname"]]}, {"member.visits"}),
    ({"if": [{"is_set": NICKNAME}, NICKNAME, "x"]}, set()),
    ({"if": [{"and": [{"is_set": NICKNAME}, {"is_set": VISITS}]}, {"+": [VISITS, 1]}, 0]}, set()),
    ({"if": [{"or": [{"is_set": NICKNAME}, {"is_set": VISITS}]}, VISITS, 0]}, {"member.visits"}),
    ({"if": [{"is_set": VISITS}, 1, VISITS]}, {"member.visits"}),
    ({"if": [{"==": [VISITS, 1]}, 1, 2]}, {"member.visits"}),
])  # fmt: skip
def test_a_rule_tells_without_which_optional_fields_it_may_be_unknown(rule: Json, needed: set[str]) -> None:
    assert compile_rule(rule, FIELDS, expect=None).optional_fields == needed


def test_the_value_at_hand_can_be_declared() -> None:
    fields = {**FIELDS, "": FIELDS["member.orders"]}
    rule = compile_rule({">": [var(""), 2]}, fields)
    assert rule.type == "boolean"
    assert check_rule({">": [var(""), "2"]}, fields)[0].code == "type-mismatch"


def test_every_operator_is_documented() -> None:
    for name, kind in OPERATORS.items():
        assert (kind.__doc__ or "").rstrip().endswith("."), name
        assert "(operator" not in (kind.__doc__ or ""), f"{name} has the docstring that dataclass wrote"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=4), children, max_size=3),
    max_leaves=30,
)
names = st.sampled_from([*OPERATORS, "nope", ""])
leaves = (
    json_values
    | st.sampled_from([*FIELDS, "now", "today", ""]).map(var)
    | st.sampled_from(["P1D", "PT1H", "2026-01-01", "2026-01-01T00:00:00Z", "gold", "12.5", 3, ["vip"]])
)
near_rules = st.recursive(
    leaves,
    lambda children: (
        st.dictionaries(names, st.lists(children, max_size=4) | children, min_size=1, max_size=2)
        | st.lists(children, max_size=3)
    ),
    max_leaves=25,
)


@given(json_values | near_rules, st.sampled_from([None, "boolean", "money", "instant", "ref:store", "list"]))
def test_no_json_makes_a_check_raise(rule: Json, expect: str | None) -> None:
    problems = check_rule(rule, FIELDS, expect=expect, pointer="/x")
    assert_sound(problems)
    if problems:
        with pytest.raises(RuleError):
            compile_rule(rule, FIELDS, expect=expect, pointer="/x")
    else:
        compile_rule(rule, FIELDS, expect=expect, pointer="/x")


@given(json_values | near_rules.map(lambda rule: {"a": {"$": rule}}))
def test_no_json_makes_the_check_of_a_value_raise(value: Json) -> None:
    assert_sound(check_value(value, FIELDS, "/x"))


def assert_sound(problems: list[Problem]) -> None:
    for problem in problems:
        assert problem.code in {"schema", "unknown-field", "type-mismatch"}
        assert problem.pointer.startswith("/x")
        json.dumps([problem.pointer, problem.message], ensure_ascii=False).encode()


def test_deeply_nested_and_broad_rules_are_refused_quickly() -> None:
    deep: Json = True
    for _ in range(100_000):
        deep = {"!": [deep]}
    assert [p.code for p in check_rule(deep, FIELDS)] == ["schema"]
    assert [p.code for p in check_rule({"and": [True] * 9_000}, FIELDS)] == ["schema"]
    assert [p.code for p in check_rule({"in": [1, [1] * 10_001]}, FIELDS)] == ["schema"]
    assert [p.code for p in check_rule({"==": ["x" * 70_000, "y"]}, FIELDS)] == ["schema"]


def nested(depth: int) -> Json:
    rule: Json = var("member.friend")
    for _ in range(depth - 1):
        rule = {"!": rule}
    return rule


def test_the_limits_are_where_they_are_said_to_be() -> None:
    assert check_rule(nested(32), FIELDS) == []
    assert [p.code for p in check_rule(nested(33), FIELDS)] == ["schema"]
    assert check_rule({"and": [True] * 1_999}, FIELDS) == []
    assert [p.code for p in check_rule({"and": [True] * 2_000}, FIELDS)] == ["schema"]
    assert check_rule({"in": [1, [1] * 10_000]}, FIELDS) == []


def test_a_problem_in_a_declared_object_is_pointed_at() -> None:
    fields = declared(lines={"type": "list", "of": {"sku": {"type": "text"}}})
    assert [p.code for p in check_rule({"in": ["a", var("lines")]}, fields)] == ["type-mismatch"]
