"""Reads the facts that a rule names: `member.*`, `store.*`, `associate.*`, and nothing that is not named.

Personal values are decrypted only when a path asks for them. Many are read at the price of a few statements.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy.orm import Session

from engine.database import direct
from engine.fields.catalogue import Derived, own_fields
from engine.fields.reading import derived_values
from engine.members.fields import base_fields
from engine.members.models import Member
from engine.organisation.records import Record, associate_records, records, store_records
from engine.secrets.keyring import KeyRing
from rules.types import Json

_STORE_LOOKS = frozenset({"regions", "group_chat"})


@dataclass(frozen=True)
class Subject:
    """Whom facts are about: a member, with the store and the associate that the rule means."""

    member_id: int | None
    store_id: int | None
    associate_id: int | None


def read_facts(
    session: Session,
    keys: KeyRing,
    *,
    member_id: int | None,
    store_id: int | None,
    associate_id: int | None,
    paths: Collection[str],
    now: datetime,
) -> dict[str, Json]:
    """Nested facts for `paths`: `{"member": {…}, "store": {…}, "associate": {…}}`, each only if a path begins so.

    What is not known is absent. `event.*`, `vars.*` and `run.*` are the caller's own.
    """
    [facts] = read_all(session, keys, [Subject(member_id, store_id, associate_id)], paths=paths, now=now)
    return facts


def read_all(
    session: Session,
    keys: KeyRing,
    subjects: Sequence[Subject],
    *,
    paths: Collection[str],
    now: datetime,
) -> list[dict[str, Json]]:
    """The facts of each subject, in their order; as many statements for all of them as for one."""
    asked = _asked(paths)
    found: list[dict[str, Json]] = [{} for _ in subjects]
    if "member" in asked:
        members = _members(session, keys, {one.member_id for one in subjects if one.member_id}, asked["member"], now)
        _put(found, "member", [members.get(one.member_id or 0) for one in subjects])
    if "store" in asked:
        whole = not asked["store"].isdisjoint(_STORE_LOOKS)
        stores = store_records(session, {one.store_id for one in subjects if one.store_id}, whole=whole)
        _put(found, "store", [stores.get(one.store_id or 0) for one in subjects])
    if "associate" in asked:
        ring = keys if "name" in asked["associate"] else None
        people = associate_records(session, {one.associate_id for one in subjects if one.associate_id}, keys=ring)
        _put(found, "associate", [people.get(one.associate_id or 0) for one in subjects])
    return found


def _asked(paths: Collection[str]) -> dict[str, set[str]]:
    """The first step of each path to the second ones."""
    found: dict[str, set[str]] = {}
    for path in paths:
        first, _, rest = path.partition(".")
        found.setdefault(first, set()).add(rest.partition(".")[0])
    return found


def _put(into: list[dict[str, Json]], name: str, found: Sequence[Record | None]) -> None:
    for facts, record in zip(into, found, strict=True):
        facts[name] = {key: value for key, value in (record or {}).items() if value is not None}


def _members(
    session: Session, keys: KeyRing, ids: Collection[int], names: set[str], now: datetime
) -> dict[int, Record]:
    if not ids:
        return {}
    members = direct.objects(session, Member, _MEMBERS, {"members": list(ids)})
    derived = _derived(session, names)
    found = {member.id: _own(member, keys, names - derived.keys()) for member in members}
    if derived and found:
        for member_id, record in derived_values(session, found, list(derived.values()), now=now).items():
            found[member_id] |= record
    for look, gives in _LOOKED.items():
        if found and not names.isdisjoint(gives):
            for member, record in look(session, keys, members).items():
                found[member] |= record
    return found


def _derived(session: Session, names: set[str]) -> dict[str, Derived]:
    """Those of the attributes that follow from events, whatever somebody told under the same name."""
    if all(f"member.{name}" in base_fields() for name in names):
        return {}
    derived = own_fields(session).derived
    return {name: derived[name] for name in names if name in derived}


def _own(member: Member, keys: KeyRing, names: set[str]) -> Record:
    facts: Record = {name: member.attributes[name] for name in names if name in member.attributes}
    facts |= {"id": str(member.id), "is_staff": member.is_staff, "created_at": member.created_at.isoformat()}
    unknown = names - member.attributes.keys()
    if member.personal_enc is not None and unknown - _LOOKS.keys() - facts.keys():
        personal = keys.open_json(member.personal_enc)
        facts |= {name: personal[name] for name in unknown if name in personal}
    return facts


Members: TypeAlias = Sequence[Member]
Row: TypeAlias = tuple[Any, ...]


def _friendships(session: Session, _keys: KeyRing, members: Members) -> dict[int, Record]:
    friends = _by_member(direct.rows(session, _FRIENDS, _ids(members)), members)
    return {
        member: {
            "friend": bool(rows),
            "friend_of": [key for key, _ in rows],
            "friend_since": min((full_at for _, full_at in rows)).isoformat() if rows else None,
        }
        for member, rows in friends.items()
    }


def _groups(session: Session, _keys: KeyRing, members: Members) -> dict[int, Record]:
    groups = _by_member(direct.rows(session, _GROUPS, _ids(members)), members)
    return {m: {"in_group": bool(rows), "in_groups": [chat for (chat,) in rows]} for m, rows in groups.items()}


def _places(session: Session, _keys: KeyRing, members: Members) -> dict[int, Record]:
    known = records(
        session,
        stores=[one.store_id for one in members if one.store_id],
        associates=[one.owner_id for one in members if one.owner_id],
        channels=[channel for one in members for channel in (one.first_channel_id, one.last_channel_id) if channel],
    )
    return {
        member.id: {
            "store": known.stores.get(member.store_id or 0, {}).get("key"),
            "owner": known.associates.get(member.owner_id or 0, {}).get("key"),
            "first_channel": known.channels.get(member.first_channel_id or 0, {}).get("key"),
            "last_channel": known.channels.get(member.last_channel_id or 0, {}).get("key"),
        }
        for member in members
    }


def _numbers(session: Session, keys: KeyRing, members: Members) -> dict[int, Record]:
    numbers = _by_member(direct.rows(session, _NUMBERS, _ids(members)), members)
    return {
        member: {"registered": True, "number": keys.open(rows[0][0]).decode()} if rows else {"registered": False}
        for member, rows in numbers.items()
    }


def _ids(members: Members) -> dict[str, list[int]]:
    return {"members": [member.id for member in members]}


def _by_member(rows: Sequence[Row], members: Members) -> dict[int, list[Row]]:
    """Rows without their first column, by that column; each member has a list."""
    found: dict[int, list[Row]] = {member.id: [] for member in members}
    for member, *rest in rows:
        found[member].append(tuple(rest))
    return found


Look = Callable[[Session, KeyRing, Members], dict[int, Record]]
_LOOKED: Mapping[Look, frozenset[str]] = {
    _friendships: frozenset({"friend", "friend_of", "friend_since"}),
    _groups: frozenset({"in_group", "in_groups"}),
    _places: frozenset({"store", "owner", "first_channel", "last_channel"}),
    _numbers: frozenset({"registered", "number"}),
}
_LOOKS: Mapping[str, Look] = {name: look for look, names in _LOOKED.items() for name in names}

_MEMBERS = "SELECT * FROM members WHERE id = ANY(%(members)s)"
_FRIENDS = """
    SELECT r.member_id, a.key, r.full_at FROM relations r JOIN associates a ON a.id = r.associate_id
    WHERE r.member_id = ANY(%(members)s) AND r.full_at IS NOT NULL AND r.ended_at IS NULL AND a.active
    ORDER BY r.full_at, r.id"""
_GROUPS = """
    SELECT s.member_id, c.chat_id FROM seats s JOIN chats c ON c.id = s.chat_id
    WHERE s.member_id = ANY(%(members)s) AND s.left_at IS NULL ORDER BY s.joined_at, s.id"""
_NUMBERS = """
    SELECT DISTINCT ON (member_id) member_id, value_enc FROM identities
    WHERE member_id = ANY(%(members)s) AND kind = 'member' ORDER BY member_id"""
