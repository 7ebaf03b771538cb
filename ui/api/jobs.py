"""Jobs: what long work has come to, stopped and continued; and one action on many runs.

A key sees the jobs that it may ask for itself: those of its scopes, and of its own stores.
"""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Depends, Path, Query, Response
from sqlalchemy.orm import Session

from engine.jobs import store
from engine.jobs.bulk import Bulk, create_bulk, preview
from engine.jobs.errors import JobUnknownError
from engine.jobs.kinds import BACKTEST, BULK, SCOPES
from engine.jobs.models import Job, JobError
from engine.runs.listing import RunFilter
from engine.trying.result import result_of
from ui.api.job_answers import BulkBody, JobAnswer, JobLine, JobList, JobsQuery, answer_of, dry_run_of
from ui.api.runs import filter_of
from ui.http.auth import Caller, require
from ui.http.idempotency import keep
from ui.http.lists import page
from ui.http.routing import api_router

router = api_router(tags=["Jobs"])

Steward = Annotated[Caller, Depends(require(*sorted(set(SCOPES.values()))))]
Operator = Annotated[Caller, Depends(require("runs"))]
JobId = Annotated[int, Path(ge=1, le=2**63 - 1)]
_NOTHING = RunFilter(journey="-")
"""Chooses no run: keys of journeys begin with a letter."""


@router.get("/jobs")
def list_all(caller: Steward, query: Annotated[JobsQuery, Query()]) -> JobList:
    """The jobs in sight, newest first."""
    kinds = [kind for kind in _kinds(caller) if query.kind in (None, kind)]
    with caller.begin() as session:
        found = store.list_jobs(session, kinds=kinds, state=query.state, before=query.cursor, limit=query.limit + 1)
    shown, more = page(found, query.limit, lambda job: str(job.id))
    return JobList(items=[JobLine.of(job) for job in shown], next=more)


@router.get("/jobs/{job_id}")
def read_one(caller: Steward, job_id: JobId) -> JobAnswer:
    """One job: how much of how much is done, and what could not be done."""
    with caller.begin() as session:
        job = _in_sight(session, caller, job_id)
        answer = _answer(session, job)
        result = result_of(session, job, caller.deps.catalogue) if job.kind == BACKTEST else None
    return answer.model_copy(update={"result": result})


@router.post("/jobs/{job_id}/stop")
def stop(caller: Steward, job_id: JobId) -> JobAnswer:
    """Let the job do no further page. What is done stays done; the job can be continued."""
    with caller.begin() as session:
        _in_sight(session, caller, job_id)
        return _answer(session, store.stop(session, job_id, by=caller.actor, now=caller.now()))


@router.post("/jobs/{job_id}/continue")
def go_on(caller: Steward, job_id: JobId) -> JobAnswer:
    """Let a job that was stopped or failed go on where it stands."""
    with caller.begin() as session:
        _in_sight(session, caller, job_id)
        return _answer(session, store.go_on(session, job_id, by=caller.actor, now=caller.now()))


@router.post("/runs/bulk", status_code=202, responses={200: {"model": JobAnswer, "description": "A dry run."}})
def bulk(caller: Operator, body: BulkBody, response: Response) -> JobAnswer:
    """Retry, skip, end, pause or resume many runs, as a job; what cannot be done is told run by run.

    With `dry_run` the answer has no id: `total` says how many runs are meant, `errors` what stands against some of the
    first hundred.
    """
    with caller.begin() as session:
        asked = _bulk(session, caller, body)
        if body.dry_run:
            found = preview(session, asked, by=caller.actor, now=caller.now())
            response.status_code = 200
            return dry_run_of(BULK, found.total, list(found.errors))
        job = create_bulk(session, asked, by=caller.actor, now=caller.now(), stores=caller.stores)
        return accepted(session, caller, job, response)


def accepted(
    session: Session, caller: Caller, job: Job, response: Response, errors: Sequence[JobError] = ()
) -> JobAnswer:
    """The answer to whoever asked for a job: 202, with where to look; it is stored together with the job."""
    response.status_code = 202
    response.headers["Location"] = f"/api/v1/jobs/{job.id}"
    answer = answer_of(job, errors)
    keep(session, caller.claim, answer, response)
    return answer


def _bulk(session: Session, caller: Caller, body: BulkBody) -> Bulk:
    chosen = None
    if body.filter is not None:
        chosen = filter_of(session, caller, body.filter) or _NOTHING
    return Bulk(body.action, chosen, body.ids, body.port, body.outcome, body.deadlines)


def _in_sight(session: Session, caller: Caller, job_id: int) -> Job:
    job = store.find(session, job_id)
    if job.kind not in _kinds(caller):
        raise JobUnknownError(f"There is no job {job_id} in sight.")
    return job


def _kinds(caller: Caller) -> list[str]:
    return [kind for kind, scope in SCOPES.items() if caller.holder.may(scope)]


def _answer(session: Session, job: Job) -> JobAnswer:
    return answer_of(job, store.errors_of(session, job.id))
