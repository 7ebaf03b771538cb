"""Runs as pages and the API list them: filtered, newest first, in pages by key; and where people stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.organisation.models import Channel, Store
from engine.runs.models import Run, RunStage

LIVE = ("running", "waiting", "paused", "stuck")
ENDED = ("completed", "exited", "expired", "holdout")
STATUSES = (*LIVE, *ENDED)


@dataclass(frozen=True)
class RunFilter:
    """Which runs are meant; None means any. `overdue` chooses live runs whose deadline has passed."""

    journey: str | None = None
    version: int | None = None
    member_id: int | None = None
    store_id: int | None = None
    status: str | None = None
    node: str | None = None
    stage: str | None = None
    overdue_at: datetime | None = None


@dataclass(frozen=True)
class RunItem:
    """One line of a list of runs."""

    id: int
    journey: str
    version: int
    member_id: int
    status: str
    node: str | None
    node_entered_at: datetime | None
    deadline: datetime | None
    outcome: str | None
    stuck_reason: str | None
    entered_at: datetime
    ended_at: datetime | None
    store: dict[str, Any] | None
    store_key: str | None
    channel: dict[str, Any] | None


@dataclass(frozen=True)
class RunPage:
    """A page of a list; `next` is the cursor of the page after it, or None."""

    items: Sequence[RunItem]
    next: int | None


@dataclass(frozen=True)
class Standing:
    """How many live runs stand at a node in a status."""

    node: str
    status: str
    runs: int


def list_runs(session: Session, chosen: RunFilter, *, before: int | None = None, limit: int = 50) -> RunPage:
    """Runs by descending id; `before` is the cursor that the page before gave."""
    statement = _items().where(*_conditions(chosen)).order_by(col(Run.id).desc()).limit(limit + 1)
    if before is not None:
        statement = statement.where(col(Run.id) < before)
    rows = session.execute(statement).all()
    items = [RunItem(*row) for row in rows[:limit]]
    return RunPage(items, items[-1].id if len(rows) > limit else None)


def _items() -> Select[Any]:
    columns: tuple[Any, ...] = (
        Run.id,
        Run.journey,
        Run.version,
        Run.member_id,
        Run.status,
        Run.node,
        Run.node_entered_at,
        Run.deadline,
        Run.outcome,
        Run.stuck_reason,
        Run.entered_at,
        Run.ended_at,
        Store.title,
        Store.key,
        Channel.title,
    )
    return (
        select(*columns)
        .select_from(Run)
        .outerjoin(Store, col(Store.id) == col(Run.store_id))
        .outerjoin(Channel, col(Channel.id) == col(Run.channel_id))
    )


def _conditions(chosen: RunFilter) -> list[ColumnElement[bool]]:
    equal = {
        col(Run.journey): chosen.journey,
        col(Run.version): chosen.version,
        col(Run.member_id): chosen.member_id,
        col(Run.store_id): chosen.store_id,
        col(Run.status): chosen.status,
        col(Run.node): chosen.node,
    }
    conditions = [column == value for column, value in equal.items() if value is not None]
    if chosen.stage is not None:
        reached = (col(RunStage.run_id) == col(Run.id), col(RunStage.stage) == chosen.stage)
        conditions.append(exists().where(*reached))
    if chosen.overdue_at is not None:
        conditions += [col(Run.ended_at).is_(None), col(Run.deadline) < chosen.overdue_at]
    return conditions


def standing(session: Session, journey: str, *, version: int | None = None) -> list[Standing]:
    """How many live runs stand at each node of a journey, by status."""
    statement = (
        select(col(Run.node), col(Run.status), func.count())
        .where(
            col(Run.journey) == journey,
            col(Run.ended_at).is_(None),
            col(Run.status).in_(LIVE),
            col(Run.node).is_not(None),
        )
        .group_by(col(Run.node), col(Run.status))
    )
    if version is not None:
        statement = statement.where(col(Run.version) == version)
    return [Standing(node or "", status, runs) for node, status, runs in session.execute(statement)]


def live_by_journey(session: Session) -> dict[str, dict[str, int]]:
    """How many live runs each journey has, by status."""
    counted: dict[str, dict[str, int]] = {}
    statement = (
        select(col(Run.journey), col(Run.status), func.count())
        .where(col(Run.ended_at).is_(None), col(Run.status).in_(LIVE))
        .group_by(col(Run.journey), col(Run.status))
    )
    for journey, status, runs in session.execute(statement):
        counted.setdefault(journey, {})[status] = runs
    return counted
