"""Taking callbacks in, on a real database: what happens at once, what waits, and what WeCom's answers make of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

import pytest

from engine.database import retrying
from engine.events.incoming import IncomingEvent
from engine.wecom import inbox, xml
from engine.wecom.answers import Customer, GroupChat, instant
from engine.wecom.chats import Look
from engine.wecom.intake import DELAYS, LAG, OUTAGE, Intake, Receipt, Settled
from engine.wecom.meanings import NoLook
from engine.wecom.xml import Fields
from tests.engine.chain import NOW, Chain
from tests.engine.wecom.callbacks import AT, callback, chat, contact, members

T = TypeVar("T")
CHAT = "wr1"


class House:
    """A chain that receives callbacks, and a router's hands."""

    def __init__(self, chain: Chain) -> None:
        self.chain, self.now = chain, NOW

    def do(self, work: Callable[[Intake], T]) -> T:
        return retrying.run(self.chain.database, lambda session: work(Intake(session, self.chain.keys, self.now)))

    def receive(self, event: Fields, app: str = "main") -> Receipt:
        return self.do(lambda intake: intake.receive(app, "ww1", event))

    def settle(self, look: Look | None, upto: int | None = None) -> Settled:
        return self.do(lambda intake: intake.settle_chat(CHAT, look, upto=upto))

    def lease(self, *, limit: int = 10) -> list[inbox.Due]:
        until = self.now + timedelta(seconds=30)
        return self.do(lambda intake: inbox.lease(intake.session, now=self.now, until=until, limit=limit))

    def events(self) -> list[tuple[str, str | None]]:
        return [(kind, who) for kind, who in self.chain.rows("SELECT type, subject FROM events ORDER BY seq")]

    def version(self) -> str | None:
        ((version,),) = self.chain.rows("SELECT member_version FROM chats WHERE chat_id = :chat", chat=CHAT)
        found: str | None = version
        return found

    def sitting(self) -> int:
        ((count,),) = self.chain.rows("SELECT count(*) FROM seats WHERE left_at IS NULL")
        return int(count)

    def waiting(self) -> int:
        ((count,),) = self.chain.rows("SELECT count(*) FROM callbacks WHERE mapped_at IS NULL")
        return int(count)


@pytest.fixture
def house(chain: Chain) -> House:
    with chain.database.begin() as session:
        session.connection().exec_driver_sql("UPDATE chats SET member_version = 'v0' WHERE chat_id = 'wr1'")
    return House(chain)


def added(**fields: str | int | list[str]) -> Fields:
    return contact("add_external_contact", **{"UserID": "wecom-lin", **fields})


def group(version: str, *userids: str, at: int = AT, **more: object) -> GroupChat:
    seats = [{"userid": one, "type": 2, "join_time": at, "join_scene": 3, "unionid": f"oU-{one}"} for one in userids]
    shown: dict[str, object] = {"chat_id": CHAT, "owner": "wecom-lin", "name": "群", "member_version": version}
    return GroupChat.model_validate({**shown, "member_list": [{"userid": "wecom-lin", "type": 1}, *seats], **more})


def test_an_add_has_its_effect_at_once(house: House) -> None:
    assert house.receive(added(State="st-S1-till", WelcomeCode="w1")) == Receipt(
        "mapped", "change_external_contact/add_external_contact"
    )
    ((priority, data, waits),) = house.chain.rows(
        "SELECT priority, data, routed_at IS NULL FROM events WHERE type = 'contact.added'"
    )
    assert (priority, waits) == (0, True)
    assert data == {"associate": "wecom-lin", "half": False, "state": "st-S1-till", "welcome_code": "w1"}
    ((associate, *_, ended_at, by, kind, channel, store),) = house.chain.relations()
    assert (associate, ended_at, by, kind, channel, store) == ("lin", None, None, "new_corp", "S1-till", "S1")


def test_what_is_kept_of_a_callback_is_sealed(house: House) -> None:
    house.receive(added())
    ((body, kind, mapped),) = house.chain.rows("SELECT body_enc, kind, mapped_at IS NOT NULL FROM callbacks")
    assert b"wmA" not in bytes(body)
    assert (kind, mapped) == ("change_external_contact/add_external_contact", True)


@pytest.mark.parametrize(
    "event",
    [added(), contact("edit_external_contact"), members("add_member", "wmA", "v0", "v1"), chat("dismiss")],
)
def test_a_repeated_delivery_has_no_effect_in_whatever_order_its_elements_stand(house: House, event: Fields) -> None:
    house.receive(event)
    before = house.events()
    again = dict(reversed(event.items()))
    assert house.receive(again, app="other").outcome == "repeated"
    assert house.events() == before
    assert house.chain.rows("SELECT count(*) FROM callbacks") == [(1,)]


def test_a_callback_of_long_ago_or_from_a_clock_that_runs_ahead_is_taken(house: House) -> None:
    years = 3 * 365 * 86400
    for at in (AT, int(NOW.timestamp()) + years):
        house.receive(added(CreateTime=at, ExternalUserID=f"wm{at}"))
    assert len(house.chain.relations()) == 2


def test_half_then_full_are_one_add_and_its_confirmation(house: House) -> None:
    house.receive(contact("add_half_external_contact", UserID="wecom-lin", State="st-S1-till"))
    house.receive(added(CreateTime=AT + 60))
    assert [kind for kind, _ in house.events()] == ["contact.added", "contact.confirmed"]
    ((_, half, full, *_),) = house.chain.relations()
    assert full - half == 1


@pytest.mark.parametrize(("change", "by"), [("del_follow_user", "customer"), ("del_external_contact", "staff")])
def test_who_ended_a_relation_is_told(house: House, change: str, by: str) -> None:
    house.receive(added())
    house.receive(contact(change, UserID="wecom-lin", CreateTime=AT + 60))
    ((_, _, _, _, ended_by, *_),) = house.chain.relations()
    assert ended_by == by


def test_the_relation_with_an_employee_we_do_not_know_is_recorded(house: House) -> None:
    house.receive(added(UserID="zhang@hq", State="no-such-state"))
    house.receive(added(UserID="wang", ExternalUserID="wmB"))
    rows = house.chain.rows("""
        SELECT wecom_userid, a.key, r.full_at IS NOT NULL, r.channel_id, r.store_id
        FROM relations r JOIN associates a ON a.id = r.associate_id ORDER BY r.id""")
    assert [(row[0], *row[2:]) for row in rows] == [("zhang@hq", True, None, None), ("wang", True, None, None)]
    assert [row[1].startswith("wecom-") for row in rows] == [True, False]


def test_somebody_outside_the_customer_relation_is_no_associate(house: House) -> None:
    house.receive(callback("change_contact", "create_user", UserID="clerk"))
    assert house.chain.rows("SELECT count(*) FROM associates WHERE wecom_userid = 'clerk'") == [(0,)]
    assert house.events() == [("associate.joined", "associate:clerk")]


def test_an_associate_who_leaves_the_company_is_no_longer_active(house: House) -> None:
    house.receive(callback("change_contact", "delete_user", UserID="wecom-lin"))
    assert house.chain.rows("SELECT active FROM associates WHERE key = 'lin'") == [(False,)]


@pytest.mark.parametrize(
    "event",
    [
        contact("edit_external_contact"),
        callback("change_contact", "create_party", Id=3),
        callback("change_external_tag", "create", Id="t1"),
        xml.read(b"<xml><Event>x</Event></xml>"),
        added(UserID="x" * 257),
        chat("create", ChatId="x" * 257),
    ],
)
def test_what_has_no_effect_is_kept_with_its_reason(house: House, event: Fields) -> None:
    receipt = house.receive(event)
    assert receipt.outcome == "mapped"
    assert receipt.reason
    assert "wmA" not in receipt.reason
    assert house.chain.rows("SELECT error, mapped_at IS NOT NULL FROM callbacks") == [(receipt.reason, True)]
    assert house.events() == []


def test_a_joining_waits_for_the_group_and_brings_code_and_person(house: House) -> None:
    assert house.receive(members("add_member", "wmA", "v0", "v1", JoinScene=3)).outcome == "waiting"
    assert house.events() == []
    look = group("v1", "wmA")
    shown = look.member_list[1].model_copy(update={"state": "st-S1-shelf"})
    settled = house.settle(look.model_copy(update={"member_list": (look.member_list[0], shown)}))
    assert settled.mapped == 1
    assert house.events() == [("group.joined", "external_userid:wmA")]
    assert [(seat[0], *seat[2:]) for seat in house.chain.seats()] == [(CHAT, None, None, "S1-shelf", "qr")]
    assert house.chain.rows("SELECT kind FROM identities ORDER BY kind") == [("external_userid",), ("unionid",)]
    assert (house.version(), house.waiting()) == ("v1", 0)


@pytest.mark.parametrize("listed", ["wmA,wmB", ["wmA", "wmB"]])
def test_one_event_per_member_in_both_encodings(house: House, listed: str | list[str]) -> None:
    house.receive(members("add_member", listed, "v0", "v1"))
    house.settle(group("v1", "wmA", "wmB"))
    house.receive(members("del_member", listed, "v1", "v2", CreateTime=AT + 60))
    assert sorted(house.events()) == [
        (kind, f"external_userid:{who}") for kind in ("group.joined", "group.left") for who in ("wmA", "wmB")
    ]
    assert (house.sitting(), house.version(), house.waiting()) == (0, "v2", 0)


def test_a_leaving_that_follows_is_told_at_once_but_never_overtakes(house: House) -> None:
    house.receive(members("add_member", "wmA", "v0", "v1"))
    assert house.receive(members("del_member", "wmA", "v1", "v2", CreateTime=AT + 60)).outcome == "waiting"
    assert house.settle(group("v2")).mapped == 2
    assert [kind for kind, _ in house.events()] == ["group.joined", "group.left"]
    assert (house.sitting(), house.version()) == (0, "v2")


def test_who_joined_and_left_at_once_keeps_nobody_waiting(house: House) -> None:
    house.receive(members("add_member", "wmA", "v7", "v8"))
    house.receive(members("del_member", "wmA", "v8", "v9", CreateTime=AT + 2))
    house.receive(members("add_member", "wmB", "v9", "v10", CreateTime=AT + 3))
    assert house.settle(group("v10", "wmB")).mapped == 3
    assert house.events() == [
        ("group.joined", "external_userid:wmA"),
        ("group.joined", "external_userid:wmB"),
        ("group.left", "external_userid:wmA"),
    ]
    assert (house.sitting(), house.version()) == (1, "v10")


def test_staff_in_a_list_get_no_seat(house: House) -> None:
    with house.chain.database.begin() as session:
        session.connection().exec_driver_sql("UPDATE associates SET wecom_userid = 'wodan' WHERE key = 'su'")
    house.receive(members("add_member", "wmA,wodan", "v0", "v1"))
    house.settle(group("v1", "wmA"))
    assert house.events() == [("group.joined", "external_userid:wmA")]


def test_staff_of_other_companies_are_told_once_and_hold_no_seat(house: House) -> None:
    house.receive(members("add_member", "wmA", "v7", "v8"))
    house.settle(group("v8", "wmA"))
    with house.chain.database.begin() as session:
        session.connection().exec_driver_sql("UPDATE members SET is_staff = true")
        session.connection().exec_driver_sql("DELETE FROM seats")
    house.receive(members("add_member", "wmB", "v9", "v10", CreateTime=AT + 60))
    house.settle(group("v10", "wmA", "wmB"))
    assert [who for _, who in house.events()] == ["external_userid:wmA", "external_userid:wmB"]


def test_a_missed_change_is_found_by_comparing_the_group(house: House) -> None:
    house.receive(members("add_member", "wmC", "v2", "v3"))
    house.settle(group("v3", "wmA", "wmB", "wmC"))
    assert (house.sitting(), house.version()) == (3, "v3")
    house.receive(members("add_member", "wmD", "v5", "v6", CreateTime=AT + 600))
    house.settle(group("v6", "wmB", "wmC", "wmD"))
    assert (house.sitting(), house.version()) == (3, "v6")
    left = house.chain.rows("SELECT data FROM events WHERE type = 'group.left'")
    assert left == [({"chat": CHAT, "by": "unknown"},)]


def test_a_group_that_lags_is_asked_again_after_a_rest_and_in_the_end_believed_no_more(house: House) -> None:
    house.receive(members("add_member", "wmA", "v3", "v4"))
    for delay in DELAYS[:3]:
        (due,) = house.lease()
        assert (due.app, due.chat_id) == ("main", CHAT)
        assert house.settle(group("v2"), due.upto).mapped == 0
        assert house.lease() == []
        house.now += delay
    house.now = NOW + LAG
    settled = house.settle(group("v2"))
    assert list(settled.reasons.values()) == ["the group does not show the change"]
    assert house.events() == [("group.joined", "external_userid:wmA")]
    assert (house.version(), house.waiting()) == (None, 0)


def test_what_came_after_a_look_is_not_judged_by_it(house: House) -> None:
    house.receive(members("add_member", "wmA", "v0", "v1"))
    (due,) = house.lease()
    house.receive(members("add_member", "wmB", "v1", "v2", CreateTime=AT + 1))
    assert house.settle(group("v1", "wmA"), due.upto).mapped == 1
    assert house.chain.rows("SELECT failures FROM callbacks WHERE mapped_at IS NULL") == [(0,)]
    assert len(house.lease()) == 1


def test_only_the_first_callback_of_a_chat_is_leased_and_only_once(house: House) -> None:
    for number in range(3):
        house.receive(members("add_member", f"wm{number}", f"v{number}", f"v{number + 1}", CreateTime=AT + number))
    house.receive(members("add_member", "wmX", "a", "b", ChatId="wr2"))
    assert [due.chat_id for due in house.lease()] == [CHAT, "wr2"]
    assert house.lease() == []
    house.now += timedelta(seconds=31)
    assert len(house.lease(limit=1)) == 1


def test_a_new_group_is_known_at_the_store_of_its_owner(house: House) -> None:
    house.receive(chat("create", ChatId="wrNew"))
    look = group("v1", "wmA", chat_id="wrNew", create_time=AT - 60)
    house.do(lambda intake: intake.settle_chat("wrNew", look))
    rows = house.chain.rows("""
        SELECT c.title, s.key, a.key, c.member_version, c.created_at FROM chats c
        JOIN stores s ON s.id = c.store_id JOIN associates a ON a.id = c.owner_id WHERE chat_id = 'wrNew'""")
    assert rows == [({"zh": "群", "en": "群"}, "S1", "lin", "v1", instant(AT - 60))]
    assert [seat[0] for seat in house.chain.seats()] == ["wrNew"]


def test_a_change_of_owner_moves_nobody_and_a_new_name_replaces_the_title(house: House) -> None:
    house.receive(chat("update", UpdateDetail="change_owner"))
    house.settle(group("v0", owner="wecom-su", name="新名"))
    house.receive(chat("update", UpdateDetail="change_name", CreateTime=AT + 1))
    house.settle(group("v0", owner="wecom-su", name="新名"))
    rows = house.chain.rows(
        "SELECT a.key, c.title, s.key FROM chats c JOIN associates a ON a.id = owner_id"
        " JOIN stores s ON s.id = c.store_id WHERE chat_id = :chat", chat=CHAT
    )  # fmt: skip
    assert rows == [("su", {"zh": "新名", "en": "新名"}, "S1")]
    assert house.events() == []


def test_dismissal_ends_every_seat_at_once(house: House) -> None:
    house.receive(members("add_member", "wmA,wmB", "v0", "v1"))
    house.settle(group("v1", "wmA", "wmB"))
    assert house.receive(chat("dismiss", CreateTime=AT + 60)).outcome == "mapped"
    assert [seat[3] for seat in house.chain.seats()] == ["dismissed", "dismissed"]
    assert house.chain.rows("SELECT dismissed_at FROM chats WHERE chat_id = :chat", chat=CHAT) == [(instant(AT + 60),)]


def test_what_happened_in_a_group_that_is_gone_is_told_before_its_end(house: House) -> None:
    house.receive(members("add_member", "wmA", "v0", "v1"))
    house.receive(chat("dismiss", CreateTime=AT + 60))
    assert house.settle(NoLook.GONE).mapped == 2
    assert [kind for kind, _ in house.events()] == ["group.joined", "group.left"]
    assert house.sitting() == 0


def test_a_person_with_two_names_at_wecom_holds_one_seat(house: House) -> None:
    house.receive(members("add_member", "wmA", "v0", "v1"))
    house.settle(group("v1", "wmA"))
    both = {"identities": ["external_userid:wmA2"]}
    house.chain.tell(IncomingEvent("test", "m1", "member.updated", "external_userid:wmA", NOW, both))
    house.receive(members("add_member", "wmB", "v7", "v8", CreateTime=AT + 60))
    house.settle(group("v8", "wmA2", "wmB"))
    assert [kind for kind, _ in house.events() if kind == "group.left"] == []
    assert house.sitting() == 2


def transfer(house: House) -> int:
    house.receive(added())
    gone = {"UserID": "wecom-lin", "Source": "DELETE_BY_TRANSFER", "CreateTime": AT + 600}
    assert house.receive(contact("del_external_contact", **gone)).outcome == "waiting"
    (due,) = house.lease()
    assert due.chat_id is None
    return due.id


def customer(*follows: tuple[str, int]) -> Customer:
    follow = [{"userid": userid, "add_way": way, "createtime": AT + 600} for userid, way in follows]
    return Customer.model_validate({"external_contact": {"external_userid": "wmA"}, "follow_user": follow})


def test_a_transfer_is_completed_by_who_has_the_customer_now(house: House) -> None:
    waiting = transfer(house)
    found = customer(("wecom-chen", 202), ("wecom-su", 1))
    assert house.do(lambda intake: intake.settle_transfer(waiting, found)).mapped == 1
    assert [(row[0], row[4], row[5]) for row in house.chain.relations()] == [
        ("lin", "transfer", "new_corp"),
        ("chen", None, "transfer"),
    ]
    assert house.do(lambda intake: intake.settle_transfer(waiting, found)).mapped == 0


def test_a_transfer_of_which_wecom_tells_nothing_ends_the_old_relation_in_the_end(house: House) -> None:
    waiting = transfer(house)
    assert house.do(lambda intake: intake.settle_transfer(waiting, NoLook.UNANSWERED)).mapped == 0
    house.now += OUTAGE
    settled = house.do(lambda intake: intake.settle_transfer(waiting, NoLook.UNANSWERED))
    assert settled.mapped == 1
    assert [row[4] for row in house.chain.relations()] == ["transfer"]


def test_callbacks_are_forgotten_when_ingest_has_forgotten_their_events(house: House) -> None:
    house.receive(added())
    house.receive(members("add_member", "wmA", "v0", "v1"))

    def trim(now: datetime) -> int:
        return house.do(lambda intake: inbox.trim(intake.session, now=now))

    assert trim(NOW + inbox.KEPT) == 0
    assert trim(NOW + inbox.KEPT + timedelta(seconds=1)) == 1
    assert house.waiting() == 1
