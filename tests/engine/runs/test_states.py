"""A run's state in its row: plain, until personal data came in."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.journeys.deadlines import Pause
from engine.journeys.state import EventIn, RunRef, State
from engine.runs import states
from engine.runs.models import Run
from engine.secrets.keyring import KeyRing

AT = datetime(2026, 1, 7, tzinfo=UTC)
ENTRY = EventIn(1, "member.registered", AT, AT, {"phone": "13800138000"})
STATE = State(RunRef("7", "hook", 1, "3"), ENTRY, AT, AT, AT)


def row() -> Run:
    return Run(
        id=7, journey="hook", version=1, bundle_hash="h", member_id=3, n=1, workflow_id="w", entry_seq=1,
        entered_at=AT, now=AT,
    )  # fmt: skip


@pytest.mark.parametrize("personal", [True, False])
def test_what_is_kept_is_loaded_again(keys: KeyRing, personal: bool) -> None:
    run = row()
    states.keep(run, STATE, keys, wake_at=AT, personal=personal)
    assert states.load(run, keys) == STATE
    assert ("13800138000" in str(run.state)) is not personal


def test_once_sealed_a_state_stays_sealed(keys: KeyRing) -> None:
    run = row()
    states.keep(run, STATE, keys, wake_at=AT, personal=True)
    states.keep(run, STATE, keys, wake_at=AT)
    assert states.is_sealed(run)


def test_only_a_run_that_could_go_on_is_marked_as_paused(keys: KeyRing) -> None:
    run = row()
    states.keep(run, STATE, keys, wake_at=AT, pauses=[Pause(AT)])
    assert run.status == "paused"
