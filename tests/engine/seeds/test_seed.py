"""The demonstration chain equals its table, whatever the day, and is seeded once."""
# ruff: noqa: S608 - queries are built from the constants below

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.secrets.keyring import KeyRing
from engine.seeds.figures import STORES
from engine.seeds.seed import PARTS, is_seeded, seed
from engine.seeds.simulator import simulator_load
from engine.wecom.simulator.load import Load
from tests.engine.definitions import samples
from workflows.activities.registry import catalogue_of, load_activities

CATALOGUE = {**samples.CATALOGUE, **catalogue_of(load_activities())}
NOW = datetime(2026, 11, 21, 3, 30, tzinfo=UTC)


@pytest.fixture
def chain(database: Database, keys: KeyRing) -> Iterator[Session]:
    """A transaction in a database that holds the chain."""
    seed(database, keys, FixedClock(NOW), catalogue=CATALOGUE)
    with database.begin() as session:
        yield session


def one(session: Session, query: str, **values: object) -> int:
    found: int = session.execute(text(query), values).scalar_one()
    return found


CURRENT = "FROM relations WHERE full_at IS NOT NULL AND ended_at IS NULL"
RECENT = "full_at > :since AND kind IN ('new_corp', 'new_store', 'new_associate', 'readd')"
FRIEND = f"EXISTS (SELECT 1 {CURRENT} AND member_id = seats.member_id)"

TOTALS = {
    "SELECT count(*) FROM regions": 3,
    "SELECT count(*) FROM stores": 12,
    "SELECT count(*) FROM stores WHERE ownership = 'own'": 9,
    "SELECT count(*) FROM stores WHERE price_kind = 'outlet'": 1,
    "SELECT count(*) FROM associates WHERE store_id IS NOT NULL": 38,
    "SELECT count(*) FROM associates WHERE store_id IS NULL": 2,
    "SELECT count(*) FROM chats": 15,
    "SELECT count(*) FROM chats WHERE kind = 'store'": 13,
    "SELECT count(*) FROM channels": 30,
    "SELECT count(*) FROM members": 2_400,
    f"SELECT count(DISTINCT member_id) {CURRENT}": 1_607,
    f"SELECT count(*) {CURRENT}": 1_725,
    f"SELECT count(DISTINCT member_id) FROM seats WHERE {FRIEND}": 1_185,
    f"SELECT count(DISTINCT member_id) FROM seats WHERE NOT {FRIEND}": 108,
    "SELECT count(*) FROM seats": 1_293,
    f"SELECT count(*) FROM relations WHERE {RECENT}": 418,
    "SELECT count(*) FROM relations WHERE ended_at > :since": 104,
    "SELECT count(*) FROM identities WHERE kind = 'unionid'": 2_112,
    "SELECT count(*) FROM users": 9,
    "SELECT count(*) FROM coupons WHERE status = 'free'": 13_000,
    "SELECT count(*) FROM live WHERE state = 'live' AND kind = 'journey'": 1,
    "SELECT count(*) FROM live WHERE state = 'live' AND kind = 'ruleset'": 5,
    "SELECT count(*) FROM drafts WHERE kind = 'ruleset' AND revision > 1": 2,
    "SELECT sum(friends_elsewhere) FROM associates": 19_860,
}


def test_the_totals_are_those_of_the_table(chain: Session) -> None:
    since = NOW - timedelta(days=30)
    found = {query: one(chain, query, since=since) for query in TOTALS}
    assert found == TOTALS


def test_every_store_has_its_own_figures(chain: Session) -> None:
    since = NOW - timedelta(days=30)
    for store in STORES:
        number = one(chain, "SELECT id FROM stores WHERE key = :key", key=store.key)
        counted = [
            one(chain, query, store=number, since=since)
            for query in (
                "SELECT count(*) FROM associates WHERE store_id = :store",
                "SELECT count(*) FROM members WHERE store_id = :store",
                f"SELECT count(DISTINCT member_id) {CURRENT} AND store_id = :store",
                f"SELECT count(*) {CURRENT} AND store_id = :store",
                f"SELECT count(DISTINCT member_id) FROM seats WHERE store_id = :store AND {FRIEND}",
                f"SELECT count(DISTINCT member_id) FROM seats WHERE store_id = :store AND NOT {FRIEND}",
                f"SELECT count(*) FROM relations WHERE {RECENT} AND store_id = :store",
                "SELECT count(*) FROM relations WHERE ended_at > :since AND store_id = :store",
            )
        ]
        assert counted == [
            store.staff, store.members, store.friends, store.relations, store.in_group, store.only_in_group, store.adds,
            store.lost,
        ], store.key  # fmt: skip


def test_time_runs_forward_for_everybody_and_ends_now(chain: Session) -> None:
    wrong = (
        "SELECT count(*) FROM relations JOIN members ON members.id = member_id WHERE created_at > full_at",
        "SELECT count(*) FROM relations WHERE full_at > :now OR ended_at > :now OR ended_at <= full_at",
        "SELECT count(*) FROM seats WHERE joined_at > :now",
        "SELECT count(*) FROM relations, stores WHERE stores.id = store_id AND key = 'W03' AND full_at < :opened",
    )
    assert [one(chain, query, now=NOW, opened=NOW - timedelta(days=21)) for query in wrong] == [0, 0, 0, 0]


def test_the_first_group_of_the_first_store_is_nearly_full(chain: Session) -> None:
    query = "SELECT count(*) FROM seats JOIN chats ON chats.id = seats.chat_id WHERE chats.chat_id = :chat"
    assert one(chain, query, chat="wr_demo_e01_1") == 196
    assert one(chain, query, chat="wr_demo_e01_2") == 14


def test_nobody_can_be_called(chain: Session, keys: KeyRing) -> None:
    sealed = chain.execute(text("SELECT value_enc FROM identities WHERE kind = 'phone'")).scalars().all()
    phones = [keys.open(bytes(value)).decode() for value in sealed]
    assert len(phones) == len(set(phones)) > 1_500
    assert all(len(phone) == 11 and phone.startswith("120") for phone in phones)


def test_seeding_again_changes_nothing(database: Database, keys: KeyRing) -> None:
    clock = FixedClock(NOW)
    with database.begin() as session:
        assert not is_seeded(session)
    first = seed(database, keys, clock, catalogue=CATALOGUE)
    assert (first.added, first.kept) == (tuple(PARTS), ())
    again = seed(database, keys, clock, catalogue=CATALOGUE)
    assert (again.added, again.kept) == ((), tuple(PARTS))
    with database.begin() as session:
        assert is_seeded(session)
        assert one(session, "SELECT count(*) FROM members") == 2_400


def test_the_same_people_come_back_in_another_database(chain: Session, keys: KeyRing) -> None:
    row = chain.execute(text("SELECT personal_enc, attributes FROM members ORDER BY id LIMIT 1")).one()
    assert keys.open_json(row.personal_enc) == {"name": "石桑葚", "nickname": "桑葚"}


@pytest.mark.parametrize(("stores", "members"), [(2, 572), (14, 2_972)])
def test_the_chain_can_be_made_smaller_and_larger(database: Database, keys: KeyRing, stores: int, members: int) -> None:
    seed(database, keys, FixedClock(NOW), catalogue=CATALOGUE, stores=stores)
    with database.begin() as session:
        assert one(session, "SELECT count(*) FROM stores") == stores
        assert one(session, "SELECT count(*) FROM members") == members
        assert one(session, "SELECT count(DISTINCT wecom_userid) FROM associates") > 2


def test_the_simulator_takes_the_same_chain(chain: Session, keys: KeyRing) -> None:
    load = Load.model_validate(simulator_load(chain, keys))
    people = {person.external_userid for person in load.people}
    assert len(load.associates) == 40
    assert len(people) == 1_607 + 108 + 104
    assert len([relation for relation in load.relations if relation.stage == "full"]) == 1_725
    assert len([relation for relation in load.relations if relation.stage == "lost"]) == 104
    assert {relation.external_userid for relation in load.relations} <= people
    assert sum(len(chat.members) for chat in load.chats) == 1_293
    assert all(chat.member_version for chat in load.chats)
    assert max(employee.friends_elsewhere for employee in load.associates) == 19_860


def test_the_simulator_takes_friendships_that_came_by_callbacks(chain: Session, keys: KeyRing) -> None:
    """Those have no way of adding until WeCom was asked, and may be a pair's second."""
    chain.connection().exec_driver_sql("""
        INSERT INTO relations (associate_id, member_id, full_at)
        SELECT associate_id, member_id, now() FROM relations WHERE ended_by = 'customer' ORDER BY id LIMIT 1""")
    first, *others = Load.model_validate(simulator_load(chain, keys)).relations
    assert (first.stage, first.add_way) == ("full", 0)
    pair = (first.associate, first.external_userid)
    assert [one.stage for one in others if (one.associate, one.external_userid) == pair] == ["lost"]
