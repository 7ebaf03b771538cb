"""What is known about a member: plain attributes as JSON, personal ones sealed. For each, the latest word counts."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.members.fields import NO_ATTRIBUTES, PERSONAL_ATTRIBUTES
from engine.members.personal import personal_attributes
from engine.secrets.keyring import KeyRing
from rules.types import Json

TELLING_TYPES = frozenset({"member.registered", "member.updated"})
"""Types of events whose `data` are attributes of the member."""

_EVER = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True)
class Told:
    """What one event says about its member; null takes an attribute away. `personal` parts are sealed at rest."""

    member_id: int
    seq: int
    time: datetime
    plain: Mapping[str, Json]
    personal: Mapping[str, Json]


def told(member_id: int, seq: int, time: datetime, data: Mapping[str, Json], taken: Mapping[str, Json]) -> Told:
    """An event's attributes: its `data`, and what was taken out of it (by JSON pointer)."""
    personal = {pointer[1:]: value for pointer, value in taken.items() if "/" not in pointer[1:]}
    personal |= {name: None for name in PERSONAL_ATTRIBUTES & data.keys() if data[name] is None}
    hidden = {*NO_ATTRIBUTES, *personal}
    return Told(member_id, seq, time, {key: value for key, value in data.items() if key not in hidden}, personal)


def learn(session: Session, keys: KeyRing, facts: Iterable[Told]) -> None:
    """Takes over what events say, except where an event of a later time has said it already."""
    ordered = sorted(facts, key=lambda one: (one.time, one.seq))
    members = sorted({one.member_id for one in ordered})
    if not members:
        return
    later = _told_later(session, keys, members, ordered[0].time)
    changes: dict[int, list[Told]] = {member: [] for member in members}
    for fact in ordered:
        changes[fact.member_id].append(_without(fact, later.get(fact.member_id, ())))
    _write(session, keys, changes)


def set_attributes(
    session: Session, keys: KeyRing, member_id: int, values: Mapping[str, Json], *, now: datetime
) -> None:
    """Sets attributes directly; the caller holds the member's row lock."""
    names = personal_attributes(session)
    personal = {name: value for name, value in values.items() if name in names}
    plain = {name: value for name, value in values.items() if name not in names}
    _write(session, keys, {member_id: [Told(member_id, 0, now, plain, personal)]})


def seal(session: Session, keys: KeyRing, names: Collection[str], members: Sequence[int]) -> None:
    """Seals what was kept plain before it was declared personal; the caller holds the members' row locks."""
    changes: dict[int, list[Told]] = {}
    for row in session.connection().execute(_PLAIN, {"ids": list(members), "names": list(names)}):
        taken = {name: row.attributes[name] for name in names if name in row.attributes}
        changes[row.id] = [Told(row.id, 0, _EVER, {}, taken)]
    if changes:
        _write(session, keys, changes)


def _told_later(
    session: Session, keys: KeyRing, members: Sequence[int], since: datetime
) -> dict[int, list[tuple[datetime, set[str]]]]:
    """For each member the instants after `since` at which attributes were told, with their names."""
    found: dict[int, list[tuple[datetime, set[str]]]] = {}
    for row in session.connection().execute(_LATER, {"ids": list(members), "since": since}):
        taken = keys.open_json(bytes(row.personal_enc)) if row.personal_enc else {}
        names = {*row.data, *(pointer[1:] for pointer in taken)}
        found.setdefault(row.member_id, []).append((row.time, names))
    return found


def _without(fact: Told, later: Iterable[tuple[datetime, set[str]]]) -> Told:
    newer = {name for at, names in later if at > fact.time for name in names}
    return Told(
        fact.member_id,
        fact.seq,
        fact.time,
        {name: value for name, value in fact.plain.items() if name not in newer},
        {name: value for name, value in fact.personal.items() if name not in newer},
    )


def _write(session: Session, keys: KeyRing, changes: Mapping[int, Sequence[Told]]) -> None:
    rows = session.connection().execute(_READ, {"ids": list(changes)}).all()
    ids: list[int] = []
    attributes: list[str] = []
    sealed: list[bytes | None] = []
    for row in rows:
        plain: dict[str, Any] = dict(row.attributes)
        personal: dict[str, Any] = keys.open_json(bytes(row.personal_enc)) if row.personal_enc else {}
        for fact in changes[row.id]:
            _apply(plain, fact.plain, instead_of=personal)
            _apply(personal, fact.personal, instead_of=plain)
        ids.append(row.id)
        attributes.append(json.dumps(plain, ensure_ascii=False))
        sealed.append(keys.seal_json(personal) if personal else None)
    session.connection().execute(_WRITE, {"ids": ids, "attributes": attributes, "sealed": sealed})


def _apply(known: dict[str, Any], said: Mapping[str, Json], *, instead_of: dict[str, Any]) -> None:
    """Take over what is said; what was declared personal since, or is no longer, leaves the other side."""
    for name, value in said.items():
        instead_of.pop(name, None)
        if value is None:
            known.pop(name, None)
        else:
            known[name] = value


_LATER = text("""
    SELECT member_id, time, data, personal_enc FROM events
    WHERE member_id = ANY(:ids) AND type IN ('member.registered', 'member.updated') AND time > :since""")
_PLAIN = text("SELECT id, attributes FROM members WHERE id = ANY(:ids) AND jsonb_exists_any(attributes, :names)")
_READ = text("SELECT id, attributes, personal_enc FROM members WHERE id = ANY(:ids)")
_WRITE = text("""
    UPDATE members m SET attributes = n.attributes, personal_enc = n.sealed
    FROM unnest(CAST(:ids AS bigint[]), CAST(:attributes AS jsonb[]), CAST(:sealed AS bytea[]))
        AS n (id, attributes, sealed)
    WHERE m.id = n.id""")
