"""Group changes against what our ledger knows."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.wecom import chats
from engine.wecom.answers import GroupChat
from engine.wecom.mapping import read
from engine.wecom.meanings import ChatChanged, ChatDismissed, ChatUpdate, KnownChat, NeedsChat, StillBehind
from engine.wecom.xml import Fields
from tests.engine.wecom.callbacks import AT, chat, members

KNOWN = KnownChat("wr1", "v0", frozenset({"wmOld"}))


def change(event: Fields) -> ChatChanged:
    meaning = read(event, "ww1")
    assert isinstance(meaning, ChatChanged)
    return meaning


def group(version: str | None, *userids: str, staff: str = "lin") -> GroupChat:
    seats = [{"userid": userid, "type": 2, "join_time": AT + 5, "join_scene": 3} for userid in userids]
    shown = {"chat_id": "wr1", "owner": staff, "member_version": version}
    return GroupChat.model_validate({**shown, "member_list": [{"userid": staff, "type": 1}, *seats]})


def told(update: object) -> list[tuple[str, str]]:
    assert isinstance(update, ChatUpdate)
    return [(event.type, event.subject.removeprefix("external_userid:")) for event in update.events]


def test_a_list_that_follows_our_version_is_applied() -> None:
    update = chats.apply(change(members("add_member", "wmA,wmB,lin", "v0", "v1", JoinScene=3)), KNOWN)
    assert told(update) == [("group.joined", "wmA"), ("group.joined", "wmB")]
    assert isinstance(update, ChatUpdate)
    assert update.version == "v1"
    assert update.events[0].data == {"chat": "wr1", "scene": "qr"}
    assert len({event.id for event in update.events}) == 2


@pytest.mark.parametrize(("scene", "by"), [("0", "self"), ("1", "removed"), ("9", "unknown")])
def test_who_ended_a_seat_is_read_from_the_scene(scene: str, by: str) -> None:
    update = chats.apply(change(members("del_member", ["wmOld"], "v0", "v1", QuitScene=scene)), KNOWN)
    assert told(update) == [("group.left", "wmOld")]
    assert isinstance(update, ChatUpdate)
    assert update.events[0].data == {"chat": "wr1", "by": by}


def test_staff_with_the_id_of_a_customer_hold_no_seat_when_known() -> None:
    joined = change(members("add_member", "wmA,wodan", "v0", "v1"))
    assert told(chats.apply(joined, KNOWN, {"wodan"})) == [("group.joined", "wmA")]


def test_a_change_that_is_applied_already_tells_nothing() -> None:
    assert chats.apply(change(members("add_member", "wmA", "v9", "v0")), KNOWN) == ChatUpdate("wr1")


@pytest.mark.parametrize(
    "event",
    [
        members("add_member", "wmA", "v-other", "v1"),
        members("add_member", "wmA", "v0", ""),
        members("add_member", "", "v0", "v1"),
        members("add_member", "wmA", "v0", "v1", MemChangeCnt=2),
        chat("update", UpdateDetail="change_owner"),
        chat("create"),
    ],
)
def test_what_cannot_be_trusted_asks_for_the_group(event: Fields) -> None:
    assert isinstance(chats.apply(change(event), KNOWN), NeedsChat)


def test_a_group_whose_version_we_never_saw_is_asked_for() -> None:
    assert isinstance(chats.apply(change(members("add_member", "wmA", "", "v1")), KnownChat("wr1")), NeedsChat)


def test_the_difference_tells_who_joined_and_who_left() -> None:
    seen = change(members("del_member", "wmOld", "v7", "v8", QuitScene=0))
    update = chats.difference(seen, KNOWN, group("v8", "wmA"))
    assert told(update) == [("group.left", "wmOld"), ("group.joined", "wmA")]
    assert isinstance(update, ChatUpdate)
    assert (update.version, update.owner) == ("v8", "lin")
    assert update.events[0].data["by"] == "self"
    assert update.events[1].time.timestamp() == AT + 5
    assert update.events[1].data["scene"] == "qr"


def test_a_group_that_does_not_show_the_change_yet_is_asked_again() -> None:
    seen = change(members("add_member", "wmA", "v7", "v8"))
    assert chats.difference(seen, KNOWN, group("v0", "wmOld")) == StillBehind("wr1")


def test_a_change_of_owner_is_no_exit() -> None:
    update = chats.difference(
        change(chat("update", UpdateDetail="change_owner")), KNOWN, group("v0", "wmOld", staff="su")
    )
    assert told(update) == []
    assert isinstance(update, ChatUpdate)
    assert update.owner == "su"


def test_dismissal_ends_every_seat() -> None:
    gone = read(chat("dismiss"), "ww1")
    assert isinstance(gone, ChatDismissed)
    update = chats.dismiss(gone, KnownChat("wr1", "v0", frozenset({"wmA", "wmB"})))
    assert told(update) == [("group.left", "wmA"), ("group.left", "wmB")]
    assert {event.data["by"] for event in update.events} == {"dismissed"}
    assert update.dismissed


def seats_after(known: KnownChat, update: ChatUpdate) -> KnownChat:
    seats = set(known.members)
    for event in update.events:
        member = event.subject.removeprefix("external_userid:")
        (seats.add if event.type == "group.joined" else seats.discard)(member)
    return KnownChat(known.chat_id, update.version or known.member_version, frozenset(seats))


@given(st.lists(st.sampled_from(["wmA", "wmB", "wmC", "wmD"]), max_size=12), st.randoms(use_true_random=False))
def test_lost_repeated_and_reordered_callbacks_end_at_the_true_members(moves: list[str], fate: random.Random) -> None:
    """Whatever reaches us, in whatever order, a last change that does arrive leaves our seats as WeCom shows them."""
    truth, versions, sent = set[str](), ["v0"], list[Fields]()
    for number, member in enumerate([*moves, "wmLast"], start=1):
        detail = "del_member" if member in truth else "add_member"
        truth ^= {member}
        versions.append(f"v{number}")
        sent.append(members(detail, [member], versions[-2], versions[-1]))
    kept = [event for event in sent[:-1] if fate.random() > 0.3]
    arrived = [event for event in kept for _ in range(fate.randint(1, 2))]
    fate.shuffle(arrived)
    known = KnownChat("wr1", "v0")
    for event in [*arrived, sent[-1]]:
        update: object = chats.apply(change(event), known)
        if isinstance(update, NeedsChat):
            update = chats.difference(change(event), known, group(versions[-1], *truth))
        if isinstance(update, ChatUpdate):
            known = seats_after(known, update)
    assert known.members == truth
