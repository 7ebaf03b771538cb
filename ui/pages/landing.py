"""`/q/<code>`: where a printed code leads. It records the scan and shows the WeCom code of whoever receives now.

The visitor is nobody yet: a cookie keeps the same visitor the same, and a later identity says who it was.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import urlsplit

import segno
from fastapi import APIRouter, Path, Request
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col
from starlette.responses import HTMLResponse

from engine.database import retrying
from engine.events.incoming import IncomingEvent
from engine.events.ingest import ingest
from engine.members.handles import VISITOR
from engine.organisation.desk import read_desk
from engine.organisation.models import Channel, Store
from engine.wecom.reception import Reception, choose
from ui.dependencies import Dependencies, dependencies
from ui.pages.render import render
from ui.problems import NotFound
from ui.words import ZONE

router = APIRouter()

SOURCE = "waystation:landing"
COOKIE = "waystation_visitor"
_LASTS = 400 * 24 * 3600
_LONGEST = 64


@dataclass(frozen=True)
class Sight:
    """What the visitor is shown."""

    channel: Channel
    store: Store | None
    reception: Reception


@router.get("/q/{code}")
def show(request: Request, code: Annotated[str, Path(max_length=_LONGEST)]) -> HTMLResponse:
    """The landing page. A reload within a minute is the same scan."""
    deps, now = dependencies(request), dependencies(request).clock.now()
    visitor = _visitor(request)
    sight = retrying.run(deps.database, lambda session: _arrive(session, deps, code, visitor, now))
    if sight.channel.qr_url:
        request.state.images = _origin(sight.channel.qr_url)
    context = {
        "sight": sight,
        "picture": sight.channel.qr_url,
        "drawn": _draw(f"{deps.public_url.rstrip('/')}/q/{sight.channel.state}"),
    }
    response = render(request, "landing.html", context, headers={"Cache-Control": "no-store"})
    response.set_cookie(COOKIE, visitor, max_age=_LASTS, httponly=True, samesite="lax", secure=deps.secure)
    return response


def _visitor(request: Request) -> str:
    """The visitor of this browser; a cookie that we did not write is replaced."""
    known = request.cookies.get(COOKIE, "")
    return known if len(known) == 32 and known.isalnum() and known.isascii() else secrets.token_hex(16)


def _arrive(session: Session, deps: Dependencies, code: str, visitor: str, now: datetime) -> Sight:
    channel = session.execute(select(Channel).where(col(Channel.state) == code)).scalar_one_or_none()
    if channel is None:
        raise NotFound("No channel has this code. It may have been printed for another chain.")
    scan = IncomingEvent(
        source=SOURCE,
        id=f"{visitor}/{channel.state}/{int(now.timestamp()) // 60}",
        type="contact.scanned",
        subject=f"{VISITOR}:{visitor}",
        time=now,
        data={"channel": channel.key},
    )
    ingest(session, [scan], now=now, keys=deps.keys)
    store = session.get(Store, channel.store_id) if channel.store_id else None
    return Sight(channel, store, choose(read_desk(session, channel), now, ZONE, visitor))


def _draw(address: str) -> Markup:
    """A QR code as inline SVG without styles."""
    drawn = segno.make(address, error="m").svg_inline(scale=6, border=1, omitsize=True, svgclass=None, lineclass=None)
    return Markup(drawn)  # noqa: S704  # drawn by us, holds no text


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
