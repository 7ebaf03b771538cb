"""Group changes against what our ledger knows."""

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.seats.ledger import SeatFact, derive
from engine.wecom import chats
from engine.wecom.answers import GroupChat, instant
from engine.wecom.mapping import read
from engine.wecom.meanings import (
    ChatChanged,
    ChatDismissed,
    ChatUpdate,
    KnownChat,
    NeedsChat,
    NoLook,
    SeatSpan,
    StillBehind,
)
from engine.wecom.xml import Fields
from tests.engine.wecom.callbacks import AT, chat, members

KNOWN = KnownChat("wr1", "v0", frozenset({"wmOld"}))


def change(event: Fields) -> ChatChanged:
    meaning = read(event, "ww1")
    assert isinstance(meaning, ChatChanged)
    return meaning


def group(version: str | None, *userids: str, staff: str = "lin", at: int = AT + 5) -> GroupChat:
    seats = [{"userid": userid, "type": 2, "join_time": at, "join_scene": 3} for userid in userids]
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
    assert told(chats.apply(joined, replace(KNOWN, staff=frozenset({"wodan"})))) == [("group.joined", "wmA")]


def test_a_change_that_is_applied_already_tells_nothing() -> None:
    assert chats.apply(change(members("add_member", "wmOld", "v9", "v0")), KNOWN) == ChatUpdate("wr1")


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (members("add_member", "wmA", "v9", "v0"), ("group.joined", "wmA")),
        (members("del_member", "wmOld", "v9", "v0"), ("group.left", "wmOld")),
    ],
)
def test_a_seat_that_differs_from_the_version_that_we_mirror_is_mended(event: Fields, kind: tuple[str, str]) -> None:
    assert told(chats.apply(change(event), KNOWN)) == [kind]


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
    update = chats.settle(seen, KNOWN, group("v8", "wmA"))
    assert told(update) == [("group.left", "wmOld"), ("group.joined", "wmA")]
    assert isinstance(update, ChatUpdate)
    assert (update.version, update.owner) == ("v8", "lin")
    assert update.events[0].data["by"] == "self"
    assert update.events[1].time.timestamp() == AT + 5
    assert update.events[1].data["scene"] == "qr"


def test_a_group_that_does_not_show_the_change_yet_is_asked_again() -> None:
    seen = change(members("add_member", "wmA", "v7", "v8"))
    assert chats.settle(seen, KNOWN, group("v0", "wmOld")) == StillBehind("wr1")


def test_a_change_of_owner_is_no_exit() -> None:
    update = chats.settle(change(chat("update", UpdateDetail="change_owner")), KNOWN, group("v0", "wmOld", staff="su"))
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


def test_who_joined_is_looked_at_for_code_and_unionid() -> None:
    joined = change(members("add_member", "wmA", "v0", "v1", JoinScene=3))
    assert isinstance(chats.settle(joined, KNOWN), NeedsChat)
    look = group("v1", "wmOld", "wmA")
    shown = look.member_list[-1].model_copy(update={"state": "s1", "unionid": "oU1"})
    update = chats.settle(joined, KNOWN, look.model_copy(update={"member_list": (*look.member_list[:-1], shown)}))
    assert isinstance(update, ChatUpdate)
    assert update.events[0].data == {"chat": "wr1", "scene": "qr", "state": "s1", "identities": ["unionid:oU1"]}
    assert update.version == "v1"


def test_a_joining_that_is_not_shown_is_told_without_a_code_in_the_end() -> None:
    joined = change(members("add_member", "wmA", "v0", "v1"))
    for look in (group("v0", "wmOld"), NoLook.UNANSWERED):
        assert chats.settle(joined, KNOWN, look) == StillBehind("wr1")
        update = chats.settle(joined, KNOWN, look, patient=False)
        assert told(update) == [("group.joined", "wmA")]
        assert isinstance(update, ChatUpdate)
        assert (update.version, update.certain) == ("v1", True)


def test_what_is_given_up_is_told_as_listed_and_the_group_is_looked_at_next_time() -> None:
    left = change(members("del_member", "wmOld", "v7", "v8", QuitScene=0))
    update = chats.settle(left, KNOWN, group("v5", "wmOld", "wmB", at=AT - 90), patient=False)
    assert told(update) == [("group.left", "wmOld"), ("group.joined", "wmB")]
    assert isinstance(update, ChatUpdate)
    assert not update.certain


def test_what_happened_in_a_group_that_is_gone_is_told() -> None:
    joined = change(members("add_member", "wmA", "v7", "v8"))
    assert told(chats.settle(joined, KNOWN, NoLook.GONE, patient=False)) == [("group.joined", "wmA")]


def test_a_look_from_before_what_we_know_is_not_believed() -> None:
    fresh = {"wmOld": [SeatSpan(instant(AT - 900))], "wmNew": [SeatSpan(instant(AT - 5))]}
    known = KnownChat("wr1", "v5", frozenset(fresh), fresh)
    later = change(members("add_member", "wmA", "v6", "v7"))
    assert chats.settle(later, known, group("v3", "wmOld", "wmA")) == StillBehind("wr1")
    assert told(chats.settle(later, replace(known, leaving=frozenset({"wmNew"})), group("v9", "wmOld", "wmA"))) == [
        ("group.left", "wmNew"),
        ("group.joined", "wmA"),
    ]


def test_who_left_and_came_back_unseen_gets_both_events() -> None:
    known = KnownChat("wr1", "v5", frozenset({"wmA"}), {"wmA": [SeatSpan(instant(AT - 900))]})
    update = chats.settle(change(members("del_member", "wmA", "v6", "v7", QuitScene=1)), known, group("v9", "wmA"))
    assert told(update) == [("group.left", "wmA"), ("group.joined", "wmA")]
    assert isinstance(update, ChatUpdate)
    assert len({event.id for event in update.events}) == 2


class World:
    """A group as it truly changes, the callbacks about it, and our ledger."""

    def __init__(self) -> None:
        self.at, self.truth, self.version = AT, dict[str, int](), 0
        self.history = [(0, dict[str, int]())]
        self.ids, self.facts = set[str](), list[tuple[str, SeatFact]]()
        self.known_version: str | None = "v0"

    def move(self, member: str, seconds: int) -> Fields:
        self.at += seconds
        self.version += 1
        detail = "del_member" if member in self.truth else "add_member"
        if self.truth.pop(member, None) is None:
            self.truth[member] = self.at
        self.history.append((self.version, dict(self.truth)))
        before, after = f"v{self.version - 1}", f"v{self.version}"
        return members(detail, [member], before, after, CreateTime=self.at)

    def look(self, back: int) -> GroupChat:
        version, seats = self.history[max(0, len(self.history) - 1 - back)]
        shown = [{"userid": one, "type": 2, "join_time": at, "join_scene": 3} for one, at in seats.items()]
        return GroupChat.model_validate({"chat_id": "wr1", "member_version": f"v{version}", "member_list": shown})

    def known(self) -> KnownChat:
        spans: dict[str, list[SeatSpan]] = {}
        for member in {one for one, _ in self.facts}:
            seats = derive(fact for one, fact in self.facts if one == member)
            spans[member] = [SeatSpan(one.joined_at, one.left_at) for one in seats]
        sitting = frozenset(one for one, seats in spans.items() if seats and seats[-1].left_at is None)
        return KnownChat("wr1", self.known_version, sitting, spans)

    def take(self, event: Fields, fate: random.Random, *, fresh: bool, behind: Sequence[Fields] = ()) -> None:
        """As the router does: ask, ask again, give up."""
        told = [change(one) for one in behind]
        removed = [one for one in told if one.detail == "del_member" and one.at >= change(event).at]
        leaving = frozenset(member for one in removed for member in one.members)
        for patience in (True, True, False):
            back = 0 if fresh else fate.choice([0, 0, 1, 3])
            known = replace(self.known(), leaving=leaving)
            update = chats.settle(change(event), known, self.look(back), patient=patience)
            if isinstance(update, ChatUpdate):
                return self.note(update)
        raise AssertionError("it never ends")

    def note(self, update: ChatUpdate) -> None:
        for event in update.events:
            assert event.id not in self.ids
            self.ids.add(event.id)
            member, joined = event.subject.removeprefix("external_userid:"), event.type == "group.joined"
            self.facts.append((member, SeatFact(event.time, len(self.ids), "joined" if joined else "left", 1)))
        self.known_version = (update.version or self.known_version) if update.certain else None


MOVES = st.lists(st.tuples(st.sampled_from(["wmA", "wmB", "wmC"]), st.integers(6, 200)), max_size=12)


@given(MOVES, st.randoms(use_true_random=False))
def test_lost_and_reordered_callbacks_and_late_looks_end_at_the_true_members(
    moves: list[tuple[str, int]], fate: random.Random
) -> None:
    """Whatever reaches us, in whatever order, a last change that does arrive leaves our seats as WeCom shows them."""
    world = World()
    sent = [world.move(*move) for move in moves]
    kept = [event for event in sent if fate.random() > 0.3]
    fate.shuffle(kept)
    for place, event in enumerate(kept):
        world.take(event, fate, fresh=False, behind=kept[place + 1 :])
    world.take(world.move("wmLast", 300), fate, fresh=True)
    assert world.known().members == world.truth.keys()


@given(MOVES, st.randoms(use_true_random=False))
def test_callbacks_that_all_arrive_tell_every_joining_and_leaving_once(
    moves: list[tuple[str, int]], fate: random.Random
) -> None:
    """In order, and whether the looks are late or not."""
    world = World()
    for move in moves:
        world.take(world.move(*move), fate, fresh=False)
    assert world.known().members == world.truth.keys()
    assert len(world.ids) == len(moves)
