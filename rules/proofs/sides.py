"""Two sides of one comparison, before and after or here and there: facts on which they give different outputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rules.proofs.claims import AnyOf, Claim, Differ, Instead, World
from rules.proofs.overlaps import same
from rules.proofs.space import Space, bits
from rules.tables.table import Given, Table


@dataclass(frozen=True)
class Side:
    """A table, the rows of the space that may match on this side, and the world in which they do."""

    space: Space
    table: Table
    rows: int
    world: World | None = None

    @property
    def is_plain(self) -> bool:
        """Whether the rows that match, and what they give, are the same in the whole box."""
        cases = [self.space.rows[number] for number in bits(self.rows)]
        given = [each for case in cases for each in case.line.then] + [*(self.otherwise or ())]
        return not any(case.claims for case in cases) and all(each.rule is None for each in given)

    @property
    def otherwise(self) -> Sequence[Given] | None:
        """What is given where no row matches; None where that is nothing, or a list of any length."""
        given = self.table.otherwise
        return given[0] if given is not None and len(given) == 1 else None

    def winners(self) -> Iterator[tuple[Sequence[Given] | None, list[Claim]]]:
        """What each row gives that may decide, and what must hold for that; the last is that no row does."""
        numbers = [*bits(self.rows)]
        first = self.table.document.hit == "first"
        for place, number in enumerate(numbers):
            others = numbers[:place] if first else [*numbers[:place], *numbers[place + 1 :]]
            yield self.space.rows[number].line.then, [*self._true(number), *map(self._false, others)]
        yield self.otherwise, [*map(self._false, numbers)]

    def each_true(self) -> Iterator[list[Claim]]:
        """For each row, what makes it true."""
        for number in bits(self.rows):
            yield self._true(number)

    def each_false(self) -> Iterator[Claim]:
        """For each row, what makes it false."""
        yield from map(self._false, bits(self.rows))

    def decided(self) -> Iterator[Claim]:
        """That each row is true or false."""
        cases = (self.space.rows[number] for number in bits(self.rows))
        yield from (self.put(case.is_decided) for case in cases if case.claims)

    def put(self, claim: Claim) -> Claim:
        """A claim about this side's world."""
        return Instead(self.world, claim) if self.world is not None else claim

    def _true(self, number: int) -> list[Claim]:
        return [self.put(claim) for claim in self.space.rows[number].claims]

    def _false(self, number: int) -> Claim:
        return self.put(AnyOf(self.space.rows[number].denials))


def differences(one: Side, other: Side, outputs: Sequence[int]) -> Iterator[list[Claim]]:
    """Claims of which each would make the two sides give different outputs; what they find must be confirmed."""
    if one.table.document.gives != "one":
        yield from _different_sets(one, other)
        return
    for given, claims in one.winners():
        for instead, more in other.winners():
            if given is None or instead is None:
                if given is not instead:
                    yield [*claims, *more]
                continue
            for i in outputs:
                yield from _different(given[i], instead[i], [*claims, *more], one, other, i)


def _different(
    given: Given, instead: Given, claims: list[Claim], one: Side, other: Side, output: int
) -> Iterator[list[Claim]]:
    if given.rule is None and instead.rule is None:
        if given.literal != instead.literal:
            yield claims
    elif one.world is not None or not same(given, instead):
        type_ = one.table.outputs[output].type
        yield [*claims, Differ(given, instead, type_, (one.world, other.world))]


def _different_sets(one: Side, other: Side) -> Iterator[list[Claim]]:
    """That a row is true on one side, and on the other the row that may be its like is not."""
    decided = [*one.decided(), *other.decided()]
    for side, opposite in ((one, other), (other, one)):
        for claims in side.each_true():
            yield from ([*claims, claim, *decided] for claim in opposite.each_false())
            yield [*claims, *decided]
