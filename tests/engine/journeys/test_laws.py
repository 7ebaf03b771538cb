"""Laws of the interpreter and of `check`, on random journeys, logs, clocks, outcomes and JSON."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.journeys.check import check
from engine.journeys.deadlines import Pause
from engine.journeys.plan import Plan, compile_plan
from engine.journeys.state import EventIn, Log, State
from tests.engine.journeys.strategies import (
    broken_journeys,
    facts,
    journeys,
    json_values,
    logs,
    moments,
    pauses,
    results,
)  # fmt: skip
from tests.engine.journeys.world import CATALOGUE, CONTEXT, EVENTS, FIELDS, T0, Host, Run, document
from tests.law import law

few = law(60)


def compiled(source: Any) -> Plan:
    return compile_plan(source, CATALOGUE, FIELDS, EVENTS)


def run_of(source: Any, given_facts: Any, given_results: Any, **parts: Any) -> Run:
    host = Host(dict(given_facts), {name: list(told) for name, told in given_results.items()})
    return Run(compiled(source), host, **parts)


def accepted_by(log: list[EventIn], run: Run, now: datetime, known: int) -> list[EventIn]:
    """The events of the log that are accepted by `now`, named by the plan, and not yet given: beyond index `known`."""
    return [each for each in log[known:] if each.accepted_at <= now and each.type in run.plan.event_types]


def drive(run: Run, log: list[EventIn], times: list[datetime], *, limit: int | None = None) -> None:
    """Turns at these times, each with what has been accepted by then; with a limit, several turns for one time."""
    known = 0
    for now in times:
        fresh = accepted_by(log, run, now, known)
        known = max(known, sum(each.accepted_at <= now for each in log))
        run.turn(now, *fresh, limit=limit)
        while run.untaken and not run.state.ended:
            run.turn(now, limit=limit)
        if run.state.ended:
            return


def ends_or_rests(state: State, now: datetime) -> bool:
    """Whether a run that had its turn at `now` stands still for a good reason."""
    if state.ended or state.phase == "stuck":
        return True
    if state.phase in {"waiting", "deferred", "retrying"}:
        return state.deadline is None or state.deadline > now
    return state.phase == "acting"


@few
@given(journeys(), logs(), moments, facts, results)
def test_every_run_ends_waits_or_is_stuck_and_ends_when_time_passes(source, log, times, given_facts, told) -> None:
    run = run_of(source, given_facts, told)
    for now in times:
        drive(run, log, [now])
        assert ends_or_rests(run.state, now)
        log = [each for each in log if each.accepted_at > now]
    for _ in range(2000):
        result = run.turn(run.state.now)
        if run.state.ended or result.wake_at is None:
            break
        run.turn(result.wake_at)
    assert run.state.ended


@few
@given(journeys(), logs(), moments, facts, results)
def test_no_local_effect_is_performed_twice_and_no_event_is_taken_twice(source, log, times, given_facts, told) -> None:
    run = run_of(source, given_facts, told)
    drive(run, log, times)
    taken = [line.detail["seq"] for line in run.lines("event") if line.detail["fate"] in {"wait", "goal", "exit"}]
    assert len(taken) == len(set(taken))
    assert not set(taken) & set(run.kept)


@few
@given(journeys(), logs(), moments, facts, results, st.integers(1, 3))
def test_for_one_now_splitting_the_events_of_a_turn_changes_neither_state_path_nor_commands(
    source, log, times, given_facts, told, limit
) -> None:
    whole = run_of(source, given_facts, told, settle_at_once=False)
    split = run_of(source, given_facts, told, settle_at_once=False)
    drive(whole, log, times)
    drive(split, log, times, limit=limit)
    assert split.state == whole.state
    assert split.commands == whole.commands
    assert split.path == whole.path


@few
@given(journeys(), logs(), moments, facts, results)
def test_a_turn_with_nothing_new_changes_nothing(source, log, times, given_facts, told) -> None:
    run = run_of(source, given_facts, told)
    drive(run, log, times)
    state, commands = run.state, len(run.commands)
    run.turn(run.state.now)
    assert (run.state, len(run.commands)) == (state, commands)


@few
@given(journeys(), logs(), moments, facts, results, pauses(), st.integers(0, 5))
def test_while_paused_nothing_is_entered_and_nothing_begins(source, log, times, given_facts, told, past, at) -> None:
    run = run_of(source, given_facts, told)
    run.pauses = past
    drive(run, log, times[:at])
    if run.state.ended:
        return
    path, performed, asked = run.path, len(run.host.performed), len(run.asked)
    run.pauses = [*past, Pause(run.state.now)]
    run.untaken = []
    run.turn(run.state.now + timedelta(hours=1), *[each for each in log if each.seq > 150])
    assert (run.path, len(run.host.performed), len(run.asked)) == (path, performed, asked)


@few
@given(journeys(), logs(), moments, facts, results)
def test_every_node_entered_was_led_to_by_the_port_before(source, log, times, given_facts, told) -> None:
    run = run_of(source, given_facts, told)
    drive(run, log, times)
    here: str | None = run.plan.start
    for line in (each for each in run.commands if isinstance(each, Log)):
        if line.kind == "entered":
            assert line.node == here
        elif line.kind == "left":
            here = run.plan.steps[line.node or ""].ports[line.port or ""]


@few
@given(journeys())
def test_the_journeys_of_these_tests_have_no_errors(source) -> None:
    assert [each for each in check(source, CONTEXT) if each.severity == "error"] == []


@few
@given(st.one_of(json_values, broken_journeys()))
def test_any_json_can_be_checked_and_what_has_no_errors_compiles_and_runs(source) -> None:
    findings = check(source, CONTEXT)
    for each in findings:
        assert each.message.keys() == {"zh", "en"}
        assert each.severity in {"error", "warning"}
        assert _exists(source, each.pointer), each
    if all(each.severity != "error" for each in findings):
        assert_still_sound_after_a_long_time(source)


ROUNDS = [
    ({}, {"n1": {"type": "delay", "for": "P2D", "ports": {"done": "n0"}}}),
    ({}, {"n1": {"type": "activity", "activity": "call", "params": {"text": "x"}, "ports": {"done": "n0"}}}),
    (
        {"quiet_hours": {"from": "09:00", "to": "12:00"}},
        {"n1": {"type": "activity", "activity": "push", "params": {"text": "x"}, "ports": {"done": "n0"}}},
    ),
]


@pytest.mark.parametrize(("policies", "nodes"), [({}, {}), *ROUNDS], ids=["itself", "delay", "call", "push"])
@pytest.mark.parametrize("max_age", [{}, {"max_age": "P1Y"}], ids=["ageless", "ages"])
def test_a_wait_that_comes_round_to_itself_goes_on_until_the_run_is_too_old(policies, nodes, max_age) -> None:
    leads = {"got": "end", "timeout": "n1" if nodes else "n0"}
    wait = {"type": "wait", "for": [{"on": "custom.b", "port": "got"}], "timeout": "P1D", "ports": leads}
    source = document({"n0": wait, **nodes}, policies={**policies, **max_age})
    assert [each for each in check(source, CONTEXT) if each.severity == "error"] == []
    run = assert_still_sound_after_a_long_time(source)
    assert run.state.ended == bool(max_age)


def assert_still_sound_after_a_long_time(source: Any) -> Run:
    """A run that nothing happens to ends or is stuck; one without an age may go round, and then knows until when."""
    run, now = Run(compiled(source)), T0 + timedelta(days=400)
    run.turn(T0)
    run.turn(now)
    goes_round = run.plan.max_age is None and run.state.phase in {"waiting", "deferred"}
    knows = run.state.deadline is not None and run.state.deadline > now
    assert run.state.ended or run.state.phase == "stuck" or (goes_round and knows), run.state
    return run


def _exists(source: Any, pointer: str) -> bool:
    here = source
    for escaped in pointer.split("/")[1:]:
        step = escaped.replace("~1", "/").replace("~0", "~")
        shown = {key.replace("\0", "?"): key for key in here} if isinstance(here, dict) else {}
        if isinstance(here, dict) and step in shown:
            here = here[shown[step]]
        elif isinstance(here, list) and step.isdigit() and int(step) < len(here):
            here = here[int(step)]
        else:
            return False
    return True
