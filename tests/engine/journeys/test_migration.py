"""What a migration makes of one run (JOURNEYS.md, Meaning 9), sentence by sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from engine.journeys.deadlines import Pause
from engine.journeys.migration.migrate import Later, Migrated, NoPlaceError, Row, migrate
from engine.journeys.migration.moves import Moves, needed
from engine.journeys.migration.purposes import fate_of, main_port, successor
from engine.journeys.migration.texts import lacking, saved_until
from engine.journeys.plan import Plan
from engine.journeys.state import EventIn, Failure, Local, Log, Operator, Outcome, Remote, Stage
from rules.types import Json
from tests.engine.journeys.world import Host, Run, activity, at, event, plan_of, wait

Nodes = Mapping[str, Json]
COUPON = activity("coupon.issue", {"batch": "B"}, save="coupon", ports={"done": "w", "sold_out": "late"})
W = wait("custom.b", timeout="P1D")


def standing(nodes: Nodes, *events: EventIn, now: str = "PT0S", host: Host | None = None, **parts: Any) -> Run:
    """A run of the old version that has taken these events."""
    run = Run(plan_of(nodes, **parts), host or Host())
    run.turn(now, *events)
    return run


def taken(run: Run, new: Plan, mapping: Mapping[str, str] | None = None, now: str = "PT1H") -> Migrated | Later:
    """The run in version 2, of which the given plan is the plan."""
    done = migrate(Moves(run.plan, new, mapping or {}), run.state, rows_of(run), version=2, now=at(now), by="user:op")
    if isinstance(done, Migrated):
        run.plan, run.state = new, done.state
        run.commands += done.commands
    return done


def rows_of(run: Run) -> list[Row]:
    """What the database would tell of the run's effects."""
    types = {each.key: each.type for each in run.commands if isinstance(each, Local | Remote)}
    ports = {str(line.detail["key"]): line.port for line in run.lines("effect")}
    return [
        Row(*_place(key), name, "settled" if key in ports else "failed", ports.get(key), {"code": "c1"})
        for key, name in types.items()
    ]


def _place(key: str) -> tuple[str, int]:
    node, _, visit = key.rpartition(":")
    return node, int(visit)


def test_a_node_that_is_the_same_keeps_the_run_and_its_deadline() -> None:
    run = standing({"w": W})
    done = taken(run, plan_of({"w": W, "more": wait("custom.c", timeout="P1D")}))
    assert isinstance(done, Migrated)
    assert not done.look
    assert (run.state.node, run.state.phase, run.state.deadline) == ("w", "waiting", at("P1D"))
    assert run.state.run.version == 2
    assert [(line.kind, line.node) for line in done.commands if isinstance(line, Log)] == [("migrated", "w")]


@pytest.mark.parametrize(
    ("before", "after", "deadline"),
    [
        (wait("custom.b", timeout="PT60M"), wait("custom.b", timeout="PT1H"), "PT1H"),
        (wait("custom.b", timeout="P1D"), wait("custom.b", timeout="P2D"), "P2DT30M"),
        (wait("custom.b"), wait("custom.b", timeout="P2D"), "P2DT30M"),
        ({"type": "delay", "for": "P1D", "ports": {"done": "end"}}, W, "P1DT30M"),
    ],
)
def test_a_wait_starts_anew_unless_both_are_waits_with_the_same_timeout(
    before: Json, after: Json, deadline: str
) -> None:
    run = standing({"w": before})
    taken(run, plan_of({"w": after}), {"w": "w"}, now="PT30M")
    run.turn("PT30M")
    assert (run.state.phase, run.state.deadline) == ("waiting", at(deadline))


def test_a_removed_wait_goes_on_at_the_wait_of_the_map_which_keeps_its_deadline() -> None:
    run = standing({"w": W})
    done = taken(run, plan_of({"other": W}), {"w": "other"})
    assert isinstance(done, Migrated)
    assert (run.state.node, run.state.deadline, run.state.visits["other"]) == ("other", at("P1D"), 1)


def test_without_a_place_for_its_node_nothing_becomes_of_a_run() -> None:
    with pytest.raises(NoPlaceError, match="'w'"):
        taken(standing({"w": W}), plan_of({"other": W}))


def test_a_kept_event_that_the_wait_now_looks_for_is_taken_at_once() -> None:
    run = standing({"first": wait("custom.b", timeout="P1D"), "w": wait("custom.c")}, event(101, "custom.c"))
    assert run.kept == [101]
    changed = wait("custom.b", {"on": "custom.c", "port": "other"}, timeout="P1D", ports={"other": "late"})
    done = taken(run, plan_of({"first": changed, "w": wait("custom.c")}))
    assert isinstance(done, Migrated)
    assert done.look
    run.turn("PT1H")
    assert run.outcome == "late"


def test_entry_time_saved_values_and_kept_events_stay() -> None:
    nodes = {"first": wait({"on": "custom.b", "port": "got", "save": "it"}, ports={"got": "w"}), "w": W}
    run = standing(nodes, event(101, "custom.b", n=4), event(102, "custom.b"))
    before = run.state
    taken(run, plan_of({"other": wait("custom.c", timeout="PT5H")}), {"w": "other"})
    assert (run.state.entered_at, run.state.vars, run.state.kept) == (before.entered_at, {"it": {"n": 4}}, before.kept)


def test_an_activity_that_had_its_effect_is_passed_through_the_recorded_port() -> None:
    """The order of the nodes is turned round: who has the coupon does not get another one."""
    run = standing({"coupon": COUPON, "w": W})
    after = {
        "w": wait("custom.b", timeout="P1D", ports={"got": "coupon"}),
        "coupon": {**COUPON, "ports": {"done": "end", "sold_out": "late"}},
    }
    taken(run, plan_of(after, start="w"))
    run.turn("PT2H", event(101, "custom.b", "PT2H"))
    assert run.outcome == "finished"
    assert list(run.host.performed) == ["coupon:1"]
    assert run.lines("effect")[-1].detail["recorded"] is True


@pytest.mark.parametrize("port", ["done", "sold_out"])
def test_so_is_one_that_the_map_leads_to(port: str) -> None:
    host = Host(results={"coupon.issue": [Outcome("", port)]})
    run = standing({"coupon": {**COUPON, "ports": {"done": "w", "sold_out": "w"}}, "w": W}, host=host)
    gift = activity("coupon.issue", {"batch": "C"}, save="gift", ports={"sold_out": "late"})
    taken(run, plan_of({"gift": gift}), {"coupon": "gift", "w": "gift"})
    run.turn("PT1H")
    assert run.outcome == {"done": "finished", "sold_out": "late"}[port]
    assert len(run.host.performed) == 1
    assert run.state.vars["gift"] == {"code": "c1"}


def test_another_effect_is_no_repetition() -> None:
    run = standing({"coupon": COUPON, "w": W})
    taken(run, plan_of({"note": activity("note")}), {"coupon": "note", "w": "note"})
    run.turn("PT1H")
    assert list(run.host.performed) == ["coupon:1", "note:1"]


def test_what_the_old_version_would_have_repeated_is_repeated() -> None:
    nodes = {
        "note": activity("note", ports={"done": "w"}),
        "w": wait("custom.b", timeout="P1D", ports={"timeout": "note"}),
    }
    run = standing(nodes)
    taken(run, plan_of({**nodes, "more": W}))
    run.turn("P1DT1S")
    assert list(run.host.performed) == ["note:1", "note:2"]


def test_what_was_passed_once_is_known_to_the_version_after_the_next() -> None:
    turned = {
        "w": wait("custom.b", timeout="P1D", ports={"got": "gift"}),
        "gift": activity("coupon.issue", {"batch": "B"}, ports={"sold_out": "w2", "done": "w2"}),
        "w2": wait("custom.c"),
    }
    run = standing({"coupon": COUPON, "w": W})
    taken(run, plan_of(turned, start="w"), {"coupon": "gift"})
    run.turn("PT2H", event(101, "custom.b", "PT2H"))
    assert run.state.node == "w2"
    again = {
        "w2": wait("custom.c", ports={"got": "present"}),
        "present": {**turned["gift"], "ports": {"done": "end", "sold_out": "late"}},
    }
    taken(run, plan_of(again), {"gift": "present", "w": "w2"}, now="PT3H")
    run.turn("PT4H", event(102, "custom.c", "PT4H"))
    assert (run.outcome, list(run.host.performed)) == ("finished", ["coupon:1"])


def test_a_run_with_an_effect_under_way_waits() -> None:
    run = Run(plan_of({"call": activity("call", {"text": "x"}, ports={"done": "w"}), "w": W}), settle_at_once=False)
    run.turn("PT0S")
    assert taken(run, plan_of({"w": W}), {"call": "w"}) == Later("acting")


def test_what_is_tried_again_later_waits() -> None:
    run = standing(
        {"note": activity("note", ports={"done": "w"}), "w": W}, host=Host(results={"note": [Failure("no")]})
    )
    assert run.state.phase == "retrying"
    assert taken(run, plan_of({"w": W}), {"note": "w"}) == Later("acting")


def stuck(code: str = "no") -> Run:
    host = Host(results={"note": [Failure(code, final=True)]})
    return standing({"note": activity("note", ports={"done": "w"}), "w": W}, host=host)


def test_a_stuck_run_stays_stuck_at_the_same_node_and_a_retry_keeps_its_key() -> None:
    run = stuck()
    done = taken(run, plan_of({"note": activity("note", {"text": "mended"}, ports={"done": "w"}), "w": W}))
    assert isinstance(done, Migrated)
    assert (run.state.phase, done.carried) == ("stuck", None)
    run.turn("PT2H", operators=[Operator("retry")])
    assert list(run.host.performed) == ["note:1"]


def test_a_stuck_run_that_the_map_leads_elsewhere_begins_there() -> None:
    run = stuck()
    taken(run, plan_of({"w": W}), {"note": "w"})
    run.turn("PT1H")
    assert (run.state.node, run.state.phase, run.state.deadline) == ("w", "waiting", at("P1DT1H"))


def test_a_failed_effect_that_another_node_tries_again_keeps_its_key() -> None:
    run = stuck()
    done = taken(run, plan_of({"other": activity("note")}), {"note": "other"})
    assert isinstance(done, Migrated)
    assert (done.carried, run.state.again) == ((("note", 1), ("other", 1)), True)


def test_a_run_whose_effect_may_have_happened_is_for_an_operator_to_judge_first() -> None:
    assert taken(stuck("unknown-outcome"), plan_of({"w": W}), {"note": "w"}) == Later("unknown")


def test_a_push_that_waits_for_quiet_hours_looks_at_those_of_the_new_version() -> None:
    push = {"push": activity("push", {"text": "x"})}
    run = standing(push, policies={"max_age": "P1Y", "quiet_hours": {"from": "09:00", "to": "12:00"}})
    assert run.state.phase == "deferred"
    taken(run, plan_of(push))
    run.turn("PT1H")
    assert (list(run.asked), run.outcome) == (["push:1"], "finished")


def test_a_paused_run_goes_over_and_begins_nothing() -> None:
    run = standing({"w": W})
    run.pauses = [Pause(at("PT30M"))]
    taken(run, plan_of({"note": activity("note")}), {"w": "note"})
    run.turn("PT2H")
    assert (run.state.node, run.state.phase, run.host.performed) == ("note", "ready", {})
    run.pauses = [Pause(at("PT30M"), at("PT3H"), "hold")]
    run.turn("PT3H")
    assert run.outcome == "finished"


def test_a_holdout_is_watched_by_the_new_version_and_enters_nothing() -> None:
    run = Run(plan_of({"w": W}), holdout=True)
    run.turn("PT0S")
    taken(run, plan_of({"note": activity("note")}, exits=[{"on": "custom.c", "outcome": "gone"}]))
    run.turn("PT1H", event(101, "custom.c", "PT1H"))
    assert (run.state.status, run.outcome, run.path) == ("holdout", "gone", [])


def test_age_counts_from_the_start_and_is_that_of_the_new_version() -> None:
    run = standing({"w": wait("custom.b")}, policies={"max_age": "P10D"})
    done = taken(run, plan_of({"w": wait("custom.b")}, policies={"max_age": "P2D"}))
    assert isinstance(done, Migrated)
    assert (run.state.expires, done.look) == (at("P2D"), True)


def test_a_stage_that_a_run_stands_at_now_is_reached() -> None:
    run = standing({"w": W})
    done = taken(run, plan_of({"w": {**W, "stage": "waiting"}}))
    assert isinstance(done, Migrated)
    assert Stage("waiting") in done.commands


def test_an_arm_that_was_decided_stays_as_long_as_there_is_one_of_its_name() -> None:
    split = {"type": "split", "arms": [{"port": "a", "share_bp": 10000}], "ports": {"a": "w"}}
    run = standing({"split": split, "w": W})
    run.state = replace(run.state, splits={"split": "a", "gone": "b"})
    taken(run, plan_of({"split": split, "w": W}))
    assert run.state.splits == {"split": "a"}


def test_a_run_that_a_loop_has_stopped_is_led_on_where_its_next_node_went() -> None:
    run = standing({"w": W})
    run.state = replace(run.state, phase="stuck", next="w2", stuck=stuck().state.stuck)
    old, new = plan_of({"w": W, "w2": W}), plan_of({"w": W, "w3": W})
    run.plan = old
    taken(run, new, {"w2": "w3"})
    assert run.state.next == "w3"


NOTE = activity("note")


def coupon(batch: str) -> dict[str, Json]:
    return activity("coupon.issue", {"batch": batch}, ports={"sold_out": "end"})


@pytest.mark.parametrize(
    ("before", "after", "fate"),
    [
        (W, wait("custom.b", "custom.c", timeout="P9D"), "same"),
        (W, wait("custom.c"), "repurposed"),
        (W, {"type": "delay", "for": "P1D", "ports": {"done": "end"}}, "repurposed"),
        (NOTE, activity("note", {"text": "mended"}), "same"),
        (NOTE, activity("call", {"text": "x"}), "repurposed"),
        (coupon("A"), coupon("B"), "repurposed"),
        (NOTE, None, "removed"),
    ],
)  # fmt: skip
def test_what_makes_a_node_another_one(before: Json, after: Json, fate: str) -> None:
    new = plan_of({"first": W} if after is None else {"n": after})
    assert fate_of(plan_of({"n": before}), new, "n") == fate


def test_a_map_needs_the_nodes_that_somebody_may_still_come_to_rest_at() -> None:
    nodes = {
        "past": wait("custom.b", ports={"got": "w"}),
        "w": wait("custom.b", ports={"got": "next"}),
        "next": wait("custom.b"),
    }
    moves = Moves(plan_of(nodes), plan_of({"w": wait("custom.b")}), {})
    assert needed(moves, ["w"]) == {"next": "removed"}
    assert needed(moves, ["past"]) == {"next": "removed", "past": "removed"}
    assert needed(moves, []) == {}


def test_the_successor_of_a_node_is_the_next_one_that_is_still_there() -> None:
    nodes = {
        "a": activity("note", ports={"done": "b"}),
        "b": wait("custom.b", ports={"got": "c"}),
        "c": wait("custom.c"),
    }
    assert successor(plan_of(nodes), plan_of({"c": wait("custom.c")}), "a") == "c"
    assert successor(plan_of({"w": W}), plan_of({"v": W}), "w") == "end"
    assert main_port(plan_of({"w": W}).document.nodes["w"]) == "got"


def test_texts_that_show_what_the_run_never_saved_are_found() -> None:
    text = {"text": "{{vars.it.n}} {{vars.coupon.code}}"}
    declared = {"fields": {"event.n": {"type": "integer"}}}
    saving = wait({"on": "custom.b", "port": "got", "save": "it"}, ports={"got": "coupon"})
    new = plan_of(
        {
            "first": saving,
            "coupon": {**COUPON, "ports": {"done": "w", "sold_out": "w"}},
            "w": wait("custom.c", ports={"got": "say"}),
            "say": activity("note", text),
        },
        **declared,
    )
    assert [(lack.node, lack.name, lack.pointer) for lack in lacking(new, "w")] == [
        ("say", "coupon", "/nodes/say/params/text"),
        ("say", "it", "/nodes/say/params/text"),
    ]
    assert lacking(new, "first") == []
    old = plan_of(
        {"first": saving, "coupon": {**COUPON, "ports": {"done": "w", "sold_out": "w"}}, "w": wait("custom.c")},
        **declared,
    )
    assert saved_until(old, "w") == {"it", "coupon"}
    assert saved_until(old, "first") == frozenset()
