"""Real HTTP for tests: an ASGI application on a free port of this machine, and a small Waystation to call back."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from engine.wecom.callback import App, Signed, open_callback, verify_url
from engine.wecom.xml import Fields


@contextmanager
def serve(app: ASGIApp) -> Iterator[str]:
    """Serve an application from a thread of its own; its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        until(lambda: server.started)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def until(true: Callable[[], object], seconds: float = 15) -> None:
    """Wait for something to become true; a test that waits in vain fails."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


@dataclass
class Receiver:
    """Waystation, as far as the simulator knows it. `answers` are the statuses of the next callbacks; then 200."""

    app: App
    events: list[Fields] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    scans: list[dict[str, object]] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    authorization: str = ""

    def forget(self) -> None:
        for kept in (self.events, self.queries, self.scans, self.pages, self.answers):
            kept.clear()

    def asgi(self) -> ASGIApp:
        return Starlette(
            routes=[
                Route("/wecom/callback/main", self._verify, methods=["GET"]),
                Route("/wecom/callback/main", self._callback, methods=["POST"]),
                Route("/api/v1/events", self._event, methods=["POST"]),
                Route("/q/{code}", self._page),
            ]
        )

    def changes(self) -> list[str]:
        """What the callbacks told of, in the order in which they came."""
        return [str(event["ChangeType"]) for event in self.events]

    async def _verify(self, request: Request) -> Response:
        return PlainTextResponse(verify_url(self.app, _signed(request), request.query_params["echostr"]))

    async def _callback(self, request: Request) -> Response:
        self.queries.append(str(request.url.query))
        self.events.append(open_callback(self.app, _signed(request), await request.body()))
        return PlainTextResponse("success", self.answers.pop(0) if self.answers else 200)

    async def _event(self, request: Request) -> Response:
        self.authorization = request.headers["Authorization"]
        self.scans.append(await request.json())
        return PlainTextResponse("", self.answers.pop(0) if self.answers else 202)

    async def _page(self, request: Request) -> Response:
        self.pages.append(request.path_params["code"])
        return PlainTextResponse("page")


def _signed(request: Request) -> Signed:
    query = request.query_params
    return Signed(query["msg_signature"], query["timestamp"], query["nonce"])
