"""Jobs as rows: asked for, listed, stopped, continued; and the steps that their pages take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, select, text
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.access import audit
from engine.alerts import store as alerts
from engine.database.connection import Scope
from engine.jobs.errors import JobStateError, JobUnknownError, Text
from engine.jobs.models import LIVE, Job, JobError, JobPart
from engine.jobs.pages import Finding, Page
from engine.secrets.keyring import KeyRing

ERRORS_KEPT = 1_000
"""So many errors of a job are kept; all are counted."""
KEPT = timedelta(days=90)
"""How long a job that ended can be looked at."""


def create(
    session: Session,
    kind: str,
    args: Mapping[str, Any],
    *,
    total: int | None = None,
    by: str,
    now: datetime,
    stores: Scope,
) -> Job:
    """Ask for a job; the router role starts it. Its pages see `stores` and no others; `args` holds no personal data."""
    bound = None if stores == "*" else list(stores)
    job = Job(kind=kind, args=dict(args), total=total, stores=bound, created_at=now, created_by=by, updated_at=now)
    session.add(job)
    session.flush()
    audit.record(session, by, "job.created", f"job/{job.id}", now=now, after={"kind": kind, "total": total})
    return job


def waiting_in(session: Session, lane: str) -> Job | None:
    """The job that waits in this lane, locked. Whoever asks holds off others who would put one there (`job.lane`)."""
    session.connection().execute(_LOCK_LANE, {"name": f"jobs/{lane}"})
    wanted = select(Job).where(col(Job.lane) == lane, col(Job.state) == "waiting")
    return session.execute(wanted.with_for_update()).scalar_one_or_none()


def find(session: Session, job_id: int) -> Job:
    """A job in sight, as it is now. Raises JobUnknownError."""
    job = session.get(Job, job_id, populate_existing=True)
    if job is None:
        raise JobUnknownError(f"There is no job {job_id} in sight.")
    return job


def list_jobs(
    session: Session,
    *,
    kinds: Sequence[str] | None = None,
    state: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Job]:
    """The jobs in sight, newest first, those below `before`."""
    wanted = select(Job).order_by(col(Job.id).desc()).limit(limit)
    if kinds is not None:
        wanted = wanted.where(col(Job.kind).in_(kinds))
    if state is not None:
        wanted = wanted.where(col(Job.state) == state)
    if before is not None:
        wanted = wanted.where(col(Job.id) < before)
    return list(session.execute(wanted).scalars())


def errors_of(session: Session, job_id: int, *, limit: int = ERRORS_KEPT) -> list[JobError]:
    """What could not be done, in the order in which it was found."""
    wanted = select(JobError).where(col(JobError.job_id) == job_id).order_by(col(JobError.n)).limit(limit)
    return list(session.execute(wanted).scalars())


def stop(session: Session, job_id: int, *, by: str, now: datetime) -> Job:
    """Let the job do no further page; the one under way is finished first. Raises JobUnknownError, JobStateError."""
    job = lock(session, job_id)
    if job.state not in LIVE:
        raise JobStateError(f"Only a job that waits or runs can be stopped; this one is {job.state}.")
    _end(job, "stopped", now)
    audit.record(session, by, "job.stopped", f"job/{job_id}", now=now, after={"done": job.done})
    session.flush()
    return job


def go_on(session: Session, job_id: int, *, by: str, now: datetime) -> Job:
    """Let a job that was stopped or failed go on where it stands. Raises JobUnknownError, JobStateError."""
    job = lock(session, job_id)
    if job.state not in ("stopped", "failed"):
        raise JobStateError(f"Only a job that was stopped or failed can be continued; this one is {job.state}.")
    if job.lane is not None and waiting_in(session, job.lane) is not None:
        raise JobStateError("Another job of this kind waits already and will do the same.")
    if job.state == "failed":
        alerts.settle(session, "job-failed", f"job/{job_id}", by=by, now=now)
    job.state, job.tries, job.reason, job.ended_at, job.updated_at = "waiting", 0, None, None, now
    audit.record(session, by, "job.continued", f"job/{job_id}", now=now, after={"done": job.done})
    session.flush()
    return job


def lock(session: Session, job_id: int) -> Job:
    """A job in sight, locked until the transaction ends. Raises JobUnknownError."""
    job = session.get(Job, job_id, with_for_update=True, populate_existing=True)
    if job is None:
        raise JobUnknownError(f"There is no job {job_id} in sight.")
    return job


def begin(session: Session, job_id: int, *, now: datetime) -> Job | None:
    """The job, which runs from now on; None if it is not to go on."""
    job = session.get(Job, job_id, with_for_update=True, populate_existing=True)
    if job is None or job.state not in LIVE:
        return None
    if job.state == "waiting":
        job.state, job.updated_at = "running", now
        session.flush()
    return job


def advance(session: Session, job: Job, page: Page, *, now: datetime) -> None:
    """Write what a page came to, in the transaction that did it; the caller holds the job's lock."""
    _keep(session, job, page.errors)
    job.done += page.done
    job.total = page.total if page.total is not None else job.total
    job.cursor, job.tries, job.reason, job.updated_at = dict(page.cursor), 0, None, now
    if page.stop is not None:
        job.reason = dict(page.stop)
        _end(job, "stopped", now)
    if page.over:
        job.total = job.done if job.total is None else job.total
        _end(job, "done", now)
        session.execute(delete(JobPart).where(col(JobPart.job_id) == job.id))


def note(session: Session, job: Job, errors: Sequence[Finding]) -> None:
    """What cannot be done, as is known before the first page."""
    _keep(session, job, errors)
    session.flush()


def postpone(session: Session, job_id: int, text: Text, *, now: datetime) -> None:
    """Say what the job waits for; nothing has failed."""
    job = lock(session, job_id)
    if job.state == "running":
        job.reason, job.updated_at = dict(text), now


def fail_once(session: Session, job_id: int, *, now: datetime) -> int:
    """Count a failed try of the page at hand; how many there were."""
    job = lock(session, job_id)
    job.tries, job.updated_at = job.tries + 1, now
    return job.tries


def fail(session: Session, job_id: int, text: Text, *, now: datetime) -> None:
    """The job cannot go on until somebody has mended what `text` says; then it can be continued."""
    job = lock(session, job_id)
    if job.state not in LIVE:
        return
    _end(job, "failed", now)
    job.reason = dict(text)
    detail = {"kind": job.kind, "reason": text["en"]}
    store = job.stores[0] if job.stores and len(job.stores) == 1 else None
    alerts.signal(session, "job-failed", f"job/{job_id}", now=now, detail=detail, store_id=store)


def wanted(session: Session, *, since: datetime, most: int) -> list[int]:
    """Jobs that an execution should drive: those that wait and whose lane is free, and running ones that nobody has
    moved since then.
    """
    rows = session.connection().execute(_WANTED, {"since": since, "most": most})
    return list(rows.scalars())


def put_part(session: Session, job_id: int, n: int, content: object, *, keys: KeyRing) -> None:
    """Lay down what page `n` will read."""
    session.add(JobPart(job_id=job_id, n=n, content_enc=keys.seal_json(content)))


def take_part(session: Session, job_id: int, n: int, *, keys: KeyRing) -> Any:
    """What page `n` reads; it goes with the transaction that has read it. None if there is no such page."""
    part = session.get(JobPart, (job_id, n))
    if part is None:
        return None
    content = keys.open_json(part.content_enc)
    session.delete(part)
    return content


def trim(session: Session, *, now: datetime, limit: int) -> int:
    """Forget the oldest jobs that ended long ago, with their errors and parts, at most `limit` at a time."""
    old = _ended_before(now - KEPT, limit)
    ids = list(session.execute(old).scalars())
    for model in (JobError, JobPart):
        session.execute(delete(model).where(col(model.job_id).in_(ids)))
    session.execute(delete(Job).where(col(Job.id).in_(ids)))
    return len(ids)


def _ended_before(moment: datetime, limit: int) -> Select[Any]:
    ended = col(Job.ended_at)
    return select(col(Job.id)).where(ended < moment, col(Job.state).not_in(LIVE)).order_by(ended).limit(limit)


def _end(job: Job, state: str, now: datetime) -> None:
    job.state, job.ended_at, job.updated_at = state, now, now


def _keep(session: Session, job: Job, errors: Sequence[Finding]) -> None:
    room = max(0, ERRORS_KEPT - job.failed)
    for n, error in enumerate(errors[:room], start=job.failed + 1):
        session.add(JobError(job_id=job.id, n=n, subject=error.subject, message=dict(error.message)))
    job.failed += len(errors)


_LOCK_LANE = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_WANTED = text("""
    SELECT id FROM jobs j
    WHERE (state = 'waiting' AND NOT EXISTS (
            SELECT 1 FROM jobs r WHERE r.lane = j.lane AND r.state = 'running'))
       OR (state = 'running' AND updated_at <= :since)
    ORDER BY id LIMIT :most""")
