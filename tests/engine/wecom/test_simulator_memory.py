"""The simulator forgets what nobody will ask for: a play may go on for weeks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from engine.clock import FixedClock
from engine.wecom.simulator import chats, outbox, welcome
from engine.wecom.simulator.state import State


@pytest.fixture
def state(tmp_path: Path, clock: FixedClock) -> Iterator[State]:
    state = State(tmp_path, clock)
    yield state
    state.close()


def test_only_the_latest_things_that_arrived_are_remembered(state: State) -> None:
    with state.change():
        for number in range(outbox.KEPT + 3):
            outbox.put(state, "welcome", {"number": number})
    kept = outbox.items(state, None, None)
    assert len(kept) == outbox.KEPT
    assert (kept[0]["body"], kept[-1]["body"]) == ({"number": 3}, {"number": outbox.KEPT + 2})


def test_codes_that_were_over_long_ago_are_forgotten(state: State, clock: FixedClock) -> None:
    old = welcome.new_code(state, "lin", "wm1", 20)
    clock.advance(timedelta(seconds=welcome.REMEMBERED))
    late = welcome.new_code(state, "lin", "wm2", 20)
    clock.advance(timedelta(seconds=30))
    new = welcome.new_code(state, "lin", "wm3", 20)
    assert {row["code"] for row in state.rows("SELECT code FROM welcome_codes")} == {late, new}
    assert old not in {late, new}


def test_a_group_remembers_its_members_versions_for_a_day(state: State, clock: FixedClock) -> None:
    chats.make(state, "wr1", "lin", "group")
    _, second = chats.renew_version(state, "wr1")
    clock.advance(timedelta(seconds=chats.REMEMBERED + 1))
    before, third = chats.renew_version(state, "wr1")
    assert before == second
    assert [row["version"] for row in state.rows("SELECT version FROM versions")] == [third]
