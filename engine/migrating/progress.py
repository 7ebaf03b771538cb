"""The latest migration of a journey, as its page shows it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.jobs.kinds import MIGRATE
from engine.jobs.models import Job


def latest(session: Session, journey: str) -> Job | None:
    """The job that was asked for last."""
    wanted = select(Job).where(col(Job.kind) == MIGRATE, col(Job.args)["journey"].astext == journey)
    return session.execute(wanted.order_by(col(Job.id).desc()).limit(1)).scalar_one_or_none()
