"""Migrations and what drives them: workers that are killed, executions that were begun under the old version."""

from __future__ import annotations

import asyncio
import copy
import signal
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.jobs.kinds import MIGRATE
from engine.secrets.keyring import KeyRing, new_key
from tests.workflows.clock import ServerClock
from tests.workflows.crossing import Crossing, settle
from tests.workflows.playing import Play
from tests.workflows.test_migrating import MAP, changed, people, scanned
from tests.workflows.world import World
from workflows.job_pages import JobPages
from workflows.migrating import Migrating

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize(("when", "moved"), [("before", 5), ("after", 10)])
async def test_a_worker_that_is_killed_leaves_whole_pages_and_another_one_goes_on(
    database: Database, clock: FixedClock, when: str, moved: int
) -> None:
    text = new_key()
    world = settle(World(database, clock, KeyRing.from_text(text)))
    crossing = Crossing(world)
    runs = await asyncio.to_thread(scanned, world, *people("x", 17))
    job = crossing.publish(changed(world), MAP)
    arguments = ["-m", "tests.workflows.dying_migrator", database.url, text, str(job), clock.now().isoformat(), when]
    worker = await asyncio.create_subprocess_exec(sys.executable, *arguments, cwd=ROOT)
    assert await worker.wait() == -signal.SIGKILL
    assert [run.version for run in world.runs()].count(2) == moved
    assert crossing.look(job).done == moved
    done = await asyncio.to_thread(crossing.work, job)
    assert (done.state, done.done) == ("done", 17)
    assert {run.version for run in world.runs()} == {2}
    for run in runs:
        assert [kind for kind, _ in crossing.lines(run)].count("migrated") == 1


async def test_an_execution_of_the_old_version_takes_the_new_plan_and_its_deadline(
    database: Database, keys: KeyRing, client: Client, environment: WorkflowEnvironment, server_clock: ServerClock
) -> None:
    world = World(database, server_clock, keys)
    play = Play(world, client, environment)
    await asyncio.to_thread(world.publish)
    async with play.working():
        await play.tell("contact.scanned", {"channel": "c"})
        run = await play.reach("wait_add")
        document = copy.deepcopy(world.document)
        document["nodes"]["wait_add"]["timeout"] = "PT5M"
        document["nodes"]["not_added"]["outcome"] = "sooner"
        job = await asyncio.to_thread(Crossing(world).publish, document)
        migrating = Migrating(database, server_clock, keys, world.plans, client)
        pages = JobPages(database, server_clock, {MIGRATE: migrating.prepare})
        while not await pages.turn(job):
            pass
        moved = await play.reach("wait_add")
        assert (moved.version, moved.execution) == (2, run.execution)
        await play.skip(timedelta(minutes=6))
        ended = await play.end()
    assert (ended.outcome, ended.execution) == ("sooner", run.execution)
