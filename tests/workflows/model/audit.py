"""The laws of the driver, read from the tables after every happening of a play.

Nothing here knows how the product works: only what may never be seen in its tables, at the receiver, or between one
look and the next.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from engine.journeys.deadlines import after
from engine.journeys.steps import Activity, Wait
from engine.journeys.walk import Walk
from engine.members.facts import read_facts
from engine.runs import states
from engine.runs.models import Run
from rules.duration import Duration
from tests.workflows.model import queries as q
from tests.workflows.model.plays import Play
from workflows.activities.registry import Effect as EffectContext

Rows = dict[Any, tuple[Any, ...]]
BEHIND_ALL_TURNS = 2**31 - 1
"""Under this number a merge leaves its line in the timeline of the run that it ended."""


@dataclass
class Audit:
    """Looks at a play again and again; what was seen before may only change as the laws allow."""

    play: Play
    turns: Rows = field(default_factory=dict)
    ended: Rows = field(default_factory=dict)
    settled: Rows = field(default_factory=dict)
    entered: Counter[int] = field(default_factory=Counter)
    performed: Counter[int] = field(default_factory=Counter)
    paused: set[int] = field(default_factory=set)
    arrivals: list[str] = field(default_factory=list)
    inbox: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))

    def __post_init__(self) -> None:
        self.play.receiver.on_arrival = self.arrives

    def look(self) -> None:
        """Every law that holds at every moment."""
        self.turns_are_decided_once()
        self.merges_lose_nothing()
        self.what_ended_stays()
        self.live_runs_will_be_looked_at()
        self.effects_happen_once()
        self.paused_runs_stand_still()
        self.one_live_run_each()
        self.coupons_belong_to_effects()
        self.arrivals.clear()

    def arrives(self, name: str, key: str, effect: EffectContext) -> None:
        """A call arrives at an activity type, local or remote; a remote one is looked at in the tables."""
        self.arrivals.append(key)
        play = self.play
        contact = play.world.activities[name].type.contact
        [(hash_,)] = play.rows("SELECT bundle_hash FROM runs WHERE id = %(run)s", run=effect.run_id)
        with play.database.begin() as session:
            plan = play.world.plans.get(session, hash_)
        if contact == "push" and plan.quiet_hours:
            assert plan.quiet_hours.ends_after(effect.now, plan.zone) is None, "a push begins in quiet hours"
        if play.world.activities[name].type.mode == "remote":
            [(state, ended)] = play.rows(q.OUT, key=key)
            assert state == "started", f"{key} is called while it is {state}"
            assert ended is None, f"{key} is called after its run has ended"

    def turns_are_decided_once(self) -> None:
        rows = {(run, n): row for run, n, *row in self.play.rows(q.TURNS)}
        for key, row in self.turns.items():
            assert rows.get(key) == row, f"turn {key} was decided and has changed"
        assert all(row[0] != "{}" for row in rows.values()), "a turn is claimed and not decided"
        taken = Counter(run for run, n in rows if n < BEHIND_ALL_TURNS)
        for run, turn in self.play.rows("SELECT id, turn FROM runs"):
            assert taken[run] == turn, f"run {run} is at turn {turn} with {taken[run]} decided"
        self.turns = rows

    def what_ended_stays(self) -> None:
        rows = {run: tuple(row) for run, *row in self.play.rows(q.ENDED)}
        for run, row in self.ended.items():
            assert rows.get(run) == row, f"run {run} had ended and has changed"
        self.ended = rows

    def merges_lose_nothing(self) -> None:
        """The run with the earlier entry goes on, and has what the other had kept."""
        rows = self.play.rows("SELECT run_id, seq, state IN ('new', 'kept') FROM deliveries")
        for ended, kept, entry, later in self.play.rows(q.MERGED, known=list(self.ended)):
            assert not later, f"run {kept} came later than {ended} and went on"
            theirs = {seq for run, seq, _ in rows if run == kept} | {entry}
            lost = self.inbox[ended] - theirs
            assert lost == set(), f"run {ended} had kept {lost}, which {kept} never got"
        self.inbox = defaultdict(set)
        for run, seq, waits in rows:
            if waits:
                self.inbox[run].add(seq)

    def live_runs_will_be_looked_at(self) -> None:
        forgotten = self.play.rows("SELECT id FROM runs WHERE ended_at IS NULL AND wake_at IS NULL")
        assert forgotten == [], "a live run without a time to wake"

    def effects_happen_once(self) -> None:
        performs = Counter(key for (key,) in self.play.rows("SELECT key FROM performs"))
        assert all(times == 1 for times in performs.values()), f"performed twice: {performs}"
        effects = {f"{run}/{node}/{visit}": tuple(row) for run, node, visit, *row in self.play.rows(q.EFFECTS)}
        done = {key for key, (kind, state, *_) in effects.items() if kind in {"note", "ping"} and state == "settled"}
        assert done == performs.keys(), "what was performed is not what is recorded as done"
        for key, row in self.settled.items():
            assert effects.get(key) == row, f"effect {key} was settled and has changed"
        self.settled = {key: row for key, row in effects.items() if row[1] == "settled"}
        self._keys_are_stable(effects)

    def _keys_are_stable(self, effects: Rows) -> None:
        entered = Counter((run, node) for run, node in self.play.rows(q.NODES))
        asked = Counter((int(key.split("/")[0]), key.split("/")[1]) for key in effects)
        for place, times in asked.items():
            assert times <= entered[place], f"{times} effects at {place}, which was entered {entered[place]} times"
        receiver = self.play.receiver
        assert {key for _, key in receiver.arrived} <= effects.keys(), "a key that no row knows"
        retried = Counter(self.play.retries)
        for key, times in Counter(key for name, key in receiver.performed if name == "once").items():
            run, node, _ = key.split("/")
            assert times <= 1 + retried[int(run), node], f"{key} must not be repeated, and was"

    def paused_runs_stand_still(self) -> None:
        entered = Counter(run for run, _ in self.play.rows(q.NODES))
        begun = Counter(int(key.split("/")[0]) for key in self.arrivals)
        paused = {run for (run,) in self.play.rows(q.PAUSED)}
        for run in paused & self.paused:
            assert entered[run] == self.entered[run], f"run {run} entered a node while it was paused"
            assert begun[run] == 0, f"an effect of run {run} began while it was paused"
        self.entered, self.paused = entered, paused

    def one_live_run_each(self) -> None:
        doubles = self.play.rows(q.DOUBLES)
        assert doubles == [], "two live runs of one member in a journey that does not allow it"

    def entries_are_allowed(self) -> None:
        """Nobody came in during a pause or after the end of a journey, nor more often or sooner than it allows."""
        behind = {"behind": self.play.behind}
        refused = self.play.rows(q.ENTERED_WHILE_PAUSED, **behind) + self.play.rows(q.ENTERED_WHEN_RETIRED, **behind)
        assert refused == [], f"runs that should not have started: {refused}"
        for member, journey, entered in self.play.rows(q.ENTRIES):
            if member in self.play.joined:
                continue
            with self.play.database.begin() as session:
                hash_ = self.play.rows("SELECT bundle_hash FROM runs WHERE journey = %(key)s LIMIT 1", key=journey)[0][
                    0
                ]
                plan = self.play.world.plans.get(session, hash_)
            assert plan.reentry != "once" or len(entered) == 1, f"{member} entered {journey} more than once"
            for before, then in pairwise(entered if plan.cooldown else ()):
                assert then >= after(before, plan.cooldown or Duration(), plan.zone), f"{journey} did not cool down"

    def coupons_belong_to_effects(self) -> None:
        given = Counter(key for (key,) in self.play.rows("SELECT effect_key FROM coupons WHERE effect_key IS NOT NULL"))
        issued = {key for key, row in self.settled.items() if row[0] == "coupon.issue" and row[2] == "done"}
        assert given.keys() == issued, "coupons are not what the effects say"
        assert all(times == 1 for times in given.values()), "two coupons for one effect"

    # When everything has come to rest

    def rests(self) -> None:
        """Nothing is left behind, and every live run has a good reason to stand still."""
        self.look()
        play = self.play
        assert play.rows("SELECT seq FROM events WHERE member_id IS NOT NULL AND routed_at IS NULL") == []
        untaken = play.rows(q.UNTAKEN)
        assert untaken == [], f"deliveries that no turn takes: {untaken}"
        orders = play.rows(q.ORDERS)
        assert orders == [], "orders that no turn takes"
        out = {(run, f"{node}:{visit}"): row[1] for run, node, visit, *row in play.rows(q.EFFECTS)}
        for run in play.runs():
            if run.status != "holdout":
                self._stands_still_for_a_reason(run, out)
        self.entries_are_allowed()
        self.the_funnel_is_right()

    def _stands_still_for_a_reason(self, run: Run, out: dict[tuple[int, str], str]) -> None:
        state = states.load(run, self.play.keys)
        if run.id in self.paused:
            return
        assert run.status != "paused", f"run {run.id} is paused by nothing"
        assert run.wake_at is not None
        match state.phase:
            case "acting":
                assert state.effect is not None
                assert out[run.id, state.effect] in {"asked", "started"}, f"run {run.id} waits for what is settled"
            case "waiting" | "deferred" | "retrying":
                assert run.wake_at > self.play.now, f"run {run.id} has overslept"
            case "stuck":
                pass
            case _:
                raise AssertionError(f"run {run.id} stands still while it is {state.phase}")
        self._no_event_is_lost(run)
        self._nothing_that_fits_is_kept(run)

    def _no_event_is_lost(self, run: Run) -> None:
        state = states.load(run, self.play.keys)
        kept = {each.event.seq for each in state.kept}
        rows = dict(self.play.rows("SELECT seq, state FROM deliveries WHERE run_id = %(run)s", run=run.id))
        assert {seq for seq, fate in rows.items() if fate == "kept"} == kept, "the inbox is not what deliveries say"
        if run.member_id in self.play.joined:
            return
        with self.play.database.begin() as session:
            types = sorted(self.play.world.plans.get(session, run.bundle_hash).event_types)
        seqs = {seq for (seq,) in self.play.rows(q.MEANT, member=run.member_id, entry=run.entry_seq, types=types)}
        assert seqs <= rows.keys(), f"run {run.id} never got the events {seqs - rows.keys()}"

    def _nothing_that_fits_is_kept(self, run: Run) -> None:
        state = states.load(run, self.play.keys)
        with self.play.database.begin() as session:
            plan = self.play.world.plans.get(session, run.bundle_hash)
            where = {"member_id": run.member_id, "store_id": run.store_id, "associate_id": run.associate_id}
            facts = read_facts(session, self.play.keys, **where, paths=plan.fields, now=self.play.now)
        walk = Walk(plan, state, facts, self.play.now, paused=False)
        work = plan.steps[state.node].work if state.node else None
        for event in (each.event for each in state.kept):
            assert not (plan.goal and walk.holds(plan.goal, event)), "the goal was reached and passed over"
            assert not any(walk.holds(way_out, event) for way_out in plan.exits), "an exit was passed over"
            if isinstance(work, Wait) and not work.fresh and state.phase == "waiting":
                assert not any(walk.holds(item, event) for item in work.awaited), "the wait holds what fits"

    def the_funnel_is_right(self) -> None:
        """What was counted is what a count of all runs gives."""
        for counted, meant in ((q.STAGES_COUNTED, q.STAGES_MEANT), (q.ENDS_COUNTED, q.ENDS_MEANT)):
            told, runs = set(self.play.rows(counted)), set(self.play.rows(meant))
            assert told == runs, f"the funnel is not a count of the runs: {told ^ runs}"

    def stages_are_those_of_the_log(self) -> None:
        """Every node with a stage has brought its run there, or the run that went on when a merge ended it."""
        reached = defaultdict[int, set[str]](set)
        for run, stage in self.play.rows("SELECT run_id, stage FROM run_stages"):
            reached[run].add(stage)
        into = {run: int(other) for run, other in self.play.rows(q.MERGED_INTO)}
        meant = defaultdict[int, set[str]](set)
        for run in self.play.runs(live=False):
            heir = run.id
            while heir in into:
                heir = into[heir]
            meant[heir] |= self._stages_of(run)
        assert dict(reached) == {run: stages for run, stages in meant.items() if stages}, (
            "stages are not those of nodes"
        )

    def _stages_of(self, run: Run) -> set[str]:
        with self.play.database.begin() as session:
            plan = self.play.world.plans.get(session, run.bundle_hash)
        nodes = [node for id_, node in self.play.rows(q.NODES) if id_ == run.id]
        found = {plan.steps[node].stage for node in nodes}
        if plan.goal and run.outcome == "goal" and run.status == "completed":
            found.add(plan.goal.stage)
        assert all(isinstance(plan.steps[node].work, Activity) for node in self._acted(run.id))
        return {stage for stage in found if stage}

    def _acted(self, run: int) -> list[str]:
        return [node for (node,) in self.play.rows("SELECT node FROM effects WHERE run_id = %(run)s", run=run)]
