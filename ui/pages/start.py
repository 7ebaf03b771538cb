"""Starting a journey by hand for one member: the form, and what became of the request."""

import time
import uuid
from typing import Annotated

from fastapi import APIRouter, Form, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from engine.runs import by_hand
from engine.runs.by_hand import StartError, Wanted
from ui.http.lists import LARGEST
from ui.pages.journeys import Key, find
from ui.pages.shown import meant
from ui.pages.visit import Visit, Visiting

router = APIRouter()

PATIENCE = 2.0
"""So many seconds the answer waits for the run."""


@router.get("/journeys/{key}/start")
def show(visit: Visiting, key: Key, event: Annotated[int | None, Query(ge=1, le=LARGEST)] = None) -> Response:
    """The form; with `event`, what became of that request."""
    with visit.begin() as session:
        find(session, key)
        run = by_hand.started(session, key, event) if event else None
        routed = by_hand.is_routed(session, event) if event else None
    if run is not None:
        return RedirectResponse(f"/runs/{run}", 303)
    return _form(visit, key, told=None if routed is None else ("refused" if routed else "waiting"))


@router.post("/journeys/{key}/start")
async def start(
    visit: Visiting,
    key: Key,
    member: Annotated[str, Form(max_length=300)] = "",
    name: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Ask for the run and lead to it; `name` keeps a second press of the button from asking twice."""
    return await run_in_threadpool(_start, visit, key, member.strip(), name or uuid.uuid4().hex)


def _start(visit: Visit, key: str, member: str, name: str) -> Response:
    with visit.operate() as session:
        find(session, key)
    subject = meant(member)
    wanted = Wanted(key, subject, visit.actor, name, visit.viewer.stores, known=True)
    try:
        event = by_hand.ask(visit.deps.database, visit.deps.keys, wanted, now=visit.now())
    except StartError as error:
        return _form(visit, key, member=member, failure=_word(error), status=_STATUS[type(error)])
    run = _begun(visit, key, event)
    return RedirectResponse(f"/runs/{run}" if run else f"/journeys/{key}/start?event={event}", 303)


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
    visit: Visit, key: str, *, member: str = "", failure: str | None = None, told: str | None = None, status: int = 200
) -> HTMLResponse:
    with visit.begin() as session:
        shown = find(session, key)
    context = {
        "shown": shown,
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
