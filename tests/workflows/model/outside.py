"""The outside world of the model: a receiver that remembers who asked what, and activity types that act out a script.

Local types write a row into a table of the tests' own, in the turn's transaction: what is there was committed.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg
from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.journeys.catalogue import Retry
from tests.engine.journeys.world import MessageParams, NoteParams
from workflows.activities import coupon_issue
from workflows.activities.outside import Outside
from workflows.activities.registry import Activities, ActivityFailure, Effect, Result, activities_of, activity_type

PERFORMS = "CREATE TABLE IF NOT EXISTS performs (key text, type text); GRANT ALL ON performs TO PUBLIC"
"""What local types have done, by key; no constraint keeps it from being done twice."""


class Killed(BaseException):
    """The worker was killed in the middle of an attempt."""


@dataclass
class Receiver:
    """Takes calls. `script` says by type (or by what `part_of` makes of it) what the next come to; else they succeed.

    fail: the type raises, and may be tried again; final: it need not; defect: it raises what nobody expects;
    lost: the worker is killed before the receiver has heard; done-lost: after it; held: the call hangs until `release`;
    away: (local) the database goes away in the middle of the turn.
    """

    script: defaultdict[str, deque[str]] = field(default_factory=lambda: defaultdict(deque))
    arrived: list[tuple[str, str]] = field(default_factory=list)
    performed: list[tuple[str, str]] = field(default_factory=list)
    holds: asyncio.Queue[asyncio.Future[str]] = field(default_factory=asyncio.Queue)
    on_arrival: Callable[[str, str, Effect], None] = lambda *_: None
    part_of: Callable[[str, Effect], str] = lambda name, _: name

    def activities(self) -> Activities:
        """The types of the random journeys, under the names and with the params that these use."""

        @activity_type("note", title=_title("Note"), retry=Retry(attempts=3))
        def note(session: Session, _params: NoteParams, effect: Effect) -> Result:
            """A local effect."""
            return self.perform(session, "note", effect)

        @activity_type("ping", title=_title("Ping"), contact="push", retry=Retry(attempts=3))
        def ping(session: Session, _params: MessageParams, effect: Effect) -> Result:
            """A local push."""
            return self.perform(session, "ping", effect)

        @activity_type("call", title=_title("Call"), contact="reply", retry=Retry(attempts=3))
        async def call(_outside: Outside, _params: MessageParams, effect: Effect) -> Result:
            """A remote reply."""
            return await self.receive("call", effect)

        @activity_type("push", title=_title("Push"), contact="push", retry=Retry(attempts=3))
        async def push(_outside: Outside, _params: MessageParams, effect: Effect) -> Result:
            """A remote push."""
            return await self.receive("push", effect)

        @activity_type("once", title=_title("Once"), idempotent="no", retry=Retry(attempts=3))
        async def once(_outside: Outside, _params: MessageParams, effect: Effect) -> Result:
            """A remote effect that must not be repeated."""
            return await self.receive("once", effect)

        own = {each.type.name: each for each in (note, ping, call, push, once)}
        return {**own, **activities_of([coupon_issue])}

    def perform(self, session: Session, name: str, effect: Effect) -> Result:
        """Act as a local type: the row first, then what the script says."""
        self.on_arrival(name, effect.key, effect)
        session.connection().execute(_PERFORMED, {"key": effect.key, "type": name})
        word = self._next(self.part_of(name, effect))
        if word == "away":
            raise psycopg.OperationalError("the database went away")
        return _come(word)

    async def receive(self, name: str, effect: Effect) -> Result:
        """Act as a remote type."""
        self.on_arrival(name, effect.key, effect)
        self.arrived.append((name, effect.key))
        word = self._next(self.part_of(name, effect))
        if word == "held":
            gate = asyncio.get_running_loop().create_future()
            self.holds.put_nowait(gate)
            word = await gate
        if word == "lost":
            raise Killed
        if word in {"done", "done-lost"}:
            self.performed.append((name, effect.key))
        if word == "done-lost":
            raise Killed
        return _come(word)

    def _next(self, part: str) -> str:
        return self.script[part].popleft() if self.script[part] else "done"


def _come(word: str) -> Result:
    if word in {"fail", "final"}:
        raise ActivityFailure("it did not work", code="away", final=word == "final")
    if word == "defect":
        raise RuntimeError("nobody thought of this")
    return Result(value={"id": "7"})


def _title(name: str) -> dict[str, Any]:
    return {"zh": name, "en": name}


_PERFORMED = text("INSERT INTO performs (key, type) VALUES (:key, :type)")
