"""Runs as pages and the API list them: filtered, newest first, in pages by key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, exists, func, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.definitions.models import Version
from engine.organisation.models import Associate, Channel, Store
from engine.runs.counting import LIVE, PAUSABLE
from engine.runs.models import Pause, Run, RunStage

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
    associate_key: str | None
    hash: str
    workflow_id: str
    execution: str | None = None


@dataclass(frozen=True)
class RunPage:
    """A page of a list; `next` is the cursor of the page after it, or None."""

    items: Sequence[RunItem]
    next: int | None


def list_runs(session: Session, chosen: RunFilter, *, before: int | None = None, limit: int = 50) -> RunPage:
    """Runs by descending id; `before` is the cursor that the page before gave."""
    wanted = select(col(Run.id)).where(*_conditions(chosen)).order_by(col(Run.id).desc()).limit(limit + 1)
    if before is not None:
        wanted = wanted.where(col(Run.id) < before)
    # First which runs, then what is shown of them: how many a filter leaves is guessed badly, and names cost by that.
    page = wanted.subquery("page")
    statement = _items().join(page, page.c.id == col(Run.id)).order_by(col(Run.id).desc())
    rows = session.execute(statement).all()
    items = [RunItem(*row) for row in rows[:limit]]
    return RunPage(items, items[-1].id if len(rows) > limit else None)


def run_ids(session: Session, chosen: RunFilter, *, after: int, upto: int, limit: int) -> list[int]:
    """The ids of such runs in ascending order, those between two ids: a walk that later runs do not lengthen."""
    between = (col(Run.id) > after, col(Run.id) <= upto)
    wanted = select(col(Run.id)).where(*_conditions(chosen), *between).order_by(col(Run.id)).limit(limit)
    return list(session.execute(wanted).scalars())


def count_runs(session: Session, chosen: RunFilter, *, upto: int) -> int:
    """How many such runs there are up to an id."""
    wanted = select(func.count()).select_from(Run).where(*_conditions(chosen), col(Run.id) <= upto)
    return int(session.execute(wanted).scalar_one())


def latest_id(session: Session) -> int:
    """The highest id of a run in sight; 0 if there is none."""
    return int(session.execute(select(func.max(col(Run.id)))).scalar_one() or 0)


def find_run(session: Session, run_id: int) -> RunItem | None:
    """One run as lists show it, if it is in sight."""
    row = session.execute(_items().where(col(Run.id) == run_id)).first()
    return RunItem(*row) if row else None


def status_now() -> ColumnElement[str]:
    """The status as of now: a run is paused while itself or its journey is, whether or not a turn has noticed."""
    return case(
        (col(Run.status).in_(PAUSABLE) & is_paused(), "paused"),
        (col(Run.status) == "paused", "running"),
        else_=col(Run.status),
    )


def is_paused() -> ColumnElement[bool]:
    """Whether a pause of the run or of its journey lasts."""
    lasting = col(Pause.to_at).is_(None)
    journeys = select(col(Pause.journey)).where(lasting, col(Pause.run_id).is_(None))
    runs = select(col(Pause.run_id)).where(lasting, col(Pause.run_id).is_not(None))
    return or_(col(Run.journey).in_(journeys), col(Run.id).in_(runs))


def _has_status(status: str) -> ColumnElement[bool]:
    """Written so that the index on the stored status serves."""
    match status:
        case "paused":
            return col(Run.status).in_(PAUSABLE) & is_paused()
        case "running":
            return col(Run.status).in_(("running", "paused")) & ~is_paused()
        case "waiting":
            return (col(Run.status) == "waiting") & ~is_paused()
        case _:
            return col(Run.status) == status


def _items() -> Select[Any]:
    columns: tuple[Any, ...] = (
        Run.id,
        Run.journey,
        Run.version,
        Run.member_id,
        status_now(),
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
        Associate.key,
        Version.hash,
        Run.workflow_id,
        Run.execution,
    )
    return (
        select(*columns)
        .select_from(Run)
        .outerjoin(Store, col(Store.id) == col(Run.store_id))
        .outerjoin(Channel, col(Channel.id) == col(Run.channel_id))
        .outerjoin(Associate, col(Associate.id) == col(Run.associate_id))
        .join(
            Version,
            (col(Version.kind) == "journey")
            & (col(Version.key) == col(Run.journey))
            & (col(Version.n) == col(Run.version)),
        )
    )


def _conditions(chosen: RunFilter) -> list[ColumnElement[bool]]:
    equal = {
        col(Run.journey): chosen.journey,
        col(Run.version): chosen.version,
        col(Run.member_id): chosen.member_id,
        col(Run.store_id): chosen.store_id,
        col(Run.node): chosen.node,
    }
    conditions = [column == value for column, value in equal.items() if value is not None]
    if chosen.status is not None:
        conditions.append(_has_status(chosen.status))
    if chosen.stage is not None:
        reached = (col(RunStage.run_id) == col(Run.id), col(RunStage.stage) == chosen.stage)
        conditions.append(exists().where(*reached))
    if chosen.overdue_at is not None:
        conditions += [col(Run.ended_at).is_(None), col(Run.deadline) < chosen.overdue_at]
    return conditions
