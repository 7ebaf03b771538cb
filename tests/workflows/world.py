"""A chain in small for the driver's tests: a database, one journey in it, events, routing and turns by hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.clock import Clock, FixedClock
from engine.database.connection import Database
from engine.definitions import life
from engine.definitions.context import event_fields, published_journey
from engine.definitions.live import change_live
from engine.definitions.models import Bundle, Live, Version
from engine.definitions.plans import Plans
from engine.events import queue
from engine.events.heard import hear
from engine.events.incoming import IncomingEvent
from engine.events.ingest import ingest
from engine.events.types import EVENT_TYPES
from engine.journeys.canonical import bundle_hash, content_hash
from engine.journeys.catalogue import Retry
from engine.journeys.deadlines import deadlines
from engine.journeys.plan import Plan, bundle_of, compile_plan
from engine.journeys.rulebook import Rulebook
from engine.journeys.state import Failure, OperatorKind
from engine.members.fields import base_fields
from engine.rulesets.published import published_conditions, published_ruleset
from engine.runs import commands, effects, inbox, states
from engine.runs.commands import Order
from engine.runs.effects import EffectKey
from engine.runs.entrances import EntranceCache
from engine.runs.models import Delivery, Effect, Pause, Run, RunCommand, RunStage, Turn
from engine.runs.routing import Routed, route_member
from engine.secrets.keyring import KeyRing
from rules.types import Json
from workflows.activities.outside import Outside
from workflows.activities.registry import (
    Activities,
    ActivityFailure,
    Result,
    activity_type,
    catalogue_of,
)  # fmt: skip
from workflows.activities.registry import (
    Effect as EffectContext,
)
from workflows.position import Answer, Position
from workflows.turn import TurnTaker

_numbers = count(1)


def new_key_of(key: str) -> str:
    """A key that no other test has: all share one Temporal, where ids are made of it."""
    return f"{key}-{next(_numbers)}"


def journey(**changes: Any) -> dict[str, Any]:
    """Scan, add, join, coupon: the reference journey's shape, on activity types of these tests."""
    document: dict[str, Any] = {
        "schema": "waystation/journey@1",
        "key": new_key_of("hook"),
        "title": "Hook",
        "subject": "member",
        "entry": [{"on": "contact.scanned"}, {"on": "contact.added", "start": "welcome"}],
        "policies": {"reentry": {"mode": "after_exit"}, "max_age": "P45D"},
        "goal": {"on": "coupon.redeemed", "stage": "redeemed"},
        "exits": [{"on": "contact.lost", "outcome": "lost"}],
        "start": "wait_add",
        "nodes": {
            "wait_add": {
                "type": "wait",
                "stage": "scanned",
                "for": [{"on": "contact.added", "port": "added", "save": "added"}],
                "timeout": "PT30M",
                "ports": {"added": "welcome", "timeout": "not_added"},
            },
            "welcome": {
                "type": "activity",
                "stage": "added",
                "activity": "test.call",
                "params": {"say": "hello"},
                "ports": {"done": "wait_join", "expired": "wait_join"},
            },
            "wait_join": {
                "type": "wait",
                "for": [{"on": "group.joined", "port": "joined"}],
                "timeout": "P7D",
                "ports": {"joined": "coupon", "timeout": "not_joined"},
            },
            "coupon": {
                "type": "activity",
                "stage": "joined",
                "activity": "test.give",
                "params": {"what": "coupon"},
                "save": "coupon",
                "ports": {"done": "wait_redeem", "sold_out": "no_stock"},
            },
            "wait_redeem": {"type": "delay", "stage": "coupon", "for": "P30D", "ports": {"done": "expired"}},
            "not_added": {"type": "end", "outcome": "not_added"},
            "not_joined": {"type": "end", "outcome": "not_joined"},
            "no_stock": {"type": "end", "outcome": "no_stock"},
            "expired": {"type": "end", "outcome": "coupon_expired"},
        },
    }
    return {**document, **changes}


def only(activity: str, params: dict[str, str]) -> dict[str, Any]:
    """A journey of one activity."""
    more = {"test.give": "sold_out", "test.call": "expired"}.get(activity, "done")
    nodes = {
        "act": {"type": "activity", "activity": activity, "params": params, "ports": {"done": "over", more: "over"}},
        "over": {"type": "end", "outcome": "over"},
    }
    return journey(start="act", entry=[{"on": "contact.scanned"}], nodes=nodes, exits=[])


class Give(BaseModel):
    """Params of the local type."""

    model_config = ConfigDict(extra="forbid")

    what: str


class Say(BaseModel):
    """Params of the remote types."""

    model_config = ConfigDict(extra="forbid")

    say: str


@dataclass
class Stage:
    """What the test's activity types do next, and what they have done."""

    given: list[str] = field(default_factory=list)
    called: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    at: list[datetime] = field(default_factory=list)
    give: list[Result | Exception] = field(default_factory=list)
    call: list[Result | Exception] = field(default_factory=list)
    on_call: Callable[[], object] | None = None
    on_give: Callable[[], object] | None = None

    def registered(self) -> Activities:
        """Types that act out what the lists say, `done` when they are empty."""

        @activity_type("test.give", title={"zh": "给", "en": "Give"}, outcomes=("sold_out",), retry=Retry(attempts=3))
        def give(session: Session, params: Give, effect: EffectContext) -> Result:
            """Give something."""
            session.execute(text("SELECT 1"))
            self.given.append(effect.key)
            if self.on_give is not None:
                self.on_give()
            return _next(self.give)

        @activity_type(
            "test.call",
            title={"zh": "叫", "en": "Call"},
            outcomes=("expired",),
            contact="reply",
            retry=Retry(attempts=3),
        )
        async def call(_outside: Outside, params: Say, effect: EffectContext) -> Result:
            """Call somebody."""
            self.called.append(effect.key)
            if self.on_call is not None:
                await asyncio.to_thread(self.on_call)
            return _next(self.call)

        @activity_type("test.once", title={"zh": "一次", "en": "Once"}, idempotent="no", retry=Retry(attempts=3))
        async def once(_outside: Outside, params: Say, effect: EffectContext) -> Result:
            """Call somebody, never twice."""
            self.called.append(effect.key)
            if self.on_call is not None:
                await asyncio.to_thread(self.on_call)
            return _next(self.call)

        @activity_type("test.push", title={"zh": "推送", "en": "Push"}, contact="push", retry=Retry(attempts=3))
        async def push(_outside: Outside, params: Say, effect: EffectContext) -> Result:
            """Write to somebody who did nothing."""
            self.called.append(effect.key)
            self.said.append(params.say)
            self.at.append(effect.now)
            return _next(self.call)

        @activity_type("test.nudge", title={"zh": "提醒", "en": "Nudge"}, contact="push", retry=Retry(attempts=3))
        def nudge(session: Session, params: Say, effect: EffectContext) -> Result:
            """The same by our own means."""
            session.execute(text("SELECT 1"))
            self.given.append(effect.key)
            self.said.append(params.say)
            self.at.append(effect.now)
            return _next(self.give)

        return {one.type.name: one for one in (give, call, once, push, nudge)}


def _next(script: list[Result | Exception]) -> Result:
    came = script.pop(0) if script else Result(value={"code": "c-1"})
    if isinstance(came, Exception):
        raise came
    return came


def failure(code: str = "away", *, after: timedelta | None = None, final: bool = False) -> ActivityFailure:
    """A failure for a script."""
    return ActivityFailure("it did not work", code=code, retry_after=after, final=final)


class World:
    """One chain. `clock` is the only time there is."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        keys: KeyRing,
        stage: Stage | None = None,
        activities: Activities | None = None,
    ) -> None:
        self.database, self.clock, self.keys = database, clock, keys
        self.stage = stage or Stage()
        self.activities = activities or self.stage.registered()
        self.plans = Plans(catalogue_of(self.activities))
        self.entrances = EntranceCache(self.plans)
        self.turns = TurnTaker(database, clock, keys, self.activities, self.plans)
        self.document = journey()
        self._ids = count(1)
        with database.begin() as session:
            hear(session, EVENT_TYPES)

    def publish(self, document: dict[str, Any] | None = None, version: int = 1) -> str:
        """Make a document live, without its checks; its bundle hash."""
        document = document or self.document
        self.document = document
        with self.database.begin() as session:
            conditions = published_conditions(session)
        bundle = bundle_of(document, self.compiled(document), base_fields(), event_fields(), conditions)
        hashed, now, key = bundle_hash(bundle), self.clock.now(), str(document["key"])
        with self.database.begin() as session:
            change_live(session)
            if session.get(Bundle, hashed) is None:
                session.add(Bundle(hash=hashed, content=bundle))
                hear(session, bundle["events"])
            session.add(
                Version(
                    kind="journey", key=key, n=version, hash=content_hash(document), bundle_hash=hashed,
                    document=json.dumps(document), published_at=now, published_by="test",
                )
            )  # fmt: skip
            session.flush()
            live = session.get(Live, ("journey", key)) or Live(
                kind="journey", key=key, version=version, first_published_at=now
            )
            live.version = version
            session.add(live)
        return hashed

    def compiled(self, document: dict[str, Any]) -> Plan:
        """The plan of a document."""
        with self.database.begin() as session:
            rulebook = Rulebook(
                partial(published_ruleset, session),
                published_conditions(session),
                partial(published_journey, session),
            )
            return compile_plan(document, catalogue_of(self.activities), base_fields(), event_fields(), rulebook)

    def tell(
        self, kind: str, data: dict[str, Json] | None = None, *, who: str = "member:1", time: datetime | None = None
    ) -> None:
        """Accept one event."""
        now = self.clock.now()
        event = IncomingEvent("test", str(next(self._ids)), kind, who, time or now, data or {})
        with self.database.begin() as session:
            result = ingest(session, [event], now=now, keys=self.keys)
        assert result.accepted == 1, result

    def route(self) -> list[Routed]:
        """Route everybody who waits."""
        done = []
        with self.database.begin() as session:
            now = self.clock.now()
            members = queue.lease(session, "test", now=now, until=now + timedelta(seconds=30), limit=1000)
        for member in members:
            with self.database.begin() as session:
                done.append(self.route_member(session, member))
        return done

    def again(self) -> list[Routed]:
        """Route everybody who waits, those too whose entry had to wait a moment."""
        with self.database.begin() as session:
            session.execute(text("UPDATE member_queue SET lease_until = NULL, not_before = since"))
        return self.route()

    def route_member(self, session: Session, member: int) -> Routed:
        routed = route_member(
            session, member, cache=self.entrances, plans=self.plans, keys=self.keys, now=self.clock.now()
        )
        queue.done(session, member, "test")
        return routed

    def take(self, run: Run | None = None) -> Answer:
        """Take the next turn of a run."""
        run = run or self.run()
        return self.turns.take(Position(run.id, run.turn + 1))

    def pause(self, run: Run | None = None) -> None:
        """Pause a run, or without one the journey."""
        with self.database.begin() as session:
            if run is not None:
                commands.pause(session, run.id, by="test", now=self.clock.now())
            else:
                life.pause(session, str(self.document["key"]), by="test", now=self.clock.now())

    def resume(self, run: Run | None = None, deadlines: Literal["hold", "extend"] = "hold") -> None:
        """End the pause of a run, or without one that of the journey."""
        with self.database.begin() as session:
            if run is not None:
                commands.resume(session, run.id, deadlines=deadlines, by="test", now=self.clock.now())
            else:
                key = str(self.document["key"])
                life.resume(session, key, deadlines=deadlines, by="test", now=self.clock.now())

    def order(self, kind: OperatorKind, run: Run | None = None, **more: str) -> None:
        """Give an operator's order to a run."""
        with self.database.begin() as session:
            order = Order(kind, **more)
            commands.give(session, (run or self.run()).id, order, by="test", now=self.clock.now())

    def runs(self) -> list[Run]:
        with self.database.begin() as session:
            return list(session.execute(select(Run).order_by(col(Run.id))).scalars())

    def run(self) -> Run:
        """The latest run."""
        return self.runs()[-1]

    def effects(self) -> list[Effect]:
        with self.database.begin() as session:
            return list(session.execute(select(Effect).order_by(col(Effect.asked_at))).scalars())

    def settle(self, port: str = "done") -> None:
        """Play the remote activity: the open effects have happened."""
        with self.database.begin() as session:
            for row in session.execute(select(Effect).where(col(Effect.settled_at).is_(None))).scalars():
                effects.settle(row, port, {}, keys=self.keys, now=self.clock.now())

    def pass_time(self, length: timedelta = timedelta(seconds=1)) -> None:
        """Let time pass on a clock that is set by hand."""
        assert isinstance(self.clock, FixedClock)
        self.clock.advance(length)

    def open_orders(self) -> list[RunCommand]:
        with self.database.begin() as session:
            return list(session.execute(select(RunCommand).where(col(RunCommand.taken_turn).is_(None))).scalars())

    def fail_all(self) -> None:
        """Play the remote activity: the open effects have failed for good."""
        with self.database.begin() as session:
            for row in session.execute(select(Effect).where(col(Effect.settled_at).is_(None))).scalars():
                effects.fail(row, Failure("away", "it did not work", final=True), now=self.clock.now())

    def age(self) -> datetime | None:
        """When the latest run's age ends it, pauses included."""
        run = self.run()
        with self.database.begin() as session:
            due = deadlines(states.load(run, self.keys), inbox.pauses(session, run))
        return next((each.at for each in due if each.kind == "max_age"), None)

    def the(self, run: Run) -> Run:
        """The run as it is now."""
        with self.database.begin() as session:
            return session.get_one(Run, run.id)

    def live(self) -> list[Run]:
        """The runs that have not ended, oldest first."""
        return [run for run in self.runs() if run.ended_at is None]

    def begin_attempt(self, key: str) -> None:
        """A worker began an attempt at a remote effect, and was killed."""
        with self.database.begin() as session:
            found = effects.find(session, EffectKey.parse(key), lock=True)
            assert found is not None
            found.state, found.started_at = "started", self.clock.now()
            effects.save(session, found)

    def pauses(self) -> list[Pause]:
        with self.database.begin() as session:
            return list(session.execute(select(Pause).order_by(col(Pause.id))).scalars())

    def stages(self) -> list[str]:
        with self.database.begin() as session:
            return list(session.execute(select(col(RunStage.stage)).order_by(col(RunStage.at))).scalars())

    def deliveries(self) -> list[tuple[int, str]]:
        with self.database.begin() as session:
            rows = session.execute(select(col(Delivery.seq), col(Delivery.state)).order_by(col(Delivery.seq)))
            return [(seq, state) for seq, state in rows]

    def log(self) -> list[tuple[str, str | None]]:
        """What the turns wrote, as (kind, node)."""
        with self.database.begin() as session:
            turns = session.execute(select(Turn).order_by(col(Turn.run_id), col(Turn.n))).scalars()
            return [(line["kind"], line["node"]) for turn in turns for line in turn.log]
