"""Both ways to execute the journey, as the load process sees them."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from temporalio.client import Client

from bench.handwritten import QUEUE, SCHEMA, HandwrittenWorkflow
from bench.load import STEPS, Customer, Inbox
from bench.service import ROLES, ROOT, Service, own_environment
from workflows.client import TASK_TIMEOUT

JOURNEY = "bench-local"
WAITS = {"wait_add": 1, "wait_join": 2, "wait_redeem": 3}
"""How many events a run has taken when it stands at a node."""


@dataclass(frozen=True)
class Ours:
    """Waystation: the events are in, and the router does the rest."""

    inbox: Inbox
    looking: psycopg.Connection
    journey: str = JOURNEY

    async def tell(self, customer: Customer) -> None:
        """Accept the event."""
        seq = await asyncio.to_thread(self.inbox.accept, customer)
        customer.seq = customer.seq or seq

    def progress(self, customers: Iterable[Customer]) -> Mapping[int, int]:
        """Where the runs stand, by the event that they began with."""
        by_seq = {customer.seq: customer.number for customer in customers}
        rows = self.looking.execute(_RUNS, (self.journey, list(by_seq))).fetchall()
        return {by_seq[seq]: STEPS if ended else WAITS.get(node, 0) for seq, node, ended in rows}


@dataclass(frozen=True)
class Handwritten:
    """The hand-written workflow: the events are in, and whoever took them in tells the workflow."""

    inbox: Inbox
    looking: psycopg.Connection
    client: Client

    async def tell(self, customer: Customer) -> None:
        """Accept the event, then start the workflow or signal it."""
        await asyncio.to_thread(self.inbox.accept, customer)
        name, _ = self.inbox.events(customer)[customer.sent]
        workflow_id = f"handwritten/{customer.tag}"
        if customer.sent:
            await self.client.get_workflow_handle(workflow_id).signal(HandwrittenWorkflow.happen, name)
        else:
            await self.client.start_workflow(
                HandwrittenWorkflow.run,
                customer.number,
                id=workflow_id,
                task_queue=QUEUE,
                task_timeout=TASK_TIMEOUT,
            )

    def progress(self, customers: Iterable[Customer]) -> Mapping[int, int]:
        """How many steps each has logged: its next wait follows at once."""
        rows = self.looking.execute(_LOGGED, ([customer.number for customer in customers],)).fetchall()
        return dict(rows)


@contextmanager
def handwritten_worker(service: Service) -> Iterator[int]:
    """The worker of the hand-written workflow; its pid. Waystation's own processes stand still meanwhile."""
    running = service.running
    with psycopg.connect(running.database_url) as connection:
        connection.execute(SCHEMA)
    environment = {
        **own_environment(os.environ),
        "TEMPORAL_ADDRESS": running.temporal_address,
        "TEMPORAL_CONFIG_FILE": os.devnull,
        "BENCH_DATABASE_URL": running.database_url,
        "BENCH_SECRET_KEY": service.secrets["secret_key"],
    }
    with service.asleep(*ROLES):
        process = subprocess.Popen([sys.executable, "-m", "bench.handwritten"], cwd=ROOT, env=environment)
        try:
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
            forget_unrouted(running.database_url)


def forget_unrouted(url: str) -> None:
    """The events of hand-written journeys go to nobody else."""
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE events SET routed_at = accepted_at WHERE routed_at IS NULL")
        connection.execute("DELETE FROM member_queue")


_RUNS = "SELECT entry_seq, node, ended_at IS NOT NULL FROM runs WHERE journey = %s AND entry_seq = ANY(%s)"
_LOGGED = "SELECT customer, count(*) FROM handwritten_log WHERE customer = ANY(%s) GROUP BY customer"
