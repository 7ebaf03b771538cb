"""Holdout rows: members who are left alone, so that the lift can be told. Goal, exits and age act on them at once.

They have no workflow: the router gives them events in its own transaction, the sweeper ends them by age.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from engine.funnel import deltas
from engine.journeys.plan import Plan
from engine.journeys.state import EventIn, Local, Outcome
from engine.journeys.turn import TurnInputs, decide
from engine.journeys.walk import Facts
from engine.members.facts import read_facts
from engine.runs import ending, inbox, states, store
from engine.runs.models import Run
from engine.secrets.keyring import KeyRing


@dataclass(frozen=True)
class _Watcher:
    """Reads facts; a holdout has no effects."""

    session: Session
    run: Run
    plan: Plan
    keys: KeyRing
    now: datetime

    def facts(self) -> Facts:
        run, paths = self.run, self.plan.fields
        place = {"member_id": run.member_id, "store_id": run.store_id, "associate_id": run.associate_id}
        return read_facts(self.session, self.keys, **place, paths=paths, now=self.now)

    def perform(self, effect: Local) -> Outcome:
        raise AssertionError(f"a holdout has no effects, and was asked for {effect.key}")


def watch(session: Session, run: Run, plan: Plan, events: Sequence[EventIn], *, keys: KeyRing, now: datetime) -> None:
    """Let a holdout row take events, and its age, under the member's lock."""
    usable = tuple(event for event in events if event.type in plan.event_types)
    overdue = run.wake_at is not None and run.wake_at <= now
    if not usable and not overdue:
        return
    inputs = TurnInputs(events=usable, pauses=tuple(inbox.pauses(session, run)))
    result = decide(plan, states.load(run, keys), inputs, _Watcher(session, run, plan, keys, now), now)
    result = ending.placed(session, run.member_id, result)
    states.keep(run, result.state, keys, wake_at=result.wake_at)
    store.save(session, run)
    if result.state.end is not None:
        deltas.held_out(session, run, result.state.end.outcome)
