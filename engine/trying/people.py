"""Whom a simulation is about: a real member's facts, and the records that its made-up events refer to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engine.database import direct
from engine.journeys.document_tests import Given, Happening
from engine.journeys.plan import Plan
from engine.journeys.trying.privacy import personal_of
from engine.journeys.trying.script import Script
from engine.members.facts import read_facts
from engine.members.lookup import find_member
from engine.organisation.records import Record, records
from engine.secrets.keyring import KeyRing
from rules.types import Fields, Json


class UnknownPersonError(LookupError):
    """Whoever is to be tried is not there, or out of sight."""


@dataclass(frozen=True)
class Person:
    """A real member, with the facts that the journey reads of them."""

    member_id: int
    known: Mapping[str, Any]


def find_person(
    session: Session, keys: KeyRing, plan: Plan, who: str, when: Sequence[Happening], *, now: datetime
) -> Person:
    """The member and their facts, with store and associate as the entry event would give them.

    Raises UnknownPersonError.
    """
    member = find_member(session, keys, who)
    if member is None:
        raise UnknownPersonError("There is no such member in sight; give an internal id or an identity.")
    entry = next((each for each in when if each.on in plan.entry_event_types), None)
    store, associate = _place(session, member, entry.data if entry else {})
    facts = read_facts(
        session, keys, member_id=member, store_id=store, associate_id=associate, paths=plan.fields, now=now
    )
    return Person(member, facts)


def without_personal(
    session: Session, keys: KeyRing, plan: Plan, script: Script, *, fields: Fields, now: datetime
) -> Given:
    """What a script gives, with what is known of its real member below it but for what is personal: for a test.

    Raises UnknownPersonError.
    """
    person = find_person(session, keys, plan, script.member or "", script.when, now=now)
    personal, given = personal_of(fields), script.given
    facts = {
        scope: {
            **{
                name: value
                for name, value in person.known.get(scope, {}).items()
                if f"{scope}.{name}" in plan.fields and f"{scope}.{name}" not in personal
            },
            **getattr(given, scope),
        }
        for scope in ("member", "store", "associate")
    }
    return given.model_copy(update={**facts, "now": given.now or now.isoformat()})


def with_records(session: Session, when: Sequence[Happening]) -> list[Happening]:
    """Happenings whose channels, stores and associates are records, as conditions see them, where keys were given."""
    found = {kind: _records(session, kind, _keys(when, kind)) for kind in _KINDS}
    return [each.model_copy(update={"data": _referring(each.data, found)}) for each in when]


def _keys(when: Sequence[Happening], kind: str) -> list[str]:
    return [key for each in when if isinstance(key := each.data.get(kind), str)]


def _records(session: Session, kind: str, keys: Sequence[str]) -> dict[str, Record]:
    if not keys:
        return {}
    ids = dict(direct.rows(session, _IDS[kind], {"keys": [*keys]}))
    found: dict[int, Record] = getattr(records(session, **{_KINDS[kind]: ids.values()}), _KINDS[kind])
    return {key: found[id_] for key, id_ in ids.items() if id_ in found}


def _referring(data: Mapping[str, Json], found: Mapping[str, Mapping[str, Record]]) -> dict[str, Json]:
    made = dict(data)
    for kind, known in found.items():
        key = made.get(kind)
        if isinstance(key, str):
            record = known.get(key, {"key": key})
            made[kind] = {name: value for name, value in record.items() if value is not None}
    return made


def _place(session: Session, member: int, data: Mapping[str, Json]) -> tuple[int | None, int | None]:
    """Store and associate of a run that an event with this data would start."""
    given = {kind: _key(data.get(kind)) for kind in _KINDS}
    [(store, associate)] = direct.rows(session, _PLACE, {"member": member, **given})
    return store, associate


def _key(reference: Json) -> str | None:
    key = reference.get("key") if isinstance(reference, dict) else reference
    return key if isinstance(key, str) else None


_KINDS = {"channel": "channels", "store": "stores", "associate": "associates"}
_IDS = {
    "channel": "SELECT key, id FROM channels WHERE key = ANY(%(keys)s)",
    "store": "SELECT key, id FROM stores WHERE key = ANY(%(keys)s)",
    "associate": "SELECT key, id FROM associates WHERE key = ANY(%(keys)s)",
}
# As engine.runs.start: the event's store, else its channel's, its associate's, the owner's, the member's.
_PLACE = """
SELECT COALESCE(
        (SELECT id FROM stores WHERE key = %(store)s::text),
        (SELECT store_id FROM channels WHERE key = %(channel)s::text),
        (SELECT store_id FROM associates WHERE key = %(associate)s::text), owner.store_id, member.store_id),
    COALESCE((SELECT id FROM associates WHERE key = %(associate)s::text), owner.id)
FROM members AS member LEFT JOIN associates AS owner ON owner.id = member.owner_id WHERE member.id = %(member)s"""
