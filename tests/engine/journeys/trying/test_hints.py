"""What a simulation offers: the events that matter where the run stands, and data that would be taken."""

from __future__ import annotations

from typing import Any

import pytest

from engine.journeys.document_tests import Test
from engine.journeys.report import run_tests
from engine.journeys.trying.hints import entry_offers, given_fields, hints, offers
from engine.journeys.trying.script import Script
from engine.journeys.trying.simulation import simulate
from engine.journeys.trying.walks import as_test
from tests.engine.journeys.world import EVENTS, activity, plan_of, wait

N: Any = {"var": "event.n"}


@pytest.mark.parametrize(
    ("when", "found"),
    [
        (None, {}),
        ({"==": [N, 7]}, {"event.n": 7}),
        ({"==": ["x", {"var": "event.t"}]}, {"event.t": "x"}),
        ({">": [N, 7]}, {"event.n": 8}),
        ({">": [7, N]}, {"event.n": 6}),
        ({"<=": [N, 7]}, {"event.n": 7}),
        ({"in": [N, [3, 4]]}, {"event.n": 3}),
        ({"and": [{"==": [N, 7]}, {"==": [{"var": "event.t"}, "x"]}]}, {"event.n": 7, "event.t": "x"}),
        ({"==": [N, {"var": "event.m"}]}, {}),
        ({"!": [{"==": [N, 7]}]}, {}),
        ({"==": [N, [1]]}, {}),
        ("nonsense", {}),
    ],
)
def test_values_with_which_a_condition_may_be_true(when: Any, found: dict[str, Any]) -> None:
    assert hints(when) == found


def test_what_is_offered_where_a_run_stands() -> None:
    item = {"on": "custom.b", "port": "got", "save": "b", "when": {"==": [N, 7]}}
    nodes = {
        "one": wait(item, timeout="P1D", ports={"got": "say"}),
        "say": activity("note", {"text": "{{vars.b.text}} {{member.tier}} {{event.channel.kind}}"}),
    }
    parts: dict[str, Any] = {"fields": {"event.text": {"type": "text", "optional": True}}, "goal": {"on": "custom.c"}}
    plan = plan_of(nodes, **parts)
    assert given_fields(plan) == ["member.tier"]
    [entry] = entry_offers(plan, EVENTS)
    assert (entry.on, "event.channel.kind" in entry.fields) == ("custom.a", True)
    found = simulate(plan, Script.model_validate({"when": [{"at": "PT0S", "on": "custom.a"}], "until": "last"}))
    assert [(each.on, each.role, each.fields) for each in offers(plan, found.state)] == [
        ("custom.b", "wait", ("event.n", "event.text")), ("custom.c", "goal", ()),
    ]  # fmt: skip
    assert offers(plan, None) == []


NODES: dict[str, Any] = {
    "one": {
        "type": "split",
        "arms": [{"port": "a", "share_bp": 5_000}, {"port": "b", "share_bp": 5_000}],
        "ports": {"a": "rest", "b": "late"},
    },
    "rest": wait("custom.b", timeout="P3D", ports={"got": "say", "timeout": "late"}),
    "say": activity("call", {"text": "hi {{member.nickname}}"}),
}
ENTRY = {"at": "PT0S", "on": "custom.a"}
GOT: dict[str, Any] = {"at": "PT5M", "on": "custom.b"}
RESTS = {"path": ["one", "rest"], "waiting_at": {"node": "rest", "deadline": "P3D"}}


@pytest.mark.parametrize(
    ("script", "then"),
    [
        (
            {
                "when": [ENTRY, {"at": "PT5M", "on": "custom.b", "data": {"n": 1}}],
                "given": {"member": {"nickname": "L"}},
            },
            {
                "outcome": "finished",
                "path": ["one", "rest", "say", "end"],
                "effects": [{"activity": "call"}],
            },
        ),
        (
            {"when": [ENTRY], "until": "PT1H"},
            {"path": ["one", "rest"], "waiting_at": {"node": "rest", "deadline": "P3D"}},
        ),
        ({"when": [ENTRY], "given": {"arms": {"one": "b"}}}, {"outcome": "late", "path": ["one", "late"]}),
        ({"when": [{"at": "PT0S", "on": "custom.b"}]}, {"path": []}),
        (
            {
                "when": [ENTRY, {"at": "P1D", "on": "custom.b"}],
                "given": {"now": "2026-03-01T09:00:00"},
                "until": "PT1H",
            },
            {"path": ["one", "rest"], "waiting_at": {"node": "rest", "deadline": "P3D"}},
        ),
    ],
)
def test_a_walk_becomes_a_test_that_holds(script: dict[str, Any], then: dict[str, Any]) -> None:
    plan, asked = plan_of(NODES), Script.model_validate(script)
    made = as_test(plan, asked, simulate(plan, asked), "a walk")
    assert made["then"] == then
    [result] = run_tests(plan, [Test.model_validate(made)]).tests
    assert result.differences == ()


def test_whoever_is_chosen_enters_as_their_test_says() -> None:
    plan = plan_of({"one": activity("note")}, entry=[{"schedule": "FREQ=DAILY", "at": "09:00", "audience": True}])
    [offer] = entry_offers(plan, EVENTS)
    assert (offer.on, offer.fields[0], dict(offer.sure)) == (
        "audience.matched", "event.occurrence", {"event.occurrence": "schedule"},
    )  # fmt: skip
    script = Script.model_validate({"when": [{"at": "PT0S", "on": offer.on, "data": {"occurrence": "schedule"}}]})
    assert simulate(plan, script).path == ["one", "end"]


def test_a_test_made_from_a_walk_holds_when_a_message_is_reworded_and_not_when_the_coupon_is_another() -> None:
    def nodes(text: str, batch: str) -> dict[str, Any]:
        return {
            "one": activity("call", {"text": text}, ports={"done": "two"}),
            "two": activity("coupon.issue", {"batch": batch}, ports={"done": "end", "sold_out": "end"}),
        }

    def unmet(text: str, batch: str) -> list[str]:
        return [each.field for each in run_tests(plan_of(nodes(text, batch)), [test]).tests[0].differences]

    first, asked = plan_of(nodes("hi", "A")), Script.model_validate({"when": [ENTRY]})
    test = Test.model_validate(as_test(first, asked, simulate(first, asked), "a walk"))
    assert (unmet("hello", "A"), unmet("hi", "B")) == ([], ["effects"])
