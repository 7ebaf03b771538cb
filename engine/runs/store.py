"""Runs and turns in the database: the claim of a turn, the locks in their order, and what a turn writes back.

Lock order everywhere: claim of the turn, members by id, run, coupon (docs/adr). Rows are read as objects that belong to
no session: what is changed in them is written by `add` and `save`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engine.database import direct
from engine.database.direct import Jsonb
from engine.database.retrying import ContendedError
from engine.runs.models import Run


class RunUnknownError(LookupError):
    """There is no such run."""


class RunMovedError(ContendedError):
    """The run went to another member while we waited for the lock: roll back and begin again."""


@dataclass(frozen=True)
class Decided:
    """What a turn leaves in its own row and in the deliveries that it took (`fates`: seq to state)."""

    n: int
    answer: Mapping[str, Any]
    log: Sequence[Mapping[str, Any]]
    reads: Mapping[str, Any]
    fates: Mapping[int, str]


def begin_turn(session: Session, run_id: int, n: int, at: datetime) -> Run | dict[str, Any]:
    """Claim turn `n`, then lock the member and the run: the run, or the stored answer if the turn was claimed before.

    Waits for a twin that is being decided. Raises RunUnknownError, and RunMovedError after a merge meanwhile.
    """
    given = {"run": run_id, "n": n, "at": at}
    found = direct.objects(session, Run, _BEGIN_TURN, given)
    if found:
        return found[0]
    if stored := direct.scalars(session, _STORED_ANSWER, given):
        answer: dict[str, Any] = stored[0]
        return answer
    if direct.first(session, _EXISTS, given) is None:
        raise RunUnknownError(f"There is no run {run_id} in sight.")
    raise RunMovedError


def finish_turn(session: Session, run: Run, decided: Decided) -> None:
    """Write what a claimed turn decided: its answer and log, the fates of deliveries, and the run's row."""
    kept = {
        "turn_n": decided.n,
        "answer": Jsonb(dict(decided.answer)),
        "log": Jsonb([dict(line) for line in decided.log]),
        "reads": Jsonb(dict(decided.reads)),
        "seqs": list(decided.fates),
        "fates": list(decided.fates.values()),
    }
    direct.execute(session, _FINISH_TURN, {**_columns(run), **kept})


def lock_member(session: Session, member_id: int) -> None:
    """Take the row lock under which everything of a member happens in order."""
    direct.first(session, _LOCK_MEMBER, {"member": member_id})


def lock_run(session: Session, run_id: int) -> Run:
    """Lock a run and, before it, its member. Raises RunUnknownError, and RunMovedError after a merge meanwhile.

    A run of a store may be a member's of whom the store sees nothing else: it is locked alone, which turns wait for.
    """
    member = direct.first(session, _LOCK_MEMBER_OF_RUN, {"run": run_id})
    found = direct.objects(session, Run, _LOCK_RUN, {"run": run_id})
    if not found:
        raise RunUnknownError(f"There is no run {run_id} in sight.")
    if member is not None and found[0].member_id != member[0]:
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


def lock_runs(session: Session, run_ids: Sequence[int]) -> list[Run]:
    """Lock the members of these runs, by id, and then the runs, oldest first. Raises RunMovedError after a merge."""
    members = direct.scalars(session, _LOCK_MEMBERS_OF_RUNS, {"runs": list(run_ids)})
    found = direct.objects(session, Run, _LOCK_RUNS, {"runs": list(run_ids)})
    if {run.member_id for run in found} - set(members):
        raise RunMovedError
    return found


def cross(session: Session, run: Run, lines: Sequence[Mapping[str, Any]]) -> None:
    """Write a run that goes on in another version, and what its timeline tells of it.

    The lines stand with the run's last turn, with turn 0 before the first: a number that a turn may be claiming must
    not be waited for under the member's lock.
    """
    direct.execute(session, _CROSS, _columns(run))
    direct.execute(session, _TELL, {"run": run.id, "n": run.turn, "at": run.now, "log": Jsonb([*map(dict, lines)])})


def _columns(run: Run) -> dict[str, Any]:
    return {**{name: getattr(run, name) for name in _NAMES}, "state": Jsonb(run.state)}


_NAMES = tuple(Run.model_fields)
_FIXED = ("id", "journey", "version", "bundle_hash", "member_id", "n", "workflow_id", "entry_seq", "entered_at")
_CHANGING = tuple(name for name in _NAMES if name not in _FIXED)

_LOCK_MEMBER = "SELECT id FROM members WHERE id = %(member)s FOR NO KEY UPDATE"
_LOCK_MEMBER_OF_RUN = """
SELECT id FROM members WHERE id = (SELECT member_id FROM runs WHERE id = %(run)s) FOR NO KEY UPDATE"""
_LOCK_RUN = "SELECT * FROM runs WHERE id = %(run)s FOR NO KEY UPDATE"
_LIVE = "SELECT * FROM runs WHERE member_id = %(member)s AND ended_at IS NULL ORDER BY id"
_ADD = f"INSERT INTO runs ({', '.join(_NAMES)}) VALUES ({', '.join(f'%({name})s' for name in _NAMES)})"  # noqa: S608 - our columns
_BEGIN_TURN = """
WITH claimed AS (
    INSERT INTO turns (run_id, n, at, answer, log, reads) VALUES (%(run)s, %(n)s, %(at)s, '{}', '[]', '{}')
    ON CONFLICT DO NOTHING RETURNING n
)
SELECT runs.* FROM claimed, runs JOIN members ON members.id = runs.member_id WHERE runs.id = %(run)s
FOR NO KEY UPDATE OF members, runs"""
_STORED_ANSWER = "SELECT answer FROM turns WHERE run_id = %(run)s AND n = %(n)s AND answer <> '{}'"
_EXISTS = "SELECT 1 FROM runs WHERE id = %(run)s"
_SAVE = f"UPDATE runs SET {', '.join(f'{name} = %({name})s' for name in _CHANGING)} WHERE id = %(id)s"  # noqa: S608 - our columns
_LOCK_MEMBERS_OF_RUNS = """
SELECT id FROM members WHERE id IN (SELECT member_id FROM runs WHERE id = ANY(%(runs)s))
ORDER BY id FOR NO KEY UPDATE"""
_LOCK_RUNS = "SELECT * FROM runs WHERE id = ANY(%(runs)s) ORDER BY id FOR NO KEY UPDATE"
_CROSS = _SAVE.replace(" SET ", " SET version = %(version)s, bundle_hash = %(bundle_hash)s, ", 1)
_TELL = """
INSERT INTO turns (run_id, n, at, answer, log, reads) VALUES (%(run)s, %(n)s, %(at)s, '{"next": 1}', %(log)s, '{}')
ON CONFLICT (run_id, n) DO UPDATE SET log = turns.log || EXCLUDED.log"""
_FINISH_TURN = f"""
WITH marked AS (
    UPDATE deliveries SET state = fates.state, at = %(now)s
    FROM unnest(%(seqs)s::bigint[], %(fates)s::text[]) AS fates (seq, state)
    WHERE run_id = %(id)s AND deliveries.seq = fates.seq
), told AS (
    UPDATE turns SET answer = %(answer)s, log = %(log)s, reads = %(reads)s WHERE run_id = %(id)s AND n = %(turn_n)s
)
{_SAVE}"""  # noqa: S608 - built from constants
