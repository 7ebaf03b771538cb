"""What people and other parts must hear of WeCom: an alert, or that the directory is to be read again.

An app that lacks a permission is refused many times a second, so one process tells of one refusal once a minute.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from engine.alerts.store import signal
from engine.clock import Clock
from engine.database.connection import Database
from engine.database.direct import DATABASE_IS_AWAY
from engine.organisation.sync.requests import want
from engine.wecom.errors import ConfigurationError, StaffUnknownError, WeComError

OFTEN = timedelta(minutes=1)


def unreadable(session: Session, app: str, reason: str, *, now: datetime) -> None:
    """WeCom told an app of something that we cannot understand; `reason` names no person."""
    signal(session, "callback-unreadable", f"wecom/{app}", now=now, detail={"reason": reason})


@dataclass(frozen=True)
class Reports:
    """Hears of the refusals of one app, by its name in the settings."""

    app: str
    database: Database
    clock: Clock
    _told: dict[tuple[str, int | None], datetime] = field(default_factory=dict)

    async def hear(self, error: WeComError) -> None:
        """Tell whom it concerns. While the database is away the next refusal tells."""
        if not isinstance(error, ConfigurationError | StaffUnknownError):
            return
        now, what = self.clock.now(), (error.api, error.code)
        if self._told.get(what, now - OFTEN) > now - OFTEN:
            return
        try:
            await asyncio.to_thread(self._tell, error, now)
        except DATABASE_IS_AWAY:
            return
        self._told[what] = now

    def _tell(self, error: WeComError, now: datetime) -> None:
        with self.database.begin() as session:
            if isinstance(error, StaffUnknownError):
                want(session, self.app, ["directory"], now=now)
            else:
                detail = {"api": error.api, "code": error.code, "hint": error.hint, "message": error.advice}
                signal(session, "wecom-configuration", f"wecom/{self.app}", now=now, detail=dict(detail))
