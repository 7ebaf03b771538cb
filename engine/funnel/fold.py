"""Fold deltas into sums: what was appended is deleted and added to its cell in one transaction.

Any number of processes may call `fold`: one works, the others find nothing to do.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.funnel.people import COLUMNS, counted

BATCH = 20_000

_LOCK = 0x464F4C44  # "FOLD"


def fold(session: Session, *, most: int = BATCH) -> int:
    """Fold at most this many deltas; how many were folded. Call it again at once while it gives `most`."""
    connection = session.connection()
    if not connection.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _LOCK}).scalar_one():
        return 0
    return int(connection.execute(_FOLD, {"most": most}).scalar_one())


_PEOPLE = ", ".join(COLUMNS)
_COUNTED = ", ".join(f"SUM({counted(column)})::int AS {column}" for column in COLUMNS)
_ADDED = ", ".join(f"{column} = sums.{column} + excluded.{column}" for column in COLUMNS)

_FOLD = text(f"""
WITH taken AS (
    DELETE FROM funnel_deltas WHERE id IN (SELECT id FROM funnel_deltas ORDER BY id LIMIT :most)
    RETURNING *
), counted AS (
    SELECT journey, version, day, store_id, channel_id, associate_id, kind, name,
        SUM(times)::int AS times, SUM(entered_here)::int AS entered_here, {_COUNTED}
    FROM taken GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
), bars AS (
    SELECT journey, version, day, store_id, channel_id, associate_id, kind, name, bucket, SUM(times)::int AS times
    FROM taken WHERE bucket IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
), histograms AS (
    SELECT journey, version, day, store_id, channel_id, associate_id, kind, name,
        jsonb_object_agg(bucket::text, times) AS histogram
    FROM bars GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
), folded AS (
    INSERT INTO funnel_sums AS sums
        (journey, version, day, store_id, channel_id, associate_id, kind, name, times, entered_here, {_PEOPLE},
        histogram)
    SELECT journey, version, day, store_id, channel_id, associate_id, kind, name, times, entered_here, {_PEOPLE},
        COALESCE(histogram, '{{}}')
    FROM counted
    LEFT JOIN histograms USING (journey, version, day, store_id, channel_id, associate_id, kind, name)
    ON CONFLICT (journey, version, day, store_id, channel_id, associate_id, kind, name) DO UPDATE SET
        times = sums.times + excluded.times,
        entered_here = sums.entered_here + excluded.entered_here,
        {_ADDED},
        histogram = COALESCE((
            SELECT jsonb_object_agg(key, total) FROM (
                SELECT key, SUM(value::int) AS total FROM (
                    SELECT * FROM jsonb_each_text(sums.histogram)
                    UNION ALL SELECT * FROM jsonb_each_text(excluded.histogram)
                ) AS both_sides GROUP BY key HAVING SUM(value::int) <> 0
            ) AS bars
        ), '{{}}')
)
SELECT COUNT(*) FROM taken
""")  # noqa: S608 - built from constants
