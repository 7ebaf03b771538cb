"""What activity types tell the interpreter and the checks about themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from rules.types import Fields, Json

Mode: TypeAlias = Literal["local", "remote"]
Contact: TypeAlias = Literal["none", "reply", "push"]
Idempotent: TypeAlias = Literal["receiver", "natural", "no"]
Subject: TypeAlias = Literal["member", "store", "associate"]


@dataclass(frozen=True)
class Reference:
    """Marks a param that names a thing of ours, such as `batch: Annotated[str, Reference("coupon-batch")]`.

    Kinds: coupon-batch, chat, channel, store, region, associate, ruleset, task, journey. In the JSON schema it stands
    under `x-reference`, so that forms offer what there is.
    """

    kind: str

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The schema of what is marked, with the mark."""
        return {**handler(core), "x-reference": self.kind}


@dataclass(frozen=True)
class ShownAs:
    """Says how people write a param where its type does not tell: `age: Annotated[str, ShownAs("duration")]`.

    Kinds: duration, clock, share (basis points), money (minor units), long_text, event, condition. In the JSON schema
    it stands under `x-kind`.
    """

    kind: str

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The schema of what is marked, with the mark."""
        return {**handler(core), "x-kind": self.kind}


@dataclass(frozen=True)
class Wording:
    """Marks a param, or a part of one, that somebody reads: `text: Annotated[str, Wording()]`.

    Who says the same in other words does not change what a journey does, so a test that is made from a walk does not
    expect it. In the JSON schema it stands under `x-wording`.
    """

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The schema of what is marked, with the mark."""
        return {**handler(core), "x-wording": True}


def label(zh: str, en: str, *, help_zh: str, help_en: str) -> Any:
    """The words of a param in both languages, for its form and its reference: what it is called, and what to write.

    Stands in the param's annotation: `batch: Annotated[str, label("批次", "Batch", help_zh=…, help_en=…)]`. In the JSON
    schema, English is `title` and `description`; both languages stand under `x-title` and `x-help`.
    """
    both: dict[str, Any] = {"x-title": {"zh": zh, "en": en}, "x-help": {"zh": help_zh, "en": help_en}}
    return Field(title=en, description=help_en, json_schema_extra=both)


@dataclass(frozen=True)
class Retry:
    """How often a failure that the type raises is tried again, and after how long. `attempts` counts all tries."""

    attempts: int = 5
    initial: timedelta = timedelta(seconds=1)
    backoff: float = 2.0
    max: timedelta = timedelta(hours=1)

    def delay(self, failures: int) -> timedelta:
        """The time to wait after the n-th failure."""
        doublings = min(failures - 1, 1000)
        try:
            seconds = self.initial.total_seconds() * self.backoff**doublings
        except OverflowError:
            return self.max
        return min(timedelta(seconds=min(seconds, self.max.total_seconds())), self.max)


@dataclass(frozen=True)
class ActivityType:
    """One registered activity type.

    `outcomes` are the ports it declares beside done, error and quiet. `result` declares, by path, what a node's `save`
    gives. `doc` and `doc_zh` are the text of its reference, `example` are params that its model accepts. `words` are
    what people may look for when they mean it, by language. `contact` is about the customer; `tells_staff` says that
    somebody at the store reads at once what it says, and may tell the customer.
    `expires_within` is for a `push` whose code or offer is worthless after that time.
    """

    name: str
    titles: Mapping[str, str]
    params: type[BaseModel]
    outcomes: tuple[str, ...] = ()
    mode: Mode = "local"
    contact: Contact = "none"
    tells_staff: bool = False
    idempotent: Idempotent = "receiver"
    subjects: frozenset[Subject] = frozenset({"member"})
    retry: Retry = Retry()
    result: Fields = field(default_factory=dict)
    doc: str = ""
    doc_zh: str = ""
    example: Mapping[str, Json] = field(default_factory=dict)
    expires_within: timedelta | None = None
    words: Mapping[str, str] = field(default_factory=dict)


@cache
def worded(params: type[BaseModel]) -> frozenset[str]:
    """The params of a type's model that hold a wording, or have parts that do."""
    schema = params.model_json_schema()
    parts = schema.get("$defs", {})
    return frozenset(name for name, each in schema.get("properties", {}).items() if _is_worded(each, parts, ()))


def _is_worded(schema: object, parts: Mapping[str, Any], above: tuple[str, ...]) -> bool:
    """Whether the mark stands in a schema, or in a part that it names; `above` are the parts that lead to it."""
    if isinstance(schema, list):
        return any(_is_worded(each, parts, above) for each in schema)
    if not isinstance(schema, dict):
        return False
    name = str(schema.get("$ref", "")).removeprefix("#/$defs/")
    if name and name not in above and _is_worded(parts.get(name), parts, (*above, name)):
        return True
    return schema.get("x-wording") is True or any(_is_worded(each, parts, above) for each in schema.values())


Catalogue: TypeAlias = Mapping[str, ActivityType]
"""Activity types by name."""

EventTypes: TypeAlias = Mapping[str, Fields]
"""Event type to its fields as conditions name them: `{"contact.added": {"event.welcome_code": …}}`."""
