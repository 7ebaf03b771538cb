"""Tables of alerts: signals as they were told, and the alerts that they add up to."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import Index, text
from sqlmodel import SQLModel

from engine.database.columns import identity, instant, json_value, number

Kind = Literal[
    "journey-paused-itself",
    "journey-broken",
    "run-stuck",
    "condition-error",
    "member-parked",
    "wecom-configuration",
    "callback-unreadable",
    "job-failed",
    "decision-uncertain",
    "decision-failed",
]
State = Literal["open", "acknowledged"]
KINDS: tuple[Kind, ...] = get_args(Kind)


class AlertSignal(SQLModel, table=True):
    """Something happened that a person should see; deleted when it is folded."""

    __tablename__ = "alert_signals"

    id: int = identity()
    kind: str
    subject: str
    at: datetime = instant()
    detail: dict[str, Any] = json_value()
    store_id: int | None = number(nullable=True)


class Alert(SQLModel, table=True):
    """All signals of one kind and subject since the last acknowledgement; open until somebody acknowledges it."""

    __tablename__ = "alerts"
    __table_args__ = (
        Index("ix_alerts_open", "kind", "subject", unique=True, postgresql_where=text("acknowledged_at IS NULL")),
        Index("ix_alerts_subject", "kind", "subject", "id"),
    )

    id: int = identity()
    kind: str
    subject: str
    store_id: int | None = number(nullable=True)
    count: int
    first_at: datetime = instant()
    last_at: datetime = instant()
    detail: dict[str, Any] = json_value()
    acknowledged_at: datetime | None = instant(nullable=True)
    acknowledged_by: str | None = None

    @property
    def state(self) -> State:
        """Whether it still waits for somebody."""
        return "open" if self.acknowledged_at is None else "acknowledged"
