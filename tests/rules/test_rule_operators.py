"""What each operator yields, on present and on missing facts."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from rules.duration import Duration
from rules.errors import EvaluationError
from rules.operators import OPERATORS
from rules.types import Json
from tests.rules.ruleworld import FACTS, decide, unknown, var

GONE: dict[str, Any] = {}

PRESENT: list[tuple[Json, object]] = [
    # var
    (var("member.tier"), "gold"),
    (var("score"), 7),
    (var("event.channel.kind"), "pos"),
    (var("vars.added.welcome_code"), "c1"),
    (var("member.debt"), 100),
    (var("member.weight"), Decimal("12.50")),
    (var("member.tags"), frozenset({"vip", "tea"})),
    (var("member.last_order_at"), datetime(2025, 12, 31, 16, 30, tzinfo=UTC)),
    (var("member.patience"), Duration(days=7)),
    (var("event.scores"), [1, 2, 3]),
    ({"var": ["member.nickname", "会员"]}, "小林"),
    ({"var": ["member.nickname"]}, "小林"),
    # == and its like
    ({"==": [var("member.tier"), "gold"]}, True),
    ({"==": ["silver", var("member.tier")]}, False),
    ({"===": [var("member.orders"), 3]}, True),
    ({"==": [var("member.orders"), 3.0]}, True),
    ({"!=": [var("member.tier"), "gold"]}, False),
    ({"!==": [var("member.tier"), "silver"]}, True),
    ({"==": [var("member.home_store"), var("event.store")]}, True),
    ({"==": [var("member.friend"), True]}, True),
    ({"==": [var("member.spend"), 60_000]}, True),
    ({"==": [var("member.weight"), "12.5"]}, True),
    ({"==": [var("member.weight"), 12]}, False),
    ({"==": [var("member.tags"), ["tea", "vip"]]}, True),
    ({"==": [var("member.patience"), "P7D"]}, True),
    ({"==": [var("member.birthday"), "2000-01-31"]}, True),
    ({"==": [var("member.last_order_at"), "2025-12-31T16:30:00Z"]}, True),
    ({"==": [var("member.nickname"), var("member.tier")]}, False),
    ({"==": [3, var("member.orders"), 3]}, True),
    ({"==": [{"if": [var("member.friend"), "gold", "silver"]}, var("member.tier")]}, True),
    ({"==": [{"missing": ["member.tier"]}, []]}, True),
    # order
    ({"<": [var("member.orders"), 4]}, True),
    ({"<": [1, var("member.orders"), 3]}, False),
    ({"<=": [1, var("member.orders"), 3]}, True),
    ({">": [var("member.spend"), var("member.debt")]}, True),
    ({">": [5, var("member.orders"), 1]}, True),
    ({">=": [var("member.weight"), "12.50"]}, True),
    ({">=": [var("member.weight"), var("member.orders")]}, True),
    ({"<": [var("member.birthday"), "2000-02-01"]}, True),
    ({"<": [var("member.last_order_at"), var("now")]}, True),
    ({"==": [var("today"), "2026-01-07"]}, True),
    ({"<": ["abc", "abd"]}, True),
    ({"between": [var("member.orders"), 3, 5]}, True),
    ({"between": [var("member.orders"), 4, 5]}, False),
    ({"between": [var("member.birthday"), "2000-01-01", "2000-01-31"]}, True),
    # logic
    ({"and": [True, var("member.friend")]}, True),
    ({"and": [True, False]}, False),
    ({"or": [False, var("member.friend")]}, True),
    ({"or": [False]}, False),
    ({"!": var("member.friend")}, False),
    ({"!": [False]}, True),
    ({"!!": [var("member.friend")]}, True),
    ({"if": [False, 1, var("member.friend"), 2, 3]}, 2),
    ({"if": [False, 1, 2]}, 2),
    ({"if": [False, 1]}, unknown()),
    ({"if": [True, None, 1]}, unknown()),
    # members
    ({"in": [var("event.channel.kind"), ["pos", "shelf"]]}, True),
    ({"in": [var("event.channel.kind"), []]}, False),
    ({"in": [var("member.orders"), [1, var("member.visits"), 3]]}, True),
    ({"in": [var("member.orders"), [1, var("member.visits")]]}, False),
    ({"in": ["vip", var("member.tags")]}, True),
    ({"in": ["wine", var("member.interests")]}, False),
    ({"in": [2, var("event.scores")]}, True),
    ({"in": ["2026-01-07", var("event.days")]}, True),
    ({"in": ["林", var("member.nickname")]}, True),
    ({"in": ["member.orders", {"missing": ["member.orders"]}]}, False),
    ({"has_any": [var("member.tags"), ["vip", "x"]]}, True),
    ({"has_any": [var("member.tags"), []]}, False),
    ({"has_any": [{"missing": ["member.tier"]}, ["member.tier"]]}, False),
    ({"has_all": [var("member.tags"), ["vip", "tea"]]}, True),
    ({"has_all": [var("member.tags"), ["vip", "x"]]}, False),
    ({"has_all": [var("member.interests"), []]}, True),
    ({"has_none": [var("member.interests"), ["tea"]]}, True),
    ({"has_none": [var("member.tags"), ["tea"]]}, False),
    # presence
    ({"is_set": var("member.tier")}, True),
    ({"is_set": "member.tier"}, True),
    ({"is_set": [{"+": [var("member.orders"), 1]}]}, True),
    ({"is_set": var("now")}, True),
    ({"is_set": var("member.interests")}, True),
    ({"default": [var("member.nickname"), "会员"]}, "小林"),
    ({"missing": ["member.tier", "member.orders"]}, []),
    ({"missing_some": [1, ["member.tier", "member.orders"]]}, []),
    # numbers
    ({"+": [var("member.orders"), 1, 1]}, 5),
    ({"+": [var("member.spend"), var("member.debt")]}, 60_100),
    ({"+": [var("member.weight"), "0.05"]}, Decimal("12.55")),
    ({"+": [var("member.weight"), var("member.orders")]}, Decimal("15.50")),
    ({"+": [4]}, 4),
    ({"-": [var("member.orders"), 5]}, -2),
    ({"-": [var("member.orders")]}, -3),
    ({"-": [var("member.weight")]}, Decimal("-12.50")),
    ({"*": [var("member.orders"), 2, 2]}, 12),
    ({"*": [var("member.spend"), var("member.orders")]}, 180_000),
    ({"*": [2, var("member.spend")]}, 120_000),
    ({"*": [var("member.weight"), "0.1"]}, Decimal("1.250")),
    ({"*": [7]}, 7),
    ({"==": [var("member.spend"), {"*": [300, 200]}]}, True),
    # time
    ({"days_since": var("member.birthday")}, 9473),
    ({"days_since": var("member.last_order_at")}, 6),
    ({"days_since": "2026-01-06T23:59:59+08:00"}, 1),
    ({"days_since": "2026-01-08T00:00:00+08:00"}, -1),
    ({"within_last": [var("member.last_order_at"), "P7D"]}, True),
    ({"within_last": [var("member.last_order_at"), "P6D"]}, False),
    ({"within_last": [var("member.last_order_at"), var("member.patience")]}, True),
    ({"within_last": ["2026-01-07T09:00:00+08:00", "PT1H"]}, True),
    ({"within_last": ["2026-01-07T08:59:59+08:00", "PT1H"]}, False),
    ({"within_last": [var("now"), "PT0S"]}, True),
    ({"within_last": ["2026-01-07T10:00:01+08:00", "P1D"]}, False),
    ({"within_last": ["2025-12-07T10:00:00+08:00", "P1M"]}, True),
    ({"within_last": ["2025-12-07T09:59:59+08:00", "P1M"]}, False),
    ({"within_last": [var("today"), "P0D"]}, True),
    ({"within_last": [var("member.birthday"), "P100Y"]}, True),
]

MISSING: list[tuple[Json, object]] = [
    (var("member.tier"), unknown("member.tier")),
    (var("score"), unknown("score")),
    (var("event.channel.kind"), unknown("event.channel.kind")),
    ({"var": ["member.nickname", "会员"]}, "会员"),
    ({"var": ["member.nickname", var("member.tier")]}, unknown("member.nickname", "member.tier")),
    ({"==": [var("member.tier"), "gold"]}, unknown("member.tier")),
    ({"!=": [var("member.tier"), "gold"]}, unknown("member.tier")),
    ({"==": [var("member.tier"), var("member.tier")]}, unknown("member.tier")),
    ({"==": [var("member.home_store"), var("event.store")]}, unknown("member.home_store", "event.store")),
    ({"<": [var("member.orders"), 4]}, unknown("member.orders")),
    ({"<": [5, var("member.orders"), 4]}, unknown("member.orders")),
    ({"<": [var("member.orders"), 5, 4]}, False),
    ({"<": [3, 4, var("member.orders")]}, unknown("member.orders")),
    ({"between": [5, var("member.orders"), 4]}, False),
    ({"between": [var("member.orders"), 4, 5]}, unknown("member.orders")),
    ({"and": [var("member.friend"), False]}, False),
    ({"and": [var("member.friend"), True]}, unknown("member.friend")),
    (
        {"and": [var("member.friend"), {"==": [var("member.tier"), "gold"]}]},
        unknown("member.friend", "member.tier"),
    ),
    ({"or": [var("member.friend"), True]}, True),
    ({"or": [var("member.friend"), False]}, unknown("member.friend")),
    ({"!": var("member.friend")}, unknown("member.friend")),
    ({"!!": var("member.friend")}, unknown("member.friend")),
    ({"if": [var("member.friend"), 1, 1]}, unknown("member.friend")),
    ({"if": [True, 1, var("member.friend"), 2, 3]}, 1),
    ({"if": [False, var("member.orders"), 2]}, 2),
    ({"in": [var("event.channel.kind"), ["pos"]]}, unknown("event.channel.kind")),
    ({"in": [3, [3, var("member.orders")]]}, True),
    ({"in": [4, [3, var("member.orders")]]}, unknown("member.orders")),
    ({"in": ["vip", var("member.tags")]}, unknown("member.tags")),
    ({"in": [var("event.channel.kind"), var("member.nickname")]}, unknown("event.channel.kind", "member.nickname")),
    ({"has_any": [var("member.tags"), ["vip"]]}, unknown("member.tags")),
    ({"has_all": [var("member.tags"), []]}, unknown("member.tags")),
    ({"has_none": [var("member.tags"), ["vip"]]}, unknown("member.tags")),
    ({"has_any": [var("member.tags"), [var("member.nickname")]]}, unknown("member.tags", "member.nickname")),
    ({"is_set": var("member.tier")}, False),
    ({"is_set": "member.tier"}, False),
    ({"is_set": {"+": [var("member.orders"), 1]}}, False),
    ({"is_set": {"var": ["member.tier", "gold"]}}, True),
    ({"default": [var("member.nickname"), var("event.channel.kind"), "x"]}, "x"),
    (
        {"default": [var("member.nickname"), var("event.channel.kind")]},
        unknown("member.nickname", "event.channel.kind"),
    ),
    ({"missing": ["member.tier", "member.orders"]}, ["member.tier", "member.orders"]),
    ({"missing": "member.tier"}, ["member.tier"]),
    ({"missing": [["member.tier"]]}, ["member.tier"]),
    ({"missing": []}, []),
    ({"missing_some": [1, ["member.tier", "member.orders"]]}, ["member.tier", "member.orders"]),
    ({"missing_some": [0, ["member.tier"]]}, []),
    ({"missing_some": [var("member.orders"), ["member.tier"]]}, unknown("member.orders")),
    ({"+": [var("member.orders"), var("member.visits")]}, unknown("member.orders", "member.visits")),
    ({"-": [var("member.orders")]}, unknown("member.orders")),
    ({"*": [0, var("member.orders")]}, unknown("member.orders")),
    ({"days_since": var("member.birthday")}, unknown("member.birthday")),
    ({"within_last": [var("member.last_order_at"), "P7D"]}, unknown("member.last_order_at")),
    ({"within_last": ["2026-01-07T09:00:00+08:00", var("member.patience")]}, unknown("member.patience")),
    (
        {"within_last": [var("member.last_order_at"), var("member.patience")]},
        unknown("member.last_order_at", "member.patience"),
    ),
]


@pytest.mark.parametrize(("rule", "expected"), PRESENT)
def test_on_present_facts(rule: Json, expected: object) -> None:
    found = decide(rule)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(("rule", "expected"), MISSING)
def test_on_missing_facts(rule: Json, expected: object) -> None:
    assert decide(rule, GONE) == expected


def nulled(facts: object) -> object:
    """The same facts with null for every leaf."""
    return {key: nulled(item) for key, item in facts.items()} if isinstance(facts, dict) else None


@pytest.mark.parametrize(("rule", "expected"), MISSING)
def test_null_is_missing(rule: Json, expected: object) -> None:
    facts = nulled(copy.deepcopy(FACTS))
    assert isinstance(facts, dict)
    assert decide(rule, facts) == expected


@pytest.mark.parametrize("way", [None, "text", 5, ["a"], {"channel": "text"}, {"channel": 3}, {"channel": [1]}])
def test_a_path_that_leads_nowhere_is_missing(way: object) -> None:
    assert decide(var("event.channel.kind"), {"event": way}) == unknown("event.channel.kind")


def tables() -> Iterator[tuple[list[tuple[Json, object]], list[tuple[Json, object]]]]:
    """Those of this file, and of every file of `operators/`."""
    yield PRESENT, MISSING
    for path in sorted((Path(__file__).parent / "operators").glob("test_*.py")):
        module = import_module(f"tests.rules.operators.{path.stem}")
        yield module.PRESENT, module.MISSING


def test_every_operator_stands_in_both_tables() -> None:
    def named(rule: Json) -> set[str]:
        if isinstance(rule, list):
            return set().union(*map(named, rule))
        return {name for key, item in rule.items() for name in {key, *named(item)}} if isinstance(rule, dict) else set()

    for kind in zip(*tables(), strict=True):
        found = set().union(*(named(rule) for table in kind for rule, _ in table))
        aliases = {"===": "==", "!==": "!=", "<=": "<", ">": "<", ">=": "<"}
        assert {aliases.get(name, name) for name in found} == {aliases.get(name, name) for name in OPERATORS}


@pytest.mark.parametrize(("path", "value"), [
    ("member.orders", "3"), ("member.orders", 2.5), ("member.orders", True), ("member.orders", [3]),
    ("member.friend", 1), ("member.friend", "true"),
    ("member.spend", 1.0), ("member.spend", 99.5), ("member.spend", {"minor": 5, "currency": "USD"}),
    ("member.spend", {"minor": 5.0, "currency": "CNY"}), ("member.spend", {"currency": "CNY"}), ("member.spend", "600"),
    ("member.weight", 12.5), ("member.weight", "1e3"), ("member.weight", "NaN"), ("member.weight", "一"),
    ("member.tier", 3), ("member.tags", "vip"), ("member.tags", [1]), ("member.tags", {"vip": True}),
    ("member.birthday", "2000-1-31"), ("member.birthday", "2000-02-30"), ("member.birthday", "2000-01-31T00:00:00Z"),
    ("member.last_order_at", "2026-01-01"), ("member.last_order_at", "2026-01-01T00:00:00"),
    ("member.last_order_at", 1_767_225_600), ("member.last_order_at", "2026-W01-1T00:00:00Z"),
    ("member.last_order_at", "0001-01-01T00:00:00+08:00"), ("member.last_order_at", "0001-01-01T12:00:00Z"),
    ("member.last_order_at", "9999-12-31T00:00:00Z"),
    ("member.patience", "7 days"), ("event.scores", 3), ("event.scores", ["a"]),
])  # fmt: skip
def test_a_fact_of_another_type_is_an_error_and_never_false(path: str, value: object) -> None:
    scope, name = path.split(".")
    with pytest.raises(EvaluationError, match=path) as caught:
        decide(var(path), {scope: {name: value}})
    assert caught.value.field == path


@pytest.mark.parametrize(("path", "value", "expected"), [
    ("member.orders", 3.0, 3), ("member.spend", {"minor": 5}, 5), ("member.weight", 3, Decimal(3)),
    ("member.weight", Decimal("0.1"), Decimal("0.1")), ("member.last_order_at", datetime(2026, 1, 1, tzinfo=UTC),
    datetime(2026, 1, 1, tzinfo=UTC)), ("member.birthday", datetime(2026, 1, 1, tzinfo=UTC).date(),
    datetime(2026, 1, 1, tzinfo=UTC).date()), ("member.tags", {"a"}, frozenset({"a"})),
])  # fmt: skip
def test_exact_facts_are_taken_in_each_of_their_forms(path: str, value: object, expected: object) -> None:
    scope, name = path.split(".")
    assert decide(var(path), {scope: {name: value}}) == expected


@pytest.mark.parametrize("rule", [
    {"+": [var("member.orders"), 2**53]},
    {"-": [{"-": [2**53]}, var("member.orders")]},
    {"*": [var("member.spend"), 2**53]},
    {"*": [var("member.weight")] * 40},
    {"within_last": [var("member.birthday"), {"if": [True, "PT1H", "P1D"]}]},
])  # fmt: skip
def test_what_cannot_be_computed_exactly_is_an_error(rule: Json) -> None:
    with pytest.raises(EvaluationError):
        decide(rule)


def test_a_window_that_begins_before_the_calendar_is_an_error() -> None:
    with pytest.raises(EvaluationError, match="calendar"):
        decide({"within_last": ["0001-01-02T00:00:00Z", "P2D"]}, now=datetime(1, 1, 2, 0, 30, tzinfo=UTC))


def test_days_are_those_of_the_zone() -> None:
    rule: Json = {"days_since": var("member.last_order_at")}
    assert decide(rule, zone=ZoneInfo("UTC")) == 7


def test_an_alternative_not_taken_is_not_evaluated() -> None:
    bad = {"member": {"orders": "three", "friend": False}}
    assert decide({"if": [var("member.friend"), var("member.orders"), 1]}, bad) == 1
    assert decide({"and": [var("member.friend"), {"==": [var("member.orders"), 1]}]}, bad) is False
    with pytest.raises(EvaluationError):
        decide({"and": [{"==": [var("member.orders"), 1]}, var("member.friend")]}, bad)
