"""The audit: one line for each change, never altered."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

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
