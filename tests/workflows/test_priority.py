"""Interactive before bulk: who waits in a shop is served before what tills upload, however much that is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count

import pytest_asyncio
from sqlalchemy import select, text
from sqlmodel import col
from temporalio.client import Client

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.events.incoming import IncomingEvent
from engine.events.ingest import ingest
from engine.events.models import Event, MemberQueue
from engine.events.types import BULK, EVENT_TYPES, INTERACTIVE
from engine.secrets.keyring import KeyRing
from tests.workflows.waiting import close_all
from tests.workflows.world import World
from workflows.router import Router, RouterParts, RouterSettings

_numbers = count(1)


@pytest_asyncio.fixture
async def world(database: Database, clock: FixedClock, keys: KeyRing, client: Client) -> AsyncIterator[World]:
    world = World(database, clock, keys)
    world.publish()
    yield world
    await close_all(client, world)


def router(world: World, client: Client, settings: RouterSettings | None = None) -> Router:
    parts = RouterParts(client, world.database, world.clock, world.keys, world.plans)
    return Router(parts, settings or RouterSettings())


def upload(world: World, whose: list[str]) -> None:
    """A till's upload: an order of each of these members, accepted in batches."""
    now = world.clock.now()
    for begin in range(0, len(whose), 1_000):
        orders = [
            IncomingEvent("till", str(next(_numbers)), "order.paid", who, now, {"order_no": "1", "amount": 1})
            for who in whose[begin : begin + 1_000]
        ]
        with world.database.begin() as session:
            assert ingest(session, orders, now=now, keys=world.keys).accepted == len(orders)


def scan(world: World, who: str) -> None:
    world.tell("contact.scanned", {"channel": "c"}, who=who)


def unrouted(world: World) -> dict[str, int]:
    """How many events wait, by type."""
    with world.database.begin() as session:
        rows = session.connection().execute(
            text("SELECT type, count(*) FROM events WHERE routed_at IS NULL GROUP BY type")
        )
        return {kind: number for kind, number in rows}  # noqa: C416  # a row is no pair for mypy


def urgency(world: World) -> list[int]:
    with world.database.begin() as session:
        return list(session.execute(select(col(MemberQueue.priority)).order_by(col(MemberQueue.member_id))).scalars())


async def test_a_scan_is_routed_before_two_thousand_bulk_events_that_came_first(world: World, client: Client) -> None:
    upload(world, [f"member:{n}" for n in range(2_000)])
    scan(world, "member:scanner")
    at_once = RouterSettings().members
    assert await router(world, client).route_some() == at_once
    assert unrouted(world) == {"order.paid": 2_000 - (at_once - 1)}
    assert [run.status for run in world.runs()] == ["running"]


async def test_a_member_with_both_is_urgent_and_keeps_the_order_of_the_log(world: World, client: Client) -> None:
    upload(world, ["member:2", "member:1", "member:1"])
    scan(world, "member:1")
    assert sorted(urgency(world)) == [INTERACTIVE, BULK]
    one = router(world, client, RouterSettings(members=1))
    await one.route_some()
    assert unrouted(world) == {"order.paid": 1}
    with world.database.begin() as session:
        wanted = select(col(Event.type)).where(col(Event.routed_at).is_not(None)).order_by(col(Event.seq))
        assert list(session.execute(wanted).scalars()) == ["order.paid", "order.paid", "contact.scanned"]


async def test_what_is_left_of_a_member_is_bulk_once_the_interactive_part_is_routed(
    world: World, client: Client
) -> None:
    scan(world, "member:1")
    upload(world, ["member:1"] * 250)
    one = router(world, client, RouterSettings(crowded=1))
    assert await one.route_some() == 1
    assert (unrouted(world), urgency(world)) == ({"order.paid": 51}, [BULK])
    world.clock.set(world.clock.now() + RouterSettings().crowded_for)
    assert await one.route_some() == 0, "a run was called and has not answered: bulk work rests"


def test_what_a_customer_does_now_is_interactive_and_what_systems_upload_is_bulk() -> None:
    interactive = {name for name, kind in EVENT_TYPES.items() if kind.priority == INTERACTIVE}
    by_customers = "contact.scanned contact.added contact.confirmed contact.lost group.joined group.left coupon.claimed"
    assert {*by_customers.split(), "coupon.redeemed", "link.opened", "store.visited", "run.requested"} <= interactive
    assert not interactive & {"order.paid", "order.refunded", "member.updated", "member.registered", "order.created"}
