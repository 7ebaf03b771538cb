"""`/metrics`: how the service does, in Prometheus' text format. For a key of scope `metrics` or a loopback peer."""

from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.security import HTTPAuthorizationCredentials
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session
from sqlmodel import col
from starlette.responses import PlainTextResponse

from engine.events.models import Event, MemberQueue
from engine.runs.listing import live_by_journey
from ui.auth import BEARER, holder_of_key
from ui.dependencies import dependencies

router = APIRouter()

Samples = Iterable[tuple[Mapping[str, str], float]]


@router.get("/metrics")
def measures(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]
) -> PlainTextResponse:
    """Gauges of what waits and what runs."""
    deps = dependencies(request)
    if credentials is not None or not _is_local(request):
        holder_of_key(deps, credentials, "metrics")
    with deps.database.begin() as session:
        text = "".join(_gauges(session, deps.clock.now().timestamp()))
    return PlainTextResponse(text, media_type="text/plain; version=0.0.4")


def _is_local(request: Request) -> bool:
    """Whether the peer is this machine itself and not a proxy on it, which would say for whom it asks."""
    if request.client is None or "x-forwarded-for" in request.headers or "forwarded" in request.headers:
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def _gauges(session: Session, now: float) -> Iterable[str]:
    live = live_by_journey(session)
    runs = [
        ({"journey": journey, "status": status}, float(count))
        for journey, counts in sorted(live.items())
        for status, count in sorted(counts.items())
    ]
    yield _gauge("waystation_runs", "Live runs by journey and status.", runs)
    unrouted = select(func.count()).where(col(Event.routed_at).is_(None), col(Event.member_id).is_not(None))
    yield _gauge("waystation_events_unrouted", "Accepted events not routed yet.", [({}, _number(session, unrouted))])
    parked = select(func.count()).where(col(MemberQueue.parked_at).is_not(None))
    yield _gauge(
        "waystation_members_parked", "Members whose routing failed five times.", [({}, _number(session, parked))]
    )
    oldest = select(func.extract("epoch", func.min(col(MemberQueue.since)))).where(col(MemberQueue.parked_at).is_(None))
    since = session.execute(oldest).scalar_one()
    age = max(0.0, now - float(since)) if since is not None else 0.0
    yield _gauge("waystation_routing_delay_seconds", "Age of the oldest event that waits for routing.", [({}, age)])


def _number(session: Session, statement: Select[int]) -> float:
    return float(session.execute(statement).scalar_one())


def _gauge(name: str, help_text: str, samples: Samples) -> str:
    lines = [f"# HELP {name} {help_text}", f"# TYPE {name} gauge"]
    for labels, value in samples:
        inner = ",".join(f'{key}="{_escape(text)}"' for key, text in labels.items())
        lines.append(f"{name}{{{inner}}} {value:g}" if inner else f"{name} {value:g}")
    return "\n".join(lines) + "\n"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
