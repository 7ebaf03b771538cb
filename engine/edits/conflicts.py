"""Whether a command still means what its author meant, when others have changed the draft meanwhile.

The author saw one document, others made another of it. The command is carried out on theirs, unless it would change a
place that they left with another value, or would no longer do there what it would have done: then nothing is done.

What others changed and the author did not stands in any case. A command that writes a whole object or list writes back
what its author saw in it, too: there the two changes are merged. What cannot be merged is not done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.edits.places import Place, alike, kept_at, merged, overlap, shown, touched, value_at
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


def settled(seen: Document, current: Document, carry: Carry, others: Sequence[Meanwhile]) -> Document | Clash:
    """The document after a command on `current` whose author saw `seen`, or what stands against it.

    `others`: what others did since, latest first. Raises CommandError.
    """
    if not others:
        return carry(current)
    meant = _meant(seen, carry)
    met = _in_the_way(seen, meant, current, others) or _astray(seen, meant, current, carry, others)
    if met is not None:
        return _clash(met, seen, meant, current)
    after = carry(current)
    undone = list(_undone(seen, meant, current, after, others))
    if not undone:
        return after
    both = rebased(seen, meant, current)
    writes_back = all(alike(value_at(after, place), value_at(seen, place)) for place, _ in undone)
    lost = undone[0] if not writes_back else next(_undone(seen, meant, current, both, others), None)
    return both if lost is None else _clash(lost, seen, meant, current)


def rebased(seen: Document, mine: Document, current: Document) -> Document:
    """A document that was written as a whole, on what others made of the one that its author saw."""
    result = merged(seen, mine, current)
    return result if isinstance(result, dict) else mine


Found = tuple[Place, Meanwhile]


def _meant(seen: Document, carry: Carry) -> Document:
    """What the author would have made of what they saw: nothing, where the command did not fit it."""
    try:
        return carry(seen)
    except CommandError:
        return seen


def _clash(found: Found, seen: Document, meant: Document, current: Document) -> Clash:
    place, other = found
    values = (value_at(document, place) for document in (seen, current, meant))
    before, theirs, mine = (None if isinstance(value, Absent) else value for value in values)
    return Clash(other.revision, other.by, other.at, other.command, shown(place, current), before, theirs, mine)


def _undone(
    seen: Document, meant: Document, current: Document, after: Document, others: Sequence[Meanwhile]
) -> Iterator[Found]:
    """The places that others changed and the author did not, and that would not be as the others left them."""
    mine = list(touched(seen, meant))
    for other in others:
        for place in touched(other.before, other.after):
            changed = not alike(value_at(seen, place), value_at(current, place))
            if changed and not kept_at(place, current, after) and not any(overlap(place, each) for each in mine):
                yield place, other


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
    if not mine:
        return None
    try:
        done = set(touched(current, carry(current)))
    except CommandError:
        return mine[0], others[0]
    astray = (place for place in _unlike(mine, meant, current) if not any(overlap(place, each) for each in done))
    place = next(astray, None)
    return (place, others[0]) if place is not None else None


def _unlike(places: Sequence[Place] | Iterator[Place], meant: Document, current: Document) -> Iterator[Place]:
    """Those at which there is still something to do."""
    return (place for place in places if not alike(value_at(meant, place), value_at(current, place)))
