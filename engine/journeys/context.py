"""What a document is checked against."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from engine.journeys.catalogue import Catalogue, EventTypes
from engine.journeys.rulebook import FindJourney, FindRuleset, Rulebook, no_journey, no_ruleset
from rules.proofs.budget import SECONDS
from rules.proofs.claims import Prover
from rules.types import Conditions, Fields, Json

Door: TypeAlias = tuple[Literal["journey", "event"], str]
"""What lets a member into a journey from within another: a journey by its key, or an event by its type."""


@dataclass(frozen=True)
class LiveJourney:
    """Another journey that is live: its key and its event entries as (event type, condition or None).

    `audiences` are what its other entries choose by: a condition, or a date with its offset. `begins` are the doors
    that whoever enters it goes through at once as well, and may again and again.
    """

    key: str
    entries: tuple[tuple[str, Json], ...]
    audiences: tuple[Json, ...] = ()
    begins: tuple[Door, ...] = ()

    def is_behind(self, door: Door) -> bool:
        """Whether a door surely leads in: the journey's own name, or an event that it takes whatever else is so."""
        kind, name = door
        return name == self.key if kind == "journey" else (name, None) in self.entries


@dataclass(frozen=True)
class Proofs:
    """That documents are proved, each in so many seconds. Without a `prover` what needs one is told as not proved."""

    prover: Prover | None = None
    seconds: float = SECONDS


@dataclass(frozen=True)
class CheckContext:
    """What exists around the document.

    `declared` names, for each field of headquarters' own, the key of the definition that declares it; `derivations`
    tell how each derived one is derived, and `readers(path)` the live definitions that read a field.
    `references(kind, key)` tells whether a thing exists and is not retired; without it references are not judged.
    `named(kind)` are the keys of what exists of a kind, the first 2,000: what mends propose.
    Without `live` overlaps are not judged, without `now` nothing that depends on the day, without `proofs` no proof is
    tried. `conditions` are the named ones of published rulesets, as `<ruleset>/<name>`; `rulesets` finds the live one
    of a key, and where it finds none no change is told; `journeys` the live version of a journey.
    """

    catalogue: Catalogue = field(default_factory=dict)
    fields: Fields = field(default_factory=dict)
    events: EventTypes = field(default_factory=dict)
    declared: Mapping[str, str] = field(default_factory=dict)
    derivations: Mapping[str, Json] = field(default_factory=dict)
    readers: Callable[[str], Sequence[str]] | None = None
    references: Callable[[str, str], bool] | None = None
    named: Callable[[str], Sequence[str]] | None = None
    live: Sequence[LiveJourney] | None = None
    now: datetime | None = None
    conditions: Conditions = field(default_factory=dict)
    proofs: Proofs | None = None
    rulesets: FindRuleset = no_ruleset
    journeys: FindJourney = no_journey

    @property
    def rulebook(self) -> Rulebook:
        """What the document may use of published rulesets."""
        return Rulebook(self.rulesets, self.conditions, self.journeys)
