"""Random journeys, people and bad luck on a real database: whatever happens, the laws of `Audit` hold.

WAYSTATION_EXAMPLES=50 uv run pytest -n0 tests/workflows/model/test_model.py
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from engine.database.connection import Database
from engine.runs.models import Run
from engine.secrets.keyring import KeyRing
from tests.engine.journeys.strategies import journeys
from tests.law import law
from tests.workflows.model.audit import Audit
from tests.workflows.model.outside import PERFORMS
from tests.workflows.model.plays import Play
from tests.workflows.model.shells import RemoteEffect, Shell
from workflows.position import Position

PEOPLE = ("external_userid:wm0", "external_userid:wm1", "external_userid:wm2")
TYPES = ("custom.a", "custom.a", "custom.b", "custom.c", "custom.d")
WORDS = ("done", "fail", "fail", "final", "defect", "lost", "done-lost", "held", "away")
people, which = st.sampled_from(PEOPLE), st.integers(0, 7)
names = st.sampled_from(["note", "ping", "call", "push", "once"])
modes = st.sampled_from(["hold", "extend"])
faults = st.sampled_from(["", "", "", "lost", "twice"])
minutes = st.sampled_from([0, 1, 5, 10, 60, 300, 601, 1441])


class Driver(RuleBasedStateMachine):
    """One play per example; the database is emptied before each."""

    def __init__(self, database: Database, keys: KeyRing, tables: str) -> None:
        super().__init__()
        self.database, self.keys, self.tables = database, keys, tables
        self.play: Play | None = None

    @initialize(documents=st.lists(journeys(), min_size=1, max_size=2), stock=st.integers(0, 3))
    def open(self, documents: list[dict[str, Any]], stock: int) -> None:
        with psycopg.connect(self.database.url, autocommit=True) as connection:
            connection.execute(f"TRUNCATE {self.tables} RESTART IDENTITY CASCADE")  # type: ignore[arg-type]  # our own names
        self.play = Play(self.database, self.keys, asyncio.Runner())
        self.audit = Audit(self.play)
        self.play.publish(documents, stock)

    # What happens to people

    @rule(who=people, kind=st.sampled_from(TYPES), n=st.integers(0, 3), late=st.sampled_from([0, 0, 0, 1, 45, 1500]))
    def tell(self, who: str, kind: str, n: int, late: int) -> None:
        self.play.tell(who, kind, {"n": n} if n else {}, late)

    @rule(who=people)
    def enter(self, who: str) -> None:
        self.play.tell(who, "custom.a", {})
        self.play.route()
        for shell in self._stirring():
            self.play.turn(shell)

    @rule(again=which)
    def tell_again(self, again: int) -> None:
        self.play.tell_again(again)

    @rule(pair=st.sampled_from([(0, 1), (1, 2), (2, 0)]))
    def join(self, pair: tuple[int, int]) -> None:
        self.play.join(PEOPLE[pair[0]], PEOPLE[pair[1]])
        self.play.joined |= {member for (member,) in self.play.rows(_JOINED)}

    # What operators do

    @rule(run=which, kind=st.sampled_from(["retry", "retry", "skip", "exit"]), port=which)
    def order(self, run: int, kind: str, port: int) -> None:
        if (found := self._run(run)) is not None:
            self.play.order(found, kind, port)

    @rule(run=which)
    def pause(self, run: int) -> None:
        if (found := self._run(run)) is not None:
            self.play.pause(found)

    @rule(run=which, mode=modes)
    def resume(self, run: int, mode: str) -> None:
        if (found := self._run(run)) is not None:
            self.play.resume(found, mode)

    @rule(journey=which, action=st.sampled_from(["pause", "pause", "hold", "extend", "hold", "extend", "retire"]))
    def change_journey(self, journey: int, action: str) -> None:
        self.play.change_journey(journey, action)

    # What machines do

    @rule(deaf=st.booleans())
    def route(self, deaf: bool) -> None:
        self.play.route(deaf=deaf)

    @rule(deaf=st.booleans())
    def sweep(self, deaf: bool) -> None:
        self.play.sweep(deaf=deaf)

    @rule()
    def fold(self) -> None:
        self.play.fold()

    @rule(shell=which, fault=faults)
    def turn(self, shell: int, fault: str) -> None:
        if stirring := self._stirring():
            self.play.turn(stirring[shell % len(stirring)], fault)

    @rule(run=which, back=st.integers(-3, 4))
    def ask_for_another_turn(self, run: int, back: int) -> None:
        """Temporal asks for a turn that was decided long ago, or for one that is far ahead."""
        found = self._run(run, live=False)
        if found is None or found.status == "holdout" or back == 0 or found.turn + 1 - back < 1:
            return
        before = self.play.rows("SELECT * FROM runs WHERE id = :run", run=found.id)
        self.play.take(Position(found.id, found.turn + 1 - back))
        assert self.play.rows("SELECT * FROM runs WHERE id = :run", run=found.id) == before

    @rule(shell=which)
    def lose(self, shell: int) -> None:
        if live := self.play.temporal.live():
            self.play.lose(live[shell % len(live)])

    @rule(
        name=st.sampled_from(["note", "ping", "call", "push", "once"]),
        words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=4),
    )
    def script(self, name: str, words: list[str]) -> None:
        local, never = name in {"note", "ping"}, {"lost", "done-lost", "held"}
        allowed = [word for word in words if (word not in never if local else word != "away")]
        self.play.receiver.script[name].extend(allowed)

    @rule(effect=which, orphan=st.booleans())
    def attempt(self, effect: int, orphan: bool) -> None:
        """An attempt at an effect that is out; orphan: Temporal makes one that nobody waits for."""
        out: list[tuple[Shell | None, RemoteEffect]] = list(self.play.temporal.effects())
        if orphan:
            rows = self.play.rows("SELECT run_id, node, visit FROM effects WHERE type IN ('call', 'push', 'once')")
            out = [(None, RemoteEffect("/".join(map(str, row)), self.play.now)) for row in sorted(rows)]
        if out:
            self.play.attempt(*out[effect % len(out)])

    @precondition(lambda self: self.play and self.play.hanging)
    @rule(held=which, word=st.sampled_from(["done", "done", "fail", "final", "lost", "done-lost"]))
    def release(self, held: int, word: str) -> None:
        self.play.release(held, word)

    # Time

    @rule(length=minutes)
    def time_passes(self, length: int) -> None:
        self.play.clock.advance(timedelta(minutes=length))

    @rule(run=which, offset=st.sampled_from([0, 0, -1, 1]))
    def a_time_comes(self, run: int, offset: int) -> None:
        found = self._run(run)
        if found is not None and found.wake_at is not None:
            self.play.clock.set(max(self.play.now, found.wake_at + timedelta(seconds=offset)))

    @rule(seconds=st.sampled_from([1, 30]))
    def a_clock_is_behind(self, seconds: int) -> None:
        self.play.clock.advance(timedelta(seconds=-seconds))

    @rule()
    def all_goes_well(self) -> None:
        self.play.settle()
        self.audit.rests()

    @invariant()
    def laws_hold(self) -> None:
        if self.play is not None:
            self.audit.look()

    def teardown(self) -> None:
        play = self.play
        if play is None:
            return
        try:
            play.settle()
            self.audit.rests()
            for run in play.runs():
                play.resume(run, "extend")
            for i in range(len(play.journeys)):
                play.change_journey(i, "hold")
            play.settle()
            self.audit.rests()
            play.clock.advance(timedelta(days=40))
            play.settle()
            self.audit.rests()
            self.audit.stages_are_those_of_the_log()
            assert play.runs() == [], "a run outlives its age"
        finally:
            play.close()
            play.loop.close()

    def _run(self, index: int, *, live: bool = True) -> Run | None:
        runs = self.play.runs(live=live)
        return runs[index % len(runs)] if runs else None

    def _stirring(self) -> list[Shell]:
        return [each for each in self.play.temporal.live() if each.stirs(self.play.now)]


_JOINED = "SELECT merged_into FROM members WHERE merged_into IS NOT NULL"


@contextmanager
def tables_of(database: Database) -> Iterator[str]:
    """The names of all tables that a play fills."""
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute(PERFORMS)  # type: ignore[arg-type]  # a constant
        rows = connection.execute(_FILLED).fetchall()
    yield ", ".join(name for (name,) in rows)


_FILLED = """
SELECT tablename FROM pg_tables WHERE schemaname = 'public'
AND tablename NOT IN ('alembic_version', 'live_revision')"""


@pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")
def test_whatever_happens_the_laws_hold(database: Database, keys: KeyRing) -> None:
    with tables_of(database) as tables:
        run_state_machine_as_test(lambda: Driver(database, keys, tables), settings=law(15, stateful_step_count=40))
