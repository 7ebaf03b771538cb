"""Starting a journey by hand for one member: the form, who and what is meant, and what became of the request."""

import time
import uuid
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from engine.journeys.admission import admission_of
from engine.journeys.parse import read
from engine.members.profile import masked_names
from engine.runs import by_hand
from engine.runs.by_hand import StartError, Wanted
from engine.runs.refusing import Refusing, why_refused, would_refuse
from ui.http.lists import LARGEST
from ui.http.problems import NotFound
from ui.pages.journeys import find
from ui.pages.shown import meant
from ui.pages.visit import Key, Visit, Visiting

router = APIRouter()

PATIENCE = 2.0
"""So many seconds the answer waits for the run."""


@router.get("/journeys/{key}/start")
def show(visit: Visiting, key: Key, event: Annotated[int | None, Query(ge=1, le=LARGEST)] = None) -> Response:
    """The form; with `event`, what became of that request."""
    told = _become(visit, key, event) if event else None
    if told is not None and told.run is not None:
        return RedirectResponse(f"/runs/{told.run}", 303)
    return _form(visit, key, told=told)


@router.get("/journeys/{key}/start/told")
def show_told(visit: Visiting, key: Key, event: Annotated[int, Query(ge=1, le=LARGEST)]) -> Response:
    """The fragment that is asked for while a request waits: it leads to the run once there is one."""
    told = _become(visit, key, event)
    if told is None:
        raise NotFound(f"Nobody asked for a run of {key!r} by the event {event}.")
    if told.run is not None:
        return Response(status_code=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": f"/runs/{told.run}"})
    return visit.render("journeys/_start_told.html", {"key": key, "told": told})


@router.post("/journeys/{key}/start")
async def start(
    visit: Visiting,
    key: Key,
    member: Annotated[str, Form(max_length=300)] = "",
    name: Annotated[str, Form(max_length=64)] = "",
    *,
    sure: Annotated[bool, Form()] = False,
) -> Response:
    """Say who would be started in what; once that is confirmed, ask for the run and lead to it.

    `name` keeps a second press of the button from asking twice.
    """
    return await run_in_threadpool(_start, visit, key, member.strip(), name or uuid.uuid4().hex, sure=sure)


@dataclass(frozen=True)
class Asked:
    """What became of a request: its run, or that it waits, or that no run began and why, as far as that is known."""

    event: int
    run: int | None
    routed: bool
    why: Refusing | None


def _become(visit: Visit, key: str, event: int) -> Asked | None:
    """What became of a request; None where there is no such request for this journey."""
    with visit.begin() as session:
        find(session, key)
        run = by_hand.started(session, key, event)
        routed = by_hand.is_routed(session, key, event)
        why = why_refused(session, [event]).get(event) if routed and run is None else None
    return None if routed is None and run is None else Asked(event, run, bool(routed), why)


def _start(visit: Visit, key: str, member: str, name: str, *, sure: bool) -> Response:
    with visit.operate() as session:
        find(session, key)
    wanted = Wanted(key, meant(member), visit.actor, name, visit.viewer.stores, known=True)
    try:
        if not sure:
            return _confirm(visit, wanted)
        event = by_hand.ask(visit.deps.database, visit.deps.keys, wanted, now=visit.now())
    except StartError as error:
        return _form(visit, key, member=member, failure=_word(error), status=_STATUS[type(error)])
    run = _begun(visit, key, event)
    return RedirectResponse(f"/runs/{run}" if run else f"/journeys/{key}/start?event={event}", 303)


def _confirm(visit: Visit, wanted: Wanted) -> HTMLResponse:
    """Who would be started in what, what is really done then, and what would refuse them now. Raises StartError."""
    member = by_hand.whom(visit.deps.database, visit.deps.keys, wanted)
    with visit.begin() as session:
        shown = find(session, wanted.journey)
        names = masked_names(session, visit.deps.keys, [member])
        journey = read(shown.document).journey
        kept_out = would_refuse(session, admission_of(journey), member, visit.now()) if journey else None
    nodes = journey.nodes.values() if journey else ()
    context = {
        "shown": shown,
        "member": member,
        "called": names.get(member, ""),
        "activities": [*dict.fromkeys(each.activity for each in nodes if each.type == "activity")],
        "kept_out": kept_out,
        "name": wanted.name,
    }
    return visit.render("journeys/start_sure.html", context)


def _begun(visit: Visit, key: str, event: int) -> int | None:
    """The run of the event, looked for while patience lasts."""
    ends = time.monotonic() + PATIENCE
    while True:
        with visit.begin() as session:
            run = by_hand.started(session, key, event)
        if run is not None or time.monotonic() > ends:
            return run
        time.sleep(0.1)


def _form(
    visit: Visit,
    key: str,
    *,
    member: str = "",
    failure: str | None = None,
    told: Asked | None = None,
    status: int = 200,
) -> HTMLResponse:
    with visit.begin() as session:
        shown = find(session, key)
    context = {
        "shown": shown,
        "key": key,
        "member": member,
        "failure": failure,
        "told": told,
        "name": uuid.uuid4().hex,
        "may_start": visit.viewer.may("operate") and shown.condition == "live",
    }
    return visit.render("journeys/start.html", context, status=status)


def _word(error: StartError) -> str:
    """The end of the message that tells of it."""
    return _WORDS[type(error)]


_WORDS: dict[type[StartError], str] = {
    by_hand.UnknownJourneyError: "unpublished",
    by_hand.JourneyClosedError: "closed",
    by_hand.UnknownMemberError: "nobody",
    by_hand.UnusableSubjectError: "subject",
}
_STATUS: dict[type[StartError], int] = {
    by_hand.UnknownJourneyError: 404,
    by_hand.JourneyClosedError: 409,
    by_hand.UnknownMemberError: 404,
    by_hand.UnusableSubjectError: 422,
}
