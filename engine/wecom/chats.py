"""Group changes: when a callback's own list of members may be trusted, and what a fresh look at the group comes to.

WeCom hashes each member list. If the version before the change is the one that our seats mirror, the list in the
callback is applied; otherwise something was missed, and the whole group is compared (facts/wecom.md, 2.8). Whoever
joined is looked at all the same: only the group tells by which code they came, and their unionid.

A look may lag behind the callbacks. It is believed when it shows what the callback tells and contradicts nothing that
we know to be newer; else it is repeated a few times, and then the callback is believed without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from engine.wecom import chat_events
from engine.wecom.answers import CUSTOMER, ChatMember, GroupChat
from engine.wecom.chat_events import SAME, came_back, join_time
from engine.wecom.meanings import (
    ChatChanged,
    ChatDismissed,
    ChatUpdate,
    KnownChat,
    NeedsChat,
    NoLook,
    StillBehind,
    WeComEvent,
)

ADDED, REMOVED = "add_member", "del_member"
MEMBER_CHANGES = (ADDED, REMOVED)
CUSTOMER_PREFIXES = ("wm", "wo")
RECENT = timedelta(minutes=1)
"""Who joined so shortly before a change and is not shown was more likely not shown yet than lost without a word."""
Look = GroupChat | NoLook


def settle(
    change: ChatChanged, known: KnownChat, look: Look | None = None, *, patient: bool = True
) -> ChatUpdate | NeedsChat | StillBehind:
    """What a change comes to, with all that is known and, where it was asked, `groupchat/get`'s answer.

    Not `patient`: there was time enough for a look that shows it, and there will be no other.
    """
    told = apply(change, known)
    if isinstance(told, ChatUpdate):
        return _detailed(change, told, known, look, patient=patient)
    if look is None:
        return told
    if isinstance(look, GroupChat) and not _is_behind(change, known, look):
        return _compared(change, known, look)
    if patient:
        return StillBehind(change.chat_id)
    return _given_up(change, known, look)


def apply(change: ChatChanged, known: KnownChat) -> ChatUpdate | NeedsChat:
    """What the callback alone tells, if it can be trusted."""
    if change.detail not in MEMBER_CHANGES:
        return NeedsChat(change.chat_id, f"{change.detail} tells no details")
    if change.version and change.version == known.member_version:
        return ChatUpdate(change.chat_id, tuple(_told(change, known, _unlike(change, known))))
    if not (change.version and known.member_version) or change.last_version != known.member_version:
        return NeedsChat(change.chat_id, "a change before this one was missed")
    if not change.members or change.count not in (None, len(change.members)):
        return NeedsChat(change.chat_id, "the callback does not list all members")
    listed = customers(change, known)
    changed = listed if change.detail == REMOVED else [one for one in listed if one not in known.members]
    return ChatUpdate(change.chat_id, tuple(_told(change, known, changed)), change.version)


def dismiss(change: ChatDismissed, known: KnownChat) -> ChatUpdate:
    """Everyone who had a seat lost it with the group."""
    sitting = ((one, max(change.at, known.since(one, change.at))) for one in sorted(known.members))
    events = tuple(chat_events.dismissed(change, member, at) for member, at in sitting)
    return ChatUpdate(change.chat_id, events, dismissed=True)


def customers(change: ChatChanged, known: KnownChat) -> list[str]:
    """Who in the callback's list is a customer: their ids begin so, and no employee is known by the id."""
    listed = dict.fromkeys(change.members)
    return [one for one in listed if one not in known.staff and one.startswith(CUSTOMER_PREFIXES)]


def present(look: GroupChat, known: KnownChat) -> dict[str, ChatMember]:
    """The customers whom a look shows."""
    return {one.userid: one for one in look.member_list if one.type == CUSTOMER and one.userid not in known.staff}


def _unlike(change: ChatChanged, known: KnownChat) -> list[str]:
    """Our seats mirror this very version: whoever differs from it all the same."""
    should_sit = change.detail == ADDED
    return [one for one in customers(change, known) if (one in known.members) != should_sit]


def _detailed(
    change: ChatChanged, told: ChatUpdate, known: KnownChat, look: Look | None, *, patient: bool
) -> ChatUpdate | NeedsChat | StillBehind:
    """Add to trusted joinings what only the group tells of them."""
    if change.detail == REMOVED or told.version is None or not told.events:
        return told
    if look is None:
        return NeedsChat(change.chat_id, "only the group tells by which code they joined")
    shown = present(look, known) if isinstance(look, GroupChat) else {}
    joined = [chat_events.member_of(event) for event in told.events]
    if patient and not shown.keys() >= set(joined) - known.leaving:
        return StillBehind(change.chat_id)
    events = [
        chat_events.joined_now(change, known, shown[member]) if member in shown else plain
        for member, plain in zip(joined, told.events, strict=True)
    ]
    return ChatUpdate(change.chat_id, tuple(events), told.version)


def _is_behind(change: ChatChanged, known: KnownChat, look: GroupChat) -> bool:
    """Whether the look was taken before the change, as far as anybody can tell."""
    if change.version and look.member_version == change.version:
        return False
    if change.detail in MEMBER_CHANGES and not change.members and look.member_version == known.member_version:
        return True
    shown = present(look, known)
    return not _shows(change, known, shown) or _is_older(change, known, shown)


def _shows(change: ChatChanged, known: KnownChat, shown: Mapping[str, ChatMember]) -> bool:
    """Whoever was added is there, or left again; whoever was removed is not, or came back."""
    listed = customers(change, known)
    if change.detail == ADDED:
        return shown.keys() >= set(listed) - known.leaving
    if change.detail == REMOVED:
        return all(one not in shown or came_back(change, shown[one]) for one in listed)
    return True


def _is_older(change: ChatChanged, known: KnownChat, shown: Mapping[str, ChatMember]) -> bool:
    """It shows somebody sitting who has left since, or does not show somebody who has just sat down."""
    listed = {*customers(change, known), *known.leaving}
    returned = any(
        sat is not None and sat < known.last_left(userid, sat)
        for userid, sat in ((userid, join_time(member)) for userid, member in shown.items())
        if userid not in known.members
    )
    return returned or any(
        known.since(userid, change.at - RECENT) > change.at - RECENT for userid in known.members - shown.keys() - listed
    )


def _compared(change: ChatChanged, known: KnownChat, look: GroupChat) -> ChatUpdate:
    """The difference between our seats and the group, and what the callback tells of earlier times."""
    shown = present(look, known)
    gone = sorted(known.members - shown.keys())
    events = [chat_events.left(change, one, max(change.at, known.since(one, change.at))) for one in gone]
    listed = [one for one in _untold(change, known) if one not in gone]
    events += [event for one in listed for event in _past(change, known, one, shown.get(one))]
    told = {chat_events.member_of(event) for event in events}
    joined = [one for userid, one in shown.items() if userid not in {*known.members, *told}]
    events += [chat_events.joined(change, known, one) for one in joined]
    return ChatUpdate(change.chat_id, tuple(events), look.member_version, look.owner or None, look.name or None)


def _given_up(change: ChatChanged, known: KnownChat, look: Look) -> ChatUpdate:
    """What the callback lists did happen, and whoever is shown did join; about the others nobody can say."""
    events = [event for one in _untold(change, known) for event in _past(change, known, one, None)]
    if isinstance(look, NoLook):
        return ChatUpdate(change.chat_id, tuple(events), certain=False, reason=look.value)
    others = [one for userid, one in present(look, known).items() if userid not in {*known.members, *change.members}]
    events += [chat_events.joined(change, known, one) for one in others]
    reason = "the group does not show the change"
    return ChatUpdate(change.chat_id, tuple(events), owner=look.owner or None, certain=False, reason=reason)


def _past(change: ChatChanged, known: KnownChat, member: str, shown: ChatMember | None) -> Iterator[WeComEvent]:
    """A listed member's joining or leaving in its place, and how it came to the seat that they have by now.

    Between two joinings, and between leaving and sitting again, lies what no callback has told us.
    """
    now_since = known.since(member, change.at) if member in known.members else join_time(shown)
    if change.detail == REMOVED:
        yield chat_events.left(change, member, change.at)
        if shown is not None and (member not in known.members or known.since(member, change.at) < change.at):
            yield chat_events.returned(change, shown)
        return
    if now_since is None or now_since <= change.at + SAME:
        yield chat_events.joined_now(change, known, shown) if shown else chat_events.join(change, member, change.at)
        return
    yield chat_events.join(change, member, change.at)
    yield chat_events.again(chat_events.left(change, member, now_since - timedelta(seconds=1), "unknown"), "away")
    if member not in known.members and shown is not None:
        yield chat_events.returned(change, shown)


def _untold(change: ChatChanged, known: KnownChat) -> list[str]:
    """Whose part in the change our ledger does not hold, by whatever way it was learnt."""
    if change.detail not in MEMBER_CHANGES:
        return []
    is_told = _is_join_told if change.detail == ADDED else _is_leave_told
    return [one for one in customers(change, known) if not is_told(known, one, change.at)]


def _is_join_told(known: KnownChat, member: str, at: datetime) -> bool:
    spans = known.spans.get(member, ())
    return any(one.joined_at - SAME <= at and (one.left_at is None or one.left_at > at) for one in spans)


def _is_leave_told(known: KnownChat, member: str, at: datetime) -> bool:
    spans = known.spans.get(member, ())
    return any(one.left_at is not None and one.joined_at <= at and one.left_at >= at - SAME for one in spans)


def _told(change: ChatChanged, known: KnownChat, members: Iterable[str]) -> Iterator[WeComEvent]:
    """The events of these members, as the latest that is known of each."""
    for member in members:
        if change.detail == REMOVED:
            yield chat_events.left(change, member, max(change.at, known.since(member, change.at)))
        else:
            yield chat_events.join(change, member, max(change.at, known.last_left(member, change.at)))
