"""Tables of jobs: long work that reports its progress, what could not be done of it, and what it still has to read."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from engine.database.columns import identity, instant, json_value, numbers, reference, sealed
from engine.database.connection import Scope

State = Literal["waiting", "running", "done", "stopped", "failed"]
LIVE: tuple[State, ...] = ("waiting", "running")


class Job(SQLModel, table=True):
    """One job. `cursor` is where its next page begins; it moves in the transaction that does the page.

    `stores` are those of whoever asked for it, null for all: each page sees no others. Of a `lane` one job runs at a
    time and one waits. `failed` counts what could not be done, `tries` the failures of the page at hand.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_live", "id", postgresql_where=text("state IN ('waiting', 'running')")),
        Index(
            "uq_jobs_waiting_in_lane",
            "lane",
            unique=True,
            postgresql_where=text("state = 'waiting' AND lane IS NOT NULL"),
        ),
        Index("ix_jobs_ended", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
    )

    id: int = identity()
    kind: str
    state: str = "waiting"
    done: int = 0
    total: int | None = None
    args: dict[str, Any] = json_value()
    cursor: dict[str, Any] = json_value()
    stores: list[int] | None = numbers(nullable=True)
    lane: str | None = None
    failed: int = 0
    tries: int = 0
    reason: dict[str, Any] | None = json_value(nullable=True)
    created_at: datetime = instant()
    created_by: str
    updated_at: datetime = instant()
    ended_at: datetime | None = instant(nullable=True)

    @property
    def scope(self) -> Scope:
        """The stores that its pages see."""
        return "*" if self.stores is None else tuple(self.stores)


class JobError(SQLModel, table=True):
    """One item that could not be done: what it is, and in both languages why and how to mend it."""

    __tablename__ = "job_errors"

    job_id: int = reference("jobs.id", primary_key=True)
    n: int = Field(primary_key=True)
    subject: str
    message: dict[str, Any] = json_value()


class JobPart(SQLModel, table=True):
    """What one page of a job will read, sealed; it goes with the page that has read it."""

    __tablename__ = "job_parts"

    job_id: int = reference("jobs.id", primary_key=True)
    n: int = Field(primary_key=True)
    content_enc: bytes = sealed(nullable=False)
