"""What is wrong in a condition, at the parts and operands where it is shown, with what would mend it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from rules.types import Conditions, Fields, Problem
from ui.conditions.mends import mends_of_field, mends_of_node, mends_of_value
from ui.conditions.tree import Holds, Lines, Measure, Node, Operand, Test, children, operand_place
from ui.conditions.typed import is_below
from ui.conditions.views import Mend, Trouble
from ui.messages import Language


@dataclass(frozen=True)
class Found:
    """Something wrong, at a place within the condition."""

    problem: Problem
    severity: str = "error"


@dataclass
class Troubles:
    """What is wrong in one condition, told in one language."""

    tree: Node
    found: Sequence[Found]
    conditions: Conditions
    language: Language

    @cached_property
    def placed(self) -> dict[str, list[Found]]:
        """By the place where it is shown: that of an operand, else of the part that it is in."""
        places: dict[str, list[Found]] = {}
        for each in self.found:
            places.setdefault(shown_at(self.tree, each.problem.pointer), []).append(each)
        return places

    def of_node(self, node: Node) -> tuple[Trouble, ...]:
        """What is wrong with a part as such."""
        return tuple(
            self._told(each, mends_of_node(each.problem, node, self.conditions, self.language))
            for each in self.placed.get(node.at, ())
        )

    def below(self, node: Node) -> tuple[Trouble, ...]:
        """What is wrong with a part or anywhere in it."""
        found = [each for place, inside in self.placed.items() if is_below(place, node.at) for each in inside]
        return tuple(self._told(each, ()) for each in found)

    def of_operand(
        self, place: str, operand: Operand, fields: Fields, values: Sequence[str] = ()
    ) -> tuple[Trouble, ...]:
        """What is wrong with an operand; `values` are those that are declared for it."""
        return tuple(
            self._told(
                each,
                mends_of_field(each.problem, operand, place, fields, self.language)
                or mends_of_value(operand, place, values, self.language),
            )
            for each in self.placed.get(place, ())
        )

    def _told(self, found: Found, mends: Sequence[Mend]) -> Trouble:
        problem = found.problem
        return Trouble(problem.code, found.severity, problem.message[self.language], tuple(mends))


def subject_place(node: Test | Holds) -> str:
    """Where the thing that is tested stands."""
    if isinstance(node, Holds):
        return node.at
    return operand_place(node.at, node.shape.operator, node.shape.subject, listed=node.listed)


def shown_at(tree: Node, pointer: str) -> str:
    """Where the trouble of a place is shown: at the operand that it is in, else at the part."""
    node = tree
    while (below := next((each for each in children(node) if is_below(pointer, each.at)), None)) is not None:
        node = below
    if isinstance(node, Test):
        places = _places(node.at, node.shape.operator, node.operands, listed=node.listed)
    elif isinstance(node, Lines):
        places = [operand_place(node.at, node.operator, 0, listed=True)]
    elif isinstance(node, Holds) and isinstance(node.subject, Measure):
        places = _inner(node.at, node.subject)
    else:
        places = []
    return next((place for place in places if is_below(pointer, place)), node.at)


def _places(at: str, operator: str, operands: Sequence[Operand], *, listed: bool) -> list[str]:
    """The places of operands, those inside of one before its own."""
    found: list[str] = []
    for i, each in enumerate(operands):
        place = operand_place(at, operator, i, listed=listed)
        found += [*(_inner(place, each) if isinstance(each, Measure) else ()), place]
    return found


def _inner(at: str, measure: Measure) -> list[str]:
    """The places beside the field in what is made of it."""
    return [operand_place(at, measure.operator, i, listed=measure.listed) for i in range(1, len(measure.operands))]
