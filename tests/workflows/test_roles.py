"""The roles as processes run them: several workers and routers, started, stopped and killed, on a real dev server."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest_asyncio
from sqlalchemy import select
from sqlmodel import col
from temporalio.client import Client

from engine.clock import SystemClock
from engine.database.connection import Database
from engine.runs.models import Turn
from engine.secrets.keyring import KeyRing, new_key
from tests.workflows.conftest import RECORDED_KEYS
from tests.workflows.fakes import FakeWeCom
from tests.workflows.playing import Play
from tests.workflows.waiting import close_all, until
from tests.workflows.world import World
from workflows.activities.outside import Outside
from workflows.router import Chore, RouterParts, run_router
from workflows.worker import WorkerParts, run_worker

KEYS = new_key()
ROOT = Path(__file__).parents[2]


@pytest_asyncio.fixture
async def world(database: Database, dev_client: Client) -> AsyncIterator[World]:
    world = World(database, SystemClock(), KeyRing.from_text(KEYS))
    world.publish()
    yield world
    await close_all(dev_client, world)


async def test_two_workers_and_two_routers_carry_runs_to_their_end_and_stop_when_asked(
    world: World, dev_client: Client
) -> None:
    stop, chores = asyncio.Event(), []

    async def chore() -> None:
        chores.append(1)

    async with httpx.AsyncClient() as http:
        parts = WorkerParts(
            client=dev_client,
            database=world.database,
            clock=world.clock,
            keys=world.keys,
            activities=world.activities,
            plans=world.plans,
            outside=Outside(wecom=FakeWeCom(), http=http),
        )
        router = RouterParts(
            dev_client, world.database, world.clock, world.keys, world.plans, chores=[Chore("count", 0.05, chore)]
        )
        # One process may serve a queue once per connection.
        other = replace(parts, client=await reconnected(dev_client))
        roles = [asyncio.create_task(run_worker(each, stop)) for each in (parts, other)]
        roles += [asyncio.create_task(run_router(router, stop)) for _ in range(2)]
        people = [f"member:{number}" for number in range(6)]
        for who in people:
            await asyncio.to_thread(world.tell, "contact.added", {"associate": "a"}, who=who)
        await until(lambda: [run.node for run in world.runs()] == ["wait_join"] * 6)
        for who in people:
            await asyncio.to_thread(world.tell, "coupon.redeemed", {"batch": "b", "code": "c"}, who=who)
        await until(lambda: {run.outcome for run in world.runs()} == {"goal"})
        stop.set()
        await asyncio.gather(*roles)
    assert len(world.stage.called) == 6
    assert len(chores) > 1


async def test_a_worker_that_is_killed_right_after_a_commit_leaves_the_turn_decided_once(
    world: World, dev_client: Client, database_url: str
) -> None:
    play = Play(world, dev_client)
    await play.tell("contact.scanned", {"channel": "c"})
    words = [
        database_url,
        dev_client.service_client.config.target_host,
        dev_client.namespace,
        KEYS,
        RECORDED_KEYS,
    ]
    dying = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.workflows.dying_worker", *words, cwd=ROOT)
    assert await dying.wait() == -9
    decided = turns(world)
    assert [turn.answer["node"] for turn in decided] == ["wait_add"]
    async with play.working():
        await play.tell("contact.added", {"associate": "a"})
        await play.reach("wait_join")
    assert turns(world)[0].model_dump() == decided[0].model_dump()
    assert len(world.stage.called) == 1


async def reconnected(client: Client) -> Client:
    """Another connection to the same server."""
    address = client.service_client.config.target_host
    return await Client.connect(address, namespace=client.namespace, data_converter=client.data_converter)


def turns(world: World) -> list[Turn]:
    with world.database.begin() as session:
        return list(session.execute(select(Turn).order_by(col(Turn.n))).scalars())
