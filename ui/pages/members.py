"""Members: finding one, and one with all that is known, personal data masked."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Query
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col
from starlette.responses import RedirectResponse, Response

from engine.definitions.listing import Listed, list_shown
from engine.definitions.source import read_source
from engine.definitions.versions import texts_of
from engine.events.parking import list_parked
from engine.fields.catalogue import known_fields
from engine.members.handles import KINDS
from engine.members.lookup import find_member
from engine.members.profile import MemberItem, list_members, read_profile
from engine.members.timeline import CursorError, Moment, timeline
from engine.occurrences.why import that_chose
from engine.runs.listing import RunFilter, RunItem, list_runs
from engine.runs.models import Run
from engine.runs.refusing import Refusing, admission_at, why_refused, would_refuse
from engine.secrets.keyring import KeyRing
from engine.trying.titles import titles_of
from rules.types import Json
from ui.http.problems import NotFound, Unprocessable
from ui.journeys.outline import node_names
from ui.messages import LANGUAGES
from ui.pages.shown import MARKS
from ui.pages.visit import Visit, Visiting
from ui.words import wording
from ui.words.moments import Entry, entry

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
        named = {run.journey for run in runs.items} | _asked_of(moments)
        journeys = {each.key: each for each in list_shown(session, "journey", named)}
        titles = {key: each.title for key, each in journeys.items()}
        again = _again(visit, session, member_id, runs.items, journeys)
        log = _told(visit, session, moments, titles)
        fields = known_fields(session)
        parked = next(iter(list_parked(session, member_id=member_id, limit=1)), None)
    context = {
        "profile": profile,
        "fields": fields,
        "runs": runs.items,
        "chose": chose,
        "log": log,
        "again": again,
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


def _asked_of(moments: Sequence[Moment]) -> set[str]:
    """The journeys that events name."""
    return {key for each in moments if isinstance(key := each.data.get("journey"), str)}


def _told(visit: Visit, session: Session, moments: Sequence[Moment], journeys: Mapping[str, Json]) -> list[Entry]:
    """The log in words."""
    things = titles_of(session, [each.data for each in moments if each.run is None])
    called: dict[tuple[str, str], dict[str, str]] = {
        ("journey", key): {each: wording.title(title, each, key) for each in LANGUAGES}
        for key, title in journeys.items()
    }
    nodes = _nodes(visit, session, {each.run for each in moments if each.run is not None})
    return [entry(each, {**things, **called}, nodes.get(each.run or 0, {}), visit.language) for each in moments]


def _nodes(visit: Visit, session: Session, runs: set[int]) -> dict[int, dict[str, str]]:
    """What the nodes are called of the version that each of these runs follows."""
    rows = session.execute(select(col(Run.id), col(Run.journey), col(Run.version)).where(col(Run.id).in_(runs))).all()
    texts = texts_of(session, "journey", {(journey, version) for _, journey, version in rows})
    names = {
        version: node_names(read_source(found).document, visit.deps.catalogue, visit.language)
        for version, found in texts.items()
    }
    return {run: names.get((journey, version), {}) for run, journey, version in rows}


def _again(
    visit: Visit, session: Session, member: int, runs: Sequence[RunItem], journeys: Mapping[str, Listed]
) -> dict[int, Refusing]:
    """By the latest run of each journey: what would refuse the member there now, where they are not inside."""
    found: dict[int, Refusing] = {}
    for run in {each.journey: each for each in reversed(runs)}.values():
        journey = journeys.get(run.journey)
        if journey is None or journey.condition != "live" or journey.version is None:
            continue
        admission = admission_at(session, run.journey, journey.version)
        told = would_refuse(session, admission, member, visit.now()) if admission else None
        if told is not None and told.rule in {"once", "cooldown"}:
            found[run.id] = told
    return found
