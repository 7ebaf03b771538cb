"""Signalling, and what people do with alerts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.access import audit
from engine.alerts.models import Alert, Kind, State
from rules.types import Json

KEPT = timedelta(days=90)
"""How long an acknowledged alert is kept."""
KEPT_OPEN = timedelta(days=400)
"""How long one is kept that nobody acknowledged, since it happened last."""


def signal(
    session: Session,
    kind: Kind,
    subject: str,
    *,
    now: datetime,
    detail: Mapping[str, Json] | None = None,
    store_id: int | None = None,
) -> None:
    """Tell that something happened that a person should see. Appends one row and so contends with nothing.

    `subject` is an address such as `run/17`. Neither it nor `detail` holds personal data. With `store_id` the people of
    that store see it too.
    """
    given = {"kind": kind, "subject": subject, "at": now, "store": store_id, "detail": json.dumps(detail or {})}
    session.connection().execute(_SIGNAL, given)


def list_alerts(
    session: Session,
    *,
    state: State | None = None,
    kind: Kind | None = None,
    before: int | None = None,
    limit: int = 50,
) -> Sequence[Alert]:
    """Alerts in sight by descending id, those below `before`: what opened last comes first."""
    chosen = select(Alert).order_by(col(Alert.id).desc()).limit(limit)
    if state is not None:
        acknowledged = col(Alert.acknowledged_at)
        chosen = chosen.where(acknowledged.is_(None) if state == "open" else acknowledged.is_not(None))
    if kind is not None:
        chosen = chosen.where(col(Alert.kind) == kind)
    if before is not None:
        chosen = chosen.where(col(Alert.id) < before)
    return session.execute(chosen).scalars().all()


def open_count(session: Session, *, most: int = 100) -> int:
    """How many alerts in sight are open, counted up to `most`."""
    found = select(col(Alert.id)).where(col(Alert.acknowledged_at).is_(None)).limit(most).subquery()
    return int(session.execute(select(func.count()).select_from(found)).scalar_one())


def acknowledge(session: Session, alert_id: int, *, by: str, now: datetime) -> Alert | None:
    """Somebody has seen to it; None if there is no such alert in sight. One that was acknowledged stays as it is."""
    found = session.get(Alert, alert_id, with_for_update=True, populate_existing=True)
    if found is not None and found.acknowledged_at is None:
        _close(session, found, by=by, now=now)
    return found


def settle(session: Session, kind: Kind, subject: str, *, by: str, now: datetime) -> None:
    """Acknowledge what is open of this kind and subject, if anything is: its cause was taken away.

    What was told of it and is not folded yet is forgotten, so that it opens nothing afterwards.
    """
    session.connection().execute(_FORGET, {"kind": kind, "subject": subject})
    chosen = select(Alert).where(col(Alert.kind) == kind, col(Alert.subject) == subject)
    still = chosen.where(col(Alert.acknowledged_at).is_(None)).with_for_update()
    for found in session.execute(still).scalars().all():
        _close(session, found, by=by, now=now)


def trim(session: Session, *, now: datetime, limit: int) -> int:
    """Forget old alerts, at most `limit` at a time; how many it forgot."""
    given = {"acknowledged": now - KEPT, "open": now - KEPT_OPEN, "limit": limit}
    return session.connection().execute(_TRIM, given).rowcount


def _close(session: Session, alert: Alert, *, by: str, now: datetime) -> None:
    alert.acknowledged_at, alert.acknowledged_by = now, by
    session.flush()
    about = {"kind": alert.kind, "subject": alert.subject, "count": alert.count}
    audit.record(session, by, "alert.acknowledged", f"alert/{alert.id}", now=now, after=about)


_SIGNAL = text("""
    INSERT INTO alert_signals (kind, subject, at, store_id, detail)
    VALUES (:kind, :subject, :at, :store, CAST(:detail AS jsonb))""")
_FORGET = text("DELETE FROM alert_signals WHERE kind = :kind AND subject = :subject")
_TRIM = text("""
    DELETE FROM alerts WHERE id IN (
        SELECT id FROM alerts
        WHERE acknowledged_at < :acknowledged OR (acknowledged_at IS NULL AND last_at < :open) LIMIT :limit)""")
