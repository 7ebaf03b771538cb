"""Totals that a `collect` promises, and that do not come out in some case."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rules.moment import Moment
from rules.proofs import messages
from rules.proofs.boxes import box_json, box_words
from rules.proofs.budget import NotSettledError
from rules.proofs.claims import AllOf, BrokenTotal
from rules.proofs.covers import unmatched
from rules.proofs.examples import Example, example_in
from rules.proofs.findings import MOST, Finding
from rules.proofs.outcomes import output_words
from rules.proofs.proving import Proving, UndecidedError
from rules.proofs.space import Box, bits
from rules.proofs.walk import Leaf, Walk
from rules.tables.document import Total
from rules.tables.matching import give
from rules.tables.table import Given
from rules.types import Json


def totals(proving: Proving) -> Iterator[Finding]:
    """The cases in which rows match and what they give does not sum to the total: one for each set of rows."""
    total = proving.space.tables[0].document.total
    if total is None:
        return
    search = _Totals(proving, total)
    told = 0
    doubtful = False
    try:
        for finding in search.findings():
            if finding is None:
                doubtful = True
                continue
            told += 1
            if told > MOST:
                yield messages.finding("share-total", "error", "/total", messages.MORE_TOTALS)
                return
            yield finding
    except NotSettledError:
        doubtful = True
    if doubtful:
        yield messages.not_proved("share-total", "/total")


class _Totals:
    """Walks through the sets of rows that match together and adds up what they give."""

    def __init__(self, proving: Proving, total: Total) -> None:
        self.proving = proving
        self.space = proving.space
        self.total = total
        self.output = next(i for i, each in enumerate(self.space.tables[0].outputs) if each.key == total.of)
        self.walk = Walk(self.space, proving.budget)

    def findings(self) -> Iterator[Finding | None]:
        """One finding for each set of rows; None where a question was left open."""
        if self._otherwise_breaks():
            for box, _, case in unmatched(self.proving):
                yield self._finding(box, case)
                break
        told: set[tuple[str, ...]] = set()
        for leaf in self.walk.leaves((self.space.every,), lambda left: not left[0]):
            try:
                example = self._broken(leaf)
                if example is not None:
                    wide = self.walk.around(leaf.box, [(self.space.every, leaf.masks[0])])
                    finding = self._finding(wide, example)
                    if finding.rows not in told:
                        told.add(finding.rows)
                        yield finding
            except NotSettledError:
                yield None
            except UndecidedError:
                continue

    def _otherwise_breaks(self) -> bool:
        """Whether what is given where no row matches breaks the total, as far as it is written out."""
        given = self.space.tables[0].otherwise
        return given is not None and self._breaks([each[self.output] for each in given if each])

    def _broken(self, leaf: Leaf) -> Example | None:
        """Facts where the rows that match, of those that are left, break the total."""
        rows = [self.space.rows[number] for number in bits(leaf.masks[0])]
        given = [row.line.then[self.output] for row in rows]
        denied = self.proving.denied(leaf.doubt)
        if not denied and not any(row.claims for row in rows) and all(each.rule is None for each in given):
            return example_in(self.space, leaf.box) if rows and self._breaks(given) else None
        parts = tuple((AllOf(row.claims), each) for row, each in zip(rows, given, strict=True))
        broken = BrokenTotal(parts, self.total.exact, self.total.most)
        decided = [row.is_decided for row in rows if row.claims]
        found = self.proving.find([*self.proving.within(leaf.box, self.space.asked), broken, *denied, *decided])
        return example_in(self.space, leaf.box, found) if found is not None else None

    def _breaks(self, given: Sequence[Given]) -> bool:
        found = sum(amount(each.literal) for each in given)
        return found != self.total.exact if self.total.exact is not None else found > self.total.whole

    def _finding(self, box: Box, example: Example) -> Finding:
        """Raises NotSettledError unless the decision breaks the total, too."""
        decision = example.decide(self.space.tables[0])
        if decision.reason != "error" or decision.undecided:
            raise NotSettledError
        found = self._sum(decision.rows, example)
        words = box_words(self.space, box)
        table = self.space.tables[0]
        kind, called = table.outputs[self.output].kind, output_words(self.total.of, table.document.outputs)
        message = messages.share_total(words, decision.rows, called, found, self.total, kind)
        return Finding(
            "share-total", "error", "/total", message, decision.rows, box_json(self.space, box), example.to_json()
        )

    def _sum(self, ids: Sequence[str], example: Example) -> int:
        """What these rows give together, or `otherwise` where there are none."""
        table, moment = self.space.tables[0], Moment(example.now, self.space.zone)
        chosen = [line.then for line in table.rows if line.id in ids] if ids else table.otherwise or ()
        given = [give(each, table.outputs, example.facts, moment) for each in chosen]
        return sum(amount(each[self.output]) for each in given if isinstance(each, list))


def amount(value: Json) -> int:
    """The integer of a value that is one, or of money."""
    found = value.get("minor") if isinstance(value, dict) else value
    return found if isinstance(found, int) else 0
