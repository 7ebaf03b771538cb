"""`/metrics`: how the service does, in Prometheus' text format. For a key of scope `metrics` or this machine itself.

A proxy on this machine is a loopback peer, whoever asks it, and need not say that it is one: nginx by default passes on
neither who asked nor by which name. So a service that browsers reach by https, which a proxy ends, asks everybody for a
key.
"""

import re
from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request, Response
from fastapi.security import HTTPAuthorizationCredentials
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from engine.telemetry.measures import REGISTRY
from engine.telemetry.standing import Figure, Standing
from ui.dependencies import dependencies
from ui.http.auth import BEARER, holder_of_key

router = APIRouter()

OF_A_PROXY = re.compile(
    r"forwarded|via|x-(original-)?forwarded(-.+)?|x-real-ip|(x-|x-cluster-|true-|fastly-)?client-ip"
    r"|cf-connecting-ip|x-envoy-.+"
)
"""Headers that a proxy adds: the peer is then the proxy, whoever it asks for."""
LOCAL_NAMES = frozenset({"localhost", ""})


@router.get("/metrics")
def measures(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]
) -> Response:
    """What this process counted, and what waits and lives in the whole service."""
    deps = dependencies(request)
    if credentials is not None or deps.secure or not is_local(request):
        holder_of_key(deps, credentials, "metrics")
    standing: Standing = request.app.state.standing
    return Response(exposed(standing.figures()), media_type=CONTENT_TYPE_PLAIN_0_0_4)


def is_local(request: Request) -> bool:
    """Whether this machine itself asks: no proxy that says so, and no page in a browser that reached us by a foreign
    name.
    """
    if request.client is None or any(OF_A_PROXY.fullmatch(name) for name in request.headers):
        return False
    return _is_loopback(request.client.host) and _is_loopback(_host_named(request))


def exposed(figures: Iterable[Figure]) -> bytes:
    """The measures of this process, then the figures, as Prometheus reads them."""
    passing = CollectorRegistry(auto_describe=False)
    passing.register(_Read(figures))
    return generate_latest(REGISTRY) + generate_latest(passing)


class _Read(Collector):
    """Figures that have been read, for the library to write."""

    def __init__(self, figures: Iterable[Figure]) -> None:
        self._figures = list(figures)

    def collect(self) -> Iterator[Metric]:
        for figure in self._figures:
            yield figure.family()


def _host_named(request: Request) -> str:
    try:
        return urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        return "?"


def _is_loopback(host: str) -> bool:
    if host in LOCAL_NAMES:
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
