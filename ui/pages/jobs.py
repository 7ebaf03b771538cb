"""Jobs: what long work has come to, with live progress; stopping it and letting it go on."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import HTMLResponse, RedirectResponse

from engine.jobs import store
from engine.jobs.models import LIVE
from ui.http.lists import LARGEST, page
from ui.pages.visit import Visit, Visiting

router = APIRouter()

JobId = Annotated[int, Path(ge=1, le=LARGEST)]
_SHOWN = 50
_SHOWN_ERRORS = 200


class Chosen(BaseModel):
    """Which part of the list the address asks for."""

    model_config = ConfigDict(extra="ignore")

    before: int | None = Field(None, ge=1, le=LARGEST)


@router.get("/jobs")
def show_list(visit: Visiting, chosen: Annotated[Chosen, Query()]) -> HTMLResponse:
    """The jobs in sight, newest first."""
    with visit.begin() as session:
        found = store.list_jobs(session, before=chosen.before, limit=_SHOWN + 1)
    shown, more = page(found, _SHOWN, lambda job: str(job.id))
    context = {
        "jobs": shown,
        "next": more,
        "before": chosen.before,
        "may_ask": visit.viewer.may("operate") and visit.viewer.stores == "*",
        "moving": any(job.state in LIVE for job in shown),
    }
    return visit.render("jobs/list.html", context)


@router.get("/jobs/{job_id}")
def show_job(visit: Visiting, job_id: JobId) -> HTMLResponse:
    """One job: how far it is, and what could not be done."""
    return visit.render("jobs/job.html", _sight(visit, job_id))


@router.get("/jobs/{job_id}/progress")
def show_progress(visit: Visiting, job_id: JobId) -> HTMLResponse:
    """The fragment that the job's page asks for."""
    return visit.render("jobs/_progress.html", _sight(visit, job_id))


@router.post("/jobs/{job_id}/stop")
def stop(visit: Visiting, job_id: JobId) -> RedirectResponse:
    """Let the job do no further page."""
    with visit.operate() as session:
        store.stop(session, job_id, by=visit.actor, now=visit.now())
    return RedirectResponse(f"/jobs/{job_id}", 303)


@router.post("/jobs/{job_id}/continue")
def go_on(visit: Visiting, job_id: JobId) -> RedirectResponse:
    """Let the job go on where it stands."""
    with visit.operate() as session:
        store.go_on(session, job_id, by=visit.actor, now=visit.now())
    return RedirectResponse(f"/jobs/{job_id}", 303)


def _sight(visit: Visit, job_id: int) -> Mapping[str, object]:
    with visit.begin() as session:
        job = store.find(session, job_id)
        errors = store.errors_of(session, job_id, limit=_SHOWN_ERRORS)
    return {
        "job": job,
        "errors": errors,
        "live": job.state in LIVE,
        "may_operate": visit.viewer.may("operate"),
        "language": visit.language,
    }
