"""What the API of jobs is asked and answers, as models."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema

from engine.jobs.bulk import MOST_NAMED, Action
from engine.jobs.kinds import Kind
from engine.jobs.models import Job, JobError, State
from engine.jobs.pages import Finding
from engine.runs.commands import Deadlines
from ui.api.run_answers import RunsFilter
from ui.http.lists import IdCursor, Limit


def _named(given: object) -> int:
    number = "" if isinstance(given, bool) or not isinstance(given, str | int) else str(given)
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise ValueError("Ids of runs are numbers, given as such or as lists of runs show them.")
    return int(number)


NamedRun = Annotated[
    int,
    PlainValidator(_named),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": "^[0-9]+$"}, {"type": "integer"}]}),
]
"""The id of a run: what answers hold (`"7"`), or the number."""


class JobErrorAnswer(BaseModel):
    """One item that could not be done, and how to mend it."""

    id: str
    message: str


class JobLine(BaseModel):
    """A job in a list. `failed` counts the items that could not be done, `reason` says what the job itself lacks."""

    id: str | None
    kind: str
    state: State | Literal["dry-run"]
    done: int
    total: int | None
    failed: int
    reason: str | None = None
    created_at: datetime | None = None
    created_by: str | None = None
    updated_at: datetime | None = None
    ended_at: datetime | None = None

    @classmethod
    def of(cls, job: Job) -> "JobLine":
        """The line of a job."""
        return cls(**line_of(job))


class JobAnswer(JobLine):
    """One job, whole. Of many errors the first 1,000 are kept; `failed` counts all of them.

    `result` is what a backtest came to so far.
    """

    errors: list[JobErrorAnswer]
    result: dict[str, Any] | None = None


class JobList(BaseModel):
    """A part of a list."""

    items: list[JobLine]
    next: str | None


class JobsQuery(BaseModel):
    """What listed jobs must be."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind | None = None
    state: State | None = None
    limit: Limit = 50
    cursor: IdCursor = None


class BulkBody(BaseModel):
    """An action on many runs, chosen by a filter as lists take it, or by their ids.

    Ids are given as lists of runs show them, or as numbers. `port` goes with skip, `outcome` with exit, `deadlines`
    with resume. With `dry_run` nothing is changed.
    """

    model_config = ConfigDict(extra="forbid")

    action: Action
    filter: RunsFilter | None = None
    ids: list[NamedRun] | None = Field(default=None, max_length=MOST_NAMED)
    port: str | None = Field(default=None, max_length=64)
    outcome: str | None = Field(default=None, pattern="^[a-z][a-z0-9_]{0,62}$")
    deadlines: Deadlines = "hold"
    dry_run: bool = False


def line_of(job: Job) -> dict[str, object]:
    """A job's figures."""
    return {
        "id": str(job.id),
        "kind": job.kind,
        "state": job.state,
        "done": job.done,
        "total": job.total,
        "failed": job.failed,
        "reason": job.reason["en"] if job.reason else None,
        "created_at": job.created_at,
        "created_by": job.created_by,
        "updated_at": job.updated_at,
        "ended_at": job.ended_at,
    }


def answer_of(job: Job, errors: Sequence[JobError]) -> JobAnswer:
    """A job with what could not be done of it."""
    told = [JobErrorAnswer(id=error.subject, message=error.message["en"]) for error in errors]
    return JobAnswer.model_validate({**line_of(job), "errors": told})


def dry_run_of(kind: str, total: int, errors: list[Finding]) -> JobAnswer:
    """What a job of this kind would have to do, and what stands against it."""
    told = [JobErrorAnswer(id=error.subject, message=error.message["en"]) for error in errors]
    return JobAnswer(id=None, kind=kind, state="dry-run", done=0, total=total, failed=len(errors), errors=told)
