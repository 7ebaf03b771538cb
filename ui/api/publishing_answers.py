"""What the publishing part of the API takes and answers."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from engine.migrating.asked import STAY


class PlanRequest(BaseModel):
    """`in_flight` as for publishing: `"stay"`, or `{"migrate": {…}, "canary_bp"?: 1000}`."""

    model_config = ConfigDict(extra="forbid")

    in_flight: Any = STAY


class ApproveRequest(BaseModel):
    """The hash of the content that was read."""

    model_config = ConfigDict(extra="forbid")

    hash: str = Field(pattern=r"^[0-9a-f]{64}$")


class ApprovalAnswer(BaseModel):
    """Who approved which content, and when. It ends with the next change of the draft."""

    hash: str
    by: str
    at: datetime


class EmptyText(BaseModel):
    """A text or param of the new version that would find nothing saved under `name` for so many runs.

    Of `unsure` it cannot be told beforehand, since what they saved is sealed.
    """

    pointer: str
    name: str
    runs: int
    unsure: int


class GroupAnswer(BaseModel):
    """Live runs of one version at one node (null: before their first one, or left alone), and where they go.

    `rule`: `stay` on their version, `same` node, `mapped` by the map, or `next`: nobody rests there, the way leads on.
    `anew`: what is there starts from the beginning. `ends`: it ends them.
    """

    version: int
    node: str | None
    runs: int
    by_status: dict[str, int]
    to: str | None
    rule: Literal["stay", "same", "mapped", "next"]
    anew: bool
    ends: bool
    empty: list[EmptyText]


class NeedAnswer(BaseModel):
    """A node of older versions that a map must name, what suggests itself, and what the request says."""

    node: str
    fate: Literal["same", "removed", "repurposed"]
    versions: list[int]
    runs: int
    suggested: str | None
    to: str | None


class FaultAnswer(BaseModel):
    """What forbids publishing like this."""

    pointer: str
    message: dict[str, str]


class PlanAnswer(BaseModel):
    """The plan of publishing the draft with this `hash` as version `next`.

    `busy` runs are in the middle of something and go over when they rest. Where the draft cannot run yet (`executable`
    is false) nothing is said of places; check it.
    """

    version: int | None
    next: int
    hash: str
    executable: bool
    runs: int
    busy: int
    versions: dict[str, int]
    groups: list[GroupAnswer]
    needs: list[NeedAnswer]
    suggested: dict[str, str]
    errors: list[FaultAnswer]
