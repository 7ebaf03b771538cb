"""What must hold in the database whatever was killed, asked of it directly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import psycopg

UNFINISHED = {
    "events that were accepted and not routed": """
        SELECT count(*) FROM events WHERE routed_at IS NULL AND member_id IS NOT NULL""",
    "members that still wait to be routed, or are parked": "SELECT count(*) FROM member_queue",
    "callbacks that were accepted and not mapped": "SELECT count(*) FROM callbacks WHERE mapped_at IS NULL",
    "events that were given to a run and not taken": """
        SELECT count(*) FROM deliveries JOIN runs ON runs.id = run_id
        WHERE deliveries.state = 'new' AND ended_at IS NULL""",
    "deltas that are not in the funnel": "SELECT count(*) FROM funnel_deltas",
}
"""What is over a little while after the play."""

BROKEN = {
    "members with two coupons": """
        SELECT count(*) FROM (
            SELECT 1 FROM coupons WHERE effect_key IS NOT NULL
            GROUP BY member_id, batch_id HAVING count(*) > 1) AS twice""",
    "effects without their coupon": """
        SELECT count(*) FROM effects WHERE type = 'coupon.issue' AND state = 'settled' AND port = 'done'
        AND NOT EXISTS (SELECT 1 FROM coupons WHERE effect_key = run_id || '/' || node || '/' || visit)""",
    "coupons without their effect": """
        SELECT count(*) FROM coupons WHERE effect_key IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM effects WHERE effect_key = run_id || '/' || node || '/' || visit)""",
    "nodes of a run with two keys": """
        SELECT count(*) FROM (SELECT 1 FROM effects GROUP BY run_id, node HAVING count(*) > 1) AS twice""",
    "runs whose turns are not 1, 2, 3 up to the last": """
        SELECT count(*) FROM runs WHERE status <> 'holdout' AND turn <> (
            SELECT count(*) FROM turns WHERE run_id = runs.id AND n <= runs.turn)""",
    "turns that were claimed and never decided": "SELECT count(*) FROM turns WHERE answer = '{}'",
    "turns beyond the run's last": """
        SELECT count(*) FROM turns JOIN runs ON runs.id = run_id WHERE turns.n > runs.turn""",
    "members with two live runs of one journey": """
        SELECT count(*) FROM (
            SELECT 1 FROM runs WHERE ended_at IS NULL GROUP BY journey, member_id HAVING count(*) > 1) AS twice""",
    "runs that are stuck": "SELECT count(*) FROM runs WHERE status = 'stuck'",
    "live runs that nobody would ever wake": "SELECT count(*) FROM runs WHERE ended_at IS NULL AND wake_at IS NULL",
}
"""What is never so."""

OPEN_EFFECTS = "SELECT count(*) FROM effects WHERE state IN ('asked', 'started')"
STRANGERS = "SELECT count(*) FROM events WHERE routed_at IS NULL AND type IN ('contact.added', 'contact.confirmed')"
MID_TURN = """
SELECT count(*) FROM pg_stat_activity WHERE application_name = 'waystation worker' AND xact_start IS NOT NULL"""


@dataclass(frozen=True)
class Laws:
    """The laws of one database."""

    url: str

    def unfinished(self) -> Mapping[str, int]:
        """What is still to be done; nothing, in the end."""
        return self._found(UNFINISHED)

    def broken(self) -> Mapping[str, int]:
        """What is wrong; nothing, ever."""
        return self._found(BROKEN)

    def open_effects(self) -> int:
        """Remote effects whose outcome is not known."""
        return self._count(OPEN_EFFECTS)

    def strangers(self) -> int:
        """Adds of people about whom WeCom has not been asked."""
        return self._count(STRANGERS)

    def in_mid_turn(self) -> bool:
        """Whether a worker has a transaction open."""
        return self._count(MID_TURN) > 0

    def _found(self, queries: Mapping[str, str]) -> Mapping[str, int]:
        counts = {what: self._count(query) for what, query in queries.items()}
        return {what: count for what, count in counts.items() if count}

    def _count(self, query: str) -> int:
        with psycopg.connect(self.url) as database:
            row = database.execute(query.encode()).fetchone()
        assert row is not None
        return int(row[0])
