"""Which runs are to be called: those that are late, those that were told something, those that others have ended.

Whoever was called lately is passed over in each part: runs whose turns fail must not keep the others from being called.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.runs.routing import Call

Told = tuple[int, int]
"""A run and the turn that it was called for."""


def late(session: Session, *, before: datetime, lately: Iterable[int], most: int) -> list[Call]:
    """Runs that should have moved before this instant: `most` of them, without those called lately."""
    given = {"before": before, "most": most, "lately": list(lately)}
    return [Call(*row) for row in session.connection().execute(_LATE, given)]


def commanded(session: Session, *, told: Collection[Told], most: int) -> list[Call]:
    """Runs that an operator gave an order, whose pause is over, whose call was answered, or that a merge gave what
    another run had kept: `most` of each, without those told already.
    """
    given = {"runs": [run for run, _ in told], "turns": [turn for _, turn in told], "most": most}
    return [Call(*row) for row in session.connection().execute(_COMMANDED, given)]


def called_off(session: Session, *, most: int) -> list[Call]:
    """Runs that were ended from outside, and whose executions do not know it yet."""
    return [Call(*row) for row in session.connection().execute(_CALLED_OFF, {"most": most})]


def forget_called_off(session: Session, runs: Iterable[int]) -> None:
    """Their executions know it now."""
    session.connection().execute(_FORGET, {"runs": list(runs)})


def overdue_holdouts(session: Session, *, now: datetime, lately: Iterable[int], most: int) -> list[int]:
    """Holdouts whose time is over: `most` of them, without those that could not be ended lately."""
    given = {"now": now, "most": most, "lately": list(lately)}
    return list(session.connection().execute(_HOLDOUTS, given).scalars())


# Runs by id, each looked up by itself: OFFSET 0 keeps the planner from reading all that are open instead, which it
# does as long as its statistics know of few.
_LOOKED_UP = """
SELECT workflow_id, runs.id, turn + 1 FROM {ids} AS wanted
CROSS JOIN LATERAL (SELECT * FROM runs WHERE runs.id = wanted.id OFFSET 0) AS runs
WHERE ended_at IS NULL AND status <> 'holdout'"""

# What a turn found paused, and is not any more. Journeys that stand still are passed over as a whole.
_RESUMED = """
SELECT runs.id FROM live JOIN runs ON runs.journey = live.key AND runs.status = 'paused'
WHERE live.kind = 'journey'
AND NOT EXISTS (SELECT 1 FROM pauses WHERE pauses.journey = live.key AND to_at IS NULL AND run_id IS NULL)
AND NOT EXISTS (SELECT 1 FROM pauses WHERE pauses.run_id = runs.id AND to_at IS NULL)"""

# Overdue by their own time, with an event that no turn has taken, with an order, or left standing by a pause.
_LATE = text(f"""
WITH late AS (
    (SELECT id FROM runs WHERE ended_at IS NULL AND wake_at <= :before AND status <> 'holdout' AND id <> ALL (:lately)
     ORDER BY wake_at LIMIT :most)
    UNION
    (SELECT DISTINCT run_id FROM deliveries WHERE state = 'new' AND at <= :before AND run_id <> ALL (:lately)
     LIMIT :most)
    UNION
    (SELECT run_id FROM run_commands WHERE taken_turn IS NULL AND at <= :before AND run_id <> ALL (:lately) LIMIT :most)
    UNION
    ({_RESUMED} AND runs.id <> ALL (:lately) LIMIT :most)
)
{_LOOKED_UP.format(ids="late")}
LIMIT :most
""")  # noqa: S608 - built from constants

# The run that goes on after a merge, until the execution of the one that ended for it was told.
_GIVEN_MORE = """
SELECT runs.id FROM runs AS merged
CROSS JOIN LATERAL (
    SELECT * FROM runs WHERE runs.member_id = merged.member_id AND runs.journey = merged.journey OFFSET 0) AS runs
WHERE merged.ended_at IS NOT NULL AND merged.wake_at IS NOT NULL
AND runs.ended_at IS NULL AND runs.status <> 'holdout'"""

# Runs whose call was answered, until a turn has taken the answer.
_ANSWERED = """
SELECT runs.id FROM calls JOIN runs ON runs.id = calls.run_id AND runs.ended_at IS NULL
WHERE calls.state = 'over' AND NOT calls.taken"""

_UNTOLD = "NOT EXISTS (SELECT 1 FROM told WHERE told.id = runs.id AND told.turn = runs.turn + 1)"
_COMMANDED = text(f"""
WITH told AS (
    SELECT * FROM unnest(CAST(:runs AS bigint[]), CAST(:turns AS int[])) AS told (id, turn)
), due AS (
    (SELECT runs.id FROM run_commands
     CROSS JOIN LATERAL (SELECT * FROM runs WHERE runs.id = run_commands.run_id OFFSET 0) AS runs
     WHERE taken_turn IS NULL AND ended_at IS NULL AND {_UNTOLD} LIMIT :most)
    UNION
    ({_RESUMED} AND {_UNTOLD} LIMIT :most)
    UNION
    ({_GIVEN_MORE} AND {_UNTOLD} LIMIT :most)
    UNION
    ({_ANSWERED} AND {_UNTOLD} LIMIT :most)
)
{_LOOKED_UP.format(ids="due")}
""")  # noqa: S608 - built from constants

_CALLED_OFF = text("""
SELECT workflow_id, id, turn + 1 FROM runs WHERE ended_at IS NOT NULL AND wake_at IS NOT NULL LIMIT :most""")
_FORGET = text("UPDATE runs SET wake_at = NULL WHERE id = ANY (:runs) AND ended_at IS NOT NULL")
_HOLDOUTS = text("""
SELECT id FROM runs WHERE ended_at IS NULL AND wake_at <= :now AND status = 'holdout' AND id <> ALL (:lately)
ORDER BY wake_at LIMIT :most""")
