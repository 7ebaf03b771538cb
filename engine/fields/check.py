"""All that is wrong with a definition of fields, or may be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.fields import words
from engine.fields.check_derived import check_derived
from engine.fields.document import FieldPart, read
from engine.fields.paths import is_built_in, is_phone
from engine.journeys.catalogue import EventTypes
from engine.journeys.findings import Finding, finding
from rules.limits import escape
from rules.types import Fields, Json


@dataclass(frozen=True)
class Surroundings:
    """What there is beside the document: all fields, those of HQ's own with the key that declares each, all events."""

    fields: Fields
    declared: Mapping[str, str]
    events: EventTypes


def check(key: str | None, document: Json, around: Surroundings) -> list[Finding]:
    """The findings, by place. `key` is that under which the document is kept. Takes any JSON and never raises."""
    reading = read(document)
    findings = [Finding(each.code, "error", each.pointer, each.message) for each in reading.problems]
    findings += _meaning(key, reading.parts, around)
    told = {(each.pointer, each.code, each.message["en"]): each for each in findings}
    return [told[place] for place in sorted(told)]


def _meaning(key: str | None, parts: Mapping[str, FieldPart], around: Surroundings) -> Iterator[Finding]:
    others = {path: around.fields[path] for path, owner in around.declared.items() if owner != key}
    own = {**others, **{path: part.declaration() for path, part in parts.items()}}
    for path, part in parts.items():
        pointer = f"/fields/{escape(path)}"
        yield from _taken(key, path, pointer, around)
        yield from _about(path, part, pointer, around)
        yield from check_derived(path, part, f"{pointer}/derive", own, around.events)


def _taken(key: str | None, path: str, pointer: str, around: Surroundings) -> Iterator[Finding]:
    if is_built_in(path):
        yield finding("duplicate-field", pointer, *words.built_in(path))
    elif (owner := around.declared.get(path)) is not None and owner != key:
        yield finding("duplicate-field", pointer, *words.declared_elsewhere(path, owner))


def _about(path: str, part: FieldPart, pointer: str, around: Surroundings) -> Iterator[Finding]:
    if is_phone(path) and not part.personal:
        yield finding("schema", pointer, *words.PHONE_IS_PERSONAL)
    was = around.fields[path].type if path in around.declared else part.type
    if was != part.type:
        yield finding("changed-type", f"{pointer}/type", *words.changed_type(path, was, part.type))
