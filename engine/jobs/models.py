"""Long work that reports its progress."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import SQLModel

from engine.database.columns import identity, instant, json_list, json_value


class Job(SQLModel, table=True):
    """One job; `state` is waiting, running, done, stopped or failed."""

    __tablename__ = "jobs"

    id: int = identity()
    kind: str
    state: str = "waiting"
    done: int = 0
    total: int | None = None
    args: dict[str, Any] = json_value()
    errors: list[dict[str, Any]] = json_list()
    created_at: datetime = instant()
    created_by: str
    ended_at: datetime | None = instant(nullable=True)
