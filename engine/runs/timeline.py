"""What happened to a run, line by line, as its turns recorded it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.runs.models import Turn


@dataclass(frozen=True)
class TimelineItem:
    """One line. `kind` is entered, event, effect, left, timeout, deferred, failed, operator, migrated or ended."""

    at: datetime
    kind: str
    node: str | None
    port: str | None
    detail: dict[str, Any]


def read_timeline(session: Session, run_id: int) -> list[TimelineItem]:
    """The lines of all turns of a run, oldest first."""
    logs = session.execute(select(col(Turn.log)).where(col(Turn.run_id) == run_id).order_by(col(Turn.n))).scalars()
    return [_item(line) for log in logs for line in log]


def _item(line: dict[str, Any]) -> TimelineItem:
    at = datetime.fromisoformat(line["at"])
    return TimelineItem(at, line["kind"], line.get("node"), line.get("port"), line.get("detail") or {})
