"""Routes of the JSON API: bodies are strict JSON, parameters are known, and anything else is refused by name.

Every module in `ui/api` makes its router with `api_router()`.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from engine.events.content import mistakes
from rules.errors import RuleError
from rules.limits import MAX_DEPTH
from rules.reader import loads
from rules.types import Json
from ui.http.idempotency import once
from ui.http.limits import MAX_BODY
from ui.http.parameters import known_to, refuse_unknown
from ui.http.problems import FieldError, Unprocessable, WrongMediaType

API = "/api/v1/"
RULE_LEVELS = 2 * MAX_DEPTH + 8
_NOT_OURS = "The body is not JSON as we read it; see errors."


class StrictRequest(Request):
    """Reads a body as the rules read theirs: no second keys, no NaN, no control characters."""

    levels = MAX_DEPTH

    async def json(self) -> Json:
        try:
            value = loads(await self.body(), max_bytes=MAX_BODY, depth=2 * RULE_LEVELS)
        except RuleError as error:
            errors = [FieldError(problem.pointer, problem.message["en"]) for problem in error.problems]
            raise Unprocessable(_NOT_OURS, errors=errors) from error
        if errors := [FieldError(pointer, message) for pointer, message in mistakes(value, levels=self.levels)]:
            raise Unprocessable(_NOT_OURS, errors=errors)
        return value


class RuleRequest(StrictRequest):
    """Reads a body that holds rules: each level of a rule is an object and its list of arguments."""

    levels = RULE_LEVELS


class StrictRoute(APIRoute):
    """A route whose JSON body is strict and of a JSON media type, and whose writes may carry an `Idempotency-Key`.

    Below `/api/v1` it takes the parameters that it declares and no other; outside, others may add theirs.
    """

    request: type[StrictRequest] = StrictRequest

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()
        known = known_to(self.dependant)

        async def handler(request: Request) -> Response:
            if request.url.path.startswith(API):
                refuse_unknown(request, known)
            strict = self.request(request.scope, request.receive)
            if self.body_field is not None:
                await demand_json(strict)
            return await once(strict, inner)

        return handler


class RuleRoute(StrictRoute):
    """The same for bodies that hold rules."""

    request = RuleRequest


def api_router(*, tags: list[str], takes_rules: bool = False) -> APIRouter:
    """A router for `ui/api/<noun>.py`; the application puts it below `/api/v1`. Rules nest deeper than other bodies."""
    return APIRouter(tags=list(tags), route_class=RuleRoute if takes_rules else StrictRoute)


async def demand_json(request: Request) -> None:
    """Refuse a body that says it is anything but JSON. For handlers that read the body by themselves."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "application/json" or (media_type.startswith("application/") and media_type.endswith("+json")):
        return
    if media_type or await request.body():
        raise WrongMediaType("Send the body as application/json.")
