"""The worker of jobs: few pages at once, so that bulk work leaves the database to those who wait."""

from __future__ import annotations

from datetime import timedelta

from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from workflows.job import JOBS_QUEUE, JobWorkflow
from workflows.job_pages import JobPages

PAGES_AT_ONCE = 2


def job_worker(client: Client, pages: JobPages, *, build: str, grace: timedelta) -> Worker:
    """Serves the queue of jobs. Never eager, so that a worker that stops is given no further page."""
    return Worker(
        client,
        task_queue=JOBS_QUEUE,
        workflows=[JobWorkflow],
        activities=[pages.execute],
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_cached_workflows=50,
        max_concurrent_workflow_tasks=2,
        max_concurrent_workflow_task_polls=2,
        max_concurrent_activities=PAGES_AT_ONCE,
        max_concurrent_activity_task_polls=1,
        disable_eager_activity_execution=True,
        build_id=build,
        graceful_shutdown_timeout=grace,
    )
