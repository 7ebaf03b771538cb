"""Counts and times every request, by the template of its route: no address, no query, nobody's name."""

import time

from prometheus_client import Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.telemetry.measures import REGISTRY, SHORT

REQUESTS = Counter(
    "waystation_http_requests_total", "Requests answered, by method, route and status.", ["method", "route", "status"],
    registry=REGISTRY,
)  # fmt: skip
SECONDS = Histogram(
    "waystation_http_request_seconds", "How long a request took, its answer included.", ["method", "route"],
    buckets=SHORT, registry=REGISTRY,
)  # fmt: skip
UNDER_WAY = Gauge("waystation_http_requests_under_way", "Requests that are being answered.", registry=REGISTRY)

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
API = "/api/v1"
NONE = "none"
"""The route of whatever met none: an unknown address, a file, a request that was refused at the door."""


class RequestMeasures:
    """The outermost middleware. A request that ended without an answer counts as 500."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, started = 500, time.perf_counter()

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        UNDER_WAY.inc()
        try:
            await self.app(scope, receive, noting)
        finally:
            UNDER_WAY.dec()
            _count(scope, status, time.perf_counter() - started)


def route_of(scope: Scope) -> str:
    """The template of the route that a request met, such as `/runs/{run_id}`.

    A route of the API knows its own part of it only.
    """
    template: str = getattr(scope.get("route"), "path", NONE)
    return f"{API}{template}" if template != NONE and scope["path"].startswith(f"{API}/") else template


def _count(scope: Scope, status: int, seconds: float) -> None:
    method = scope["method"] if scope["method"] in METHODS else "other"
    route = route_of(scope)
    REQUESTS.labels(method, route, str(status)).inc()
    SECONDS.labels(method, route).observe(seconds)
