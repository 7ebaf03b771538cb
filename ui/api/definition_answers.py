"""What the definitions' part of the API takes and answers."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from engine.migrating.asked import STAY

JSON_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}
}
OPTIONAL_BODY: dict[str, Any] = {"requestBody": {**JSON_BODY["requestBody"], "required": False}}
JSON_ANSWER: dict[int | str, dict[str, Any]] = {200: {"content": {"application/json": {}}}}
"""How `/openapi.json` describes documents, which handlers read by themselves."""


class AcceptanceAnswer(BaseModel):
    """Who accepted a finding, when and why."""

    by: str
    at: datetime
    reason: str


class FindingAnswer(BaseModel):
    """One finding: `error` blocks publishing, `warning` is shown.

    Of a ruleset: the ids of the `rows` concerned, the `box` of cases (a cell for each field that matters), facts that
    show it, and how many members and stores are in the box today.
    """

    code: str
    severity: Literal["error", "warning"]
    pointer: str
    message: dict[str, str]
    example: Any = None
    rows: list[str] | None = None
    box: dict[str, Any] | None = None
    count: dict[str, int] | None = None
    accepted: AcceptanceAnswer | None = None


class AcceptBody(BaseModel):
    """Which findings are accepted, by their code and the rows that they concern, and why.

    With a `pointer` only the one there; with `other` only that about this journey, where several take the same people.
    """

    model_config = ConfigDict(extra="forbid")

    code: str = Field(min_length=1, max_length=100)
    rows: list[str] = Field(default=[], max_length=10_000)
    pointer: str | None = Field(default=None, max_length=2_000)
    other: str | None = Field(default=None, max_length=200)
    reason: str = Field(min_length=1, max_length=2_000)


class DraftAnswer(BaseModel):
    """What came of saving a draft."""

    revision: int
    findings: list[FindingAnswer]


class FindingsAnswer(BaseModel):
    """What the checks say."""

    findings: list[FindingAnswer]


class TestAnswer(BaseModel):
    """One embedded test; `differences` say what was expected and what came."""

    name: str
    ok: bool
    differences: list[Any]


class TestsAnswer(BaseModel):
    """The embedded tests, and which ports they visit."""

    tests: list[TestAnswer]
    coverage: dict[str, list[dict[str, Any]]]


class DefinitionItem(BaseModel):
    """A definition without its document. `state` is draft, live, paused or retired."""

    kind: str
    key: str
    title: dict[str, str]
    state: str
    version: int | None
    hash: str | None
    updated_at: datetime
    updated_by: str
    draft: bool


class DefinitionList(BaseModel):
    """One page of definitions."""

    items: list[DefinitionItem]
    next: str | None


class VersionItem(BaseModel):
    """A published version without its document; `live` says whether it takes events now. `approved_by`: the second
    person who read it before.
    """

    version: int
    hash: str
    bundle_hash: str
    note: str | None
    published_at: datetime
    published_by: str
    approved_by: str | None = None
    live: bool


class VersionAnswer(VersionItem):
    """A published version."""

    document: dict[str, Any]


class VersionList(BaseModel):
    """One page of versions, newest first."""

    items: list[VersionItem]
    next: str | None


class ChangeAnswer(BaseModel):
    """One value that differs."""

    op: Literal["added", "removed", "changed"]
    pointer: str
    before: Any = None
    after: Any = None


class DiffAnswer(BaseModel):
    """How the draft differs from the live version; from nothing, if nothing was published.

    `outcomes` of a ruleset are the boxes in which the two decide otherwise.
    """

    version: int | None
    changes: list[ChangeAnswer]
    outcomes: list[FindingAnswer] = []


class PublishRequest(BaseModel):
    """`in_flight` is `"stay"`: runs keep the version that they started with; or they go over by a map from each node
    that is gone or for something else to its place, a share of them first: `{"migrate": {…}, "canary_bp"?: 1000}`.

    With `hash` only the content that has it is published; another gives 409.
    """

    model_config = ConfigDict(extra="forbid")

    note: str | None = Field(default=None, max_length=2_000)
    in_flight: Any = STAY
    hash: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")


class PublishAnswer(BaseModel):
    """The new version."""

    version: int
    hash: str
    bundle_hash: str
    job: str | None = None
