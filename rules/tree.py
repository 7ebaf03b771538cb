"""The typed operator tree: what a rule is after reading, and what checking writes on it.

A rule passes three stages. The reader builds the tree. Checking calls `infer` from the root down and writes a `type`
on each node. `closure` then makes one Python function of each node. Other forms of a rule (a sentence, SQL, a formula)
are further methods on the same typed tree.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import jsonlogic

from rules import messages
from rules.moment import Moment
from rules.types import ANY, Declaration, Fields, Json, Problem, Type
from rules.types import fits as type_fits
from rules.types import join as join_types

if TYPE_CHECKING:
    from jsonlogic.evaluation import EvaluationContext
    from jsonlogic.typing import OperatorArgument

    from rules.sentences import Speaker
    from rules.smt import Formulas, Term
    from rules.sql import Query

Value: TypeAlias = Any
"""A value while a rule runs, an Unknown among them. What it is was settled by the checker, not by Python's types."""

Facts: TypeAlias = Mapping[str, Any]
"""Nested objects by name: {"member": {"tier": "gold"}, …}."""

Closure: TypeAlias = Callable[[Facts, Moment], Value]

Join: TypeAlias = Callable[[Type, Type], Type | None]
"""What two types make together; None when they do not go together."""


class Binding(IntEnum):
    """How firmly the words of a node hold together: an `if`, several conditions, one, a sum, a field or a value."""

    CHOICE = 0
    JOINED = 1
    CLAUSE = 2
    TERM = 3
    ATOM = 4


@dataclass
class Expression(jsonlogic.Operator):
    """A node of the tree: its place in the document, its JSON, its type, and the type its surroundings would like.

    The checker writes `hint`, and in `beside` whose type that is, before it calls `infer`, and `type` after.
    """

    pointer: str = field(default="", kw_only=True)
    source: Json = field(default=None, kw_only=True, repr=False)
    type: Type = field(default=ANY, kw_only=True)
    hint: Type | None = field(default=None, kw_only=True)
    beside: str = field(default="", kw_only=True)

    @classmethod
    def from_expression(cls, operator: str, arguments: list[OperatorArgument]) -> Self:
        raise NotImplementedError(f"{cls.__name__} is made by the reader")

    def evaluate(self, context: EvaluationContext) -> Value:
        """Not a way to run our operators: the package's context knows no moment and no unknown."""
        raise NotImplementedError("compile the rule with rules.compile.compile_rule and call its evaluate")

    @property
    def timed(self) -> bool:
        """Whether its closure looks at the moment: reads the time, or charges for work."""
        return False

    @property
    def parts(self) -> Sequence[Expression]:
        """The nodes below this one."""
        return ()

    @property
    def needed(self) -> frozenset[str]:
        """The fields declared optional without which its value may be unknown."""
        return frozenset[str]().union(*(part.needed for part in self.parts))

    @property
    def assured(self) -> frozenset[str]:
        """The fields that are certainly there when it is true."""
        return frozenset()

    @property
    def flexible(self) -> bool:
        """Whether its type follows from its surroundings, as that of a literal does."""
        return False

    @property
    def shown(self) -> str:
        """How a message names it."""
        return self.operator

    @abstractmethod
    def infer(self, checker: Checker) -> Type:
        """Find its type, those of its parts, and their problems."""

    @property
    def binding(self) -> Binding:
        """How firmly its words hold together."""
        return Binding.ATOM

    @abstractmethod
    def closure(self) -> Closure:
        """The function that computes it."""

    @abstractmethod
    def sentence(self, speaker: Speaker) -> str:
        """It in words, in the language of the speaker. Only of a checked node without problems."""

    def sql(self, query: Query) -> str | None:  # noqa: ARG002  what has a form overrides it
        """It as PostgreSQL, NULL where it is unknown; None where no form means exactly the same."""
        return None

    def smt(self, formulas: Formulas) -> Term:
        """Its formula for proofs. An operator without one is a free variable there: feared in vain, never missed."""
        return formulas.opaque(self)

    def views(self, facts: Facts, moment: Moment, most: int) -> Iterator[tuple[Expression, Facts, int | None]]:  # noqa: ARG002  lists need them
        """What explains the node: each part with the facts as it sees them and, of at most so many, the item of a list.

        Raises nothing; what goes wrong in a part is told of that part.
        """
        return ((part, facts, None) for part in self.parts)

    def walk(self) -> Iterator[Expression]:
        """This node and all below it."""
        yield self
        for part in self.parts:
            yield from part.walk()


@dataclass(frozen=True)
class Item:
    """One item of a list, as the condition about the items sees it: it stands in the facts under `key`.

    `path` is how unknowns and messages call the list.
    """

    key: str
    path: str
    type: Type


@dataclass(frozen=True)
class Place:
    """What a path leads to: the keys on the way, its type, its declaration if it has one, the item it is a part of."""

    keys: tuple[str, ...]
    type: Type
    declaration: Declaration | None = None
    item: Item | None = None


class Checker:
    """Finds types and problems, and notes which fields are read."""

    def __init__(self, fields: Fields) -> None:
        self.fields = fields
        self.problems: list[Problem] = []
        self.paths: set[str] = set()
        self.items: list[Item] = []

    def report(self, code: str, node: Expression, message: messages.Message) -> None:
        """Note a problem at the node."""
        self.problems.append(Problem(code, node.pointer, message))

    def field(self, path: str, node: Expression) -> Place:
        """Where a field that the node reads is found; a problem, and a place of any type, when there is none."""
        place = self.find(path)
        if place is not None:
            if place.item is None:
                self.paths.add(path)
            return place
        known = {**self.fields, **(self.items[-1].type.declared if self.items else {})}
        self.report("unknown-field", node, messages.unknown_field(path, known))
        return Place((path,), ANY)

    def find(self, path: str) -> Place | None:
        """Where a path leads: into the nearest item that has such a field, else to a field outside of all lists."""
        keys = tuple(path.split("."))
        for item in reversed(self.items):
            if not path:
                return Place((item.key,), item.type, item=item)
            if path in item.type.declared:
                declaration = item.type.declared[path]
                return Place((item.key, *keys), declaration.value_type, declaration, item)
        if path in self.fields:
            return Place(keys, self.fields[path].value_type, self.fields[path])
        items_of_any_type = [item for item in self.items if item.type.kind == "any"]
        return Place(keys, ANY, item=items_of_any_type[0]) if items_of_any_type else None

    @contextmanager
    def each(self, path: str, type_: Type) -> Iterator[Item]:
        """While a condition about the items of a list is checked: its fields may be named, `""` is the item itself."""
        item = Item(f"\0{len(self.items)}", path, type_)
        self.items.append(item)
        try:
            yield item
        finally:
            self.items.pop()

    def infer(self, node: Expression, hint: Type | None = None, beside: str = "") -> Type:
        """Find the type of a node and write it there. `hint` is the type that would suit, `beside` what has it."""
        node.hint, node.beside = hint, beside
        node.type = node.infer(self)
        return node.type

    def expect(self, node: Expression, wanted: Type, beside: str = "") -> None:
        """Find the type of a node that must be of the wanted type."""
        actual = self.infer(node, wanted, beside)
        if not type_fits(actual, wanted):
            self.report("type-mismatch", node, messages.wrong_type(node.shown, actual, wanted))

    def expect_all(self, nodes: Sequence[Expression], wanted: Type, beside: str = "") -> None:
        """Expect each of them to be of the wanted type."""
        for node in nodes:
            self.expect(node, wanted, beside)

    def unify(
        self,
        nodes: Sequence[Expression],
        hint: Type | None = None,
        beside: str = "",
        *,
        join: Join = join_types,
        literals: Callable[[Type, Expression], Type] = lambda common, _literal: common,
    ) -> Type:
        """The one type of all nodes. Fields decide, literals follow; a problem is noted where one does not.

        `join` and `literals` are for operators whose arguments are not of one type: what two types make together, and
        what a literal is to be beside fields of the common type.
        """
        common: Type = ANY
        first: Expression | None = None
        for node in sorted(nodes, key=lambda node: node.flexible):
            wanted = hint if common.kind == "any" or not node.flexible else literals(common, node)
            own = self.infer(node, wanted, first.shown if first is not None and not first.flexible else beside)
            joined = join(common, own)
            if joined is None and first is not None:
                self.report("type-mismatch", node, messages.not_comparable(first.shown, common, node.shown, own))
            common, first = joined or common, first or node
        return common
