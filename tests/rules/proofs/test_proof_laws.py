"""Against brute force: on tables of which every case can be decided, proofs find what goes wrong, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.compile import compile_rule
from rules.proofs.boxes import box_conditions
from rules.proofs.budget import Budget
from rules.proofs.changes import may_differ
from rules.proofs.findings import MOST, Finding
from rules.proofs.prove import prove
from rules.proofs.solver import Z3Prover
from rules.tables.compile import compile_ruleset
from rules.tables.decide import Decision, decide
from rules.tables.table import Table
from rules.types import Json
from tests.law import law
from tests.rules.ruleworld import NOW, SHANGHAI, declared, var

FIELDS = declared(
    m__tier={"type": "enum", "values": ["gold", "silver", "black"]},
    m__days={"type": "integer", "min": 0, "max": 4},
    m__vip={"type": "boolean"},
    m__level={"type": "integer", "min": 0, "max": 2, "optional": True},
)
VALUES: dict[str, list[Any]] = {
    "m.tier": ["gold", "silver", "black"], "m.days": [0, 1, 2, 3, 4], "m.vip": [True, False],
    "m.level": [0, 1, 2, None],
}  # fmt: skip

ranges = st.tuples(st.integers(-1, 4), st.integers(0, 6)).map(lambda ends: {"from": ends[0], "to": ends[1]})
days: st.SearchStrategy[Any] = st.none() | ranges | st.integers(0, 4) | st.lists(st.integers(0, 5), max_size=3)
levels: st.SearchStrategy[Any] = st.none() | st.none() | st.integers(0, 2) | st.just({"not": 1})
cells: dict[str, st.SearchStrategy[Any]] = {
    "m.tier": st.none() | st.sampled_from(VALUES["m.tier"]) | st.lists(st.sampled_from(VALUES["m.tier"]), max_size=2),
    "m.days": days | days.filter(lambda cell: cell is not None).map(lambda cell: {"not": cell}),
    "m.vip": st.none() | st.booleans(),
    "m.level": levels | st.just({"<": [var(""), var("m.days")]}),
}
conditions: list[Any] = [
    var("m.vip"),
    {"!": [var("m.vip")]},
    {"is_set": "m.level"},
    {"!": [{"is_set": "m.level"}]},
    {">": [var("m.days"), {"default": [var("m.level"), 1]}]},
    {"<=": [var("m.days"), {"default": [var("m.level"), 1]}]},
    {"and": [{">=": [var("m.days"), 2]}, {"==": [var("m.tier"), "gold"]}]},
    {"or": [{"==": [var("m.tier"), "gold"]}, var("m.vip")]},
    {"==": [{"+": [var("m.level"), var("m.days")]}, 3]},
    {"<": [var("m.days"), 0]},
]
"""Some that a cell could say, some that only the prover settles."""


@st.composite
def tables(draw: Any, **given: Any) -> dict[str, Any]:
    """A ruleset of a few rows over a few columns."""
    columns = draw(st.lists(st.sampled_from(sorted(cells)), min_size=1, max_size=4))
    rows = []
    for number in range(draw(st.integers(1, 5))):
        row: dict[str, Any] = {"id": f"r{number}", "when": [draw(cells[column]) for column in columns]}
        if draw(st.integers(0, 2)) == 0:
            row["and"] = draw(st.sampled_from(conditions))
        row["then"] = {"out": draw(st.integers(0, 2)) * 5_000}
        rows.append(row)
    document = {
        "schema": "waystation/ruleset@1", "key": "t", "inputs": [{"field": column} for column in columns],
        "outputs": [{"key": "out", "type": "integer"}], "rows": rows,
    }  # fmt: skip
    if draw(st.booleans()):
        document["otherwise"] = {"out": 1}
    return {**document, **given}


def proved(
    document: dict[str, Any], live: dict[str, Any] | None = None, *, is_settled: bool = True
) -> tuple[Table, list[Finding]]:
    """The table and what the proofs say of it; nothing may be left open, unless it may."""
    table = compile_ruleset(document, FIELDS)
    old = compile_ruleset(live, FIELDS) if live is not None else None
    found = prove(table, now=NOW, prover=Z3Prover(), live=old, budget=Budget(600))
    assert not is_settled or [each.message["en"] for each in found if each.code == "not-proved"] == []
    return table, found


def of(findings: list[Finding], code: str) -> list[Finding]:
    return [each for each in findings if each.code == code]


def cases() -> Iterator[dict[str, Any]]:
    """All facts that there can be."""
    for values in product(*VALUES.values()):
        yield {"m": {path.removeprefix("m."): value for path, value in zip(VALUES, values, strict=True)}}


def decisions(table: Table) -> Iterator[tuple[dict[str, Any], Decision]]:
    for facts in cases():
        yield facts, decide(table, facts, now=NOW)


def is_in(box: Any, facts: dict[str, Any]) -> bool:
    """Whether facts lie in a box: of a missing field a box says nothing."""
    for rule in box_conditions(box).values():
        if compile_rule(rule, FIELDS).evaluate(facts, now=NOW, zone=SHANGHAI) is False:
            return False
    return True


def test_boxes_state_their_cells_as_conditions() -> None:
    box: dict[str, Json] = {"m.days": [{"from": 0, "to": 2}, 4], "m.tier": {"not": ["gold"]}, "m.level": {"from": 1}}
    assert is_in(box, {"m": {"days": 4, "tier": "black", "level": 1}})
    assert not is_in(box, {"m": {"days": 2, "tier": "black", "level": 1}})
    assert not is_in(box, {"m": {"days": 1, "tier": "gold", "level": 1}})


@law(60, database=None)
@given(tables(hit="unique"))
def test_every_overlap_is_found_with_its_rows(document: dict[str, Any]) -> None:
    table, findings = proved(document)
    found = {each.rows: each for each in of(findings, "overlap")}
    pairs = set()
    for facts, decision in decisions(table):
        if decision.reason == "error" and len(decision.rows) > 1:
            for i, one in enumerate(decision.rows):
                for other in decision.rows[i + 1 :]:
                    pairs.add((one, other))
                    assert is_in(found[one, other].box, facts)
    assert pairs == set(found)


@law(60, database=None)
@given(tables(hit="any"))
def test_rows_that_may_both_match_must_not_differ(document: dict[str, Any]) -> None:
    table, findings = proved(document)
    clashes = [decision for _, decision in decisions(table) if decision.reason == "error" and decision.rows]
    found = {each.rows for each in of(findings, "overlap")}
    assert bool(found) == bool(clashes)
    assert all(any(set(pair) <= set(clash.rows) for clash in clashes) for pair in found)


@law(60, database=None)
@given(tables(hit="collect", complete=True))
def test_every_gap_lies_in_a_box(document: dict[str, Any]) -> None:
    table, findings = proved(document)
    boxes = [each.box for each in of(findings, "gap") if each.example is not None]
    uncovered = [facts for facts, decision in decisions(table) if not decision.rows and not decision.undecided]
    assert bool(boxes) == bool(uncovered)
    assert len(boxes) == MOST or all(any(is_in(box, facts) for box in boxes) for facts in uncovered)


@law(60, database=None)
@given(tables(hit="first"))
def test_hidden_and_impossible_rows_are_those_that_never_decide(document: dict[str, Any]) -> None:
    document = {**document, "on_unknown": "skip"}
    table, findings = proved(document, is_settled=False)
    hidden = {each.rows[0]: each.rows[1:] for each in of(findings, "hidden-row")}
    impossible = {each.rows[0] for each in of(findings, "impossible-row")}
    unsettled = {row for each in of(findings, "not-proved") for row in each.rows}
    for number, row in enumerate(document["rows"]):
        above = [each["id"] for each in document["rows"][:number]]
        alone = compile_ruleset({**document, "rows": [row]}, FIELDS)
        possible = any(decision.rows and decision.reason == "matched" for _, decision in decisions(alone))
        reached = any(
            decision.rows == (row["id"],) and row["id"] not in decision.undecided for _, decision in decisions(table)
        )
        assert (row["id"] in impossible) == (not possible)
        if row["id"] in hidden:
            assert possible
            assert not reached
        elif possible and not reached:
            assert row["id"] in unsettled
        assert set(hidden.get(row["id"], ())) <= set(above)


@law(60, database=None)
@given(tables(hit="collect", aggregate="list", total={"of": "out", "is": 10_000}, otherwise=[]))
def test_every_broken_total_is_found(document: dict[str, Any]) -> None:
    table, findings = proved(document)
    found = {each.rows for each in of(findings, "share-total")}
    broken = {decision.rows for _, decision in decisions(table) if decision.reason == "error"}
    assert bool(found) == bool(broken)
    assert found <= broken


PROMISE = {"id": "p", "vary": "m.tier", "among": ["gold", "silver", "black"], "same": ["out"]}


@law(60, database=None)
@given(tables(), st.sampled_from(["first", "unique", "collect"]), st.sampled_from([None, {"is_set": "m.level"}]))
def test_a_promise_is_broken_where_two_contexts_differ(document: dict[str, Any], hit: str, when: Any) -> None:
    table, findings = proved({**document, "hit": hit, "agree": [{**PROMISE, **({"when": when} if when else {})}]})
    broken = set()
    for facts in cases():
        if when and facts["m"]["level"] is None:
            continue
        for one, other in product(VALUES["m.tier"], repeat=2):
            a, b = (decide(table, {"m": {**facts["m"], "tier": tier}}, now=NOW) for tier in (one, other))
            if is_told(a) and is_told(b) and a.outcome != b.outcome:
                broken.add(frozenset([a.rows, b.rows]))
    assert bool(of(findings, "disagree")) == bool(broken)
    for each in of(findings, "disagree"):
        assert any(set(each.rows) == set().union(*pair) for pair in broken)


@st.composite
def edits(draw: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A ruleset, and what has become of it: some rows are new, and maybe the columns."""
    hit = draw(st.sampled_from(["first", "unique", "collect"]))
    before, other = draw(tables(hit=hit)), draw(tables(hit=hit))
    if before["inputs"] == other["inputs"]:
        kept = draw(st.integers(0, len(before["rows"])))
        rows = [*before["rows"][:kept], *other["rows"]]
        other = {**other, "rows": [{**row, "id": f"r{number}"} for number, row in enumerate(rows)]}
    return before, other


def is_told(decision: Decision) -> bool:
    """Whether another outcome is told: not where rows contradict each other."""
    return not (decision.reason == "error" and decision.rows)


@law(60, database=None)
@given(edits())
def test_what_an_edit_changes_is_found(documents: tuple[dict[str, Any], dict[str, Any]]) -> None:
    before, after = documents
    table, findings = proved(after, before)
    old = compile_ruleset(before, FIELDS)
    changed = False
    for facts, decision in decisions(table):
        was = decide(old, facts, now=NOW)
        changed |= is_told(was) and is_told(decision) and was.outcome != decision.outcome
    assert bool(of(findings, "changed")) == changed


# Named conditions that mean something else than before

LINES = declared(
    event__lines={"type": "list", "of": {"qty": {"type": "integer"}}},
    m__days={"type": "integer"},
)
BIG: Json = {"condition": "x/big"}
INSIDE: Json = {"some": [var("event.lines"), {"and": [{">": [var("qty"), 1]}, BIG]}]}


def using(condition: Json, least: int, **more: Json) -> Table:
    document = {
        "schema": "waystation/ruleset@1", "key": "t", "title": "t", "inputs": [], "hit": "first",
        "outputs": [{"key": "z", "type": "text"}],
        "rows": [{"id": "a", "when": [], "and": condition, "then": {"z": "A"}}], "otherwise": {"z": "B"}, **more,
    }  # fmt: skip
    return compile_ruleset(document, LINES, {"x/big": {">": [var("m.days"), least]}})


@pytest.mark.parametrize(("condition", "more", "code"), [
    (BIG, {}, "changed"),
    (INSIDE, {}, "not-proved"),
    (True, {"rows": [{"id": "a", "when": [], "then": {"z": {"if": [BIG, "A", "B"]}}}]}, "changed"),
    (False, {"otherwise": {"z": {"if": [BIG, "A", "B"]}}}, "changed"),
])  # fmt: skip
def test_a_condition_of_another_ruleset_changes_what_names_it(
    condition: Json, more: dict[str, Json], code: str
) -> None:
    before, after = using(condition, 5, **more), using(condition, 1, **more)
    assert may_differ(before, after)
    assert not may_differ(before, using(condition, 5, **more))
    found = prove(after, now=NOW, prover=Z3Prover(), live=before, budget=Budget(600))
    assert code in {each.code for each in found}
    same = prove(before, now=NOW, prover=Z3Prover(), live=using(condition, 5, **more), budget=Budget(600))
    assert {each.code for each in same}.isdisjoint({"changed", "not-proved"})
