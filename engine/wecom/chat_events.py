"""The events that changes of a group come to: ids that every delivery gives again, details as the group shows them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from engine.wecom.answers import ChatMember, instant
from engine.wecom.mapping import SCENES
from engine.wecom.meanings import ChatChanged, ChatDismissed, KnownChat, WeComEvent
from rules.types import Json

SAME = timedelta(seconds=5)
"""WeCom's callback and its group may give one joining times that differ by so much."""


def join(change: ChatChanged, member: str, at: datetime) -> WeComEvent:
    """A joining as the callback tells it."""
    return _event(change, "group.joined", member, at, _joining(change.chat_id, change.scene))


def dismissed(change: ChatDismissed, member: str, at: datetime) -> WeComEvent:
    """The seat is gone with the group."""
    return _event(change, "group.left", member, at, {"chat": change.chat_id, "by": "dismissed"})


def joined(change: ChatChanged, known: KnownChat, member: ChatMember) -> WeComEvent:
    """A joining as the group shows it."""
    at = join_time(member) or change.at
    at = max(at, known.last_left(member.userid, at))
    return _event(change, "group.joined", member.userid, at, _details(change, member))


def joined_now(change: ChatChanged, known: KnownChat, member: ChatMember) -> WeComEvent:
    """The joining that the callback tells of; its time counts if the group shows another visit."""
    shown = join_time(member) or change.at
    at = shown if abs(shown - change.at) <= SAME else change.at
    return replace(joined(change, known, member), time=max(at, known.last_left(member.userid, at)))


def returned(change: ChatChanged, member: ChatMember) -> WeComEvent:
    """They sit again by now."""
    at = join_time(member) or change.at
    return again(_event(change, "group.joined", member.userid, at, _details(change, member)), "back")


def again(event: WeComEvent, suffix: str) -> WeComEvent:
    """A further event of one change and member, with an id of its own."""
    return replace(event, id=f"{event.id}:{suffix}")


def came_back(change: ChatChanged, member: ChatMember) -> bool:
    """Whether whoever left sits there again."""
    at = join_time(member)
    return at is not None and at >= change.at


def join_time(member: ChatMember | None) -> datetime | None:
    """When a member who is shown sat down."""
    return instant(member.join_time) if member and member.join_time else None


def _details(change: ChatChanged, member: ChatMember) -> dict[str, Json]:
    scene = SCENES.get(str(member.join_scene)) if member.join_scene else None
    data = _joining(change.chat_id, scene)
    if member.state:
        data["state"] = member.state
    if member.unionid:
        data["identities"] = [f"unionid:{member.unionid}"]
    return data


def _joining(chat_id: str, scene: str | None) -> dict[str, Json]:
    return {"chat": chat_id, "scene": scene} if scene else {"chat": chat_id}


def left(change: ChatChanged, member: str, at: datetime, by: str | None = None) -> WeComEvent:
    """A leaving; who caused it is known of those whom the callback lists."""
    by = by or (change.left_by if member in change.members else "unknown")
    return _event(change, "group.left", member, at, {"chat": change.chat_id, "by": by})


def _event(
    change: ChatChanged | ChatDismissed, kind: str, member: str, at: datetime, data: dict[str, Json]
) -> WeComEvent:
    return WeComEvent(change.source, f"{change.key}:{member}", kind, f"external_userid:{member}", at, data)


def member_of(event: WeComEvent) -> str:
    """Of whom an event tells, as an external userid."""
    return event.subject.removeprefix("external_userid:")
