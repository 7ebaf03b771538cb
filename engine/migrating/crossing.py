"""Some runs are taken over to their new version, under the locks of their members: state, effects, funnel, timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from engine.alerts.store import settle
from engine.definitions.plans import Plans
from engine.funnel import deltas
from engine.jobs.pages import Finding
from engine.journeys.deadlines import FOREVER, wake_at
from engine.journeys.migration.migrate import Later, Migrated, NoPlaceError, Row, migrate
from engine.journeys.migration.moves import Moves
from engine.journeys.plan import Plan
from engine.journeys.state import Log, Stage, State
from engine.migrating import words
from engine.runs import effects, inbox, record, states, store
from engine.runs.effects import EffectKey
from engine.runs.models import Effect, Run
from engine.secrets.keyring import KeyRing


@dataclass(frozen=True)
class Destination:
    """The version that runs go over to, by whose order, and the map that leads there."""

    version: int
    bundle_hash: str
    mapping: Mapping[str, str]
    by: str


@dataclass
class Crossed:
    """What became of some runs: those that went over, those that must wait, those that are to be called."""

    moved: list[int] = field(default_factory=list)
    later: list[int] = field(default_factory=list)
    calls: list[int] = field(default_factory=list)
    errors: list[Finding] = field(default_factory=list)


@dataclass(frozen=True)
class Ferry:
    """Takes runs over within one transaction. Raises PlanError for a version that cannot be compiled here."""

    session: Session
    to: Destination
    plans: Plans
    keys: KeyRing
    now: datetime

    def take(self, run_ids: Sequence[int]) -> Crossed:
        """Take over those of them that are live and of an older version, as far as they are at a safe point."""
        runs = [run for run in store.lock_runs(self.session, run_ids) if self._is_meant(run)]
        known = effects.of_runs(self.session, [run.id for run in runs])
        crossed = Crossed()
        for run in runs:
            self._take_one(run, known.get(run.id, []), crossed)
        return crossed

    def _is_meant(self, run: Run) -> bool:
        return run.ended_at is None and run.version < self.to.version

    def _take_one(self, run: Run, known: Sequence[Effect], crossed: Crossed) -> None:
        state = states.load(run, self.keys)
        moves = self._moves(run)
        rows = [self._row(each) for each in known]
        try:
            done = migrate(moves, state, rows, version=self.to.version, now=self.now, by=self.to.by)
        except NoPlaceError as error:
            crossed.errors.append(Finding(str(run.id), words.no_place(error.node)))
            return
        if isinstance(done, Later):
            crossed.later.append(run.id)
            return
        if self._write(run, state, done, moves.new):
            crossed.calls.append(run.id)
        crossed.moved.append(run.id)

    def _moves(self, run: Run) -> Moves:
        old = self.plans.get(self.session, run.bundle_hash)
        return Moves(old, self.plans.get(self.session, self.to.bundle_hash), self.to.mapping)

    def _write(self, run: Run, before: State, done: Migrated, plan: Plan) -> bool:
        """Write what became of a run; whether it is to be called."""
        former, woken = run.version, run.wake_at
        run.version, run.bundle_hash = self.to.version, self.to.bundle_hash
        pauses = inbox.pauses(self.session, run)
        due = done.state.now if done.look else wake_at(done.state, pauses) or FOREVER
        states.keep(run, done.state, self.keys, wake_at=due, pauses=pauses)
        lines = [record.line(each, self.keys) for each in done.commands if isinstance(each, Log)]
        store.cross(self.session, run, lines)
        if done.carried is not None:
            (node, visit), (to_node, to_visit) = done.carried
            effects.carry(self.session, EffectKey(run.id, node, visit), EffectKey(run.id, to_node, to_visit))
        self._count(run, former, done, plan)
        if before.stuck is not None and done.state.stuck is None:
            settle(self.session, "run-stuck", f"run/{run.id}", by=self.to.by, now=self.now)
        return run.status != "holdout" and (done.look or woken is None or due < woken)

    def _count(self, run: Run, former: int, done: Migrated, plan: Plan) -> None:
        """The run's figures go along, and it has reached the stage where it stands now."""
        deltas.crossed(self.session, run, from_version=former)
        for each in done.commands:
            if isinstance(each, Stage) and run.status != "holdout":
                deltas.reached(self.session, run, each.name, stages=plan.stages, at=self.now)

    def _row(self, effect: Effect) -> Row:
        result = self.keys.open_json(effect.result_enc) if effect.result_enc and effect.state == "settled" else {}
        return Row(effect.node, effect.visit, effect.type, effect.state, effect.port, result)
