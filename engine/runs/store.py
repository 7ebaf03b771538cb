"""Runs and turns in the database: the claim of a turn, the locks in their order, and what a turn writes back.

Lock order everywhere: claim of the turn, members by id, run, coupon (docs/adr).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.runs.models import Run, Turn


class RunUnknownError(LookupError):
    """There is no such run."""


class RunMovedError(Exception):
    """The run went to another member while we waited for the lock: roll back and begin again."""


def claim(session: Session, run_id: int, n: int, at: datetime) -> bool:
    """Claim turn `n` of a run. False when it was claimed before; waits for a twin that is being decided."""
    claimed = insert(Turn).values(run_id=run_id, n=n, at=at, answer={}, log=[], reads={}).on_conflict_do_nothing()
    return session.execute(claimed.returning(col(Turn.n))).first() is not None


def stored_answer(session: Session, run_id: int, n: int) -> dict[str, Any]:
    """The answer that was given when the turn was decided."""
    turn = session.get_one(Turn, (run_id, n))
    return turn.answer


def record_turn(
    session: Session,
    run_id: int,
    n: int,
    *,
    answer: Mapping[str, Any],
    log: Sequence[Mapping[str, Any]],
    reads: Mapping[str, Any],
) -> None:
    """Keep what a claimed turn decided."""
    turn = session.get_one(Turn, (run_id, n))
    turn.answer, turn.log, turn.reads = dict(answer), [dict(line) for line in log], dict(reads)


def lock_member(session: Session, member_id: int) -> None:
    """Take the row lock under which everything of a member happens in order."""
    session.connection().execute(_LOCK_MEMBER, {"member": member_id})


def lock_run(session: Session, run_id: int) -> Run:
    """Lock a run and, before it, its member. Raises RunUnknownError, and RunMovedError after a merge meanwhile."""
    member = session.connection().execute(_LOCK_MEMBER_OF_RUN, {"run": run_id}).scalar()
    run = session.get(Run, run_id, with_for_update={"key_share": True}, populate_existing=True)
    if run is None:
        raise RunUnknownError(f"there is no run {run_id}")
    if run.member_id != member:
        raise RunMovedError
    return run


_LOCK_MEMBER = text("SELECT id FROM members WHERE id = :member FOR NO KEY UPDATE")
_LOCK_MEMBER_OF_RUN = text(
    "SELECT id FROM members WHERE id = (SELECT member_id FROM runs WHERE id = :run) FOR NO KEY UPDATE"
)
