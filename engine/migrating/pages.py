"""The pages of the job that takes runs over.

    a share first, where one was asked for   → the job stops by itself and waits to be continued
    all that are left, by id                  → whoever is in the middle of something is passed over
    those again, later each time              → until none is left

The runs that a page has moved and that are to be called stand in the cursor: `calls` tells them before the next page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.clock import Clock
from engine.definitions.plans import Plans
from engine.jobs.errors import GivenUpError, PostponedError
from engine.jobs.kinds import MIGRATE
from engine.jobs.models import Job
from engine.jobs.pages import Finding, Page, Work
from engine.jobs.store import ERRORS_KEPT, errors_of
from engine.journeys.plan import PlanError
from engine.migrating import words
from engine.migrating.asked import WHOLE
from engine.migrating.crossing import Crossed, Destination, Ferry
from engine.runs.routing import Call
from engine.secrets.keyring import KeyRing
from rules.shares import salted, share_of

PER_PAGE = 200
LOOKED_AT = 5_000
"""So many runs a page looks at, to find those of a share."""
LONGEST_WAIT = 60


@dataclass(frozen=True)
class Place:
    """Where the job stands: `first` while the share goes, how many runs this round has passed over, whom to call."""

    first: bool
    after: int = 0
    left: int = 0
    round: int = 0
    again_at: str | None = None
    over: bool = False
    calls: tuple[int, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As the job's cursor."""
        return {**asdict(self), "calls": list(self.calls)}

    @classmethod
    def of(cls, job: Job) -> Place:
        """What the cursor says; at first, the beginning."""
        if not job.cursor:
            return cls(first=job.args.get("canary_bp") is not None)
        return cls(**{**job.cursor, "calls": tuple(job.cursor["calls"])})


def page(clock: Clock, keys: KeyRing, plans: Plans, *, per_page: int = PER_PAGE) -> Work:
    """The next page of a migration."""

    def work(session: Session, job: Job) -> Page:
        return _Pages(session, job, clock.now(), keys, plans, per_page).next()

    return work


def calls(session: Session, job: Job) -> list[Call]:
    """The executions to be called for what the page before has moved."""
    runs = Place.of(job).calls
    rows = session.connection().execute(_CALLS, {"runs": list(runs)}) if runs else ()
    return [Call(*row) for row in rows]


def in_share(job: Job, run: int) -> bool:
    """Whether a run is of the share that goes first: by hash, so it never changes."""
    salt = f"{job.args['journey']}/migrate/{job.args['to']}"
    return share_of(salted(salt, str(run))) < int(job.args.get("canary_bp") or WHOLE)


@dataclass(frozen=True)
class _Pages:
    session: Session
    job: Job
    now: datetime
    keys: KeyRing
    plans: Plans
    per_page: int

    def next(self) -> Page:
        """Do it, where there is more to do."""
        at = Place.of(self.job)
        if (later := self._superseded()) is not None:
            return Page(0, at.to_json(), [Finding(f"job {later}", words.superseded(later))], over=True)
        if at.again_at is not None and (wait := datetime.fromisoformat(at.again_at) - self.now) > timedelta():
            raise PostponedError(words.waiting_for(at.left), wait.total_seconds())
        if at.over:
            return self._end_round(at)
        return self._move(replace(at, left=0, again_at=None) if at.again_at else at)

    def _move(self, at: Place) -> Page:
        """Some more runs go over."""
        found = self._after(at.after)
        meant = [run for run in found if in_share(self.job, run)] if at.first else found
        chosen = meant[: self.per_page]
        crossed = self._cross(chosen)
        full = len(chosen) == self.per_page or len(found) == LOOKED_AT
        last = chosen[-1] if len(chosen) == self.per_page else found[-1] if found else at.after
        new = replace(
            at, after=last, left=at.left + len(crossed.later), over=not full, calls=tuple(crossed.calls)
        )  # fmt: skip
        return Page(len(crossed.moved), new.to_json(), self._untold(crossed.errors))

    def _untold(self, errors: Sequence[Finding]) -> Sequence[Finding]:
        """Those that no round has told yet: whoever was busy at first may turn out to have no place."""
        if not errors or self.job.failed >= ERRORS_KEPT:
            return ()
        told = {each.subject for each in errors_of(self.session, self.job.id)}
        return [each for each in errors if each.subject not in told]

    def _end_round(self, at: Place) -> Page:
        """All were looked at: the share has gone, or somebody is left, or nobody."""
        if at.first:
            left = self._left()
            return Page(0, Place(first=False).to_json(), stop=words.canary_done(self.job.done, left) if left else None)
        if not at.left:
            return Page(0, at.to_json(), over=True, total=self.job.done)
        wait = min(2**at.round, LONGEST_WAIT)
        again = self.now + timedelta(seconds=wait)
        return Page(0, Place(first=False, left=at.left, round=at.round + 1, again_at=again.isoformat()).to_json())

    def _cross(self, runs: Sequence[int]) -> Crossed:
        if not runs:
            return Crossed()
        args = self.job.args
        to = Destination(int(args["to"]), args["bundle"], args["migrate"], self.job.created_by)
        try:
            return Ferry(self.session, to, self.plans, self.keys, self.now).take(runs)
        except PlanError as error:
            raise GivenUpError(
                {
                    "zh": "这里无法执行新旧版本之一：它用到的动作类型没有安装。请安装后继续。",
                    "en": "One of the versions cannot be executed here: install its activity type, then continue.",
                }
            ) from error

    def _after(self, run: int) -> list[int]:
        return list(self.session.connection().execute(_MEANT, {**self._given(), "after": run}).scalars())

    def _left(self) -> int:
        return int(self.session.connection().execute(_LEFT, self._given()).scalar_one())

    def _given(self) -> dict[str, Any]:
        args = self.job.args
        return {"journey": args["journey"], "to": args["to"], "upto": args["upto"], "most": LOOKED_AT}

    def _superseded(self) -> int | None:
        """A later migration of the journey, which has taken over."""
        given = {"kind": MIGRATE, "journey": self.job.args["journey"], "job": self.job.id}
        found = self.session.connection().execute(_LATER, given).scalar()
        return int(found) if found is not None else None


_OF_THE_JOB = "journey = :journey AND id <= :upto AND version < :to AND ended_at IS NULL"
_MEANT = text(f"SELECT id FROM runs WHERE {_OF_THE_JOB} AND id > :after ORDER BY id LIMIT :most")  # noqa: S608 - constants
_LEFT = text(f"SELECT count(*) FROM runs WHERE {_OF_THE_JOB} AND :most > 0")  # noqa: S608 - constants
_LATER = text("SELECT max(id) FROM jobs WHERE kind = :kind AND args ->> 'journey' = :journey AND id > :job")
_CALLS = text("""
    SELECT workflow_id, id, turn + 1 FROM runs WHERE id = ANY(:runs) AND ended_at IS NULL AND status <> 'holdout'""")
