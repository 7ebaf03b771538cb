"""A play: one database, a few journeys and people, and everything that may happen to them, in any order.

The product's own router, sweeper, turn and remote executor work here; only Temporal and the outside are made up. Each
method is one happening; whoever calls them looks at the laws in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any, cast

import httpx
import psycopg
from temporalio.client import Client
from temporalio.service import RPCError

from engine.clock import FixedClock
from engine.coupons.models import CouponBatch
from engine.coupons.store import set_stock
from engine.database import retrying
from engine.database.connection import Database
from engine.definitions import life
from engine.definitions.errors import WrongStateError
from engine.events.incoming import IncomingEvent
from engine.events.ingest import ingest
from engine.funnel.fold import fold
from engine.runs import commands
from engine.runs.commands import Order, RunStateError, UnknownPortError
from engine.runs.models import Run
from engine.secrets.keyring import KeyRing
from tests.engine.journeys.world import T0
from tests.workflows.fakes import FakeWeCom
from tests.workflows.model import shells
from tests.workflows.model.journeys import adapted
from tests.workflows.model.outside import Receiver
from tests.workflows.model.shells import FakeTemporal, Hanging, RemoteEffect, Shell
from tests.workflows.world import World
from workflows.activities.outside import Outside
from workflows.position import Answer, Position
from workflows.remote import RemoteExecutor
from workflows.router import Router, RouterParts
from workflows.sweeper import Sweeper

BY = "op"
AWAY = (psycopg.OperationalError,)


@dataclass
class Play:
    """`joined` are members who were others before, `retries` an operator's by run and node; `behind` is by how much
    clocks have gone back in all."""

    database: Database
    keys: KeyRing
    loop: asyncio.Runner
    clock: FixedClock = field(default_factory=lambda: FixedClock(T0))
    receiver: Receiver = field(default_factory=Receiver)
    ids: Iterator[int] = field(default_factory=count)
    told: list[IncomingEvent] = field(default_factory=list)
    joined: set[int] = field(default_factory=set)
    hanging: list[Hanging] = field(default_factory=list)
    journeys: list[str] = field(default_factory=list)
    retries: list[tuple[int, str]] = field(default_factory=list)
    behind: timedelta = timedelta()

    def __post_init__(self) -> None:
        self.reader = psycopg.connect(self.database.url, autocommit=True)
        self.temporal = FakeTemporal(self.clock)
        activities, client = self.receiver.activities(), cast("Client", self.temporal)
        self.world = World(self.database, self.clock, self.keys, activities=activities)
        parts = RouterParts(client, self.database, self.clock, self.keys, self.world.plans)
        self.router = Router(parts)
        self.sweeper = Sweeper(client, self.database, self.clock, self.keys, self.world.plans)
        outside = Outside(wecom=FakeWeCom(), http=cast("httpx.AsyncClient", None))
        self.executor = RemoteExecutor(self.database, self.clock, self.keys, activities, outside, self.world.plans)

    @property
    def now(self) -> datetime:
        return self.clock.now()

    # What people and systems do

    def publish(self, documents: Sequence[dict[str, Any]], stock: int) -> None:
        """Make the journeys live, and a batch of coupons."""
        with self.database.begin() as session:
            title = {"zh": "券", "en": "Coupon"}
            batch = CouponBatch(key="B", title=title, stock=stock, value=1000, created_at=self.now)
            session.add(batch)
            session.flush()
            set_stock(session, batch, stock)
        for i, document in enumerate(documents):
            self.world.publish(adapted(document, f"j{i}"))
            self.journeys.append(f"j{i}")

    def tell(self, who: str, kind: str, data: dict[str, Any], late: int = 0) -> None:
        """An event is accepted."""
        time = self.now - timedelta(minutes=late)
        event = IncomingEvent("test", str(next(self.ids)), kind, who, time, data)
        self.told.append(event)
        assert self._ingest([event]) == (1, 0)

    def tell_member(self, member: int, kind: str, data: dict[str, Any]) -> None:
        """An event of a member who is known by the internal id is accepted."""
        event = IncomingEvent("test", str(next(self.ids)), kind, None, self.now, data, member_id=member)
        self.told.append(event)
        assert self._ingest([event]) == (1, 0)

    def tell_again(self, which: int) -> None:
        """An event comes a second time."""
        if self.told:
            assert self._ingest([self.told[which % len(self.told)]]) == (0, 1)

    def join(self, one: str, other: str) -> None:
        """Two people prove to be one."""
        self.tell(one, "custom.met", {"identities": [one, other]})
        self.joined |= {member for (member,) in self.rows("SELECT merged_into FROM members WHERE merged_into > 0")}

    def _ingest(self, events: list[IncomingEvent]) -> tuple[int, int]:
        came = retrying.run(self.database, lambda session: ingest(session, events, now=self.now, keys=self.keys))
        return came.accepted, came.duplicates

    def order(self, run: Run, kind: str, port: int) -> None:
        """An operator gives an order, if the run's state allows it."""
        ports = ["done", "error", "got", "timeout", "quiet"]
        order = Order(kind, ports[port % 5] if kind == "skip" else None, "told" if kind == "exit" else None)  # type: ignore[arg-type]  # drawn from its values
        with suppress(RunStateError, UnknownPortError), self.database.begin() as session:
            commands.give(session, run.id, order, by=BY, now=self.now)
            if kind == "retry" and run.node:
                self.retries.append((run.id, run.node))

    def pause(self, run: Run) -> None:
        with suppress(RunStateError), self.database.begin() as session:
            commands.pause(session, run.id, by=BY, now=self.now)

    def resume(self, run: Run, mode: str) -> None:
        with suppress(RunStateError), self.database.begin() as session:
            commands.resume(session, run.id, deadlines=mode, by=BY, now=self.now)  # type: ignore[arg-type]  # drawn

    def change_journey(self, which: int, action: str) -> None:
        """Pause, resume (holding or extending deadlines) or retire a journey."""
        key = self.journeys[which % len(self.journeys)]
        with suppress(WrongStateError), self.database.begin() as session:
            match action:
                case "pause":
                    life.pause(session, key, by=BY, now=self.now)
                case "retire":
                    life.retire(session, key, by=BY, now=self.now)
                case _:
                    life.resume(session, key, deadlines=action, by=BY, now=self.now)  # type: ignore[arg-type]  # drawn

    def fold(self) -> None:
        """The funnel's deltas are folded into sums."""
        with self.database.begin() as session:
            fold(session)

    # What the machines do

    def route(self, *, deaf: bool = False) -> int:
        """One round of the router; deaf: none of its calls reaches Temporal."""
        self.temporal.deaf = deaf
        routed = self.loop.run(self.router.route_some())
        self.temporal.deaf = False
        return routed

    def sweep(self, *, deaf: bool = False) -> None:
        """The sweeper looks."""
        self.temporal.deaf = deaf
        with suppress(RPCError):
            self.loop.run(self.sweeper.sweep())
        self.loop.run(self.sweeper.call_commanded())
        self.temporal.deaf = False

    def turn(self, shell: Shell, fault: str = "") -> None:
        """An execution asks for its turn. lost: it never hears the answer. twice: it was asked two times."""
        try:
            answer = self.take(shell.position)
            if fault == "twice":
                answer = self.take(shell.position)
        except AWAY:
            return
        if fault != "lost":
            shell.hear(answer, self.now)

    def take(self, position: Position) -> Answer:
        return self.world.turns.take(position)

    def attempt(self, shell: Shell | None, effect: RemoteEffect) -> None:
        """Temporal makes an attempt at an effect."""
        begun = shells.attempt(self.executor, self.receiver, shell, effect, self.clock)
        if (hangs := self.loop.run(begun)) is not None:
            self.hanging.append(hangs)
            effect.due = self.now + shells.LOST_AFTER

    def release(self, which: int, word: str) -> None:
        """The receiver answers a call that it has held."""
        if self.hanging:
            hangs = self.hanging.pop(which % len(self.hanging))
            self.loop.run(shells.release(hangs, word, self.clock))

    def lose(self, shell: Shell) -> None:
        """Temporal loses an execution, with what it knew of its effect."""
        del self.temporal.shells[shell.id]

    # What there is

    def runs(self, *, live: bool = True) -> list[Run]:
        return [run for run in self.world.runs() if not live or run.ended_at is None]

    def rows(self, query: str, **given: object) -> list[tuple[Any, ...]]:
        """The rows of a query, as they are committed."""
        return self.reader.execute(cast("Any", query), given or None).fetchall()

    def calm(self) -> None:
        """Everything works for a while, until nothing is left to do but wait."""
        for _ in range(60):
            busy = self.route() > 0
            for shell in [each for each in self.temporal.live() if each.stirs(self.now)]:
                self.turn(shell)
                busy = True
            for shell, effect in self.temporal.effects():
                if effect.due <= self.now and not any(each.effect is effect for each in self.hanging):
                    self.attempt(shell, effect)
                    busy = True
            while self.hanging:
                self.release(0, "done")
                busy = True
            if not busy:
                return
        raise AssertionError("it never comes to rest")

    def settle(self) -> None:
        """Calm, and time enough for the sweeper to find what was lost, and for entries that wait for a run."""
        for script in self.receiver.script.values():
            script.clear()
        for _ in range(3):
            self.calm()
            self.clock.advance(timedelta(seconds=75))
            self.sweep()
        self.calm()
        for _ in self.told:
            if not self.rows("SELECT 1 FROM member_queue LIMIT 1"):
                return
            self.clock.advance(timedelta(seconds=6))
            self.calm()

    def close(self) -> None:
        self.loop.run(shells.wind_up(self.hanging))
        self.reader.close()
