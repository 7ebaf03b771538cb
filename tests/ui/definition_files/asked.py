"""A service that is asked without a network."""

from __future__ import annotations

import httpx

from engine.access.store import add_key
from engine.access.tokens import new_key
from engine.clock import FixedClock
from engine.database.connection import Database
from tests.ui.visitor import Visitor
from ui.definition_files.service import Service


def service_of(visitor: Visitor, database: Database, clock: FixedClock) -> Service:
    """The visitor's application as the command line asks it, with a key of scope `definitions`."""
    value = new_key()
    with database.begin() as session:
        add_key(session, "files", value, {"definitions"}, now=clock.now())

    def answer(request: httpx.Request) -> httpx.Response:
        given = visitor.request(
            request.method, str(request.url), content=request.content, headers=dict(request.headers)
        )
        headers = {name: given.headers[name] for name in ("content-type", "etag") if name in given.headers}
        return httpx.Response(given.status_code, content=given.content, headers=headers)

    return Service("http://testserver/", value, httpx.MockTransport(answer))
