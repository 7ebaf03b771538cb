"""All that is wrong with a definition of fields, or may be."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from engine.fields import words
from engine.fields.check_derived import check_derived
from engine.fields.document import FieldPart, Reading, read, told
from engine.fields.paths import is_built_in, is_phone
from engine.journeys.context import CheckContext
from engine.journeys.findings import Finding, finding
from rules.limits import escape
from rules.types import Json


def check(key: str | None, document: Json, around: CheckContext) -> list[Finding]:
    """The findings, by place. `key` is that under which the document is kept. Takes any JSON and never raises."""
    reading = read(document)
    findings = [Finding(each.code, "error", each.pointer, each.message) for each in reading.problems]
    findings += _meaning(key, reading.parts, around)
    findings += _readers(key, reading, around)
    found = {(each.pointer, each.code, each.message["en"]): each for each in findings}
    return [found[place] for place in sorted(found)]


def _meaning(key: str | None, parts: Mapping[str, FieldPart], around: CheckContext) -> Iterator[Finding]:
    others = {path: around.fields[path] for path, owner in around.declared.items() if owner != key}
    own = {**others, **{path: part.declaration() for path, part in parts.items()}}
    for path, part in parts.items():
        pointer = f"/fields/{escape(path)}"
        yield from _taken(key, path, pointer, around)
        yield from _about(path, part, pointer, around)
        yield from check_derived(path, part, f"{pointer}/derive", own, around.events)


def _taken(key: str | None, path: str, pointer: str, around: CheckContext) -> Iterator[Finding]:
    if is_built_in(path):
        yield finding("duplicate-field", pointer, *words.built_in(path))
    elif (owner := around.declared.get(path)) is not None and owner != key:
        yield finding("duplicate-field", pointer, *words.declared_elsewhere(path, owner))


def _about(path: str, part: FieldPart, pointer: str, around: CheckContext) -> Iterator[Finding]:
    if is_phone(path) and not part.personal:
        yield finding("schema", pointer, *words.PHONE_IS_PERSONAL)
    if part.personal and (users := _derived_from(path, around.derivations)):
        yield finding("schema", pointer, *words.derived_from_it(users))
    was = around.fields[path].type if path in around.declared else part.type
    if was != part.type:
        yield finding("changed-type", f"{pointer}/type", *words.changed_type(path, was, part.type))


def _derived_from(path: str, derivations: Mapping[str, Json]) -> list[str]:
    """The published attributes that are derived from a field of events."""
    named = {f'"{path}"', f'"{path}.'}
    return [each for each, derive in derivations.items() if any(name in json.dumps(derive) for name in named)]


def _readers(key: str | None, reading: Reading, around: CheckContext) -> Iterator[Finding]:
    """Published rules that read a derived attribute which this definition takes away, or derives otherwise."""
    for path, before in around.derivations.items():
        part = reading.parts.get(path)
        now = told(part.derive) if part and part.derive else None
        pointer = f"/fields/{escape(path)}" if part else "/fields"
        doubtful = reading.has_mended(f"/fields/{escape(path)}")
        if around.declared.get(path) != key or now == before or doubtful or around.readers is None:
            continue
        if readers := around.readers(path):
            say = words.taken_away if now is None else words.derived_otherwise
            yield finding("field-in-use", pointer, *say(path, readers))
