"""A worker in a process of its own that kills itself right after the second page of a job was committed.

python -m tests.workflows.dying_job_worker DATABASE_URL TEMPORAL_ADDRESS NAMESPACE CODEC_KEYS
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client

from engine.clock import SystemClock
from engine.database.connection import Database
from engine.jobs.models import Job
from engine.jobs.pages import Page, Work, within
from engine.secrets.keyring import KeyRing
from tests.workflows.test_jobs import COUNT, Counting
from workflows.codec import data_converter
from workflows.job_pages import JobPages
from workflows.job_worker import job_worker


@dataclass(frozen=True)
class Dying(JobPages):
    """Dies between the commit of the second page and its answer."""

    def _do(self, known: Job, work: Work) -> Page | None:
        page = super()._do(known, work)
        if page is not None and page.cursor["n"] == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return page


async def main(url: str, address: str, namespace: str, codec_keys: str) -> None:
    """Work until the second page, and die of it."""
    converter = data_converter(KeyRing.from_text(codec_keys))
    client = await Client.connect(address, namespace=namespace, data_converter=converter)
    pages = Dying(Database(url), SystemClock(), {COUNT: within(Counting().work)})
    async with job_worker(client, pages, build="1", grace=timedelta(seconds=1)):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
