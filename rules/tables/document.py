"""The ruleset format as models. Keys are a closed list; each value is checked on its own, relations by `relations`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from rules.documents.values import JsonObject, Key, Name, Note, Part, Path, Title, Zone
from rules.types import Declaration, Json
from rules.zones import HOME_ZONE

SCHEMA = "waystation/ruleset@1"
MAX_ROWS = 10_000
MAX_BYTES = 4 * 1024 * 1024
"""A ruleset may be as large as anything that comes in over HTTP; each of its conditions keeps the bounds of a rule."""

OUTPUT_TYPES = ("text", "enum", "integer", "boolean", "money", "instant", "duration", "share")
"""What an output may be, beside `ref:<kind>`. A share is an integer of basis points from 0 to 10,000."""


def _output_type(name: str) -> str:
    if name in OUTPUT_TYPES or (name.startswith("ref:") and name != "ref:"):
        return name
    zh = f"结果没有“{name[:40]}”这种类型，请用 {'、'.join(OUTPUT_TYPES)} 或 ref:<类别>"
    en = f"{name[:40]!r} is no type of an output; use one of {', '.join(OUTPUT_TYPES)}, or ref:<kind>"
    raise PydanticCustomError("waystation", "{en}", {"zh": zh, "en": en})


class Input(Part):
    """A column: the field that its cells are about."""

    field: str = Field(max_length=200)
    title: Title | None = None


class Output(Part):
    """One value of the outcome."""

    key: Name
    type: Annotated[str, AfterValidator(_output_type)]
    optional: bool = False
    title: Title | None = None
    values: list[str] | None = None
    currency: str | None = Field(default=None, pattern="^[A-Z]{3}$")


class Total(Part):
    """What the output `of` sums to over all rows that match: exactly `exact`, or at most `most`."""

    of: Name
    exact: int | None = Field(default=None, alias="is", ge=0)
    most: int | None = Field(default=None, alias="max", ge=0)

    @property
    def whole(self) -> int:
        """The sum itself, else the most that it may be."""
        return self.exact if self.exact is not None else self.most or 0


class Window(Part):
    """When a row holds: from a date or an instant on, until before another."""

    start: str | None = Field(default=None, alias="from")
    end: str | None = Field(default=None, alias="to")


class Row(Part):
    """One row: a cell for each input, a free condition beside them, and what it gives."""

    id: Name
    when: list[Json]
    condition: Json = Field(default=None, alias="and")
    valid: Window | None = None
    note: Note | None = None
    then: JsonObject = Field(default_factory=dict)


class Agreement(Part):
    """A promise: facts that differ in nothing but `vary` give the same outputs."""

    id: Name
    vary: Path
    among: list[Json] = Field(min_length=2)
    same: list[Name] = Field(min_length=1)
    when: Json = None
    except_: Json = Field(default=None, alias="except")
    severity: Literal["error", "warning"] = "warning"


class Test(Part):
    """One embedded test: facts and `now`, and what the decision must be."""

    __test__ = False

    name: str = Field(min_length=1, max_length=200)
    given: JsonObject = Field(default_factory=dict)
    then: JsonObject = Field(default_factory=dict)


class Ruleset(Part):
    """A ruleset document."""

    schema_: Literal["waystation/ruleset@1"] = Field(alias="schema")
    key: Key
    title: Title | None = None
    note: Note | None = None
    time_zone: Zone = HOME_ZONE
    fields: dict[Path, Declaration] = Field(default_factory=dict)
    inputs: list[Input] = Field(max_length=100)
    outputs: list[Output] = Field(max_length=100)
    hit: Literal["unique", "first", "any", "collect"] = "unique"
    aggregate: Literal["list", "sum", "min", "max", "count"] | None = None
    total: Total | None = None
    complete: bool = False
    rows: list[Row]
    otherwise: JsonObject | list[JsonObject] | None = None
    on_unknown: Literal["otherwise", "skip", "error"] = "error"
    conditions: dict[Name, Json] = Field(default_factory=dict)
    agree: list[Agreement] = Field(default_factory=list)
    tests: list[Test] = Field(default_factory=list)

    @property
    def gives(self) -> Literal["one", "list", "sum", "min", "max", "count"]:
        """What the outcome is: the outputs of one row, or what `collect` makes of those of several."""
        return "one" if self.hit != "collect" else self.aggregate or "list"
