"""The embedded tests of the journey format: what is given, what happens, what must hold then."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from rules.documents.values import EventType, JsonObject, Length, Part, SignedLength
from rules.types import Json


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


class WaitingAt(Part):
    """Where a run rests."""

    node: str
    deadline: str | None = None


class Then(Part):
    """What must hold at the end. `deadline` is an instant, or a duration from the test's beginning."""

    outcome: str | None = None
    path: list[str] | None = None
    effects: list[ExpectedEffect] | None = None
    waiting_at: Annotated[WaitingAt, BeforeValidator(lambda at: {"node": at} if isinstance(at, str) else at)] | None = (
        None
    )
    deadline: str | None = None


class Test(Part):
    """One embedded test."""

    __test__ = False

    name: str = Field(min_length=1, max_length=200)
    given: Given = Given()
    when: list[Happening] = Field(default_factory=list)
    then: Then = Field(default_factory=Then)
