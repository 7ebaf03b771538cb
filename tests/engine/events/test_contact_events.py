"""Contact and group events on a real database: what ledgers and log hold afterwards, in any order of arrival."""

from __future__ import annotations

import random

import pytest

from engine.events.incoming import IncomingEvent
from tests.engine.chain import Chain, event


def types(chain: Chain) -> list[str]:
    return [kind for (kind,) in chain.rows("SELECT type FROM events ORDER BY seq")]


def test_an_add_opens_a_relation_with_kind_channel_and_store(chain: Chain) -> None:
    chain.tell(event("contact.added", 0, associate="wecom-lin", channel="S1-till", welcome_code="w"))
    assert chain.relations() == [("lin", None, 0, None, None, "new_corp", "S1-till", "S1")]
    assert chain.rows("SELECT c.key, m.store_id FROM members m JOIN channels c ON c.id = m.first_channel_id") == [
        ("S1-till", chain.stores["S1"])
    ]


def test_the_state_of_a_code_names_its_channel(chain: Chain) -> None:
    chain.tell(event("contact.added", 0, associate="lin", state="st-S1-shelf"))
    chain.tell(event("contact.added", 0, associate="chen", state="wb:1:odd"))
    assert [row[6] for row in chain.relations()] == [None, "S1-shelf"]


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("full_first", [True, False])
def test_the_second_of_half_and_full_confirms_the_relation(chain: Chain, together: bool, full_first: bool) -> None:
    half = event("contact.added", 0, associate="lin", half=True)
    full = event("contact.added", 1, associate="lin", half=False)
    told = [full, half] if full_first else [half, full]
    for batch in [told] if together else [[one] for one in told]:
        chain.tell(*batch)
    assert types(chain) == ["contact.added", "contact.confirmed"]
    assert chain.relations() == [("lin", 0, 1, None, None, "new_corp", None, "S1")]


def test_a_confirmation_that_is_told_first_is_the_add(chain: Chain) -> None:
    chain.tell(event("contact.confirmed", 0, associate="lin"))
    assert types(chain) == ["contact.added"]


def test_an_unknown_associate_changes_no_figure_and_the_event_is_kept(chain: Chain) -> None:
    chain.tell(event("contact.added", 0, associate="nobody"))
    assert chain.relations() == []
    assert types(chain) == ["contact.added"]


def test_the_loss_of_the_last_relation_says_so(chain: Chain) -> None:
    chain.tell(event("contact.added", 0, associate="lin"), event("contact.added", 1, associate="su"))
    chain.tell(event("contact.lost", 2, associate="lin", by="customer"))
    chain.tell(event("contact.lost", 3, associate="su", by="staff"))
    chain.tell(event("contact.lost", 4, associate="su", by="staff", last=False))
    lasts = chain.rows("SELECT data->'last' FROM events WHERE type = 'contact.lost' ORDER BY seq")
    assert lasts == [(False,), (True,), (False,)]


def test_a_transfer_is_no_loss_and_its_add_is_confirmed(chain: Chain) -> None:
    chain.tell(event("contact.added", 0, associate="lin"))
    chain.tell(event("contact.transferred", 10, from_="lin", to="wecom-mo"))
    chain.tell(event("contact.added", 11, associate="mo", add_way=202))
    assert chain.relations() == [
        ("lin", None, 0, 10, "transfer", "new_corp", None, "S1"),
        ("mo", None, 10, None, None, "transfer", None, "S3"),
    ]
    assert types(chain)[-1] == "contact.confirmed"


def test_a_late_loss_stands_where_it_belongs(chain: Chain) -> None:
    chain.tell(event("contact.added", 0, associate="lin"))
    chain.tell(event("contact.added", 20, associate="lin"))
    chain.tell(event("contact.lost", 10, associate="lin", by="customer"))
    assert [row[1:6] for row in chain.relations()] == [
        (None, 0, 10, "customer", "new_corp"),
        (None, 20, None, None, "readd"),
    ]


def test_a_store_stays_that_of_the_time_when_its_associate_moves(chain: Chain) -> None:
    chain.tell(event("contact.added", 0, associate="lin"))
    chain.tell(event("associate.moved", 5, subject=None, associate="lin", store="S3"))
    chain.tell(event("contact.lost", 10, associate="lin", by="staff"), event("contact.added", 20, associate="lin"))
    assert [row[7] for row in chain.relations()] == ["S1", "S3"]


def test_imported_relations_and_seats_live_on_in_the_ledger(chain: Chain) -> None:
    chain.tell(event("store.visited"))
    with chain.database.begin() as session:
        session.connection().exec_driver_sql("""
            INSERT INTO relations (associate_id, member_id, full_at, kind)
            SELECT a.id, m.id, '2025-12-01T00:00:00Z', 'new_corp' FROM associates a, members m WHERE a.key = 'lin'""")
        session.connection().exec_driver_sql("""
            INSERT INTO seats (chat_id, member_id, joined_at)
            SELECT c.id, m.id, '2025-12-01T00:00:00Z' FROM chats c, members m WHERE c.chat_id = 'wr1'""")
    chain.tell(event("contact.added", 0, associate="su"), event("contact.lost", 1, associate="lin", by="customer"))
    chain.tell(event("group.left", 2, chat="wr1", by="self"))
    assert [(row[0], row[4], row[5]) for row in chain.relations()] == [
        ("lin", "customer", "new_corp"),
        ("su", None, "new_store"),
    ]
    assert [(row[0], row[3]) for row in chain.seats()] == [("wr1", "self")]


def test_a_join_takes_the_channel_of_the_add_even_if_the_add_is_told_later(chain: Chain) -> None:
    chain.tell(event("group.joined", 10, chat="wr1", scene="qr"))
    assert chain.seats() == [("wr1", 10, None, None, None, "qr")]
    chain.tell(event("contact.added", 5, associate="lin", channel="S1-till"))
    assert chain.seats() == [("wr1", 10, None, None, "S1-till", "qr")]


def test_who_changes_chats_of_one_store_has_moved(chain: Chain) -> None:
    chain.tell(event("group.joined", 0, chat="wr1"), event("group.left", 10, chat="wr1", by="self"))
    chain.tell(event("group.joined", 20, chat="wr1b"))
    assert [row[:4] for row in chain.seats()] == [("wr1", 0, 10, "moved"), ("wr1b", 20, None, None)]


def test_staff_take_no_seats(chain: Chain) -> None:
    chain.tell(event("store.visited"))
    with chain.database.begin() as session:
        session.connection().exec_driver_sql("UPDATE members SET is_staff = true")
    chain.tell(event("group.joined", 0, chat="wr1"))
    assert chain.seats() == []


def story() -> list[IncomingEvent]:
    """Two people over some days; every fact at an instant of its own."""
    a, b = "external_userid:wmA", "external_userid:wmB"
    return [
        event("contact.added", 0, a, associate="lin", half=True, channel="S1-till"),
        event("contact.added", 2, a, associate="lin"),
        event("contact.added", 3, b, associate="chen", channel="S1-shelf"),
        event("group.joined", 5, a, chat="wr1"),
        event("contact.added", 10, a, associate="chen"),
        event("contact.lost", 60, a, associate="lin", by="customer"),
        event("contact.added", 90, a, associate="lin", channel="S2-till"),
        event("contact.transferred", 100, b, from_="chen", to="su"),
        event("group.left", 120, a, chat="wr1", by="self"),
        event("group.joined", 130, a, chat="wr1b"),
        event("contact.lost", 200, b, associate="su", by="staff"),
        event("contact.added", 300, b, associate="mo", channel="S2-till"),
        event("coupon.claimed", 310, b, batch="HOOK", code="C0"),
        event("coupon.redeemed", 320, b, batch="HOOK", code="C0"),
        event("coupon.expired", 330, a, batch="HOOK", code="C1"),
        event("member.updated", 340, a, tier="gold", nickname="小林"),
        event("member.updated", 350, a, tier="black"),
    ]


FREE_COUPONS = """UPDATE coupons SET status = 'free', member_id = NULL, issued_at = NULL, claimed_at = NULL,
                  redeemed_at = NULL"""
NAMES = """SELECT m.id, i.kind || rank() OVER (ORDER BY i.lookup) FROM members m
           JOIN identities i ON i.member_id = m.id"""


def ledgers(chain: Chain) -> object:
    """All that must not depend on the order of arrival; members by a name that does not change."""
    who = {row[0]: row[1] for row in chain.rows(NAMES)}
    coupons = chain.rows("SELECT code, status, issued_at, redeemed_at, member_id FROM coupons ORDER BY code")
    members = chain.rows("SELECT id, attributes, first_channel_id, last_channel_id, personal_enc FROM members")
    return (
        sorted(chain.relations(), key=str),
        sorted(chain.seats(), key=str),
        [(*row[:4], who.get(row[4])) for row in coupons],
        sorted(
            (who[row[0]], row[1], row[2], row[3], None if row[4] is None else chain.keys.open_json(bytes(row[4])))
            for row in members
        ),
    )


def test_no_order_of_arrival_and_no_repetition_changes_the_ledgers(chain: Chain) -> None:
    events = story()
    chain.tell(*events)
    in_order = ledgers(chain)
    for seed in range(6):
        with chain.database.begin() as session:
            for table in ("relations", "seats", "member_queue", "disputes", "events", "event_keys", "identities"):
                session.connection().exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608  # names from above
            session.connection().exec_driver_sql(FREE_COUPONS)
            session.connection().exec_driver_sql("DELETE FROM members")
        chance = random.Random(seed)  # noqa: S311  # a shuffle, no secret
        shuffled = [*events, *chance.sample(events, 5)]
        chance.shuffle(shuffled)
        while shuffled:
            size = chance.randint(1, 6)
            chain.tell(*shuffled[:size])
            shuffled = shuffled[size:]
        assert ledgers(chain) == in_order, seed
