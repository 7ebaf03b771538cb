"""An employee's customers, as WeCom lists them, against the ledger of relations (METRICS.md, M4).

What is missing is opened as found; what WeCom knows no more is ended by `unknown`. Who the contacts are elsewhere is
learnt on the way, so that members who prove to be one are merged as everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.events.incoming import IncomingEvent
from engine.events.ingest import ingest
from engine.members.contacts import Contact, learn
from engine.members.handles import Handle
from engine.members.identities import lookups
from engine.organisation.sync.places import Employee
from engine.secrets.keyring import KeyRing
from engine.wecom.answers import WECOM, FollowedContact
from engine.wecom.mapping import digest
from rules.types import Json

YOUNG = timedelta(seconds=20)
"""What is younger is left to its callback: so long a welcome code lives, and so long WeCom repeats its deliveries."""
AT_ONCE = 200
"""Relations that are ended in one page."""


@dataclass(frozen=True)
class Known:
    """What our ledger holds of a contact and the employee: the open relation, else the one that ended last."""

    member_id: int
    opened_at: datetime | None
    ended_at: datetime | None
    ended_by: str | None
    is_tied: bool


@dataclass(frozen=True)
class Compared:
    """What a look came to: something was too young to be judged, or there is more of the same to do."""

    young: bool = False
    more: bool = False


@dataclass(frozen=True)
class ContactSync:
    """One page's transaction. `asked_at` is when WeCom was asked: its answer is no younger."""

    session: Session
    keys: KeyRing
    corp_id: str
    employee: Employee
    asked_at: datetime
    now: datetime

    def open_missing(self, listed: Sequence[FollowedContact]) -> Compared:
        """Tell of relations that our ledger lacks, and learn who the contacts are."""
        known = self._known(one.external_contact.external_userid for one in listed)
        events, young = [], False
        for one in listed:
            at = self._since(one, known.get(one.external_contact.external_userid))
            if at is not None and at > self.asked_at - YOUNG and one.follow_info.since > self.asked_at - YOUNG:
                young = True
            elif at is not None:
                events.append(self._added(one, at, known.get(one.external_contact.external_userid)))
        ingest(self.session, events, now=self.now, keys=self.keys)
        told = {event.subject for event in events}
        self._learn([one for one in listed if _subject(one) in told or _is_untied(one, known)])
        return Compared(young)

    def end_gone(self, listed: Iterable[str]) -> Compared:
        """Tell that relations are over which WeCom does not list any more, a number of them at once."""
        still = set(self._hashes(listed))
        rows = self.session.connection().execute(_OPEN, {"associate": self.employee.id}).all()
        gone = [row for row in rows if still.isdisjoint(bytes(one) for one in row.lookups)]
        old = [row for row in gone if row.opened_at <= self.asked_at - YOUNG]
        events = [self._lost(row.member_id, row.opened_at) for row in old[:AT_ONCE]]
        ingest(self.session, events, now=self.now, keys=self.keys)
        return Compared(len(old) < len(gone), more=len(old) > AT_ONCE)

    def _since(self, one: FollowedContact, known: Known | None) -> datetime | None:
        """Since when the relation stands that our ledger lacks; None if it lacks none.

        One that ended is open again since WeCom's date, if that is later, else since some time before we asked.
        """
        since = one.follow_info.since if one.follow_info.createtime else self.asked_at
        if known is None or known.opened_at is None:
            return since
        if known.ended_at is None:
            return None
        if known.ended_at < since:
            return since
        is_settled = known.ended_at <= self.asked_at - YOUNG
        return self.asked_at if is_settled and known.ended_by != "customer" else None

    def _added(self, one: FollowedContact, at: datetime, known: Known | None) -> IncomingEvent:
        """An add after the customer ended the relation is told as an add; all else was found."""
        contact, follow = one.external_contact, one.follow_info
        data: dict[str, Json] = {"associate": self.employee.userid, "half": False, "add_way": follow.add_way}
        if known is None or known.ended_by != "customer":
            data["found"] = True
        if follow.state:
            data["state"] = follow.state
        if contact.unionid:
            data["identities"] = [f"unionid:{contact.unionid}"]
        name = digest(self.corp_id, "found", self.employee.userid, contact.external_userid, at.isoformat())
        return IncomingEvent(f"wecom/{self.corp_id}", name, "contact.added", _subject(one), at, data)

    def _lost(self, member: int, opened_at: datetime) -> IncomingEvent:
        data: dict[str, Json] = {"associate": self.employee.userid, "by": "unknown", "found": True}
        name = digest(self.corp_id, "lost", self.employee.userid, str(member), opened_at.isoformat())
        source = f"wecom/{self.corp_id}"
        return IncomingEvent(source, name, "contact.lost", None, self.asked_at, data, member_id=member)

    def _learn(self, listed: Sequence[FollowedContact]) -> None:
        known = self._known(one.external_contact.external_userid for one in listed)
        for one in listed:
            contact = one.external_contact
            who = Contact(contact.external_userid, contact.unionid, contact.name or None, contact.type == WECOM)
            if contact.external_userid in known:
                learn(self.session, self.keys, known[contact.external_userid].member_id, who, now=self.now)

    def _known(self, external_userids: Iterable[str]) -> Mapping[str, Known]:
        hashes = self._hashes(external_userids)
        given = {"associate": self.employee.id, "lookups": list(hashes)}
        rows = self.session.connection().execute(_KNOWN, given)
        return {
            hashes[bytes(row.lookup)]: Known(row.member_id, row.opened_at, row.ended_at, row.ended_by, row.is_tied)
            for row in rows
        }

    def _hashes(self, external_userids: Iterable[str]) -> dict[bytes, str]:
        found = lookups(self.keys, (Handle("external_userid", one) for one in external_userids))
        return {value: handle.value for handle, value in found.items()}


def _subject(one: FollowedContact) -> str:
    return f"external_userid:{one.external_contact.external_userid}"


def _is_untied(one: FollowedContact, known: Mapping[str, Known]) -> bool:
    """Whether WeCom tells by whom the contact is known elsewhere, and we do not know yet."""
    held = known.get(one.external_contact.external_userid)
    return held is not None and not held.is_tied and one.external_contact.unionid is not None


_KNOWN = text("""
    SELECT i.lookup, i.member_id, r.opened_at, r.ended_at, r.ended_by,
        EXISTS (SELECT 1 FROM identities u WHERE u.kind = 'unionid' AND u.member_id = i.member_id) AS is_tied
    FROM identities i LEFT JOIN LATERAL (
        SELECT COALESCE(half_at, full_at) AS opened_at, ended_at, ended_by FROM relations
        WHERE associate_id = :associate AND member_id = i.member_id
        ORDER BY ended_at IS NULL DESC, ended_at DESC LIMIT 1) AS r ON true
    WHERE i.kind = 'external_userid' AND i.lookup = ANY(:lookups)""")
_OPEN = text("""
    SELECT r.member_id, min(COALESCE(r.half_at, r.full_at)) AS opened_at, array_agg(i.lookup) AS lookups
    FROM relations r JOIN identities i ON i.member_id = r.member_id AND i.kind = 'external_userid'
    WHERE r.associate_id = :associate AND r.ended_at IS NULL
    GROUP BY r.member_id ORDER BY r.member_id""")
