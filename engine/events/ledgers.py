"""What a batch of events changes beside the log: relations, seats, coupons, staff, attributes; and what that teaches
about the events themselves before they are appended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.coupons import ledger as coupons
from engine.coupons.ledger import COUPON_TYPES, CouponFact
from engine.events.entry import Entry
from engine.members import attributes
from engine.members.attributes import TELLING_TYPES
from engine.members.history import LEDGER_TYPES, Happening, Ledgers, rederive
from engine.members.identities import Resolved
from engine.members.merge import carry_out
from engine.organisation import staff
from engine.organisation.staff import STAFF_TYPES, StaffFact
from engine.relations.ledger import first_of_its_relation
from engine.secrets.keyring import KeyRing


def apply(session: Session, entries: Sequence[Entry], resolved: Resolved, *, keys: KeyRing, now: datetime) -> None:
    """Merges members, brings all ledgers up to date, and settles the `type` and `last` of contact events."""
    absorbed = carry_out(session, resolved.merges, keys=keys, now=now) if resolved.merges else {}
    fresh = [_happening(entry) for entry in entries if entry.type in LEDGER_TYPES and entry.member_id is not None]
    derived = rederive(session, {each.member_id for each in fresh}, fresh, absorbed=absorbed)
    for entry in entries:
        if entry.member_id in derived:
            _settle(entry, derived[entry.member_id])
    coupons.record(session, [fact for entry in entries for fact in _coupon_facts(entry)])
    staff.record(session, [fact for entry in entries for fact in _staff_facts(entry)])
    attributes.learn(
        session,
        keys,
        [
            attributes.told(entry.member_id, entry.seq, entry.time, entry.data, entry.personal)
            for entry in entries
            if entry.type in TELLING_TYPES and entry.member_id is not None
        ],
    )
    _place_members(session, entries, resolved)


def _happening(entry: Entry) -> Happening:
    return Happening(entry.member_id or 0, entry.seq, entry.type, entry.time, entry.data, entry.place)


def _settle(entry: Entry, ledgers: Ledgers) -> None:
    """`contact.added` comes once per relation, at the first accepted of half and full; a further one confirms it."""
    match entry.type:
        case "contact.added" | "contact.confirmed":
            first = first_of_its_relation(ledgers.relations, entry.seq)
            if first is not None:
                entry.type = "contact.added" if first else "contact.confirmed"
        case "contact.lost" if not isinstance(entry.data.get("last"), bool):
            left = any(one.is_open(entry.time) for one in ledgers.relations)
            entry.data = {"by": "unknown", **entry.data, "last": not left}


def _coupon_facts(entry: Entry) -> list[CouponFact]:
    code = entry.text("code")
    if entry.type not in COUPON_TYPES or not code:
        return []
    place = entry.place
    return [CouponFact(entry.type, code, entry.text("batch"), entry.time, entry.member_id, place.named_store_id)]


def _staff_facts(entry: Entry) -> list[StaffFact]:
    place = entry.place
    if entry.type not in STAFF_TYPES or place.associate_id is None:
        return []
    return [StaffFact(entry.type, entry.seq, entry.time, place.associate_id, place.named_store_id)]


def _place_members(session: Session, entries: Sequence[Entry], resolved: Resolved) -> None:
    """Members without a store get that of the event that made or registered them."""
    stores: dict[int, int] = {}
    for entry in entries:
        member, store = entry.member_id, entry.place.store_id
        if member and store and (member in resolved.created or entry.type == "member.registered"):
            stores.setdefault(member, store)
    if stores:
        session.connection().execute(_PLACE, _lists(stores))


def _lists(stores: Mapping[int, int]) -> dict[str, list[int]]:
    return {"members": list(stores), "stores": list(stores.values())}


_PLACE = text("""
    UPDATE members m SET store_id = n.store
    FROM unnest(CAST(:members AS bigint[]), CAST(:stores AS bigint[])) AS n (member, store)
    WHERE m.id = n.member AND m.store_id IS NULL""")
