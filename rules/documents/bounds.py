"""The bounds that hold for any document before its format is looked at: size, depth, numbers and texts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from rules import messages
from rules.limits import check_json, is_storable
from rules.pointers import keys_of
from rules.types import Json, Problem

MAX_BODY = 64 * 1024 * 1024
"""Nothing larger comes in by any door; a document above its own bound is still read, so that its other faults show."""

DEPTH = 68
_TOO_DEEP = 100
_LARGEST = 2**53


@dataclass
class Mended:
    """What was found wrong with a document so far, and the places that hold no longer what its author wrote.

    Questions cost the same however many places there are: a long table may be wrong in every row.
    """

    problems: list[Problem] = field(default_factory=list)
    mended: set[str] = field(default_factory=set)
    _around: set[str] = field(default_factory=set, repr=False)

    def mend(self, pointer: str) -> None:
        """Note that the value at the pointer is a stand-in, or was left out."""
        self.mended.add(pointer)
        self._around.update(_above(pointer))

    def is_mended(self, pointer: str) -> bool:
        """Whether the value at the pointer, or one that holds it, is a stand-in or was left out."""
        return pointer in self.mended or any(place in self.mended for place in _above(pointer))

    def has_mended(self, pointer: str) -> bool:
        """Whether something at, above or below the pointer was mended."""
        return pointer in self._around or self.is_mended(pointer)


def _above(pointer: str) -> Iterator[str]:
    """The places that hold a place, the document itself last."""
    while pointer:
        pointer = pointer.rpartition("/")[0]
        yield pointer


def within_bounds(document: Json, mended: Mended, *, max_bytes: int) -> Json:
    """A copy of the document without what breaks the bounds; each breach is a problem."""
    cut_short = (messages.too_deep(), messages.too_large(max_bytes), messages.too_large(MAX_BODY))
    document = _copy(document, _TOO_DEEP)
    problems = check_json(document, max_bytes=max_bytes)
    if any(problem.message in cut_short for problem in problems):
        document = _copy(document, DEPTH)
        known = {problem.pointer for problem in problems}
        later = check_json(document, max_bytes=MAX_BODY)
        problems += [problem for problem in later if problem.pointer not in known]
    for problem in problems:
        mended.problems.append(problem)
        if problem.message not in cut_short:
            document = _without(document, problem.pointer)
        if problem.pointer:
            mended.mend(problem.pointer)
    return document


def _copy(value: Json, depth: int) -> Json:
    """A copy, `depth` levels deep, in which whole numbers are integers, as canonical JSON writes them."""
    match value:
        case dict() | list() if depth <= 0:
            return None
        case dict():
            return {key: _copy(item, depth - 1) for key, item in value.items()}
        case list():
            return [_copy(item, depth - 1) for item in value]
        case float() if abs(value) <= _LARGEST and value.is_integer():
            return int(value)
        case _:
            return value


def _without(document: Json, pointer: str) -> Json:
    """The document with null at the pointer; an object there loses only the keys that cannot be kept."""
    steps = keys_of(pointer)
    if not steps:
        return _mended(document)
    holder = document
    for step in steps[:-1]:
        holder = _child(holder, step)
    last = steps[-1]
    if isinstance(holder, dict) and last in holder:
        holder[last] = _mended(holder[last])
    elif isinstance(holder, list) and last.isdigit():
        holder[int(last)] = _mended(holder[int(last)])
    return document


def _child(holder: Json, step: str) -> Json:
    if isinstance(holder, dict):
        return holder.get(step)
    return holder[int(step)] if isinstance(holder, list) and step.isdigit() else None


def _mended(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: item for key, item in value.items() if is_storable(key)}
    return None
