"""The shipped rulesets: sound, covered by their tests, and safe when any of their facts is missing."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.definitions.context import event_fields
from engine.fields.check import check as check_fields
from engine.journeys.context import CheckContext
from engine.members.fields import base_fields
from engine.rulesets.check import check, report
from engine.rulesets.fields import ruleset_fields
from engine.seeds.published import documents, drafts_with_faults
from rules.proofs.prove import prove
from rules.proofs.solver import Z3Prover
from rules.tables.compile import compile_ruleset
from rules.tables.decide import Decision, decide
from rules.tables.table import Table
from rules.tables.trials import facts_of

DOCUMENTS: dict[str, dict[str, Any]] = {key: json.loads(text) for key, text in documents("ruleset")}
CONTEXT = CheckContext({}, base_fields(), event_fields())
FIELDS = ruleset_fields(CONTEXT)
TABLES: dict[str, Table] = {key: compile_ruleset(each, FIELDS) for key, each in DOCUMENTS.items()}
NOW = datetime(2026, 11, 5, 2, tzinfo=UTC)
DEAREST_FIRST = ["FULL", "GROUP", "SPECIAL"]


def test_these_are_shipped() -> None:
    rows = {key: len(each["rows"]) for key, each in DOCUMENTS.items()}
    assert rows == {"commission": 11, "credit": 7, "lead-routing": 10, "ownership": 14, "price-zone": 9}
    assert all(each["title"].keys() == {"zh", "en"} for each in DOCUMENTS.values())


@pytest.mark.parametrize("key", DOCUMENTS)
def test_nothing_is_wrong_with_it_and_its_tests_visit_every_row(key: str) -> None:
    assert [each for each in check(DOCUMENTS[key], CONTEXT) if each.severity == "error"] == []
    played = report(DOCUMENTS[key], CONTEXT)
    assert played is not None
    assert [place for place in played.coverage if not place[-1]] == []


@pytest.mark.parametrize("key", DOCUMENTS)
def test_proofs_find_nothing_in_it(key: str) -> None:
    assert [(each.code, each.rows) for each in prove(TABLES[key], now=NOW, prover=Z3Prover())] == []


def test_proofs_find_the_faults_of_the_drafts() -> None:
    drafts = {key: compile_ruleset(json.loads(text), FIELDS) for key, text in drafts_with_faults()}
    found = {key: prove(table, now=NOW, prover=Z3Prover()) for key, table in drafts.items()}
    assert {each.code for each in found["commission"]} == {"share-total"}
    assert all("98%" in each.message["en"] for each in found["commission"])
    assert [(each.code, each.rows) for each in found["price-zone"]] == [("overlap", ("special-tier", "gold-special"))]


@pytest.mark.parametrize("key", [key for key, _ in documents("fields")])
def test_nothing_is_wrong_with_shipped_fields(key: str) -> None:
    [document] = [json.loads(text) for each, text in documents("fields") if each == key]
    assert check_fields(key, document, CONTEXT) == []


def test_the_drafts_differ_from_what_is_live_and_can_be_read() -> None:
    for key, text in drafts_with_faults():
        assert json.loads(text) != DOCUMENTS[key]
        assert compile_ruleset(json.loads(text), FIELDS)


# What a missing fact does


def paths(facts: Any, way: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The way to each fact, and to each object that holds some."""
    for name, inner in facts.items() if isinstance(facts, dict) else ():
        yield (*way, name)
        yield from paths(inner, (*way, name))


def without(facts: dict[str, Any], way: tuple[str, ...]) -> dict[str, Any]:
    left = copy.deepcopy(facts)
    holder = left
    for step in way[:-1]:
        holder = holder[step]
    del holder[way[-1]]
    return left


CASES = [
    (key, test.name, way)
    for key, table in TABLES.items()
    for test in table.document.tests
    for way in paths(facts_of(test, table)[0])
]


@pytest.mark.parametrize(
    ("key", "name", "way"), CASES, ids=lambda part: ".".join(part) if isinstance(part, tuple) else part
)
def test_a_missing_fact_makes_nothing_cheaper_moves_nobody_and_loses_no_cent(
    key: str, name: str, way: tuple[str, ...]
) -> None:
    table = TABLES[key]
    [test] = [each for each in table.document.tests if each.name == name]
    facts, now, _ = facts_of(test, table)
    before = decide(table, facts, now=now)
    after = decide(table, without(facts, way), now=now)
    assert_safe(key, before, after)
    match after.reason:
        case "matched":
            assert (after.rows, after.outcome) == (before.rows, before.outcome)
        case "otherwise":
            assert before.reason == "otherwise"
        case "uncertain":
            assert after.missing
            assert after.outcome == table.document.otherwise or table.document.on_unknown == "skip"
        case _:
            pytest.fail(f"{after.reason}: {after.trouble}")


def assert_safe(key: str, before: Decision, after: Decision) -> None:
    """Never cheaper, never another owner, never anything but the whole, never eligible for want of facts."""
    was: Any = before.outcome
    now: Any = after.outcome
    match key:
        case "price-zone":
            assert DEAREST_FIRST.index(now["zone"]) <= DEAREST_FIRST.index(was["zone"])
        case "ownership":
            assert now["owner"] in {was["owner"], "STAYS"}
            assert after.reason != "uncertain" or (now["owner"], now["review"]) == ("STAYS", True)
        case "commission" | "credit":
            assert sum(each["bp"] for each in now) == 10_000
        case "lead-routing":
            assert now["score"] <= was["score"]


# And any facts at all

instants = st.integers(-400, 400).map(lambda days: (NOW + timedelta(days=days)).isoformat())


def values(kind: str, among: list[str] | None) -> st.SearchStrategy[Any]:
    """Values of a type, those that are declared most of the time."""
    match kind:
        case "enum":
            return st.sampled_from([*(among or []), "something-else"])
        case "boolean":
            return st.booleans()
        case "instant":
            return instants
        case _:
            return st.sampled_from([0, 1, 3, 89, 90, 179, 180, 999, 1000, 3000, 300_000])


@st.composite
def any_facts(draw: st.DrawFn, key: str) -> dict[str, Any]:
    """Facts for the fields that a ruleset reads, any of them missing."""
    table = TABLES[key]
    facts: dict[str, Any] = {}
    for path in sorted(table.fields):
        scope, name = path.split(".", 1)
        declared = table.document.fields.get(path) or FIELDS[path]
        if draw(st.integers(0, 5)):
            facts.setdefault(scope, {})[name] = draw(values(declared.type, declared.values))
    return facts


@pytest.mark.parametrize("key", ["commission", "credit"])
@given(data=st.data())
def test_the_whole_is_shared_out_whatever_is_known(key: str, data: st.DataObject) -> None:
    decision = decide(TABLES[key], data.draw(any_facts(key)), now=NOW)
    outcome: Any = decision.outcome
    assert sum(each["bp"] for each in outcome) == 10_000


@pytest.mark.parametrize("key", ["price-zone", "ownership", "lead-routing"])
@given(data=st.data())
def test_no_facts_lead_to_an_error_and_leaving_one_out_is_safe(key: str, data: st.DataObject) -> None:
    facts = data.draw(any_facts(key))
    before = decide(TABLES[key], facts, now=NOW)
    assert before.reason != "error", before.trouble
    for way in paths(facts):
        assert_safe(key, before, decide(TABLES[key], without(facts, way), now=NOW))


@pytest.mark.parametrize("section", ["main", "special", "group", None])
@pytest.mark.parametrize("price_kind", ["full", "outlet", None])
def test_the_till_and_the_main_section_show_one_price(price_kind: str | None, section: str | None) -> None:
    """0 价差: but for the sections that are the mini-program's own."""
    member = {"tier": "black", "in_group": True, "spend_12m": 900_000, "last_order_at": NOW.isoformat()}
    facts = {"store": {"price_kind": price_kind}, "member": member}
    zones = [
        decide(
            TABLES["price-zone"], {**facts, "event": {"sales_channel": channel, "section": section}}, now=NOW
        ).outcome
        for channel in ("pos", "mini_program")
    ]
    if price_kind != "full" or section not in {"special", "group"}:
        assert zones[0] == zones[1]
