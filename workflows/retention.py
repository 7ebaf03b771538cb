"""The chores that forget what need not be kept, in small transactions; several routers may do them side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TypeAlias

from sqlalchemy.orm import Session

from engine.clock import Clock
from engine.database import retrying
from engine.database.connection import Database
from engine.decisions import records as decisions
from engine.occurrences import trimming
from engine.retention import rows, runs
from engine.retention.keep import Keep
from workflows.measures import TRIMMED
from workflows.router import Chore

EVERY_HOUR = 3600.0
AT_ONCE = 500


Some: TypeAlias = Callable[..., dict[str, int]]
"""Trims some rows of what is older than `before`: how many went, by table, and under `judged` were looked at."""


@dataclass(frozen=True)
class Retention:
    """The chores of one database."""

    database: Database
    clock: Clock
    keep: Keep = field(default_factory=Keep)
    at_once: int = AT_ONCE

    def all(self) -> list[Chore]:
        """One chore for each kind of what is forgotten."""
        keep = self.keep
        return [
            self._chore("trim run details", runs.trim_details, keep.run_details),
            self._chore("trim runs", runs.trim_runs, keep.runs),
            self._chore("trim occurrences", trimming.trim, keep.run_details),
            self._chore("trim events", rows.trim_events, keep.events),
            self._chore("trim funnel", rows.trim_funnel, keep.funnel),
            self._chore("trim decisions", decisions.trim, keep.decisions),
            self._chore("trim audit", rows.trim_audit, keep.audit),
            self._chore("trim sessions", rows.trim_sessions, timedelta()),
            self._chore("trim sign-ins", rows.trim_attempts, keep.sign_ins),
        ]

    def _chore(self, name: str, some: Some, age: timedelta) -> Chore:
        return Chore(name, EVERY_HOUR, partial(self._trim, some, age))

    async def _trim(self, some: Some, age: timedelta) -> None:
        """Trim until less is left than one transaction takes."""
        judged = self.at_once
        while judged >= self.at_once:
            judged = await asyncio.to_thread(self._once, some, age)

    def _once(self, some: Some, age: timedelta) -> int:
        before = self.clock.now() - age

        def work(session: Session) -> dict[str, int]:
            return some(session, before=before, limit=self.at_once)

        gone = retrying.run(self.database, work)
        judged = gone.pop("judged")
        for table, count in gone.items():
            TRIMMED.labels(table).inc(count)
        return judged
