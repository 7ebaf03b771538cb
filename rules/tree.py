"""The typed operator tree: what a rule is after reading, and what checking writes on it.

A rule passes three stages. The reader builds the tree. Checking calls `infer` from the root down and writes a `type`
on each node. `closure` then makes one Python function of each node. Other forms of a rule (a sentence, SQL, a formula)
are further methods on the same typed tree.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
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

Value: TypeAlias = Any
"""A value while a rule runs, an Unknown among them. What it is was settled by the checker, not by Python's types."""

Facts: TypeAlias = Mapping[str, Any]
"""Nested objects by name: {"member": {"tier": "gold"}, …}."""

Closure: TypeAlias = Callable[[Facts, Moment], Value]

Join: TypeAlias = Callable[[Type, Type], Type | None]
"""What two types make together; None when they do not go together."""


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

    @abstractmethod
    def closure(self) -> Closure:
        """The function that computes it."""

    def walk(self) -> Iterator[Expression]:
        """This node and all below it."""
        yield self
        for part in self.parts:
            yield from part.walk()


class Checker:
    """Finds types and problems, and notes which fields are read."""

    def __init__(self, fields: Fields) -> None:
        self.fields = fields
        self.problems: list[Problem] = []
        self.paths: set[str] = set()

    def report(self, code: str, node: Expression, message: messages.Message) -> None:
        """Note a problem at the node."""
        self.problems.append(Problem(code, node.pointer, message))

    def field(self, path: str, node: Expression) -> Declaration | None:
        """The declaration of a field that the node reads; None, and a problem, when there is none."""
        declaration = self.fields.get(path)
        if declaration is None:
            self.report("unknown-field", node, messages.unknown_field(path, self.fields))
        else:
            self.paths.add(path)
        return declaration

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
