"""The one activity of jobs: do the next page of a job, whatever its kind.

    begin    the row says whether the job goes on, and where it stands
    prepare  what the page needs from outside is asked for, outside any transaction
    do       one transaction in the scope of whoever asked: the job's lock, the page, its cursor and figures

A page that was done by a twin meanwhile is left alone: the cursor has moved.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy.orm import Session
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from engine.clock import Clock
from engine.database import retrying
from engine.database.connection import Database
from engine.database.direct import DATABASE_IS_AWAY
from engine.jobs import store
from engine.jobs.errors import GivenUpError, PostponedError, Text
from engine.jobs.models import Job
from engine.jobs.pages import Page, Prepare, Work
from workflows.job import PAGE, JobPosition

TRIES = 5
"""A page that fails so often makes its job fail; a person may let it go on."""
PAUSES = (1.0, 3.0, 10.0, 30.0)
"""Seconds between the tries of one page."""
LONGEST_REST = 300.0
BEAT = 3.0

BENIGN = ApplicationErrorCategory.BENIGN

log = structlog.get_logger()


@dataclass(frozen=True)
class JobPages:
    """Does pages. `kinds` says for each kind of job how one is prepared."""

    database: Database
    clock: Clock
    kinds: Mapping[str, Prepare]
    pauses: tuple[float, ...] = PAUSES

    @activity.defn(name=PAGE)
    async def execute(self, position: JobPosition) -> bool:
        """`turn` as Temporal calls it; says whether the job needs no further page."""
        async with _beating():
            return await self.turn(position.job)

    async def turn(self, job_id: int) -> bool:
        """Do one page. Raises what makes Temporal ask again: the database is away, or the page failed."""
        try:
            job = await asyncio.to_thread(self._begin, job_id)
            if job is None:
                return True
            page = await self._page(job)
        except DATABASE_IS_AWAY:
            raise
        except PostponedError as waiting:
            await asyncio.to_thread(self._postpone, job_id, waiting.text)
            raise _again(str(waiting), min(waiting.after, LONGEST_REST)) from waiting
        except GivenUpError as given_up:
            await asyncio.to_thread(self._fail, job_id, given_up.text)
            return True
        except Exception as error:  # whatever a kind raises is counted, tried again, and in the end told to people
            log.exception("a page of a job failed", job=job_id)
            return await self._failed(job_id, error)
        if page is None:
            return False
        await asyncio.sleep(page.rest)
        return page.over or page.stop is not None

    async def _page(self, job: Job) -> Page | None:
        prepare = self.kinds.get(job.kind)
        if prepare is None:
            raise GivenUpError(
                {
                    "zh": f"此版本不认识任务类型 {job.kind}；请升级后继续",
                    "en": f"This release knows no jobs of kind {job.kind}; upgrade, then continue the job.",
                }
            )
        work = await prepare(job)
        return await asyncio.to_thread(self._do, job, work)

    def _begin(self, job_id: int) -> Job | None:
        with self.database.begin() as session:
            return store.begin(session, job_id, now=self.clock.now())

    def _do(self, known: Job, work: Work) -> Page | None:
        """The page's transaction; None if the job moved or was stopped since it was looked at."""

        def transact(session: Session) -> Page | None:
            job = store.lock(session, known.id)
            if job.state != "running" or job.cursor != known.cursor:
                return None
            page = work(session, job)
            store.advance(session, job, page, now=self.clock.now())
            return page

        return retrying.run(self.database, transact, known.scope)

    def _postpone(self, job_id: int, text: Text) -> None:
        with self.database.begin() as session:
            store.postpone(session, job_id, text, now=self.clock.now())

    def _fail(self, job_id: int, text: Text) -> None:
        with self.database.begin() as session:
            store.fail(session, job_id, text, now=self.clock.now())

    async def _failed(self, job_id: int, error: Exception) -> bool:
        tries = await asyncio.to_thread(self._count, job_id)
        if tries < TRIES:
            raise _again(type(error).__name__, self.pauses[min(tries, len(self.pauses)) - 1]) from error
        await asyncio.to_thread(self._fail, job_id, _defect(error))
        return True

    def _count(self, job_id: int) -> int:
        with self.database.begin() as session:
            return store.fail_once(session, job_id, now=self.clock.now())


def _again(reason: str, after: float) -> ApplicationError:
    """Ask for the page again after so many seconds. What there is to tell was told: Temporal's library need not."""
    later = timedelta(seconds=after)
    return ApplicationError(reason, type="PageNotDone", next_retry_delay=later, category=BENIGN)


def _defect(error: Exception) -> Text:
    """The error's name and nothing of its text, which might hold what must not be shown."""
    name = type(error).__name__
    return {
        "zh": f"同一页失败了 {TRIES} 次({name})；详情见日志，修复后可以继续",
        "en": f"One page failed {TRIES} times ({name}); the log tells more. Mend it, then continue the job.",
    }


@asynccontextmanager
async def _beating() -> AsyncIterator[None]:
    """Tell Temporal that the page is still being done, so that a page of a killed worker is soon asked for again."""
    beating = asyncio.create_task(_beat())
    try:
        yield
    finally:
        beating.cancel()


async def _beat() -> None:
    while True:
        activity.heartbeat()
        await asyncio.sleep(BEAT)
