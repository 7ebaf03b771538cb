"""What the API of runs is asked and answers, as models."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from engine.runs.commands import Deadlines
from ui.http.lists import IdCursor, Limit

Status = Literal["running", "waiting", "paused", "stuck", "completed", "exited", "expired", "holdout"]


class RunsFilter(BaseModel):
    """What chosen runs must be. `overdue`: live, and past its deadline."""

    model_config = ConfigDict(extra="forbid")

    journey: str | None = Field(default=None, max_length=64)
    version: int | None = Field(default=None, ge=1, le=2**31 - 1)
    member: str | None = Field(default=None, max_length=300)
    store: str | None = Field(default=None, max_length=64)
    status: Status | None = None
    node: str | None = Field(default=None, max_length=64)
    stage: str | None = Field(default=None, max_length=64)
    overdue: bool = False


class RunsQuery(RunsFilter):
    """Which part of the list of such runs."""

    limit: Limit = 50
    cursor: IdCursor = None


class RunLine(BaseModel):
    """One run in a list. `version` and `hash` are those of the document it runs on."""

    id: str
    journey: str
    version: int
    hash: str
    member: str
    store: str | None
    associate: str | None
    status: Status
    outcome: str | None
    node: str | None
    entered_at: datetime
    node_entered_at: datetime | None
    ended_at: datetime | None
    stuck_reason: str | None


class RunList(BaseModel):
    """A part of a list."""

    items: list[RunLine]
    next: str | None


class WaitingAnswer(BaseModel):
    """The types of events that the run waits for, and until when."""

    model_config = ConfigDict(populate_by_name=True)

    events: list[str] = Field(alias="for")
    until: datetime | None


class TimelineAnswer(BaseModel):
    """One line of what happened."""

    at: datetime
    kind: str
    node: str | None
    port: str | None
    detail: dict[str, JsonValue]


class TemporalAnswer(BaseModel):
    """The run's execution in Temporal; null ids and url for one that has none."""

    workflow_id: str | None
    run_id: str | None
    url: str | None


class RunAnswer(RunLine):
    """One run, whole."""

    waiting: WaitingAnswer
    vars: dict[str, JsonValue]
    timeline: list[TimelineAnswer]
    temporal: TemporalAnswer


class StartBody(BaseModel):
    """Who starts which journey by hand; `data` is what the run sees as `event.*`."""

    model_config = ConfigDict(extra="forbid")

    journey: str = Field(max_length=64)
    subject: str = Field(max_length=300)
    data: dict[str, JsonValue] = Field(default_factory=dict)


class StartAnswer(BaseModel):
    """The event that asks for the run, and the run if it has begun. Re-entry may refuse it."""

    event: str
    run: str | None


class SkipBody(BaseModel):
    """The port to leave by."""

    model_config = ConfigDict(extra="forbid")

    port: str = Field(max_length=64)


class ExitBody(BaseModel):
    """What to call the end."""

    model_config = ConfigDict(extra="forbid")

    outcome: str | None = Field(default=None, pattern="^[a-z][a-z0-9_]{0,62}$")


class ResumeBody(BaseModel):
    """Whether deadlines hold, or move by the length of the pause."""

    model_config = ConfigDict(extra="forbid")

    deadlines: Deadlines = "hold"
