"""JOURNEYS.md, "Tests and simulation": a member walks a draft on a virtual clock, and every decision is explained."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from engine.journeys.document_tests import Test
from engine.journeys.play import play
from engine.journeys.trying.privacy import Privacy
from engine.journeys.trying.script import Script, offset
from engine.journeys.trying.simulation import Simulation, simulate
from tests.engine.journeys.world import T0, activity, plan_of, wait

NODES: dict[str, Any] = {
    "how": {
        "type": "choice",
        "cases": [
            {"when": {"==": [{"var": "member.tier"}, "gold"]}, "port": "gold"},
            {"when": {">": [{"var": "member.points"}, 100]}, "port": "rich"},
        ],
        "ports": {"gold": "call", "rich": "coupon", "else": "one"},
    },
    "one": wait("custom.b", timeout="P2D", ports={"got": "call", "timeout": "late"}, stage="waiting"),
    "call": activity("call", {"text": "hi {{member.nickname}}"}, ports={"done": "rest", "error": "late"}),
    "coupon": activity("coupon.issue", {"batch": "B"}, save="coupon", ports={"done": "rest", "sold_out": "late"}),
    "rest": {"type": "delay", "for": "P30D", "ports": {"done": "end"}},
}
ENTRY = {"at": "PT0S", "on": "custom.a"}


def simulated(script: dict[str, Any], nodes: Any = None, **more: Any) -> Simulation:
    parts = {key: more.pop(key) for key in ("goal", "policies", "entry", "exits") if key in more}
    return simulate(plan_of(nodes or NODES, **parts), Script.model_validate(script), **more)


def lines(found: Simulation, *kinds: str) -> list[tuple[str, str | None, str | None]]:
    return [(line.kind, line.node, line.port) for line in found.trace if not kinds or line.kind in kinds]


def test_without_an_end_it_runs_until_nothing_is_left_to_wait_for() -> None:
    found = simulated({"given": {"member": {"nickname": "Lin", "tier": "gold"}}, "when": [ENTRY]})
    assert found.path == ["how", "call", "rest", "end"]
    assert (found.outcome, found.waiting_at, found.due) == ("finished", None, None)
    assert found.now - found.begin == timedelta(days=30)
    assert found.begin == T0


@pytest.mark.parametrize(
    ("until", "path", "clock"),
    [
        ("last", ["how", "one"], timedelta(0)),
        ("PT1H", ["how", "one"], timedelta(hours=1)),
        ("P1DT23H59M", ["how", "one"], timedelta(days=2, minutes=-1)),
        ("P2D", ["how", "one", "late"], timedelta(days=2)),
        ("deadline", ["how", "one", "late"], timedelta(days=2)),
        ("2026-01-09T10:00:00", ["how", "one", "late"], timedelta(days=2)),
        ("2026-01-09T01:59:00+00:00", ["how", "one"], timedelta(days=2, minutes=-1)),
        ("end", ["how", "one", "late"], timedelta(days=2)),
    ],
)
def test_the_clock_stops_where_it_is_told(until: str, path: list[str], clock: timedelta) -> None:
    found = simulated({"when": [ENTRY], "until": until})
    assert (found.path, found.now - found.begin) == (path, clock)
    if path[-1] == "one":
        waiting = found.waiting_at or {}
        assert (waiting["node"], waiting["for"]) == ("one", ["custom.b"])
        assert datetime.fromisoformat(str(waiting["deadline"])) == found.due == T0 + timedelta(days=2)


def test_what_happens_after_the_clock_stops_has_not_happened() -> None:
    script = {"when": [ENTRY, {"at": "PT2H", "on": "custom.b"}], "until": "PT1H"}
    assert simulated(script).path == ["how", "one"]


def test_the_case_that_won_is_told_with_what_each_part_came_to_and_what_was_missing() -> None:
    found = simulated({"given": {"member": {"points": 200}}, "when": [ENTRY], "until": "last"})
    [left] = [line for line in found.trace if (line.kind, line.node) == ("left", "how")]
    assert left.port == "rich"
    assert [(why.pointer, why.value, why.missing) for why in left.why] == [
        ("/nodes/how/cases/0/when", None, ("member.tier",)),
        ("/nodes/how/cases/1/when", True, ()),
    ]
    explained = left.why[1].explanation or {}
    assert (
        explained["sentence"] == {"zh": "member.points 大于 100", "en": "member.points is more than 100"} or explained
    )
    assert left.reads == {"member.tier": None, "member.points": 200}
    assert left.to_json()["why"][0]["unknown"] is True  # type: ignore[index]  # it is JSON


def test_an_event_that_does_not_fit_is_told_with_its_reason() -> None:
    item = {"on": "custom.b", "port": "got", "when": {"==": [{"var": "event.n"}, 7]}}
    nodes = {"one": wait(item, timeout="P1D")}
    events = [{"at": f"PT{n}M", "on": "custom.b", "data": {"n": n}} for n in (6, 7)]
    found = simulated({"when": [ENTRY, *events]}, nodes)
    told = [(line.detail["fate"], [why.value for why in line.why]) for line in found.trace if line.kind == "event"]
    assert told == [("kept", [False]), ("wait", [True])]


def test_an_event_that_starts_nothing_is_told_with_its_reason() -> None:
    entry = [{"on": "custom.a", "when": {"==": [{"var": "event.n"}, 7]}}]
    found = simulated({"when": [ENTRY, {"at": "PT1M", "on": "custom.c"}]}, entry=entry)
    assert lines(found) == [("refused", None, None)] * 2
    assert [line.detail["reason"] for line in found.trace] == ["condition", "type"]
    assert [why.missing for line in found.trace for why in line.why] == [("event.n",)]
    assert (found.state, found.path, found.outcome) == (None, [], None)


FRIENDS: dict[str, Any] = {
    "rest": {"type": "delay", "for": "P1D", "ports": {"done": "how"}},
    "how": {
        "type": "choice",
        "cases": [{"when": {"var": "member.friend"}, "port": "yes"}],
        "ports": {"yes": "end", "else": "late"},
    },
}


def test_an_event_that_nothing_takes_is_told_with_the_facts_that_it_changes() -> None:
    added = {"at": "PT1H", "on": "contact.added", "data": {"associate": "G1"}}
    asked = {"given": {"member": {"friend": False}}, "when": [ENTRY, added, {"at": "P9D", "on": "custom.c"}]}
    found = simulated(asked, FRIENDS)
    assert found.path == ["rest", "how", "end"], "the condition reads what the event changed"
    told = [
        (line.node, line.detail["type"], line.detail.get("changed")) for line in found.trace if line.kind == "unheard"
    ]
    assert told == [("rest", "contact.added", {"member.friend": True}), ("end", "custom.c", None)]
    assert [line.detail["ended"] for line in found.trace if line.kind == "unheard"] == [False, True]
    assert [line.at - T0 for line in found.trace if line.kind == "unheard"] == [timedelta(hours=1), timedelta(days=9)]


def test_an_event_that_starts_nothing_or_is_taken_tells_what_it_changes_where_it_stands() -> None:
    added = {"on": "contact.added", "data": {"associate": "G1"}}
    early = simulated({"when": [{"at": "PT0S", **added}, {**ENTRY, "at": "PT1H"}], "until": "last"}, FRIENDS)
    waits = wait("contact.added", timeout="P1D", ports={"got": "how", "timeout": "how"})
    taken = simulated({"when": [ENTRY, {"at": "PT1H", **added}]}, {**FRIENDS, "rest": waits})
    for found, kind in ((early, "refused"), (taken, "event")):
        [line] = [line for line in found.trace if line.kind == kind]
        assert line.detail["changed"] == {"member.friend": True}
        assert lines(found, "unheard") == []


def test_effects_stand_with_their_params_computed_and_what_came_of_them() -> None:
    results = [{"activity": "call", "fails": "refused"}]
    script = {"given": {"member": {"nickname": "Lin", "tier": "gold"}}, "when": [ENTRY, *results]}
    found = simulated(script)
    [failed] = [line for line in found.trace if line.kind == "failed"]
    assert failed.detail["params"] == {"text": "hi Lin"}
    assert [(each["node"], each["port"], each["failure"]) for each in found.to_json()["effects"]] == [
        ("call", None, {"code": "failed", "message": "refused"})
    ]
    assert found.path[-1] == "late"


def test_a_param_that_cannot_be_computed_makes_no_effect() -> None:
    params = {"text": {"$": {"var": "member.nickname"}}}
    found = simulated({"when": [ENTRY]}, {"one": activity("call", params, ports={"done": "end", "error": "late"})})
    [failed] = [line for line in found.trace if line.kind == "failed"]
    told = failed.detail
    assert (told["activity"], told["params"], told["code"]) == ("call", None, "unknown-param")
    assert told["missing"] == ["member.nickname"]
    assert found.effects == ()


def test_what_a_text_lacked_is_told() -> None:
    found = simulated({"given": {"member": {"tier": "gold"}}, "when": [ENTRY], "until": "last"})
    [said] = [line for line in found.trace if line.kind == "effect"]
    assert (said.detail["params"], said.detail["missing"]) == ({"text": "hi "}, ["member.nickname"])


def test_stages_deadlines_and_rests_are_in_the_trace() -> None:
    found = simulated({"when": [ENTRY]})
    assert lines(found, "stage", "waiting", "timeout", "ended") == [
        ("stage", "one", None), ("waiting", "one", None), ("timeout", "one", "timeout"), ("ended", "late", None),
    ]  # fmt: skip


def test_a_real_member_s_personal_values_decide_and_are_not_shown() -> None:
    nodes = {
        "how": {
            "type": "choice",
            "cases": [{"when": {"==": [{"var": "member.nickname"}, "小林橙"]}, "port": "yes"}],
            "ports": {"yes": "call", "else": "late"},
        },
        "call": activity("call", {"text": "hi {{member.nickname}}"}),
    }
    privacy = Privacy(frozenset({"member.nickname"}), lambda text: f"{text[:1]}**")
    found = simulated({"when": [ENTRY]}, nodes, member="7", known={"member": {"nickname": "小林橙"}}, privacy=privacy)
    assert found.path == ["how", "call", "end"]
    assert found.effects[0].params == {"text": "hi 小**"}
    shown = str(found.to_json()["effects"]) + str([{**line.to_json(), "why": None} for line in found.trace])
    assert "小林橙" not in shown


def test_a_real_member_takes_the_arm_and_the_holdout_that_are_theirs() -> None:
    arms = [{"port": "a", "share_bp": 1}, {"port": "b", "share_bp": 9_999}]
    nodes = {"one": {"type": "split", "arms": arms, "ports": {"a": "end", "b": "late"}}}
    assert simulated({"when": [ENTRY]}, nodes).outcome == "finished"
    assert simulated({"when": [ENTRY]}, nodes, member="7").outcome == "late"
    assert simulated({"when": [ENTRY], "given": {"arms": {"one": "a"}}}, nodes, member="7").outcome == "finished"
    policies = {"max_age": "P1D", "holdout": {"share_bp": 10_000}}
    assert simulated({"when": [ENTRY]}, nodes, member="7", policies=policies).path == []
    assert simulated({"when": [ENTRY], "given": {"holdout": False}}, nodes, member="7", policies=policies).path


def test_given_facts_win_over_those_of_the_real_member() -> None:
    script = {"when": [ENTRY], "given": {"member": {"tier": "gold", "nickname": "Lin"}}}
    assert simulated(script, member="7", known={"member": {"tier": "none"}}).path[1] == "call"


def test_a_simulation_goes_the_way_of_the_embedded_test_with_the_same_parts() -> None:
    when = [ENTRY, {"at": "PT9M", "on": "custom.b"}, {"activity": "call", "returns": {"id": "x"}}]
    given = {"member": {"nickname": "Lin"}}
    test = Test.model_validate({"name": "t", "given": given, "when": when, "then": {"outcome": "finished"}})
    played, found = play(plan_of(NODES), test), simulated({"given": given, "when": when})
    assert found.state == played.state
    assert (found.path, set(found.ports)) == (played.path, played.ports)


@pytest.mark.parametrize(
    ("script", "place"),
    [
        ({"until": "tomorrow"}, ("until",)),
        ({"until": "P1"}, ("until",)),
        ({"given": {"now": "noon"}}, ("given",)),
        ({"when": [{"at": "soon"}]}, ("when", 0, "at")),
        ({"steps": 3}, ("steps",)),
    ],
)
def test_a_script_that_makes_no_sense_is_refused(script: dict[str, Any], place: tuple[str | int, ...]) -> None:
    with pytest.raises(ValidationError) as refused:
        Script.model_validate(script)
    assert refused.value.errors()[0]["loc"] == place


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (timedelta(0), "PT0S"),
        (timedelta(minutes=30), "PT30M"),
        (timedelta(days=3), "P3D"),
        (timedelta(days=1, hours=-1), "PT23H"),
        (timedelta(days=2, seconds=5), "P2DT5S"),
    ],
)
def test_moments_are_written_as_days_and_what_is_left(at: timedelta, text: str) -> None:
    zone = plan_of(NODES).zone
    assert offset(T0, T0 + at, zone) == text


def test_sixty_days_with_many_waits_take_few_turns() -> None:
    nodes: dict[str, Any] = {
        f"w{day}": wait("custom.b", timeout="P1D", ports={"got": "end", "timeout": f"w{day + 1}"}) for day in range(60)
    }
    nodes["w60"] = {"type": "end", "outcome": "through"}
    found = simulated({"when": [ENTRY]}, nodes)
    assert (found.outcome, found.now - found.begin) == ("through", timedelta(days=60))
