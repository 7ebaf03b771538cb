"""The format `waystation/fields@1`: the fields that headquarters adds to the catalogue, by path.

{"schema": "waystation/fields@1",
 "fields": {"member.stars": {"type": "integer", "title": {"zh": "星级", "en": "Stars"}}}}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import Field

from engine.fields import words
from engine.fields.paths import misplaced
from rules.documents.bounds import Mended, within_bounds
from rules.documents.mend import Format, mend
from rules.documents.values import EventType, Key, Length, Note, Part, Path, Title, Zone
from rules.limits import escape
from rules.types import Declaration, Json, Problem
from rules.zones import HOME_ZONE

SCHEMA = "waystation/fields@1"
MAX_BYTES = 256 * 1024
MOST_FIELDS = 1_000
HOWS = ("count", "sum", "last", "first", "days_with")
"""How an attribute is derived; the value of the key is the type of events that it is derived from."""


class Derive(Part):
    """How an attribute follows from a member's events. Exactly one of the first five is given.

    `of` is a path of the event, or an expression over it; `fields` declares what the type of events does not.
    `within` reaches back from the moment of reading, on the calendar of `time_zone`; `days_with` counts its days.
    """

    count: EventType | None = None
    sum: EventType | None = None
    last: EventType | None = None
    first: EventType | None = None
    days_with: EventType | None = None
    of: Json = None
    within: Length | None = None
    when: Json = None
    fields: dict[Path, Declaration] = Field(default_factory=dict)
    time_zone: Zone = HOME_ZONE

    @property
    def given(self) -> list[str]:
        """Which of the five ways are given: one, in a document without findings."""
        return [name for name in HOWS if getattr(self, name) is not None]

    @property
    def how(self) -> str:
        """The way that is given."""
        return self.given[0]

    @property
    def event(self) -> str:
        """The type of events."""
        return str(getattr(self, self.how))


def told(derive: Derive) -> Json:
    """A derivation as its author wrote it."""
    return derive.model_dump(mode="json", exclude_unset=True)


class FieldPart(Declaration):
    """One field: a declaration, and how it is derived. A `key` repeats the path."""

    key: str | None = None
    note: Note | None = None
    derive: Derive | None = None

    def declaration(self) -> Declaration:
        """The field as the catalogue shows it. Nobody is bound to tell it: it may always be missing."""
        told = {name: getattr(self, name) for name in Declaration.model_fields}
        return Declaration.model_construct(**{**told, "optional": True})


class FieldsDocument(Part):
    """A document. Whether a path can be declared is a matter of `paths`."""

    schema_: Literal["waystation/fields@1"] = Field(alias="schema")
    key: Key | None = None
    title: Title | None = None
    note: Note | None = None
    fields: dict[str, FieldPart]


_FORMAT = Format(FieldsDocument, stand_ins={"schema": SCHEMA, "fields": {}, "type": "text", "zh": "?", "en": "?"})


@dataclass
class Reading(Mended):
    """What reading a document gave: the fields that could be read whole, by path, and in `problems` what could not."""

    parts: Mapping[str, FieldPart] = field(default_factory=dict)


def read(document: Json) -> Reading:
    """Read a document of any shape. Never raises."""
    reading = Reading()
    left = within_bounds(document, reading, max_bytes=MAX_BYTES)
    if not isinstance(left, dict):
        reading.problems.append(_problem("", *words.NO_OBJECT))
        return reading
    found = mend(left, _FORMAT, reading)
    fields = found.fields if found else {}
    whole = {path: part for path, part in fields.items() if not reading.has_mended(_place(path))}
    reading.problems += [problem for path, part in whole.items() for problem in _form(path, part)]
    reading.parts = {path: part for path, part in whole.items() if not list(misplaced(path))}
    if len(fields) > MOST_FIELDS:
        reading.problems.append(_problem("/fields", *words.too_many_fields(len(fields), MOST_FIELDS)))
    return reading


def _form(path: str, part: FieldPart) -> list[Problem]:
    found = [_problem(_place(path), *each) for each in misplaced(path)]
    if part.key not in (None, path):
        found.append(_problem(f"{_place(path)}/key", *words.another_key(path)))
    return found


def _place(path: str) -> str:
    return f"/fields/{escape(path)}"


def _problem(pointer: str, zh: str, en: str) -> Problem:
    return Problem("schema", pointer, {"zh": zh, "en": en})
