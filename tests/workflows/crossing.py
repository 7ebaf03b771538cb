"""Hands for tests of migrations: publish a later version of a world's journey with a map, and do the job's pages."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import col
from temporalio.exceptions import ApplicationError

from engine.clock import FixedClock
from engine.definitions.models import Version
from engine.jobs import store
from engine.jobs.kinds import MIGRATE
from engine.jobs.models import Job
from engine.migrating.asked import InFlight
from engine.migrating.proposal import Proposal, propose
from engine.migrating.starting import begin
from engine.runs.models import Run, Turn
from tests.workflows.world import World, journey
from workflows.job_pages import JobPages
from workflows.migrating import Migrating


def settle(world: World) -> World:
    """Publish the journey that people are inside of when it is published again."""
    world.publish(journey(policies={"reentry": {"mode": "once"}, "max_age": "P45D"}))
    return world


class Crossing:
    """A world whose journey is published again while people are inside."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.version = 1

    def publish(
        self, document: Mapping[str, Any], mapping: Mapping[str, str] | None = None, canary_bp: int | None = None
    ) -> int:
        """Publish the next version and let the runs in flight go over; the job's number."""
        self.version += 1
        world, asked = self.world, InFlight(mapping or {}, canary_bp)
        world.publish(dict(document), self.version)
        with world.database.begin() as session:
            key = str(document["key"])
            version = session.get_one(Version, ("journey", key, self.version))
            return begin(session, version, asked, world.plans, by="user:op", now=world.clock.now()).id

    def plan(self, document: Mapping[str, Any], mapping: Mapping[str, str] | None = None) -> Proposal:
        """The plan of publishing a document."""
        world = self.world
        hashed = world.compiled(dict(document))
        asked = None if mapping is None else InFlight(mapping)
        with world.database.begin() as session:
            return propose(session, str(document["key"]), hashed, asked, world.plans)

    def pages(self) -> JobPages:
        world = self.world
        migrating = Migrating(world.database, world.clock, world.keys, world.plans)
        return JobPages(world.database, world.clock, {MIGRATE: migrating.prepare}, pauses=(0.0,))

    def page(self, job: int) -> bool:
        """One page; whether the job needs no further one."""
        return asyncio.run(self.pages().turn(job))

    def work(self, job: int, most: int = 50) -> Job:
        """Pages until the job is over, stopped, or waits for something."""
        for _ in range(most):
            with suppress(ApplicationError):
                if self.page(job):
                    return self.look(job)
                continue
            break
        return self.look(job)

    def wait(self, seconds: int = 70) -> None:
        assert isinstance(self.world.clock, FixedClock)
        self.world.clock.advance(timedelta(seconds=seconds))

    def look(self, job: int) -> Job:
        with self.world.database.begin() as session:
            return store.find(session, job)

    def stop(self, job: int) -> None:
        with self.world.database.begin() as session:
            store.stop(session, job, by="user:op", now=self.world.clock.now())

    def go_on(self, job: int) -> None:
        with self.world.database.begin() as session:
            store.go_on(session, job, by="user:op", now=self.world.clock.now())

    def lines(self, run: Run) -> list[tuple[str, str | None]]:
        """The run's timeline as (kind, node)."""
        with self.world.database.begin() as session:
            turns = session.execute(select(Turn).where(col(Turn.run_id) == run.id).order_by(col(Turn.n))).scalars()
            return [(line["kind"], line["node"]) for turn in turns for line in turn.log]
