"""Where customers come in: the codes in the stores, with the staff and the group behind each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rules.types import Json

KINDS = frozenset({"pos", "receipt", "shelf"})
"""The codes that the seeded journey takes scans of."""


class NoDoorsError(Exception):
    """The service has no code in a store with staff and a group behind it."""

    def __init__(self) -> None:
        super().__init__("There is no demonstration chain here. Start `dev` in a new folder, without --no-seed.")


@dataclass(frozen=True)
class Door:
    """A code: `associate` is the WeCom userid that is added through it.

    `chats` are the groups that one may join after: those of the store, the newest first, then all others.
    """

    channel: str
    state: str
    store: str
    associate: str
    chats: tuple[str, ...]


def doors_of(channels: Iterable[Json], associates: Iterable[Json], chats: Iterable[Json]) -> list[Door]:
    """The doors that the chain has, from the API's lists of all three. Raises NoDoorsError when there are none."""
    userids = {one["key"]: one.get("wecom_userid") for one in _objects(associates) if one.get("active", True)}
    groups = {str(one["chat_id"]): one.get("store") for one in _objects(chats) if not one.get("dismissed_at")}
    newest_first = sorted(groups, reverse=True)
    found = []
    for channel in _objects(channels):
        served = channel.get("associates")
        people = [userids.get(key) for key in served] if isinstance(served, list) else []
        store, userid = channel.get("store"), next((one for one in people if one), None)
        if channel.get("kind") in KINDS and store and store in groups.values() and userid:
            own = [chat for chat in newest_first if groups[chat] == store]
            reachable = (*own, *(chat for chat in newest_first if chat not in own))
            found.append(Door(str(channel["key"]), str(channel["state"]), str(store), str(userid), reachable))
    if not found:
        raise NoDoorsError
    return sorted(found, key=lambda door: door.channel)


def _objects(items: Iterable[Json]) -> list[Mapping[str, Json]]:
    return [item for item in items if isinstance(item, dict)]
