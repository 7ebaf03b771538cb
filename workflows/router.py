"""The router role: events reach runs. Any number of routers work side by side, each on members that it has leased.

    lease members (interactive first) -> enrich -> one transaction per member -> start and wake executions

Beside it the role sweeps (workflows.sweeper) and does the chores that it is given.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session
from temporalio.client import Client
from temporalio.service import RPCError

from engine.alerts.store import signal
from engine.clock import Clock
from engine.database import direct, retrying
from engine.database.connection import Database
from engine.database.direct import DATABASE_IS_AWAY
from engine.definitions.plans import Plans
from engine.events import parking, queue
from engine.runs.entrances import EntranceCache
from engine.runs.routing import Call, Routed, route_member
from engine.secrets.keyring import KeyRing
from workflows import client as executions
from workflows import observed
from workflows.client import Execution
from workflows.enrichment import Contacts, Enrichment
from workflows.measures import RUNS_CALLED
from workflows.observed import RoutingSeen
from workflows.position import Position
from workflows.sweeper import Sweeper
from workflows.worker import Stop

log = structlog.get_logger()


@dataclass(frozen=True)
class RouterSettings:
    """How much one router does at once, and how often it looks. `crowded`: unanswered wake-ups that stop bulk work;
    a run that has been `silent` for so long counts no more, lest some that cannot answer stop it for good.
    Whoever waits for a journey that cannot be compiled here is looked at again after `mending`.

    It looks again after `idle` seconds when there was nobody to route, after `busy` ones when there was somebody, and
    at once when all were busy and one has been routed.
    """

    members: int = 8
    lease: timedelta = timedelta(seconds=15)
    idle: float = 0.1
    busy: float = 0.05
    wait: timedelta = timedelta(milliseconds=200)
    longest_wait: timedelta = timedelta(seconds=5)
    mending: timedelta = timedelta(seconds=30)
    alert_every: timedelta = timedelta(minutes=1)
    crowded: int = 200
    crowded_for: timedelta = timedelta(milliseconds=500)
    silent: timedelta = timedelta(minutes=5)
    sweep_every: float = 5.0
    orders_every: float = 0.25


@dataclass(frozen=True)
class Chore:
    """Something small that the router role does again and again, such as folding the funnel's deltas."""

    name: str
    every: float
    do: Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class RouterParts:
    """What a router works with; made once by `server.py`. Without `contacts` nobody is enriched."""

    client: Client
    database: Database
    clock: Clock
    keys: KeyRing
    plans: Plans
    contacts: Contacts | None = None
    chores: Sequence[Chore] = ()


async def run_router(parts: RouterParts, stop: Stop, settings: RouterSettings | None = None) -> None:
    """Route, sweep and do chores until `stop`; what is under way is finished first."""
    settings = settings or RouterSettings()
    router = Router(parts, settings)
    sweeper = Sweeper(parts.client, parts.database, parts.clock, parts.keys, parts.plans)
    sweep = Chore("sweep", settings.sweep_every, sweeper.sweep)
    orders = Chore("orders", settings.orders_every, sweeper.call_commanded)
    trim = Chore("trim", 3600.0, sweeper.trim)
    async with asyncio.TaskGroup() as tasks:
        loops = [tasks.create_task(router.run())]
        loops += [tasks.create_task(_repeat(chore)) for chore in (sweep, orders, trim, *parts.chores)]
        await stop.wait()
        router.stop()
        for chores in loops[1:]:
            chores.cancel()


@dataclass
class Router:
    """Leases members and routes them, several at once."""

    parts: RouterParts
    settings: RouterSettings = field(default_factory=RouterSettings)

    def __post_init__(self) -> None:
        parts = self.parts
        self.name = f"{socket.gethostname()}-{os.getpid()}-{id(self):x}"
        self._entrances = EntranceCache(parts.plans)
        self._stopping = asyncio.Event()
        self._told_broken: dict[str, datetime] = {}
        self._crowded, self._look_again_at = False, datetime.min.replace(tzinfo=UTC)
        contacts = parts.contacts
        self._enrichment = Enrichment(parts.database, parts.clock, parts.keys, contacts) if contacts else None

    def stop(self) -> None:
        """Lease nobody any more."""
        self._stopping.set()

    async def run(self) -> None:
        """Route until told to stop."""
        most, under_way = self.settings.members, set[asyncio.Task[None]]()
        async with asyncio.TaskGroup() as tasks:
            while not self._stopping.is_set():
                members = await self._leased(most - len(under_way))
                under_way |= {tasks.create_task(self._route(member)) for member in members}
                if len(under_way) == most:
                    await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                else:
                    with suppress(TimeoutError):
                        pause = self.settings.busy if members else self.settings.idle
                        await asyncio.wait_for(self._stopping.wait(), pause)
                under_way = {one for one in under_way if not one.done()}

    async def route_some(self) -> int:
        """Lease members and route them; how many."""
        members = await self._leased(self.settings.members)
        await asyncio.gather(*(self._route(member) for member in members))
        return len(members)

    async def _leased(self, most: int) -> list[int]:
        try:
            return await asyncio.to_thread(self._lease, most)
        except DATABASE_IS_AWAY:
            log.warning("the database does not answer")
            await asyncio.sleep(1)
            return []

    def _lease(self, most: int) -> list[int]:
        now = self.parts.clock.now()
        with self.parts.database.begin() as session:
            if now >= self._look_again_at:
                self._crowded = self._is_crowded(session, now)
                self._look_again_at = now + self.settings.crowded_for
            return queue.lease(
                session,
                self.name,
                now=now,
                until=now + self.settings.lease,
                limit=most,
                interactive_only=self._crowded,
            )

    def _is_crowded(self, session: Session, now: datetime) -> bool:
        """Whether so many runs were called and have not answered that bulk work must stop."""
        most = self.settings.crowded
        [unanswered] = direct.scalars(
            session, _UNANSWERED, {"now": now, "since": now - self.settings.silent, "most": most}
        )
        return bool(unanswered >= most)

    async def _route(self, member: int) -> None:
        """Route one member; a failure lets the member rest, and the fifth parks it."""
        with observed.routing(member) as seen:
            await self._route_seen(member, seen)

    async def _route_seen(self, member: int, seen: RoutingSeen) -> None:
        try:
            routed = await asyncio.to_thread(self._transact, member, ask_first=self._enrichment is not None)
            if routed.unknown and self._enrichment is not None:
                await self._enrichment.enrich(member)
                routed = await asyncio.to_thread(self._transact, member)
        except DATABASE_IS_AWAY:
            log.warning("the database went away while a member was routed", member=member)
            seen.away()
            return
        except Exception as error:
            # Whatever it is, it is this member's: the others go on.
            log.exception("routing failed", member=member)
            await asyncio.to_thread(self._failed, member, parking.reason_of(error))
            return
        seen.routed(routed)
        await self._call(routed)

    def _transact(self, member: int, *, ask_first: bool = False) -> Routed:
        """The routing transaction. Should the lease be over, whoever has it now finds nothing left to route."""
        parts, now = self.parts, self.parts.clock.now()

        def work(session: Session) -> Routed:
            routed = route_member(
                session,
                member,
                cache=self._entrances,
                plans=parts.plans,
                keys=parts.keys,
                now=now,
                ask_first=ask_first,
            )
            if routed.unknown:
                return routed
            if routed.broken is not None:
                self._let_wait_for(session, member, routed.broken, now)
            elif routed.waits:
                queue.wait(session, member, self.name, until=now + self._patience(session, member, now))
            elif routed.more:
                queue.wait(session, member, self.name, until=now)
            else:
                queue.done(session, member, self.name)
            return routed

        return retrying.run(parts.database, work)

    def _let_wait_for(self, session: Session, member: int, journey: str, now: datetime) -> None:
        """Let a member wait until a journey is mended that this process cannot compile; tell of it now and then."""
        reason = f"The journey {journey} cannot be compiled."
        queue.wait(session, member, self.name, until=now + self.settings.mending, reason=reason)
        told = self._told_broken.get(journey)
        if told is None or now - told >= self.settings.alert_every:
            self._told_broken[journey] = now
            signal(session, "journey-broken", f"journey/{journey}", now=now)

    def _patience(self, session: Session, member: int, now: datetime) -> timedelta:
        """How long an entry waits for a live run before it is looked at again: longer, the longer it has waited."""
        oldest: datetime | None = session.connection().execute(_OLDEST, {"member": member}).scalar()
        waited = now - oldest if oldest else timedelta()
        return min(max(self.settings.wait, waited / 2), self.settings.longest_wait)

    def _failed(self, member: int, reason: str) -> None:
        with suppress(*DATABASE_IS_AWAY), self.parts.database.begin() as session:
            if queue.failed(session, member, self.name, reason, now=self.parts.clock.now()):
                log.error("a member is parked", member=member, reason=reason)

    async def _call(self, routed: Routed) -> None:
        """Start new executions and wake live ones. What does not get through is found by the sweeper."""
        try:
            for call in routed.started:
                await executions.start(self.parts.client, execution(call))
                RUNS_CALLED.labels("started").inc()
            for call in routed.woken:
                await executions.wake(self.parts.client, execution(call))
                RUNS_CALLED.labels("woken").inc()
        except RPCError as error:
            log.warning("Temporal does not answer; the sweeper will call", reason=str(error.status))


def execution(call: Call) -> Execution:
    """The execution of a run, as Temporal knows it."""
    return Execution(call.workflow_id, Position(call.run_id, call.next_turn), urgent=call.urgent)


async def _repeat(chore: Chore) -> None:
    while True:
        try:
            with observed.chore(chore.name):
                await chore.do()
        except DATABASE_IS_AWAY:
            log.warning("the database does not answer", chore=chore.name)
        except Exception:
            # A chore that fails now is done the next time; the router must go on.
            log.exception("a chore failed", chore=chore.name)
        await asyncio.sleep(chore.every)


_OLDEST = text("SELECT min(accepted_at) FROM events WHERE member_id = :member AND routed_at IS NULL")

# Runs that were told something, or should have moved by now, and have not answered yet.
_UNANSWERED = """
SELECT (SELECT count(*) FROM (
            SELECT DISTINCT run_id FROM deliveries WHERE state = 'new' AND at > %(since)s LIMIT %(most)s) AS told)
     + (SELECT count(*) FROM (
            SELECT 1 FROM runs WHERE ended_at IS NULL AND wake_at <= %(now)s AND wake_at > %(since)s
            AND status <> 'holdout' LIMIT %(most)s) AS due)"""
