"""What a journey uses of published rulesets: versions that it asks, pinned, and the conditions that it names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from pydantic import BaseModel

from engine.kept import Kept
from rules.tables.compile import compile_ruleset
from rules.tables.outputs import COUNT, WHOLE_SHARE
from rules.tables.table import Output, Table
from rules.types import Conditions, Declaration, Fields, Json

MOST = 200
"""So many tables are kept compiled; the one that was not asked for the longest goes first."""


class RulesetBundle(BaseModel):
    """What a published ruleset resolves to: its document, the fields that it names, the conditions of others."""

    document: Json
    fields: dict[str, Declaration]
    conditions: dict[str, Json] = {}

    def table(self) -> Table:
        """The ruleset, compiled: the same, whatever was published since. Raises RuleError."""
        return compile_ruleset(self.document, self.fields, self.conditions)


@dataclass(frozen=True)
class Pinned:
    """One version of a ruleset, compiled. `content` is its bundle, `bundle_hash` the hash of that."""

    key: str
    version: int
    hash: str
    bundle_hash: str
    content: Mapping[str, Json] = field(repr=False)
    table: Table = field(repr=False)

    def to_json(self) -> dict[str, Json]:
        """It as a journey's bundle holds it."""
        return {"version": self.version, "hash": self.hash, "bundle_hash": self.bundle_hash, **self.content}


def pin(key: str, version: int, digest: str, bundle_hash: str, content: Mapping[str, Json]) -> Pinned:
    """A version of a ruleset, compiled once per process. Raises RuleError."""
    table = _TABLES.get(bundle_hash, lambda: RulesetBundle.model_validate(dict(content)).table())
    return Pinned(key, version, digest, bundle_hash, content, table)


def unpin(key: str, plain: Mapping[str, Json]) -> Pinned:
    """What `Pinned.to_json` wrote. Raises RuleError."""
    told = _Told.model_validate(plain)
    content = {name: part for name, part in plain.items() if name in RulesetBundle.model_fields}
    return pin(key, told.version, told.hash, told.bundle_hash, content)


FindRuleset: TypeAlias = Callable[[str], Pinned | None]
"""The live version of a ruleset, by its key."""


def no_ruleset(_key: str) -> None:
    """Where no ruleset is known."""


@dataclass(frozen=True)
class CalledJourney:
    """One version of a journey that another calls: its number, the hash of its document, that of its bundle."""

    version: int
    hash: str
    bundle_hash: str

    def to_json(self) -> dict[str, Json]:
        """It as a caller's bundle holds it: the bundle itself stands under its hash."""
        return {"version": self.version, "hash": self.hash, "bundle_hash": self.bundle_hash}


FindJourney: TypeAlias = Callable[[str], CalledJourney | None]
"""The live version of a journey, by its key."""


def no_journey(_key: str) -> None:
    """Where no journey is known."""


@dataclass(frozen=True)
class Rulebook:
    """The rulesets that may be asked, the conditions that may be named, as `<ruleset>/<name>`, and the journeys that
    may be called.
    """

    find: FindRuleset = no_ruleset
    conditions: Conditions = field(default_factory=dict)
    journeys: FindJourney = no_journey


NO_RULES = Rulebook()


def saved_fields(table: Table) -> Fields:
    """What `save` of a `decide` node gives, by path below its name: the outputs, or the list of them, and why."""
    words = Declaration(type="list", of=Declaration(type="text"))
    why = {"reason": Declaration(type="enum", values=[*_REASONS]), "rows": words, "missing": words}
    outputs = {each.key: declared(each) for each in table.outputs}
    match table.document.gives:
        case "list":
            return {**why, "outcome": Declaration(type="list", of=outputs or Declaration(type="text"))}
        case "count":
            return {**why, COUNT.key: declared(COUNT)}
        case _:
            return {**why, **outputs}


def declared(output: Output) -> Declaration:
    """An output as a field."""
    values, is_share = output.type.values, output.kind == "share"
    return Declaration(
        type=output.type.name,
        optional=output.optional,
        values=[*values] if values is not None else None,
        currency=output.type.currency,
        min=0 if is_share else None,
        max=WHOLE_SHARE if is_share else None,
    )


_REASONS = ("matched", "otherwise", "uncertain", "error")


class _Told(BaseModel):
    version: int
    hash: str
    bundle_hash: str


_TABLES: Kept[Table] = Kept(MOST)
"""By the hash of their bundle."""
