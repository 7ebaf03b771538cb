"""Forgets occurrences that ended long ago, and of whom conditions held that nobody asks any more."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session


def trim(session: Session, *, before: datetime, limit: int) -> dict[str, int]:
    """Forget whom old occurrences chose, and those of which nobody is left; how many rows went, by table."""
    row = session.connection().execute(_TRIM, {"before": before, "limit": limit}).one()
    return {"judged": row.members + row.whole, "chosen_members": row.members, "occurrences": row.whole}


def trim_truths(session: Session, *, limit: int) -> int:
    """Forget of whom the condition of an entry held that no live journey has any more; how many."""
    return session.connection().execute(_TRUTHS, {"limit": limit}).rowcount


_TRIM = text("""
WITH old AS (
    SELECT id FROM occurrences WHERE ended_at < :before ORDER BY ended_at LIMIT :limit FOR UPDATE SKIP LOCKED
), empty AS (
    SELECT id FROM old WHERE NOT EXISTS (SELECT 1 FROM chosen_members c WHERE c.occurrence_id = old.id)
), whole AS (
    DELETE FROM occurrences USING empty WHERE occurrences.id = empty.id RETURNING 1
), gone AS (
    DELETE FROM chosen_members WHERE ctid = ANY (ARRAY(
        SELECT c.ctid FROM chosen_members c JOIN old ON old.id = c.occurrence_id LIMIT :limit)) RETURNING 1
)
SELECT (SELECT count(*) FROM gone) AS members, (SELECT count(*) FROM whole) AS whole""")
_TRUTHS = text("""
DELETE FROM entry_truths WHERE ctid = ANY (ARRAY(
    SELECT t.ctid FROM entry_truths t
    WHERE NOT EXISTS (SELECT 1 FROM entry_clocks c WHERE c.journey = t.journey AND c.entry = t.entry)
    LIMIT :limit))""")
