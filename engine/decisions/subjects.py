"""Whom a decision is about: a member with their store and associate, or a store or an associate alone."""

from __future__ import annotations

from sqlalchemy.orm import Session

from engine.database import direct
from engine.decisions.errors import UnknownSubjectError
from engine.members.facts import Subject
from engine.members.lookup import find_member
from engine.secrets.keyring import KeyRing

NOBODY = Subject(None, None, None)


def find_subject(session: Session, keys: KeyRing, name: str | None, store: str | None = None) -> Subject:
    """The subject of a name: an internal id, an identity such as `unionid:…`, `store:<key>` or `associate:<key>`.

    A member's store is the one named beside it, else their owner's, else their home store; their associate is their
    owner. Raises UnknownSubjectError when nobody of that name is in sight.
    """
    if name is None:
        return NOBODY if store is None else _beside(session, NOBODY, store)
    kind, _, key = name.partition(":")
    if kind in _PLACES:
        found = direct.first(session, _PLACES[kind], {"key": key})
        if found is None:
            raise UnknownSubjectError(f"There is no {kind} {key[:63]!r} in sight.")
        return Subject(*found)
    member = find_member(session, keys, name)
    if member is None:
        raise UnknownSubjectError(f"There is no member {kind}:… in sight." if key else "There is no such member.")
    row = direct.first(session, _MEMBER, {"member": member})
    return _beside(session, Subject(member, *(row or (None, None))), store)


def _beside(session: Session, subject: Subject, store: str | None) -> Subject:
    if store is None:
        return subject
    found = direct.first(session, _PLACES["store"], {"key": store})
    return subject if found is None else Subject(subject.member_id, found[1], subject.associate_id)


_PLACES = {
    "store": "SELECT NULL::bigint, id, NULL::bigint FROM stores WHERE key = %(key)s",
    "associate": """
        SELECT NULL::bigint, store_id, id FROM associates
        WHERE key = %(key)s OR wecom_userid = %(key)s ORDER BY key = %(key)s DESC LIMIT 1""",
}
_MEMBER = """
    SELECT COALESCE(a.store_id, m.store_id), m.owner_id FROM members m LEFT JOIN associates a ON a.id = m.owner_id
    WHERE m.id = %(member)s"""
