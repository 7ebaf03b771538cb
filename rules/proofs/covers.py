"""Gaps, rows that are hidden by those above them, and rows that can never match."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import reduce
from operator import and_, or_

from rules.messages import Message
from rules.proofs import messages
from rules.proofs.boxes import box_json, box_words, field_title
from rules.proofs.budget import NotSettledError
from rules.proofs.claims import Claim
from rules.proofs.examples import Example, example_in, lacking
from rules.proofs.findings import MOST, Finding, Severity
from rules.proofs.proving import Proving
from rules.proofs.space import Box, Case, Space, bits
from rules.proofs.walk import Walk
from rules.tables.cells import ValueSet

_TRIES = 200
"""Boxes that are looked at for one question, where conditions of rows may cover them."""


class Impossible:
    """The rows that no facts make true: `numbers` of those that were found."""

    def __init__(self, proving: Proving) -> None:
        self.proving = proving
        self.numbers: set[int] = set()

    def findings(self) -> Iterator[Finding]:
        """A finding for each."""
        doubtful = []
        for number, case in enumerate(self.proving.space.rows):
            try:
                message = self._why(number, case)
            except NotSettledError:
                doubtful.append(case.line.id)
                continue
            if message is not None:
                self.numbers.add(number)
                yield Finding("impossible-row", "warning", case.line.pointer, message, (case.line.id,))
        if doubtful:
            yield messages.not_proved("impossible-row", "/rows", doubtful)

    def _why(self, number: int, case: Case) -> Message | None:
        box = self.proving.space.boxes[number]
        for axis, chosen in zip(self.proving.space.axes, box, strict=True):
            if not chosen:
                return messages.impossible_row(case.line.id, field_title(axis.field, axis.declaration))
        return None if self.proving.is_possible(box, [case]) else messages.impossible_row(case.line.id, None)


def unmatched(proving: Proving) -> Iterator[tuple[Box, Sequence[int], Example]]:
    """Boxes with facts for which no row matches, and the rows whose conditions must not hold there.

    Raises NotSettledError.
    """
    space = proving.space
    walk = Walk(space, proving.budget)
    region = [tuple(range(len(axis.slots))) for axis in space.axes]
    rows = space.every & ~space.free
    for _ in range(_TRIES):
        box = walk.uncovered(region, rows)
        if box is None:
            return
        rows |= walk.fill(box)
        besides = _open_rows(space, box, space.free)
        example = _unmatched(proving, box, besides)
        if example is not None:
            yield box, besides, example
    raise NotSettledError


def gaps(proving: Proving) -> Iterator[Finding]:
    """The boxes in which no row matches."""
    severity: Severity = "error" if proving.space.tables[0].document.complete else "warning"
    try:
        for told, (box, besides, example) in enumerate(unmatched(proving)):
            if told == MOST:
                yield messages.finding("gap", severity, "/rows", messages.MORE_GAPS)
                return
            yield _gap(proving, box, besides, example)
    except NotSettledError:
        yield messages.not_proved("gap", "/rows")


def _gap(proving: Proving, box: Box, besides: Sequence[int], example: Example) -> Finding:
    """The finding about a box. Raises NotSettledError unless the decision confirms it."""
    space = proving.space
    document = space.tables[0].document
    decision = example.decide(space.tables[0])
    if decision.rows or decision.undecided or decision.reason not in {"otherwise", "error"}:
        raise NotSettledError
    ids = [space.rows[number].line.id for number in besides]
    words, otherwise = box_words(space, box), document.otherwise is not None
    message = messages.gap(words, ids, complete=document.complete, otherwise=otherwise)
    severity: Severity = "error" if document.complete else "warning"
    return Finding("gap", severity, "/rows", message, tuple(ids), box_json(space, box), example.to_json())


def _open_rows(space: Space, box: Box, rows: int) -> list[int]:
    """Those of the rows whose cells are not false in all of a box."""
    left = rows
    for axis, chosen in zip(space.axes, box, strict=True):
        left &= reduce(or_, (axis.slots[s].open for s in chosen), 0)
    return [*bits(left)]


def _unmatched(proving: Proving, box: Box, refused: Sequence[int]) -> Example | None:
    """Facts in a box where none of the rows is true. Raises NotSettledError."""
    claims, fields = _all_refused(proving, refused, box)
    if not claims:
        return example_in(proving.space, box)
    found = proving.find([*proving.within(box, fields), *claims])
    return example_in(proving.space, box, found) if found is not None else None


def _all_refused(proving: Proving, refused: Sequence[int], box: Box) -> tuple[list[Claim], frozenset[str]]:
    """That none of the rows is true in a box, and the fields that this asks about."""
    claims: list[Claim] = []
    fields: frozenset[str] = frozenset()
    for number in refused:
        more, read = proving.refused(proving.space.rows[number], number, box)
        claims += more
        fields |= read
    return claims, fields


def hidden_rows(proving: Proving, impossible: Collection[int]) -> Iterator[Finding]:
    """Rows of a table whose first match counts that are never reached, with the rows that hide them."""
    hidden = _Hidden(proving)
    doubtful = []
    for number, case in enumerate(proving.space.rows):
        if number in impossible:
            continue
        try:
            by = hidden.by(number)
            found = [hidden.finding(number, by)] if by and not hidden.is_skipped_to(number, by) else []
        except NotSettledError:
            doubtful.append(case.line.id)
            continue
        yield from found
    if doubtful:
        yield messages.not_proved("hidden-row", "/rows", doubtful)


class _Hidden:
    """Finds the rows that hide a row."""

    def __init__(self, proving: Proving) -> None:
        self.proving = proving
        self.space = proving.space

    def by(self, number: int) -> list[int]:
        """The rows that hide a row; none when it can be reached. Raises NotSettledError."""
        region = self.space.boxes[number]
        above = (1 << number) - 1
        unsure = above & self.space.free
        sure = sum(1 << other for other in _open_rows(self.space, region, above & ~self.space.free))
        slots = (axis.slots[s] for axis, chosen in zip(self.space.axes, region, strict=True) for s in chosen)
        whole = reduce(and_, (slot.holds for slot in slots), sure)
        if whole:
            return [next(bits(whole))]
        walk = Walk(self.space, self.proving.budget)
        rows = sure
        for _ in range(_TRIES):
            box = walk.uncovered(region, rows)
            if box is None:
                return self._fewest(region, sure, unsure, by_all=rows == sure)
            if self._is_reached(number, box, unsure):
                return []
            rows |= walk.fill(box)
        raise NotSettledError

    def is_skipped_to(self, number: int, by: Sequence[int]) -> bool:
        """Whether missing facts have the rows that hide a row skipped, so that it decides after all.

        Raises NotSettledError where they could, and no facts were found for which they do.
        """
        case = self.space.rows[number]
        if case.table.document.on_unknown != "skip" or not self._may_lack(case, by):
            return False
        example = self.proving.example(self.space.boxes[number], [case])
        tried = lacking(example, self.space) if example is not None else ()
        decisions = (each.decide(case.table) for _, each in tried)
        if any(each.rows == (case.line.id,) and case.line.id not in each.undecided for each in decisions):
            return True
        raise NotSettledError

    def _may_lack(self, case: Case, by: Sequence[int]) -> bool:
        """Whether one of these rows reads a field that may be missing where the cells of the other row hold."""
        read = frozenset[str]().union(*(_read(self.space.rows[other]) for other in by))
        known = case.table.known
        return any(path in known and known[path].optional for path in read - _named(case))

    def _is_reached(self, number: int, box: Box, unsure: int) -> bool:
        """Whether in a box the row can be true while none of those above is that have conditions."""
        case = self.space.rows[number]
        claims, fields = _all_refused(self.proving, _open_rows(self.space, box, unsure), box)
        return self.proving.is_possible(box, [case], [*self.proving.within(box, fields), *claims])

    def _fewest(self, region: Box, sure: int, unsure: int, *, by_all: bool) -> list[int]:
        """Rows that cover the region, none of which could be left out; with conditions, all that may have a part."""
        if not by_all:
            return [*bits(sure), *_open_rows(self.space, region, unsure)]
        left = sure
        for row in sorted(bits(sure), reverse=True):
            self.proving.budget.spend()
            without = left & ~(1 << row)
            if Walk(self.space, self.proving.budget).uncovered(region, without) is None:
                left = without
        return [*bits(left)]

    def finding(self, number: int, by: Sequence[int]) -> Finding:
        """The finding about a hidden row."""
        case = self.space.rows[number]
        box = self.space.boxes[number]
        ids = [self.space.rows[other].line.id for other in sorted(by)]
        example = self.proving.example(box, [case])
        shown = (
            example.to_json() if example is not None and example.decide(case.table).rows != (case.line.id,) else None
        )
        message = messages.hidden_row(case.line.id, ids)
        rows = (case.line.id, *ids)
        return Finding("hidden-row", "warning", case.line.pointer, message, rows, box_json(self.space, box), shown)


def _named(case: Case) -> frozenset[str]:
    """The fields of which the cells of a row name values: they are there when it is true."""
    cells = zip(case.table.columns, case.line.cells, strict=True)
    return frozenset(column.field for column, cell in cells if isinstance(cell, ValueSet))


def _read(case: Case) -> frozenset[str]:
    """The fields that the cells and conditions of a row read."""
    return _named(case).union(*(condition.rule.fields for condition in case.line.conditions))
