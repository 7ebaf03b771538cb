"""One run of proofs over a space: its budget, its questions to the prover, and what they came to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

from rules.proofs.budget import Budget, NotSettledError
from rules.proofs.claims import AnyOf, Claim, Found, Problem, Prover
from rules.proofs.examples import Example, example_in
from rules.proofs.space import Box, Case, Space, bits


class UndecidedError(Exception):
    """Where these facts are missing nothing is decided, so that nothing can be wrong."""


class Proving:
    """What the searches for findings share. Without a prover, what needs one is not settled."""

    def __init__(self, space: Space, prover: Prover | None, budget: Budget) -> None:
        self.space = space
        self.prover = prover
        self.budget = budget
        self._answers: dict[frozenset[Claim], Found | None] = {}
        self._possible: dict[frozenset[Claim], bool] = {}

    @cached_property
    def _problem(self) -> Problem:
        if self.prover is None:
            raise NotSettledError
        fields = {path: each for table in self.space.tables for path, each in table.known.items()}
        return self.prover.problem(fields, self.space.zone, self.space.now, self.budget)

    def find(self, claims: Iterable[Claim]) -> Found | None:
        """Facts for which all claims hold; None when there are none. Raises NotSettledError."""
        asked = frozenset(claims)
        if asked not in self._answers:
            self._answers[asked] = self._problem.find(tuple(asked))
        return self._answers[asked]

    def is_possible(self, box: Box, rows: Sequence[Case], more: Sequence[Claim] = ()) -> bool:
        """Whether what the rows claim beside their cells can hold in a box, and more. Raises NotSettledError."""
        claims = [*(claim for row in rows for claim in row.claims), *more]
        if not claims:
            return True
        asked = frozenset[str]().union(*(row.asked for row in rows))
        told = frozenset([*self.within(box, asked), *claims])
        if told not in self._possible:
            self._possible[told] = self._problem.is_possible(tuple(told))
        return self._possible[told]

    def example(self, box: Box, rows: Sequence[Case], more: Sequence[Claim] = ()) -> Example | None:
        """Facts in a box where what the rows claim beside their cells holds, and more; None when there are none.

        Raises NotSettledError.
        """
        claims = [claim for row in rows for claim in row.claims]
        if not claims and not more:
            return example_in(self.space, box)
        asked = frozenset[str]().union(*(row.asked for row in rows))
        found = self.find([*self.within(box, asked), *claims, *more])
        return example_in(self.space, box, found) if found is not None else None

    def within(self, box: Box, asked: frozenset[str]) -> list[Claim]:
        """That fields which are asked about lie in the box."""
        told = (axis.claim(chosen) for axis, chosen in zip(self.space.axes, box, strict=True) if axis.field in asked)
        return [claim for claim in told if claim is not None]

    def denied(self, doubt: int) -> list[Claim]:
        """That rows whose cells cannot be told are false for another reason. Raises UndecidedError."""
        cases = [self.space.rows[number] for number in bits(doubt)]
        if not all(case.denials for case in cases):
            raise UndecidedError
        return [AnyOf(case.denials) for case in cases]

    def refused(self, case: Case, number: int, box: Box) -> tuple[list[Claim], frozenset[str]]:
        """That a row is false in a box, with the claims that keep what this asks about in the box."""
        outside: list[Claim] = []
        fields = set(case.asked)
        for axis, chosen, held in zip(self.space.axes, box, self.space.boxes[number], strict=True):
            beyond = [slot for slot in chosen if slot not in set(held) and axis.slots[slot].atom is not None]
            if beyond:
                outside += [axis.claim(beyond) or AnyOf(())]
                fields.add(axis.field)
        return [AnyOf((*case.denials, *outside))], frozenset(fields)
