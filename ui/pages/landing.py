"""`/q/<code>`: where a printed code leads. It records the scan and shows the WeCom code of whoever receives now.

The visitor is nobody yet: a cookie keeps the same visitor the same, and a later identity says who it was. A code that
WeCom has not made yet is asked for, and the page looks again by itself; it never waits for WeCom.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Path, Query, Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col
from starlette.responses import HTMLResponse

from engine.database import retrying
from engine.events.incoming import IncomingEvent
from engine.events.ingest import ingest
from engine.members.handles import VISITOR
from engine.organisation import ways
from engine.organisation.desk import read_desk
from engine.organisation.models import Channel, Store
from engine.wecom.reception import Reception, receive
from rules.zones import HOME
from ui.dependencies import Dependencies, dependencies
from ui.http.problems import NotFound
from ui.pages.render import render

router = APIRouter()

SOURCE = "waystation:landing"
COOKIE = "waystation_visitor"
_LASTS = 400 * 24 * 3600
_LONGEST = 64
_WAITS = (1, 1, 2, 3, 5, 8)
"""After how many seconds the page looks again for a code that is being made."""


@dataclass(frozen=True)
class Sight:
    """What the visitor is shown: WeCom's code as a picture, or that it is `coming`, or why there is none."""

    channel: Channel
    store: Store | None
    reception: Reception
    picture: str | None
    coming: bool


@router.get("/q/{code}")
def show(
    request: Request,
    code: Annotated[str, Path(max_length=_LONGEST)],
    look: Annotated[int, Query(ge=0, le=len(_WAITS))] = 0,
) -> HTMLResponse:
    """The landing page. A reload within a minute is the same scan; a further `look` of the page itself is none."""
    deps = dependencies(request)
    visitor = _visitor(request)
    arrival = Arrival(code, visitor, deps.clock.now(), counts=look == 0 or COOKIE not in request.cookies)
    sight = retrying.run(deps.database, lambda session: _arrive(session, deps, arrival))
    headers = {"Cache-Control": "no-store"}
    if sight.picture:
        request.state.images = _origin(sight.picture)
    waits = sight.coming and look < len(_WAITS)
    if waits:
        headers["Refresh"] = f"{_WAITS[look]}; url=/q/{sight.channel.state}?look={look + 1}"
    response = render(request, "landing.html", {"sight": sight, "waits": waits}, headers=headers)
    response.set_cookie(COOKIE, visitor, max_age=_LASTS, httponly=True, samesite="lax", secure=deps.secure)
    return response


@dataclass(frozen=True)
class Arrival:
    """Somebody opens the page of a code. `counts`: as a scan."""

    code: str
    visitor: str
    now: datetime
    counts: bool


def _visitor(request: Request) -> str:
    """The visitor of this browser; a cookie that we did not write is replaced."""
    known = request.cookies.get(COOKIE, "")
    return known if len(known) == 32 and known.isalnum() and known.isascii() else secrets.token_hex(16)


def _arrive(session: Session, deps: Dependencies, arrival: Arrival) -> Sight:
    channel = session.execute(select(Channel).where(col(Channel.state) == arrival.code)).scalar_one_or_none()
    if channel is None:
        raise NotFound("No channel has this code. It may have been printed for another chain.")
    if arrival.counts:
        ingest(session, [_scan(channel, arrival)], now=arrival.now, keys=deps.keys)
    store = session.get(Store, channel.store_id) if channel.store_id else None
    known = ways.read(session, channel.id, now=arrival.now)
    reception, wanted = receive(read_desk(session, channel), known.codes, arrival.now, HOME, arrival.visitor)
    if wanted is not None:
        ways.want(session, channel.id, wanted, now=arrival.now)
    picture = known.pictures.get(reception.userid or "")
    return Sight(channel, store, reception, picture, coming=wanted is not None and picture is None)


def _scan(channel: Channel, arrival: Arrival) -> IncomingEvent:
    return IncomingEvent(
        source=SOURCE,
        id=f"{arrival.visitor}/{channel.state}/{int(arrival.now.timestamp()) // 60}",
        type="contact.scanned",
        subject=f"{VISITOR}:{arrival.visitor}",
        time=arrival.now,
        data={"channel": channel.key},
    )


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
