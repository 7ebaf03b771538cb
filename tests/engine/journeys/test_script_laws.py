"""Laws of a run, whatever happens to it: events in any order and late, merges, orders of operators, pauses, failures.

What must hold after each turn stands in `Player._watch`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from engine.journeys.deadlines import Due, Pause, deadlines, extended
from engine.journeys.plan import compile_plan
from engine.journeys.state import Log, Stage
from tests.engine.journeys.scripts import Halt, LetGo, Pass, Player, Turn, scripts
from tests.engine.journeys.strategies import facts, journeys, minutes, results
from tests.engine.journeys.world import CATALOGUE, EVENTS, FIELDS, T0, Host, Run
from tests.law import law


def player(source: Any, given_facts: Any, told: Any, *, watched: bool = True, **parts: Any) -> Player:
    host = Host(dict(given_facts), {name: list(results) for name, results in told.items()})
    return Player(Run(compile_plan(source, CATALOGUE, FIELDS, EVENTS), host, **parts), watched=watched)


@law(150)
@given(journeys(), facts, results, scripts)
def test_the_laws_hold_after_every_turn_and_the_run_ends_when_time_passes(source, given_facts, told, script) -> None:
    played = player(source, given_facts, told)
    played.play(script)
    played.run_out()
    assert played.run.state.ended


@law(100)
@given(journeys(), facts, results, scripts, st.integers(0, 2))
def test_splitting_the_events_of_a_turn_changes_nothing_whatever_else_happens(
    source, given_facts, told, script, limit
) -> None:
    whole = player(source, given_facts, told, watched=False)
    split = player(source, given_facts, told, watched=False)
    whole.play(_without_limits(script))
    split.play(script, limit=limit)
    assert split.run.state == whole.run.state
    assert split.run.commands == whole.run.commands


def _without_limits(script: Any) -> list[Any]:
    return [Turn() if isinstance(step, Turn) else step for step in script]


@law(60)
@given(journeys(), facts, results, scripts)
def test_a_member_of_the_holdout_has_no_nodes_no_effects_and_no_stages(source, given_facts, told, script) -> None:
    played = player(source, given_facts, told, holdout=True)
    played.play(script)
    assert played.run.path == []
    assert played.run.asked == {}
    assert played.run.host.performed == {}
    assert not any(isinstance(each, Stage) for each in played.run.commands)
    assert played.run.state.status == "holdout"
    played.run_out()
    assert played.run.state.ended


@law(60)
@given(journeys(), facts, results, scripts, st.booleans())
def test_turns_that_nobody_needed_change_nothing(source, given_facts, told, script, held_out) -> None:
    few = player(source, given_facts, told, holdout=held_out)
    many = player(source, given_facts, told, holdout=held_out)
    for step in script:
        few.step(step)
        many.step(step)
        if isinstance(step, Turn) and step.limit is None:
            many.take()
            many.take()
    assert many.run.state == few.run.state
    assert many.run.commands == few.run.commands


pauses_that_are_over = st.lists(st.tuples(minutes, minutes, st.sampled_from(["hold", "extend"])), max_size=5)


@law(200)
@given(st.integers(0, 300), st.integers(0, 300), pauses_that_are_over)
@example(0, 10, [(5, 10, "extend"), (0, 10, "extend")])
def test_a_deadline_counts_only_the_minutes_outside_pauses_that_extend(since, length, spans) -> None:
    pauses, begin = list[Pause](), 0
    for gap, duration, mode in spans:
        begin += gap // 10
        pauses.append(Pause(T0 + _m(begin), T0 + _m(begin + duration), mode))
    minute, left = since, length
    while left:
        still = any(each.mode == "extend" and each.start <= T0 + _m(minute) < (each.end or T0) for each in pauses)
        minute, left = minute + 1, left - (not still)
    found = extended(T0 + _m(since + length), T0 + _m(since), pauses)
    assert found == T0 + _m(minute)


def _m(minutes: int) -> timedelta:
    return timedelta(minutes=minutes)


@law(80)
@given(journeys(), facts, results, scripts, minutes, st.sampled_from(["hold", "extend"]))
def test_a_pause_moves_every_deadline_by_its_length_if_it_extends_and_none_if_it_holds(
    source, given_facts, told, script, length, mode
) -> None:
    played = player(source, given_facts, told)
    played.play([*script, LetGo("run", "hold"), LetGo("journey", "hold"), Turn()])
    before = deadlines(played.run.state, played.pauses)
    played.play([Halt("run"), Pass(length // 2), Halt("journey"), Pass(length - length // 2)])
    played.play([LetGo("run", mode), LetGo("journey", mode)])
    moved = timedelta(minutes=length) if mode == "extend" else timedelta()
    assert deadlines(played.run.state, played.pauses) == [Due(due.at + moved, due.kind) for due in before]
    played.play([Turn()])
    acted = [line for line in played.run.commands if isinstance(line, Log) and line.at == played.now]
    assert not any(due.at + moved <= played.now for due in before) or acted
