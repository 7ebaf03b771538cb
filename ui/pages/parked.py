"""Parked members: who waits, why, and letting one or all of them go on."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import HTMLResponse, RedirectResponse

from engine.events import parking
from ui.http.lists import LARGEST, page
from ui.http.problems import Conflict
from ui.pages.visit import Visiting

router = APIRouter()

_SHOWN = 50
_AT_ONCE = 1_000


@router.get("/parked")
def show_list(visit: Visiting, after: Annotated[int, Query(ge=0, le=LARGEST)] = 0) -> HTMLResponse:
    """The parked members in sight."""
    with visit.begin() as session:
        found = parking.list_parked(session, after=after, limit=_SHOWN + 1)
        count = parking.parked_count(session)
    shown, more = page(found, _SHOWN, lambda one: str(one.member_id))
    return visit.render("parked/list.html", {"parked": shown, "next": more, "after": after, "count": count})


@router.post("/parked/release")
def release_all(visit: Visiting) -> RedirectResponse:
    """Let all parked members in sight go on, at most a thousand at once."""
    with visit.operate() as session:
        for one in parking.list_parked(session, limit=_AT_ONCE):
            parking.release(session, one.member_id, by=visit.actor, now=visit.now())
    return RedirectResponse("/parked", 303)


@router.post("/parked/{member_id}/release")
def release(visit: Visiting, member_id: Annotated[int, Path(ge=1, le=LARGEST)]) -> RedirectResponse:
    """Let one member go on."""
    with visit.operate() as session:
        if not parking.release(session, member_id, by=visit.actor, now=visit.now()):
            raise Conflict("This member is not parked any more.")
    return RedirectResponse("/parked", 303)
