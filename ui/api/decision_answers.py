"""What the decisions' part of the API takes and answers."""

from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, field_validator

from engine.decisions.asking import Question
from rules.documents.values import Zone
from rules.scalars import parse_instant
from ui.http.lists import LARGEST_VERSION

MOST = 1_000


def _instant(given: object) -> datetime:
    try:
        return parse_instant(given)
    except ValueError:
        raise ValueError("Write an instant with its offset, such as 2026-01-07T10:00:00+08:00.") from None


class DecisionBody(BaseModel):
    """A question: about whom, with which facts beside those that are known, as of when and where."""

    model_config = ConfigDict(extra="forbid")

    subject: str | None = Field(default=None, min_length=1, max_length=500)
    facts: dict[str, dict[str, Any]] = {}
    now: Annotated[datetime | None, BeforeValidator(lambda given: given if given is None else _instant(given))] = None
    time_zone: Zone | None = None
    explain: StrictBool = False
    version: Annotated[StrictInt, Field(ge=1, le=LARGEST_VERSION)] | Literal["draft"] | None = None

    @field_validator("facts")
    @classmethod
    def _are_nested(cls, facts: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        for name in facts:
            if "." in name:
                scope, _, rest = name.partition(".")
                raise ValueError(f'Facts are nested: write {{"{scope[:40]}": {{"{rest[:40]}": …}}}}.')
        return facts

    def question(self, now: datetime) -> Question:
        """The question; `now` is the present for one that names none."""
        zone = ZoneInfo(self.time_zone) if self.time_zone else None
        return Question(self.now or now, self.subject, self.facts, zone, self.explain)


class BatchBody(BaseModel):
    """Several questions to one ruleset."""

    model_config = ConfigDict(extra="forbid")

    items: list[DecisionBody] = Field(min_length=1, max_length=MOST)


class DecisionAnswer(BaseModel):
    """A decision. `version` is null for a draft; `trouble` says, for `error`, what went wrong."""

    decision_id: str
    outcome: Any
    reason: Literal["matched", "otherwise", "uncertain", "error"]
    rows: list[str]
    missing: list[str]
    version: int | None
    hash: str
    trouble: dict[str, str] | None = None
    explanation: dict[str, Any] | None = None


class RefusedAnswer(BaseModel):
    """An item of a batch that could not be asked: what is wrong with it, as a problem."""

    status: int
    title: str
    detail: str


class BatchAnswer(BaseModel):
    """The decisions in the order of the items; where one could not be asked, why."""

    items: list[DecisionAnswer | RefusedAnswer]


class RecordAnswer(DecisionAnswer):
    """A decision as it was kept. `facts` are the fields that it read, by path; personal values are masked."""

    ruleset: str
    at: datetime
    by: str
    now: datetime
    time_zone: str
    member: str | None
    store: str | None
    facts: dict[str, Any]
