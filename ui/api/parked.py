"""Parked members: their events failed to be routed five times, and wait for somebody to let them go on."""

from datetime import datetime
from typing import Annotated

from fastapi import Depends
from pydantic import BaseModel

from engine.events import parking
from engine.events.parking import Parked
from engine.members.lookup import find_member
from ui.http.auth import Caller, require
from ui.http.lists import IdCursor, Limit, page
from ui.http.problems import Conflict, NotFound
from ui.http.routing import api_router

router = api_router(tags=["Parked members"])

Operator = Annotated[Caller, Depends(require("runs"))]


class ParkedItem(BaseModel):
    """One member: since when and why, how often routing failed, how many events wait and since when the oldest does.

    `next_type` is the type of the event that is routed first; `reason` holds no personal data.
    """

    member: str
    since: datetime
    reason: str | None
    failures: int
    waiting: int
    oldest: datetime | None
    next_type: str | None


class ParkedList(BaseModel):
    """A part of a list."""

    items: list[ParkedItem]
    next: str | None


class ReleaseAnswer(BaseModel):
    """Whose events are routed again."""

    member: str
    released: bool


@router.get("/parked")
def list_parked(caller: Operator, limit: Limit = 50, cursor: IdCursor = None) -> ParkedList:
    """The parked members in sight, by id."""
    with caller.begin() as session:
        found = parking.list_parked(session, after=cursor or 0, limit=limit + 1)
    shown, more = page(found, limit, lambda one: str(one.member_id))
    return ParkedList(items=[_item(one) for one in shown], next=more)


@router.post("/parked/{member}/release")
def release(caller: Operator, member: str) -> ReleaseAnswer:
    """Let the member's events be routed again. If the cause lasts, the member is parked again after five failures."""
    with caller.begin() as session:
        found = find_member(session, caller.deps.keys, member)
        if found is None:
            raise NotFound("There is no such member in sight.")
        if not parking.release(session, found, by=caller.actor, now=caller.now()):
            raise Conflict("This member is not parked.")
    return ReleaseAnswer(member=str(found), released=True)


def _item(one: Parked) -> ParkedItem:
    return ParkedItem(
        member=str(one.member_id), **{key: value for key, value in vars(one).items() if key != "member_id"}
    )
