"""Overlaps: two rows of a `unique` table that both match, or of an `any` table that give different outputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from operator import or_

from rules.operators.named import named_in
from rules.proofs import messages
from rules.proofs.boxes import box_json, box_words
from rules.proofs.budget import NotSettledError
from rules.proofs.claims import Differ
from rules.proofs.examples import Example
from rules.proofs.findings import MOST, Finding
from rules.proofs.proving import Proving
from rules.proofs.space import Axis, Box, Case, bits
from rules.tables.table import Given


def overlaps(proving: Proving) -> Iterator[Finding]:
    """A finding for each pair, the first ones in full; a last one says how many more there are."""
    found, more, doubtful = 0, 0, list[Case]()
    is_any = proving.space.tables[0].document.hit == "any"
    for one, others in enumerate(_meetings(proving)):
        for other in bits(others):
            pair = proving.space.rows[one], proving.space.rows[other]
            if found >= MOST:
                more += not (pair[0].claims or pair[1].claims) and not (is_any and _alike(*pair))
                continue
            try:
                finding = _overlap(proving, one, other)
            except NotSettledError:
                doubtful += pair
                continue
            if finding is not None:
                found += 1
                yield finding
    if more:
        yield messages.more("overlap", more, "error")
    if doubtful:
        yield messages.not_proved("overlap", "/rows", [row.line.id for row in doubtful])


def _meetings(proving: Proving) -> Iterator[int]:
    """For each row the mask of the later ones whose cells meet its own."""
    space = proving.space
    reaches = [_reach(axis, len(space.rows)) for axis in space.axes]
    for number in range(len(space.rows)):
        proving.budget.spend()
        later = space.every & ~((2 << number) - 1)
        for reach in reaches:
            later &= reach[number]
        yield later


def _reach(axis: Axis, rows: int) -> list[int]:
    """Of each row, the rows whose cells have a slot in common with its cell."""
    free = reduce(lambda left, slot: left & slot.holds, axis.slots, (1 << rows) - 1)
    everywhere = reduce(or_, (slot.holds for slot in axis.slots), 0)
    found = [everywhere if free >> row & 1 else 0 for row in range(rows)]
    for slot in axis.slots:
        for row in bits(slot.holds & ~free):
            found[row] |= slot.holds
    return found


def _overlap(proving: Proving, one: int, other: int) -> Finding | None:
    """The finding about two rows whose cells meet. Raises NotSettledError."""
    space = proving.space
    pair = space.rows[one], space.rows[other]
    box = [tuple(sorted({*a} & {*b})) for a, b in zip(space.boxes[one], space.boxes[other], strict=True)]
    hit = space.tables[0].document.hit
    if hit == "any" and _alike(*pair):
        return None
    example = _example(proving, box, pair, hit)
    if example is None:
        return None
    _confirm(example, pair)
    words = box_words(space, box)
    ids = pair[0].line.id, pair[1].line.id
    return Finding(
        code="overlap",
        severity="error",
        pointer=pair[1].line.pointer,
        message=messages.overlap(words, ids, hit, conditional=bool(pair[0].claims or pair[1].claims)),
        rows=ids,
        box=box_json(space, box),
        example=example.to_json(),
    )


def _example(proving: Proving, box: Box, pair: Sequence[Case], hit: str) -> Example | None:
    if hit == "unique" or not _is_computed(pair):
        return proving.example(box, pair)
    outputs = proving.space.tables[0].outputs
    given = zip(pair[0].line.then, pair[1].line.then, outputs, strict=True)
    differences = [Differ(one, other, output.type) for one, other, output in given if not same(one, other)]
    for difference in differences:
        found = proving.example(box, pair, [difference])
        if found is not None:
            return found
    return None


def _confirm(example: Example, pair: Sequence[Case]) -> None:
    """Raises NotSettledError unless the decision goes wrong as the proof says."""
    decision = example.decide(pair[0].table)
    if decision.reason != "error" or not {row.line.id for row in pair} <= set(decision.rows):
        raise NotSettledError


def _alike(one: Case, other: Case) -> bool:
    """Whether two rows give the same for all facts."""
    return all(same(a, b) for a, b in zip(one.line.then, other.line.then, strict=True))


def same(one: Given, other: Given) -> bool:
    """Whether two rows say the same of an output, in words that mean the same."""
    if one.rule is None or other.rule is None:
        return one.rule is other.rule and one.literal == other.literal
    trees = (one.rule.tree, other.rule.tree)
    return trees[0].source == trees[1].source and named_in(trees[:1]) == named_in(trees[1:])


def _is_computed(rows: Sequence[Case]) -> bool:
    return any(given.rule is not None for row in rows for given in row.line.then)
