"""What WeCom tells of a contact, put with the member: who they are elsewhere, their nickname, how they were added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.database import direct
from engine.members import disputes
from engine.members.handles import Handle
from engine.members.history import rederive
from engine.members.identities import Naming, resolve
from engine.members.merge import carry_out
from engine.members.models import Member
from engine.secrets.keyring import KeyRing

TELLING_CONTACTS = frozenset({"contact.added", "contact.confirmed"})
"""The events of a contact before which WeCom is asked who it is."""


@dataclass(frozen=True)
class Contact:
    """A WeCom contact. `add_ways` are by the userid of each account that has them as a friend."""

    external_userid: str
    unionid: str | None = None
    nickname: str | None = None
    is_staff: bool = False
    add_ways: Mapping[str, int] = field(default_factory=dict)


def is_unknown(session: Session, member_id: int) -> bool:
    """Whether we know the member's name in WeCom and not yet the unionid that stands behind it."""
    kinds = direct.scalars(session, _KINDS, {"member": member_id})
    return "external_userid" in kinds and "unionid" not in kinds


def learn(session: Session, keys: KeyRing, member_id: int, contact: Contact, *, now: datetime) -> int:
    """Note what is known of the member's contact, merge what proves to be one; the member it is now.

    Raises ContendedError: run it by `engine.database.retrying.run`.
    """
    handles = [Handle("external_userid", contact.external_userid)]
    if contact.unionid:
        handles.append(Handle("unionid", contact.unionid))
    resolved = resolve(session, keys, [Naming(tuple(handles), member_id)], now=now)
    absorbed = carry_out(session, resolved.merges, keys=keys, now=now) if resolved.merges else {}
    disputes.record(session, [(dispute, None) for dispute in resolved.disputes], now=now)
    member = resolved.members[0] or member_id
    _describe(session, keys, member, contact)
    for userid, way in contact.add_ways.items():
        session.connection().execute(_ADD_WAY, {"member": member, "userid": userid, "way": way})
    rederive(session, [member], absorbed=absorbed)
    return member


def _describe(session: Session, keys: KeyRing, member_id: int, contact: Contact) -> None:
    member = session.get_one(Member, member_id, populate_existing=True)
    member.is_staff = member.is_staff or contact.is_staff
    personal = keys.open_json(member.personal_enc) if member.personal_enc else {}
    if contact.nickname and not personal.get("nickname"):
        member.personal_enc = keys.seal_json({**personal, "nickname": contact.nickname})
    session.flush()


_KINDS = "SELECT DISTINCT kind FROM identities WHERE member_id = %(member)s"
_ADD_WAY = text("""
UPDATE events SET data = data || jsonb_build_object('add_way', CAST(:way AS int))
FROM associates
WHERE events.member_id = :member AND events.routed_at IS NULL AND events.type = 'contact.added'
AND NOT events.data ? 'add_way' AND associates.id = events.associate_id AND associates.wecom_userid = :userid
""")
