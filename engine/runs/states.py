"""A run's state in its row. A state that has taken personal data is kept sealed, all others as plain JSON."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime

from engine.journeys.deadlines import Pause, is_paused, rests_until
from engine.journeys.state import State
from engine.runs.models import Run
from engine.secrets.keyring import KeyRing

_SEALED = "sealed"


def load(run: Run, keys: KeyRing) -> State:
    """The state that `keep` wrote. Raises SealError when the ring lacks the key."""
    sealed = run.state.get(_SEALED)
    return State.from_json(keys.open_json(base64.b64decode(sealed)) if sealed else run.state)


def is_sealed(run: Run) -> bool:
    """Whether the run has taken personal data."""
    return _SEALED in run.state


def keep(
    run: Run,
    state: State,
    keys: KeyRing,
    *,
    wake_at: datetime | None,
    pauses: Sequence[Pause] = (),
    personal: bool = False,
) -> None:
    """Write a state into the run's row, with the columns that lists and the sweeper look at.

    `pauses` are those of the run and its journey. `personal`: it has taken personal data now; once sealed, a state
    stays sealed.
    """
    plain = state.to_json()
    seal = personal or _SEALED in run.state
    run.state = {_SEALED: base64.b64encode(keys.seal_json(plain)).decode()} if seal else plain
    run.node, run.node_entered_at = state.node, state.node_entered_at
    run.status = "paused" if is_paused(pauses) and state.status in {"running", "waiting"} else state.status
    run.deadline = rests_until(state, pauses)
    run.now = state.now
    run.wake_at = wake_at
    run.stuck_reason = state.stuck.reason if state.stuck else None
    if state.end is not None:
        run.outcome, run.ended_at, run.ended_seq = state.end.outcome, state.end.at, state.end.seq
        run.wake_at = None
