"""The audit: one line for each change, never altered."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.access.models import AuditEntry


def record(
    session: Session,
    actor: str,
    action: str,
    target: str,
    *,
    now: datetime,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Writes who (`user:admin`, `key:till`) did what (`definition.published`) to what (`journey/hook-coupon/3`).

    `before` and `after` hold neither secrets nor personal data.
    """
    session.add(AuditEntry(at=now, actor=actor, action=action, object=target, before=before, after=after))


def page(
    session: Session, *, actor: str | None = None, target: str | None = None, before: int | None = None, limit: int = 50
) -> list[AuditEntry]:
    """Lines by descending id, those below `before`, of one actor or about one object if asked."""
    chosen = select(AuditEntry).order_by(col(AuditEntry.id).desc()).limit(limit)
    if actor is not None:
        chosen = chosen.where(col(AuditEntry.actor) == actor)
    if target is not None:
        chosen = chosen.where(col(AuditEntry.object) == target)
    if before is not None:
        chosen = chosen.where(col(AuditEntry.id) < before)
    return list(session.execute(chosen).scalars())
