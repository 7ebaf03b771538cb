"""Who follows a member now, as far as our ledger knows, by the names that WeCom's API takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.events.incoming import INTERNAL, IncomingEvent
from engine.secrets.keyring import KeyRing

SOURCE = f"{INTERNAL}wecom"


@dataclass(frozen=True)
class Follower:
    """One relation that stands, mutual and with an account that works."""

    member_id: int
    associate: str
    userid: str
    since: datetime


def current(session: Session, member_id: int, associate_id: int | None = None) -> list[Follower]:
    """The member's relation with one associate, if it stands; else all that stand, the oldest first.

    A half relation is none here: WeCom refuses to write it until the employee has accepted.
    """
    rows = session.connection().execute(_CURRENT, {"member": member_id}).all()
    chosen = [row for row in rows if row.associate_id == associate_id] or rows
    return [Follower(row.member_id, row.key, row.wecom_userid, row.full_at) for row in chosen]


def staff(session: Session, associate_id: int | None, store_id: int | None) -> list[str]:
    """The userid of an associate who works and has an account; else those of everybody who does at the store."""
    rows = session.connection().execute(_STAFF, {"associate": associate_id, "store": store_id}).all()
    return [row.wecom_userid for row in rows if row.id == associate_id] or [row.wecom_userid for row in rows]


def contact_names(session: Session, keys: KeyRing, member_id: int) -> Sequence[str]:
    """The member's names in WeCom; more than one where two contacts proved to be one person."""
    sealed = session.connection().execute(_NAMES, {"member": member_id}).scalars()
    return [keys.open(bytes(one)).decode() for one in sealed]


def found_ended(relation: Follower, *, now: datetime) -> IncomingEvent:
    """The event that tells our ledger what WeCom answered: this relation is no more, and we do not know since when.

    Its id is the same whoever finds it out, and another one after the next add.
    """
    key = f"ended/{relation.associate}/{relation.member_id}/{relation.since.isoformat()}"
    data = {"associate": relation.associate, "by": "unknown"}
    return IncomingEvent(SOURCE, key, "contact.lost", None, now, dict(data), member_id=relation.member_id)


_MEMBER = "(SELECT COALESCE(merged_into, id) FROM members WHERE id = :member)"
_CURRENT = text(f"""
    SELECT r.member_id, r.associate_id, a.key, a.wecom_userid, r.full_at
    FROM relations r JOIN associates a ON a.id = r.associate_id
    WHERE r.member_id = {_MEMBER} AND r.full_at IS NOT NULL AND r.ended_at IS NULL
    AND a.active AND a.wecom_userid IS NOT NULL
    ORDER BY r.full_at, r.id""")  # noqa: S608 - a statement of ours
_STAFF = text("""
    SELECT id, wecom_userid FROM associates
    WHERE (id = :associate OR store_id = :store) AND active AND wecom_userid IS NOT NULL ORDER BY id""")
_NAMES = text(f"""
    SELECT value_enc FROM identities WHERE member_id = {_MEMBER} AND kind = 'external_userid'
    ORDER BY lookup""")  # noqa: S608 - a statement of ours
