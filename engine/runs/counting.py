"""How many live runs stand where: counted by one index alone, so that pages may ask every few seconds.

What is stored of a run tells whether it is paused only once a turn has noticed. So the runs are counted by what is
stored, and those of whom a pause holds are moved over: all of a journey, or the few that were paused by themselves.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.runs.models import Pause, Run

LIVE = ("running", "waiting", "paused", "stuck")
PAUSABLE = frozenset({"running", "waiting", "paused"})


@dataclass(frozen=True)
class Place:
    """Where a live run stands, with its status as of now."""

    journey: str
    version: int
    node: str | None
    status: str


@dataclass(frozen=True)
class Standing:
    """How many live runs stand at a node of a journey in a status."""

    node: str
    status: str
    runs: int


def counted(session: Session, journey: str | None = None) -> Counter[Place]:
    """All runs in sight that have not ended, holdouts included, by where they stand; of one journey or of all."""
    stored = _stored(session, journey)
    lasting, of_run = col(Pause.to_at).is_(None), col(Pause.run_id).is_not(None)
    held = _stored(session, journey, col(Run.id).in_(select(col(Pause.run_id)).where(lasting, of_run)))
    whole = set(session.execute(select(col(Pause.journey)).where(lasting, ~of_run)).scalars())
    found: Counter[Place] = Counter()
    for place, runs in stored.items():
        paused = runs if place.journey in whole else min(held[place], runs)
        if place.status not in PAUSABLE:
            paused = 0
        _add(found, place, "paused", paused)
        _add(found, place, "running" if place.status == "paused" else place.status, runs - paused)
    return found


def standing(session: Session, journey: str, *, version: int | None = None) -> list[Standing]:
    """How many live runs stand at each node of a journey, by status."""
    found: Counter[tuple[str, str]] = Counter()
    for place, runs in counted(session, journey).items():
        if place.node is not None and place.status in LIVE and version in {None, place.version}:
            found[place.node, place.status] += runs
    return [Standing(node, status, runs) for (node, status), runs in sorted(found.items())]


def live_by_journey(session: Session) -> dict[str, dict[str, int]]:
    """How many live runs each journey has, by status."""
    by_journey: dict[str, dict[str, int]] = {}
    for place, runs in counted(session).items():
        if place.status in LIVE:
            by_status = by_journey.setdefault(place.journey, {})
            by_status[place.status] = by_status.get(place.status, 0) + runs
    return by_journey


def _stored(session: Session, journey: str | None, *more: ColumnElement[bool]) -> Counter[Place]:
    columns = (col(Run.journey), col(Run.version), col(Run.node), col(Run.status))
    wanted = select(*columns, func.count()).where(col(Run.ended_at).is_(None), *more).group_by(*columns)
    if journey is not None:
        wanted = wanted.where(col(Run.journey) == journey)
    return Counter({Place(*row[:4]): row[4] for row in session.execute(wanted)})


def _add(found: Counter[Place], place: Place, status: str, runs: int) -> None:
    if runs:
        found[Place(place.journey, place.version, place.node, status)] += runs
