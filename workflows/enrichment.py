"""Enrichment: before a contact's events are routed, WeCom is asked who the contact is.

`externalcontact/get` gives the unionid that ties the WeCom contact to the member of the mini-program and the till. This
happens outside any transaction, under the member's lease, and takes three seconds at most; when it fails the events go
on as they are, and a later merge mends it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Protocol

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.clock import Clock
from engine.database import retrying
from engine.database.connection import Database
from engine.members.contacts import Contact, learn
from engine.secrets.keyring import KeyRing
from engine.wecom.answers import WECOM, Customer
from engine.wecom.errors import WeComError

LIMIT = 3.0
"""Seconds that a contact's events wait for WeCom."""
REMEMBERED = 10_000

log = structlog.get_logger()


class Contacts(Protocol):
    """The part of WeCom's client that enrichment uses."""

    async def get_external_contact(self, external_userid: str) -> Customer: ...


@dataclass
class Enrichment:
    """Asks about each contact once per process and event, and notes the answer."""

    database: Database
    clock: Clock
    keys: KeyRing
    contacts: Contacts
    limit: float = LIMIT
    _asked: OrderedDict[tuple[int, int], None] = field(default_factory=OrderedDict)

    async def enrich(self, member_id: int) -> None:
        """Learn who the member is, if their waiting events come from WeCom and it is not known yet."""
        found = await asyncio.to_thread(self._find, member_id)
        if found is None or (member_id, found.seq) in self._asked:
            return
        try:
            async with asyncio.timeout(self.limit):
                customer = await self.contacts.get_external_contact(found.external_userid)
        except (WeComError, TimeoutError) as error:
            log.warning("a contact is routed without enrichment", member=member_id, reason=type(error).__name__)
        else:
            # Should the database be away now, the answer is lost, and the contact is asked about again.
            await asyncio.to_thread(self._learn, member_id, customer)
        self._remember(member_id, found.seq)

    def _find(self, member_id: int) -> Waiting | None:
        with self.database.begin() as session:
            row = session.connection().execute(_WAITING, {"member": member_id}).first()
        return Waiting(row.seq, self.keys.open(bytes(row.value_enc)).decode()) if row else None

    def _learn(self, member_id: int, customer: Customer) -> None:
        contact = customer.external_contact
        known = Contact(
            external_userid=contact.external_userid,
            unionid=contact.unionid,
            nickname=contact.name or None,
            is_staff=contact.type == WECOM,
            add_ways={follow.userid: follow.add_way for follow in customer.follow_user if follow.add_way},
        )

        def work(session: Session) -> None:
            learn(session, self.keys, member_id, known, now=self.clock.now())

        retrying.run(self.database, work)

    def _remember(self, member_id: int, seq: int) -> None:
        self._asked[member_id, seq] = None
        while len(self._asked) > REMEMBERED:
            self._asked.popitem(last=False)


@dataclass(frozen=True)
class Waiting:
    """A contact's first unrouted event, and their name in WeCom."""

    seq: int
    external_userid: str


_WAITING = text("""
SELECT events.seq, identities.value_enc
FROM events JOIN identities ON identities.member_id = events.member_id AND identities.kind = 'external_userid'
WHERE events.member_id = :member AND events.routed_at IS NULL
AND events.type IN ('contact.added', 'contact.confirmed') AND NOT events.data ? 'found'
AND NOT EXISTS (SELECT 1 FROM identities AS known WHERE known.member_id = :member AND known.kind = 'unionid')
ORDER BY events.seq LIMIT 1
""")
