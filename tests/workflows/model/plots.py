"""Plots: what happens to one run, by minutes, so that it can be played purely and by Temporal, and compared.

Minutes of happenings end in different odd digits and all lengths in journeys are multiples of ten minutes: no event and
no deadline come so close that a slow machine could change their order.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from engine.definitions.context import event_fields
from engine.journeys.deadlines import Pause, deadlines, is_paused
from engine.journeys.plan import Plan, compile_plan
from engine.journeys.start import match_entry, start_run
from engine.journeys.state import EventIn, Failure, Operator, Outcome, State
from engine.journeys.steps import Activity
from engine.members.fields import base_fields
from tests.engine.journeys.strategies import ACTIVITIES, journeys
from tests.engine.journeys.world import T0, Host, Run
from tests.workflows.model.journeys import adapted
from tests.workflows.model.outside import Receiver
from workflows.activities.registry import catalogue_of

KINDS = ("wanted", "wanted", "wanted", "custom.b", "custom.c", "custom.d")
DIGITS = (1, 3, 5, 7)
ENTRY = {"n": 1}
"""What the entry event says."""
TENS = (0, 10, 20, 60, 300, 600, 1440, 2880)

Happening: TypeAlias = tuple[int, str, Any]
"""Minutes after the entry, what, and with what: an event and its data, or pause, resume, retry, skip, exit."""


@dataclass(frozen=True)
class Plot:
    """A journey, what happens, and what activity types come to."""

    document: dict[str, Any]
    happenings: tuple[Happening, ...]
    words: dict[str, list[str]]


@dataclass
class Told:
    """What came of a plot. `wakes` is the next deadline, in tens of minutes after the entry."""

    path: list[str] = field(default_factory=list)
    ports: list[tuple[str, str]] = field(default_factory=list)
    effects: set[str] = field(default_factory=set)
    status: str = ""
    outcome: str | None = None
    kept: list[str] = field(default_factory=list)
    wakes: int | None = None


@st.composite
def plots(draw: st.DrawFn) -> Plot:
    """A random plot."""
    digits = draw(st.permutations(DIGITS))[: draw(st.integers(1, 4))]
    minutes = sorted(draw(st.sampled_from(TENS)) + digit for digit in digits)
    happenings = [(minute, *draw(_happenings)) for minute in minutes]
    words = {
        name: draw(st.lists(st.sampled_from(_WORDS["note" if name in _LOCAL else "call"]), max_size=3))
        for name in ACTIVITIES
        if name != "coupon.issue"
    }
    document = draw(journeys())
    document["policies"] = {name: document["policies"][name] for name in _POLICIES if name in document["policies"]}
    return Plot(document, tuple(happenings), words)


_POLICIES = ("max_age", "quiet_hours")
_CATALOGUE = catalogue_of(Receiver().activities())
_LOCAL = {"note", "ping"}
_WORDS = {"note": ["done", "done", "fail", "final"], "call": ["done", "done", "final"]}
_happenings = st.one_of(
    st.tuples(st.sampled_from(KINDS), st.sampled_from([{"n": 1}, {"n": 1}, {}, {"n": 2}, {"n": 3}])),
    st.tuples(st.sampled_from(KINDS), st.just({"n": 1})),
    st.tuples(st.sampled_from(["pause", "resume", "retry", "retry", "skip", "exit"]), st.just("extend")),
)


def draw_sample(wanted: Collection[str], *, among: int = 1500) -> list[Plot]:
    """Random plots that together come to all that is wanted, and few of them."""
    found: list[Plot] = []

    drawn = settings(max_examples=among, database=None, deadline=None, phases=[Phase.generate])

    @settings(drawn, suppress_health_check=list(HealthCheck))
    @given(plots())
    def collect(plot: Plot) -> None:
        found.append(plot)

    collect()
    return choose(found, wanted)


def choose(found: Sequence[Plot], wanted: Collection[str]) -> list[Plot]:
    """Few of the plots, that together come to all that is wanted."""
    reach = [(plot, covered(plot) & {*wanted}) for plot in found]
    chosen, seen = list[Plot](), set[str]()
    while seen < {*wanted}:
        plot, most = max(reach, key=lambda each: len(each[1] - seen))
        assert most - seen, f"no plot comes to {sorted({*wanted} - seen)}; draw again"
        chosen.append(plot)
        seen |= most
    return chosen


def store(path: Path, sample: Sequence[Plot]) -> None:
    """Write plots down."""
    path.write_text(json.dumps([asdict(plot) for plot in sample], indent=1, sort_keys=True) + "\n")


def load(path: Path) -> list[Plot]:
    """Read what `store` wrote."""
    return [
        Plot(
            each["document"],
            tuple((minute, what, given_) for minute, what, given_ in each["happenings"]),
            each["words"],
        )
        for each in json.loads(path.read_text())
    ]


def covered(plot: Plot) -> set[str]:
    """What a plot comes to: kinds of nodes and their ports, deadlines, ends, pauses."""
    played = PurePlay(plot, "p", T0, "7")
    played.play()
    run = played.run
    found = {f"end:{run.state.status}:{run.outcome}"}
    for kind in ("left", "deferred", "failed", "operator"):
        for line in run.lines(kind):
            work = run.plan.steps[line.node].work if line.node else None
            name = work.type.name if isinstance(work, Activity) else type(work).__name__.removesuffix("Time")
            found.add(f"{kind}:{name}:{line.port or ''}")
    return found | {"resumed" if each.end else "paused" for each in run.pauses}


class PurePlay:
    """A plot on a virtual clock: `decide` alone, with everything else made up."""

    def __init__(self, plot: Plot, key: str, entered: datetime, member: str) -> None:
        self.plot, self.entered, self.now = plot, entered, entered
        told = {name: [_came(word) for word in words] for name, words in plot.words.items()}
        plan = compile_plan(adapted(plot.document, key), _CATALOGUE, base_fields(), event_fields())
        entry = EventIn(100, "custom.a", entered, entered, dict(ENTRY))
        self.run = Run(plan, Host({"member": {"friend": False}}, told), entry=entry, member=member)
        match = match_entry(plan, entry, self.run.host.facts(), entered)
        assert match is not None
        self.run.state = start_run(plan, self.run.state.run, entry, match, entered)
        self.accepted = entry.seq

    def play(self) -> None:
        """All happenings in their order, and the deadlines between them."""
        self.turn()
        for minute, what, given_ in self.plot.happenings:
            self.pass_until(self.entered + timedelta(minutes=minute))
            self.happen(what, given_)

    def pass_until(self, until: datetime) -> None:
        """Let time pass, with a turn at each deadline."""
        while not self.run.state.ended:
            due = [each.at for each in deadlines(self.run.state, self.run.pauses) if each.at < until]
            if not due:
                break
            self.now = max(self.now, due[0])
            self.turn()
        self.now = until

    def happen(self, what: str, given_: Any) -> None:
        """One happening, and the turn that it brings."""
        state = self.run.state
        if state.ended:
            return
        operators: list[Operator] = []
        match what:
            case "pause":
                self.run.pauses = self.run.pauses or [Pause(self.now)]
            case "resume":
                self.run.pauses = [
                    each if each.end else Pause(each.start, self.now, given_) for each in self.run.pauses
                ]
            case "retry" | "skip" | "exit":
                operators = list(order(self.run.plan, state.node, what, state.phase))
            case _:
                kind = wanted(self.run.plan, state.node) if what == "wanted" else what
                self.accepted += 1
                if kind in self.run.plan.event_types:
                    self.run.untaken.append(EventIn(self.accepted, kind, self.now, self.now, dict(given_)))
        self.turn(operators)

    def turn(self, operators: list[Operator] | None = None) -> None:
        self.run.turn(self.now, operators=operators or [])

    def told(self) -> Told:
        """What came of it."""
        run, state = self.run, self.run.state
        due = deadlines(state, run.pauses)
        return Told(
            run.path,
            [(line.node or "", line.port or "") for line in run.lines("left")],
            {*run.host.performed, *run.asked},
            "paused"
            if any(not each.end for each in run.pauses) and state.status in {"running", "waiting"}
            else state.status,
            run.outcome,
            [] if state.ended else [each.event.type for each in state.kept],
            None if state.ended or not due else tens(due[0].at - self.entered),
        )


def tens(length: timedelta) -> int:
    """A length in tens of minutes: exact enough where machines are slow, and telling."""
    return length // timedelta(minutes=10)


def status_of(state: State, pauses: Sequence[Pause]) -> str:
    """The status as lists show it."""
    return "paused" if is_paused(pauses) and state.status in {"running", "waiting"} else state.status


def wanted(plan: Plan, node: str | None) -> str:
    """The type of event that the run waits for where it stands, or any."""
    work = plan.steps[node].work if node else None
    return work.awaited[0].on if hasattr(work, "awaited") else "custom.b"


def order(plan: Plan, node: str | None, kind: str, phase: str) -> Iterator[Operator]:
    """An operator's order, if the run may be given it."""
    if kind == "exit":
        yield Operator("exit", None, "told", "op")
    elif phase == "stuck" and node is not None:
        port = min(plan.steps[node].ports) if kind == "skip" else None
        yield Operator("skip" if kind == "skip" else "retry", port, None, "op")


def _came(word: str) -> Outcome | Failure:
    return (
        Outcome("", result={"id": "7"}) if word == "done" else Failure("away", "it did not work", final=word == "final")
    )
