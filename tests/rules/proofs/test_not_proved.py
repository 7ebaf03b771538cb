"""What is not settled is said to be not proved, never to be fine; and what a cell could say needs no prover."""

from __future__ import annotations

from typing import Any

import pytest

from rules.compile import compile_rule
from rules.proofs.budget import Budget
from rules.proofs.cells import cell_of, conjuncts
from rules.proofs.claims import Prover
from rules.proofs.findings import MOST, Finding
from rules.proofs.prove import prove
from rules.proofs.solver import Z3Prover
from rules.tables.compile import compile_ruleset
from rules.types import Json
from tests.rules.ruleworld import NOW, declared, var

FIELDS = declared(
    m__tier={"type": "enum", "values": ["gold", "silver"]},
    m__days={"type": "integer", "min": 0},
    m__spend={"type": "money", "currency": "CNY", "optional": True},
    m__rate={"type": "decimal"},
    m__vip={"type": "boolean"},
    m__tags={"type": "tags"},
    m__last={"type": "instant", "optional": True},
    m__lines={"type": "list", "of": {"sku": {"type": "text"}}},
)
RECENT: Json = {"within_last": [var("m.last"), "P30D"]}
HAS_TEA: Json = {"any_line": [var("m.lines"), {"==": [var("sku"), "tea"]}]}


def proved(
    rows: list[dict[str, Any]], prover: Prover | None = None, budget: Budget | None = None, **more: Any
) -> list[Finding]:
    document: dict[str, Any] = {
        "schema": "waystation/ruleset@1", "key": "t", "inputs": [{"field": "m.tier"}, {"field": "m.days"}],
        "outputs": [{"key": "out", "type": "integer"}], "otherwise": {"out": 0},
        "rows": [{"id": f"r{i}", "then": {"out": i}, **row} for i, row in enumerate(rows)], **more,
    }  # fmt: skip
    table = compile_ruleset(document, FIELDS)
    return prove(table, now=NOW, prover=prover, budget=budget or Budget(600))


def told(findings: list[Finding]) -> list[tuple[str, tuple[str, ...]]]:
    return [(each.code, each.rows) for each in findings]


def test_without_a_prover_pure_tables_are_proved_all_the_same() -> None:
    rows = [{"when": ["gold", {"to": 5}]}, {"when": [None, {"from": 3}]}]
    assert told(proved(rows)) == [("overlap", ("r0", "r1"))]


def test_without_a_prover_what_needs_one_is_not_proved() -> None:
    rows = [{"when": ["gold", None], "and": RECENT}, {"when": ["gold", None], "and": {"!": [RECENT]}}]
    assert told(proved(rows)) == [("not-proved", ("r0", "r1"))] * 2
    assert told(proved(rows, Z3Prover())) == []


def test_what_is_not_confirmed_by_the_decision_is_not_proved() -> None:
    rows = [{"when": ["gold", None], "and": HAS_TEA}, {"when": ["gold", None]}]
    assert told(proved(rows, Z3Prover())) == [("not-proved", ("r0", "r1"))]


def test_without_time_nothing_is_said_to_be_fine() -> None:
    ticks = iter(range(10_000))
    over = Budget(0, clock=lambda: next(ticks))
    rows = [{"when": ["gold", None]}, {"when": ["silver", None]}]
    assert told(proved(rows, Z3Prover(), over, complete=True)) == [("not-proved", ())] * 2


def test_findings_of_one_code_are_bounded() -> None:
    found = proved([{"when": [None, None]} for _ in range(30)])
    assert [each.code for each in found] == ["overlap"] * (MOST + 1)
    assert "415 more pairs" in found[-1].message["en"]
    hidden = proved([{"when": [None, None]} for _ in range(30)], hit="first")
    assert [each.code for each in hidden] == ["hidden-row"] * (MOST + 1)
    assert "9 more rows" in hidden[-1].message["en"]


@pytest.mark.parametrize(
    "condition",
    [
        {"==": [var("m.tier"), "gold"]},
        {"!=": ["gold", var("m.tier")]},
        {"in": [var("m.days"), [1, 2]]},
        {"<": [1, var("m.days"), 5]},
        {">=": [var("m.days"), 3]},
        {">": [5, var("m.days")]},
        {"between": [var("m.spend"), 100, 200]},
        {"<=": [var("m.rate"), "0.5"]},
        {"and": [var("m.vip"), {"!": [{"==": [var("m.days"), 3]}]}, {">": [var("m.days"), 1]}]},
    ],
)
def test_conditions_that_a_cell_could_say_need_no_prover(condition: Json) -> None:
    tree = compile_rule(condition, FIELDS).tree
    assert all(cell_of(each) is not None for each in conjuncts(tree))
    assert {each.code for each in proved([{"when": [None, None], "and": condition}], complete=True)} == {"gap"}


@pytest.mark.parametrize(
    "condition", [RECENT, HAS_TEA, {"==": [var("m.days"), var("m.days")]}, {"has_any": [var("m.tags"), ["a"]]},
                  {"<": [{"+": [var("m.days"), 1]}, 3]}, {"==": [{"var": ["m.spend", 0]}, 0]}],
)  # fmt: skip
def test_other_conditions_are_the_provers(condition: Json) -> None:
    assert [cell_of(each) for each in conjuncts(compile_rule(condition, FIELDS).tree)] == [None]


def test_pairs_that_give_the_same_are_counted_too_where_no_two_rows_may_match() -> None:
    found = proved([{"when": [None, {"from": 10 * i, "to": 10 * i + 11}], "then": {"out": 1}} for i in range(100)])
    assert "79 more pairs" in found[-1].message["en"]
