"""What an edit changes: the boxes in which a table and the one before it give different outcomes."""

from __future__ import annotations

import json
import operator
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from difflib import SequenceMatcher
from zoneinfo import ZoneInfo

from rules.compile import Rule
from rules.operators.named import named_in
from rules.proofs import messages
from rules.proofs.boxes import box_words, lacking_json, lacking_words
from rules.proofs.budget import Budget, NotSettledError
from rules.proofs.claims import Prover
from rules.proofs.examples import Example, example_in, is_broken, lacking
from rules.proofs.findings import MOST, Finding
from rules.proofs.outcomes import outcome_words
from rules.proofs.proving import Proving, UndecidedError
from rules.proofs.sides import Side, differences
from rules.proofs.space import Box, space_of
from rules.proofs.walk import Leaf, Walk
from rules.tables.decide import Decision
from rules.tables.table import Given, Table
from rules.types import Json


def changes(
    before: Table, after: Table, *, zone: ZoneInfo, now: datetime, prover: Prover | None, budget: Budget
) -> Iterator[Finding]:
    """A finding for each set of rows that decides otherwise than before, with the box of its cases."""
    told = 0
    try:
        search = _Changes(before, after, Proving(space_of((before, after), zone, now), prover, budget))
        for finding in search.findings():
            told += 1
            if told > MOST:
                yield messages.finding("changed", "warning", "/rows", messages.MORE_CHANGES)
                return
            yield finding
    except NotSettledError:
        yield messages.not_proved("changed", "/rows")
        return
    if search.doubtful:
        yield messages.not_proved("changed", "/rows")


def may_differ(before: Table, after: Table) -> bool:
    """Whether two tables can give different outcomes at all; not when they say the same, named conditions included."""
    contents = ([_content(table, i) for i in range(len(table.rows))] for table in (before, after))
    return _frame(before) != _frame(after) or operator.ne(*contents)


class _Changes:
    """Walks through the sets of rows of both tables that match together."""

    def __init__(self, before: Table, after: Table, proving: Proving) -> None:
        self.before = before
        self.after = after
        self.proving = proving
        self.space = proving.space
        self.old = (1 << len(before.rows)) - 1
        self.walk = Walk(self.space, proving.budget)
        self.touched = self._touched()
        self.alike = _frame(before) == _frame(after)
        self.told: dict[str, list[Box]] = {}
        self.doubtful = False

    def _touched(self) -> int:
        """The rows of either table that have no like in the other, in the same order."""
        old, new = ([_content(table, i) for i in range(len(table.rows))] for table in (self.before, self.after))
        kept = 0
        for block in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks():
            kept |= ((1 << block.size) - 1) << block.a
            kept |= ((1 << block.size) - 1) << (block.b + len(old))
        return self.space.every & ~kept

    def _is_same(self, left: tuple[int, ...]) -> bool:
        """Whether only rows are left that stand in both tables, so that both give the same."""
        return self.alike and not left[0] & self.touched

    def findings(self) -> Iterator[Finding]:
        """The differences that the decisions confirm, each box once; at last those that are so without some facts."""
        lacks: dict[str, Finding] = {}
        for leaf in self.walk.leaves((self.space.every,), self._is_same):
            for gone, example in lacking(example_in(self.space, leaf.box), self.space):
                decided = self._decided(example)
                if self._differ(*decided) and _key(decided) not in lacks:
                    lacks[_key(decided)] = self._finding(leaf, example, decided, gone)
            try:
                yield from self._found(leaf)
            except NotSettledError:
                self.doubtful = True
            except UndecidedError:
                continue
        yield from lacks.values()

    def _found(self, leaf: Leaf) -> Iterator[Finding]:
        """What differs with the rows of a leaf and was not told of a box around it."""
        for example in self._examples(leaf):
            decided = self._decided(example)
            if self._differ(*decided):
                told = self.told.setdefault(_key(decided), [])
                if not any(_is_inside(leaf.box, box) for box in told):
                    told.append(self._wide(leaf))
                    yield self._finding(leaf, example, decided)
            elif not any(map(is_broken, decided)):
                self.doubtful |= self._was_feared(leaf)

    def _decided(self, example: Example) -> tuple[Decision, Decision]:
        return example.decide(self.before), example.decide(self.after)

    def _differ(self, before: Decision, after: Decision) -> bool:
        """Whether the outcomes differ; rows that contradict each other are told by other findings."""
        return before.outcome != after.outcome and not is_broken(before) and not is_broken(after)

    def _examples(self, leaf: Leaf) -> Iterator[Example]:
        one, other = self._sides(leaf)
        denied = self.proving.denied(leaf.doubt)
        if not denied and one.is_plain and other.is_plain:
            yield example_in(self.space, leaf.box)
            return
        outputs = range(min(len(self.before.outputs), len(self.after.outputs)))
        for claims in differences(one, other, outputs):
            found = self.proving.find([*self.proving.within(leaf.box, self.space.asked), *claims, *denied])
            if found is not None:
                yield example_in(self.space, leaf.box, found)

    def _sides(self, leaf: Leaf) -> tuple[Side, Side]:
        matching = leaf.masks[0]
        return Side(self.space, self.before, matching & self.old), Side(self.space, self.after, matching & ~self.old)

    def _was_feared(self, leaf: Leaf) -> bool:
        """Whether facts were asked for that give different outcomes; sets of rows may well give the same."""
        return self.after.document.gives == "one" and not all(side.is_plain for side in self._sides(leaf))

    def _wide(self, leaf: Leaf) -> Box:
        return self.walk.around(leaf.box, [(self.space.every, leaf.masks[0])])

    def _finding(
        self, leaf: Leaf, example: Example, decided: tuple[Decision, Decision], gone: Sequence[str] = ()
    ) -> Finding:
        wide, (before, after) = self._wide(leaf), decided
        rows = tuple(dict.fromkeys([*after.rows, *before.rows]))
        pointers = {line.id: line.pointer for line in self.after.rows}
        words = lacking_words(self.space, wide, gone) if gone else box_words(self.space, wide)
        message = messages.changed(
            words,
            (outcome_words(before.outcome, self.before.document.outputs), before.rows),
            (outcome_words(after.outcome, self.after.document.outputs), after.rows),
        )
        pointer = next((pointers[row] for row in after.rows if row in pointers), "/rows")
        box = lacking_json(self.space, wide, gone)
        return Finding("changed", "warning", pointer, message, rows, box, example.to_json())


def _key(decided: tuple[Decision, Decision]) -> str:
    before, after = decided
    return json.dumps([before.outcome, [*before.rows], after.outcome, [*after.rows]], sort_keys=True)


def _is_inside(box: Box, wide: Box) -> bool:
    return all(set(chosen) <= set(around) for chosen, around in zip(box, wide, strict=True))


def _content(table: Table, number: int) -> str:
    """All of a row that a decision depends on; named conditions as they are."""
    row, line = table.document.rows[number], table.rows[number]
    when = {column.field: cell for column, cell in zip(table.columns, row.when, strict=False) if cell is not None}
    named = _named(line.then, [condition.rule for condition in line.conditions])
    window = row.valid.model_dump() if row.valid else None
    return json.dumps([when, row.condition, window, row.then, named], sort_keys=True)


def _frame(table: Table) -> Json:
    """What a decision depends on beside the rows."""
    kept = {"hit", "aggregate", "total", "otherwise", "on_unknown", "time_zone", "outputs", "fields"}
    found: Json = table.document.model_dump(mode="json", include=kept)
    return [found, *(_named(given) for given in table.otherwise or ())]


def _named(given: Iterable[Given], conditions: Iterable[Rule] = ()) -> dict[str, Json]:
    """The named conditions behind what is given, and in some conditions, as they are."""
    rules = [*conditions, *(each.rule for each in given if each.rule is not None)]
    return named_in(rule.tree for rule in rules)
