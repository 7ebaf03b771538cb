"""What the router role does again and again beside routing and sweeping; several routers may do it side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from engine.access import idempotency
from engine.alerts import fold as alerts_fold
from engine.alerts import store as alerts
from engine.clock import Clock
from engine.coupons.redeem import expire_due
from engine.database import retrying
from engine.database.connection import Database
from engine.events import dedupe
from engine.fields import store as fields
from engine.funnel.fold import BATCH, fold
from engine.jobs import store as jobs
from engine.occurrences import trimming
from engine.secrets.keyring import KeyRing
from engine.wecom import inbox
from workflows.router import Chore

EVERY_SECOND = 1.0
EVERY_MINUTE = 60.0
EVERY_HOUR = 3600.0
AT_ONCE = 1_000


@dataclass(frozen=True)
class Chores:
    """The chores of one database."""

    database: Database
    clock: Clock
    keys: KeyRing

    def all(self) -> list[Chore]:
        """Fold the funnel, so that pages stay cheap; expire coupons; forget what only served to know repetitions."""
        return [
            Chore("fold the funnel", EVERY_SECOND, lambda: self._until_done(fold, BATCH)),
            Chore("fold the alerts", EVERY_SECOND, lambda: self._until_done(alerts_fold.fold, alerts_fold.BATCH)),
            Chore("expire coupons", EVERY_MINUTE, lambda: self._until_done(self._expire_coupons, AT_ONCE)),
            Chore("forget event keys", EVERY_HOUR, lambda: self._until_done(self._trim_event_keys, AT_ONCE)),
            Chore("forget callbacks", EVERY_HOUR, lambda: self._until_done(self._trim_callbacks, AT_ONCE)),
            Chore("forget answers", EVERY_HOUR, lambda: self._until_done(self._trim_answers, AT_ONCE)),
            Chore("forget alerts", EVERY_HOUR, lambda: self._until_done(self._trim_alerts, AT_ONCE)),
            Chore("forget jobs", EVERY_HOUR, lambda: self._until_done(self._trim_jobs, AT_ONCE)),
            Chore("trim derived", EVERY_HOUR, lambda: self._until_done(self._trim_derived, AT_ONCE)),
            Chore("trim truths", EVERY_HOUR, lambda: self._until_done(self._trim_truths, AT_ONCE)),
        ]

    def _expire_coupons(self, session: Session) -> int:
        return expire_due(session, keys=self.keys, now=self.clock.now(), limit=AT_ONCE)

    def _trim_event_keys(self, session: Session) -> int:
        return dedupe.trim(session, now=self.clock.now(), limit=AT_ONCE)

    def _trim_callbacks(self, session: Session) -> int:
        return inbox.trim(session, now=self.clock.now(), limit=AT_ONCE)

    def _trim_answers(self, session: Session) -> int:
        return idempotency.trim(session, now=self.clock.now(), limit=AT_ONCE)

    def _trim_alerts(self, session: Session) -> int:
        return alerts.trim(session, now=self.clock.now(), limit=AT_ONCE)

    def _trim_jobs(self, session: Session) -> int:
        return jobs.trim(session, now=self.clock.now(), limit=AT_ONCE)

    def _trim_derived(self, session: Session) -> int:
        return fields.trim(session, now=self.clock.now(), limit=AT_ONCE)

    def _trim_truths(self, session: Session) -> int:
        return trimming.trim_truths(session, limit=AT_ONCE)

    async def _until_done(self, some: Callable[[Session], int], full: int) -> None:
        """Do it in one transaction after the other, until one finds less to do than it would have done."""

        while await asyncio.to_thread(retrying.run, self.database, some) >= full:
            pass
