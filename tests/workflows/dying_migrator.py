"""A worker in a process of its own that does pages of a migration, five runs each, and kills itself on the way.

python -m tests.workflows.dying_migrator DATABASE_URL KEYS JOB NOW before|after

before: in the middle of the second page, when some of its runs are written. after: when it is committed.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import dataclass
from datetime import datetime

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.definitions.plans import Plans
from engine.jobs.kinds import MIGRATE
from engine.jobs.models import Job
from engine.jobs.pages import Page, Work, within
from engine.migrating import crossing, pages
from engine.runs.models import Run
from engine.secrets.keyring import KeyRing
from tests.workflows.world import Stage
from workflows.activities.registry import catalogue_of
from workflows.job_pages import JobPages

PER_PAGE = 5


@dataclass(frozen=True)
class DyingAfter(JobPages):
    """Dies between the commit of the second page and its answer."""

    def _do(self, known: Job, work: Work) -> Page | None:
        page = super()._do(known, work)
        if page is not None and known.done == PER_PAGE:
            os.kill(os.getpid(), signal.SIGKILL)
        return page


def _die_at_the_eighth_run() -> None:
    """The eighth run that is written is the last thing that this process does."""
    count = iter(range(1, 100))
    plain = crossing.store.cross

    def cross(session: object, run: Run, lines: object) -> None:
        plain(session, run, lines)  # type: ignore[arg-type]  # passed on as it came
        if next(count) == PER_PAGE + 3:
            os.kill(os.getpid(), signal.SIGKILL)

    crossing.store.cross = cross  # type: ignore[assignment]  # this process is a test's own


async def main(url: str, keys: str, job: str, now: str, when: str) -> None:
    """Do pages until death."""
    clock, ring = FixedClock(datetime.fromisoformat(now)), KeyRing.from_text(keys)
    work = pages.page(clock, ring, Plans(catalogue_of(Stage().registered())), per_page=PER_PAGE)
    kinds = {MIGRATE: within(work)}
    if when == "before":
        _die_at_the_eighth_run()
        driver = JobPages(Database(url), clock, kinds)
    else:
        driver = DyingAfter(Database(url), clock, kinds)
    while not await driver.turn(int(job)):
        pass


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
