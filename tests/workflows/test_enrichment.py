"""Enrichment: WeCom says who a contact is before their events are routed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
import pytest
from sqlalchemy import select
from sqlmodel import Session, col

from engine.clock import FixedClock
from engine.database.connection import Database, Scope
from engine.events.models import Event, MemberQueue
from engine.members.models import Identity, Member
from engine.secrets.keyring import KeyRing
from engine.wecom.answers import Contact, Customer, Follow
from engine.wecom.errors import UnavailableError
from tests.workflows.chain import open_store
from tests.workflows.world import World
from workflows.enrichment import Enrichment


@dataclass
class FakeContacts:
    """Knows one contact; `slow` makes it take longer than anybody waits."""

    unionid: str | None = "u-lin"
    kind: int = 1
    raises: Exception | None = None
    slow: bool = False
    asked: list[str] = field(default_factory=list)

    async def get_external_contact(self, external_userid: str) -> Customer:
        self.asked.append(external_userid)
        if self.slow:
            await asyncio.sleep(3600)
        if self.raises is not None:
            raise self.raises
        contact = Contact(external_userid=external_userid, name="小林", type=self.kind, unionid=self.unionid)
        return Customer(external_contact=contact, follow_user=(Follow(userid="a1", add_way=1),))


@pytest.fixture
def world(database: Database, clock: FixedClock, keys: KeyRing) -> World:
    with database.begin() as session:
        open_store(session, stock=1, now=clock.now())
    world = World(database, clock, keys)
    world.publish()
    return world


def add(world: World, who: str = "external_userid:wm-lin") -> None:
    world.tell("contact.added", {"associate": "a1"}, who=who)


async def enrich(world: World, contacts: FakeContacts, limit: float = 60) -> None:
    with world.database.begin() as session:
        waiting = list(session.execute(select(col(MemberQueue.member_id))).scalars())
    enriching = Enrichment(world.database, world.clock, world.keys, contacts, limit)
    for member in waiting:
        await enriching.enrich(member)
        await enriching.enrich(member)


def members(world: World) -> list[Member]:
    with world.database.begin() as session:
        alive = select(Member).where(col(Member.merged_into).is_(None)).order_by(col(Member.id))
        return list(session.execute(alive).scalars())


def kinds(world: World, member: int) -> set[str]:
    with world.database.begin() as session:
        return set(session.execute(select(col(Identity.kind)).where(col(Identity.member_id) == member)).scalars())


async def test_the_contact_is_tied_to_the_member_of_the_mini_program(world: World) -> None:
    world.tell("contact.scanned", {"channel": "pos-1"}, who="unionid:u-lin")
    world.route()
    add(world)
    assert len(members(world)) == 2
    await enrich(world, FakeContacts())
    [member] = members(world)
    assert kinds(world, member.id) == {"unionid", "external_userid"}
    world.route()
    assert [call.member_id for call in world.runs()] == [member.id]
    assert world.deliveries() != []


async def test_nickname_and_way_of_the_add_are_noted(world: World) -> None:
    add(world)
    await enrich(world, FakeContacts())
    [member] = members(world)
    assert world.keys.open_json(member.personal_enc or b"") == {"nickname": "小林"}
    with world.database.begin() as session:
        event = session.execute(select(Event)).scalar_one()
    assert event.data["add_way"] == 1


async def test_other_companies_staff_are_marked(world: World) -> None:
    add(world)
    await enrich(world, FakeContacts(kind=2))
    assert [member.is_staff for member in members(world)] == [True]


async def test_a_contact_is_asked_about_once_and_never_when_they_are_known(world: World) -> None:
    contacts = FakeContacts()
    add(world)
    await enrich(world, contacts)
    assert contacts.asked == ["wm-lin"]
    world.route()
    add(world)
    await enrich(world, contacts)
    assert contacts.asked == ["wm-lin"]


class AwayOnce(Database):
    """A database that is away when the second transaction begins."""

    begun = 0

    @contextmanager
    def begin(self, stores: Scope = "*") -> Iterator[Session]:
        self.begun += 1
        if self.begun == 2:
            raise psycopg.OperationalError("away")
        with super().begin(stores) as session:
            yield session


async def test_an_answer_that_was_lost_with_the_database_is_asked_for_again(world: World, database_url: str) -> None:
    add(world)
    contacts, [member] = FakeContacts(), members(world)
    enriching = Enrichment(AwayOnce(database_url), world.clock, world.keys, contacts)
    with pytest.raises(psycopg.OperationalError):
        await enriching.enrich(member.id)
    await enriching.enrich(member.id)
    enriching.database.close()
    assert kinds(world, member.id) == {"external_userid", "unionid"}
    assert len(contacts.asked) == 2


async def test_other_events_ask_nothing(world: World) -> None:
    contacts = FakeContacts()
    world.tell("store.visited", {}, who="external_userid:wm-lin")
    await enrich(world, contacts)
    assert contacts.asked == []


@pytest.mark.parametrize(
    "contacts", [FakeContacts(raises=UnavailableError("externalcontact/get")), FakeContacts(slow=True)]
)
async def test_without_an_answer_the_events_go_on_as_they_are(world: World, contacts: FakeContacts) -> None:
    add(world)
    await enrich(world, contacts, limit=0.05)
    world.route()
    assert len(world.runs()) == 1
