"""The embedded tests of a ruleset: what they compare, and which rows they visit."""

from __future__ import annotations

import pytest

from rules.tables.trials import run_tests
from rules.types import Json
from tests.rules.tables.tableworld import row, ruleset, table_of

OUTPUTS: Json = [
    {"key": "fee", "type": "money", "currency": "CNY"}, {"key": "until", "type": "instant", "optional": True},
]  # fmt: skip
DOCUMENT = ruleset(
    row("a", "gold", then={"fee": 500, "until": "2026-01-31T10:00:00+08:00"}),
    row("b", "black", then={"fee": 100}),
    outputs=OUTPUTS,
    otherwise={"fee": 900},
)
GOLD: Json = {"member": {"tier": "gold"}}


def differences(then: Json, given: Json = GOLD, document: dict[str, Json] = DOCUMENT) -> list[str]:
    tests: Json = [{"name": "t", "given": given, "then": then}]
    [found] = run_tests(table_of({**document, "tests": tests})).tests
    return [each.field for each in found.differences]


@pytest.mark.parametrize(("then", "given", "expected"), [
    ({}, GOLD, []),
    ({"fee": 500, "row": "a", "rows": ["a"], "reason": "matched"}, GOLD, []),
    ({"fee": {"minor": 500, "currency": "CNY"}}, GOLD, []),
    ({"fee": {"minor": 500, "currency": "USD"}}, GOLD, ["fee"]),
    ({"fee": "500"}, GOLD, ["fee"]),
    ({"until": "2026-01-31T02:00:00Z"}, GOLD, []),
    ({"until": "2026-01-31T03:00:00Z"}, GOLD, ["until"]),
    ({"until": None}, {"member": {"tier": "black"}}, []),
    ({"until": None, "row": "b"}, GOLD, ["until", "row"]),
    ({"outcome": {"fee": 500, "until": "2026-01-31T10:00:00+08:00"}}, GOLD, []),
    ({"outcome": {"fee": 500}}, GOLD, ["outcome"]),
    ({"outcome": None, "reason": "uncertain", "missing": ["member.tier"]}, {}, []),
    ({"fee": 900, "reason": "otherwise", "rows": []}, {"member": {"tier": "silver"}}, []),
    ({"row": None}, {"member": {"tier": "silver"}}, []),
    ({"reason": "matched"}, {}, ["reason"]),
])  # fmt: skip
def test_a_test_compares_what_it_states(then: Json, given: Json, expected: list[str]) -> None:
    assert differences(then, given) == expected


def test_a_list_is_compared_in_the_order_of_rows() -> None:
    document = ruleset(row("a", None, then={"fee": 5}), row("b", None, then={"fee": 6}), outputs=OUTPUTS, hit="collect")
    five: Json = {"fee": 5, "until": None}
    six: Json = {"fee": {"minor": 6, "currency": "CNY"}, "until": None}
    assert differences({"outcome": [five, six], "rows": ["a", "b"]}, {}, document) == []
    assert differences({"outcome": [six, five]}, {}, document) == ["outcome"]
    assert differences({"outcome": [five]}, {}, document) == ["outcome"]


@pytest.mark.parametrize(("given", "expected"), [
    ({}, []),
    ({"now": "2026-01-08T09:59:59+08:00"}, []),
    ({"now": "2026-01-06T10:00:00+08:00"}, ["row"]),
    ({"time_zone": "UTC", "now": "2026-01-07T00:00:00Z"}, []),
    ({"time_zone": "UTC", "now": "2026-01-06T23:59:59Z"}, ["row"]),
])  # fmt: skip
def test_a_test_begins_at_ten_on_a_wednesday_unless_it_says_otherwise(given: Json, expected: list[str]) -> None:
    window: Json = {"from": "2026-01-07", "to": "2026-01-09"}
    document = ruleset(row("a", None, then={"fee": 5}, valid=window), outputs=OUTPUTS, otherwise={"fee": 0})
    assert differences({"row": "a"}, given, document) == expected


def test_the_report_names_the_rows_that_no_test_visits() -> None:
    tests: Json = [{"name": "gold", "given": GOLD, "then": {"row": "b"}}, {"name": "nobody", "then": {"fee": 1}}]
    report = run_tests(table_of({**DOCUMENT, "tests": tests})).to_json()
    assert report["coverage"] == {"rows": [{"row": "a", "visited": True}, {"row": "b", "visited": False}]}
    assert report["tests"] == [
        {"name": "gold", "ok": False, "differences": [{"field": "row", "expected": "b", "actual": "a"}]},
        {"name": "nobody", "ok": False, "differences": [{"field": "fee", "expected": 1, "actual": None}]},
    ]
