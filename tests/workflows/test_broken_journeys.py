"""A live journey that cannot be compiled: who may enter it waits, all others go on, and nothing is lost."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import select
from sqlmodel import col
from temporalio.client import Client

from engine.alerts import fold
from engine.alerts.store import list_alerts
from engine.clock import FixedClock
from engine.database.connection import Database
from engine.definitions import life
from engine.definitions.live import change_live
from engine.definitions.models import Live, Version
from engine.definitions.plans import Plans
from engine.events import queue
from engine.events.models import Event, MemberQueue
from engine.secrets.keyring import KeyRing
from tests.workflows.waiting import close_all
from tests.workflows.world import World, only
from workflows.activities.registry import catalogue_of
from workflows.router import Router, RouterParts, RouterSettings

SETTINGS = RouterSettings()


@pytest_asyncio.fixture
async def world(database: Database, clock: FixedClock, keys: KeyRing, client: Client) -> AsyncIterator[World]:
    """A journey of `test.give` that begins with a visit, and one of `test.call` that begins with a scan."""
    world = World(database, clock, keys)
    world.publish({**only("test.give", {"what": "c"}), "entry": [{"on": "store.visited"}]})
    world.publish(only("test.call", {"say": "hello"}))
    yield world
    await close_all(client, world)


def router(world: World, client: Client, *missing: str) -> Router:
    """A router on which these activity types are not installed."""
    known = {name: each for name, each in catalogue_of(world.activities).items() if name not in missing}
    return Router(RouterParts(client, world.database, world.clock, world.keys, Plans(known)), SETTINGS)


def scan(world: World, who: str) -> None:
    world.tell("contact.scanned", {"channel": "c"}, who=who)


def unrouted(world: World) -> list[str]:
    with world.database.begin() as session:
        chosen = select(col(Event.type)).where(col(Event.routed_at).is_(None)).order_by(col(Event.seq))
        return list(session.execute(chosen).scalars())


def waiting(world: World) -> list[MemberQueue]:
    with world.database.begin() as session:
        return list(session.execute(select(MemberQueue)).scalars())


def open_alerts(world: World) -> list[tuple[str, str, int]]:
    with world.database.begin() as session:
        fold.fold(session)
        return [(alert.kind, alert.subject, alert.count) for alert in list_alerts(session, state="open")]


@pytest.mark.asyncio
async def test_others_go_on_and_who_may_enter_waits(world: World, client: Client) -> None:
    broken, old = str(world.document["key"]), router(world, client, "test.call")
    scan(world, "member:1")
    world.tell("store.visited", {}, who="member:2")
    await old.route_some()
    assert (len(world.runs()), unrouted(world)) == (1, ["contact.scanned"])
    [row] = waiting(world)
    assert (row.failures, row.parked_at, row.lease_by) == (0, None, None)
    assert row.not_before == world.clock.now() + SETTINGS.mending
    assert open_alerts(world) == [("journey-broken", f"journey/{broken}", 1)]


@pytest.mark.asyncio
async def test_an_event_that_starts_another_journey_too_has_done_nothing_while_it_waits(
    world: World, client: Client
) -> None:
    world.publish({**only("test.give", {"what": "c"}), "key": "another"})
    scan(world, "member:1")
    await router(world, client, "test.call").route_some()
    assert (world.runs(), unrouted(world)) == ([], ["contact.scanned"])


@pytest.mark.asyncio
async def test_it_goes_on_by_itself_with_a_router_that_knows_the_type(world: World, client: Client) -> None:
    old = router(world, client, "test.call")
    scan(world, "member:1")
    world.tell("coupon.redeemed", {"batch": "b", "code": "c"}, who="member:1")
    for _ in range(8):
        await old.route_some()
        world.pass_time(SETTINGS.mending)
    assert waiting(world)[0].parked_at is None
    await router(world, client).route_some()
    assert (len(world.runs()), unrouted(world), waiting(world)) == (1, [], [])


@pytest.mark.asyncio
async def test_a_mended_version_takes_who_waited(world: World, client: Client) -> None:
    old = router(world, client, "test.call")
    scan(world, "member:1")
    await old.route_some()
    world.publish({**only("test.give", {"what": "c"}), "key": world.document["key"]}, version=2)
    world.pass_time(SETTINGS.mending)
    await old.route_some()
    assert [(run.journey, run.version) for run in world.runs()] == [(world.document["key"], 2)]


@pytest.mark.asyncio
async def test_once_it_is_retired_nobody_waits_for_it(world: World, client: Client) -> None:
    old, broken = router(world, client, "test.call"), str(world.document["key"])
    scan(world, "member:1")
    await old.route_some()
    with world.database.begin() as session:
        life.retire(session, broken, by="test", now=world.clock.now())
    world.pass_time(SETTINGS.mending)
    await old.route_some()
    assert (world.runs(), unrouted(world), open_alerts(world)) == ([], [], [])


@pytest.mark.asyncio
async def test_a_member_who_is_inside_waits_and_is_not_parked(world: World, client: Client) -> None:
    scan(world, "member:1")
    await router(world, client).route_some()
    world.tell("store.visited", {}, who="member:1")
    await router(world, client, "test.call").route_some()
    assert (waiting(world)[0].failures, unrouted(world)) == (0, ["store.visited"])
    world.pass_time(SETTINGS.mending)
    await router(world, client).route_some()
    assert (len(world.runs()), unrouted(world)) == (2, [])


@pytest.mark.asyncio
async def test_many_who_wait_give_one_alert_a_minute(world: World, client: Client) -> None:
    old = router(world, client, "test.call")
    for number in range(5):
        scan(world, f"member:{number}")
    await old.route_some()
    [(_, _, count)] = open_alerts(world)
    assert count < 5  # those that were routed at the same moment may both tell
    world.pass_time(SETTINGS.alert_every)
    await old.route_some()
    [(_, _, later)] = open_alerts(world)
    assert count < later < 2 * 5


@pytest.mark.asyncio
async def test_who_waits_for_a_person_is_no_backlog(world: World, client: Client) -> None:
    scan(world, "member:1")
    with world.database.begin() as session:
        assert queue.backlog(session) == 1
    await router(world, client, "test.call").route_some()
    with world.database.begin() as session:
        assert queue.backlog(session) == 0


@pytest.mark.asyncio
async def test_a_bundle_that_is_not_there_closes_its_journey_alone(world: World, client: Client) -> None:
    with world.database.begin() as session:
        change_live(session)
        live = session.get_one(Live, ("journey", world.document["key"]))
        lost = Version(
            kind="journey",
            key=live.key,
            n=2,
            hash="h",
            bundle_hash="gone",
            document=json.dumps(world.document),
            published_at=world.clock.now(),
            published_by="test",
        )
        session.add(lost)
        session.flush()
        live.version = 2
    scan(world, "member:1")
    world.tell("store.visited", {}, who="member:2")
    await router(world, client).route_some()
    assert (len(world.runs()), unrouted(world)) == (1, ["contact.scanned"])
