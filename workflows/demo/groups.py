"""Groups hold 200 people: who finds one full goes to the next, and when all are full an earlier guest makes room."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from contextlib import suppress

from rules.types import Json
from workflows.demo.fates import MARK
from workflows.demo.outside import OutsideError, Simulator

IMPOSSIBLE = 409
"""What the simulator answers to a deed that cannot be done."""


class Groups:
    """The groups of one play. Guests of this and of earlier plays are known by the mark in their names."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._guests: deque[tuple[str, str]] | None = None

    async def join(self, person: str, chats: Sequence[str]) -> dict[str, Json]:
        """Join the first group that has room; the ids of the person. Raises OutsideError."""
        for chat in chats:
            try:
                return await self._simulator.do("join_group", person, chat=chat)
            except OutsideError as error:
                if error.status != IMPOSSIBLE:
                    raise
        chat = await self._make_room()
        return await self._simulator.do("join_group", person, chat=chat)

    async def _make_room(self) -> str:
        """Let the guest who came first leave; the group that has room now."""
        if not self._guests:
            self._guests = deque(_guests(await self._simulator.people()))
        if not self._guests:
            raise OutsideError("all groups are full of people who are no guests of a demonstration")
        guest, chat = self._guests.popleft()
        with suppress(OutsideError):
            await self._simulator.do("leave_group", guest, chat=chat)
        return chat


def _guests(people: Sequence[Json]) -> list[tuple[str, str]]:
    """Guests with a group that they sit in, in the order in which they came."""
    return [
        (str(one["person"]), str(chat))
        for one in people
        if isinstance(one, dict) and MARK in str(one["person"])
        for chat in _list(one["chats"])
    ]


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
