"""How much waits and how much lives, read from our own tables for `/metrics`.

A look costs little however much there is: what can pile up is counted up to a limit, and all else by an index. It is
kept for some seconds, and for longer where looking took long, so that no scraper can keep the database busy.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any

from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.clock import Clock
from engine.database.connection import Database
from engine.database.direct import DATABASE_IS_AWAY
from engine.events.types import BULK, INTERACTIVE
from engine.runs.counting import LIVE

LIMIT = 100_000
"""Counted up to here; more is shown as this."""
LATE = 60
"""Seconds after which a run that should have moved is overdue."""
FRESH_FOR = 10.0
SHARE = 20
"""A look that took a second is good for 20 seconds, so that looking takes 5 % of the time at most."""
PATIENCE = text("SET LOCAL statement_timeout = '10s'")


@dataclass(frozen=True)
class Figure:
    """One gauge as it was read: values by the values of its labels."""

    name: str
    help: str
    labels: tuple[str, ...]
    values: dict[tuple[str, ...], float]

    def family(self) -> GaugeMetricFamily:
        """The gauge as Prometheus' library writes it."""
        family = GaugeMetricFamily(self.name, self.help, labels=self.labels)
        for values, number in sorted(self.values.items()):
            family.add_metric(values, number)
        return family


@dataclass
class Standing:
    """The figures of one database, kept while they are fresh. Share one per process; any thread may ask.

    Before the first look that succeeds their age is infinite.
    """

    database: Database
    clock: Clock
    timer: Callable[[], float] = time.monotonic
    fresh_for: float = FRESH_FOR
    _lock: Lock = field(default_factory=Lock)
    _figures: list[Figure] = field(default_factory=list)
    _read_at: float = float("-inf")
    _good_until: float = float("-inf")

    def figures(self) -> list[Figure]:
        """The figures, read anew if they are old, with their age. Whoever asks meanwhile waits for the same look."""
        with self._lock:
            started = self.timer()
            if started >= self._good_until:
                self._look()
                ended = self.timer()
                self._good_until = ended + max(self.fresh_for, SHARE * (ended - started))
            return [*self._figures, _age(self.timer() - self._read_at)]

    def _look(self) -> None:
        """Read them. While the database is away, or takes too long, the old ones stay, and grow old."""
        with suppress(*DATABASE_IS_AWAY), self.database.begin() as session:
            session.connection().execute(PATIENCE)
            self._figures = list(read(session, self.clock.now()))
            self._read_at = self.timer()


def read(session: Session, now: datetime) -> Iterator[Figure]:
    """All figures but their age."""
    given = {"now": now, "limit": LIMIT, "late": LATE, "live": list(LIVE), "urgent": INTERACTIVE, "bulk": BULK}
    for name, help_text, labels, query in _GAUGES:
        rows = session.connection().execute(text(query), given).all()
        yield Figure(name, help_text, labels, {tuple(map(str, row[:-1])): float(row[-1] or 0) for row in rows})


def _age(seconds: float) -> Figure:
    return Figure("waystation_standing_age_seconds", "How long ago the figures of what stands were read.", (), {
        (): seconds
    })  # fmt: skip


_Gauge = tuple[str, str, tuple[str, ...], Any]

_GAUGES: tuple[_Gauge, ...] = (
    (
        "waystation_runs", "Live runs by journey and status.", ("journey", "status"),
        # By the index on place alone. A journey that is paused has not told its runs yet.
        """
        SELECT counted.journey,
            CASE WHEN still.journey IS NOT NULL AND status <> 'stuck' THEN 'paused' ELSE status END AS status, sum(runs)
        FROM (SELECT journey, status, count(*) AS runs FROM runs WHERE status = ANY(:live) GROUP BY 1, 2) AS counted
        LEFT JOIN (SELECT DISTINCT journey FROM pauses WHERE to_at IS NULL AND run_id IS NULL) AS still
            ON still.journey = counted.journey
        GROUP BY 1, 2""",
    ),
    (
        "waystation_events_unrouted", "Accepted events that are not routed yet, by class.", ("class",),
        """
        SELECT class, count(priority) FROM (VALUES ('interactive', :urgent), ('bulk', :bulk)) AS classes (class, level)
        LEFT JOIN (
            SELECT priority FROM events WHERE routed_at IS NULL AND member_id IS NOT NULL LIMIT :limit
        ) AS waiting ON priority = level GROUP BY class""",
    ),
    (
        "waystation_events_unrouted_oldest_seconds", "Age of the oldest event that waits for routing, by class.",
        ("class",),
        """
        SELECT class, GREATEST(0, EXTRACT(epoch FROM :now - min(since)))
        FROM (VALUES ('interactive', :urgent), ('bulk', :bulk)) AS classes (class, level)
        LEFT JOIN (
            SELECT priority, since FROM member_queue WHERE parked_at IS NULL LIMIT :limit
        ) AS waiting ON priority = level GROUP BY class""",
    ),
    (
        "waystation_members_parked", "Members whose routing failed five times.", (),
        "SELECT count(*) FROM member_queue WHERE parked_at IS NOT NULL",
    ),
    (
        "waystation_runs_overdue", "Live runs that should have moved a minute ago.", (),
        """
        SELECT count(*) FROM (
            SELECT 1 FROM runs WHERE ended_at IS NULL AND wake_at <= :now - make_interval(secs => :late)
            LIMIT :limit) AS late""",
    ),
    (
        "waystation_effects_unsettled", "Effects whose outcome is open, by activity type.", ("type",),
        """
        SELECT type, count(*) FROM (
            SELECT type FROM effects WHERE settled_at IS NULL LIMIT :limit) AS open GROUP BY type""",
    ),
    (
        "waystation_effects_unsettled_oldest_seconds", "Age of the oldest effect whose outcome is open, by type.",
        ("type",),
        """
        SELECT type, GREATEST(0, EXTRACT(epoch FROM :now - min(asked_at))) FROM (
            SELECT type, asked_at FROM effects WHERE settled_at IS NULL LIMIT :limit) AS open GROUP BY type""",
    ),
    (
        "waystation_alerts_open", "Alerts that nobody has acknowledged, by kind.", ("kind",),
        "SELECT kind, count(*) FROM alerts WHERE acknowledged_at IS NULL GROUP BY 1",
    ),
    (
        "waystation_jobs", "Jobs that are kept, by state.", ("state",),
        "SELECT state, count(*) FROM jobs GROUP BY 1",
    ),
    (
        "waystation_callbacks_waiting", "Callbacks of WeCom that nobody has explained yet.", (),
        "SELECT count(*) FROM (SELECT 1 FROM callbacks WHERE mapped_at IS NULL LIMIT :limit) AS waiting",
    ),
    (
        "waystation_callbacks_waiting_oldest_seconds", "Age of the oldest callback that waits to be explained.", (),
        """
        SELECT GREATEST(0, EXTRACT(epoch FROM :now - min(received_at))) FROM (
            SELECT received_at FROM callbacks WHERE mapped_at IS NULL LIMIT :limit) AS waiting""",
    ),
)  # fmt: skip
