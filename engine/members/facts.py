"""Reads the facts that a rule names: `member.*`, `store.*`, `associate.*`, and nothing that is not named.

Personal values are decrypted only when a path asks for them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from engine.database import direct
from engine.members.models import Member
from engine.organisation.records import associate_records, records, store_records
from engine.secrets.keyring import KeyRing
from rules.types import Json

_STORE_LOOKS = frozenset({"regions", "group_chat"})


def read_facts(
    session: Session,
    keys: KeyRing,
    *,
    member_id: int | None,
    store_id: int | None,
    associate_id: int | None,
    paths: Collection[str],
    now: datetime,  # noqa: ARG001  # facts as of a moment: derived attributes will need it
) -> dict[str, Json]:
    """Nested facts for `paths`: `{"member": {…}, "store": {…}, "associate": {…}}`, each only if a path begins so.

    What is not known is absent. `event.*`, `vars.*` and `run.*` are the caller's own.
    """
    asked = _asked(paths)
    facts: dict[str, Json] = {}
    if "member" in asked:
        facts["member"] = {} if member_id is None else _member(session, keys, member_id, asked["member"])
    if "store" in asked:
        whole = not asked["store"].isdisjoint(_STORE_LOOKS)
        found = {} if store_id is None else store_records(session, [store_id], whole=whole)
        facts["store"] = _known(next(iter(found.values()), {}))
    if "associate" in asked:
        ring = keys if "name" in asked["associate"] else None
        people = {} if associate_id is None else associate_records(session, [associate_id], keys=ring)
        facts["associate"] = _known(next(iter(people.values()), {}))
    return facts


def _asked(paths: Collection[str]) -> dict[str, set[str]]:
    """The first step of each path to the second ones."""
    found: dict[str, set[str]] = {}
    for path in paths:
        first, _, rest = path.partition(".")
        found.setdefault(first, set()).add(rest.partition(".")[0])
    return found


def _known(record: Mapping[str, Json]) -> dict[str, Json]:
    return {key: value for key, value in record.items() if value is not None}


def _member(session: Session, keys: KeyRing, member_id: int, names: set[str]) -> dict[str, Json]:
    found = direct.objects(session, Member, _MEMBER, {"member": member_id})
    if not found:
        return {}
    [member] = found
    facts: dict[str, Json] = {name: member.attributes[name] for name in names if name in member.attributes}
    facts |= {"id": str(member.id), "is_staff": member.is_staff, "created_at": member.created_at.isoformat()}
    unknown = names - member.attributes.keys()
    if member.personal_enc is not None and unknown - _LOOKS.keys() - facts.keys():
        personal = keys.open_json(member.personal_enc)
        facts |= {name: personal[name] for name in unknown if name in personal}
    for look, gives in _LOOKED.items():
        if not names.isdisjoint(gives):
            facts |= look(session, keys, member)
    return _known(facts)


def _friendships(session: Session, _keys: KeyRing, member: Member) -> dict[str, Json]:
    rows = direct.rows(session, _FRIENDS, {"member": member.id})
    since = min((full_at for _, full_at in rows), default=None)
    return {
        "friend": bool(rows),
        "friend_of": [key for key, _ in rows],
        "friend_since": None if since is None else since.isoformat(),
    }


def _groups(session: Session, _keys: KeyRing, member: Member) -> dict[str, Json]:
    chats = direct.scalars(session, _GROUPS, {"member": member.id})
    return {"in_group": bool(chats), "in_groups": list(chats)}


def _places(session: Session, _keys: KeyRing, member: Member) -> dict[str, Json]:
    known = records(
        session,
        stores=[] if member.store_id is None else [member.store_id],
        associates=[] if member.owner_id is None else [member.owner_id],
        channels=[one for one in (member.first_channel_id, member.last_channel_id) if one],
    )
    return {
        "store": known.stores.get(member.store_id or 0, {}).get("key"),
        "owner": known.associates.get(member.owner_id or 0, {}).get("key"),
        "first_channel": known.channels.get(member.first_channel_id or 0, {}).get("key"),
        "last_channel": known.channels.get(member.last_channel_id or 0, {}).get("key"),
    }


def _number(session: Session, keys: KeyRing, member: Member) -> dict[str, Json]:
    numbers = direct.scalars(session, _NUMBER, {"member": member.id})
    if not numbers:
        return {"registered": False}
    return {"registered": True, "number": keys.open(numbers[0]).decode()}


Look = Callable[[Session, KeyRing, Member], dict[str, Json]]
_LOOKED: Mapping[Look, frozenset[str]] = {
    _friendships: frozenset({"friend", "friend_of", "friend_since"}),
    _groups: frozenset({"in_group", "in_groups"}),
    _places: frozenset({"store", "owner", "first_channel", "last_channel"}),
    _number: frozenset({"registered", "number"}),
}
_LOOKS: Mapping[str, Look] = {name: look for look, names in _LOOKED.items() for name in names}

_MEMBER = "SELECT * FROM members WHERE id = %(member)s"
_FRIENDS = """
    SELECT a.key, r.full_at FROM relations r JOIN associates a ON a.id = r.associate_id
    WHERE r.member_id = %(member)s AND r.full_at IS NOT NULL AND r.ended_at IS NULL AND a.active
    ORDER BY r.full_at, r.id"""
_GROUPS = """
    SELECT c.chat_id FROM seats s JOIN chats c ON c.id = s.chat_id
    WHERE s.member_id = %(member)s AND s.left_at IS NULL ORDER BY s.joined_at, s.id"""
_NUMBER = "SELECT value_enc FROM identities WHERE member_id = %(member)s AND kind = 'member' LIMIT 1"
