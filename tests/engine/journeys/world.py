"""A small made-up world for the tests of journeys: three activity types, a few fields and event types, a driver."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from engine.journeys.catalogue import ActivityType, Catalogue, EventTypes, Reference, Retry, Wording
from engine.journeys.context import CheckContext
from engine.journeys.deadlines import Pause, after
from engine.journeys.plan import Plan, compile_plan
from engine.journeys.start import EntryMatch, start_run
from engine.journeys.state import (
    Command,
    Consume,
    Drop,
    EventIn,
    Failure,
    Keep,
    Local,
    Log,
    Operator,
    Outcome,
    Remote,
    RunRef,
    Stage,
    State,
)  # fmt: skip
from engine.journeys.turn import TurnInputs, TurnResult, decide
from rules.duration import parse_duration
from rules.types import Declaration, Fields, Json

T0 = datetime(2026, 1, 7, 2, tzinfo=UTC)
"""10:00 on a Wednesday in Shanghai."""


class Params(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NoteParams(Params):
    text: str = "hello"


class CouponParams(Params):
    batch: Annotated[str, Reference("coupon-batch")]


class Attachment(Params):
    kind: str
    chat: Annotated[str, Reference("chat")]


class MessageParams(Params):
    text: Annotated[str, Wording()]
    attachments: list[Attachment] = Field(default_factory=list)


def text(*, optional: bool = False) -> Declaration:
    return Declaration(type="text", optional=optional)


CATALOGUE: Catalogue = {
    each.name: each
    for each in (
        ActivityType("note", {"zh": "记录", "en": "Note"}, NoteParams, result={"id": text()}, retry=Retry(attempts=3)),
        ActivityType(
            "coupon.issue", {"zh": "发券", "en": "Issue"}, CouponParams, ("sold_out",), result={"code": text()}
        ),
        ActivityType("call", {"zh": "呼叫", "en": "Call"}, MessageParams, mode="remote", contact="reply"),
        ActivityType("push", {"zh": "推送", "en": "Push"}, MessageParams, mode="remote", contact="push"),
        ActivityType("once", {"zh": "一次", "en": "Once"}, MessageParams, mode="remote", idempotent="no"),
        ActivityType("ping", {"zh": "提醒", "en": "Ping"}, MessageParams, contact="push"),
        ActivityType(
            "flash", {"zh": "限时", "en": "Flash"}, MessageParams, contact="push", expires_within=timedelta(hours=1)
        ),
        ActivityType("stock", {"zh": "盘点", "en": "Count"}, NoteParams, subjects=frozenset({"store"})),
    )
}

FIELDS: Fields = {
    "member.tier": text(optional=True),
    "member.nickname": text(optional=True),
    "member.points": Declaration(type="integer", optional=True),
    "member.due": Declaration(type="instant", optional=True),
    "member.friend": Declaration(type="boolean"),
    "store.title": text(),
}

CHANNEL: Fields = {"event.channel.kind": text(optional=True)}
EVENTS: EventTypes = {
    "contact.added": {**CHANNEL, "event.welcome_code": text(optional=True)},
    "contact.lost": {
        **CHANNEL,
        "event.last": Declaration(type="boolean", optional=True),
        "event.n": Declaration(type="integer", optional=True),
    },
    "custom.a": {**CHANNEL, "event.n": Declaration(type="integer", optional=True)},
    "custom.b": {**CHANNEL, "event.n": Declaration(type="integer", optional=True)},
    "custom.c": {**CHANNEL, "event.n": Declaration(type="integer", optional=True)},
}

CONTEXT = CheckContext(CATALOGUE, FIELDS, EVENTS)

END: Json = {"type": "end", "outcome": "finished"}


def wait(*items: Json, **fields: Any) -> dict[str, Json]:
    """A wait for events; items are types, or whole items."""
    awaited: list[Json] = [{"on": item, "port": "got"} if isinstance(item, str) else item for item in items]
    ports = {"got": "end", **({"timeout": "late"} if "timeout" in fields else {}), **fields.pop("ports", {})}
    return {"type": "wait", "for": awaited, "ports": ports, **fields}


def activity(name: str, params: Json = None, **fields: Any) -> dict[str, Json]:
    """An activity node that leads to the end."""
    ports = {"done": "end", **fields.pop("ports", {})}
    return {"type": "activity", "activity": name, "params": params or {}, "ports": ports, **fields}


def document(nodes: Mapping[str, Json], **parts: Any) -> dict[str, Any]:
    """A journey that `custom.a` starts at its first node. Nodes `end` and `late` are always there."""
    ends = {"end": END, "late": {"type": "end", "outcome": "late"}}
    source = {
        "schema": "waystation/journey@1",
        "key": "test",
        "entry": [{"on": "custom.a"}],
        "policies": {"max_age": "P1Y"},
        "start": next(iter(nodes)),
        "nodes": {**ends, **nodes},
        **parts,
    }
    return copy.deepcopy(source)


def plan_of(nodes: Mapping[str, Json], **parts: Any) -> Plan:
    """The plan of such a journey."""
    return compile_plan(document(nodes, **parts), CATALOGUE, FIELDS, EVENTS)


def at(offset: str) -> datetime:
    """An instant so long after T0."""
    return after(T0, parse_duration(offset), plan_zone())


def plan_zone() -> Any:
    return plan_of({"only": wait("custom.b")}).zone


def event(seq: int, name: str, accepted: str = "PT0S", *, time: str | datetime | None = None, **data: Json) -> EventIn:
    """An event accepted at an offset from T0; its own time is the same unless it says otherwise."""
    accepted_at = at(accepted)
    own = at(time) if isinstance(time, str) else time
    return EventIn(seq, name, own or accepted_at, accepted_at, dict(data))


@dataclass
class Host:
    """Where turns run in tests. A second performance of one key is the error that must never occur."""

    facts_: dict[str, Json] = field(default_factory=lambda: {"member": {"friend": False}, "store": {"title": "S"}})
    results: dict[str, list[Outcome | Failure]] = field(default_factory=dict)
    performed: dict[str, Local] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)

    def facts(self) -> Mapping[str, Json]:
        return self.facts_

    def perform(self, effect: Local) -> Outcome:
        assert effect.key not in self.performed, f"{effect.key} was performed twice"
        result = self.result(effect)
        if result.failure is None:
            self.performed[effect.key] = effect
        else:
            self.failed[effect.key] = self.failed.get(effect.key, 0) + 1
        return result

    def result(self, effect: Local | Remote) -> Outcome:
        told = self.results.get(effect.type)
        match told.pop(0) if told else None:
            case Failure() as failure:
                return Outcome(effect.key, failure=failure)
            case Outcome() as outcome:
                return Outcome(effect.key, outcome.port, outcome.result)
            case _:
                return Outcome(effect.key)


@dataclass
class Run:
    """One run with its log of events: what the database would keep between turns."""

    plan: Plan
    host: Host = field(default_factory=Host)
    state: State = field(init=False)
    pauses: list[Pause] = field(default_factory=list)
    untaken: list[EventIn] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    asked: dict[str, Remote] = field(default_factory=dict)
    entry: EventIn = field(default_factory=lambda: event(100, "custom.a"))
    holdout: bool = False
    settle_at_once: bool = True
    member: str = "42"

    def __post_init__(self) -> None:
        match = EntryMatch(self.plan.start)
        ref = RunRef("7", self.plan.key, 1, self.member)
        self.state = start_run(self.plan, ref, self.entry, match, self.entry.accepted_at, holdout=self.holdout)

    def turn(
        self,
        now: str | datetime,
        *events: EventIn,
        outcome: Outcome | None = None,
        operators: Sequence[Operator] = (),
        limit: int | None = None,
    ) -> TurnResult:
        """One turn, and the next ones while remote effects settle at once."""
        self.untaken += events
        now = at(now) if isinstance(now, str) else now
        inputs = TurnInputs(tuple(operators), outcome, tuple(self.untaken), tuple(self.pauses))
        result = decide(self.plan, self.state, inputs, self.host, now, limit=limit)
        self.state = State.from_json(result.state.to_json())
        assert self.state == result.state
        self.untaken = list(result.untaken)
        self.commands += result.commands
        self.asked |= {each.key: each for each in result.commands if isinstance(each, Remote)}
        if self.settle_at_once and result.effect and not self.state.ended:
            return self.turn(now, outcome=self.host.result(self.asked[result.effect]), limit=limit)
        return result

    @property
    def path(self) -> list[str]:
        return [line.node or "" for line in self.lines("entered")]

    @property
    def outcome(self) -> str | None:
        return self.state.end.outcome if self.state.end else None

    def lines(self, kind: str) -> list[Log]:
        return [each for each in self.commands if isinstance(each, Log) and each.kind == kind]

    def seqs(self, form: type[Keep | Consume | Drop]) -> list[int]:
        return [each.seq for each in self.commands if isinstance(each, form)]

    @property
    def stages(self) -> list[str]:
        return [each.name for each in self.commands if isinstance(each, Stage)]

    @property
    def kept(self) -> list[int]:
        return [each.event.seq for each in self.state.kept]


def codes(findings: Iterable[Any]) -> list[str]:
    return [each.code for each in findings]
