"""Acceptance: what a simulation tells of a library journey is what Temporal does with it: path, effects, deadlines.

Every embedded test of every journey of the library is lived through by a member of its own, all at once, with skipped
time and the real activity types; before it, each is simulated for that same member.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from temporalio.testing import WorkflowEnvironment

from engine.database.connection import Database
from engine.definitions.context import context_of
from engine.definitions.source import read_source
from engine.definitions.versions import read_version
from engine.events.incoming import IncomingEvent
from engine.events.ingest import ingest
from engine.journeys.audience_entries import MATCHED, SOURCE
from engine.journeys.deadlines import after
from engine.journeys.trying.script import Script as Asking
from engine.journeys.trying.simulation import Simulation
from engine.members.lookup import find_member
from engine.runs.models import Run
from engine.secrets.keyring import KeyRing
from engine.trying.simulating import plan_to_try, try_script
from rules.duration import parse_duration
from rules.types import Json
from tests.workflows.clock import ServerClock
from tests.workflows.model.library import BEFORE, Case, Script, cases, found_chain, publish_library, settle
from tests.workflows.model.plots import tens
from tests.workflows.model.test_alike import SHANGHAI, Theatre
from tests.workflows.playing import Play
from tests.workflows.waiting import close_all
from tests.workflows.world import World
from workflows.asked import Asked


@dataclass(frozen=True)
class Lived:
    """What became of one case. With each node stands when it was entered, in tens of minutes since the entry."""

    path: list[tuple[str, int]]
    effects: list[tuple[str, str, Json]]
    outcome: str | None


class Library(Theatre):
    """Lives through the cases side by side, in steps from one moment to the next."""

    def __init__(self, database: Database, clock: ServerClock, keys: KeyRing, environment: WorkflowEnvironment) -> None:
        self.cases, self.keys, self.script = cases(), keys, Script()
        self.world = World(database, clock, keys, activities=self.script.activities())
        self.play = Play(self.world, environment.client, environment)
        self.members: list[int] = []
        self.begun: list[datetime] = []
        self.simulations: list[Simulation] = []

    async def open(self) -> None:
        """Everybody is as their test says; then it becomes ten on a Wednesday, and the journeys are published."""
        now = await asyncio.to_thread(self.world.clock.now)
        ten = now.astimezone(SHANGHAI).replace(hour=10, minute=0, second=0, microsecond=0)
        while ten <= now or ten.weekday() != 2:
            ten += timedelta(days=1)
        await asyncio.to_thread(self._people, ten)
        await self.play.skip(ten - await asyncio.to_thread(self.world.clock.now))
        await asyncio.to_thread(self._publish)

    def _people(self, begin: datetime) -> None:
        with self.world.database.begin() as session:
            found_chain(session, self.world.clock.now())
        for case in self.cases:
            given: dict[str, Any] = case.test.given.member
            usual = datetime.fromisoformat(case.test.given.now or "2026-01-07T10:00:00+08:00")
            told = {name: _moved(value, begin - usual) for name, value in given.items() if name not in _ELSEWHERE}
            self.world.tell("member.updated", told, who=case.who)
            if given.get("friend"):
                self.world.tell("contact.added", {"associate": BEFORE}, who=case.who)
            leaves = case.events[0][1] == "group.left"
            for chat, joins in (("wr0", given.get("in_group")), ("wr1", leaves)):
                if joins:
                    self.world.tell("group.joined", {"chat": chat}, who=case.who)
            with self.world.database.begin() as session:
                member = find_member(session, self.keys, case.who)
                assert member is not None
                settle(session, member, given)
            self.members.append(member)
            for each in case.test.when:
                if each.activity:
                    self.script.told.setdefault((member, each.activity), deque()).append(each)

    def _publish(self) -> None:
        self.world.route()
        with self.world.database.begin() as session:
            publish_library(session, self.world.activities, self.world.clock.now())

    async def perform(self) -> None:
        """Everybody is simulated and enters; then one happening after another, with the deadlines between."""
        moments = []
        for i, case in enumerate(self.cases):
            [(_, kind, data), *rest] = case.events
            begin = await asyncio.to_thread(self.world.clock.now)
            self.begun.append(begin)
            self.simulations.append(await asyncio.to_thread(self.simulated, case, i))
            await self.tell(kind, data, case.who)
            moments += [(after(begin, parse_duration(offset), SHANGHAI), i, on, more) for offset, on, more in rest]
        await self.rest()
        for at, i, on, more in sorted(moments, key=lambda each: each[:2]):
            await self.pass_until(at)
            await self.tell(on, more, self.cases[i].who)
            await self.rest()
        await self.pass_until(self.begun[0] + timedelta(days=100))

    async def tell(self, kind: str, data: dict[str, Json], who: str) -> None:
        """Accept an event and route it; that somebody was chosen is told by the journey itself."""
        if kind != MATCHED:
            await self.play.tell(kind, data, who=who)
            return
        now = await asyncio.to_thread(self.world.clock.now)
        event = IncomingEvent(SOURCE, f"{who}/{data['journey']}", kind, who, now, data)

        def accept() -> None:
            with self.world.database.begin() as session:
                assert ingest(session, [event], now=now, keys=self.keys).accepted == 1

        await asyncio.to_thread(accept)
        await self.play.route()

    def simulated(self, case: Case, i: int) -> Simulation:
        """The case, simulated for the same member as they are before they enter; nothing is masked."""
        when: list[dict[str, Any]] = [{"at": offset, "on": on, "data": data} for offset, on, data in case.events]
        when += [each.model_dump(exclude_unset=True) for each in case.test.when if each.activity]
        script = Asking.model_validate({"member": str(self.members[i]), "when": when})
        now = self.begun[i]
        with self.world.database.begin() as session:
            context = context_of(session, self.world.plans.catalogue, now=now)
            document = read_source(read_version(session, "journey", case.journey, 1).document).document
            plan = plan_to_try(case.journey, document, context)
            return try_script(session, self.keys, plan, script, fields={}, now=now)

    def lived(self) -> list[Lived]:
        """What has become of each case."""
        runs = {(run.journey, run.member_id): run for run in self.world.runs()}
        return [
            self._lived(runs.get((case.journey, member)), begin)
            for case, member, begin in zip(self.cases, self.members, self.begun, strict=True)
        ]

    def _lived(self, run: Run | None, begin: datetime) -> Lived:
        if run is None:
            return Lived([], [], None)
        with self.world.database.begin() as session:
            lines = session.connection().exec_driver_sql(_ENTERED, {"run": run.id}).all()
            effects = session.connection().exec_driver_sql(_EFFECTS, {"run": run.id}).all()
        path = [(node, tens(datetime.fromisoformat(at) - begin)) for node, at in lines]
        told = [
            (node, kind, _rough(Asked.open(self.keys, bytes(params)).params, begin)) for node, kind, params in effects
        ]
        return Lived(path, told, run.outcome)


def _moved(value: Json, by: timedelta) -> Json:
    """An instant of the test's time, in ours."""
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return (datetime.fromisoformat(value) + by).isoformat()
    return value


def _rough(params: Json, begin: datetime) -> Json:
    """Params in which an instant is so many tens of minutes after the entry: the members enter some moments apart."""
    match params:
        case dict():
            return {name: _rough(value, begin) for name, value in params.items()}
        case list():
            return [_rough(value, begin) for value in params]
        case str() if _INSTANT.fullmatch(params):
            return tens(datetime.fromisoformat(params) - begin)
        case _:
            return params


def told_of(found: Simulation) -> Lived:
    """The same of a simulation."""
    entered = [(line.node or "", tens(line.at - found.begin)) for line in found.trace if line.kind == "entered"]
    return Lived(
        entered, [(each.node, each.activity, _rough(each.params, found.begin)) for each in found.effects], found.outcome
    )


async def test_the_simulation_of_every_library_journey_is_what_temporal_does(
    database: Database, server_clock: ServerClock, keys: KeyRing, environment: WorkflowEnvironment
) -> None:
    library = Library(database, server_clock, keys, environment)
    await library.open()
    try:
        async with library.play.working():
            await library.perform()
            lived = await asyncio.to_thread(library.lived)
    finally:
        await close_all(environment.client, library.world)
    told = [told_of(each) for each in library.simulations]
    named = [(case.journey, case.test.name) for case in library.cases]
    assert dict(zip(named, told, strict=True)) == dict(zip(named, lived, strict=True))
    ends = {(case.journey, each.outcome) for case, each in zip(library.cases, lived, strict=True)}
    assert {(case.journey, case.test.then.outcome) for case in library.cases if case.test.then.outcome} <= ends


_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)")
_ELSEWHERE = frozenset({"friend", "friend_of", "friend_since", "in_group", "in_groups", "owner", "store", "registered"})
"""What is known of a member from elsewhere than their attributes."""
_ENTERED = """
SELECT line ->> 'node', line ->> 'at' FROM turns, jsonb_array_elements(log) WITH ORDINALITY AS lines (line, place)
WHERE run_id = %(run)s AND line ->> 'kind' = 'entered' ORDER BY n, place"""
_EFFECTS = """
SELECT node, type, params_enc FROM effects WHERE run_id = %(run)s AND started_at IS NOT NULL
ORDER BY asked_at, settled_at, visit"""
