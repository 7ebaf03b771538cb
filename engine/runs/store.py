"""Runs and turns in the database: the claim of a turn, the locks in their order, and what a turn writes back.

Lock order everywhere: claim of the turn, members by id, run, coupon (docs/adr). Rows are read as objects that belong to
no session: what is changed in them is written by `add` and `save`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engine.database import direct
from engine.database.direct import Jsonb
from engine.runs.models import Run


class RunUnknownError(LookupError):
    """There is no such run."""


class RunMovedError(Exception):
    """The run went to another member while we waited for the lock: roll back and begin again."""


def claim(session: Session, run_id: int, n: int, at: datetime) -> bool:
    """Claim turn `n` of a run. False when it was claimed before; waits for a twin that is being decided."""
    return direct.execute(session, _CLAIM, {"run": run_id, "n": n, "at": at}) == 1


def stored_answer(session: Session, run_id: int, n: int) -> dict[str, Any]:
    """The answer that was given when the turn was decided."""
    [answer] = direct.scalars(session, _ANSWER, {"run": run_id, "n": n})
    kept: dict[str, Any] = answer
    return kept


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
    kept = {"answer": Jsonb(dict(answer)), "log": Jsonb([dict(line) for line in log]), "reads": Jsonb(dict(reads))}
    direct.execute(session, _RECORD, {"run": run_id, "n": n, **kept})


def lock_member(session: Session, member_id: int) -> None:
    """Take the row lock under which everything of a member happens in order."""
    direct.first(session, _LOCK_MEMBER, {"member": member_id})


def lock_run(session: Session, run_id: int) -> Run:
    """Lock a run and, before it, its member. Raises RunUnknownError, and RunMovedError after a merge meanwhile."""
    member = direct.first(session, _LOCK_MEMBER_OF_RUN, {"run": run_id})
    found = direct.objects(session, Run, _LOCK_RUN, {"run": run_id})
    if not found:
        raise RunUnknownError(f"there is no run {run_id}")
    if member is None or found[0].member_id != member[0]:
        raise RunMovedError
    return found[0]


def live_runs(session: Session, member_id: int) -> list[Run]:
    """The member's runs that have not ended, holdouts included, oldest first."""
    return direct.objects(session, Run, _LIVE, {"member": member_id})


def add(session: Session, run: Run) -> None:
    """Insert a new run, which has its id already."""
    direct.execute(session, _ADD, _columns(run))


def save(session: Session, run: Run) -> None:
    """Write what a turn changes of a run."""
    direct.execute(session, _SAVE, _columns(run))


def _columns(run: Run) -> dict[str, Any]:
    return {**{name: getattr(run, name) for name in _NAMES}, "state": Jsonb(run.state)}


_NAMES = tuple(Run.model_fields)
_FIXED = ("id", "journey", "version", "bundle_hash", "member_id", "n", "workflow_id", "entry_seq", "entered_at")
_CHANGING = tuple(name for name in _NAMES if name not in _FIXED)

_CLAIM = """
INSERT INTO turns (run_id, n, at, answer, log, reads) VALUES (%(run)s, %(n)s, %(at)s, '{}', '[]', '{}')
ON CONFLICT DO NOTHING"""
_ANSWER = "SELECT answer FROM turns WHERE run_id = %(run)s AND n = %(n)s"
_RECORD = """
UPDATE turns SET answer = %(answer)s, log = %(log)s, reads = %(reads)s WHERE run_id = %(run)s AND n = %(n)s"""
_LOCK_MEMBER = "SELECT id FROM members WHERE id = %(member)s FOR NO KEY UPDATE"
_LOCK_MEMBER_OF_RUN = """
SELECT id FROM members WHERE id = (SELECT member_id FROM runs WHERE id = %(run)s) FOR NO KEY UPDATE"""
_LOCK_RUN = "SELECT * FROM runs WHERE id = %(run)s FOR NO KEY UPDATE"
_LIVE = "SELECT * FROM runs WHERE member_id = %(member)s AND ended_at IS NULL ORDER BY id"
_ADD = f"INSERT INTO runs ({', '.join(_NAMES)}) VALUES ({', '.join(f'%({name})s' for name in _NAMES)})"  # noqa: S608 - our columns
_SAVE = f"UPDATE runs SET {', '.join(f'{name} = %({name})s' for name in _CHANGING)} WHERE id = %(id)s"  # noqa: S608 - our columns
