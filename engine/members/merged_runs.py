"""What a merge means for journeys (JOURNEYS.md, Meaning 11): nobody goes through one journey twice at a time.

Where the member now has several live runs of one journey whose re-entry is not `always`, the one with the earliest
entry goes on and is given what the others had kept; the others end with outcome `merged`. Holdouts stay as they are.
The funnel tells of one way: a stage that either has reached counts once, where the run that goes on is counted.

The entry event of a run that ends is handed over as well, unless an effect other than an answer may have come of it
(docs/adr/0017).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.alerts.store import settle
from engine.database import direct
from engine.funnel import deltas
from engine.journeys.graph import graph_of, stages_of
from engine.journeys.parse import parse
from engine.journeys.state import End
from engine.runs import effects, ending, states
from engine.runs.models import Run, Turn
from engine.secrets.keyring import KeyRing

OUTCOME = "merged"
ITSELF = "waystation"


def end_doubles(session: Session, members: Sequence[int], *, keys: KeyRing, now: datetime) -> None:
    """Ends the doubles of these members, whose rows the caller has locked, and puts their funnels right."""
    for member in members:
        for kept, ended in _doubles(session, member):
            _end(session, kept, ended, keys, now)
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


def _end(session: Session, kept: Run, ended: Run, keys: KeyRing, now: datetime) -> None:
    """End one run for the other, and hand over what it had kept. Both are locked."""
    given = {"kept": kept.id, "ended": ended.id, "entry": kept.entry_seq, "began": ended.entry_seq, "now": now}
    for statement in (_HAND_OVER, _LEAVE, _TAKE_ORDERS, _END_PAUSE):
        session.connection().execute(statement, {**given, "turn": ended.turn})
    effects.cancel_asked(session, ended.id, now=now)
    direct.execute(session, _CALLS_GO_OVER, {"kept": kept.id, "ended": ended.id})
    direct.execute(session, _CALLS_ARE_OVER, {"ended": ended.id})
    state = states.load(ended, keys)
    end = End("exited", OUTCOME, now, ending.place(session, ended.member_id, since=state.considered))
    state = replace(state, phase="ended", next=None, deadline=None, effect=None, stuck=None, end=end)
    states.keep(ended, state, keys, wake_at=None)
    settle(session, "run-stuck", f"run/{ended.id}", by=ITSELF, now=now)
    # Both executions look again: one takes what was handed over, the other closes.
    ended.wake_at = kept.wake_at = now
    session.add(_record(kept, ended, now))
    session.flush()
    deltas.absorbed(session, kept, ended, stages=_stages(session, kept))
    deltas.ended(session, ended, OUTCOME)


def _stages(session: Session, run: Run) -> Sequence[str]:
    """The stages of a run's journey, in order."""
    document = session.connection().execute(_DOCUMENT, {"hash": run.bundle_hash}).scalar()
    journey, _ = parse(document)
    return list(stages_of(journey, graph_of(journey))) if journey else []


def _record(kept: Run, ended: Run, now: datetime) -> Turn:
    """The line in the timeline. No turn has this number, so that it meets none that is being claimed."""
    detail = {"outcome": OUTCOME, "into": str(kept.id)}
    line = {"kind": "ended", "at": now.isoformat(), "node": ended.node, "detail": detail}
    return Turn(run_id=ended.id, n=_BEHIND_ALL_TURNS, at=now, answer={"done": True}, log=[line], reads={})


_BEHIND_ALL_TURNS = 2**31 - 1
_REENTRY = text("SELECT content #>> '{document,policies,reentry,mode}' FROM bundles WHERE hash = :hash")
_DOCUMENT = text("SELECT content -> 'document' FROM bundles WHERE hash = :hash")
_HAND_OVER = text("""
    INSERT INTO deliveries (run_id, seq, state, at)
    SELECT :kept, seq, 'new', :now FROM (
        SELECT seq FROM deliveries WHERE run_id = :ended AND state IN ('new', 'kept')
        UNION
        SELECT CAST(:began AS bigint) WHERE NOT EXISTS (
            SELECT 1 FROM effects
            WHERE run_id = :ended AND contact <> 'reply' AND state IN ('settled', 'started', 'unknown'))
    ) AS handed (seq)
    WHERE seq <> :entry
    ON CONFLICT DO NOTHING""")
_LEAVE = text("""
    UPDATE deliveries SET state = 'dropped', at = :now WHERE run_id = :ended AND state IN ('new', 'kept')""")
_CALLS_GO_OVER = "UPDATE calls SET called_run_id = %(kept)s WHERE called_run_id = %(ended)s"
_CALLS_ARE_OVER = "UPDATE calls SET taken = TRUE WHERE run_id = %(ended)s AND NOT taken"
_TAKE_ORDERS = text("UPDATE run_commands SET taken_turn = :turn WHERE run_id = :ended AND taken_turn IS NULL")
_END_PAUSE = text("UPDATE pauses SET to_at = :now, mode = 'hold' WHERE run_id = :ended AND to_at IS NULL")
