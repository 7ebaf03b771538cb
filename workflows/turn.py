"""The turn: one transaction in which a run takes what happened and decides how far it goes.

It is decided once. The first statement claims (run, turn); whoever finds the claim gives the stored answer, so that a
turn which Temporal asks for twice changes nothing. In order: claim, member, run, inputs, `decide`, one UPDATE, commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.orm import Session
from temporalio import activity

from engine.clock import Clock
from engine.database.connection import Database
from engine.definitions.plans import Plans
from engine.events.models import Event
from engine.journeys.deadlines import FOREVER, is_paused
from engine.journeys.plan import Plan
from engine.journeys.state import Command, Remote, State
from engine.journeys.steps import Called
from engine.journeys.turn import TurnInputs, TurnResult, decide
from engine.runs import calls, effects, ending, inbox, record, states, store
from engine.runs.effects import EffectKey
from engine.runs.models import Effect as EffectRow
from engine.runs.models import Run
from engine.runs.store import Decided, RunMovedError, RunUnknownError
from engine.secrets.keyring import KeyRing
from workflows import observed
from workflows.activities.registry import Activities, RemoteActivity
from workflows.asked import SLACK, Asked
from workflows.host import DatabaseHost
from workflows.journey import TURN
from workflows.observed import TurnSeen
from workflows.position import Answer, Position, queue_name

EVENTS_PER_TURN = 200

log = structlog.get_logger()


class NothingToDecideError(Exception):
    """The run is not where the shell thinks, or has ended: the transaction is rolled back, `answer` given."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("the shell is not where the run is")
        self.answer = answer


@dataclass(frozen=True)
class TurnTaker:
    """Takes turns. Its method is the local activity that workers register."""

    database: Database
    clock: Clock
    keys: KeyRing
    activities: Activities
    plans: Plans

    # Never interrupted between two statements: it commits, and whoever asks again gets the stored answer.
    @activity.defn(name=TURN, no_thread_cancel_exception=True)
    def execute(self, position: Position) -> dict[str, Any]:
        """`take` as Temporal calls it: the answer as JSON."""
        return self.take(position).to_json()

    def take(self, position: Position) -> Answer:
        """Decide a turn, or give the answer of the one that was decided."""
        with observed.turn(position) as seen:
            return self._take_where_it_is(position, seen)

    def _take_where_it_is(self, position: Position, seen: TurnSeen) -> Answer:
        while True:
            try:
                with self.database.begin() as session:
                    return self._take(session, position, seen)
            except RunMovedError:
                continue
            except NothingToDecideError as elsewhere:
                return elsewhere.answer
            except RunUnknownError:
                log.warning("the run is not in this database", run=position.run)
                return Answer(next=position.turn, done=True)

    def _take(self, session: Session, position: Position, seen: TurnSeen) -> Answer:
        now = self.clock.now()
        run = store.begin_turn(session, position.run, position.turn, now)
        if not isinstance(run, Run):
            seen.repeated()
            return replace(Answer.from_json(run), stale=True)
        if run.ended_at is not None:
            raise NothingToDecideError(Answer(next=position.turn, done=True))
        if position.turn != run.turn + 1:
            raise NothingToDecideError(Answer(next=run.turn + 1, stale=True))
        return self._decide(session, run, position.turn, max(now, run.now), seen)

    def _decide(self, session: Session, run: Run, n: int, now: datetime, seen: TurnSeen) -> Answer:
        plan = self.plans.get(session, run.bundle_hash)
        state = states.load(run, self.keys)
        host = DatabaseHost(session, run, plan, self.activities, self.keys, now)
        told = self._told(session, run, plan, state, now)
        inputs = told.inputs
        result = decide(plan, state, inputs, host, now, limit=EVENTS_PER_TURN)
        result = ending.placed(session, run.member_id, result)
        inbox.take_commands(session, told.orders.commands, n)
        paused = is_paused(inputs.pauses)
        # What was asked before a pause is asked again by the turn that finds the pause over.
        asked = None if paused else self._ask(session, run, plan, result, now)
        record.write(session, run, plan, before=state, told=told.events, result=result, now=now)
        calls.returned(session, run, result, keys=self.keys, now=now)
        if paused and result.state.ended:
            inbox.end_pause(session, run.id, now)
        answer = _answer(n, result, asked, now)
        latest = asked.latest if asked else None
        wake_at = min(filter(None, (answer.wake_at, latest)), default=FOREVER)
        states.keep(run, result.state, self.keys, wake_at=wake_at, pauses=inputs.pauses, personal=told.personal)
        run.turn = n
        run.execution = _execution() or run.execution
        log_lines, fates = record.lines(result, self.keys), record.fates(told.events, result)
        store.finish_turn(session, run, Decided(n, answer.to_json(), log_lines, host.reads(), fates))
        seen.decided(session, run, told.events)
        return answer

    def _told(self, session: Session, run: Run, plan: Plan, state: State, now: datetime) -> Told:
        """What the run has been told and has not taken."""
        rows = inbox.take_up(session, run, plan.event_types, now)
        orders = inbox.orders(session, run)
        outcome = None
        if state.phase == "acting" and state.effect:
            row = effects.find(session, EffectKey.of_run(run.id, state.effect))
            outcome = effects.outcome_of(row, self.keys) if row else None
            if outcome is not None and state.node and isinstance(plan.steps[state.node].work, Called):
                calls.take(session, EffectKey.of_run(run.id, state.effect))
        inputs = TurnInputs(
            operators=orders.operators(),
            outcome=outcome,
            events=tuple(inbox.events_in(session, rows, self.keys)),
            pauses=orders.pauses,
        )
        return Told(inputs, rows, orders)

    def _ask(self, session: Session, run: Run, plan: Plan, result: TurnResult, now: datetime) -> Pending | None:
        """The remote effect that the run now waits for, with its row written."""
        if result.effect is None:
            return None
        key = EffectKey.of_run(run.id, result.effect)
        if isinstance(work := plan.steps[key.node].work, Called):
            calls.ask(session, run, key, work, keys=self.keys, now=now)
            return None
        asked = next((each for each in reversed(result.commands) if _asks(each, result.effect)), None)
        row = effects.find(session, key)
        if row is None and isinstance(asked, Remote):
            params = Asked(asked.params, asked.retry).seal(self.keys)
            row = effects.ask(
                key,
                journey=run.journey,
                type_name=asked.type,
                contact=self._contact(asked.type),
                params=params,
                now=now,
            )
            effects.save(session, row)
        elif row is not None and isinstance(asked, Remote) and asked.again and row.state in effects.FINAL:
            effects.ask_again(row, now=now)
            row.params_enc = Asked(asked.params, asked.retry).seal(self.keys)
            effects.save(session, row)
        elif run.wake_at is not None and run.wake_at < FOREVER and run.status != "paused":
            return Pending(key, self._known(row), max(run.wake_at, now + SLACK))
        known = self._known(row)
        return Pending(key, known, now + SLACK + (known.timeout if known else timedelta()))

    def _contact(self, type_name: str) -> str:
        known = self.activities.get(type_name)
        return known.type.contact if known else "none"

    def _known(self, row: EffectRow | None) -> RemoteActivity | None:
        known = self.activities.get(row.type) if row else None
        return known if isinstance(known, RemoteActivity) else None


def _execution() -> str | None:
    """What Temporal calls the execution that asks."""
    return activity.info().workflow_run_id if activity.in_activity() else None


@dataclass(frozen=True)
class Told:
    """A turn's inputs, with the rows of the new events and of the orders among them."""

    inputs: TurnInputs
    events: Sequence[Event]
    orders: inbox.Orders

    @property
    def personal(self) -> bool:
        """Whether an event brought personal data."""
        return any(event.personal_enc is not None for event in self.events)


@dataclass(frozen=True)
class Pending:
    """A remote effect that the run waits for, and when it must have got somewhere at the latest."""

    key: EffectKey
    activity: RemoteActivity | None
    latest: datetime


def _asks(command: Command, key: str) -> bool:
    return isinstance(command, Remote) and command.key == key


def _answer(n: int, result: TurnResult, pending: Pending | None, now: datetime) -> Answer:
    """What the shell is told. With events left over it comes back at once."""
    if result.state.ended:
        return Answer(next=n + 1, done=True, node=result.state.node)
    return Answer(
        next=n + 1,
        node=result.state.node,
        wake_at=now if result.untaken else result.wake_at,
        effect=str(pending.key) if pending else None,
        queue=queue_name(pending.activity.queue if pending and pending.activity else "outside") if pending else None,
    )
