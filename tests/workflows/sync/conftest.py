"""A simulator over real HTTP beside a chain in a database, and the pages of a sync between them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from temporalio.exceptions import ApplicationError

from engine.clock import SystemClock
from engine.database import retrying
from engine.database.connection import Database
from engine.definitions.plans import Plans
from engine.jobs import store
from engine.jobs.models import Job
from engine.organisation.sync.requests import PARTS, Part, ask
from engine.secrets.keyring import KeyRing
from engine.wecom.calls import Calls
from engine.wecom.client import WeCom
from engine.wecom.intake import Intake
from engine.wecom.xml import Fields
from tests.engine.chain import Chain, build_chain
from tests.engine.wecom.conftest import APP, Simulator, http, receiver, running, simulator
from workflows.job_kinds import job_kinds
from workflows.job_pages import JobPages
from workflows.migrating import Migrating
from workflows.sync import App, Asking

__all__ = ["http", "receiver", "running", "simulator"]


@dataclass
class SimulatedClock:
    """The time of this machine and of the simulator, which go forward together."""

    simulator: Simulator
    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        return SystemClock().now() + self.ahead

    def advance(self, by: timedelta) -> None:
        self.ahead += by
        self.simulator.control("advance_clock", seconds=by.total_seconds())


@dataclass
class Syncing:
    """Hands for a test of syncs."""

    chain: Chain
    simulator: Simulator
    clock: SimulatedClock
    wecom: WeCom
    more_corps: dict[str, App] = field(default_factory=dict)

    def pages(self) -> JobPages:
        asking = Asking(self.database, self.clock, self.keys, {"main": App(APP.corp_id, self.wecom), **self.more_corps})
        migrating = Migrating(self.database, self.clock, self.keys, Plans({}))
        return JobPages(self.database, self.clock, job_kinds(asking, migrating), pauses=(0.0,))

    @property
    def database(self) -> Database:
        return self.chain.database

    @property
    def keys(self) -> KeyRing:
        return self.chain.keys

    def ask(self, *parts: Part) -> int:
        with self.database.begin() as session:
            return ask(session, "main", parts or PARTS, by="user:op", now=self.clock.now()).id

    async def do(self, job: int) -> Job:
        """All pages; what a page waits for comes to pass."""
        while not await self.page(job):
            pass
        return self.look(job)

    async def page(self, job: int) -> bool:
        """One page."""
        try:
            return await self.pages().turn(job)
        except ApplicationError:
            await asyncio.to_thread(self.clock.advance, timedelta(seconds=21))
            return False

    async def sync(self, *parts: Part) -> Job:
        """A sync from beginning to end."""
        done = await self.do(self.ask(*parts))
        assert done.state == "done", done
        return done

    def look(self, job: int) -> Job:
        with self.database.begin() as session:
            return store.find(session, job)

    def findings(self, job: Job) -> dict[str, str]:
        with self.database.begin() as session:
            return {error.subject: error.message["en"] for error in store.errors_of(session, job.id)}

    def deliver(self, *events: Fields) -> None:
        """Callbacks arrive, in this order."""
        for event in events:
            retrying.run(
                self.database,
                lambda session, event=event: Intake(session, self.keys, self.clock.now()).receive(
                    "main", APP.corp_id, event
                ),
            )

    def deliver_all(self) -> None:
        """What the simulator has called back about."""
        self.simulator.settle()
        self.deliver(*self.simulator.receiver.events)
        self.simulator.receiver.events.clear()

    def later(self, seconds: float = 60) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    def relations(self) -> list[tuple[Any, ...]]:
        """The ledger in words: associate, whether it is open, by whom it ended, kind, channel."""
        rows = self.chain.rows("""
            SELECT a.key, r.ended_at IS NULL, r.ended_by, r.kind, c.key FROM relations r
            JOIN associates a ON a.id = r.associate_id LEFT JOIN channels c ON c.id = r.channel_id
            ORDER BY r.member_id, COALESCE(half_at, full_at), r.id""")
        return [tuple(row) for row in rows]

    def seats(self) -> list[tuple[Any, ...]]:
        return self.chain.rows("""
            SELECT h.chat_id, s.left_at IS NULL, s.left_by FROM seats s JOIN chats h ON h.id = s.chat_id
            ORDER BY s.member_id, s.joined_at, s.id""")


async def no_sleep(seconds: float) -> None:
    """What the client would have slept is not waited for."""


@pytest.fixture
def syncing(database: Database, keys: KeyRing, simulator: Simulator, http: httpx.AsyncClient) -> Syncing:
    """The small chain, whose employees the simulator knows, in departments that are named like the stores."""
    departments = [{"id": 1, "name": "chain"}] + [{"id": 10 + n, "parentid": 1, "name": f"S{n}"} for n in (1, 2, 3)]
    staff = [("lin", 11), ("chen", 11), ("su", 12), ("mo", 13)]
    simulator.control(
        "load",
        part="chain",
        departments=departments,
        associates=[{"userid": f"wecom-{key}", "name": key, "department": home} for key, home in staff],
    )
    clock = SimulatedClock(simulator)
    wecom = WeCom(APP, Calls(APP, http, simulator.url, clock, no_sleep))
    return Syncing(build_chain(database, keys), simulator, clock, wecom)
