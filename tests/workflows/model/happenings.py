"""What may happen in a play, as data: a script is a list of (name of a method of `Stage`, its arguments)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeAlias

from hypothesis import strategies as st

from engine.journeys.steps import Wait
from engine.runs.models import Run
from tests.workflows.model.audit import Audit
from tests.workflows.model.plays import Play
from tests.workflows.model.shells import RemoteEffect, Shell
from workflows.position import Position

PEOPLE = ("external_userid:wm0", "external_userid:wm1", "external_userid:wm2")
TYPES = ("custom.a", "custom.a", "custom.b", "custom.c", "custom.d")
WORDS = ("done", "fail", "fail", "final", "defect", "lost", "done-lost", "held", "away")
NEVER_LOCAL = {"lost", "done-lost", "held"}

Happening: TypeAlias = tuple[Any, ...]


@dataclass
class Stage:
    """Carries out happenings. Whom they concern is given by number, among those that there are."""

    play: Play
    audit: Audit

    # People

    def tell(self, who: str, kind: str, n: int, late: int) -> None:
        self.play.tell(who, kind, {"n": n} if n else {}, late)

    def enter(self, who: str) -> None:
        """Somebody comes in, and is looked after at once."""
        self.play.tell(who, "custom.a", {})
        self.work()

    def tell_what_is_awaited(self, which: int, n: int) -> None:
        """The member of a run does what the run waits for."""
        run = self._run(which)
        if run is None or run.node is None:
            return
        with self.play.database.begin() as session:
            work = self.play.world.plans.get(session, run.bundle_hash).steps[run.node].work
        kind = work.awaited[0].on if isinstance(work, Wait) else "custom.b"
        self.play.tell_member(run.member_id, kind, {"n": n} if n else {})

    def tell_again(self, which: int) -> None:
        self.play.tell_again(which)

    def join(self, one: int, other: int) -> None:
        if one != other:
            self.play.join(PEOPLE[one], PEOPLE[other])

    # Operators

    def order(self, which: int, kind: str, port: int) -> None:
        stuck = [run for run in self.play.runs() if run.status == "stuck"] or self.play.runs()
        if stuck:
            self.play.order(stuck[which % len(stuck)], kind, port)

    def pause(self, which: int) -> None:
        if (run := self._run(which)) is not None:
            self.play.pause(run)

    def resume(self, which: int, mode: str) -> None:
        paused = [run for run in self.play.runs() if run.id in self.audit.paused]
        if paused:
            self.play.resume(paused[which % len(paused)], mode)

    def change_journey(self, which: int, action: str) -> None:
        self.play.change_journey(which, action)

    # Machines

    def route(self, *, deaf: bool) -> None:
        self.play.route(deaf=deaf)

    def sweep(self, *, deaf: bool) -> None:
        self.play.sweep(deaf=deaf)

    def fold(self) -> None:
        self.play.fold()

    def turn(self, which: int, fault: str) -> None:
        if stirring := self._stirring():
            self.play.turn(stirring[which % len(stirring)], fault)

    def work(self) -> None:
        """The router and all executions do what they can, once."""
        self.play.route()
        for shell in self._stirring():
            self.play.turn(shell)

    def ask_for_another_turn(self, which: int, back: int) -> None:
        """Temporal asks for a turn that was decided long ago, or for one that is far ahead."""
        run = self._run(which, live=False)
        if run is None or run.status == "holdout" or back == 0 or run.turn + 1 - back < 1:
            return
        before = self.play.rows("SELECT * FROM runs WHERE id = %(run)s", run=run.id)
        self.play.take(Position(run.id, run.turn + 1 - back))
        assert self.play.rows("SELECT * FROM runs WHERE id = %(run)s", run=run.id) == before

    def lose(self, which: int) -> None:
        if live := self.play.temporal.live():
            self.play.lose(live[which % len(live)])

    def script(self, name: str, words: list[str]) -> None:
        local = name in {"note", "ping"}
        allowed = [word for word in words if (word not in NEVER_LOCAL if local else word != "away")]
        self.play.receiver.script[name].extend(allowed)

    def attempt(self, which: int, *, orphan: bool) -> None:
        """An attempt at an effect that is out; orphan: Temporal makes one that nobody waits for."""
        out: list[tuple[Shell | None, RemoteEffect]] = list(self.play.temporal.effects())
        if orphan:
            rows = self.play.rows("SELECT run_id, node, visit FROM effects WHERE type IN ('call', 'push', 'once')")
            out = [(None, RemoteEffect("/".join(map(str, row)), self.play.now)) for row in sorted(rows)]
        if out:
            self.play.attempt(*out[which % len(out)])

    def release(self, which: int, word: str) -> None:
        self.play.release(which, word)

    # Time

    def time_passes(self, minutes: int) -> None:
        self.play.clock.advance(timedelta(minutes=minutes))

    def a_time_comes(self, which: int, offset: int) -> None:
        """It is so many seconds after the moment when a run wants to be looked at."""
        run = self._run(which)
        if run is not None and run.wake_at is not None:
            self.play.clock.set(max(self.play.now, run.wake_at + timedelta(seconds=offset)))

    def a_clock_is_behind(self, seconds: int) -> None:
        self.play.clock.advance(timedelta(seconds=-seconds))
        self.play.behind += timedelta(seconds=seconds)

    def all_goes_well(self) -> None:
        self.play.settle()
        self.audit.rests()

    def _run(self, index: int, *, live: bool = True) -> Run | None:
        runs = self.play.runs(live=live)
        return runs[index % len(runs)] if runs else None

    def _stirring(self) -> list[Shell]:
        return [each for each in self.play.temporal.live() if each.stirs(self.play.now)]


def _do(name: str, *given: st.SearchStrategy[Any], **named: st.SearchStrategy[Any]) -> st.SearchStrategy[Happening]:
    return st.tuples(st.just(name), st.tuples(*given), st.fixed_dictionaries(named))


_people, _which, _n = st.sampled_from(PEOPLE), st.integers(0, 7), st.integers(0, 3)
_deaf = st.sampled_from([False, False, True])
_modes = st.sampled_from(["hold", "extend"])
_frequent = [
    _do("tell", _people, st.sampled_from(TYPES), _n, st.sampled_from([0, 0, 0, 1, 45, 1500])),
    _do("enter", _people),
    _do("tell_what_is_awaited", _which, st.sampled_from([1, 1, 1, 0, 3])),
    _do("work"),
    _do("turn", _which, st.sampled_from(["", "lost", "twice"])),
    _do("a_time_comes", _which, st.sampled_from([0, 0, -1, 1])),
    _do("attempt", _which, orphan=st.booleans()),
]
_seldom = [
    _do("tell_again", _which),
    _do("join", st.integers(0, 2), st.integers(0, 2)),
    _do("order", _which, st.sampled_from(["retry", "retry", "retry", "skip", "exit"]), _which),
    _do("pause", _which),
    _do("resume", _which, _modes),
    _do("change_journey", _which, st.sampled_from(["pause", "hold", "extend", "hold", "extend"])),
    _do("route", deaf=_deaf),
    _do("sweep", deaf=_deaf),
    _do("script", st.sampled_from(["note", "ping", "call", "push", "once"]),
        st.lists(st.sampled_from(WORDS), min_size=1, max_size=4)),
    _do("release", _which, st.sampled_from(["done", "done", "fail", "final", "lost", "done-lost"])),
    _do("time_passes", st.sampled_from([1, 5, 10, 60, 300, 601])),
    _do("ask_for_another_turn", _which, st.integers(-3, 4)),
]  # fmt: skip
_rare = [
    _do("lose", _which),
    _do("fold"),
    _do("a_clock_is_behind", st.sampled_from([1, 30])),
    _do("all_goes_well"),
    _do("change_journey", _which, st.just("retire")),
]
_weighted = [*_frequent * 6, *_seldom * 2, *_rare]
happenings: st.SearchStrategy[Happening] = st.sampled_from(_weighted).flatmap(lambda chosen: chosen)
scripts = st.lists(happenings, min_size=30, max_size=100)
