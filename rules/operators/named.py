"""condition: a condition by its name, from those that the surroundings know."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rules.nodes import Operator
from rules.sentences import Speaker, Words
from rules.sql import Query
from rules.tree import Checker, Closure, Expression
from rules.types import BOOLEAN, Json, Type

if TYPE_CHECKING:
    from rules.smt import Formulas, Term


@dataclass
class Condition(Operator):
    """The condition that has this name: one of the ruleset's own, or of another as "<ruleset>/<name>".

    The reader puts the condition itself in the place of its name, so every form of it is that of its one part.
    """

    title = Words("命名条件", "Named condition")
    zh = "叫这个名字的条件：规则集自己的，或写成 `<规则集>/<名称>` 的别处的。它的意思就是那个条件的意思。"
    example = ("vip",)

    arity = (1, 1)
    name: str = ""

    @property
    def needed(self) -> frozenset[str]:
        return self.arguments[0].needed

    @property
    def assured(self) -> frozenset[str]:
        return self.arguments[0].assured

    @property
    def shown(self) -> str:
        return self.name

    def infer(self, checker: Checker) -> Type:
        checker.expect(self.arguments[0], BOOLEAN)
        return BOOLEAN

    def closure(self) -> Closure:
        return self.arguments[0].closure()

    def sentence(self, speaker: Speaker) -> str:
        return speaker.fill(Words("符合条件 {0}", "the condition {0} holds"), [speaker.quoted(self.name)])

    def sql(self, query: Query) -> str | None:
        return self.arguments[0].sql(query)

    def smt(self, formulas: Formulas) -> Term:
        return formulas.of(self.arguments[0])


def named_in(trees: Iterable[Expression]) -> dict[str, Json]:
    """The named conditions that expressions use, with what they stand for here: in another table it may be another."""
    nodes = (node for tree in trees for node in tree.walk() if isinstance(node, Condition))
    return {node.name: node.arguments[0].source for node in nodes}


def meaning(tree: Expression) -> str:
    """JSON that two expressions have in common only if they mean the same, whatever their names stand for."""
    return json.dumps([tree.source, named_in([tree])], sort_keys=True)


FAMILY = Words("逻辑", "Logic")

OPERATORS: dict[str, type[Operator]] = {"condition": Condition}
