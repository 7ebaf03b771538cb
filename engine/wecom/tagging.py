"""Tags by name: WeCom marks relations with ids, journeys name words."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from engine.wecom.client import WeCom
from engine.wecom.errors import TagUnknownError

GROUP = "Waystation"


class Tagger:
    """Knows the ids of the corp's tags, and makes those that are missing in a group of our own.

    An app may edit only the tags that it made, so a name that stands in several groups means ours first.
    """

    def __init__(self, wecom: WeCom) -> None:
        self._wecom = wecom
        self._ids: dict[str, str] = {}
        self._words: dict[str, str] = {}
        self._lock = asyncio.Lock()

    async def tag(self, userid: str, external_userid: str, add: Sequence[str], remove: Sequence[str]) -> None:
        """Add and remove tags, named by word or id, on one relation. A tag to remove that nobody made is no tag."""
        try:
            await self._mark(userid, external_userid, add, remove)
        except TagUnknownError:
            self._ids.clear()
            await self._mark(userid, external_userid, add, remove)

    def names(self, tags: Iterable[str]) -> list[str]:
        """The words of tags that were named by word or id."""
        return [self._words.get(tag, tag) for tag in tags]

    async def _mark(self, userid: str, external_userid: str, add: Sequence[str], remove: Sequence[str]) -> None:
        await self._learn(add, remove)
        added = [self._ids[name] for name in add]
        removed = [self._ids[name] for name in remove if name in self._ids]
        if added or removed:
            await self._wecom.mark_tag(userid, external_userid, added, removed)

    async def _learn(self, add: Sequence[str], remove: Sequence[str]) -> None:
        async with self._lock:
            if not self._missing((*add, *remove)):
                return
            await self._read()
            if missing := self._missing(add):
                made = await self._wecom.add_corp_tag(GROUP, missing)
                self._ids.update({tag.name: tag.id for tag in made.tag})
                self._words.update({tag.id: tag.name for tag in made.tag})

    async def _read(self) -> None:
        groups = await self._wecom.get_corp_tag_list()
        for group in sorted(groups, key=lambda one: one.group_name == GROUP):
            for tag in group.tag:
                self._ids[tag.id] = tag.id
                self._ids[tag.name] = tag.id
                self._words[tag.id] = tag.name

    def _missing(self, names: Iterable[str]) -> list[str]:
        return [name for name in dict.fromkeys(names) if name not in self._ids]
