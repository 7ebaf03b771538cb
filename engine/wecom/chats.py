"""Group changes: when a callback's own list of members may be trusted, and what a fresh look at the group comes to.

WeCom hashes each member list. If the version before the change is the one that our seats mirror, the list in the
callback is applied; otherwise something was missed, and the whole group is compared (facts/wecom.md, 2.8).
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from datetime import datetime

from engine.wecom.answers import CUSTOMER, ChatMember, GroupChat, instant
from engine.wecom.mapping import SCENES
from engine.wecom.meanings import (
    ChatChanged,
    ChatDismissed,
    ChatUpdate,
    KnownChat,
    NeedsChat,
    StillBehind,
    WeComEvent,
)
from rules.types import Json

MEMBER_CHANGES = ("add_member", "del_member")
CUSTOMER_PREFIXES = ("wm", "wo")


def apply(change: ChatChanged, known: KnownChat, staff: AbstractSet[str] = frozenset()) -> ChatUpdate | NeedsChat:
    """What the callback alone tells, if it can be trusted. `staff` are userids that are no customers."""
    if change.detail not in MEMBER_CHANGES:
        return NeedsChat(change.chat_id, f"{change.detail} tells no details")
    if change.version and change.version == known.member_version:
        return ChatUpdate(change.chat_id)
    if not (change.version and known.member_version) or change.last_version != known.member_version:
        return NeedsChat(change.chat_id, "a change before this one was missed")
    if not change.members or change.count not in (None, len(change.members)):
        return NeedsChat(change.chat_id, "the callback does not list all members")
    customers = [one for one in dict.fromkeys(change.members) if _is_customer(one, staff)]
    return ChatUpdate(change.chat_id, tuple(_told(change, known, customers)), change.version)


def difference(change: ChatChanged, known: KnownChat, found: GroupChat) -> ChatUpdate | StillBehind:
    """What changed between our seats and the group as WeCom shows it now."""
    if _is_behind(change, known, found):
        return StillBehind(change.chat_id)
    present = {one.userid: one for one in found.member_list if one.type == CUSTOMER}
    joined = [_joined(change, one) for userid, one in present.items() if userid not in known.members]
    left = [_left(change, userid) for userid in sorted(known.members - present.keys())]
    return ChatUpdate(change.chat_id, (*left, *joined), found.member_version, found.owner or None, found.name or None)


def dismiss(change: ChatDismissed, known: KnownChat) -> ChatUpdate:
    """Everyone who had a seat lost it with the group."""
    data: dict[str, Json] = {"chat": change.chat_id, "by": "dismissed"}
    events = (_event(change, "group.left", member, change.at, dict(data)) for member in sorted(known.members))
    return ChatUpdate(change.chat_id, tuple(events), dismissed=True)


def _is_behind(change: ChatChanged, known: KnownChat, found: GroupChat) -> bool:
    return (
        change.detail in MEMBER_CHANGES
        and found.member_version is not None
        and found.member_version == known.member_version
        and found.member_version != change.version
    )


def _told(change: ChatChanged, known: KnownChat, customers: list[str]) -> Iterable[WeComEvent]:
    if change.detail == "del_member":
        return [_left(change, member) for member in customers]
    return [
        _event(change, "group.joined", member, change.at, _joining(change.chat_id, change.scene))
        for member in customers
        if member not in known.members
    ]


def _joined(change: ChatChanged, member: ChatMember) -> WeComEvent:
    scene = SCENES.get(str(member.join_scene)) if member.join_scene else None
    data = _joining(change.chat_id, scene)
    if member.state:
        data["state"] = member.state
    if member.unionid:
        data["identities"] = [f"unionid:{member.unionid}"]
    at = instant(member.join_time) if member.join_time else change.at
    return _event(change, "group.joined", member.userid, at, data)


def _joining(chat_id: str, scene: str | None) -> dict[str, Json]:
    return {"chat": chat_id, "scene": scene} if scene else {"chat": chat_id}


def _left(change: ChatChanged, member: str) -> WeComEvent:
    by = change.left_by if member in change.members else "unknown"
    return _event(change, "group.left", member, change.at, {"chat": change.chat_id, "by": by})


def _event(
    change: ChatChanged | ChatDismissed, kind: str, member: str, at: datetime, data: dict[str, Json]
) -> WeComEvent:
    return WeComEvent(change.source, f"{change.key}:{member}", kind, f"external_userid:{member}", at, data)


def _is_customer(userid: str, staff: AbstractSet[str]) -> bool:
    """Ids of customers begin so; a callback does not say which of its members are staff."""
    return userid not in staff and userid.startswith(CUSTOMER_PREFIXES)
