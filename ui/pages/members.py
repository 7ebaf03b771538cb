"""Members: finding one, and one with all that is known, personal data masked."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from engine.definitions.listing import show
from engine.events.parking import list_parked
from engine.fields.catalogue import known_fields
from engine.members.handles import KINDS
from engine.members.lookup import find_member
from engine.members.profile import MemberItem, list_members, read_profile
from engine.members.timeline import CursorError, Moment, timeline
from engine.occurrences.why import that_chose
from engine.runs.listing import RunFilter, list_runs
from engine.runs.refusing import why_refused
from engine.secrets.keyring import KeyRing
from rules.types import Json
from ui.http.problems import NotFound, Unprocessable
from ui.pages.shown import MARKS
from ui.pages.visit import Visiting

router = APIRouter()

_SHOWN = 50

Cursor = Annotated[int | None, Query(ge=1, le=2**63 - 1)]


@router.get("/members")
def show_list(
    visit: Visiting,
    kind: Annotated[str, Query(max_length=20)] = "phone",
    value: Annotated[str, Query(max_length=256)] = "",
    before: Cursor = None,
) -> Response:
    """The newest members, and a search that leads to the one who has the identity or is shown under the number."""
    wanted = value.strip()
    members: list[MemberItem] = []
    after = None
    with visit.begin() as session:
        if wanted:
            found = _searched(session, visit.deps.keys, kind, wanted)
            if found is not None:
                return RedirectResponse(f"/members/{found}", 303)
        else:
            members, after = list_members(session, visit.deps.keys, before=before)
    context = {
        "members": members,
        "next": after,
        "before": before,
        "kinds": KINDS,
        "kind": kind,
        "value": value,
        "missing": bool(wanted),
    }
    return visit.render("members/list.html", context)


@router.get("/members/{member_id}")
def show_member(
    visit: Visiting,
    member_id: Annotated[int, Path(ge=1, le=2**63 - 1)],
    before: Annotated[str | None, Query(max_length=300)] = None,
) -> Response:
    """One member: identities, friends, groups, coupons, runs, and their log."""
    with visit.begin() as session:
        profile = read_profile(session, visit.deps.keys, member_id)
        if profile is None:
            raise NotFound(f"There is no member {member_id}.")
        if profile.member.merged_into:
            return RedirectResponse(f"/members/{profile.member.merged_into}", 303)
        runs = list_runs(session, RunFilter(member_id=member_id), limit=20)
        chose = that_chose(session, [run.id for run in runs.items])
        moments, after = _moments(session, member_id, before)
        refused = why_refused(session, [each.seq for each in moments if each.seq is not None])
        titles = _titles(session, {run.journey for run in runs.items})
        fields = known_fields(session)
        parked = next(iter(list_parked(session, member_id=member_id, limit=1)), None)
    context = {
        "profile": profile,
        "fields": fields,
        "runs": runs.items,
        "chose": chose,
        "moments": moments,
        "refused": refused,
        "next": after,
        "before": before,
        "titles": titles,
        "parked": parked,
    }
    return visit.render("members/member.html", context)


def _searched(session: Session, keys: KeyRing, kind: str, value: str) -> int | None:
    """Who has the identity; `#17` is the number that we show, and so is a bare number that is nobody's own."""
    if value[0] in MARKS:
        number = value[1:].strip()
        return find_member(session, keys, number) if number.isdigit() else None
    found = find_member(session, keys, f"{kind}:{value}")
    return find_member(session, keys, value) if found is None and kind == "member" and value.isdigit() else found


def _moments(session: Session, member_id: int, before: str | None) -> tuple[list[Moment], str | None]:
    try:
        return timeline(session, member_id, limit=_SHOWN, cursor=before)
    except CursorError as error:
        raise Unprocessable(str(error)) from error


def _titles(session: Session, journeys: set[str]) -> dict[str, Json]:
    """The titles of these journeys, as their documents have them."""
    found = (show(session, "journey", key) for key in journeys)
    return {shown.key: shown.title for shown in found if shown}
