"""Fold signals into alerts: what was appended is deleted and added to the open alert of its kind and subject.

Any number of processes may call `fold`: one works, the others find nothing to do.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

BATCH = 5_000

_LOCK = 0x414C5254  # "ALRT"


def fold(session: Session, *, most: int = BATCH) -> int:
    """Fold at most this many signals; how many were folded. Call it again at once while it gives `most`."""
    connection = session.connection()
    if not connection.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _LOCK}).scalar_one():
        return 0
    return int(connection.execute(_FOLD, {"most": most}).scalar_one())


# `late`: told before the latest acknowledgement, so it opens nothing.
_FOLD = text("""
WITH taken AS (
    DELETE FROM alert_signals WHERE id IN (SELECT id FROM alert_signals ORDER BY id LIMIT :most) RETURNING *
), told AS (
    SELECT kind, subject, count(*)::int AS times, min(at) AS first_at, max(at) AS last_at,
        (array_agg(detail ORDER BY id DESC))[1] AS detail,
        CASE WHEN count(DISTINCT COALESCE(store_id, 0)) = 1 THEN min(store_id) END AS store_id
    FROM taken GROUP BY kind, subject
), late AS (
    UPDATE alerts SET count = alerts.count + told.times
    FROM told WHERE told.last_at <= alerts.acknowledged_at AND alerts.id = (
        SELECT max(id) FROM alerts AS latest WHERE latest.kind = told.kind AND latest.subject = told.subject)
    RETURNING alerts.kind, alerts.subject
), opened AS (
    INSERT INTO alerts (kind, subject, store_id, count, first_at, last_at, detail)
    SELECT kind, subject, store_id, times, first_at, last_at, detail FROM told
    WHERE NOT EXISTS (SELECT 1 FROM late WHERE late.kind = told.kind AND late.subject = told.subject)
    ORDER BY last_at
    ON CONFLICT (kind, subject) WHERE acknowledged_at IS NULL DO UPDATE SET
        count = alerts.count + excluded.count,
        first_at = LEAST(alerts.first_at, excluded.first_at),
        last_at = GREATEST(alerts.last_at, excluded.last_at),
        detail = excluded.detail,
        store_id = CASE WHEN alerts.store_id = excluded.store_id THEN alerts.store_id END
)
SELECT count(*) FROM taken
""")
