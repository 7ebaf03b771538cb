"""Members: the till's look-up, one member, their timeline, lists. Phone numbers and names leave masked."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Query
from sqlalchemy.orm import Session

from engine.access import audit
from engine.events.types import event_type
from engine.members import lookup, timeline
from engine.members.handles import KINDS, HandleError, parse_handle
from engine.members.listing import MemberFilter, MemberLine, list_members
from engine.members.lookup import find_member, standing
from engine.members.models import Member
from engine.members.profile import Profile, read_profile
from engine.members.timeline import CursorError, Moment
from ui.api.member_answers import (
    CouponItem,
    FriendItem,
    GroupItem,
    IdentityItem,
    LookupAnswer,
    LookupQuery,
    MemberAnswer,
    MemberItem,
    MemberList,
    MembersQuery,
    OwnerAnswer,
    OwnerBody,
    RelationItem,
    TimelineAnswer,
    TimelineItem,
)
from ui.dependencies import Dependencies
from ui.http.auth import Caller, require
from ui.http.lists import Limit, page
from ui.http.problems import FieldError, NotFound, Unprocessable
from ui.http.routing import api_router

router = api_router(tags=["Members"])

Reader = Annotated[Caller, Depends(require("members"))]


@router.get("/members/lookup")
def look_up(caller: Reader, query: Annotated[LookupQuery, Query()]) -> LookupAnswer:
    """Is this customer a friend already, of whom, in which group, with which coupons? By exactly one identity."""
    named = _one_identity(query.model_dump(exclude_none=True))
    with caller.begin() as session:
        found = _found(session, caller, named)
        return LookupAnswer(**_standing(session, found, caller.now()))


@router.get("/members")
def list_all(caller: Reader, query: Annotated[MembersQuery, Query()]) -> MemberList:
    """The members in sight, newest first."""
    with caller.begin() as session:
        one = None if query.member is None else find_member(session, caller.deps.keys, query.member)
        if query.member is not None and one is None:
            return MemberList(items=[], next=None)
        wanted = MemberFilter(one, query.friend, query.in_group, query.owner_store, query.store, query.registered)
        lines = list_members(session, wanted, before=query.cursor, limit=query.limit + 1)
    shown, more = page(lines, query.limit, lambda line: str(line.id))
    return MemberList(items=[_item(line) for line in shown], next=more)


@router.get("/members/{member}")
def read_member(caller: Reader, member: str) -> MemberAnswer:
    """One member, by internal id or identity; whoever merged into another is shown as that one."""
    with caller.begin() as session:
        found = _found(session, caller, member)
        profile = read_profile(session, caller.deps.keys, found)
        if profile is None:
            raise NotFound(_unknown(member))
        return _answer(session, profile, caller.now())


@router.get("/members/{member}/timeline")
def read_timeline(caller: Reader, member: str, limit: Limit = 50, cursor: str | None = None) -> TimelineAnswer:
    """One item per accepted event and per effect, newest first."""
    with caller.begin() as session:
        found = _found(session, caller, member)
        try:
            items, more = timeline.timeline(session, found, limit=limit, cursor=cursor)
        except CursorError as error:
            raise Unprocessable(str(error), errors=[FieldError("cursor", str(error))]) from error
    return TimelineAnswer(items=[_moment(item, caller.deps) for item in items], next=more)


@router.put("/members/{member}/owner")
def put_owner(caller: Reader, member: str, body: OwnerBody) -> OwnerAnswer:
    """Say by hand whose member this is; audited."""
    with caller.begin() as session:
        found = _found(session, caller, member)
        row = session.get_one(Member, found, with_for_update={"key_share": True})
        before = standing(session, found, now=caller.now()).owner
        row.owner_id = None if body.associate is None else _associate(session, body.associate)
        audit.record(
            session,
            caller.actor,
            "member.owner",
            f"member/{found}",
            now=caller.now(),
            before={"owner": before},
            after={"owner": body.associate},
        )
    return OwnerAnswer(member=str(found), owner=body.associate)


def _one_identity(given: dict[str, str]) -> str:
    if len(given) != 1:
        message = f"Give exactly one of {', '.join(KINDS)}."
        raise Unprocessable(message, errors=[FieldError(next(iter(given), ""), message)])
    [(kind, value)] = given.items()
    try:
        return str(parse_handle(f"{kind}:{value}"))
    except HandleError as error:
        raise Unprocessable(str(error), errors=[FieldError(kind, str(error))]) from error


def _found(session: Session, caller: Caller, name: str) -> int:
    found = find_member(session, caller.deps.keys, name)
    if found is None:
        raise NotFound(_unknown(name))
    return found


def _unknown(name: str) -> str:
    return f"There is no member {name.partition(':')[0]}:… in sight." if ":" in name else "There is no such member."


def _associate(session: Session, key: str) -> int:
    found = lookup.associate_id(session, key)
    if found is None:
        errors = [FieldError("/associate", f"There is no associate {key!r}.")]
        raise Unprocessable("The owner cannot be set; see errors.", errors=errors)
    return found


def _standing(session: Session, member: int, now: datetime) -> dict[str, Any]:
    found = standing(session, member, now=now)
    return {
        "member": str(member),
        "friend": found.friend,
        "friend_basis": found.friend_basis,
        "friend_of": [FriendItem(**vars(one)) for one in found.friend_of],
        "in_groups": [GroupItem(**vars(one)) for one in found.in_groups],
        "owner": found.owner,
        "price_zone": None,
        "coupons": [CouponItem(**vars(one)) for one in found.coupons],
        "prompts": [],
    }


def _answer(session: Session, profile: Profile, now: datetime) -> MemberAnswer:
    member = profile.member
    return MemberAnswer(
        **_standing(session, member.id, now),
        id=str(member.id),
        created_at=member.created_at,
        store=lookup.store_key(session, member.store_id),
        is_staff=member.is_staff,
        attributes=member.attributes,
        personal=dict(profile.personal),
        identities=[IdentityItem(kind=kind, value=value) for kind, value in profile.identities],
        relations=[RelationItem(**vars(one)) for one in profile.friendships],
    )


def _item(line: MemberLine) -> MemberItem:
    return MemberItem(**{**vars(line), "id": str(line.id)})


def _moment(item: Moment, deps: Dependencies) -> TimelineItem:
    return TimelineItem(
        at=item.at,
        kind=item.kind,
        title=_title(item, deps),
        source=item.source,
        data=item.data,
        run=None if item.run is None else str(item.run),
    )


def _title(item: Moment, deps: Dependencies) -> dict[str, str]:
    """The words for an event's type or an activity, in both languages."""
    known = event_type(item.kind) if item.run is None else deps.catalogue.get(item.kind)
    return dict(known.titles) if known is not None else {"zh": item.kind, "en": item.kind}
