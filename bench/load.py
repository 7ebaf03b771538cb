"""The load process: customers who go through a journey, each event sent once the run stands at its wait.

Who has executed the journey is a `Side`; what customers do, and when, is the same for all.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Protocol
from uuid import uuid4

from bench.chain import Door
from bench.figures import BenchError
from engine.clock import SystemClock
from engine.database import retrying
from engine.database.connection import Database
from engine.events.incoming import IncomingEvent
from engine.events.ingest import ingest
from engine.secrets.keyring import KeyRing
from engine.seeds.coupons import BATCH
from rules.types import Json

SENDERS = 4
LOOK_EVERY = 0.05
PATIENCE = 60.0
"""Seconds after which a journey that does not move is given up, and the benchmark with it."""

_numbers = count(1)


@dataclass
class Customer:
    """One customer: a number of their own, the place in the log of their first event, and how far they have come.

    `sent` counts their events. `seen_at` is how far the last look saw their run.
    """

    number: int = field(default_factory=lambda: next(_numbers))
    tag: str = field(default_factory=lambda: uuid4().hex[:12])
    seq: int = 0
    sent: int = 0
    sending: bool = False
    seen_at: int = 0
    since: float = 0.0
    handle: str | None = None

    @property
    def subject(self) -> str:
        """How events name them."""
        return self.handle or f"unionid:bench-{self.tag}"


class Side(Protocol):
    """One way to execute the journey."""

    async def tell(self, customer: Customer) -> None:
        """Send the customer's next event."""
        ...

    def progress(self, customers: Iterable[Customer]) -> Mapping[int, int]:
        """How many events each run has taken and stands still after, by the customer's number."""
        ...


@dataclass(frozen=True)
class Inbox:
    """Our ingest, called in this process. `personal`: events tell a phone number and a nickname of every customer."""

    database: Database
    keys: KeyRing
    door: Door
    personal: bool = False

    def accept(self, customer: Customer) -> int:
        """Take in the customer's next event; its place in the log."""
        [seq] = self.accept_all([customer])
        return seq

    def accept_all(self, customers: Sequence[Customer]) -> list[int]:
        """Take in the next event of each customer, in one batch; their places in the log."""
        now = SystemClock().now()
        events = [self._event(customer, now) for customer in customers]
        result = retrying.run(self.database, lambda session: ingest(session, events, now=now, keys=self.keys))
        seqs = [seq for seq in result.seqs if seq is not None]
        if len(seqs) < len(events):
            raise BenchError(f"events were not accepted: {result}")
        return seqs

    def _event(self, customer: Customer, now: datetime) -> IncomingEvent:
        name, data = self.events(customer)[customer.sent]
        return IncomingEvent("bench", uuid4().hex, name, customer.subject, now, data)

    def events(self, customer: Customer) -> list[tuple[str, dict[str, Json]]]:
        """What a customer does, in order."""
        door = self.door
        told: dict[str, Json] = {"phone": phone(customer), "nickname": nickname(customer)} if self.personal else {}
        return [
            ("contact.scanned", {"channel": door.channel}),
            ("contact.added", {"associate": door.associate, "channel": door.channel, **told}),
            ("group.joined", {"chat": door.chat, **told}),
            ("coupon.redeemed", {"batch": BATCH, "code": f"bench-{customer.tag}", "store": door.store}),
        ]


STEPS = 4
"""Events of one journey; after the last of them it is over."""


def phone(customer: Customer) -> str:
    """A made-up phone number."""
    return f"199{customer.number:08d}"


def nickname(customer: Customer) -> str:
    """A made-up nickname that occurs nowhere else."""
    return f"驿客{customer.tag}"


@dataclass
class Load:
    """Lets customers go through the journey, so many at once."""

    side: Side
    at_once: int
    open: dict[int, Customer] = field(default_factory=dict)
    finished: list[Customer] = field(default_factory=list)

    async def play(self, journeys: int) -> float:
        """Let so many customers go through; the seconds from the first event to the last end."""
        began = time.monotonic()
        waiting: asyncio.Queue[Customer] = asyncio.Queue()
        started = 0
        async with asyncio.TaskGroup() as tasks:
            senders = [tasks.create_task(self._send(waiting)) for _ in range(SENDERS)]
            while len(self.finished) < journeys:
                while started < journeys and len(self.open) < self.at_once:
                    started += 1
                    customer = Customer(since=time.monotonic())
                    self.open[customer.number] = customer
                    _enqueue(customer, waiting)
                await self._look(waiting)
                await asyncio.sleep(LOOK_EVERY)
            took = time.monotonic() - began
            for sender in senders:
                sender.cancel()
        return took

    async def _send(self, waiting: asyncio.Queue[Customer]) -> None:
        while True:
            customer = await waiting.get()
            await self.side.tell(customer)
            customer.sent += 1
            customer.sending = False
            customer.since = time.monotonic()

    async def _look(self, waiting: asyncio.Queue[Customer]) -> None:
        """Send the next event of each run that stood at its wait at the last look and stands there still."""
        idle = [customer for customer in self.open.values() if customer.sent and not customer.sending]
        progress = await asyncio.to_thread(self.side.progress, idle) if idle else {}
        for customer in idle:
            place = progress.get(customer.number, 0)
            if place == STEPS:
                self.finished.append(self.open.pop(customer.number))
            elif place == customer.sent and customer.seen_at == place:
                _enqueue(customer, waiting)
            elif time.monotonic() - customer.since > PATIENCE:
                raise BenchError(f"a journey does not go on: {customer}")
            customer.seen_at = place


def _enqueue(customer: Customer, waiting: asyncio.Queue[Customer]) -> None:
    customer.sending = True
    waiting.put_nowait(customer)


def threads() -> ThreadPoolExecutor:
    """Threads for as many calls of ingest as there are senders."""
    return ThreadPoolExecutor(SENDERS + 1, thread_name_prefix="load")
