"""JOURNEYS.md, Meaning 1: entry, re-entry, age, holdout. Each test states one sentence of it."""

from __future__ import annotations

import hashlib

import pytest

from engine.journeys.deadlines import Pause
from engine.journeys.start import (
    EntryMatch,
    RunHistory,
    is_held_out,
    is_too_old,
    match_entry,
    must_wait_for,
    refuse_reentry,
)  # fmt: skip
from engine.journeys.state import Alert
from engine.journeys.walk import pick_arm
from tests.engine.journeys.world import T0, Run, at, event, plan_of, wait

ONE = {"one": wait("custom.b", timeout="PT1H")}


def test_an_event_starts_a_run_when_its_type_and_condition_match() -> None:
    entry = [
        {"on": "custom.a", "when": {"==": [{"var": "event.n"}, 1]}},
        {"on": "custom.a", "when": {"==": [{"var": "member.tier"}, "gold"]}, "start": "late", "save": "first"},
    ]
    plan = plan_of({"one": wait({"on": "custom.b", "port": "got"}, timeout="PT1H")}, entry=entry)
    gold = {"member": {"tier": "gold"}}
    assert match_entry(plan, event(1, "custom.a", n=1), gold, T0) == EntryMatch("one", None, "/entry/0/when")
    assert match_entry(plan, event(1, "custom.a", n=2), gold, T0) == EntryMatch("late", "first", "/entry/1/when")
    assert match_entry(plan, event(1, "custom.a", n=2), {"member": {}}, T0) is None
    assert match_entry(plan, event(1, "custom.b", n=1), gold, T0) is None


def test_a_condition_that_errs_starts_nothing_and_is_told() -> None:
    plan = plan_of(ONE, entry=[{"on": "custom.a", "when": {"==": [{"var": "event.n"}, 1]}}])
    told: list[Alert] = []
    assert match_entry(plan, event(1, "custom.a", n="x"), {}, T0, on_error=told.append) is None
    assert [alert.detail["condition"] for alert in told] == ["/entry/0/when"]


def test_a_start_by_hand_names_the_journey_and_starts_at_its_own_start() -> None:
    plan = plan_of(ONE)
    assert match_entry(plan, event(1, "run.requested", journey="test"), {}, T0) == EntryMatch("one")
    assert match_entry(plan, event(1, "run.requested", journey="other"), {}, T0) is None


@pytest.mark.parametrize(
    ("policy", "history", "refusal"),
    [
        ({"mode": "once"}, RunHistory(), None),
        ({"mode": "once"}, RunHistory(runs=1), "once"),
        ({"mode": "after_exit"}, RunHistory(runs=1), None),
        ({"mode": "after_exit"}, RunHistory(runs=1, live=True), "live"),
        ({"mode": "always"}, RunHistory(runs=1, live=True), None),
        ({"mode": "always", "cooldown": "PT2H"}, RunHistory(1, latest_entered_at=at("PT0S")), "cooldown"),
        ({"mode": "always", "cooldown": "PT1H"}, RunHistory(1, latest_entered_at=at("PT0S")), None),
        ({"mode": "after_exit", "cooldown": "P30D"}, RunHistory(), None),
    ],
)
def test_reentry_is_once_after_exit_or_always_and_cooldown_counts_from_the_latest_start(
    policy, history, refusal
) -> None:
    plan = plan_of(ONE, policies={"max_age": "P1D", "reentry": policy})
    assert refuse_reentry(plan, at("PT1H"), history) == refusal


def test_reentry_is_after_exit_where_nothing_else_is_said() -> None:
    assert plan_of(ONE).reentry == "after_exit"


@pytest.mark.parametrize(("accepted", "old"), [("PT24H", False), ("PT24H1S", True)])
def test_an_event_older_than_entry_max_age_when_accepted_starts_no_run(accepted, old) -> None:
    assert is_too_old(plan_of(ONE), event(1, "custom.a", accepted, time="PT0S")) is old


def test_an_entry_waits_for_untaken_earlier_events_and_for_deadlines_that_may_act() -> None:
    run = Run(plan_of(ONE))
    run.turn("PT0S")
    early, late = event(200, "custom.a", "PT30M"), event(200, "custom.a", "PT2H")
    paused = [Pause(at("PT10M"))]
    assert not must_wait_for(run.state, early, [], [])
    assert must_wait_for(run.state, early, [150], [])
    assert not must_wait_for(run.state, early, [200, 250], [])
    assert not must_wait_for(run.state, event(200, "custom.a", "PT1H"), [], [])
    assert must_wait_for(run.state, late, [], [])
    assert not must_wait_for(run.state, late, [], paused)
    run.turn("PT2H")
    assert not must_wait_for(run.state, late, [150], [])


def test_the_holdout_is_picked_by_hash_of_salt_and_member_and_never_changes() -> None:
    holdout = {"share_bp": 500, "salt": "2026-q4"}
    plan = plan_of(ONE, policies={"max_age": "P1D", "holdout": holdout})
    members = [str(number) for number in range(4000)]
    held = [member for member in members if is_held_out(plan, member)]
    digest = hashlib.sha256(f"2026-q4:{held[0]}".encode()).digest()
    assert int.from_bytes(digest[:8], "big") % 10_000 < 500
    assert 120 < len(held) < 280
    without = plan_of(ONE)
    assert not any(is_held_out(without, member) for member in members)


def test_a_holdout_row_has_no_effect_and_records_goal_and_exits_until_max_age() -> None:
    plan = plan_of(ONE, goal={"on": "custom.c", "stage": "bought"}, exits=[{"on": "contact.lost", "outcome": "lost"}])
    for type_, outcome in (("custom.c", "goal"), ("contact.lost", "lost"), ("custom.b", None)):
        run = Run(plan, holdout=True)
        run.turn("PT1M", event(101, type_))
        assert (run.outcome, run.state.status, run.path, run.stages) == (outcome, "holdout", [], [])


@pytest.mark.parametrize(("policies", "until"), [({"max_age": "P1D"}, "P1D"), ({}, "P90D")])
def test_a_holdout_row_ends_with_max_age_or_after_90_days(policies, until) -> None:
    run = Run(plan_of(ONE, policies=policies), holdout=True)
    assert run.turn("PT0S").wake_at == at(until)
    run.turn(until)
    assert (run.outcome, run.state.status) == ("expired", "holdout")


def test_split_arms_follow_the_shares_and_stay_as_they_were_decided() -> None:
    arms = (("a", 2500), ("b", 7500), ("c", 0))
    picks = [pick_arm(arms, "test/one", str(member)) for member in range(4000)]
    assert 850 < picks.count("a") < 1150
    assert picks.count("c") == 0
    nodes = {"one": {"type": "split", "arms": [{"port": "a", "share_bp": 10_000}], "ports": {"a": "end"}}}
    run = Run(plan_of(nodes))
    run.turn("PT0S")
    assert run.state.splits == {"one": "a"}


def test_the_entry_event_can_be_saved() -> None:
    plan = plan_of(ONE, entry=[{"on": "custom.a", "save": "first"}])
    match = match_entry(plan, event(100, "custom.a", n=1), {}, T0)
    assert match == EntryMatch("one", "first", "/entry/0/when")
