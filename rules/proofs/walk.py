"""Ways through a space: which rows are left when one axis after the other is fixed, and boxes around what is found.

Masks of rows are all that is looked at, and the same rows are looked at once: a table of many rows has few ways.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import TypeAlias

from rules.proofs.budget import Budget
from rules.proofs.space import Box, Space

Masks: TypeAlias = tuple[int, ...]
Point: TypeAlias = tuple[tuple[int, tuple[int, ...]], ...]
"""The slots of the axes that are fixed already."""

_State: TypeAlias = tuple[Masks, int]


@dataclass(frozen=True)
class Leaf:
    """A box of cases and the rows whose cells hold there, one mask for each world.

    `doubt` are rows whose cells cannot be told, as a field is missing: unless something else makes them false, nothing
    is decided.
    """

    masks: Masks
    doubt: int
    box: Box


class Walk:
    """Walks over the axes of a space, those first that leave the fewest rows."""

    def __init__(
        self, space: Space, budget: Budget, *, without: str | None = None, asked: frozenset[str] = frozenset()
    ) -> None:
        self.space = space
        self.conditional = bool(asked)
        self.asked = {a for a, axis in enumerate(space.axes) if axis.field in space.asked | asked}
        self.budget = budget
        self.masks = [[slot.open for slot in axis.slots] for axis in space.axes]
        self.holds = [[slot.holds for slot in axis.slots] for axis in space.axes]
        self.whole = [tuple(range(len(axis.slots))) for axis in space.axes]
        self.axes = [a for a, axis in enumerate(space.axes) if axis.field != without]
        self._virtual = len(space.rows)

    def _order(self, region: Box, rows: int, masks: Sequence[Sequence[int]]) -> tuple[list[int], list[int]]:
        """The axes in the order to walk them, and of each step the rows that all that is left of the region is in."""
        inside = {a: reduce(and_, (masks[a][s] for s in region[a]), rows) for a in self.axes}
        order = sorted(self.axes, key=lambda a: inside[a].bit_count())
        last = [rows]
        for a in reversed(order):
            last.append(last[-1] & inside[a])
        return order, last[::-1]

    def uncovered(self, region: Box, rows: int) -> list[tuple[int, ...]] | None:
        """A box inside a region in which none of the rows is; None when they cover the region."""
        order, whole = self._order(region, rows, self.masks)
        covered: set[tuple[int, int]] = set()

        def go(step: int, left: int) -> list[int] | None:
            self.budget.spend()
            if not left:
                return []
            if left & whole[step] or (step, left) in covered:
                return None
            for slot, rest in self._apart(order[step], region, left):
                found = go(step + 1, rest)
                if found is not None:
                    return [slot, *found]
            covered.add((step, left))
            return None

        found = go(0, rows)
        if found is None:
            return None
        point = dict(zip(order, found, strict=False))
        box = [(point[a],) if a in point else tuple(region[a]) for a in range(len(region))]
        return self._widened(box, region, lambda left: left & rows == 0)

    def _apart(self, axis: int, region: Box, left: int) -> list[tuple[int, int]]:
        """Slots of an axis that leave different rows, those first that leave few."""
        found: dict[int, int] = {}
        for slot in region[axis]:
            found.setdefault(left & self.masks[axis][slot], slot)
        return [(slot, rest) for rest, slot in sorted(found.items(), key=lambda each: each[0].bit_count())]

    def leaves(self, start: Masks, is_settled: Callable[[Masks], bool]) -> Iterator[Leaf]:
        """What rows are left in each case, of several worlds at once. Below what is settled nothing is looked at."""
        order, whole = self._order(self.whole, reduce(or_, start), self.holds)
        seen: set[tuple[int | None, _State, Point]] = set()

        def is_new(step: int | None, state: _State, point: Point) -> bool:
            asked = tuple(each for each in point if each[0] in self.asked) if self._asks(state[0]) else ()
            found = len(seen)
            seen.add((step, state, asked))
            return len(seen) > found

        def go(step: int, state: _State, point: Point) -> Iterator[tuple[_State, Point]]:
            self.budget.spend()
            if is_settled(state[0]) or not is_new(step, state, point):
                return
            if any(each & ~whole[step] for each in state[0]):
                for rest, slots in self._ways(order[step], state):
                    yield from go(step + 1, rest, (*point, (order[step], slots)))
            elif is_new(None, state, point):
                yield state, point

        for (left, doubt), point in go(0, (start, 0), ()):
            fixed = dict(point)
            box = [fixed.get(a, self.whole[a]) for a in range(len(self.whole))]
            yield Leaf(tuple(each & ~doubt for each in left), doubt, box)

    def _asks(self, left: Masks) -> bool:
        """Whether what is left asks about fields, so that cases with the same rows are not alike."""
        return self.conditional or any(each & self.space.asking for each in left)

    def _ways(self, axis: int, state: _State) -> Iterator[tuple[_State, tuple[int, ...]]]:
        """What slots of an axis leave, and which of that is in doubt; those together that leave the same."""
        left, doubt = state
        found: dict[_State, list[int]] = {}
        for slot in self.whole[axis]:
            mask = self.masks[axis][slot]
            rest = tuple(each & mask for each in left)
            unknown = (doubt | (mask & ~self.holds[axis][slot])) & reduce(or_, rest)
            found.setdefault((rest, unknown), []).append(slot)
        return ((rest, tuple(slots)) for rest, slots in found.items())

    def around(self, box: Box, worlds: Sequence[tuple[int, int]]) -> list[tuple[int, ...]]:
        """The box widened as far as the same rows hold; `worlds` are those of all rows and those that hold."""

        def alike(left: int) -> bool:
            return all(left & rows & ~held == 0 for rows, held in worlds)

        def holds(axis: int, slot: int) -> bool:
            return all(held & ~self.holds[axis][slot] == 0 for _, held in worlds)

        region = [[s for s in self.whole[a] if holds(a, s) or s in box[a]] for a in range(len(box))]
        return self._widened(box, region, alike)

    def _widened(self, box: Box, region: Box, fits: Callable[[int], bool]) -> list[tuple[int, ...]]:
        """The box with every slot of the region that still fits, axis by axis."""
        wide = [tuple(chosen) for chosen in box]
        anything = (1 << self._virtual) - 1
        for a in self.axes:
            others = (reduce(or_, (self.masks[b][s] for s in wide[b]), 0) for b in self.axes if b != a)
            rest = reduce(and_, others, anything)
            wide[a] = tuple(s for s in region[a] if s in wide[a] or fits(rest & self.masks[a][s]))
        return wide

    def fill(self, box: Box) -> int:
        """Add a row that holds in a box, so that nothing more is found there; its mask."""
        bit = 1 << self._virtual
        self._virtual += 1
        for a, chosen in enumerate(box):
            for slot in chosen:
                self.masks[a][slot] |= bit
        return bit
