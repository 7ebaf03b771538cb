"""What one journey leaves in Temporal: events, bytes, and nothing personal."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import httpx
import psycopg
from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload
from temporalio.client import Client

from bench.chain import only
from bench.figures import BenchError, Budget, Figure
from bench.load import Customer, Inbox, Load, nickname, phone
from bench.service import Service
from bench.sides import Ours
from workflows.codec import SealingCodec

REMOTE = "bench-remote"
AT_A_TIME = 3
PATIENCE = 30.0


async def measure_histories(one: Service, client: Client, inbox: Inbox, looking: psycopg.Connection) -> list[Figure]:
    """Let a few customers through either journey, far apart, and read what Temporal kept of them."""
    inbox = replace(inbox, personal=True)
    local = [await _local(Ours(inbox, looking)) for _ in range(AT_A_TIME)]
    only(inbox.database, REMOTE)
    async with httpx.AsyncClient(base_url=one.running.simulator_url, timeout=30) as simulator:
        remote = [await _remote(Ours(inbox, looking, REMOTE), simulator) for _ in range(AT_A_TIME)]
    local_kept = [await _kept(client, inbox, looking, customer) for customer in local]
    remote_kept = [await _kept(client, inbox, looking, customer) for customer in remote]
    personal = sorted({found for *_, told in (*local_kept, *remote_kept) for found in told})
    return [
        _events("history_events_remote", max(events for events, *_ in remote_kept), 29),
        _events("history_events_local", max(events for events, *_ in local_kept), 22),
        Figure(
            "history_bytes",
            max(size for _, size, _ in (*local_kept, *remote_kept)),
            "bytes",
            (Budget("value", "<=", 5000),),
            note="the larger of both, encrypted; searched for phone number, nickname and unionid, also decrypted",
            objection=f"it holds personal data: {', '.join(personal)}" if personal else None,
        ),
    ]


def _events(name: str, value: int, limit: float) -> Figure:
    return Figure(name, value, "events", (Budget("value", "<=", limit),))


async def _local(side: Ours) -> Customer:
    load = Load(side, at_once=1)
    await load.play(1)
    return load.finished[0]


async def _remote(side: Ours, simulator: httpx.AsyncClient) -> Customer:
    """Scan and add at the simulator, so that the welcome has a code; the till and the group tell us the rest."""
    customer, door = Customer(), side.inbox.door
    person, before = f"bench-{customer.tag}", _newest(side.looking)
    ids = await _do(simulator, "scan", {"person": person, "channel_state": door.state})
    customer = replace(customer, handle=f"unionid:{ids['unionid']}", sent=1)
    customer.seq = await _until(lambda: _newest(side.looking, after=before))
    await _stands(side, customer)
    await _do(simulator, "add", {"person": person, "associate": door.userid, "state": door.state})
    for sent in (2, 3):
        customer.sent = sent
        await _stands(side, customer)
        await side.tell(customer)
    customer.sent = 4
    await _stands(side, customer)
    return customer


async def _do(simulator: httpx.AsyncClient, deed: str, body: dict[str, str]) -> dict[str, str]:
    answer = await simulator.post(f"/control/{deed}", json=body)
    answer.raise_for_status()
    ids: dict[str, str] = answer.json()
    return ids


def _newest(looking: psycopg.Connection, after: int = 0) -> int:
    """The event that began the newest run, 0 if it is not newer than `after`."""
    [newest] = looking.execute("SELECT max(entry_seq) FROM runs WHERE journey = %s", (REMOTE,)).fetchone() or [0]
    return newest if newest and newest > after else 0


async def _stands(side: Ours, customer: Customer) -> None:
    await _until(lambda: side.progress([customer]).get(customer.number) == customer.sent)
    await asyncio.sleep(0.3)  # until the turn is in the history as well


async def _until(look: Callable[[], int | bool | None]) -> int:
    deadline = time.monotonic() + PATIENCE
    while not (found := look()):
        if time.monotonic() > deadline:
            raise BenchError(f"a journey has not moved for {PATIENCE:.0f} s")
        await asyncio.sleep(0.05)
    return found


async def _kept(
    client: Client, inbox: Inbox, looking: psycopg.Connection, customer: Customer
) -> tuple[int, int, list[str]]:
    """Events and bytes of a journey's history, and what of its customer stands in there."""
    row = looking.execute("SELECT workflow_id FROM runs WHERE entry_seq = %s", (customer.seq,)).fetchone()
    if row is None:
        raise BenchError("a journey has left no run")
    handle = client.get_workflow_handle(row[0])
    await handle.result()
    size = (await handle.describe()).raw_description.workflow_execution_info.history_size_bytes
    history = await handle.fetch_history()
    plain = b"".join([event.SerializeToString() for event in history.events])
    for event in history.events:
        for payload in await SealingCodec(inbox.keys).decode(list(_payloads(event))):
            plain += payload.SerializeToString()
    personal = {"phone number": phone(customer), "nickname": nickname(customer), "unionid": customer.subject[8:]}
    return len(history.events), size, [name for name, value in personal.items() if value.encode() in plain]


def _payloads(message: Message) -> Iterator[Payload]:
    """All payloads in a message, however deep."""
    if isinstance(message, Payload):
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            inner = value.values()
        else:
            inner = value if hasattr(value, "append") or hasattr(value, "add") else [value]
        for each in inner:
            if isinstance(each, Message):
                yield from _payloads(each)
