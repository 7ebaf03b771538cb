"""What the members' part of the API takes and answers."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from engine.members.lookup import FriendBasis
from engine.organisation.views import Key
from ui.http.lists import IdCursor, Limit

Named = Annotated[str, StringConstraints(min_length=1, max_length=300)]


class LookupQuery(BaseModel):
    """Exactly one identity."""

    model_config = ConfigDict(extra="forbid")

    phone: Named | None = None
    unionid: Named | None = None
    external_userid: Named | None = None
    openid: Named | None = None
    card: Named | None = None
    member: Named | None = None


class MembersQuery(BaseModel):
    """What listed members must be."""

    model_config = ConfigDict(extra="forbid")

    friend: bool | None = None
    in_group: bool | None = None
    registered: bool | None = None
    store: Named | None = None
    owner_store: Named | None = None
    member: Named | None = None
    limit: Limit = 50
    cursor: IdCursor = None


class FriendItem(BaseModel):
    """An associate whose friend the member is."""

    associate: str
    store: str | None
    since: datetime


class GroupItem(BaseModel):
    """A customer group in which the member has a seat."""

    chat_id: str
    title: dict[str, str]
    store: str | None
    since: datetime


class CouponItem(BaseModel):
    """A coupon that the member can still redeem."""

    code: str
    batch: str
    title: dict[str, str]
    status: str
    expires_at: datetime | None


class LookupAnswer(BaseModel):
    """What a till needs to know. It asks "shall we be friends?" only when `friend` is false."""

    member: str
    friend: bool | None = Field(description="null when nothing known of the member can be matched to WeCom")
    friend_basis: FriendBasis
    friend_of: list[FriendItem]
    in_groups: list[GroupItem]
    owner: str | None
    price_zone: str | None
    coupons: list[CouponItem]
    prompts: list[str]


class IdentityItem(BaseModel):
    """An identity; phone and card numbers are masked."""

    kind: str
    value: str


class RelationItem(BaseModel):
    """One interval of a friend relation."""

    associate: str
    store: dict[str, str] | None
    channel: dict[str, str] | None
    half_at: datetime | None
    full_at: datetime | None
    ended_at: datetime | None
    ended_by: str | None


class MemberAnswer(LookupAnswer):
    """A member with all that is shown of them."""

    id: str
    created_at: datetime
    store: str | None
    is_staff: bool
    attributes: dict[str, Any]
    personal: dict[str, str] = Field(description="Personal attributes, masked")
    identities: list[IdentityItem]
    relations: list[RelationItem]


class MemberItem(BaseModel):
    """One line of a list."""

    id: str
    created_at: datetime
    friend: bool
    in_group: bool
    registered: bool
    store: str | None
    owner: str | None
    owner_store: str | None


class MemberList(BaseModel):
    """A part of a list."""

    items: list[MemberItem]
    next: str | None


class TimelineItem(BaseModel):
    """An accepted event, or an effect of a journey with its `run`."""

    at: datetime
    kind: str
    title: dict[str, str]
    source: str
    data: dict[str, Any]
    run: str | None


class TimelineAnswer(BaseModel):
    """A part of a timeline, newest first."""

    items: list[TimelineItem]
    next: str | None


class OwnerBody(BaseModel):
    """Whose member this is; null takes the owner away."""

    model_config = ConfigDict(extra="forbid")

    associate: Key | None


class OwnerAnswer(BaseModel):
    """Whose member this is now."""

    member: str
    owner: str | None
