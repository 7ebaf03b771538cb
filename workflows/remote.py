"""The one remote activity: it reads what is asked from the effect's row, calls, and stores what came of it.

Temporal carries the key only. It tries without end; the row counts the failures that the type raised, so that a killed
worker uses up no attempt, and a settled effect is never called again. A type with `idempotent: no` is called once: when
an attempt was lost, its outcome is unknown and a person decides. No attempt begins while the run is paused, or a push
in quiet hours.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from pydantic import BaseModel, ValidationError
from sqlalchemy import text
from sqlalchemy.orm import Session
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from engine.clock import Clock
from engine.database.connection import Database
from engine.database.direct import DATABASE_IS_AWAY
from engine.database.retrying import ContendedError
from engine.definitions.plans import Plans
from engine.journeys.catalogue import Retry
from engine.journeys.deadlines import is_paused
from engine.journeys.effects import quiet_until
from engine.journeys.state import Failure
from engine.runs import effects, health, inbox
from engine.runs.effects import EffectKey
from engine.runs.models import Effect as EffectRow
from engine.runs.models import Run
from engine.secrets.keyring import KeyRing
from workflows import observed
from workflows.activities.outside import Outside
from workflows.activities.registry import Activities, ActivityFailure, Effect, RemoteActivity, Result
from workflows.asked import SLACK, Asked
from workflows.journey import REMOTE

HEARTBEAT_EVERY = 2.0
STORING_AGAIN = 1.0
"""Seconds between tries to store an outcome while the database is away."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Attempt:
    """One call that is to be made."""

    activity: RemoteActivity
    params: BaseModel
    effect: Effect
    retry: Retry
    failures: int


@dataclass(frozen=True)
class Deferred:
    """No call before quiet hours are over."""

    until: datetime


@dataclass(frozen=True)
class RemoteExecutor:
    """Executes remote effects. Its method is the activity that workers register."""

    database: Database
    clock: Clock
    keys: KeyRing
    activities: Activities
    outside: Outside
    plans: Plans
    storing_again: float = STORING_AGAIN

    @activity.defn(name=REMOTE)
    async def execute(self, key: str) -> None:
        """Bring the effect `run/node/visit` to its outcome, or raise so that Temporal tries again later.

        While the run is paused it ends without an attempt: the turn that finds the pause over asks again.
        """
        attempt = await asyncio.to_thread(self._begin, EffectKey.parse(key))
        if isinstance(attempt, Deferred):
            delay = await asyncio.to_thread(self._defer, EffectKey.parse(key), attempt)
            raise _later("it is quiet now", "attempt-deferred", delay)
        if attempt is None:
            return
        async with _beating():
            came = await self._call(attempt)
            again = await self._store(EffectKey.parse(key), attempt, came)
        if again is not None:
            raise _later("the attempt failed", "attempt-failed", again)

    def _begin(self, key: EffectKey) -> Attempt | Deferred | None:
        """Mark the attempt as started; None where none may be made now, or none can be."""
        with self.database.begin() as session:
            row = effects.find(session, key, lock=True)
            run = session.get(Run, key.run_id)
            if row is None or run is None or row.state in effects.FINAL:
                return None
            now = self.clock.now()
            if run.ended_at is not None:
                effects.abandon(row, now=now)
                effects.save(session, row)
                return None
            attempt = self._attempt(row, run, now)
            if isinstance(attempt, Failure):
                effects.fail(row, attempt, now=now)
                effects.save(session, row)
                health.look_after_failure(session, row, now=now)
                return None
            if is_paused(inbox.pauses(session, run)):
                return None
            if (until := self._quiet_until(session, attempt, row, run, now)) is not None:
                return self._keep_quiet(session, row, run, until, now)
            row.state, row.started_at = "started", now
            effects.save(session, row)
            return attempt

    def _quiet_until(
        self, session: Session, attempt: Attempt, row: EffectRow, run: Run, now: datetime
    ) -> datetime | None:
        """When quiet hours let a push go that was asked for before they began."""
        if attempt.activity.type.contact != "push":
            return None
        return quiet_until(self.plans.get(session, run.bundle_hash), row.node, str(run.member_id), now)

    def _keep_quiet(
        self, session: Session, row: EffectRow, run: Run, until: datetime, now: datetime
    ) -> Deferred | None:
        """A push that quiet hours overtook leaves through `quiet` where that is connected, else it waits."""
        if "quiet" not in self.plans.get(session, run.bundle_hash).steps[row.node].ports:
            return Deferred(until)
        effects.settle(row, "quiet", {}, keys=self.keys, now=now)
        effects.save(session, row)
        return None

    def _defer(self, key: EffectKey, deferred: Deferred) -> timedelta:
        """Let the sweeper wait too; the time until the push may go."""
        now = self.clock.now()
        with self.database.begin() as session:
            _extend_wake(session, key.run_id, deferred.until + SLACK)
        return max(deferred.until - now, timedelta(seconds=1))

    def _attempt(self, row: EffectRow, run: Run, now: datetime) -> Attempt | Failure:
        """The call that the row asks for, or why none can be made."""
        known = self.activities.get(row.type)
        if not isinstance(known, RemoteActivity):
            return Failure("unknown-activity", f"no remote type {row.type} is installed", final=True)
        if row.state == "started" and known.type.idempotent == "no":
            return _lost()
        asked = Asked.open(self.keys, row.params_enc)
        try:
            params = known.type.params.model_validate(asked.params)
        except ValidationError:
            # The type was changed after it was asked. What pydantic says quotes the params, which may be personal.
            return Failure("bad-params", f"the type {row.type} that is installed refuses these params", final=True)
        effect = Effect(
            key=effects.key_outside(row),
            run_id=run.id,
            journey=run.journey,
            member_id=run.member_id,
            store_id=run.store_id,
            associate_id=run.associate_id,
            now=now,
            keys=self.keys,
        )
        return Attempt(known, params, effect, asked.retry, row.failures)

    async def _call(self, attempt: Attempt) -> Result | Failure:
        """The call itself, observed."""
        with observed.attempt(attempt.effect.key, attempt.activity.type.name, attempt.effect.journey) as seen:
            came = await self._try(attempt)
            seen.came(came)
        return came

    async def _try(self, attempt: Attempt) -> Result | Failure:
        """The call within the type's time."""
        kind = attempt.activity.type
        try:
            async with asyncio.timeout(attempt.activity.timeout.total_seconds()):
                return await attempt.activity.run(self.outside, attempt.params, attempt.effect)
        except ActivityFailure as failure:
            log.warning("an attempt failed", type=kind.name, effect=attempt.effect.key, code=failure.code)
            return Failure(failure.code, str(failure), failure.retry_after, failure.final)
        except TimeoutError:
            return _lost() if kind.idempotent == "no" else Failure("timeout", "the attempt took too long")
        except Exception as error:  # a defect of a type is a failed attempt of its effect, never one of the worker
            log.exception("activity type failed", type=kind.name, effect=attempt.effect.key)
            return _lost() if kind.idempotent == "no" else Failure("defect", type(error).__name__)

    async def _store(self, key: EffectKey, attempt: Attempt, came: Result | Failure) -> timedelta | None:
        """`_finish`, as soon as the database is there: what has happened must not be lost with a connection."""
        while True:
            try:
                return await asyncio.to_thread(self._finish, key, attempt, came)
            except (*DATABASE_IS_AWAY, ContendedError) as error:
                log.warning("the database does not take an outcome yet", effect=str(key), reason=type(error).__name__)
            await asyncio.sleep(self.storing_again)

    def _finish(self, key: EffectKey, attempt: Attempt, came: Result | Failure) -> timedelta | None:
        """Store what came of an attempt; the delay until the next one, if there is to be one."""
        with self.database.begin() as session:
            now = self.clock.now()
            delay = _delay(attempt, came)
            if delay is not None:
                _extend_wake(session, key.run_id, now + delay + attempt.activity.timeout + SLACK)
            row = effects.find(session, key, lock=True)
            if row is None or row.state == "settled":
                return None
            if isinstance(came, Result):
                effects.settle(row, came.port, came.value, keys=self.keys, now=now)
            elif row.state != "started":
                return None
            elif delay is not None:
                effects.fail_once(row, came)
            else:
                effects.fail(row, came, now=now)
            effects.save(session, row)
            if row.state in {"failed", "unknown"}:
                health.look_after_failure(session, row, now=now)
            return delay


def _delay(attempt: Attempt, came: Result | Failure) -> timedelta | None:
    """The time until the next attempt; None after a success, a final failure, or the last of the attempts."""
    if isinstance(came, Result) or came.final or attempt.failures + 1 >= attempt.retry.attempts:
        return None
    return came.retry_after if came.retry_after is not None else attempt.retry.delay(attempt.failures + 1)


def _later(why: str, kind: str, delay: timedelta) -> ApplicationError:
    """Let Temporal try again then. It is no defect, so its library makes no line with a trace of it."""
    return ApplicationError(why, type=kind, next_retry_delay=delay, category=ApplicationErrorCategory.BENIGN)


def _lost() -> Failure:
    return Failure(effects.UNKNOWN_OUTCOME, "an attempt was lost and this type must not be repeated", final=True)


def _extend_wake(session: Session, run_id: int, until: datetime) -> None:
    """Let the sweeper wait for the next attempt."""
    session.connection().execute(_EXTEND_WAKE, {"run": run_id, "until": until})


_EXTEND_WAKE = text("UPDATE runs SET wake_at = GREATEST(wake_at, :until) WHERE id = :run AND ended_at IS NULL")


@asynccontextmanager
async def _beating() -> AsyncIterator[None]:
    """Tell Temporal that this worker lives, so that another takes over soon when it does not."""

    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(HEARTBEAT_EVERY)

    beats: asyncio.Task[Any] = asyncio.create_task(beat())
    try:
        yield
    finally:
        beats.cancel()
        with suppress(asyncio.CancelledError):
            await beats
