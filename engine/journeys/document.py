"""The journey format as models. Keys are a closed list; each value is checked on its own, relations by `check`."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from engine.journeys.document_entries import Entry
from engine.journeys.document_tests import Test
from rules.documents.values import (
    BasisPoints,
    ClockTime,
    EventType,
    FixedLength,
    JsonObject,
    Key,
    Length,
    Name,
    Note,
    Part,
    Path,
    Title,
    Zone,
)  # fmt: skip
from rules.types import Declaration, Json
from rules.zones import HOME_ZONE

SCHEMA = "waystation/journey@1"
MAX_NODES = 150

# Policies, goal, exits


class Reentry(Part):
    """Whether a member may run the journey again."""

    mode: Literal["once", "after_exit", "always"] = "after_exit"
    cooldown: Length | None = None


class QuietTime(Part):
    """The time of day in which no push goes out."""

    start: ClockTime = Field(alias="from")
    end: ClockTime = Field(alias="to")


class Holdout(Part):
    """The share of members who are left alone, so that the lift can be told."""

    share_bp: BasisPoints
    salt: str | None = None


class Policies(Part):
    """What holds for every run."""

    reentry: Reentry = Reentry()
    max_age: Length | None = None
    entry_max_age: Length = "P1D"
    quiet_hours: QuietTime | None = None
    holdout: Holdout | None = None
    time_zone: Zone = HOME_ZONE
    pressure: Json = None


class Goal(Part):
    """What the journey is for."""

    on: EventType
    when: Json = None
    stage: Name | None = None
    title: Title | None = None


class Exit(Part):
    """An event that ends a run early."""

    on: EventType
    when: Json = None
    outcome: Name = "exited"
    title: Title | None = None


# Nodes


class NodePart(Part):
    """What every node has."""

    title: Title | None = None
    note: Note | None = None
    stage: Name | None = None
    ports: dict[Name, str] = Field(default_factory=dict)


class Awaited(Part):
    """An event that a wait waits for."""

    on: EventType
    when: Json = None
    port: Name
    save: Name | None = None


class WaitNode(NodePart):
    """Waits for one of several events."""

    type: Literal["wait"]
    awaited: list[Awaited] = Field(alias="for", min_length=1)
    timeout: Length | None = None
    since: Literal["entry", "node"] = "entry"


class DelayNode(NodePart):
    """Waits for a time: `for` a duration, or `until` a time of day (`UntilTime`) or an instant (an expression)."""

    type: Literal["delay"]
    length: Length | None = Field(default=None, alias="for")
    until: JsonObject | None = None


class UntilTime(Part):
    """A time of day, `days` from today, or on the first working day from there."""

    time: ClockTime
    days: int = Field(default=0, ge=0, le=36_500)
    working_day: bool = False


class Case(Part):
    """A condition and the port it leads to."""

    when: Json
    port: Name


class ChoiceNode(NodePart):
    """Branches by conditions."""

    type: Literal["choice"]
    cases: list[Case]
    on_unknown: Name = "else"


class Arm(Part):
    """A share of the members."""

    port: Name
    share_bp: BasisPoints


class SplitNode(NodePart):
    """Branches by hash."""

    type: Literal["split"]
    arms: list[Arm] = Field(min_length=1)
    salt: str | None = None


class RetryPart(Part):
    """Overrides what the activity type declares."""

    attempts: int | None = Field(default=None, ge=1, le=1000)
    initial: FixedLength | None = None
    backoff: float | None = Field(default=None, ge=1, le=1000)
    longest: FixedLength | None = Field(default=None, alias="max")


class ActivityNode(NodePart):
    """Has an effect."""

    type: Literal["activity"]
    activity: str
    params: JsonObject = Field(default_factory=dict)
    save: Name | None = None
    retry: RetryPart | None = None


class DecideNode(NodePart):
    """Asks a ruleset."""

    type: Literal["decide"]
    ruleset: Key
    facts: JsonObject = Field(default_factory=dict)
    save: Name


class TaskNode(NodePart):
    """Gives work to people."""

    type: Literal["task"]
    task: Key
    assign: JsonObject
    params: JsonObject = Field(default_factory=dict)
    save: Name | None = None


class JourneyNode(NodePart):
    """Starts or calls another journey."""

    type: Literal["journey"]
    journey: Key
    mode: Literal["start", "call"]


class EndNode(NodePart):
    """Ends the run."""

    type: Literal["end"]
    outcome: Name


Node: TypeAlias = (
    WaitNode | DelayNode | ChoiceNode | SplitNode | ActivityNode | DecideNode | TaskNode | JourneyNode | EndNode
)


class Journey(Part):
    """A journey document."""

    schema_: Literal["waystation/journey@1"] = Field(alias="schema")
    key: Key
    title: Title | None = None
    note: Note | None = None
    subject: Literal["member", "store", "associate"] = "member"
    entry: list[Entry]
    policies: Policies = Policies()
    fields: dict[Path, Declaration] = Field(default_factory=dict)
    goal: Goal | None = None
    exits: list[Exit] = Field(default_factory=list)
    start: Name
    nodes: dict[Name, Annotated[Node, Field(discriminator="type")]]
    tests: list[Test] = Field(default_factory=list)
