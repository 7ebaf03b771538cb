"""Whether a command still means what its author meant, when others have changed the draft meanwhile.

The author saw one document, others made another of it. The command is carried out on theirs, unless it would change a
place that they left with another value, or would no longer do there what it would have done: then nothing is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.edits.places import Place, alike, merged, overlap, shown, touched, value_at
from rules.documents.commands import CommandError
from rules.documents.pointers import Absent
from rules.types import Json

Document = dict[str, Json]
Carry = Callable[[Document], Document]
"""Carries a command out on a document. Raises CommandError."""


@dataclass(frozen=True)
class Meanwhile:
    """One change by somebody else since the author looked: who, when, which, and the documents around it."""

    revision: int
    by: str
    at: datetime
    command: Json
    before: Document
    after: Document


@dataclass(frozen=True)
class Clash:
    """Where two authors met: the other's change, and the values at the place. A value that is not there is None."""

    revision: int
    by: str
    at: datetime
    command: Json
    pointer: str
    before: Json
    theirs: Json
    mine: Json


def clash(seen: Document, current: Document, carry: Carry, others: Sequence[Meanwhile]) -> Clash | None:
    """What stands against carrying a command out on `current`, whose author saw `seen`. `others`: latest first."""
    try:
        meant = carry(seen)
    except CommandError:
        return None
    found = _in_the_way(seen, meant, current, others)
    if found is None:
        found = _astray(seen, meant, current, carry, others)
    if found is None:
        return None
    place, other = found
    values = (value_at(document, place) for document in (seen, current, meant))
    before, theirs, mine = (None if isinstance(value, Absent) else value for value in values)
    pointer = shown(place, current)
    return Clash(other.revision, other.by, other.at, other.command, pointer, before, theirs, mine)


def rebased(seen: Document, mine: Document, current: Document) -> Document:
    """A document that was written as a whole, on what others made of the one that its author saw."""
    result = merged(seen, mine, current)
    return result if isinstance(result, dict) else mine


Found = tuple[Place, Meanwhile]


def _in_the_way(seen: Document, meant: Document, current: Document, others: Sequence[Meanwhile]) -> Found | None:
    """A place that both changed, and differently."""
    theirs = [(other, list(touched(other.before, other.after))) for other in others]
    for place in _unlike(touched(seen, meant), meant, current):
        for other, places in theirs:
            met = (min(place, each, key=len) for each in places if overlap(place, each))
            if any(not alike(value_at(seen, each), value_at(current, each)) for each in met):
                return place, other
    return None


def _astray(
    seen: Document, meant: Document, current: Document, carry: Carry, others: Sequence[Meanwhile]
) -> Found | None:
    """A place that the command would have changed, and would not now: what it names by a position moved, or is gone."""
    mine = list(touched(seen, meant))
    try:
        done = set(touched(current, carry(current)))
    except CommandError:
        return (mine[0] if mine else (), others[0]) if others else None
    astray = (place for place in _unlike(mine, meant, current) if not any(overlap(place, each) for each in done))
    place = next(astray, None)
    return (place, others[0]) if place is not None and others else None


def _unlike(places: Sequence[Place] | Iterator[Place], meant: Document, current: Document) -> Iterator[Place]:
    """Those at which there is still something to do."""
    return (place for place in places if not alike(value_at(meant, place), value_at(current, place)))
