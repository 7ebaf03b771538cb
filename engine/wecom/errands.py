"""What journeys have done in WeCom, and what our own records learn from it.

A call of the API makes no callback (facts/wecom.md, 0.4): a member's tags are noted here when WeCom has taken them.
A relation that WeCom does not know any more (84061) is told to our ledger, whose journeys then see `contact.lost`.

Tags and remarks belong to a relation, not to a customer. They are written on the member's relation with one associate
where it stands, else on all that stand; who is nobody's friend has none, and nothing is done.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, TypeVar

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.clock import Clock
from engine.database import retrying
from engine.database.connection import Database
from engine.events.ingest import ingest
from engine.members.attributes import set_attributes
from engine.secrets.keyring import KeyRing
from engine.wecom import followers
from engine.wecom.client import WeCom
from engine.wecom.errors import ContactUnknownError, RelationEndedError
from engine.wecom.followers import Follower
from engine.wecom.tagging import Tagger
from rules.types import Json

T = TypeVar("T")
Write = Callable[[str, str], Awaitable[object]]
"""Writes one relation, given by userid and external_userid."""
Came = Literal["written", "ended", "unknown"]

AT_ONCE = 1000
"""Employees whom one message reaches at most."""
REPEATED_WITHIN = 14_400
"""Seconds within which WeCom drops a message that it has sent already: the longest that it offers."""


@dataclass(frozen=True)
class Whom:
    """For whom an errand is: a member, and the associate and the store that the run has to do with."""

    member_id: int
    associate_id: int | None = None
    store_id: int | None = None


@dataclass(frozen=True)
class Told:
    """How many employees a message reached, and how many WeCom does not know."""

    reached: int
    unreached: int = 0


class Errands:
    """Errands of journeys with one app. Belongs to one event loop; it works on our database in threads."""

    def __init__(self, wecom: WeCom, database: Database, clock: Clock, keys: KeyRing) -> None:
        self._wecom, self._database, self._clock, self._keys = wecom, database, clock, keys
        self._tagger = Tagger(wecom)

    async def send_welcome(self, welcome_code: str, text: str, attachments: Sequence[Mapping[str, Json]] = ()) -> None:
        """Welcome a customer (see `WeCom.send_welcome`)."""
        await self._wecom.send_welcome(welcome_code, text, attachments)

    async def tag_member(self, whom: Whom, add: Sequence[str], remove: Sequence[str]) -> int:
        """Add and remove tags, named by word or id; on how many relations."""

        async def tag(userid: str, external_userid: str) -> None:
            await self._tagger.tag(userid, external_userid, add, remove)

        written = await self._write(whom, tag)
        if written:
            added, removed = self._tagger.names(add), self._tagger.names(remove)
            await self._do(lambda session: self._note_tags(session, whom.member_id, added, removed))
        return written

    async def remark(self, whom: Whom, notes: Mapping[str, Json]) -> int:
        """Write what an employee notes about the member; on how many relations. It replaces what stands there."""

        async def remark(userid: str, external_userid: str) -> None:
            await self._wecom.remark(userid, external_userid, **notes)

        return await self._write(whom, remark)

    async def tell_staff(self, whom: Whom, text: str, key: str) -> Told:
        """Send a text to the associate, if they are there, else to the store's staff.

        WeCom drops what it has sent to somebody within four hours, and compares nothing but the text. So the message
        ends with a number made of `key`: the same message for another customer arrives, a repeated one does not.
        """
        found = await self._do(lambda session: followers.staff(session, whom.associate_id, whom.store_id))
        if not found:
            return Told(0)
        number = hashlib.sha256(key.encode()).hexdigest()[:6]
        sent = await self._wecom.message_send(found[:AT_ONCE], f"{text}\n#{number}", repeat_after=REPEATED_WITHIN)
        return Told(len(found[:AT_ONCE]) - len(sent.unreached), len(sent.unreached))

    async def _write(self, whom: Whom, write: Write) -> int:
        """Write each of the member's relations; those that WeCom does not know any more end in our ledger."""
        relations, names = await self._do(lambda session: self._whom(session, whom))
        written = 0
        for relation in relations:
            came = [await _write_one(relation, name, write) for name in names]
            if "written" in came:
                written += 1
            elif "ended" in came:
                await self._do(partial(self._end, relation))
        return written

    def _whom(self, session: Session, whom: Whom) -> tuple[list[Follower], Sequence[str]]:
        relations = followers.current(session, whom.member_id, whom.associate_id)
        return relations, followers.contact_names(session, self._keys, whom.member_id) if relations else ()

    def _end(self, relation: Follower, session: Session) -> None:
        now = self._clock.now()
        ingest(session, [followers.found_ended(relation, now=now)], now=now, keys=self._keys)

    def _note_tags(self, session: Session, member_id: int, added: Sequence[str], removed: Sequence[str]) -> None:
        row = session.connection().execute(_LOCK, {"member": member_id}).one()
        known = row.tags if isinstance(row.tags, list) else []
        tags = [tag for tag in dict.fromkeys([*known, *added]) if tag not in removed]
        if tags != known:
            set_attributes(session, self._keys, row.id, {"tags": list(tags) or None}, now=self._clock.now())

    async def _do(self, work: Callable[[Session], T]) -> T:
        return await asyncio.to_thread(retrying.run, self._database, work)


async def _write_one(relation: Follower, name: str, write: Write) -> Came:
    """Write a relation under one of the member's names in WeCom. A name that WeCom does not know is dropped."""
    try:
        await write(relation.userid, name)
    except RelationEndedError:
        return "ended"
    except ContactUnknownError:
        return "unknown"
    return "written"


_LOCK = text("""
    SELECT id, attributes -> 'tags' AS tags FROM members
    WHERE id = (SELECT COALESCE(merged_into, id) FROM members WHERE id = :member) FOR NO KEY UPDATE""")
