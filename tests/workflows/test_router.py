"""Routing: events reach the runs that can use them and start the ones they may, under a lease per member."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
import pytest_asyncio
from sqlalchemy import select, text
from sqlmodel import col
from temporalio.client import Client

from engine.alerts.models import AlertSignal
from engine.clock import FixedClock
from engine.database.connection import Database
from engine.events.heard import hear
from engine.events.models import Event, MemberQueue
from engine.runs.models import Delivery, Run
from engine.secrets.keyring import KeyRing, new_key
from engine.wecom.answers import Contact, Customer
from tests.workflows.waiting import close_all, until
from tests.workflows.world import World, journey, new_key_of
from workflows.router import Router, RouterParts, RouterSettings


@pytest_asyncio.fixture
async def world(database: Database, clock: FixedClock, keys: KeyRing, client: Client) -> AsyncIterator[World]:
    world = World(database, clock, keys)
    yield world
    await close_all(client, world)


def router(world: World, client: Client, settings: RouterSettings | None = None) -> Router:
    parts = RouterParts(client, world.database, world.clock, world.keys, world.plans)
    return Router(parts, settings or RouterSettings())


def unrouted(world: World) -> int:
    with world.database.begin() as session:
        return len(session.execute(select(col(Event.seq)).where(col(Event.routed_at).is_(None))).all())


def delivered(world: World, run: Run) -> list[int]:
    with world.database.begin() as session:
        return list(session.execute(select(col(Delivery.seq)).where(col(Delivery.run_id) == run.id)).scalars())


def queued(world: World) -> list[MemberQueue]:
    with world.database.begin() as session:
        return list(session.execute(select(MemberQueue)).scalars())


def test_an_entry_event_starts_a_run_and_leaves_the_queue_empty(world: World) -> None:
    world.publish()
    world.tell("contact.scanned", {"channel": "c"})
    [routed] = world.route()
    assert [call.next_turn for call in routed.started] == [1]
    assert (unrouted(world), queued(world)) == (0, [])


def test_an_event_reaches_live_runs_that_name_its_type_and_no_others(world: World) -> None:
    world.publish()
    world.tell("contact.scanned", {"channel": "c"})
    world.route()
    world.tell("store.visited", {})
    [routed] = world.route()
    assert (routed.woken, world.deliveries()) == ((), [])
    world.tell("group.joined", {"chat": "g"})
    [routed] = world.route()
    assert [call.run_id for call in routed.woken] == [world.run().id]


@pytest.mark.parametrize("late", [timedelta(), timedelta(hours=1)], ids=["at once", "told an hour late"])
def test_what_nobody_heard_while_the_journey_was_being_published_belongs_to_the_run(
    world: World, late: timedelta
) -> None:
    with world.database.begin() as session:
        session.execute(text("DELETE FROM heard_types"))
        hear(session, ["contact.scanned"])
    world.tell("contact.scanned", {"channel": "c"})
    world.tell("group.joined", {"chat": "g"}, time=world.clock.now() - late)
    assert unrouted(world) == 1
    world.publish()
    world.route()
    assert [seq for seq, _ in world.deliveries()] == [world.run().entry_seq + 1]


def test_an_entry_event_is_not_delivered_to_the_run_that_it_starts(world: World) -> None:
    world.publish()
    world.tell("contact.added", {"associate": "a"})
    [routed] = world.route()
    assert routed.woken == ()
    assert world.deliveries() == []


def test_a_journey_takes_no_event_from_before_it_was_published(world: World, clock: FixedClock) -> None:
    world.tell("contact.scanned", {"channel": "c"})
    clock.advance(timedelta(seconds=1))
    world.publish()
    world.route()
    assert world.runs() == []


def test_an_event_accepted_while_the_journey_was_paused_starts_no_run_later_either(
    world: World, clock: FixedClock
) -> None:
    world.publish()
    pause(world, "2 s")
    world.tell("contact.scanned", {"channel": "c"})
    clock.advance(timedelta(seconds=5))
    world.route()
    assert world.runs() == []
    world.tell("contact.scanned", {"channel": "c"})
    world.route()
    assert len(world.runs()) == 1


def test_an_event_that_was_old_when_it_was_accepted_starts_no_run(world: World, clock: FixedClock) -> None:
    world.publish()
    world.tell("contact.scanned", {"channel": "c"}, time=clock.now() - timedelta(days=2))
    world.route()
    assert world.runs() == []


def test_a_live_run_blocks_the_next_entry_and_its_end_lets_it_in(world: World, clock: FixedClock) -> None:
    world.publish()
    world.tell("contact.scanned", {"channel": "c"})
    world.route()
    world.take()
    world.tell("contact.scanned", {"channel": "c"})
    world.route()
    assert len(world.runs()) == 1
    clock.advance(timedelta(minutes=30))
    world.take()
    clock.advance(timedelta(minutes=1))
    world.tell("contact.scanned", {"channel": "c"})
    world.route()
    assert [run.n for run in world.runs()] == [1, 2]


def test_an_event_that_ends_a_run_never_starts_the_next(world: World) -> None:
    world.publish(journey(entry=[{"on": "contact.scanned"}, {"on": "contact.lost"}]))
    world.tell("contact.scanned", {"channel": "c"})
    world.route()
    world.take()
    world.tell("contact.lost", {"associate": "a", "by": "customer", "last": True})
    world.take()
    assert world.run().outcome == "lost"
    world.route()
    assert len(world.runs()) == 1


def test_an_entry_waits_until_the_live_run_has_taken_what_came_before_it(world: World) -> None:
    world.publish()
    world.tell("contact.scanned", {"channel": "c"})
    world.route()
    world.take()
    world.tell("coupon.redeemed", {"batch": "b", "code": "c"})
    world.tell("contact.scanned", {"channel": "c"})
    [routed] = world.route()
    assert (routed.waits, routed.events, unrouted(world)) == (True, 1, 1)
    assert len(world.runs()) == 1
    with world.database.begin() as session:
        session.execute(text("UPDATE member_queue SET lease_until = NULL"))
    world.take()
    world.route()
    assert [run.outcome for run in world.runs()] == ["goal", None]


def test_an_event_that_has_to_wait_for_one_journey_starts_no_run_of_another(world: World) -> None:
    waiting = journey(key=f"b-{new_key_of('waits')}", entry=[{"on": "contact.scanned"}])
    ready = journey(key=f"a-{new_key_of('ready')}", entry=[{"on": "contact.scanned"}], exits=[])
    world.publish(waiting)
    world.tell("contact.scanned", {"channel": "c"})
    world.route()
    world.take()
    world.publish(ready)
    world.tell("coupon.redeemed", {"batch": "b", "code": "c"})
    world.tell("contact.scanned", {"channel": "c"})
    [routed] = world.route()
    assert (routed.waits, routed.started, len(world.runs())) == (True, (), 1)
    world.take()
    [routed] = world.route()
    assert len(routed.started) == 2
    begun = next(run for run in world.runs() if run.journey == ready["key"])
    assert delivered(world, begun) == [begun.entry_seq - 1]


def test_an_entry_waits_for_a_deadline_that_may_act_before_it(world: World, clock: FixedClock) -> None:
    world.publish()
    world.tell("contact.scanned", {"channel": "c"})
    world.route()
    world.take()
    clock.advance(timedelta(hours=1))
    world.tell("contact.scanned", {"channel": "c"})
    [routed] = world.route()
    assert routed.waits
    world.take()
    with world.database.begin() as session:
        session.execute(text("UPDATE member_queue SET lease_until = NULL"))
    world.route()
    assert [run.outcome for run in world.runs()] == ["not_added", None]


def test_an_event_of_the_same_second_that_came_first_belongs_to_the_run(world: World, clock: FixedClock) -> None:
    world.publish()
    world.tell("group.joined", {"chat": "g"}, time=clock.now())
    world.tell("contact.scanned", {"channel": "c"}, time=clock.now() - timedelta(milliseconds=300))
    clock.advance(timedelta(seconds=1))
    world.route()
    assert [state for _, state in world.deliveries()] == ["new"]


def test_a_member_of_the_holdout_gets_a_row_without_effect_and_the_goal_is_recorded(world: World) -> None:
    held_out = {"reentry": {"mode": "once"}, "holdout": {"share_bp": 10000, "salt": "s"}}
    world.publish(journey(policies=held_out))
    world.tell("contact.scanned", {"channel": "c"})
    [routed] = world.route()
    assert (routed.started, world.run().status) == ((), "holdout")
    world.tell("coupon.redeemed", {"batch": "b", "code": "c"})
    world.route()
    run = world.run()
    assert (run.status, run.outcome, world.effects()) == ("holdout", "goal", [])
    assert run.ended_at is not None


def test_a_version_that_was_published_later_is_not_taken_by_live_runs(world: World) -> None:
    first = world.publish()
    world.tell("contact.scanned", {"channel": "c"})
    world.route()
    second = world.publish({**world.document, "title": "Other"}, version=2)
    world.tell("contact.scanned", {"channel": "c"}, who="member:2")
    world.route()
    assert [run.bundle_hash for run in world.runs()] == [first, second]
    assert [run.version for run in world.runs()] == [1, 2]


async def test_two_routers_side_by_side_route_each_event_once(world: World, client: Client) -> None:
    world.publish()
    for member in range(12):
        world.tell("contact.scanned", {"channel": "c"}, who=f"member:{member}")
    routers = [router(world, client, RouterSettings(members=2)) for _ in range(2)]
    done = []
    while unrouted(world):
        done.append(await asyncio.gather(*(one.route_some() for one in routers)))
    assert sum(sum(pair) for pair in done) == 12
    assert len(world.runs()) == 12
    assert queued(world) == []


async def test_a_member_whose_routing_fails_five_times_is_parked(
    world: World, clock: FixedClock, client: Client
) -> None:
    world.publish()
    world.tell("contact.added", {"associate": "a", "phone": "13800138000"})
    other_keys = KeyRing.from_text(new_key())
    one = Router(RouterParts(client, world.database, clock, other_keys, world.plans), RouterSettings())
    waits = []
    for _ in range(5):
        await one.route_some()
        waits.append((queued(world)[0].not_before - clock.now()).total_seconds())
        clock.advance(timedelta(seconds=121))
    assert waits[:4] == [1, 5, 30, 120]
    assert queued(world)[0].parked_at is not None
    assert "SealError" in str(queued(world)[0].reason)
    assert await one.route_some() == 0
    with world.database.begin() as session:
        [told] = session.execute(select(AlertSignal)).scalars()
    assert (told.kind, told.subject) == ("member-parked", f"member/{queued(world)[0].member_id}")


async def test_bulk_work_stops_while_many_runs_have_not_answered(world: World, client: Client) -> None:
    world.publish()
    for member in range(3):
        world.tell("contact.scanned", {"channel": "c"}, who=f"member:{member}")
    world.route()
    world.tell("order.paid", {"order_no": "1", "amount": 1, "currency": "CNY"}, who="member:8")
    world.tell("contact.scanned", {"channel": "c"}, who="member:9")
    one = router(world, client, RouterSettings(crowded=3))
    assert await one.route_some() == 1
    assert await one.route_some() == 0
    assert unrouted(world) == 1


@pytest.mark.parametrize(("waited", "routed"), [(timedelta(minutes=4), 0), (timedelta(minutes=6), 1)])
async def test_runs_that_never_answer_do_not_stop_bulk_work_for_good(
    world: World, client: Client, clock: FixedClock, waited: timedelta, routed: int
) -> None:
    world.publish()
    for member in range(3):
        world.tell("contact.scanned", {"channel": "c"}, who=f"member:{member}")
        world.route()
        world.tell("contact.added", {"associate": "a"}, who=f"member:{member}")
    world.again()
    clock.advance(waited)
    world.tell("order.paid", {"order_no": "1", "amount": 1, "currency": "CNY"}, who="member:8")
    assert await router(world, client, RouterSettings(crowded=3)).route_some() == routed


def pause(world: World, length: str) -> None:
    with world.database.begin() as session:
        session.execute(
            text(
                "INSERT INTO pauses (journey, from_at, to_at, mode)"
                " VALUES (:key, :now, CAST(:now AS timestamptz) + CAST(:length AS interval), 'hold')"
            ),
            {"key": world.document["key"], "now": world.clock.now(), "length": length},
        )


@dataclass
class SlowContacts:
    """WeCom that answers when it is told to, if ever."""

    answers: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[str] = field(default_factory=list)

    async def get_external_contact(self, external_userid: str) -> Customer:
        self.asked.append(external_userid)
        await self.answers.wait()
        return Customer(external_contact=Contact(external_userid=external_userid, unionid="u-lin"))


def with_contacts(world: World, client: Client, contacts: SlowContacts) -> Router:
    return Router(RouterParts(client, world.database, world.clock, world.keys, world.plans, contacts))


async def test_wecom_is_asked_who_a_contact_is_before_anything_is_routed(world: World, client: Client) -> None:
    world.publish()
    world.tell("contact.added", {"associate": "a"}, who="external_userid:wm-lin")
    contacts = SlowContacts()
    routing = asyncio.create_task(with_contacts(world, client, contacts).route_some())
    await until(lambda: contacts.asked == ["wm-lin"])
    assert (unrouted(world), world.runs()) == (1, [])
    contacts.answers.set()
    assert await routing == 1
    assert (unrouted(world), len(world.runs())) == (0, 1)


async def test_a_member_who_is_known_is_routed_without_asking_wecom(world: World, client: Client) -> None:
    world.publish()
    world.tell("contact.added", {"associate": "a"}, who="unionid:u-lin")
    contacts = SlowContacts()
    assert await with_contacts(world, client, contacts).route_some() == 1
    assert (contacts.asked, unrouted(world)) == ([], 0)


async def test_others_are_routed_while_wecom_does_not_answer_for_one(world: World, client: Client) -> None:
    world.publish()
    world.tell("contact.added", {"associate": "a"}, who="external_userid:wm-lin")
    contacts = SlowContacts()
    router = with_contacts(world, client, contacts)
    routing = asyncio.create_task(router.run())
    await until(lambda: contacts.asked == ["wm-lin"])
    world.tell("contact.scanned", {"channel": "c"}, who="member:2")
    await until(lambda: unrouted(world) == 1)
    contacts.answers.set()
    await until(lambda: unrouted(world) == 0)
    router.stop()
    await routing
    assert len(world.runs()) == 2
