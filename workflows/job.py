"""The workflow of a job: it asks for one page after the other until the job's row says that there is no more to do.

It holds nothing but the job's number. Where the job stands, and whether it was stopped, is read from the row by each
page (`workflows.job_pages`), so an execution that is lost or begun twice changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

JOBS_QUEUE = "waystation-jobs"
"""The task queue of jobs and their pages; any number of workers serve it."""
PAGE = "job_page"

_PAGE_LIMIT = timedelta(minutes=10)
_PAGE_HEARTBEAT = timedelta(seconds=10)
# Without an end: what a page may fail is counted in the job's row; while the database is away nothing is counted.
_PAGE_RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30))


@dataclass(frozen=True)
class JobPosition:
    """Which job an execution drives."""

    job: int


def job_workflow_id(job: int) -> str:
    """The id of a job's execution in Temporal."""
    return f"job/{job}"


@workflow.defn(name="Job")
class JobWorkflow:
    """One job, a page per activity."""

    @workflow.run
    async def run(self, position: JobPosition) -> None:
        """Ask for pages until the job is over, stopped or failed."""
        while not await self._page(position):
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(position)

    async def _page(self, position: JobPosition) -> bool:
        over: bool = await workflow.execute_activity(
            PAGE,
            position,
            result_type=bool,
            start_to_close_timeout=_PAGE_LIMIT,
            heartbeat_timeout=_PAGE_HEARTBEAT,
            retry_policy=_PAGE_RETRY,
        )
        return over
