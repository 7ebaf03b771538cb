"""Jobs driven by Temporal: each page once, whatever dies between; stopped, continued, begun again when lost."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session
from temporalio.client import Client
from temporalio.service import RPCError

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.jobs import store
from engine.jobs.errors import GivenUpError, JobStateError, PostponedError
from engine.jobs.models import Job
from engine.jobs.pages import Finding, Page, Prepare, Work, within
from tests.workflows.conftest import RECORDED_KEYS
from tests.workflows.waiting import until
from workflows.job import job_workflow_id
from workflows.job_pages import JobPages
from workflows.job_starter import AGAIN_AFTER, STALE, JobStarter
from workflows.job_worker import job_worker

COUNT = "test.count"
ROOT = Path(__file__).parent.parent.parent
DYING = "tests.workflows.dying_job_worker"


@dataclass
class Counting:
    """A kind of job: page n writes n+1 into a table of its own. Before it, `raises` says what happens instead."""

    pages: int = 5
    raises: list[BaseException | None] = field(default_factory=list)
    began: list[int] = field(default_factory=list)
    gate: threading.Event | None = None
    inside: threading.Event = field(default_factory=threading.Event)

    def work(self, session: Session, job: Job) -> Page:
        n = int(job.cursor.get("n", 0)) + 1
        self.began.append(n)
        session.connection().execute(text("INSERT INTO pages_of_test VALUES (:n)"), {"n": n})
        self.inside.set()
        if self.gate is not None:
            assert self.gate.wait(30)
        if self.raises and (error := self.raises.pop(0)) is not None:
            raise error
        missed = [Finding(f"item {n}", {"zh": "缺", "en": "missing"})] if n % 2 == 0 else []
        return Page(1, {"n": n}, missed, over=n == self.pages)


class Jobs:
    """A database with jobs in it, and hands to drive them. Their ids are no other test's: all share one Temporal."""

    def __init__(self, database: Database, clock: FixedClock, client: Client) -> None:
        self.database, self.clock, self.client = database, clock, client
        self.kind = Counting()
        self.starter = JobStarter(client, database, clock)
        with psycopg.connect(database.url) as owner:
            owner.execute("CREATE TABLE pages_of_test (n int)")
            owner.execute("SELECT setval('jobs_id_seq', %s)", [next(_NUMBERS)])

    def ask(self, kind: str = COUNT, lane: str | None = None) -> int:
        with self.database.begin() as session:
            job = store.create(session, kind, {}, total=5, by="user:op", now=self.clock.now(), stores="*")
            job.lane = lane
            return job.id

    def look(self, job: int) -> Job:
        with self.database.begin() as session:
            return store.find(session, job)

    def pages(self, kinds: Mapping[str, Prepare] | None = None) -> JobPages:
        given = kinds or {COUNT: within(self.kind.work)}
        return JobPages(self.database, self.clock, given, pauses=(0.01,))

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        async with job_worker(self.client, self.pages(), build="1", grace=timedelta(seconds=5)):
            yield

    async def start(self) -> None:
        """What the router role does, some seconds later than the last time."""
        self.clock.advance(AGAIN_AFTER)
        await self.starter.start()

    async def reach(self, job: int, state: str) -> Job:
        await until(lambda: self.look(job).state == state)
        return self.look(job)

    def written(self) -> list[int]:
        with self.database.begin() as session:
            return list(session.connection().execute(text("SELECT n FROM pages_of_test ORDER BY n")).scalars())

    async def lose(self, job: int) -> None:
        """Temporal forgets the execution."""
        with suppress(RPCError):
            await self.client.get_workflow_handle(job_workflow_id(job)).terminate()


_NUMBERS = iter(range(1000, 10**6, 1000))


@pytest.fixture
def jobs(database: Database, clock: FixedClock, client: Client) -> Jobs:
    return Jobs(database, clock, client)


async def test_a_job_that_waits_is_started_and_each_page_happens_once(jobs: Jobs) -> None:
    job = jobs.ask()
    async with jobs.working():
        await jobs.start()
        done = await jobs.reach(job, "done")
    assert (done.done, done.total, done.failed) == (5, 5, 2)
    assert jobs.written() == [1, 2, 3, 4, 5]
    assert done.ended_at == jobs.clock.now()
    with jobs.database.begin() as session:
        assert [error.subject for error in store.errors_of(session, job)] == ["item 2", "item 4"]


async def test_a_worker_that_is_killed_after_a_commit_leaves_the_rest_to_another(
    database: Database, clock: FixedClock, dev_client: Client
) -> None:
    jobs = Jobs(database, clock, dev_client)
    job = jobs.ask()
    address, namespace = dev_client.service_client.config.target_host, dev_client.namespace
    words = (database.url, address, namespace, RECORDED_KEYS)
    dying = await asyncio.create_subprocess_exec(sys.executable, "-m", DYING, *words, cwd=ROOT)
    await jobs.start()
    assert await dying.wait() == -signal.SIGKILL
    assert (jobs.look(job).done, jobs.written()) == (2, [1, 2])
    async with jobs.working():
        done = await jobs.reach(job, "done")
    assert (done.done, jobs.written(), jobs.kind.began) == (5, [1, 2, 3, 4, 5], [3, 4, 5])


async def test_a_page_that_two_workers_do_at_once_happens_once(jobs: Jobs) -> None:
    job = jobs.ask()
    await asyncio.gather(*(jobs.pages().turn(job) for _ in range(4)))
    assert jobs.written() == list(range(1, jobs.look(job).done + 1))
    while not await jobs.pages().turn(job):
        pass
    assert (jobs.look(job).done, jobs.written()) == (5, [1, 2, 3, 4, 5])


async def test_a_job_is_stopped_at_the_next_page_and_goes_on_where_it_stood(jobs: Jobs) -> None:
    job = jobs.ask()
    async with jobs.working():
        jobs.kind.gate = threading.Event()
        await jobs.start()
        await asyncio.to_thread(jobs.kind.inside.wait, 30)
        stopping = asyncio.create_task(asyncio.to_thread(_stop, jobs, job))
        await asyncio.sleep(0.05)
        jobs.kind.gate.set()
        await stopping
        reached = jobs.look(job).done
        assert 1 <= reached < 5
        await until(lambda: len(jobs.written()) == reached)
        with jobs.database.begin() as session:
            store.go_on(session, job, by="user:op", now=jobs.clock.now())
        while jobs.look(job).state != "done":
            await jobs.start()
            await asyncio.sleep(0.05)
    assert jobs.written() == [1, 2, 3, 4, 5]


def _stop(jobs: Jobs, job: int) -> None:
    with jobs.database.begin() as session:
        store.stop(session, job, by="user:op", now=jobs.clock.now())


async def test_a_job_whose_execution_is_lost_is_started_again(jobs: Jobs) -> None:
    job = jobs.ask()
    assert await jobs.pages().turn(job) is False
    await jobs.lose(job)
    await jobs.start()
    async with jobs.working():
        await asyncio.sleep(0.3)
        assert jobs.look(job).done == 1
        jobs.clock.advance(STALE)
        await jobs.start()
        assert (await jobs.reach(job, "done")).done == 5
    assert jobs.written() == [1, 2, 3, 4, 5]


async def test_an_execution_that_is_terminated_in_the_middle_is_begun_again(jobs: Jobs) -> None:
    job = jobs.ask()
    await jobs.start()
    await jobs.lose(job)
    await jobs.start()
    async with jobs.working():
        assert (await jobs.reach(job, "done")).done == 5
    assert jobs.written() == [1, 2, 3, 4, 5]


async def test_a_page_that_fails_is_tried_again_and_nothing_of_it_stays(jobs: Jobs) -> None:
    jobs.kind.raises = [None, ValueError("13800000000"), RuntimeError(), None]
    job = jobs.ask()
    async with jobs.working():
        await jobs.start()
        done = await jobs.reach(job, "done")
    assert (done.tries, jobs.written()) == (0, [1, 2, 3, 4, 5])
    assert jobs.kind.began == [1, 2, 2, 2, 3, 4, 5]


async def test_a_page_that_goes_on_failing_fails_the_job_which_can_be_continued(jobs: Jobs) -> None:
    jobs.kind.raises = [None, *(ValueError("13800000000") for _ in range(5))]
    job = jobs.ask()
    async with jobs.working():
        await jobs.start()
        failed = await jobs.reach(job, "failed")
        assert failed.reason is not None
        assert "ValueError" in failed.reason["en"]
        assert "138" not in str(failed.reason)
        assert _signals(jobs) == [("job-failed", f"job/{job}")]
        with jobs.database.begin() as session:
            store.go_on(session, job, by="user:op", now=jobs.clock.now())
        while jobs.look(job).state != "done":
            await jobs.start()
            await asyncio.sleep(0.05)
    assert (jobs.look(job).done, jobs.written()) == (5, [1, 2, 3, 4, 5])


def _signals(jobs: Jobs) -> list[tuple[str, str]]:
    with jobs.database.begin() as session:
        rows = session.connection().execute(text("SELECT kind, subject FROM alert_signals"))
        return [(kind, subject) for kind, subject in rows]


async def test_what_a_page_waits_for_is_told_and_counts_as_no_failure(jobs: Jobs) -> None:
    waits = [PostponedError({"zh": "等", "en": "WeCom is away"}, 0.01) for _ in range(8)]

    async def prepare(_job: Job) -> Work:
        if waits:
            raise waits.pop()
        return jobs.kind.work

    job = jobs.ask()
    pages = jobs.pages({COUNT: prepare})
    async with job_worker(jobs.client, pages, build="1", grace=timedelta(seconds=5)):
        await jobs.start()
        await until(lambda: (jobs.look(job).reason or {}).get("en") == "WeCom is away" or not waits)
        done = await jobs.reach(job, "done")
    assert (done.tries, done.reason, jobs.written()) == (0, None, [1, 2, 3, 4, 5])


async def test_what_only_a_person_can_mend_fails_the_job_at_once(jobs: Jobs) -> None:
    async def prepare(_job: Job) -> Work:
        raise GivenUpError({"zh": "请修改", "en": "Mend the secret"})

    job = jobs.ask()
    assert await jobs.pages({COUNT: prepare}).turn(job) is True
    found = jobs.look(job)
    assert (found.state, found.reason) == ("failed", {"zh": "请修改", "en": "Mend the secret"})
    unknown = jobs.ask("test.unheard-of")
    assert await jobs.pages().turn(unknown) is True
    assert jobs.look(unknown).state == "failed"


async def test_of_a_lane_one_job_runs_and_one_waits(jobs: Jobs) -> None:
    first = jobs.ask(lane="sync/main")
    assert await jobs.pages().turn(first) is False
    second = jobs.ask(lane="sync/main")
    with jobs.database.begin() as session:
        waiting = store.waiting_in(session, "sync/main")
        assert waiting is not None
        assert waiting.id == second
        assert store.wanted(session, since=jobs.clock.now() - STALE, most=10) == []
        with pytest.raises(JobStateError):
            store.go_on(session, first, by="user:op", now=jobs.clock.now())
    _stop(jobs, first)
    with jobs.database.begin() as session:
        with pytest.raises(JobStateError, match="waits already"):
            store.go_on(session, first, by="user:op", now=jobs.clock.now())
        assert store.wanted(session, since=jobs.clock.now() - STALE, most=10) == [second]


async def test_errors_are_kept_up_to_a_number_and_counted_beyond(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "ERRORS_KEPT", 3)

    def work(_session: Session, job: Job) -> Page:
        n = int(job.cursor.get("n", 0)) + 1
        return Page(2, {"n": n}, [Finding(f"{n}/{i}", {"zh": "", "en": ""}) for i in range(2)], over=n == 3)

    job = jobs.ask()
    while not await jobs.pages({COUNT: within(work)}).turn(job):
        pass
    with jobs.database.begin() as session:
        assert [error.subject for error in store.errors_of(session, job)] == ["1/0", "1/1", "2/0"]
    assert jobs.look(job).failed == 6


async def test_jobs_that_ended_long_ago_are_forgotten(jobs: Jobs) -> None:
    old = jobs.ask()
    while not await jobs.pages().turn(old):
        pass
    jobs.clock.advance(store.KEPT + timedelta(days=1))
    recent, waits = jobs.ask(), jobs.ask()
    while not await jobs.pages().turn(recent):
        pass
    with jobs.database.begin() as session:
        assert store.trim(session, now=jobs.clock.now(), limit=10) == 1
        assert {job.id for job in store.list_jobs(session)} == {recent, waits}
