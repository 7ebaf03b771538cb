"""Finds members by whatever outside systems know them by, and answers the till: a friend already, of whom, where?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.members.handles import HandleError, parse_handle
from engine.secrets.keyring import KeyRing

_LONGEST_ID = 18
"""Digits of an internal id: any number of so many fits into a bigint."""

FriendBasis = Literal["unionid", "staff_phone", "none"]


@dataclass(frozen=True)
class Friend:
    """An associate whose friend the member is."""

    associate: str
    store: str | None
    since: datetime


@dataclass(frozen=True)
class Group:
    """A customer group in which the member has a seat."""

    chat_id: str
    title: dict[str, str]
    store: str | None
    since: datetime


@dataclass(frozen=True)
class OpenCoupon:
    """A coupon that the member can still redeem."""

    code: str
    batch: str
    title: dict[str, str]
    status: str
    expires_at: datetime | None


@dataclass(frozen=True)
class Standing:
    """How a member stands to the chain now.

    `friend` is None where nothing that we know of the member could be matched to WeCom (facts/wecom.md, 0.3).
    """

    friend: bool | None
    friend_basis: FriendBasis
    friend_of: tuple[Friend, ...]
    in_groups: tuple[Group, ...]
    owner: str | None
    coupons: tuple[OpenCoupon, ...]


def find_member(session: Session, keys: KeyRing, name: str) -> int | None:
    """The member of an internal id or an identity such as `unionid:…`; whoever merged is found as the survivor."""
    if name.isascii() and name.isdigit():
        return _alive(session, int(name)) if len(name) <= _LONGEST_ID else None
    try:
        handle = parse_handle(name)
    except HandleError:
        return None
    given = {"kind": handle.kind, "lookup": keys.lookup(handle.kind, handle.value)}
    found = session.connection().execute(_BY_HANDLE, given).scalar()
    return None if found is None else int(found)


def standing(session: Session, member_id: int, *, now: datetime) -> Standing:
    """How the member stands now."""
    execute, given = session.connection().execute, {"member": member_id, "now": now}
    friends = tuple(Friend(row.key, row.store, row.full_at) for row in execute(_FRIENDS, given))
    groups = tuple(Group(row.chat_id, row.title, row.store, row.joined_at) for row in execute(_GROUPS, given))
    coupons = tuple(
        OpenCoupon(row.code, row.key, row.title, row.status, row.expires_at) for row in execute(_COUPONS, given)
    )
    matchable = execute(_MATCHABLE, given).first() is not None
    friend = True if friends else (False if matchable else None)
    basis: FriendBasis = "unionid" if matchable else "none"
    return Standing(friend, basis, friends, groups, execute(_OWNER, given).scalar(), coupons)


def associate_id(session: Session, key: str) -> int | None:
    """The internal id of an associate, if one of this key is in sight."""
    found = session.connection().execute(_ASSOCIATE, {"key": key}).scalar()
    return None if found is None else int(found)


def store_key(session: Session, store_id: int | None) -> str | None:
    """The key of a store, if it is in sight."""
    return None if store_id is None else session.connection().execute(_STORE, {"id": store_id}).scalar()


def _alive(session: Session, member_id: int) -> int | None:
    found = session.connection().execute(_BY_ID, {"id": member_id}).scalar()
    return None if found is None else int(found)


_ASSOCIATE = text("SELECT id FROM associates WHERE key = :key")
_STORE = text("SELECT key FROM stores WHERE id = :id")
_BY_ID = text("""
    SELECT s.id FROM members m JOIN members s ON s.id = COALESCE(m.merged_into, m.id) WHERE m.id = :id""")
_BY_HANDLE = text("SELECT member_id FROM identities WHERE kind = :kind AND lookup = :lookup")
_FRIENDS = text("""
    SELECT a.key, s.key AS store, r.full_at
    FROM relations r JOIN associates a ON a.id = r.associate_id LEFT JOIN stores s ON s.id = a.store_id
    WHERE r.member_id = :member AND r.full_at IS NOT NULL AND r.ended_at IS NULL AND a.active
    ORDER BY r.full_at, r.id""")
_GROUPS = text("""
    SELECT c.chat_id, c.title, s.key AS store, t.joined_at
    FROM seats t JOIN chats c ON c.id = t.chat_id LEFT JOIN stores s ON s.id = c.store_id
    WHERE t.member_id = :member AND t.left_at IS NULL ORDER BY t.joined_at, t.id""")
_COUPONS = text("""
    SELECT c.code, b.key, b.title, c.status, c.expires_at
    FROM coupons c JOIN coupon_batches b ON b.id = c.batch_id
    WHERE c.member_id = :member AND c.status IN ('issued', 'claimed') AND (c.expires_at IS NULL OR c.expires_at > :now)
    ORDER BY c.expires_at NULLS LAST, c.code LIMIT 100""")
_MATCHABLE = text("""
    SELECT 1 FROM identities WHERE member_id = :member AND kind IN ('unionid', 'external_userid') LIMIT 1""")
_OWNER = text("""
    SELECT a.key FROM members m JOIN associates a ON a.id = m.owner_id WHERE m.id = :member""")
