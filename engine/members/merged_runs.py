"""What a merge means for journeys (JOURNEYS.md, Meaning 11): nobody goes through one journey twice at a time.

Where the member now has several live runs of one journey whose re-entry is not `always`, the one with the earliest
entry goes on and is given what the others had kept; the others end with outcome `merged`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.funnel import deltas
from engine.runs.models import Run

OUTCOME = "merged"


def end_doubles(session: Session, members: Sequence[int], *, now: datetime) -> None:
    """Ends the doubles of these members, whose rows the caller has locked, and puts their funnels right."""
    for member in members:
        for kept, ended in _doubles(session, member):
            _end(session, kept, ended, now)
        deltas.merged(session, member)


def _doubles(session: Session, member: int) -> list[tuple[Run, Run]]:
    """Pairs of the run that goes on and a run that ends."""
    wanted = (
        select(Run)
        .where(col(Run.member_id) == member, col(Run.ended_at).is_(None), col(Run.status) != "holdout")
        .order_by(col(Run.journey), col(Run.entered_at), col(Run.id))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    first: dict[str, Run] = {}
    pairs: list[tuple[Run, Run]] = []
    for run in session.execute(wanted).scalars():
        kept = first.setdefault(run.journey, run)
        if kept is not run and not _may_stand_beside_others(session, kept):
            pairs.append((kept, run))
    return pairs


def _may_stand_beside_others(session: Session, run: Run) -> bool:
    mode = session.connection().execute(_REENTRY, {"hash": run.bundle_hash}).scalar()
    return bool(mode == "always")


def _end(session: Session, kept: Run, ended: Run, now: datetime) -> None:
    given = {"kept": kept.id, "ended": ended.id, "entry": kept.entry_seq, "now": now}
    session.connection().execute(_HAND_OVER, given)
    session.connection().execute(_LEAVE, given)
    ended.status, ended.outcome, ended.ended_at = "exited", OUTCOME, now
    ended.wake_at = ended.deadline = ended.stuck_reason = None
    kept.wake_at = now
    session.flush()
    deltas.ended(session, ended, OUTCOME)


_REENTRY = text("SELECT content #>> '{document,policies,reentry,mode}' FROM bundles WHERE hash = :hash")
_HAND_OVER = text("""
    INSERT INTO deliveries (run_id, seq, state, at)
    SELECT :kept, seq, 'new', :now FROM deliveries
    WHERE run_id = :ended AND state IN ('new', 'kept') AND seq <> :entry
    ON CONFLICT DO NOTHING""")
_LEAVE = text("""
    UPDATE deliveries SET state = 'dropped', at = :now WHERE run_id = :ended AND state IN ('new', 'kept')""")
