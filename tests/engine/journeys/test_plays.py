"""JOURNEYS.md, "Tests and simulation": what an embedded test gives, what it may state, and what the report says."""

from __future__ import annotations

from typing import Any

import pytest

from engine.journeys.parse import parse
from engine.journeys.play import play
from engine.journeys.report import run_tests
from tests.engine.journeys.world import activity, document, plan_of, wait

NODES = {
    "one": wait("custom.b", timeout="PT1H", ports={"got": "call"}),
    "call": activity(
        "call", {"text": "hi {{member.nickname}}"}, save="said", ports={"done": "coupon", "error": "late"}
    ),
    "coupon": activity("coupon.issue", {"batch": "B"}, ports={"done": "rest", "sold_out": "late"}),
    "rest": {"type": "delay", "for": "P30D", "ports": {"done": "end"}},
}
START = {"at": "PT0S", "on": "custom.a"}
GOT = {"at": "PT5M", "on": "custom.b"}
SOLD_OUT = [
    "sold_out", {"port": "sold_out"}, {"port": "sold_out", "result": {}}, {"outcome": "sold_out"},
]  # fmt: skip


def result(test: dict[str, Any], nodes: Any = None, **parts: Any) -> list[str]:
    """The fields in which a test differs; the member has a nickname unless it says otherwise."""
    given = {"member": {"nickname": "Lin"}, **test.get("given", {})}
    source = document(nodes or NODES, tests=[{"name": "t", **test, "given": given}], **parts)
    journey, findings = parse(source)
    assert findings == []
    assert journey is not None
    report = run_tests(plan_of(nodes or NODES, **parts), journey.tests)
    return [difference.field for difference in report.tests[0].differences]


@pytest.mark.parametrize(
    ("when", "then"),
    [
        ([START], {"outcome": "late", "path": ["one", "late"]}),
        ([START], {"waiting_at": "one"}),
        ([START], {"waiting_at": "one", "deadline": "PT1H"}),
        ([START], {"waiting_at": {"node": "one", "deadline": "2026-01-07T11:00:00+08:00"}}),
        ([START, GOT], {"waiting_at": "rest", "deadline": "2026-02-06T10:05:00+08:00"}),
        ([START, GOT], {"path": ["one", "call", "coupon", "rest"]}),
        ([START, GOT], {"path": ["one", "call", "coupon", "rest", "end"], "outcome": "finished"}),
        ([START, GOT], {"path": ["one", "call", "coupon", "rest", "end"]}),
        ([START, GOT], {"effects": [{"activity": "coupon.issue", "params": {"batch": "B"}}]}),
        ([START, GOT], {"effects": [{"activity": "call", "params": {"text": "hi Lin"}}, {"activity": "coupon.issue"}]}),
        ([START, {"at": "PT2H"}], {"path": ["one", "late"]}),
        ([START, {"at": "PT61M", "on": "custom.b", "time": "PT59M"}], {"path": ["one", "late"]}),
        ([START, {"at": "PT59M"}, {"at": "PT61M", "on": "custom.b", "time": "PT59M"}], {"outcome": "late"}),
        ([{"at": "PT1M", "on": "custom.b"}, {**START, "at": "PT2M"}], {"waiting_at": "one"}),
        ([{"at": "PT1M", "on": "custom.b", "time": "PT3M"}, {**START, "at": "PT1M"}], {"waiting_at": "rest"}),
        *[
            (
                [START, GOT, {"activity": "coupon.issue", "returns": returns}],
                {"outcome": "late", "path": [*[*NODES][:3], "late"]},
            )
            for returns in SOLD_OUT
        ],
        ([START, GOT, {"activity": "call", "fails": "refused"}], {"path": ["one", "call", "late"]}),
        ([START, GOT, {"activity": "coupon.issue", "fails": {"code": "x", "message": "y"}}], {"waiting_at": "coupon"}),
    ],
)
def test_statements_that_hold(when, then) -> None:
    assert result({"when": when, "then": then}) == []


@pytest.mark.parametrize(
    ("when", "then", "fields"),
    [
        ([START], {"outcome": "finished"}, ["outcome"]),
        ([START], {"path": ["one", "end"]}, ["path"]),
        ([START], {"waiting_at": "two"}, ["waiting_at"]),
        ([START], {"waiting_at": "one", "deadline": "PT2H"}, ["deadline"]),
        ([START], {"effects": [{"activity": "call"}]}, ["effects"]),
        ([START, GOT], {"effects": [{"activity": "coupon.issue"}, {"activity": "call"}]}, ["effects"]),
        ([START, GOT], {"effects": [{"activity": "coupon.issue", "params": {"batch": "C"}}]}, ["effects"]),
        ([GOT], {"outcome": "finished"}, ["entry"]),
        ([START], {"outcome": "x", "path": [], "waiting_at": "y"}, ["outcome", "path", "waiting_at"]),
    ],
)
def test_statements_that_do_not_hold_are_all_told(when, then, fields) -> None:
    assert result({"when": when, "then": then}) == fields


def test_an_empty_path_states_that_nobody_enters() -> None:
    assert result({"when": [GOT], "then": {"path": []}}) == []
    assert result({"when": [START], "then": {"path": []}}) == ["path"]


def test_a_test_begins_at_10_on_wednesday_2026_01_07_in_the_journeys_zone() -> None:
    plan = plan_of(NODES, policies={"max_age": "P1Y", "time_zone": "Europe/Berlin"})
    journey, _ = parse(document(NODES, tests=[{"name": "t"}]))
    assert journey is not None
    assert play(plan, journey.tests[0]).begin.isoformat() == "2026-01-07T09:00:00+00:00"


def test_given_now_moves_the_beginning() -> None:
    then = {"waiting_at": "one", "deadline": "2026-03-01T01:00:00+00:00"}
    assert result({"given": {"now": "2026-03-01T00:00:00+00:00"}, "when": [START], "then": then}) == []


def test_splits_take_their_first_arm_unless_given_says_otherwise() -> None:
    nodes = {
        "one": {
            "type": "split",
            "arms": [{"port": "a", "share_bp": 1}, {"port": "b", "share_bp": 9999}],
            "ports": {"a": "end", "b": "late"},
        }
    }
    assert result({"when": [START], "then": {"outcome": "finished"}}, nodes) == []
    assert result({"given": {"arms": {"one": "b"}}, "when": [START], "then": {"outcome": "late"}}, nodes) == []


def test_holdout_is_off_unless_given_says_otherwise() -> None:
    policies = {"max_age": "P1Y", "holdout": {"share_bp": 10_000}}
    goal = {"on": "custom.b"}
    then = {"outcome": "goal", "path": ["one"]}
    assert result({"when": [START, GOT], "then": then}, policies=policies, goal=goal) == []
    then = {"outcome": "goal", "path": [], "effects": []}
    held = {"given": {"holdout": True}, "when": [START, GOT], "then": then}
    assert result(held, policies=policies, goal=goal) == []


def test_without_a_result_an_activity_succeeds_with_an_empty_one() -> None:
    nodes = {
        "one": activity("call", {"text": "x"}, save="said", ports={"done": "two"}),
        "two": activity("note", {"text": {"$": {"var": "member.nickname"}}}),
    }
    then = {"outcome": "finished", "effects": [{"activity": "note", "params": {"text": "Lin"}}]}
    assert result({"when": [START], "then": then}, nodes) == []


def test_results_are_used_in_the_order_of_the_calls() -> None:
    nodes = {
        "one": activity("note", {}, save="first", ports={"done": "two"}),
        "two": activity("note", {"text": "{{vars.first.id}}"}, save="second", ports={"done": "three"}),
        "three": activity("note", {"text": "{{vars.second.id}}"}),
    }
    results = [{"activity": "note", "returns": {"id": name}} for name in ("a", "b")]
    effects = [{"activity": "note", "params": {"text": name}} for name in ("a", "b")]
    assert result({"when": [START, *results], "then": {"outcome": "finished", "effects": effects}}, nodes) == []


def test_the_report_says_which_ports_no_test_visits() -> None:
    tests = [
        {"name": "one", "given": {"member": {"nickname": "Lin"}}, "when": [START, GOT], "then": {"outcome": "late"}}
    ]
    journey, _ = parse(document(NODES, tests=tests))
    assert journey is not None
    report = run_tests(plan_of(NODES), journey.tests).to_json()
    assert report["tests"] == [
        {"name": "one", "ok": False, "differences": [{"field": "outcome", "expected": "late", "actual": "finished"}]}
    ]
    assert report["coverage"] == {
        "ports": [
            {"node": "call", "port": "done", "visited": True},
            {"node": "call", "port": "error", "visited": False},
            {"node": "coupon", "port": "done", "visited": True},
            {"node": "coupon", "port": "sold_out", "visited": False},
            {"node": "one", "port": "got", "visited": True},
            {"node": "one", "port": "timeout", "visited": False},
            {"node": "rest", "port": "done", "visited": True},
        ]
    }


def test_a_journey_that_walks_in_circles_for_ever_does_not_hold_a_test_up() -> None:
    nodes = {
        "one": wait("custom.b", timeout="PT1M", ports={"timeout": "two"}),
        "two": {"type": "delay", "for": "PT1M", "ports": {"done": "one"}},
    }
    assert result({"when": [START], "then": {"outcome": "finished"}}, nodes, policies={}) == ["outcome"]
