"""What the interpreter needs from the database during a turn: facts, and local effects that happen exactly once."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.orm import Session

from engine.database.direct import DATABASE_IS_AWAY
from engine.database.retrying import ContendedError
from engine.journeys.plan import Plan
from engine.journeys.state import Failure, Local, Outcome
from engine.journeys.steps import Activity as ActivityStep
from engine.journeys.walk import Facts
from engine.members.facts import read_facts
from engine.runs import effects, health, record
from engine.runs.effects import EffectKey
from engine.runs.models import Effect as EffectRow
from engine.runs.models import Run
from engine.secrets.keyring import KeyRing
from workflows import observed
from workflows.activities.registry import Activities, ActivityFailure, Effect, LocalActivity, Result
from workflows.asked import Asked

_TRY_THE_TURN_AGAIN = (*DATABASE_IS_AWAY, ContendedError)

log = structlog.get_logger()


@dataclass
class DatabaseHost:
    """One turn's access to the database. Everything happens in the turn's transaction."""

    session: Session
    run: Run
    plan: Plan
    activities: Activities
    keys: KeyRing
    now: datetime
    _facts: Facts = field(default_factory=dict)

    def facts(self) -> Facts:
        """The fields that the journey names, as they are in this transaction."""
        self._facts = read_facts(
            self.session,
            self.keys,
            member_id=self.run.member_id,
            store_id=self.run.store_id,
            associate_id=self.run.associate_id,
            paths=self.plan.fields,
            now=self.now,
        )
        return self._facts

    def reads(self) -> dict[str, Any]:
        """The facts as the turn read them last, sealed, for its record."""
        return {"sealed": record.seal_reads(dict(self._facts), self.keys)} if self._facts else {}

    def perform(self, effect: Local) -> Outcome:
        """The stored outcome of a local effect, or else its outcome now; a failure of the type is given back."""
        key = EffectKey.of_run(self.run.id, effect.key)
        row = effects.find(self.session, key) or self._asked(key, effect)
        if row.state == "settled" and (stored := effects.outcome_of(row, self.keys)):
            return stored
        if row.state in effects.FINAL:
            effects.ask_again(row, now=self.now)
            row.params_enc = Asked(effect.params).seal(self.keys)
        row.started_at = self.now
        with observed.local_effect(key, effect.type, self.run.journey):
            came = self._run(row, effect)
        if isinstance(came, Result):
            effects.settle(row, came.port, came.value, keys=self.keys, now=self.now)
            effects.save(self.session, row)
            return Outcome(effect.key, came.port, dict(came.value))
        self._count(row, came)
        return Outcome(effect.key, failure=came)

    def _asked(self, key: EffectKey, effect: Local) -> EffectRow:
        params = Asked(effect.params).seal(self.keys)
        known = self.activities.get(effect.type)
        contact = known.type.contact if known else "none"
        return effects.ask(
            key, journey=self.run.journey, type_name=effect.type, contact=contact, params=params, now=self.now
        )

    def _run(self, row: EffectRow, effect: Local) -> Result | Failure:
        """Perform the effect in a savepoint, so that a failure leaves nothing behind."""
        known = self.activities.get(effect.type)
        if not isinstance(known, LocalActivity):
            return Failure("unknown-activity", f"no local type {effect.type} is installed", final=True)
        try:
            with self.session.begin_nested():
                params = known.type.params.model_validate(effect.params)
                return known.run(self.session, params, self._context(row))
        except ActivityFailure as failure:
            return Failure(failure.code, str(failure), failure.retry_after, failure.final)
        except _TRY_THE_TURN_AGAIN:
            raise
        except Exception as error:  # a defect of a type must not make the turn fail without end
            log.exception("activity type failed", type=effect.type, effect=effects.key_outside(row))
            return Failure("defect", type(error).__name__)

    def _context(self, row: EffectRow) -> Effect:
        run, key = self.run, effects.key_outside(row)
        return Effect(key, run.id, run.journey, run.member_id, run.store_id, run.associate_id, self.now, self.keys)

    def _count(self, row: EffectRow, failure: Failure) -> None:
        work = self.plan.steps[row.node].work
        attempts = work.retry.attempts if isinstance(work, ActivityStep) else 1
        if failure.final or row.failures + 1 >= attempts:
            effects.fail(row, failure, now=self.now)
            effects.save(self.session, row)
            health.look_after_failure(self.session, row, now=self.now)
        else:
            effects.fail_once(row, failure)
            effects.save(self.session, row)
