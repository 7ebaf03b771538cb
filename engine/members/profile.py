"""A member as the pages show them: who they are, whose friend, in which groups, with which coupons, and what came in.

Personal data leaves this module masked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.coupons.models import Coupon, CouponBatch
from engine.members.models import Identity, Member
from engine.organisation.models import Associate, Channel, Chat, Store
from engine.relations.models import Relation
from engine.seats.models import Seat
from engine.secrets.keyring import KeyRing

_MOST = 50


@dataclass(frozen=True)
class Friendship:
    """One interval of a friend relation, with the associate's key and the store then."""

    associate: str
    store: dict[str, Any] | None
    channel: dict[str, Any] | None
    half_at: datetime | None
    full_at: datetime | None
    ended_at: datetime | None
    ended_by: str | None


@dataclass(frozen=True)
class Membership:
    """One interval of a seat in a customer group."""

    chat: dict[str, Any]
    joined_at: datetime
    left_at: datetime | None
    left_by: str | None


@dataclass(frozen=True)
class HeldCoupon:
    """A coupon of the member."""

    code: str
    batch: dict[str, Any]
    status: str
    issued_at: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True)
class Profile:
    """All of it. `personal` holds masked values by attribute; `identities` masked values by kind."""

    member: Member
    personal: Mapping[str, str]
    identities: Sequence[tuple[str, str]]
    friendships: Sequence[Friendship]
    memberships: Sequence[Membership]
    coupons: Sequence[HeldCoupon]


@dataclass(frozen=True)
class MemberItem:
    """One line of the list of members."""

    id: int
    name: str
    created_at: datetime
    friend: bool
    seats: int
    store: dict[str, Any] | None


def mask(value: str) -> str:
    """A personal value with its middle hidden: 林小橙 becomes 林**, 12012345678 becomes 120****5678."""
    if len(value) >= 7:
        return value[:3] + "****" + value[-4:]
    return value[:1] + "*" * max(1, len(value) - 1)


def read_profile(session: Session, keys: KeyRing, member_id: int) -> Profile | None:
    """The member, or None if there is no such member in sight."""
    member = session.get(Member, member_id)
    if member is None:
        return None
    return Profile(
        member,
        _personal(keys, member.personal_enc),
        _identities(session, keys, member_id),
        _friendships(session, member_id),
        _memberships(session, member_id),
        _coupons(session, member_id),
    )


def list_members(
    session: Session, keys: KeyRing, *, before: int | None = None, limit: int = 50
) -> tuple[list[MemberItem], int | None]:
    """Members by descending id, and the cursor of the next page."""
    current = (
        col(Relation.member_id) == col(Member.id),
        col(Relation.full_at).is_not(None),
        col(Relation.ended_at).is_(None),
    )
    friend = select(col(Relation.id)).where(*current).exists()
    seats = (
        select(func.count())
        .select_from(Seat)
        .where(col(Seat.member_id) == col(Member.id), col(Seat.left_at).is_(None))
        .scalar_subquery()
    )
    statement = (
        select(Member, friend, seats, col(Store.title))
        .outerjoin(Store, col(Store.id) == col(Member.store_id))
        .where(col(Member.merged_into).is_(None))
        .order_by(col(Member.id).desc())
        .limit(limit + 1)
    )
    if before is not None:
        statement = statement.where(col(Member.id) < before)
    rows = session.execute(statement).all()
    items = [
        MemberItem(member.id, _name(keys, member.personal_enc), member.created_at, is_friend, seated, store)
        for member, is_friend, seated, store in rows[:limit]
    ]
    return items, items[-1].id if len(rows) > limit else None


def masked_names(session: Session, keys: KeyRing, members: Sequence[int]) -> dict[int, str]:
    """What members in sight are called, masked, by id; nothing for those who told no name."""
    statement = select(col(Member.id), col(Member.personal_enc)).where(col(Member.id).in_(members))
    return {id_: _name(keys, sealed) for id_, sealed in session.execute(statement)}


def _personal(keys: KeyRing, sealed: bytes | None) -> dict[str, str]:
    opened: dict[str, Any] = keys.open_json(sealed) if sealed else {}
    return {name: mask(str(value)) for name, value in sorted(opened.items()) if value}


def _name(keys: KeyRing, sealed: bytes | None) -> str:
    personal = _personal(keys, sealed)
    return personal.get("nickname") or personal.get("name") or ""


def _identities(session: Session, keys: KeyRing, member_id: int) -> list[tuple[str, str]]:
    statement = select(Identity).where(col(Identity.member_id) == member_id).order_by(col(Identity.kind)).limit(_MOST)
    found = session.execute(statement).scalars()
    return [(identity.kind, mask(keys.open(identity.value_enc).decode())) for identity in found]


def _friendships(session: Session, member_id: int) -> list[Friendship]:
    statement = (
        select(Relation, col(Associate.key), col(Store.title), col(Channel.title))
        .join(Associate, col(Associate.id) == col(Relation.associate_id))
        .outerjoin(Store, col(Store.id) == col(Relation.store_id))
        .outerjoin(Channel, col(Channel.id) == col(Relation.channel_id))
        .where(col(Relation.member_id) == member_id)
        .order_by(col(Relation.id).desc())
        .limit(_MOST)
    )
    return [
        Friendship(key, store, channel, found.half_at, found.full_at, found.ended_at, found.ended_by)
        for found, key, store, channel in session.execute(statement)
    ]


def _memberships(session: Session, member_id: int) -> list[Membership]:
    statement = (
        select(Seat, col(Chat.title))
        .join(Chat, col(Chat.id) == col(Seat.chat_id))
        .where(col(Seat.member_id) == member_id)
        .order_by(col(Seat.id).desc())
        .limit(_MOST)
    )
    return [Membership(title, seat.joined_at, seat.left_at, seat.left_by) for seat, title in session.execute(statement)]


def _coupons(session: Session, member_id: int) -> list[HeldCoupon]:
    statement = (
        select(Coupon, col(CouponBatch.title))
        .join(CouponBatch, col(CouponBatch.id) == col(Coupon.batch_id))
        .where(col(Coupon.member_id) == member_id)
        .order_by(col(Coupon.issued_at).desc())
        .limit(_MOST)
    )
    return [
        HeldCoupon(coupon.code, title, coupon.status, coupon.issued_at, coupon.expires_at)
        for coupon, title in session.execute(statement)
    ]
