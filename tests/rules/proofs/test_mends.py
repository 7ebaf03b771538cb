"""Mends do away with what they are for, and bring about nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from rules.documents.commands import Mend
from rules.proofs.findings import Finding
from rules.proofs.mends import mends
from rules.tables.commands import TableCommand
from rules.tables.editing import apply
from rules.types import Json
from tests.law import law
from tests.rules.proofs.test_proof_laws import decisions, of, proved, tables
from tests.rules.ruleworld import NOW, var

COMMANDS: TypeAdapter[Any] = TypeAdapter(TableCommand)
Pairs = set[tuple[str, tuple[str, ...]]]


def mended(document: dict[str, Any], mend: Mend) -> dict[str, Any]:
    for command in mend.commands:
        document = apply(document, COMMANDS.validate_python(command))
    return document


def told(findings: Sequence[Finding]) -> Pairs:
    """Findings by code and rows; a row that was split counts as the one that it was."""
    return {(each.code, tuple(sorted(row.partition("-")[0] for row in each.rows))) for each in findings}


def table(*rows: Json, **more: Json) -> dict[str, Any]:
    named = [{"id": f"r{i}", "then": {"out": i}, **row} for i, row in enumerate(rows) if isinstance(row, dict)]
    return {
        "schema": "waystation/ruleset@1", "key": "t", "inputs": [{"field": "m.tier"}, {"field": "m.days"}],
        "outputs": [{"key": "out", "type": "integer"}], "rows": named, **more,
    }  # fmt: skip


DAYS: Json = {"when": ["gold", {"from": 0, "to": 4}]}
OVERLAPS: list[tuple[str, Json, Json, list[list[Json]]]] = [
    ("the other is cut short", {"when": ["gold", {"from": 0, "to": 3}]}, {"when": ["gold", {"from": 2}]},
     [["gold", {"from": 3}]]),
    ("the other falls apart", {"when": ["gold", {"from": 1, "to": 3}]}, {"when": [None, None]},
     [[{"not": "gold"}, None], ["gold", [0, {"from": 3}]]]),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other", "expected"), [each[1:] for each in OVERLAPS], ids=[e[0] for e in OVERLAPS])
def test_a_row_gives_way_to_another(one: Json, other: Json, expected: list[list[Json]]) -> None:
    document = table(one, other, otherwise={"out": 9})
    compiled, [overlap] = proved(document)
    first = mends(compiled, overlap, now=NOW)[0]
    after = mended(document, first)
    assert [row["when"] for row in after["rows"][1:]] == expected
    assert proved(after)[1] == []


def test_a_window_gives_way_in_time() -> None:
    long = {"when": [None, None], "valid": {"from": "2026-01-01", "to": "2026-12-31"}}
    short = {"when": [None, None], "valid": {"from": "2026-11-01", "to": "2026-11-13"}}
    document = table(short, long, otherwise={"out": 9})
    compiled, [overlap] = proved(document)
    ways = [mended(document, each) for each in mends(compiled, overlap, now=NOW)]
    assert [row.get("valid") for row in ways[0]["rows"]] == [
        short["valid"], {"from": "2026-01-01", "to": "2026-11-01"}, {"from": "2026-11-13", "to": "2026-12-31"},
    ]  # fmt: skip
    assert [row["id"] for row in ways[1]["rows"]] == ["r1"], "the shorter one lies within the other"
    assert [proved(way)[1] for way in ways[:2]] == [[], []]


def test_a_row_gives_way_to_a_condition() -> None:
    free = {">": [var("m.days"), {"default": [var("m.level"), 1]}]}
    document = table({"when": ["gold", None], "and": free}, {"when": ["gold", None]}, otherwise={"out": 9})
    compiled, [overlap] = proved(document)
    after = mended(document, mends(compiled, overlap, now=NOW)[0])
    assert after["rows"][1]["and"] == {"!": [free]}
    assert proved(after)[1] == []


def test_the_first_row_may_count() -> None:
    document = table({"when": ["gold", {"from": 0, "to": 3}]}, {"when": ["gold", {"from": 2}]}, otherwise={"out": 9})
    compiled, [overlap] = proved(document)
    last = mends(compiled, overlap, now=NOW)[-1]
    assert proved(mended(document, last))[1] == []


@pytest.mark.parametrize("more", [{}, {"complete": True}, {"complete": True, "otherwise": {"out": 7}}])
def test_the_missing_row_is_added(more: dict[str, Json]) -> None:
    document = table({"when": ["gold", None]}, {"when": [["silver", "black"], {"to": 3}]}, **more)
    compiled, [gap] = proved(document)
    for mend in mends(compiled, gap, now=NOW):
        assert proved(mended(document, mend))[1] == []
    after = mended(document, mends(compiled, gap, now=NOW)[0])
    assert after["rows"][2] == {
        "id": "r2", "when": [["silver", "black"], {"from": 3}],
        "then": {"out": 7 if "otherwise" in more else 1},
    }  # fmt: skip


def test_rows_that_never_decide_are_deleted_or_moved() -> None:
    document = table({"when": [None, None]}, {"when": ["gold", None]}, {"when": [None, []]}, hit="first")
    compiled, findings = proved(document)
    assert [each.code for each in findings] == ["impossible-row", "hidden-row"]
    [delete] = mends(compiled, findings[0], now=NOW)
    assert [each.code for each in proved(mended(document, delete))[1]] == ["hidden-row"]
    without, above = (mended(document, each) for each in mends(compiled, findings[1], now=NOW))
    assert [row["id"] for row in without["rows"]] == ["r0", "r2"]
    assert [row["id"] for row in above["rows"]] == ["r1", "r0", "r2"]
    assert [each.code for way in (without, above) for each in proved(way)[1]] == ["impossible-row"] * 2


def test_shares_come_to_their_total() -> None:
    rows = [{"when": [None, None], "then": {"out": 4_000}}, {"when": [None, None], "then": {"out": 5_000}}]
    document = table(*rows, hit="collect", aggregate="sum", total={"of": "out", "is": 10_000})
    compiled, [broken] = proved(document)
    ways = [mended(document, each) for each in mends(compiled, broken, now=NOW)]
    assert [[row["then"]["out"] for row in way["rows"]] for way in ways] == [[4_000, 6_000], [5_000, 5_000]]
    assert [proved(way)[1] for way in ways] == [[], []]


def test_what_otherwise_gives_comes_to_the_total() -> None:
    rows = [{"when": ["gold", None], "then": {"out": 10_000}}]
    document = table(*rows, hit="collect", aggregate="sum", total={"of": "out", "is": 10_000}, otherwise={"out": 1})
    compiled, [broken] = proved(document)
    [mend] = mends(compiled, broken, now=NOW)
    assert proved(mended(document, mend))[1] == []


def test_a_promise_is_kept_by_giving_the_same() -> None:
    promise = {"id": "p", "vary": "m.tier", "among": ["gold", "silver"], "same": ["out"]}
    rows = [{"when": ["gold", None]}, {"when": ["silver", None]}]
    document = table(*rows, agree=[promise], otherwise={"out": 9})
    compiled, [broken] = proved(document)
    ways = [mended(document, each) for each in mends(compiled, broken, now=NOW)]
    assert [[row["then"]["out"] for row in way["rows"]] for way in ways] == [[0, 0], [1, 1]]
    assert [proved(way)[1] for way in ways] == [[], []]


@law(60, database=None)
@given(tables(hit="unique"), st.data())
def test_a_narrowed_row_overlaps_no_more_and_nothing_falls_through(document: dict[str, Any], data: Any) -> None:
    compiled, findings = proved({**document, "otherwise": {"out": 1}})
    overlaps = of(findings, "overlap")
    if not overlaps:
        return
    overlap = data.draw(st.sampled_from(overlaps))
    ways = [each for each in mends(compiled, overlap, now=NOW) if each.commands[0]["command"] != "set_term"]
    assert len(ways) == 2
    matched = {str(facts) for facts, decision in decisions(compiled) if decision.rows}
    for way in ways:
        table, after = proved(mended({**document, "otherwise": {"out": 1}}, way))
        assert told(of(after, "overlap")) <= told(overlaps) - told([overlap])
        lost = [facts for facts, each in decisions(table) if not each.rows and str(facts) in matched]
        assert all(None in facts["m"].values() for facts in lost), "only where a fact is missing"


@law(60, database=None)
@given(tables(hit="unique", complete=True), st.data())
def test_an_added_row_closes_its_gap_and_overlaps_nothing(document: dict[str, Any], data: Any) -> None:
    compiled, findings = proved(document)
    gaps = [each for each in of(findings, "gap") if each.example is not None]
    if not gaps:
        return
    gap = data.draw(st.sampled_from(gaps))
    _, after = proved(mended(document, mends(compiled, gap, now=NOW)[0]))
    assert told(of(after, "overlap")) <= told(of(findings, "overlap"))
    left = [each.box for each in of(findings, "gap") if each != gap]
    assert all(each.box in left for each in of(after, "gap"))


@law(40, database=None)
@given(tables(hit="first", otherwise={"out": 1}))
def test_a_row_that_is_deleted_because_it_never_decides_changes_no_outcome(document: dict[str, Any]) -> None:
    compiled, findings = proved(document)
    before = [decision.outcome for _, decision in decisions(compiled)]
    for finding in findings:
        if finding.code in {"hidden-row", "impossible-row"}:
            delete = mends(compiled, finding, now=NOW)[0]
            after, left = proved(mended(document, delete))
            pairs = zip(before, (each.outcome for _, each in decisions(after)), strict=True)
            assert [was for was, now in pairs if was != now and was is not None] == [], (
                "but where a doubt about it stood in the way"
            )
            assert told([finding]).isdisjoint(told(left))
