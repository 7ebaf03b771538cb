"""Where in the member's log a run ended: re-entry takes every event up to that place as one that met a live run.

An event that ended it is that place. A deadline stands before the first event whose time is later, whether or not the
run names it; all else, an operator's order or an effect's outcome, stands behind what was accepted by then.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from engine.database import direct
from engine.journeys.deadlines import Due
from engine.journeys.state import EventIn
from engine.journeys.turn import TurnResult


def placed(session: Session, member_id: int, result: TurnResult) -> TurnResult:
    """The result of a turn with the place of the run's end, if it ended. The member's row is locked."""
    end = result.state.end
    if end is None or isinstance(result.ended_by, EventIn):
        return result
    due = result.ended_by.at if isinstance(result.ended_by, Due) else None
    end = replace(end, seq=place(session, member_id, since=end.seq, due=due))
    return replace(result, state=replace(result.state, end=end))


def place(session: Session, member_id: int, *, since: int, due: datetime | None = None) -> int:
    """The place before the first event after `since` that is later than `due`; without one, that of the last event."""
    found = direct.scalars(session, _PLACE, {"member": member_id, "since": since, "due": due})
    return max(since, found[0] or 0)


_PLACE = """
SELECT COALESCE(
    (SELECT min(seq) - 1 FROM events WHERE member_id = %(member)s AND seq > %(since)s
     AND LEAST(time, accepted_at) > %(due)s),
    (SELECT max(seq) FROM events WHERE member_id = %(member)s))"""
