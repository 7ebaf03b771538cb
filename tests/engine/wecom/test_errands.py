"""What journeys have done in WeCom, over real HTTP against the simulator, and what our database learns from it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.clock import SystemClock
from engine.database.connection import Database
from engine.events.incoming import IncomingEvent
from engine.events.ingest import ingest
from engine.events.models import Event
from engine.members.models import Member
from engine.organisation.models import Associate, Store
from engine.relations.models import Relation
from engine.secrets.keyring import KeyRing
from engine.wecom.client import WeCom
from engine.wecom.errands import Errands, Told, Whom
from engine.wecom.errors import ConfigurationError, StaffUnknownError
from tests.engine.wecom.conftest import Simulator
from tests.workflows.chain import open_store


@dataclass
class World:
    """A customer who is a friend of `a1` and `a2`, in WeCom and in our database."""

    simulator: Simulator
    database: Database
    keys: KeyRing
    errands: Errands
    customer: str
    member: int

    def tell(self, kind: str, associate: str, at: int = 0, **data: object) -> None:
        now = SystemClock().now()
        event = IncomingEvent(
            "test", f"{kind}/{associate}/{at}", kind, f"external_userid:{self.customer}", now,
            {"associate": associate, **data},
        )  # fmt: skip
        with self.database.begin() as session:
            assert ingest(session, [event], now=now, keys=self.keys).accepted == 1

    def associate(self, key: str) -> int:
        with self.database.begin() as session:
            return session.execute(select(col(Associate.id)).where(col(Associate.key) == key)).scalar_one()

    def store(self) -> int:
        with self.database.begin() as session:
            return session.execute(select(col(Store.id))).scalar_one()

    def open_relations(self) -> list[str]:
        with self.database.begin() as session:
            wanted = select(col(Associate.key)).join(Relation, col(Relation.associate_id) == col(Associate.id))
            return sorted(session.execute(wanted.where(col(Relation.ended_at).is_(None))).scalars())

    def lost(self) -> list[dict[str, object]]:
        with self.database.begin() as session:
            return [one.data for one in session.execute(select(Event)).scalars() if one.type == "contact.lost"]

    def tags(self) -> object:
        with self.database.begin() as session:
            return session.get_one(Member, self.member).attributes.get("tags")

    def outbox(self, kind: str) -> list[tuple[object, object]]:
        return [(item["associate"], item["body"]) for item in self.simulator.outbox(kind=kind)]

    def change(self, statement: str) -> None:
        with self.database.begin() as session:
            session.execute(text(statement))


@pytest.fixture
def world(simulator: Simulator, wecom: WeCom, database: Database, keys: KeyRing) -> World:
    clock = SystemClock()
    with database.begin() as session:
        open_store(session, stock=1, now=clock.now())
        session.add(Associate(key="a2", wecom_userid="a2", store_id=_store(session)))
        session.add(Associate(key="a3", wecom_userid=None, store_id=_store(session)))
    for associate in ("a1", "a2"):
        customer = simulator.control("add", associate=associate, person="lin")["external_userid"]
    world = World(simulator, database, keys, Errands(wecom, database, clock, keys), customer, 0)
    for associate in ("a1", "a2"):
        world.tell("contact.added", associate, half=False)
    with database.begin() as session:
        world.member = session.execute(select(col(Member.id))).scalar_one()
    return world


def _store(session: Session) -> int:
    return session.execute(select(col(Store.id))).scalar_one()


async def test_tags_go_to_the_relation_with_the_associate_of_the_run(world: World) -> None:
    whom = Whom(world.member, world.associate("a2"))
    assert await world.errands.tag_member(whom, ["新客"], []) == 1
    assert [(who, body["added"]) for who, body in world.outbox("tag")] == [("a2", ["新客"])]


@pytest.mark.parametrize("associate", [None, "a3"])
async def test_without_such_a_relation_tags_go_to_all_that_stand(world: World, associate: str | None) -> None:
    whom = Whom(world.member, world.associate(associate) if associate else None)
    assert await world.errands.tag_member(whom, ["新客"], []) == 2
    assert [who for who, _ in world.outbox("tag")] == ["a1", "a2"]


async def test_our_own_record_of_tags_follows_since_no_callback_will(world: World) -> None:
    world.change('UPDATE members SET attributes = \'{"tags": ["vip", "old"]}\'')
    await world.errands.tag_member(Whom(world.member), ["新客", "vip"], ["old", "never made"])
    assert world.tags() == ["vip", "新客"]
    await world.errands.tag_member(Whom(world.member), [], ["vip", "新客"])
    assert world.tags() is None


async def test_a_tag_may_be_named_by_its_id(world: World) -> None:
    await world.errands.tag_member(Whom(world.member), ["新客"], [])
    [tag] = {body["add_tag"][0] for _, body in world.outbox("tag")}
    assert await world.errands.tag_member(Whom(world.member), [], [tag]) == 2
    assert world.tags() is None


async def test_who_is_nobodys_friend_is_tagged_nowhere(world: World) -> None:
    for associate in ("a1", "a2"):
        world.tell("contact.lost", associate, by="customer")
    assert await world.errands.tag_member(Whom(world.member), ["新客"], []) == 0
    assert world.outbox("tag") == []
    assert world.tags() is None


async def test_a_relation_that_is_half_is_not_written(world: World) -> None:
    world.simulator.control("add", associate="a4", person="bo", half=True)
    world.change("UPDATE relations SET half_at = full_at, full_at = NULL WHERE associate_id = 1")
    await world.errands.remark(Whom(world.member), {"remark": "小林"})
    assert [who for who, _ in world.outbox("remark")] == ["a2"]


async def test_a_relation_that_wecom_does_not_know_any_more_ends_in_our_ledger_once(world: World) -> None:
    world.simulator.control("faults", drop=True)
    world.simulator.control("delete_customer", associate="a1", person="lin")
    for _ in range(2):
        assert await world.errands.tag_member(Whom(world.member), ["新客"], []) == 1
    assert world.open_relations() == ["a2"]
    assert world.lost() == [{"associate": "a1", "by": "unknown", "last": False}]


async def test_after_another_add_a_relation_may_be_found_ended_again(world: World) -> None:
    world.simulator.control("delete_customer", associate="a1", person="lin")
    await world.errands.remark(Whom(world.member, world.associate("a1")), {"remark": "r"})
    world.tell("contact.added", "a1", 2, half=False)
    assert world.open_relations() == ["a1", "a2"]
    await world.errands.remark(Whom(world.member, world.associate("a1")), {"remark": "r"})
    assert world.open_relations() == ["a2"]
    assert len(world.lost()) == 2


async def test_a_customer_whom_wecom_does_not_know_is_dropped(world: World) -> None:
    """Under one of two names: the relation stands under the other."""
    world.simulator.control("add", associate="a5", person="other")
    with world.database.begin() as session:
        world.change("UPDATE relations SET ended_at = NULL")
        lookup = world.keys.lookup("external_userid", "wm-unknown")
        session.connection().execute(
            text("INSERT INTO identities (kind, lookup, member_id, value_enc) VALUES ('external_userid', :l, :m, :v)"),
            {"l": lookup, "m": world.member, "v": world.keys.seal(b"wm-unknown")},
        )
    assert await world.errands.tag_member(Whom(world.member), ["新客"], []) == 2
    assert world.open_relations() == ["a1", "a2"]


async def test_an_employee_whom_wecom_does_not_know_is_told_to_whoever_asked(world: World) -> None:
    world.change("UPDATE associates SET wecom_userid = 'ghost' WHERE key = 'a1'")
    with pytest.raises(StaffUnknownError):
        await world.errands.tag_member(Whom(world.member, world.associate("a1")), ["新客"], [])
    assert world.open_relations() == ["a1", "a2"]


async def test_a_message_goes_to_the_associate_and_else_to_the_staff_of_the_store(world: World) -> None:
    whom = Whom(world.member, world.associate("a2"), world.store())
    assert await world.errands.tell_staff(whom, "hello", "1/notify/1") == Told(1)
    world.change("UPDATE associates SET active = false WHERE key = 'a2'")
    assert await world.errands.tell_staff(whom, "hello", "1/notify/1") == Told(1)
    assert [who for who, _ in world.outbox("app_message")] == ["a2", "a1"]
    assert await world.errands.tell_staff(Whom(world.member), "hello", "1/notify/1") == Told(0)


async def test_a_message_comes_once_for_each_key_however_often_it_is_sent(world: World) -> None:
    whom = Whom(world.member, world.associate("a1"))
    for key in ("1/notify/1", "1/notify/1", "2/notify/1"):
        assert await world.errands.tell_staff(whom, "一位顾客来了", key) == Told(1)
    texts = [body["text"]["content"] for _, body in world.outbox("app_message")]
    assert len(texts) == len(set(texts)) == 2
    assert all(one.startswith("一位顾客来了\n#") for one in texts)


async def test_who_cannot_be_reached_is_counted_and_nobody_at_all_is_a_matter_for_a_person(world: World) -> None:
    world.change("UPDATE associates SET wecom_userid = 'ghost' WHERE key = 'a3'")
    assert await world.errands.tell_staff(Whom(world.member, None, world.store()), "hello", "k") == Told(2, 1)
    with pytest.raises(ConfigurationError):
        await world.errands.tell_staff(Whom(world.member, world.associate("a3")), "hello", "k")
