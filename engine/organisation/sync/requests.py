"""Asking for a sync: by a person, by a callback that only the directory explains, by an employee unknown to WeCom.

Of an app one sync runs and one waits at a time; who asks meanwhile is served by the one that waits.

AppError
├── NoAppError         there is none in the settings
└── UnknownAppError    none of this name
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Literal, get_args

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.jobs import store
from engine.jobs.kinds import SYNC
from engine.jobs.models import Job

Part = Literal["directory", "contacts", "groups"]
PARTS: tuple[Part, ...] = get_args(Part)
"""In the order in which they are done: friends and groups are those of employees who are known."""
BY_ITSELF = "system"
SELDOM = timedelta(minutes=10)
"""What a sync did not mend is no reason for another one right away."""


class AppError(Exception):
    """There is no WeCom app to ask; the message says how to mend it."""


class NoAppError(AppError):
    """The settings name none."""


class UnknownAppError(AppError):
    """The settings name others."""


def choose_app(known: Collection[str], wanted: str | None = None) -> str:
    """The app to ask, of those in the settings: the wanted one, or the first. Raises AppError."""
    if not known:
        raise NoAppError("No WeCom app is set up to sync with: describe one in WAYSTATION_WECOM_APPS and restart.")
    if wanted is not None and wanted not in known:
        raise UnknownAppError(f"There is no WeCom app {wanted!r}; there are {', '.join(known)}.")
    return wanted or next(iter(known))


def ask(session: Session, app: str, parts: Iterable[Part] = PARTS, *, by: str, now: datetime) -> Job:
    """A sync of an app, by its name in the settings: the one that waits already, with these parts added, or a new one.

    One that waits to go on from where it was stopped begins anew: what it has done, it has not done since it was asked.
    The session must see all stores.
    """
    lane = f"sync/{app}"
    wanted = set(parts)
    waiting = store.waiting_in(session, lane)
    if waiting is not None:
        waiting.args = {**waiting.args, "parts": _ordered(wanted | set(waiting.args["parts"]))}
        waiting.cursor, waiting.done, waiting.total = {}, 0, None
        return waiting
    job = store.create(session, SYNC, {"app": app, "parts": _ordered(wanted)}, by=by, now=now, stores="*")
    job.lane = lane
    session.flush()
    return job


def want(session: Session, app: str, parts: Iterable[Part], *, now: datetime) -> Job | None:
    """The same, as the product asks by itself: not while a sync of the app runs, which looks at them already, nor
    shortly after one of these parts that it asked for.
    """
    wanted = _ordered(set(parts))
    given = {"lane": f"sync/{app}", "by": BY_ITSELF, "since": now - SELDOM, "parts": wanted}
    if session.connection().execute(_LATELY, given).first() is not None:
        return None
    return ask(session, app, wanted, by=BY_ITSELF, now=now)


def _ordered(parts: set[Part]) -> list[Part]:
    return [part for part in PARTS if part in parts]


_LATELY = text("""
    SELECT 1 FROM jobs WHERE lane = :lane AND (state = 'running' OR (
        created_by = :by AND created_at > :since AND args -> 'parts' ?& CAST(:parts AS text[]))) LIMIT 1""")
