"""The life of a published journey: paused, resumed, retired."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.access import audit
from engine.alerts.store import settle
from engine.definitions.errors import UnknownDefinitionError, WrongStateError
from engine.definitions.live import change_live
from engine.definitions.models import Live
from engine.occurrences import clocks
from engine.runs.models import Pause

Deadlines: TypeAlias = Literal["hold", "extend"]
"""What a pause did to the deadlines of runs: nothing, or moved them by its length."""


def pause(session: Session, key: str, *, by: str, now: datetime) -> Live:
    """Stop a journey: its runs stand still, and an event that is accepted meanwhile starts none.

    Raises UnknownDefinitionError, WrongStateError.
    """
    live = _locked(session, key)
    if _open_pause(session, key):
        raise WrongStateError(f"The journey {key} is paused already.")
    if live.state == "live":
        live.state = "paused"
    session.add(Pause(journey=key, from_at=now))
    return _changed(session, live, "journey.paused", by, now, {})


def resume(session: Session, key: str, *, deadlines: Deadlines = "hold", by: str, now: datetime) -> Live:
    """End a journey's pause. Raises UnknownDefinitionError, WrongStateError."""
    live = _locked(session, key)
    interval = _open_pause(session, key)
    if interval is None:
        raise WrongStateError(f"The journey {key} is not paused.")
    if live.state == "paused":
        live.state = "live"
    interval.to_at, interval.mode = now, deadlines
    settle(session, "journey-paused-itself", f"journey/{key}", by=by, now=now)
    return _changed(session, live, "journey.resumed", by, now, {"deadlines": deadlines})


def retire(session: Session, key: str, *, by: str, now: datetime) -> Live:
    """Let nobody in any more; runs finish. Publishing again takes it back. Raises as `pause` does."""
    live = _locked(session, key)
    if live.state == "retired":
        raise WrongStateError(f"The journey {key} is retired already.")
    live.state, live.retired_at = "retired", now
    clocks.stop(session, key, now=now)
    settle(session, "journey-broken", f"journey/{key}", by=by, now=now)
    return _changed(session, live, "journey.retired", by, now, {})


def is_paused(session: Session, key: str) -> bool:
    """Whether the journey's runs stand still: a retired one may be paused too, though it lets nobody in anyway."""
    return _open_pause(session, key) is not None


def _locked(session: Session, key: str) -> Live:
    change_live(session)
    live = session.get(Live, ("journey", key), populate_existing=True)
    if live is None:
        raise UnknownDefinitionError(f"No version of journey/{key} was published.")
    return live


def _open_pause(session: Session, key: str) -> Pause | None:
    chosen = select(Pause).where(col(Pause.journey) == key, col(Pause.run_id).is_(None), col(Pause.to_at).is_(None))
    return session.execute(chosen).scalar_one_or_none()


def _changed(session: Session, live: Live, action: str, by: str, now: datetime, more: dict[str, str]) -> Live:
    session.flush()
    audit.record(session, by, action, f"journey/{live.key}", now=now, after={"state": live.state, **more})
    return live
