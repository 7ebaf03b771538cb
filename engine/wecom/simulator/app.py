"""The simulator as an ASGI application."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

import httpx
import segno
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from engine.clock import Clock
from engine.wecom.simulator import ways
from engine.wecom.simulator.api import Desk
from engine.wecom.simulator.asked import ImpossibleError
from engine.wecom.simulator.callbacks import Postman
from engine.wecom.simulator.chats import Groups
from engine.wecom.simulator.control import Machine, create_router
from engine.wecom.simulator.faults import FaultBox
from engine.wecom.simulator.relations import Friendships
from engine.wecom.simulator.scans import Phone, UnheardError
from engine.wecom.simulator.settings import SimulatorSettings
from engine.wecom.simulator.staff import Staff
from engine.wecom.simulator.state import State

LOG = logging.getLogger(__name__)
LOCAL_HOSTS = {"127.0.0.1", "::1", "localhost"}


def create_app(state_dir: Path, settings: SimulatorSettings, clock: Clock) -> FastAPI:
    """A WeCom whose memory lies in `state_dir`. Serve it with one worker: its memory belongs to one thread."""
    state, faults = State(state_dir, clock), FaultBox()
    http = httpx.AsyncClient(trust_env=False, limits=httpx.Limits(max_connections=64))
    postman = Postman(state, settings, faults, http)
    machine = Machine(
        state=state,
        friendships=Friendships(state, settings, faults),
        groups=Groups(state, settings, faults),
        faults=faults,
        postman=postman,
        phone=Phone(settings, http, clock),
        staff=Staff(state, settings),
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        running = asyncio.create_task(postman.run())
        running.add_done_callback(_report)
        yield
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await http.aclose()
        state.close()

    app = FastAPI(title="WeCom simulator", lifespan=lifespan, docs_url=None, redoc_url=None)
    if settings.loopback_only:
        app.add_middleware(OnlyFromHere)
    app.include_router(create_router(machine))
    app.add_route("/cgi-bin/{path:path}", Desk(state, settings, faults).serve, methods=["GET", "POST"])
    app.add_api_route("/qr/{config_id}", _qr)
    app.add_route("/u/{config_id}", partial(_way, state), methods=["GET"])
    app.add_api_route("/livez", _livez)
    _add_problems(app)
    return app


def _report(task: asyncio.Task[None]) -> None:
    """A postman who falls must not fall in silence."""
    if not task.cancelled() and task.exception():
        LOG.critical("callbacks are no longer delivered", exc_info=task.exception())


async def _livez() -> dict[str, str]:
    return {"status": "ok"}


async def _qr(config_id: str, request: Request) -> Response:
    """The picture of a contact way's code."""
    picture = io.BytesIO()
    segno.make(f"{request.base_url}u/{config_id}").save(picture, kind="svg", scale=8)
    return Response(picture.getvalue(), media_type="image/svg+xml")


async def _way(state: State, request: Request) -> Response:
    """Where the picture leads: what WeCom would do now, in words."""
    told = ways.in_words(state, request.path_params["config_id"])
    return PlainTextResponse(told or "No such code.", 200 if told else 404)


class OnlyFromHere:
    """Refuses callers and host names from elsewhere: whoever reaches the simulator plays everybody."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not _is_local(Request(scope)):
            await _problem(403, "The simulator serves this machine only.")(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _is_local(request: Request) -> bool:
    caller = request.client.host if request.client else ""
    return caller in LOCAL_HOSTS and request.url.hostname in LOCAL_HOSTS


def _add_problems(app: FastAPI) -> None:
    @app.exception_handler(ImpossibleError)
    async def impossible(_: Request, error: ImpossibleError) -> Response:
        return _problem(409, str(error))

    @app.exception_handler(UnheardError)
    async def unheard(_: Request, error: UnheardError) -> Response:
        return _problem(502, str(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        found = [{"pointer": _pointer(one["loc"]), "message": one["msg"]} for one in error.errors()]
        return _problem(422, "The body is not what this call takes.", found)


def _pointer(where: tuple[str | int, ...]) -> str:
    return "".join(f"/{part}" for part in where[1:])


def _problem(status: int, detail: str, errors: list[dict[str, str]] | None = None) -> Response:
    body: dict[str, object] = {"title": "Refused", "status": status, "detail": detail}
    if errors is not None:
        body["errors"] = errors
    return JSONResponse(body, status, media_type="application/problem+json")
