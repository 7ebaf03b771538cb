"""Decide nodes: what a run asks a ruleset, where it goes from there, what it keeps, and what the checks say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.journeys.canonical import bundle_hash
from engine.journeys.check import check
from engine.journeys.plan import Plan, bundle_of, compile_bundle, compile_plan
from engine.journeys.report import run_tests
from engine.journeys.rulebook import Pinned, Rulebook, pin
from engine.journeys.state import Alert, Operator
from rules.types import Json
from tests.engine.journeys.world import (
    CATALOGUE,
    CONTEXT,
    EVENTS,
    FIELDS,
    Host,
    Run,
    activity,
    document,
    event,
    wait,
)  # fmt: skip

GOLD: Json = {"==": [{"var": "member.tier"}, "gold"]}


def ruleset(**changes: Any) -> dict[str, Any]:
    """Gold members get half off, pos customers nothing at all."""
    return {
        "schema": "waystation/ruleset@1",
        "key": "offers",
        "inputs": [{"field": "member.tier"}, {"field": "event.channel.kind"}],
        "outputs": [
            {"key": "bp", "type": "share"}, {"key": "word", "type": "enum", "values": ["half", "none"]},
            {"key": "until", "type": "instant", "optional": True},
        ],
        "conditions": {"gold": GOLD},
        "rows": [
            {"id": "gold", "when": ["gold", None], "then": {"bp": 5_000, "word": "half", "until": {"var": "now"}}},
            {"id": "pos", "when": [{"not": "gold"}, "pos"], "then": {"bp": 0, "word": "none"}},
        ],
        **changes,
    }  # fmt: skip


def pinned(source: dict[str, Any] | None = None, version: int = 3) -> Pinned:
    source = source or ruleset()
    fields = {path: each.model_dump(exclude_defaults=True) for path, each in {**FIELDS, **EVENTS["custom.a"]}.items()}
    content: dict[str, Json] = {"document": source, "fields": fields}
    return pin(source["key"], version, "hash-of-it", bundle_hash(content), content)


def rulebook(*sources: dict[str, Any]) -> Rulebook:
    found = {each.key: each for each in map(pinned, sources or (ruleset(),))}
    conditions: dict[str, Json] = {
        f"{key}/{name}": rule for key, each in found.items() for name, rule in each.table.document.conditions.items()
    }
    return Rulebook(found.get, conditions)


def ask(facts: Json = None, **ports: str) -> dict[str, Json]:
    return {
        "type": "decide", "ruleset": "offers", "save": "offer", "ports": {"done": "note", **ports},
        **({"facts": facts} if facts else {}),
    }  # fmt: skip


NOTE = activity("note", {"text": "{{vars.offer.word}}"})
UNSURE: Json = {"type": "end", "outcome": "unsure"}
WRONG: Json = {"type": "end", "outcome": "wrong"}


def journey(node: Json, **parts: Any) -> dict[str, Any]:
    return document({"ask": node, "note": NOTE, "unsure": UNSURE, "wrong": WRONG}, **parts)


def plan_of(node: Json, book: Rulebook | None = None) -> Plan:
    return compile_plan(journey(node), CATALOGUE, FIELDS, EVENTS, book or rulebook())


def run_of(node: Json, member: dict[str, Json], book: Rulebook | None = None, **data: Json) -> Run:
    """A run that has taken its first turn."""
    run = Run(plan_of(node, book), Host({"member": member, "store": {}}), entry=event(100, "custom.a", **data))
    run.turn("PT0S")
    return run


def test_a_decision_is_saved_and_leads_on() -> None:
    run = run_of(ask(), {"tier": "gold"})
    assert run.path == ["ask", "note", "end"]
    assert run.state.vars["offer"] == {
        "bp": 5_000, "word": "half", "until": "2026-01-07T02:00:00Z", "reason": "matched", "rows": ["gold"],
        "missing": [],
    }  # fmt: skip
    assert [effect.params for effect in run.host.performed.values()] == [{"text": "half"}]


def test_what_was_decided_is_recorded_with_what_was_read() -> None:
    run = run_of(ask(), {"tier": "silver"}, channel={"kind": "pos"})
    [line] = [line for line in run.lines("left") if line.node == "ask"]
    assert line.port == "done"
    assert line.detail == {
        "ruleset": "offers", "version": 3, "hash": "hash-of-it", "decision": "matched", "rows": ["pos"], "missing": [],
    }  # fmt: skip
    assert line.reads == {"member.tier": "silver", "event.channel.kind": "pos"}


def test_given_facts_win_and_an_unknown_one_hides_what_is_known() -> None:
    given: Json = {"member": {"tier": {"$": {"if": [GOLD, "silver", None]}}}, "event": {"channel": {"kind": "pos"}}}
    assert run_of(ask(given), {"tier": "gold"}).state.vars["offer"] == {
        "bp": 0, "word": "none", "until": None, "reason": "matched", "rows": ["pos"], "missing": [],
    }  # fmt: skip
    hidden = run_of(ask(given, uncertain="unsure"), {"tier": "black"})
    assert hidden.outcome == "unsure"
    assert hidden.state.vars["offer"] == {"reason": "uncertain", "rows": ["gold", "pos"], "missing": ["member.tier"]}


@pytest.mark.parametrize(("more", "ports", "where"), [
    ({}, {"uncertain": "unsure"}, "unsure"),
    ({}, {"error": "wrong"}, "wrong"),
    ({}, {}, "stuck"),
    ({"on_unknown": "otherwise", "otherwise": {"bp": 1, "word": "none"}}, {"uncertain": "unsure"}, "unsure"),
    ({"on_unknown": "otherwise", "otherwise": {"bp": 1, "word": "none"}}, {"error": "wrong"}, "finished"),
])  # fmt: skip
def test_what_is_uncertain_is_never_guessed(more: dict[str, Any], ports: dict[str, str], where: str) -> None:
    run = run_of(ask(**ports), {}, rulebook(ruleset(**more)))
    assert (run.outcome or run.state.phase) == where
    [alert] = [each for each in run.commands if isinstance(each, Alert) and each.reason != "stuck"]
    missing = "event.channel.kind, member.tier"
    assert (alert.reason, alert.detail) == (
        "decision-uncertain", {"ruleset": "offers", "version": 3, "missing": missing},
    )  # fmt: skip


def test_an_author_who_skips_what_is_unknown_is_not_told() -> None:
    skipping = ruleset(on_unknown="skip", otherwise={"bp": 1, "word": "none"})
    run = run_of(ask(uncertain="unsure"), {}, rulebook(skipping))
    assert [each for each in run.commands if isinstance(each, Alert)] == []


@pytest.mark.parametrize(("member", "data", "rows"), [
    ({"tier": "silver"}, {"channel": {"kind": "app"}}, ""),
    ({"tier": 5}, {"channel": {"kind": "pos"}}, "gold"),
])  # fmt: skip
def test_a_decision_that_goes_wrong_leaves_by_error_or_waits(
    member: dict[str, Json], data: dict[str, Json], rows: str
) -> None:
    run = run_of(ask(error="wrong"), member, **data)
    assert run.outcome == "wrong"
    alerts = [each for each in run.commands if isinstance(each, Alert)]
    assert [(each.reason, each.detail["rows"]) for each in alerts] == [("decision-failed", rows)]
    stuck = run_of(ask(), member, **data)
    assert stuck.state.stuck is not None
    assert stuck.state.stuck.reason == "failed"
    [line] = stuck.lines("failed")
    assert line.detail["ruleset"] == "offers"
    assert line.reads["member.tier"] == member["tier"]


def test_facts_that_cannot_be_computed_are_an_error() -> None:
    given: Json = {"member": {"tier": {"$": {"if": [{">": [{"var": "member.points"}, 1]}, "gold", "silver"]}}}}
    assert run_of(ask(given, error="wrong"), {"points": "many"}).outcome == "wrong"


def test_a_stuck_decision_is_asked_again_when_an_operator_retries() -> None:
    run = run_of(ask(), {})
    run.host.facts_ = {"member": {"tier": "gold"}}
    run.turn("PT1H", operators=[Operator("retry", by="a")])
    assert run.outcome == "finished"


def test_the_zone_is_the_ruleset_s_if_it_names_one_else_the_journey_s() -> None:
    rows: Json = [{"id": "day", "when": [], "valid": {"from": "2026-01-07", "to": "2026-01-08"},
                   "then": {"bp": 1, "word": "half"}}]  # fmt: skip
    source = ruleset(inputs=[], rows=rows, otherwise={"bp": 0, "word": "none"}, conditions={})
    for named, journey_zone, expected in [
        (None, "Asia/Shanghai", "half"), (None, "America/New_York", "none"),
        ("Asia/Shanghai", "America/New_York", "half"),
    ]:  # fmt: skip
        book = rulebook(source | ({"time_zone": named} if named else {}))
        zoned = journey(ask(), policies={"max_age": "P1Y", "time_zone": journey_zone})
        run = Run(compile_plan(zoned, CATALOGUE, FIELDS, EVENTS, book), Host({"member": {}}))
        run.turn("PT0S")
        assert run.state.vars["offer"]["word"] == expected  # type: ignore[index, call-overload]  # an object


def test_rows_that_are_brought_together_are_saved_as_a_list() -> None:
    collecting = ruleset(hit="collect")
    source = document({"ask": {**ask(), "ports": {"done": "end"}}})
    run = Run(compile_plan(source, CATALOGUE, FIELDS, EVENTS, rulebook(collecting)), Host({"member": {"tier": "gold"}}))
    run.turn("PT0S")
    found = run.state.vars["offer"]
    assert isinstance(found, dict)
    assert found["outcome"] == [{"bp": 5_000, "word": "half", "until": "2026-01-07T02:00:00Z"}]


# Conditions by name


def test_a_condition_of_a_ruleset_is_named_anywhere_in_a_journey() -> None:
    choice: Json = {
        "type": "choice", "cases": [{"when": {"condition": "offers/gold"}, "port": "gold"}],
        "ports": {"gold": "note", "else": "end"},
    }  # fmt: skip
    note = activity("note", {"text": {"$": {"if": [{"condition": "offers/gold"}, "yes", "no"]}}})
    source = document({"pick": choice, "note": note})
    source["entry"] = [{"on": "custom.a", "when": {"!": {"condition": "offers/gold"}}}, {"on": "custom.b"}]
    context = replace(CONTEXT, conditions=rulebook().conditions)
    told = {each.code for each in check(source, context)}
    assert told == {"unreachable-node"}
    assert {each.code for each in check(source, CONTEXT)} - told == {"unknown-condition"}
    plan = compile_plan(source, CATALOGUE, FIELDS, EVENTS, rulebook())
    run = Run(plan, Host({"member": {"tier": "gold"}}))
    run.turn("PT0S")
    assert [effect.params for effect in run.host.performed.values()] == [{"text": "yes"}]
    assert "member.tier" in plan.fields


# Pinned


def test_a_bundle_pins_the_ruleset_and_the_conditions() -> None:
    source = journey(ask(), entry=[{"on": "custom.a", "when": {"condition": "offers/gold"}}])
    book = rulebook()
    plan = compile_plan(source, CATALOGUE, FIELDS, EVENTS, book)
    content = bundle_of(source, plan, FIELDS, EVENTS, book.conditions)
    assert isinstance(content, dict)
    assert content["conditions"] == {"offers/gold": GOLD}
    again = compile_bundle(content, CATALOGUE)
    work = again.steps["ask"].work
    assert work.ruleset.table.document == book.find("offers").table.document  # type: ignore[union-attr]  # they are there
    assert bundle_of(source, again, FIELDS, EVENTS, book.conditions) == content
    other = rulebook(ruleset(otherwise={"bp": 0, "word": "none"}))
    moved = bundle_of(source, compile_plan(source, CATALOGUE, FIELDS, EVENTS, other), FIELDS, EVENTS, other.conditions)
    assert bundle_hash(moved) != bundle_hash(content)


def test_a_journey_without_rulesets_has_the_bundle_that_it_always_had() -> None:
    source = document({"one": wait("custom.b", timeout="PT1H")})
    plan = compile_plan(source, CATALOGUE, FIELDS, EVENTS)
    content = bundle_of(source, plan, FIELDS, EVENTS, rulebook().conditions)
    assert isinstance(content, dict)
    assert content.keys() == {"document", "fields", "events"}


# Checks


def found(source: dict[str, Any], book: Rulebook | None = None) -> list[tuple[str, str]]:
    context = CONTEXT if book is None else replace(CONTEXT, rulesets=book.find, conditions=book.conditions)
    return [(each.code, each.pointer) for each in check(source, context) if each.code != "unreachable-node"]


def test_a_good_decide_node_has_no_findings() -> None:
    tier: Json = {"$": {"default": [{"var": "member.tier"}, "x"]}}
    facts: Json = {"event": {"channel": {"kind": "pos"}}, "member": {"tier": tier}}
    assert found(journey(ask(facts, uncertain="unsure", error="wrong")), rulebook()) == []


@pytest.mark.parametrize(("facts", "expected"), [
    ({"member": {"teir": "gold"}}, [("unknown-field", "/nodes/ask/facts/member/teir")]),
    ({"member": "gold"}, [("unknown-field", "/nodes/ask/facts/member")]),
    ({"member": {"points": "many"}}, [("type-mismatch", "/nodes/ask/facts/member/points")]),
    ({"member": {"points": {"$": {"var": "member.tier"}}}}, [
        ("maybe-missing", "/nodes/ask/facts/member/points"), ("type-mismatch", "/nodes/ask/facts/member/points/$"),
    ]),
    ({"member": {"tier": {"$": {"var": "member.teir"}}}}, [("unknown-field", "/nodes/ask/facts/member/tier/$/var")]),
    ({"member": {"tier": "{{member.nickname}}"}}, [("maybe-missing", "/nodes/ask/facts/member/tier")]),
])  # fmt: skip
def test_facts_must_be_fields_of_the_ruleset(facts: Json, expected: list[tuple[str, str]]) -> None:
    assert found(journey(ask(facts, error="wrong")), rulebook()) == expected


def test_a_fact_that_may_be_missing_is_minded_by_the_port_for_uncertainty() -> None:
    facts: Json = {"member": {"tier": {"$": {"var": "member.tier"}}}}
    assert found(journey(ask(facts)), rulebook()) == [("maybe-missing", "/nodes/ask/facts/member/tier")]
    assert found(journey(ask(facts, uncertain="unsure")), rulebook()) == []


def test_saved_outputs_have_their_types_and_are_certain_behind_done_only() -> None:
    typed = {**ask(uncertain="note", error="end")}
    assert ("maybe-missing", "/nodes/note/params/text") in found(journey(typed), rulebook())
    wrong = journey(ask(uncertain="unsure", error="wrong"))
    wrong["nodes"]["note"] = activity("note", {"text": {"$": {"==": [{"var": "vars.offer.bp"}, "half"]}}})
    assert ("type-mismatch", "/nodes/note/params/text/$/==/1") in found(wrong, rulebook())
    unknown = journey(ask(uncertain="unsure", error="wrong"))
    unknown["nodes"]["note"] = activity("note", {"text": "{{vars.offer.wrod}}"})
    assert ("unknown-field", "/nodes/note/params/text") in found(unknown, rulebook())


def test_a_ruleset_must_be_published() -> None:
    context = replace(CONTEXT, references=lambda _kind, _key: False)
    assert ("unknown-reference", "/nodes/ask/ruleset") in {
        (each.code, each.pointer) for each in check(journey(ask()), context)
    }
    assert found(journey(ask())) == []


def test_a_document_s_tests_decide_by_what_is_given() -> None:
    tests = [
        {"name": "gold", "given": {"member": {"tier": "gold"}}, "when": [{"at": "PT0S", "on": "custom.a"}],
         "then": {"path": ["ask", "note", "end"], "effects": [{"activity": "note", "params": {"text": "half"}}]}},
        {"name": "unknown", "when": [{"at": "PT0S", "on": "custom.a"}], "then": {"outcome": "unsure"}},
    ]  # fmt: skip
    source = journey(ask(uncertain="unsure", error="wrong"), tests=tests)
    assert found(source, rulebook()) == []
    source["tests"][0]["then"]["effects"][0]["params"]["text"] = "none"
    assert found(source, rulebook()) == [("test-failed", "/tests/0")]


def test_the_report_of_tests_names_the_ports_of_decisions() -> None:
    source = journey(ask(uncertain="unsure"))
    plan = compile_plan(source, CATALOGUE, FIELDS, EVENTS, rulebook())
    assert ("ask", "uncertain", False) in run_tests(plan, []).coverage
