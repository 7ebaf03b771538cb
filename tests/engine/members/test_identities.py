"""Who is meant: identities that meet, merge or are disputed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from engine.events.incoming import IncomingEvent
from engine.members.handles import Handle, HandleError, parse_handle
from engine.members.merge import merge
from tests.engine.chain import NOW, Chain, event


def people(chain: Chain) -> list[list[str]]:
    """The identities of each living member, members by age."""
    rows = chain.rows("""
        SELECT m.id, i.kind, i.value_enc FROM members m LEFT JOIN identities i ON i.member_id = m.id
        WHERE m.merged_into IS NULL ORDER BY m.id, i.kind""")
    found: dict[int, list[str]] = {}
    for member, kind, sealed in rows:
        found.setdefault(member, []).append(f"{kind}:{chain.keys.open(bytes(sealed)).decode()}")
    return [sorted(one) for one in found.values()]


def visit(subject: str, *identities: str) -> IncomingEvent:
    return event("store.visited", subject=subject, identities=list(identities))


CASES: list[tuple[str, list[IncomingEvent], list[list[str]], int]] = [
    ("two strangers", [visit("member:1"), visit("member:2")], [["member:1"], ["member:2"]], 0),
    ("all identities of a new person", [visit("member:1", "unionid:u", "phone:138 0000 0000")],
     [["member:1", "phone:13800000000", "unionid:u"]], 0),
    ("a further identity", [visit("member:1"), visit("member:1", "openid:o")], [["member:1", "openid:o"]], 0),
    ("named by what was learnt", [visit("member:1", "unionid:u"), visit("unionid:u", "card:c")],
     [["card:c", "member:1", "unionid:u"]], 0),
    ("two become one", [visit("external_userid:w"), visit("member:1"), visit("member:1", "external_userid:w")],
     [["external_userid:w", "member:1"]], 0),
    ("three become one", [visit("openid:o"), visit("card:c"), visit("member:1", "openid:o", "card:c")],
     [["card:c", "member:1", "openid:o"]], 0),
    ("two member numbers", [visit("member:1"), visit("member:2"), visit("member:1", "member:2")],
     [["member:1"], ["member:2"]], 1),
    ("two unionids by one phone",
     [visit("unionid:u", "phone:13800000000"), visit("unionid:v"), visit("unionid:v", "phone:13800000000")],
     [["phone:13800000000", "unionid:u"], ["unionid:v"]], 1),
    ("a second unionid is another person's", [visit("unionid:u"), visit("unionid:u", "unionid:v")],
     [["unionid:u"], ["unionid:v"]], 1),
    ("two member numbers in one first event", [visit("member:1", "member:2", "openid:o")],
     [["member:1", "openid:o"], ["member:2"]], 1),
    ("a phone ties a till's member to a WeCom contact",
     [visit("member:1", "phone:13800000000"), visit("unionid:u"), visit("unionid:u", "phone:13800000000")],
     [["member:1", "phone:13800000000", "unionid:u"]], 0),
    ("a dispute does not stop what else is learnt",
     [visit("member:1"), visit("member:2"), visit("member:1", "member:2", "openid:o")],
     [["member:1", "openid:o"], ["member:2"]], 1),
    ("a phone number that registers", [event("member.registered", subject="member:1", phone="+8613800000000")],
     [["member:1", "phone:13800000000"]], 0),
]  # fmt: skip


@pytest.mark.parametrize(("told", "expected", "disputes"), [pytest.param(t, e, d, id=name) for name, t, e, d in CASES])
def test_events_make_these_people(
    chain: Chain, told: list[IncomingEvent], expected: list[list[str]], disputes: int
) -> None:
    for each in told:
        chain.tell(each)
    assert people(chain) == expected
    assert chain.rows("SELECT count(*) FROM disputes") == [(disputes,)]


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_one_batch_makes_the_same_people(
    chain: Chain, case: tuple[str, list[IncomingEvent], list[list[str]], int]
) -> None:
    chain.tell(*case[1])
    assert people(chain) == case[2]


def test_the_older_survives_and_everything_becomes_theirs(chain: Chain) -> None:
    old, new = "external_userid:w", "member:1"
    chain.tell(
        event("contact.added", 0, old, associate="lin", channel="S1-till"), event("group.joined", 1, old, chat="wr1")
    )
    chain.tell(
        event("contact.added", 5, new, associate="lin"),
        event("contact.added", 6, new, associate="su"),
        event("coupon.claimed", 7, new, batch="HOOK", code="C0"),
        event("member.updated", 8, new, tier="gold", nickname="小林"),
    )
    [(first,), (second,)] = chain.rows("SELECT id FROM members ORDER BY id")
    chain.tell(visit("member:1", "external_userid:w"))
    assert chain.rows("SELECT DISTINCT member_id FROM events") == [(first,)]
    assert chain.rows("SELECT id, merged_into FROM members ORDER BY id") == [(first, None), (second, first)]
    assert [row[:6] for row in chain.relations()] == [
        ("lin", None, 0, None, None, "new_corp"),
        ("su", None, 6, None, None, "new_store"),
    ]
    assert [row[0] for row in chain.seats()] == ["wr1"]
    assert chain.rows("SELECT member_id FROM coupons WHERE code = 'C0'") == [(first,)]
    assert chain.rows("SELECT attributes FROM members WHERE id = :id", id=first) == [({"tier": "gold"},)]
    assert chain.rows("SELECT member_id FROM member_queue") == [(first,)]


def test_open_relations_of_both_with_one_associate_become_one(chain: Chain) -> None:
    chain.tell(visit("member:1"), visit("member:2"))
    with chain.database.begin() as session:
        session.connection().exec_driver_sql("""
            INSERT INTO relations (associate_id, member_id, full_at, kind)
            SELECT a.id, m.id, '2025-12-01T00:00:00Z', 'new_corp' FROM associates a, members m WHERE a.key = 'lin'""")
    [(first,), (second,)] = chain.rows("SELECT id FROM members ORDER BY id")
    with chain.database.begin() as session:
        assert merge(session, second, first, keys=chain.keys, now=NOW) == first
        assert merge(session, first, second, keys=chain.keys, now=NOW) == first
    assert chain.rows("SELECT member_id, kind FROM relations") == [(first, "new_corp")]


def test_whoever_merged_before_points_to_the_last_survivor(chain: Chain) -> None:
    chain.tell(visit("card:a"), visit("card:b"), visit("card:c"))
    chain.tell(visit("card:b", "card:c"))
    chain.tell(visit("card:a", "card:b"))
    [(first, _), *others] = chain.rows("SELECT id, merged_into FROM members ORDER BY id")
    assert [into for _, into in others] == [first, first]


def test_a_merged_id_still_names_the_person(chain: Chain) -> None:
    chain.tell(visit("card:a"), visit("card:b"), visit("card:a", "card:b"))
    [(first,), (second,)] = chain.rows("SELECT id FROM members ORDER BY id")
    chain.tell(IncomingEvent("waystation:test", "x", "custom.x", None, NOW - timedelta(minutes=1), {}, second))
    assert chain.rows("SELECT DISTINCT member_id FROM events") == [(first,)]


def test_a_coupon_names_its_holder(chain: Chain) -> None:
    chain.tell(event("coupon.claimed", subject="member:1", batch="HOOK", code="C0"))
    chain.tell(event("coupon.redeemed", subject=None, batch="HOOK", code="C0", store="S1"))
    assert chain.rows("SELECT count(DISTINCT member_id), count(member_id) FROM events") == [(1, 2)]
    assert chain.rows("SELECT status FROM coupons WHERE code = 'C0'") == [("redeemed",)]


@pytest.mark.parametrize("text", ["", "member", ":1", "member:", "visitor:x", "phone:12", "phone:+", "who:1", "card: "])
def test_what_is_no_handle_is_refused(text: str) -> None:
    with pytest.raises(HandleError):
        parse_handle(text)


@pytest.mark.parametrize("text", ["phone:138-0000-0000", "phone:+86 13800000000", "phone:008613800000000"])
def test_one_phone_number_has_one_handle(text: str) -> None:
    assert parse_handle(text) == Handle("phone", "13800000000")


def at_once(*works: Callable[[], object]) -> None:
    """Runs all of them at the same time and lets the first error out."""
    barrier, errors = threading.Barrier(len(works)), []

    def go(work: Callable[[], object]) -> None:
        barrier.wait()
        try:
            work()
        except BaseException as error:  # noqa: BLE001  # told to the test below
            errors.append(error)

    threads = [threading.Thread(target=go, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_the_same_events_posted_at_once_are_accepted_once(chain: Chain) -> None:
    accepted: list[int] = []
    for n in range(8):
        batch = [visit(f"member:{n}-{i}", f"unionid:{n}-{i}") for i in range(10)]
        at_once(*[partial(lambda told: accepted.append(chain.tell(*told).accepted), batch)] * 3)
        assert sum(accepted) == 10 * (n + 1)
    assert chain.rows("SELECT count(*) FROM events") == [(80,)]
    assert chain.rows("SELECT count(*) FROM members") == [(80,)]


def test_people_who_merge_crosswise_at_once_end_as_one(chain: Chain) -> None:
    for n in range(10):
        a, b, c = (f"{kind}:{n}" for kind in ("openid", "card", "external_userid"))
        chain.tell(visit(a), visit(b), visit(c))
        at_once(
            partial(chain.tell, visit(a, b), event("contact.added", 1, b, associate="lin")),
            partial(chain.tell, visit(c, b), event("contact.added", 2, c, associate="lin")),
            partial(chain.tell, visit(c, a), event("group.joined", 3, a, chat="wr1")),
        )
        [person] = people(chain)[-1:]
        assert person == sorted([a, b, c])
    assert len(people(chain)) == 10
    assert chain.rows("SELECT count(*) FROM relations") == [(10,)]
    assert chain.rows(
        "SELECT count(*) FROM events e JOIN members m ON m.id = e.member_id WHERE m.merged_into IS NOT NULL"
    ) == [(0,)]
