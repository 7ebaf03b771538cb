"""Routes of the JSON API: bodies are strict JSON, and anything else is refused by name.

Every module in `ui/api` makes its router with `api_router()`.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from rules.reader import loads
from rules.types import Json
from ui.problems import WrongMediaType


class StrictRequest(Request):
    """Reads a body as the rules read theirs: no second keys, no NaN, no control characters."""

    async def json(self) -> Json:
        if not hasattr(self, "_json"):
            self._json = loads(await self.body())
        return self._json


class StrictRoute(APIRoute):
    """A route whose JSON body is strict, and of a JSON media type."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            strict = StrictRequest(request.scope, request.receive)
            if self.body_field is not None:
                await _demand_json(strict)
            return await inner(strict)

        return handler


def api_router(*, tags: list[str]) -> APIRouter:
    """A router for `ui/api/<noun>.py`; the application puts it below `/api/v1`."""
    return APIRouter(tags=list(tags), route_class=StrictRoute)


async def _demand_json(request: Request) -> None:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "application/json" or (media_type.startswith("application/") and media_type.endswith("+json")):
        return
    if media_type or await request.body():
        raise WrongMediaType("Send the body as application/json.")
