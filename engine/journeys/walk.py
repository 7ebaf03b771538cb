"""The desk of the interpreter: the state as it becomes, the commands so far, and what conditions may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from engine.journeys.state import Alert, Command, Consume, End, EventIn, Log, LogKind, State, Status, Stuck
from rules.errors import EvaluationError
from rules.shares import salted, share_of
from rules.types import Json
from rules.unknown import Unknown

if TYPE_CHECKING:
    from engine.journeys.plan import Plan
    from engine.journeys.steps import Step, Trigger
    from rules.compile import Rule

MAX_NODES_PER_TURN = 100
MAX_NODES_PER_RUN = 10_000
MAX_KEPT = 500

Facts = Mapping[str, Json]
"""`{"member": {…}, "store": {…}, "associate": {…}}` as they are in the transaction of the turn."""


class Walk:
    """One call of `advance`. Its methods change `state` and append `commands`; it touches nothing else."""

    def __init__(self, plan: Plan, state: State, facts: Facts, now: datetime, *, paused: bool) -> None:
        self.plan = plan
        self.state = state if now == state.now else replace(state, now=now, burst=0)
        self.facts = facts
        self.now = now
        self.paused = paused
        self.commands: list[Command] = []

    @property
    def step(self) -> Step | None:
        """The node where the run stands."""
        return self.plan.steps[self.state.node] if self.state.node else None

    def log(
        self,
        kind: LogKind,
        port: str | None = None,
        detail: Mapping[str, Json] | None = None,
        reads: Mapping[str, Json] | None = None,
    ) -> None:
        """Write a line of the timeline."""
        self.commands.append(Log(kind, self.now, self.state.node, port, detail or {}, reads or {}))

    def leave(
        self, port: str, reads: Mapping[str, Json] | None = None, detail: Mapping[str, Json] | None = None
    ) -> None:
        """Leave the node through `port`; the next one is entered as soon as the run may."""
        target = self.step.ports.get(port) if self.step else None
        if target is None:
            self.get_stuck("unknown-port", port)
            return
        self.log("left", port, detail, reads)
        self.state = replace(
            self.state, phase="moving", next=target, deadline=None, effect=None, failures=0, again=False, stuck=None
        )

    def finish(self, status: Status, outcome: str) -> None:
        """End the run; a member of the holdout stays one."""
        self.log("ended", detail={"outcome": outcome})
        status = "holdout" if self.state.holdout else status
        end = End(status, outcome, self.now, self.state.considered)
        self.state = replace(self.state, phase="ended", next=None, deadline=None, effect=None, stuck=None, end=end)

    def get_stuck(
        self,
        reason: str,
        message: str = "",
        detail: Mapping[str, Json] | None = None,
        reads: Mapping[str, Json] | None = None,
    ) -> None:
        """Wait for an operator. `detail` tells more of why, `reads` what was read."""
        self.state = replace(self.state, phase="stuck", deadline=None, effect=None, stuck=Stuck(reason, message))
        why: dict[str, Json] = {"reason": reason, "message": message}
        self.log("failed", detail={**(detail or {}), **why}, reads=reads)
        self.commands.append(Alert("stuck", self.state.node, why))

    def take(self, event: EventIn, fate: str, trigger: Trigger) -> None:
        """Mark an event as consumed, by a wait, the goal or an exit, and record what its condition read."""
        self.commands.append(Consume(event.seq))
        reads = read_fields(trigger.when.fields, self.sight(event)) if trigger.when else {}
        self.log("event", detail={"seq": event.seq, "type": event.type, "fate": fate}, reads=reads)

    def sight(self, tested: EventIn | None = None) -> Facts:
        """What an expression sees: `tested` stands as `event.*` where an event is being tested."""
        return {
            **self.facts,
            "event": describe(tested or self.state.entry),
            "vars": self.state.vars,
            "run": {
                "id": self.state.run.id,
                "journey": self.state.run.journey,
                "version": self.state.run.version,
                "entered_at": self.state.entered_at.isoformat(),
            },
        }

    def holds(self, trigger: Trigger, event: EventIn) -> bool:
        """Whether the trigger's condition is true of the event."""
        if trigger.on != event.type:
            return False
        return trigger.when is None or self.verdict(trigger.when, trigger.pointer, event) is True

    def verdict(self, rule: Rule, pointer: str, event: EventIn | None = None) -> object:
        """What a condition comes to. One that errs is not true; the error is recorded and alerted."""
        try:
            return rule.evaluate(self.sight(event), now=self.now, zone=self.plan.zone)
        except EvaluationError as error:
            detail: dict[str, Json] = {"condition": pointer, "message": str(error)}
            self.log("failed", detail=detail)
            self.commands.append(Alert("condition-error", self.state.node, detail))
            return Unknown()


def describe(event: EventIn) -> dict[str, Json]:
    """An event as conditions see it."""
    return {**event.data, "type": event.type, "time": event.at.isoformat()}


def pick_arm(arms: Iterable[tuple[str, int]], salt: str, member: str) -> str:
    """The arm of a split that a member belongs to, by hash of salt and member."""
    place, port = share_of(salted(salt, member)), ""
    for port, share in arms:
        if place < share:
            return port
        place -= share
    return port


def read_fields(paths: Iterable[str], facts: Facts) -> dict[str, Json]:
    """The values of `paths` in `facts`, for the record of a decision; what is missing is null."""
    return {path: _read(path, facts) for path in sorted(paths)}


def _read(path: str, facts: Facts) -> Json:
    value: Json = dict(facts)
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value
