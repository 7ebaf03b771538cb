"""The catalogue of fields: ours, and those that headquarters has published."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from engine.database import direct
from engine.events.types import EVENT_TYPES
from engine.fields.document import Derive, FieldPart, read, told
from engine.fields.sources import Source, source_of
from engine.members.fields import PERSONAL_ATTRIBUTES, base_fields
from rules.duration import Duration, parse_duration
from rules.errors import RuleError
from rules.types import Declaration, Fields, Json


@dataclass(frozen=True)
class Derived:
    """A derived attribute of members: what it is made of, and how far back it reaches."""

    path: str
    how: str
    declaration: Declaration
    source: Source
    within: Duration | None
    zone: ZoneInfo
    of_value: bool

    @property
    def name(self) -> str:
        """The attribute's name, without `member.` before it."""
        return self.path.partition(".")[2]


@dataclass(frozen=True)
class OwnFields:
    """What headquarters has published: each field as it is declared, and the key of the definition that declares it."""

    parts: Mapping[str, FieldPart] = field(default_factory=dict)
    declared: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def fields(self) -> Fields:
        """Path to declaration."""
        return {path: part.declaration() for path, part in self.parts.items()}

    @cached_property
    def everything(self) -> Fields:
        """These and ours. Where a release has brought a field of ours that HQ had before, ours counts."""
        return {**self.fields, **base_fields()}

    @cached_property
    def personal(self) -> frozenset[str]:
        """The names, without `member.` or `event.` before them, of what is sealed at rest and stands in no log."""
        declared = (path for path, part in self.parts.items() if part.personal and path.startswith(_SEALED))
        return PERSONAL_ATTRIBUTES | {path.partition(".")[2] for path in declared}

    @cached_property
    def derivations(self) -> Mapping[str, Json]:
        """How each derived attribute is derived, as its definition says it."""
        return {path: told(part.derive) for path, part in self.parts.items() if part.derive}

    @cached_property
    def derived(self) -> Mapping[str, Derived]:
        """The derived attributes by name; one that this release cannot compile is left out, and so has no value."""
        found = [self._derived(path, part.derive) for path, part in self.parts.items() if part.derive]
        return {each.name: each for each in found if each is not None}

    def _derived(self, path: str, derive: Derive) -> Derived | None:
        if path in base_fields():
            return None
        try:
            source = source_of(derive, self.fields, _EVENTS)
        except RuleError:
            return None
        within = None if derive.within is None else parse_duration(derive.within)
        zone, of_value = ZoneInfo(derive.time_zone), derive.of is not None
        return Derived(path, derive.how, self.fields[path], source, within, zone, of_value)


def own_fields(session: Session) -> OwnFields:
    """What is published now. Documents are read only when one of them has changed."""
    published = tuple(direct.rows(session, _PUBLISHED, {}))
    found = _KNOWN.get(published)
    if found is None:
        documents = direct.rows(session, _DOCUMENTS, {})
        found = _read(documents)
        if len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.clear()
        _KNOWN[tuple((key, digest) for key, digest, _ in documents)] = found
    return found


def known_fields(session: Session) -> Fields:
    """All fields that rules may name without declaring them: ours, and those that HQ has published."""
    return own_fields(session).everything


def readers_of(session: Session, path: str) -> list[str]:
    """The live definitions that were published with a field of this path, as kind/key."""
    return direct.scalars(session, _READERS, {"path": path})


def _read(documents: Sequence[tuple[str, str, str]]) -> OwnFields:
    parts: dict[str, FieldPart] = {}
    declared: dict[str, str] = {}
    for key, _, text in documents:
        for path, part in read(json.loads(text)).parts.items():
            parts[path], declared[path] = part, key
    return OwnFields(parts, declared)


_SEALED = ("member.", "event.")
_EVENTS = {name: each.fields for name, each in EVENT_TYPES.items()}
_KNOWN: dict[tuple[tuple[str, str], ...], OwnFields] = {}
"""By keys and hashes of the definitions, which name the content whatever the database."""
_MOST_KNOWN = 32
_LIVE = """
    FROM live l JOIN versions v ON v.kind = l.kind AND v.key = l.key AND v.n = l.version
    WHERE l.kind = 'fields' AND l.state <> 'retired' ORDER BY l.key"""
_READERS = """
    SELECT l.kind || '/' || l.key
    FROM live l JOIN versions v ON v.kind = l.kind AND v.key = l.key AND v.n = l.version
    JOIN bundles b ON b.hash = v.bundle_hash
    WHERE l.state <> 'retired' AND jsonb_exists(b.content -> 'fields', %(path)s) ORDER BY 1"""
_PUBLISHED = f"SELECT l.key, v.hash {_LIVE}"
_DOCUMENTS = f"SELECT l.key, v.hash, v.document {_LIVE}"
