"""What a run is between two turns, what it can be told (inputs), and what it asks for (commands). All of it is data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from pydantic import TypeAdapter

from engine.journeys.catalogue import Retry
from rules.types import Json

Phase: TypeAlias = Literal["moving", "ready", "waiting", "deferred", "acting", "retrying", "stuck", "ended"]
"""moving: `next` is entered as soon as the run may. ready: the work of `node` is begun as soon as the run may.
waiting: at a wait or delay. deferred: a push waits for the end of quiet hours. acting: an effect is asked for.
retrying: a local effect failed and is tried again at `deadline`."""

Status: TypeAlias = Literal["running", "waiting", "stuck", "completed", "exited", "expired", "holdout"]
DeadlineKind: TypeAlias = Literal["timeout", "quiet", "retry", "max_age"]
OperatorKind: TypeAlias = Literal["retry", "skip", "exit"]
LogKind: TypeAlias = Literal[
    "entered", "event", "effect", "left", "timeout", "deferred", "failed", "operator", "migrated", "ended"
]

# Inputs


@dataclass(frozen=True)
class Continue:
    """Go on until the run rests; what starts a run, and what resumes one."""


@dataclass(frozen=True)
class EventIn:
    """An accepted event. `seq` is its place in the log, `time` its own time.

    `data` is what conditions see as `event.*`: the event's data with the records of its channel, store and associate
    in place of their keys. `event.type` and `event.time` are added when it is tested.
    """

    seq: int
    type: str
    time: datetime
    accepted_at: datetime
    data: dict[str, Json] = field(default_factory=dict)
    source: str = ""

    @property
    def at(self) -> datetime:
        """The time that counts: the earlier of its own and its acceptance."""
        return min(self.time, self.accepted_at)


@dataclass(frozen=True)
class Look:
    """The wait looks at a kept event that came while the run was paused."""

    seq: int


@dataclass(frozen=True)
class Failure:
    """A failure that an activity type raised. `final`: trying again would not help.

    The code `unknown-outcome` says that an attempt of a type that must not be repeated was lost.
    """

    code: str
    message: str = ""
    retry_after: timedelta | None = None
    final: bool = False


@dataclass(frozen=True)
class Outcome:
    """What an effect came to: a port and a result, or a failure. A remote effect's failure is its last."""

    key: str
    port: str = "done"
    result: dict[str, Json] = field(default_factory=dict)
    failure: Failure | None = None


@dataclass(frozen=True)
class Deadline:
    """A deadline has passed and acts."""

    kind: DeadlineKind


@dataclass(frozen=True)
class Operator:
    """An operator retries or skips what is stuck (`port`), or ends the run (`outcome`)."""

    kind: OperatorKind
    port: str | None = None
    outcome: str | None = None
    by: str = ""


Input: TypeAlias = Continue | EventIn | Look | Outcome | Deadline | Operator

# Commands


@dataclass(frozen=True)
class Local:
    """Perform a local effect now, in this transaction, unless its outcome is stored; then give the outcome back."""

    key: str
    type: str
    params: dict[str, Json]


@dataclass(frozen=True)
class Remote:
    """Ask for a remote effect. `again`: an operator wants a failed one tried anew under the same key.

    `deadline` is when the run ends at the latest, where that is known.
    """

    key: str
    type: str
    params: dict[str, Json]
    retry: Retry
    deadline: datetime | None = None
    again: bool = False


@dataclass(frozen=True)
class Uncalled:
    """An effect has failed without a call: its params cannot be computed. It counts as a failure of its node."""

    key: str
    type: str
    failure: Failure


@dataclass(frozen=True)
class Keep:
    """The event stays in the run's inbox."""

    seq: int


@dataclass(frozen=True)
class Consume:
    """The event was taken by a wait, the goal or an exit."""

    seq: int


@dataclass(frozen=True)
class Drop:
    """The event left the inbox because 500 newer ones are kept."""

    seq: int


@dataclass(frozen=True)
class Stage:
    """The run reached a stage of the funnel (perhaps not for the first time)."""

    name: str


@dataclass(frozen=True)
class Log:
    """One line of the run's timeline. `reads` holds the fields, by path, that the decision read."""

    kind: LogKind
    at: datetime
    node: str | None = None
    port: str | None = None
    detail: Mapping[str, Json] = field(default_factory=dict)
    reads: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True)
class Alert:
    """What people should learn of: `condition-error`, `decision-uncertain`, `decision-failed` or `stuck`."""

    reason: str
    node: str | None = None
    detail: Mapping[str, Json] = field(default_factory=dict)


Command: TypeAlias = Local | Remote | Uncalled | Keep | Consume | Drop | Stage | Log | Alert

# The state


@dataclass(frozen=True)
class RunRef:
    """Which run this is; `member` is the internal id that splits and the holdout hash."""

    id: str
    journey: str
    version: int
    member: str


@dataclass(frozen=True)
class Kept:
    """An event in the inbox. `held`: it came during a pause, so the wait has not looked at it yet."""

    event: EventIn
    held: bool = False


@dataclass(frozen=True)
class End:
    """How a run ended. `seq` is the place in the log up to which events met a live run (engine.runs.ending)."""

    status: Status
    outcome: str
    at: datetime
    seq: int


@dataclass(frozen=True)
class Stuck:
    """Why a run waits for an operator: failed, unknown-outcome, unknown-port or loop."""

    reason: str
    message: str = ""


@dataclass(frozen=True)
class Pass:
    """An effect that the run had before it was migrated: the node that it stands for is left through `port` once.

    `key` is that of the effect, `type` its activity type; `result` is what its node saves. `due`: the run has not come
    there yet.
    """

    key: str
    type: str
    port: str
    result: dict[str, Json] = field(default_factory=dict)
    due: bool = True


@dataclass(frozen=True)
class State:
    """All that the interpreter knows of a run between two turns.

    `entered_at` is the time of the entry event, `started_at` the moment of the start, from which `max_age` counts.
    `considered` is the place in the log up to which events were considered, `seen` that up to which they are known,
    `node_seen` the latter when the node was entered. `deadline` counts from `resting_since`.
    `burst` counts the nodes entered at `now`. `associate` is the one
    of the entry event, else that of the latest `contact.added` that was consumed. `passes` are, by node, effects that a
    migration must not repeat.
    """

    run: RunRef
    entry: EventIn
    entered_at: datetime
    started_at: datetime
    now: datetime
    expires: datetime | None = None
    holdout: bool = False
    phase: Phase = "moving"
    node: str | None = None
    next: str | None = None
    node_entered_at: datetime | None = None
    node_seen: int = 0
    deadline: datetime | None = None
    resting_since: datetime | None = None
    effect: str | None = None
    failures: int = 0
    again: bool = False
    seen: int = 0
    considered: int = 0
    burst: int = 0
    visits: dict[str, int] = field(default_factory=dict)
    kept: tuple[Kept, ...] = ()
    vars: dict[str, Json] = field(default_factory=dict)
    splits: dict[str, str] = field(default_factory=dict)
    passes: dict[str, Pass] = field(default_factory=dict)
    associate: Json = None
    stuck: Stuck | None = None
    end: End | None = None

    @property
    def ended(self) -> bool:
        return self.end is not None

    @property
    def status(self) -> Status:
        """The run's status as the API names it; `paused` is not known here."""
        if self.end is not None:
            return self.end.status
        if self.holdout:
            return "holdout"
        if self.phase == "stuck":
            return "stuck"
        return "waiting" if self.phase in {"waiting", "deferred"} else "running"

    def to_json(self) -> dict[str, Json]:
        """Plain JSON from which `from_json` makes an equal state."""
        plain: dict[str, Json] = _STATE.dump_python(self, mode="json")
        return plain

    @classmethod
    def from_json(cls, plain: Mapping[str, Json]) -> State:
        """The state that `to_json` wrote."""
        return _STATE.validate_python(plain)


_STATE = TypeAdapter(State)
