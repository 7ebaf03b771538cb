"""The same plots in the pure driver and in Temporal with skipped time: same path, effects, outcome and deadlines.

All plots are played at once, each on a journey and a person of its own. Draw the sample anew, after a change of the
format, with WAYSTATION_DRAW_PLOTS=1 uv run pytest -n0 tests/workflows/model/test_alike.py
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from sqlalchemy import select
from sqlmodel import col
from temporalio.testing import WorkflowEnvironment

from engine.coupons.models import CouponBatch
from engine.coupons.store import set_stock
from engine.database.connection import Database
from engine.journeys.deadlines import deadlines
from engine.runs import commands, inbox, states
from engine.runs.commands import Order
from engine.runs.models import Pause, Run
from engine.secrets.keyring import KeyRing
from tests.workflows.clock import ServerClock
from tests.workflows.model import plots
from tests.workflows.model.journeys import adapted
from tests.workflows.model.outside import PERFORMS, Receiver
from tests.workflows.model.plots import Plot, PurePlay, Told
from tests.workflows.playing import Play
from tests.workflows.waiting import PATIENCE, close_all
from tests.workflows.world import World, new_key_of

STORED = Path(__file__).parent / "plots.json"
DRAWING = bool(os.environ.get("WAYSTATION_DRAW_PLOTS"))
SHANGHAI = ZoneInfo("Asia/Shanghai")
MET = {
    *(f"left:{kind}:done" for kind in ("Delay", "DelayUntil", "note", "coupon.issue", "call", "push", "once", "ping")),
    *(f"left:{kind}:error" for kind in ("note", "call", "push", "once", "ping")),
    "left:Wait:got", "left:Wait:other", "left:Wait:timeout", "left:Choice:yes", "left:Choice:also", "left:Choice:else",
    "left:Split:a", "left:Split:b", "left:push:quiet", "deferred:push:", "deferred:ping:",
    "end:stuck:None", "end:waiting:None", "end:exited:told", "end:exited:left0", "end:expired:expired",
    "end:completed:goal", "end:completed:finished", "paused", "resumed",
}  # fmt: skip
"""What the sample must come to; see `plots.covered`."""


def test_the_sample_comes_to_every_kind_of_node_effect_and_end() -> None:
    if DRAWING:
        plots.store(STORED, plots.draw_sample(MET))
    met = set[str]().union(*map(plots.covered, plots.load(STORED)))
    assert MET - met == set()


async def test_temporal_with_skipped_time_goes_the_way_of_the_pure_driver(
    database: Database, server_clock: ServerClock, keys: KeyRing, environment: WorkflowEnvironment
) -> None:
    sample = plots.load(STORED)
    theatre = Theatre(database, server_clock, keys, environment, sample)
    await theatre.open()
    try:
        async with theatre.play.working():
            await theatre.perform()
            came = await asyncio.to_thread(theatre.told)
    finally:
        await close_all(environment.client, theatre.world)
    assert came == [theatre.purely(i) for i in range(len(sample))]


class Theatre:
    """Plays plots side by side on one Temporal and one database, in steps from one moment to the next."""

    def __init__(
        self,
        database: Database,
        clock: ServerClock,
        keys: KeyRing,
        environment: WorkflowEnvironment,
        sample: Sequence[Plot],
    ) -> None:
        self.sample, self.keys = sample, [new_key_of("alike") for _ in sample]
        receiver = Receiver(part_of=lambda name, effect: f"{effect.journey}/{name}")
        for key, plot in zip(self.keys, sample, strict=True):
            receiver.script.update({f"{key}/{name}": deque(words) for name, words in plot.words.items()})
        self.world = World(database, clock, keys, activities=receiver.activities())
        self.play = Play(self.world, environment.client, environment)
        self.runs: list[int] = []
        self.entered: list[datetime] = []
        self.over = datetime.max.replace(tzinfo=UTC)

    async def open(self) -> None:
        """Publish the journeys, and let it become ten in the morning, when some are quiet."""
        await asyncio.to_thread(self._publish)
        now = await asyncio.to_thread(self.world.clock.now)
        ten = now.astimezone(SHANGHAI).replace(hour=10, minute=0, second=0, microsecond=0)
        await self.play.skip((ten if ten > now else ten + timedelta(days=1)) - now)

    def _publish(self) -> None:
        with psycopg.connect(self.world.database.url, autocommit=True) as connection:
            connection.execute(PERFORMS)
        with self.world.database.begin() as session:
            now, title = self.world.clock.now(), {"zh": "券", "en": "Coupon"}
            batch = CouponBatch(key="B", title=title, stock=100, value=1000, created_at=now)
            session.add(batch)
            session.flush()
            set_stock(session, batch, 100)
        for i, (key, plot) in enumerate(zip(self.keys, self.sample, strict=True)):
            self.world.publish(adapted(plot.document, key, entry=f"custom.a{i}"))

    async def perform(self) -> None:
        """Everybody enters; then one happening after another, with the deadlines between."""
        for i in range(len(self.sample)):
            await self.play.tell(f"custom.a{i}", dict(plots.ENTRY), who=f"member:{i}")
            run = await asyncio.to_thread(self.world.run)
            self.runs.append(run.id)
            self.entered.append(run.entered_at)
        await self.rest()
        moments = sorted(
            (self.entered[i] + timedelta(minutes=minute), i, what, given)
            for i, plot in enumerate(self.sample)
            for minute, what, given in plot.happenings
        )
        for at, i, what, given in moments:
            await self.pass_until(at)
            await self.happen(i, what, given)
            await self.rest()
        self.over = moments[-1][0]

    async def pass_until(self, at: datetime) -> None:
        """Skip from deadline to deadline up to a moment."""
        while (now := await asyncio.to_thread(self.world.clock.now)) < at:
            due = min([at, *(each for each in await asyncio.to_thread(self.wakes) if each > now)])
            await self.play.skip(due - now + timedelta(seconds=0 if due == at else 1))
            await self.rest()

    async def happen(self, i: int, what: str, given: Any) -> None:
        run = (await asyncio.to_thread(self.world.runs))[i]
        if run.ended_at is not None:
            return
        if what in {"pause", "resume", "retry", "skip", "exit"}:
            await asyncio.to_thread(self._operate, run, what, given)
            await self.play.sweeper.call_commanded()
        else:
            kind = await asyncio.to_thread(self._wanted, run) if what == "wanted" else what
            await self.play.tell(kind, given, who=f"member:{i}")

    def _wanted(self, run: Run) -> str:
        with self.world.database.begin() as session:
            return plots.wanted(self.world.plans.get(session, run.bundle_hash), run.node)

    def _operate(self, run: Run, what: str, given: Any) -> None:
        now, world = self.world.clock.now(), self.world
        with world.database.begin() as session:
            plan, phase = world.plans.get(session, run.bundle_hash), states.load(run, world.keys).phase
            paused = run.id in {each.run_id for each in session.execute(_OPEN).scalars()}
            if what == "pause" and not paused:
                commands.pause(session, run.id, by="op", now=now)
            elif what == "resume" and paused:
                commands.resume(session, run.id, deadlines=given, by="op", now=now)
            elif what in {"retry", "skip", "exit"}:
                for each in plots.order(plan, run.node, what, phase):
                    commands.give(session, run.id, Order(each.kind, each.port, each.outcome), by="op", now=now)

    async def rest(self) -> None:
        """Wait, in real time, until every run has taken what there is."""
        async with asyncio.timeout(PATIENCE):
            while not await asyncio.to_thread(self._is_quiet):
                await self.play.route()
                await asyncio.sleep(0.02)

    def _is_quiet(self) -> bool:
        with self.world.database.begin() as session:
            busy = session.connection().exec_driver_sql(_BUSY, {"now": self.world.clock.now()}).scalar()
            return not busy

    def wakes(self) -> list[datetime]:
        return [run.wake_at for run in self.world.runs() if run.ended_at is None and run.wake_at is not None]

    def told(self) -> list[Told]:
        """What came of each plot."""
        return [self._told(i, run) for i, run in enumerate(self.world.runs())]

    def _told(self, i: int, run: Run) -> Told:
        world, state = self.world, states.load(run, self.world.keys)
        with world.database.begin() as session:
            rows = session.connection().exec_driver_sql(_LINES, {"run": run.id}).all()
            done = session.connection().exec_driver_sql(_DONE, {"run": run.id}).scalars().all()
            pauses = inbox.pauses(session, run)
        due = deadlines(state, pauses)
        return Told(
            [node for kind, node, _ in rows if kind == "entered"],
            [(node, port) for kind, node, port in rows if kind == "left"],
            set(done),
            plots.status_of(state, pauses),
            run.outcome,
            [] if state.ended else [each.event.type for each in state.kept],
            None if state.ended or not due else plots.tens(due[0].at - self.entered[i]),
        )

    def purely(self, i: int) -> Told:
        run = self.world.runs()[i]
        pure = PurePlay(self.sample[i], self.keys[i], self.entered[i], str(run.member_id))
        pure.play()
        pure.pass_until(self.over)
        return pure.told()


_OPEN = select(Pause).where(col(Pause.to_at).is_(None))
_LINES = """
SELECT line ->> 'kind', line ->> 'node', line ->> 'port'
FROM turns, jsonb_array_elements(log) WITH ORDINALITY AS lines (line, place) WHERE run_id = %(run)s ORDER BY n, place"""
_DONE = """
SELECT node || ':' || visit FROM effects
WHERE run_id = %(run)s AND started_at IS NOT NULL
AND (state = 'settled' OR type NOT IN ('note', 'ping', 'coupon.issue'))"""
_BUSY = """
SELECT EXISTS (SELECT 1 FROM events WHERE routed_at IS NULL AND member_id IS NOT NULL)
OR EXISTS (SELECT 1 FROM deliveries JOIN runs ON id = run_id WHERE deliveries.state = 'new' AND ended_at IS NULL)
OR EXISTS (SELECT 1 FROM run_commands JOIN runs ON runs.id = run_id WHERE taken_turn IS NULL AND ended_at IS NULL)
OR EXISTS (SELECT 1 FROM effects JOIN runs ON id = run_id WHERE effects.state IN ('asked', 'started')
           AND ended_at IS NULL AND status = 'running' AND effects.type NOT IN ('note', 'ping'))
OR EXISTS (SELECT 1 FROM runs WHERE ended_at IS NULL AND (turn = 0 OR wake_at <= %(now)s OR status = 'running')
           AND status <> 'paused')
OR EXISTS (SELECT 1 FROM runs WHERE status = 'paused'
           AND NOT EXISTS (SELECT 1 FROM pauses WHERE run_id = runs.id AND to_at IS NULL))"""
