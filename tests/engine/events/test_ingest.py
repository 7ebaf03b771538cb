"""What ingest makes of events, on a real database."""

from __future__ import annotations

import dataclasses

from engine.definitions.models import Live, Version
from engine.events.ingest import ingest
from engine.events.log import events_facts, events_of
from engine.members.facts import read_facts
from tests.engine.chain import NOW, Chain, event


def test_a_new_subject_becomes_a_member_with_its_event_in_log_and_queue(chain: Chain) -> None:
    result = chain.tell(event("store.visited", subject="member:1"))
    assert (result.accepted, result.duplicates, result.rejected) == (1, 0, ())
    [(member,)] = chain.rows("SELECT id FROM members")
    assert chain.rows("SELECT member_id, type, routed_at FROM events") == [(member, "store.visited", None)]
    assert chain.rows("SELECT member_id, priority FROM member_queue") == [(member, 0)]


def test_the_same_source_and_id_is_a_duplicate_in_a_batch_and_after_it(chain: Chain) -> None:
    one, two, three = (event("store.visited") for _ in range(3))
    same = dataclasses.replace(two, id=one.id, subject="member:other")
    first, again = chain.tell(one, two, same), chain.tell(one, three)
    assert (first.accepted, first.duplicates) == (2, 1)
    assert (again.accepted, again.duplicates) == (1, 1)
    assert again.seqs[0] == first.seqs[0]
    assert chain.rows("SELECT count(*) FROM members") == [(1,)]


def test_ids_of_two_sources_may_be_equal(chain: Chain) -> None:
    one = event("store.visited")
    assert chain.tell(one, dataclasses.replace(one, source="other")).accepted == 2


def test_the_log_of_a_member_keeps_the_order_of_acceptance(chain: Chain) -> None:
    told = [event("custom.step", minutes=-n, subject="member:1", n=n) for n in range(50)]
    chain.tell(*told[:20])
    chain.tell(*told[20:])
    assert chain.rows("SELECT data->'n' FROM events ORDER BY seq") == [(n,) for n in range(50)]


def test_events_carry_the_place_that_their_keys_name(chain: Chain) -> None:
    chain.tell(
        event("contact.scanned", channel="S2-till"),
        event("contact.scanned", channel="nowhere"),
        event("store.visited", store="S3", associate="wecom-lin"),
        event("store.visited", associate="chen"),
        event("group.joined", chat="wr2"),
        event("custom.walk", subject="store:S3"),
    )
    assert chain.rows("""
        SELECT c.key, s.key, a.key FROM events e LEFT JOIN channels c ON c.id = e.channel_id
        LEFT JOIN stores s ON s.id = e.store_id LEFT JOIN associates a ON a.id = e.associate_id ORDER BY seq""") == [
        ("S2-till", "S2", None),
        (None, None, None),
        (None, "S3", "lin"),
        (None, "S1", "chen"),
        (None, "S2", None),
        (None, "S3", None),
    ]


def test_rules_see_the_records_behind_keys_and_the_key_of_what_is_unknown(chain: Chain) -> None:
    chain.tell(event("contact.scanned", channel="S1-till", extra=[1]), event("contact.scanned", channel="nowhere"))
    with chain.database.begin() as session:
        [member] = session.connection().exec_driver_sql("SELECT id FROM members").scalars()
        known, unknown = events_facts(session, events_of(session, member)).values()
    assert known["channel"] == {"key": "S1-till", "kind": "pos", "class": "store", "title": "S1-till"}
    assert (known["type"], known["time"], known["extra"]) == ("contact.scanned", "2025-12-31T02:00:00Z", [1])
    assert unknown["channel"] == {"key": "nowhere"}
    assert "store" not in unknown


def test_no_phone_number_and_no_name_stands_in_the_log(chain: Chain) -> None:
    chain.tell(
        event(
            "member.registered",
            subject="phone:+86 138-0000-0000",
            identities=["member:7", "phone:13800000000"],
            phone="13800000000",
            nickname="小林",
            tier="gold",
            receiver={"mobile": 13800000001, "city": "星澜"},
        )
    )
    [(subject, data)] = chain.rows("SELECT subject, data FROM events")
    token = "phone:" + chain.keys.lookup("phone", "13800000000").hex()
    assert subject == token
    assert data["phone"] == token
    assert data["identities"] == ["member:7", token]
    assert "1380000000" not in str(data)
    assert "小林" not in str(data)
    with chain.database.begin() as session:
        [member] = session.connection().exec_driver_sql("SELECT id FROM members").scalars()
        events = events_of(session, member)
        facts = events_facts(session, events, keys=chain.keys)[events[0].seq]
    assert (facts["nickname"], facts["phone"]) == ("小林", "13800000000")
    assert facts["receiver"] == {"mobile": 13800000001, "city": "星澜"}


def test_an_anonymous_visitor_is_counted_and_not_routed(chain: Chain) -> None:
    chain.tell(event("contact.scanned", subject="visitor:cookie", channel="S1-till"))
    assert chain.rows("SELECT count(*) FROM member_queue") == [(0,)]
    assert chain.rows("SELECT routed_at FROM events") == [(NOW,)]


def test_an_event_without_subject_is_kept_and_not_routed(chain: Chain) -> None:
    assert chain.tell(event("contact.scanned", subject=None, channel="S1-till")).accepted == 1
    assert chain.rows("SELECT member_id, routed_at FROM events") == [(None, NOW)]


def test_interactive_events_bring_a_waiting_member_forward(chain: Chain) -> None:
    chain.tell(event("order.paid", order_no="1", amount=1))
    chain.tell(event("contact.scanned", channel="S1-till"))
    chain.tell(event("order.paid", order_no="2", amount=1))
    assert chain.rows("SELECT priority FROM member_queue") == [(0,)]


def test_a_sender_tells_of_its_own_stores_only(chain: Chain) -> None:
    told = [event("store.visited", store="S1"), event("store.visited", store="S2"), event("store.visited")]
    with chain.database.begin() as session:
        result = ingest(session, told, now=NOW, keys=chain.keys, stores=(chain.stores["S1"],))
    assert result.accepted == 1
    assert [one.index for one in result.rejected] == [1, 2]


def test_what_hq_declares_personal_is_sealed(chain: Chain) -> None:
    with chain.database.begin() as session:
        document = '{"fields": {"member.id_card": {"type": "text", "personal": true}, "member.shoe": {"type": "text"}}}'
        session.add(Version(kind="fields", key="ours", n=1, hash="h", bundle_hash="b", document=document,
                            published_at=NOW, published_by="test"))  # fmt: skip
        session.add(Live(kind="fields", key="ours", version=1, first_published_at=NOW))
    chain.tell(event("member.registered", subject="member:1", id_card="110101", shoe="43"))
    assert chain.rows("SELECT data FROM events") == [({"shoe": "43"},)]
    [(member, attributes, sealed)] = chain.rows("SELECT id, attributes, personal_enc FROM members")
    assert attributes == {"shoe": "43"}
    assert chain.keys.open_json(bytes(sealed)) == {"id_card": "110101"}
    with chain.database.begin() as session:
        facts = read_facts(
            session, chain.keys, member_id=member, store_id=None, associate_id=None,
            paths={"member.id_card", "member.shoe", "member.friend"}, now=NOW,
        )  # fmt: skip
    assert {"id_card": "110101", "shoe": "43", "friend": False}.items() <= facts["member"].items()
