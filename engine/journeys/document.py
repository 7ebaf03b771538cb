"""The journey format as models. Keys are a closed list; each value is checked on its own, relations by `check`."""

from __future__ import annotations

import re
from typing import Annotated, Literal, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag
from pydantic_core import PydanticCustomError

from rules.duration import Duration, DurationError, parse_duration
from rules.types import Declaration, Json

SCHEMA = "waystation/journey@1"
DEFAULT_ZONE = "Asia/Shanghai"
MAX_NODES = 150


class Part(BaseModel):
    """A piece of the document: nothing unknown, nothing converted."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=False)


def _refuse(zh: str, en: str) -> PydanticCustomError:
    return PydanticCustomError("waystation", "{en}", {"zh": zh, "en": en})


def _text_like(pattern: str, zh: str, en: str) -> AfterValidator:
    compiled = re.compile(pattern, re.ASCII)

    def matches(text: str) -> str:
        if not compiled.fullmatch(text):
            raise _refuse(zh, en)
        return text

    return AfterValidator(matches)


def _duration(*, signed: bool = False, elapsed: bool = False) -> AfterValidator:
    def parses(text: str) -> str:
        try:
            duration: Duration = parse_duration(text, signed=signed)
        except DurationError as error:
            raise _refuse(
                f"“{text[:40]}”不是时长,请用 ISO 8601,例如 P7D、P1M 或 PT30M,最长 100 年", str(error)
            ) from error
        if elapsed and duration.months:
            en = "months and years have no fixed length; use PT1H or P1D"
            raise _refuse("这里的时长不能按月或年计,请用 PT1H 或 P1D", en)
        return text

    return AfterValidator(parses)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        en = f"{name[:40]!r} is no time zone; write one such as Asia/Shanghai"
        raise _refuse(f"没有“{name[:40]}”这个时区,请写 Asia/Shanghai 这样的名称", en) from error
    return name


def _both_languages(title: Json) -> Json:
    """A plain string stands for both languages, and one language for the other."""
    if isinstance(title, str):
        return {"zh": title, "en": title}
    if isinstance(title, dict) and len(title.keys() & {"zh", "en"}) == 1:
        text = title.get("zh", title.get("en"))
        return {"zh": text, "en": text, **title}
    return title


Key = Annotated[str, _text_like(
    r"[a-z][a-z0-9-]{0,62}", "键只能用小写字母、数字和连字符,以字母开头,最长 63 个字符",
    "a key has lower-case letters, digits and hyphens, begins with a letter, and is at most 63 long",
)]  # fmt: skip
Name = Annotated[str, _text_like(
    r"[A-Za-z0-9_][A-Za-z0-9_-]{0,62}", "编号只能用字母、数字、下划线和连字符,最长 63 个字符",
    "an id has letters, digits, underscores and hyphens, and is at most 63 long",
)]  # fmt: skip
EventType = Annotated[str, _text_like(
    r"[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)+",
    "事件类型写作 contact.added 这样的形式", "an event type is written like contact.added",
), Field(max_length=200)]  # fmt: skip
Path = Annotated[str, _text_like(
    r"[a-z]+(\.[A-Za-z0-9_-]+)+",
    "字段路径写作 event.score 这样的形式", "the path of a field is written like event.score",
), Field(max_length=200)]  # fmt: skip
ClockTime = Annotated[str, _text_like(
    r"([01]\d|2[0-3]):[0-5]\d", "时刻写作 08:30 这样的形式", "a time of day is written like 08:30",
)]  # fmt: skip
Length = Annotated[str, _duration()]
SignedLength = Annotated[str, _duration(signed=True)]
FixedLength = Annotated[str, _duration(elapsed=True)]
Zone = Annotated[str, AfterValidator(_zone)]
BasisPoints = Annotated[int, Field(ge=0, le=10_000)]
JsonObject: TypeAlias = dict[str, Json]


class Words(Part):
    """A title in both languages."""

    zh: str = Field(max_length=200)
    en: str = Field(max_length=200)


class LongWords(Part):
    """A note in both languages."""

    zh: str = Field(max_length=10_000)
    en: str = Field(max_length=10_000)


Title = Annotated[Words, BeforeValidator(_both_languages)]
Note = Annotated[LongWords, BeforeValidator(_both_languages)]

# How runs start


class EventEntry(Part):
    """An event starts a run."""

    on: EventType
    when: Json = None
    start: Name | None = None
    save: Name | None = None
    note: Note | None = None


class ScheduleEntry(Part):
    """An audience that is computed on a schedule."""

    schedule: str
    at: ClockTime
    audience: Json
    limit: int | None = Field(default=None, ge=1)
    rate: str | None = None
    start: Name | None = None
    save: Name | None = None
    note: Note | None = None


class BecomesEntry(Part):
    """A condition that becomes true."""

    becomes: Json
    check: Length
    start: Name | None = None
    save: Name | None = None
    note: Note | None = None


class DateEntry(Part):
    """A date of the member, such as a birthday."""

    date: Json
    offset: SignedLength | None = None
    at: ClockTime
    yearly: bool = False
    start: Name | None = None
    save: Name | None = None
    note: Note | None = None


class ListEntry(Part):
    """A list given by hand or file."""

    members: Literal[True] = Field(alias="list")
    start: Name | None = None
    save: Name | None = None
    note: Note | None = None


def _entry_form(entry: object) -> str:
    if isinstance(entry, Part):
        return type(entry).__name__.removesuffix("Entry").lower().replace("event", "on")
    keys = entry.keys() if isinstance(entry, dict) else set()
    return next((form for form in ("schedule", "becomes", "date", "list") if form in keys and "on" not in keys), "on")


Entry = Annotated[
    Annotated[EventEntry, Tag("on")]
    | Annotated[ScheduleEntry, Tag("schedule")]
    | Annotated[BecomesEntry, Tag("becomes")]
    | Annotated[DateEntry, Tag("date")]
    | Annotated[ListEntry, Tag("list")],
    Discriminator(_entry_form),
]

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
    time_zone: Zone = DEFAULT_ZONE
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

# Embedded tests


class Given(Part):
    """What holds when a test begins."""

    now: str | None = None
    member: JsonObject = Field(default_factory=dict)
    store: JsonObject = Field(default_factory=dict)
    associate: JsonObject = Field(default_factory=dict)
    arms: dict[str, str] = Field(default_factory=dict)
    holdout: bool = False


class Happening(Part):
    """An event at a time, the result of an activity's next call, or (with `at` alone) time that passes.

    `time` is an event's own time where it differs from `at`; both count from the test's beginning.
    """

    at: Length | None = None
    on: EventType | None = None
    data: JsonObject = Field(default_factory=dict)
    time: SignedLength | None = None
    activity: str | None = None
    returns: Json = None
    fails: Json = None


class ExpectedEffect(Part):
    """An effect that must occur; params that are not named may be anything."""

    activity: str
    node: str | None = None
    params: JsonObject = Field(default_factory=dict)


class Then(Part):
    """What must hold at the end. `deadline` is an instant, or a duration from the test's beginning."""

    outcome: str | None = None
    path: list[str] | None = None
    effects: list[ExpectedEffect] | None = None
    waiting_at: Annotated[WaitingAt, BeforeValidator(lambda at: {"node": at} if isinstance(at, str) else at)] | None = (
        None
    )
    deadline: str | None = None


class WaitingAt(Part):
    """Where a run rests."""

    node: str
    deadline: str | None = None


class Test(Part):
    """One embedded test."""

    __test__ = False

    name: str = Field(min_length=1, max_length=200)
    given: Given = Given()
    when: list[Happening] = Field(default_factory=list)
    then: Then = Field(default_factory=Then)


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
