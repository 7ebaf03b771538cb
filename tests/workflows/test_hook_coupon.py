"""The seeded journey, executed with the real activity types, through each of its outcomes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select, text
from sqlmodel import col
from temporalio.testing import WorkflowEnvironment

from engine.coupons.models import Coupon
from engine.database.connection import Database
from engine.events.models import Event
from engine.secrets.keyring import KeyRing
from engine.wecom.errors import RefusedError, WelcomeDeliveredError, WelcomeExpiredError
from tests.workflows.chain import BATCH, open_store
from tests.workflows.clock import ServerClock
from tests.workflows.playing import Play
from tests.workflows.waiting import close_all
from tests.workflows.world import World, new_key_of
from workflows.activities.registry import load_activities

FILE = Path(__file__).parents[2] / "engine/library/journeys/hook-coupon.json"
LIN = "unionid:lin"


def document() -> dict[str, Any]:
    """The seeded journey, with nobody held out."""
    read: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    del read["policies"]["holdout"]
    return {**read, "key": new_key_of(read["key"])}


@pytest_asyncio.fixture
async def play(
    database: Database, server_clock: ServerClock, keys: KeyRing, environment: WorkflowEnvironment
) -> AsyncIterator[Play]:
    world = World(database, server_clock, keys, activities=load_activities())

    def prepare() -> None:
        with database.begin() as session:
            open_store(session, stock=1, now=server_clock.now())
        world.publish(document())
        world.tell("member.registered", {"store": "S1", "nickname": "小林"}, who=LIN)

    await asyncio.to_thread(prepare)
    yield Play(world, environment.client, environment)
    await close_all(environment.client, world)


async def scan(play: Play) -> None:
    await play.tell("contact.scanned", {"channel": "pos-1"}, who=LIN)
    await play.reach("wait_add")


async def add(play: Play) -> None:
    await scan(play)
    await play.tell("contact.added", {"associate": "a1", "channel": "pos-1", "welcome_code": "w1"}, who=LIN)
    await play.reach("wait_join")


async def add_late(play: Play) -> None:
    await scan(play)
    await play.skip(timedelta(minutes=32))
    await play.reach("wait_add_again")
    await play.tell("contact.added", {"associate": "a1", "welcome_code": "w1"}, who=LIN)
    await play.reach("wait_join")


async def join(play: Play) -> None:
    await add(play)
    await play.tell("group.joined", {"chat": "wr1"}, who=LIN)
    await play.reach("wait_claim")


async def join_when_the_stock_is_gone(play: Play) -> None:
    await add(play)
    await asyncio.to_thread(use_up, play.world)
    await play.tell("group.joined", {"chat": "wr1"}, who=LIN)


async def claim(play: Play) -> None:
    await join(play)
    await play.tell("coupon.claimed", {"batch": BATCH, "code": await asyncio.to_thread(code, play.world)}, who=LIN)
    await play.reach("wait_redeem")


async def redeem(play: Play) -> None:
    await claim(play)
    await play.tell("coupon.redeemed", {"batch": BATCH, "code": await asyncio.to_thread(code, play.world)}, who=LIN)


async def lose(play: Play) -> None:
    await claim(play)
    await play.tell("contact.lost", {"associate": "a1", "by": "customer", "last": True}, who=LIN)


Step = Callable[[Play], Awaitable[None]]
OUTCOMES: list[tuple[Step, timedelta, str, list[str]]] = [
    (redeem, timedelta(), "goal", ["scanned", "added", "joined", "coupon", "redeemed"]),
    (lose, timedelta(), "lost", ["scanned", "added", "joined", "coupon"]),
    (scan, timedelta(days=3, hours=1), "not_added", ["scanned"]),
    (add, timedelta(days=7, hours=1), "not_joined", ["scanned", "added"]),
    (add_late, timedelta(days=7, hours=1), "not_joined", ["scanned", "added"]),
    (join, timedelta(days=7, hours=1), "not_claimed", ["scanned", "added", "joined"]),
    (claim, timedelta(days=30, hours=1), "coupon_expired", ["scanned", "added", "joined", "coupon"]),
    (join_when_the_stock_is_gone, timedelta(), "no_stock", ["scanned", "added", "joined"]),
]


@pytest.mark.parametrize(
    ("step", "length", "outcome", "stages"), OUTCOMES, ids=[step.__name__ for step, *_ in OUTCOMES]
)
async def test_the_seeded_journey_reaches_each_of_its_outcomes(
    play: Play, step: Step, length: timedelta, outcome: str, stages: list[str]
) -> None:
    async with play.working():
        await step(play)
        if length:
            await play.skip(length)
        run = await play.end()
    assert run.outcome == outcome
    assert await asyncio.to_thread(play.world.stages) == stages


async def test_the_welcome_greets_by_name_and_shows_the_group(play: Play) -> None:
    async with play.working():
        await add(play)
    greeting = ("w1", "小林,欢迎加入灯塔路店福利群", [{"kind": "group_qr", "chat": "wr1"}])
    assert play.wecom.welcomes == [greeting]


@pytest.mark.parametrize(
    ("error", "port"),
    [
        (WelcomeExpiredError("send_welcome_msg", 41050), "expired"),
        (WelcomeDeliveredError("send_welcome_msg", 41051), "done"),
        (RefusedError("send_welcome_msg", 40058), None),
    ],
)
async def test_a_welcome_that_cannot_be_sent_does_not_stop_the_journey(
    play: Play, error: Exception, port: str | None
) -> None:
    play.wecom.raises = error
    async with play.working():
        await add(play)
    [effect] = await asyncio.to_thread(play.world.effects)
    assert effect.port == port


async def test_the_coupon_that_is_issued_is_the_members_and_stands_in_the_log(play: Play) -> None:
    async with play.working():
        await join(play)
        run = await play.reach("wait_claim")

    def look() -> tuple[Coupon, Event]:
        with play.world.database.begin() as session:
            issued = session.execute(select(Event).where(col(Event.type) == "coupon.issued")).scalar_one()
            return session.execute(select(Coupon)).scalar_one(), issued

    coupon, event = await asyncio.to_thread(look)
    assert (coupon.member_id, coupon.status, coupon.effect_key) == (run.member_id, "issued", f"{run.id}/coupon/1")
    assert event.member_id == run.member_id


def code(world: World) -> str:
    with world.database.begin() as session:
        return session.execute(select(col(Coupon.code)).where(col(Coupon.status) != "free")).scalar_one()


def use_up(world: World) -> None:
    with world.database.begin() as session:
        session.execute(text("UPDATE coupons SET status = 'issued'"))
