# ruff: noqa: E501 - in a table of cases each case reads best as one line
"""JOURNEYS.md, Meaning 2 to 4: inbox, race, goal and exits. Each test states one sentence of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.journeys.start import is_kept_from_before
from engine.journeys.state import Consume, Drop, Keep, Outcome
from tests.engine.journeys.world import Run, activity, at, event, plan_of, wait

AB = {"one": wait("custom.b", timeout="PT1H", ports={"got": "two"}), "two": wait("custom.c", timeout="PT1H")}


def test_a_run_keeps_by_type_alone_what_its_goal_exits_or_waits_name() -> None:
    picky = wait({"on": "custom.b", "when": {"==": [{"var": "event.n"}, 1]}, "port": "got"}, timeout="PT1H")
    run = Run(plan_of({"one": picky}, exits=[{"on": "contact.lost", "when": {"==": [{"var": "event.last"}, True]}}]))
    run.turn("PT1M", event(101, "custom.b", n=2), event(102, "contact.lost", last=False), event(103, "custom.c"))
    assert run.kept == [101, 102]
    assert run.seqs(Keep) == [101, 102]


@pytest.mark.parametrize(
    ("seq", "time", "kept"),
    [(99, "PT0S", True), (99, "PT1M", True), (99, timedelta(milliseconds=-400), True), (99, timedelta(seconds=-2), False),
     (101, "PT0S", False)],
)  # fmt: skip
def test_what_was_accepted_before_the_entry_is_kept_from_the_entrys_second_on(seq, time, kept) -> None:
    entry = event(100, "custom.a", "PT10M", time=at("PT0S") + timedelta(milliseconds=700))
    own = at(time) if isinstance(time, str) else entry.time + time
    before = event(seq, "custom.b", "PT5M", time=own)
    assert is_kept_from_before(before, entry) is kept


def test_a_wait_takes_the_first_kept_event_in_order_of_acceptance_that_is_true() -> None:
    second = wait(
        {"on": "custom.c", "when": {"==": [{"var": "event.n"}, 2]}, "port": "got", "save": "it"}, timeout="PT1H"
    )
    run = Run(plan_of({"one": wait("custom.b", timeout="PT1H", ports={"got": "two"}), "two": second}))
    run.turn("PT1M", event(101, "custom.c", n=1), event(102, "custom.c", n=2), event(103, "custom.c", n=2))
    run.turn("PT2M", event(104, "custom.b"))
    assert run.seqs(Consume) == [104, 102]
    assert run.kept == [101, 103]
    assert run.state.vars == {"it": {"n": 2}}


def test_the_first_item_of_for_that_fits_decides_the_port() -> None:
    items = [
        {"on": "custom.b", "when": {"<": [{"var": "event.n"}, 5]}, "port": "few"},
        {"on": "custom.b", "port": "got"},
    ]
    plan = plan_of({"one": wait(*items, timeout="PT1H", ports={"few": "late"})})
    for n, outcome in ((3, "late"), (7, "finished")):
        run = Run(plan)
        run.turn("PT1M", event(101, "custom.b", n=n))
        assert run.outcome == outcome


def test_a_condition_on_missing_data_is_not_true() -> None:
    run = Run(
        plan_of(
            {"one": wait({"on": "custom.b", "when": {"<": [{"var": "event.n"}, 5]}, "port": "got"}, timeout="PT1H")}
        )
    )
    run.turn("PT1M", event(101, "custom.b"))
    assert run.state.status == "waiting"
    assert run.kept == [101]


@pytest.mark.parametrize(("since", "outcome"), [("entry", "finished"), ("node", None)])
def test_since_node_looks_only_at_what_was_accepted_after_the_node_was_entered(since, outcome) -> None:
    run = Run(plan_of({**AB, "two": wait("custom.c", timeout="PT1H", since=since)}))
    run.turn("PT1M", event(101, "custom.c"))
    run.turn("PT2M", event(102, "custom.b"))
    assert run.outcome == outcome
    run.turn("PT3M", event(103, "custom.c", "PT3M"))
    assert run.outcome == "finished"


def test_since_node_does_not_look_at_what_was_known_when_the_node_was_entered_in_the_same_turn() -> None:
    run = Run(plan_of({**AB, "two": wait("custom.c", timeout="PT1H", since="node")}))
    run.turn("PT2M", event(101, "custom.b", "PT1M"), event(102, "custom.c", "PT2M"))
    assert (run.state.node, run.kept) == ("two", [102])


def test_an_event_is_consumed_per_run_and_what_did_not_fit_stays_for_other_waits() -> None:
    run = Run(plan_of({**AB, "two": wait("custom.b", timeout="PT1H")}))
    run.turn("PT1M", event(101, "custom.b"))
    assert (run.state.node, run.kept, run.outcome) == ("two", [], None)
    run.turn("PT2M", event(102, "custom.b"))
    assert run.outcome == "finished"


def test_at_most_500_are_kept_and_the_timeline_says_that_the_oldest_went() -> None:
    run = Run(plan_of(AB))
    run.turn("PT1M", *(event(101 + i, "custom.c") for i in range(502)))
    assert len(run.kept) == 500
    assert run.kept[0] == 103
    assert run.seqs(Drop) == [101, 102]
    assert [line.detail["seq"] for line in run.lines("event") if line.detail["fate"] == "dropped"] == [101, 102]


def test_the_time_of_an_event_is_the_earlier_of_its_own_and_its_acceptance() -> None:
    assert event(1, "custom.b", "PT5M", time="PT9M").at == at("PT5M")
    assert event(1, "custom.b", "PT5M", time="PT1M").at == at("PT1M")


@pytest.mark.parametrize(("own", "outcome"), [("PT59M", "finished"), ("PT1H", "finished"), ("PT61M", "late")])
def test_an_event_at_or_before_the_deadline_wins_over_the_timeout(own, outcome) -> None:
    run = Run(plan_of({"one": wait("custom.b", timeout="PT1H")}))
    run.turn("PT0S")
    run.turn("PT3H", event(101, "custom.b", "PT2H", time=own))
    assert run.outcome == outcome


def test_an_event_after_the_deadline_that_stands_before_it_in_the_log_lets_the_timeout_win() -> None:
    run = Run(plan_of({"one": wait("custom.b", timeout="PT1H")}, exits=[{"on": "contact.lost", "when": False}]))
    run.turn("PT0S")
    late, early = event(101, "contact.lost", "PT2H"), event(102, "custom.b", "PT2H", time="PT30M")
    run.turn("PT3H", late, early)
    assert run.outcome == "late"


def test_a_deadline_acts_only_when_it_has_come() -> None:
    run = Run(plan_of({"one": wait("custom.b", timeout="PT1H")}))
    assert run.turn("PT0S").wake_at == at("PT1H")
    assert run.turn("PT59M").wake_at == at("PT1H")
    assert run.turn("PT1H").wake_at is None
    assert run.outcome == "late"


def test_a_node_is_entered_at_the_now_of_its_turn_and_deadlines_count_from_there() -> None:
    run = Run(plan_of(AB))
    run.turn("PT5M", event(101, "custom.b", "PT5M", time="PT1M"))
    assert run.state.node_entered_at == at("PT5M")
    assert run.state.deadline == at("PT65M")


@pytest.mark.parametrize(
    ("zone", "timeout", "hours"),
    [("Asia/Shanghai", "P1D", 24), ("Europe/Berlin", "P1D", 23), ("Europe/Berlin", "PT24H", 24)],
)
def test_days_are_days_of_the_journeys_zone_and_hours_are_elapsed_time(zone, timeout, hours) -> None:
    plan = plan_of({"one": wait("custom.b", timeout=timeout)}, policies={"max_age": "P1Y", "time_zone": zone})
    before_change = at("P80D").replace(month=3, day=28, hour=12)
    run = Run(plan, entry=event(100, "custom.a"))
    run.turn(before_change)
    assert run.state.deadline == before_change + timedelta(hours=hours)


def test_goal_and_exits_are_tested_during_a_long_delay() -> None:
    nodes = {"one": {"type": "delay", "for": "P30D", "ports": {"done": "end"}}}
    run = Run(plan_of(nodes, goal={"on": "custom.b"}, exits=[{"on": "contact.lost", "outcome": "lost"}]))
    run.turn("PT0S")
    run.turn("P3D", event(101, "contact.lost", "P3D"), event(102, "custom.b", "P3D"))
    assert (run.outcome, run.state.status) == ("lost", "exited")


def test_goal_and_exits_are_tested_while_stuck() -> None:
    stuck = Run(plan_of({"one": activity("call", {"text": "{{member.nickname}}"})}, goal={"on": "custom.b"}))
    stuck.turn("PT0S")
    assert stuck.state.status == "stuck"
    stuck.turn("PT1M", event(101, "custom.b"))
    assert (stuck.outcome, stuck.state.status) == ("goal", "completed")


def test_events_are_considered_goal_first_then_exits_in_document_order_then_the_wait() -> None:
    nodes = {"one": wait("custom.b", timeout="PT1H")}
    exits = [{"on": "custom.b", "outcome": "first"}, {"on": "custom.b", "outcome": "second"}]
    for parts, outcome in (
        ({"goal": {"on": "custom.b"}, "exits": exits}, "goal"),
        ({"exits": exits}, "first"),
        ({}, "finished"),
    ):
        run = Run(plan_of(nodes, **parts))
        run.turn("PT1M", event(101, "custom.b"))
        assert run.outcome == outcome


def test_the_run_goes_on_until_it_rests_before_it_takes_the_next_event() -> None:
    nodes = {
        "one": wait("custom.b", timeout="PT1H", ports={"got": "note"}),
        "note": activity("note", ports={"done": "two"}),
        "two": wait("custom.c", timeout="PT1H"),
    }
    run = Run(plan_of(nodes))
    run.turn("PT1M", event(101, "custom.b"), event(102, "custom.c"))
    assert run.path == ["one", "note", "two", "end"]
    assert list(run.host.performed) == ["note:1"]


def test_a_goal_during_a_remote_effect_ends_the_run_at_once() -> None:
    run = Run(plan_of({"one": activity("call", {"text": "x"})}, goal={"on": "custom.b"}), settle_at_once=False)
    assert run.turn("PT0S").effect == "one:1"
    result = run.turn("PT1M", event(101, "custom.b"))
    assert (run.outcome, result.effect) == ("goal", None)
    run.turn("PT2M", outcome=Outcome("one:1"))
    assert run.path == ["one"]


def test_a_goals_stage_counts_as_the_last_stage() -> None:
    plan = plan_of({"one": wait("custom.b", timeout="PT1H", stage="waits")}, goal={"on": "custom.c", "stage": "bought"})
    run = Run(plan)
    run.turn("PT1M", event(101, "custom.c"))
    assert run.stages == ["waits", "bought"]
    assert plan.stages == ("waits", "bought")


def test_an_event_that_ends_a_run_is_recorded_with_its_place_in_the_log() -> None:
    run = Run(plan_of({"one": wait("custom.b", timeout="PT1H")}))
    run.turn("PT1M", event(101, "custom.b"), event(102, "custom.b"))
    assert run.state.end is not None
    assert run.state.end.seq == 101
    assert run.seqs(Consume) == [101]


def test_a_saved_event_keeps_its_data_and_the_entry_event_stays_visible() -> None:
    nodes = {
        "one": wait({"on": "custom.b", "port": "got", "save": "it"}, timeout="PT1H", ports={"got": "note"}),
        "note": activity("note", {"text": {"$": {"var": "run.journey"}}}),
    }
    run = Run(plan_of(nodes), entry=event(100, "custom.a", n=1))
    run.turn("PT1M", event(101, "custom.b", n=2))
    assert run.state.vars == {"it": {"n": 2}}
    assert run.state.entry.data == {"n": 1}
    assert run.host.performed["note:1"].params == {"text": "test"}


def test_the_associate_is_the_entrys_else_that_of_the_latest_consumed_add() -> None:
    nodes = {
        "one": wait("contact.added", timeout="PT1H", ports={"got": "two"}),
        "two": wait("custom.b", timeout="PT1H"),
    }
    for entry, expected in ((event(100, "custom.a"), "w2"), (event(100, "custom.a", associate="w1"), "w1")):
        run = Run(plan_of(nodes), entry=entry)
        run.turn("PT1M", event(101, "contact.added", associate="w2"))
        assert run.state.associate == expected
