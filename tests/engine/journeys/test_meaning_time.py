"""JOURNEYS.md, Meaning 8, 10 and 12: pause, age, bounds; and the instants of delays."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from engine.journeys.deadlines import FOREVER, Pause, QuietHours, after, extended, next_time_of_day
from engine.journeys.state import Failure, Operator
from rules.duration import parse_duration
from tests.engine.journeys.world import Host, Run, activity, at, event, plan_of, wait

SHANGHAI = ZoneInfo("Asia/Shanghai")
ONE = {"one": wait("custom.b", timeout="PT1H")}


def paused(start: str, end: str | None = None, mode: str | None = None) -> Pause:
    return Pause(at(start), at(end) if end else None, mode)


def test_while_paused_no_node_is_entered_and_no_effect_starts() -> None:
    run = Run(plan_of({"note": activity("note")}), pauses=[paused("PT0S")])
    run.turn("PT1M")
    assert (run.path, run.host.performed) == ([], {})
    run.pauses = [paused("PT0S", "PT2M")]
    run.turn("PT2M")
    assert run.path == ["note", "end"]


@pytest.mark.parametrize("parts", [{"goal": {"on": "custom.c"}}, {"exits": [{"on": "custom.c", "outcome": "goal"}]}])
def test_while_paused_goal_and_exits_still_act(parts) -> None:
    run = Run(plan_of(ONE, **parts))
    run.turn("PT0S")
    run.pauses = [paused("PT1M")]
    run.turn("PT2M", event(101, "custom.c"))
    assert run.outcome == "goal"


def test_while_paused_operators_still_act() -> None:
    run = Run(plan_of(ONE), pauses=[paused("PT1M")])
    run.turn("PT2M", operators=[Operator("exit")])
    assert run.state.status == "exited"


def test_while_paused_a_retry_begins_no_effect_until_the_run_goes_on() -> None:
    run = Run(plan_of({"one": activity("call", {"text": "x"})}), Host(results={"call": [Failure("no")]}))
    run.turn("PT0S")
    run.pauses = [paused("PT1M")]
    run.turn("PT2M", operators=[Operator("retry")])
    assert (run.state.phase, run.outcome) == ("ready", None)
    run.pauses = [paused("PT1M", "PT3M")]
    run.turn("PT3M")
    assert run.outcome == "finished"


def test_while_paused_max_age_still_acts_and_timeouts_do_not() -> None:
    run = Run(plan_of(ONE, policies={"max_age": "P1D"}))
    run.turn("PT0S")
    run.pauses = [paused("PT1M")]
    assert run.turn("PT2H").wake_at == at("P1D")
    assert run.outcome is None
    run.turn("P1D")
    assert (run.outcome, run.state.status) == ("expired", "expired")


@pytest.mark.parametrize(
    ("mode", "deadline", "expires"),
    [(None, "PT1H", "P1D"), ("hold", "PT1H", "P1D"), ("extend", "PT1H30M", "P1DT30M")],
)
def test_on_resume_deadlines_hold_or_extend_by_the_overlap_max_age_included(mode, deadline, expires) -> None:
    run = Run(plan_of(ONE, policies={"max_age": "P1D"}))
    run.turn("PT0S")
    run.pauses = [paused("PT20M", "PT50M", mode)]
    assert run.turn("PT50M").wake_at == at(deadline)
    longer = Run(plan_of({"one": wait("custom.b")}, policies={"max_age": "P1D"}), pauses=run.pauses)
    assert longer.turn("PT50M").wake_at == at(expires)


def test_an_event_that_came_during_the_pause_beats_a_timeout_that_it_was_in_time_for() -> None:
    for accepted, outcome in (("PT59M", "finished"), ("PT61M", "late")):
        run = Run(plan_of(ONE))
        run.turn("PT0S")
        run.pauses = [paused("PT30M")]
        run.turn("PT2H", event(101, "custom.b", accepted))
        assert (run.kept, run.outcome) == ([101], None)
        run.pauses = [paused("PT30M", "PT3H")]
        run.turn("PT3H")
        assert run.outcome == outcome


def test_a_pause_moves_a_deadline_only_by_its_overlap_with_the_wait_and_each_moment_once() -> None:
    since, deadline = at("PT1H"), at("PT2H")
    table = [
        ([], deadline),
        ([paused("PT0S", "PT30M", "extend")], deadline),
        ([paused("PT30M", "PT1H20M", "extend")], at("PT2H20M")),
        ([paused("PT1H50M", "PT2H50M", "extend")], at("PT3H")),
        ([paused("PT2H10M", "PT2H50M", "extend")], deadline),
        ([paused("PT2H", "PT3H", "extend")], deadline),
        ([paused("PT1H50M", "PT2H20M", "extend"), paused("PT2H25M", "PT2H35M", "extend")], at("PT2H40M")),
        ([paused("PT1H10M", "PT1H40M", "extend"), paused("PT1H20M", "PT1H50M", "extend")], at("PT2H40M")),
        ([paused("PT1H10M", "PT1H40M", "hold"), paused("PT1H20M")], deadline),
    ]
    for pauses, expected in table:
        assert extended(deadline, since, pauses) == expected


def test_max_age_ends_every_run_that_nothing_else_ended_stuck_ones_included() -> None:
    plan = plan_of({"one": activity("call", {"text": "x"})}, policies={"max_age": "P1D"})
    run = Run(plan, Host(results={"call": [Failure("no")]}))
    assert run.turn("PT0S").wake_at == at("P1D")
    run.turn("P1D")
    assert (run.outcome, run.state.status) == ("expired", "expired")


def test_a_turn_visits_at_most_100_nodes_and_beyond_that_the_run_is_stuck_with_reason_loop() -> None:
    nodes = {
        "one": activity("note", ports={"done": "two"}),
        "two": {"type": "delay", "for": "PT0S", "ports": {"done": "one"}},
    }
    run = Run(plan_of(nodes))
    run.turn("PT0S")
    assert len(run.path) == 100
    assert run.state.stuck is not None
    assert run.state.stuck.reason == "loop"
    run.turn("PT0S", operators=[Operator("retry")])
    assert len(run.path) == 200


def test_a_run_visits_at_most_10000_nodes() -> None:
    nodes = {
        "one": {"type": "delay", "for": "PT1S", "ports": {"done": "two"}},
        "two": {"type": "delay", "for": "PT1S", "ports": {"done": "one"}},
    }
    run = Run(plan_of(nodes))
    run.state = run.state.from_json({**run.state.to_json(), "visits": {"one": 5000, "two": 4999}})
    run.turn("PT0S")
    assert run.state.status == "waiting"
    run.turn("PT1S")
    assert run.state.stuck is not None
    assert run.state.stuck.reason == "loop"


def test_a_turn_never_runs_on_a_clock_before_the_last_one() -> None:
    run = Run(plan_of(ONE))
    run.turn("PT10M")
    run.turn("PT5M")
    assert run.state.now == at("PT10M")


@pytest.mark.parametrize(
    ("now", "at_time", "days", "working_day", "expected"),
    [
        ("2026-01-07T10:00", "12:00", 0, False, "2026-01-07T12:00"),
        ("2026-01-07T10:00", "10:00", 0, False, "2026-01-07T10:00"),
        ("2026-01-07T10:00", "09:00", 0, False, "2026-01-08T09:00"),
        ("2026-01-07T10:00", "09:00", 2, False, "2026-01-09T09:00"),
        ("2026-01-09T10:00", "09:00", 1, True, "2026-01-12T09:00"),
        ("2026-09-30T10:00", "09:00", 1, True, "2026-10-08T09:00"),
        ("2033-01-07T10:00", "09:00", 1, True, "2033-01-10T09:00"),
    ],
)
def test_a_delay_until_a_time_of_day(now, at_time, days, working_day, expected) -> None:
    start = datetime.fromisoformat(now).replace(tzinfo=SHANGHAI).astimezone(UTC)
    found = next_time_of_day(start, time.fromisoformat(at_time), days, SHANGHAI, working_day=working_day)
    assert found.astimezone(SHANGHAI).replace(tzinfo=None) == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("clock", "ends"),
    [
        ("21:29", None),
        ("21:30", "+08:30"),
        ("23:59", "+08:30"),
        ("00:00", "08:30"),
        ("08:29", "08:30"),
        ("08:30", None),
    ],
)
def test_quiet_hours_reach_over_midnight(clock, ends) -> None:
    quiet = QuietHours(time(21, 30), time(8, 30))
    now = datetime.combine(date(2026, 1, 7), time.fromisoformat(clock), SHANGHAI)
    expected = None
    if ends:
        day = now.date() + timedelta(days=ends.startswith("+"))
        expected = datetime.combine(day, time.fromisoformat(ends.removeprefix("+")), SHANGHAI)
    assert quiet.ends_after(now, SHANGHAI) == expected


def test_a_deadline_beyond_the_calendar_is_never() -> None:
    assert after(datetime(9998, 1, 1, tzinfo=UTC), parse_duration("P100Y"), SHANGHAI) == FOREVER


def test_the_nodes_of_a_turn_are_counted_anew_at_the_next_moment_and_not_before() -> None:
    nodes = {
        "one": wait("custom.b", timeout="PT9H", ports={"got": "two"}),
        "two": activity("note", ports={"done": "one"}),
    }
    events = [event(101 + i, "custom.b") for i in range(80)]
    later, same = Run(plan_of(nodes)), Run(plan_of(nodes))
    later.turn("PT1M", *events)
    assert len(later.path) == 51
    for minute in range(2, 10):
        later.turn(f"PT{minute}M")
    assert (later.state.status, len(later.path)) == ("waiting", 161)
    same.turn("PT1M", *events)
    while same.untaken:
        same.turn("PT1M")
    assert (same.state.status, len(same.path)) == ("stuck", 100)


def test_a_delay_until_an_instant_that_has_passed_still_lets_events_that_are_there_go_first() -> None:
    nodes = {
        "one": wait("custom.b", timeout="PT9H", ports={"got": "two"}),
        "two": {"type": "delay", "until": {"var": "member.due"}, "ports": {"done": "end"}},
    }
    run = Run(
        plan_of(nodes, exits=[{"on": "custom.c", "outcome": "left"}]), Host({"member": {"due": at("PT1S").isoformat()}})
    )
    run.turn("PT2H", event(101, "custom.b", "PT1H"), event(102, "custom.c", "PT1H"))
    assert run.outcome == "left"
