"""== and !=, on values of one type."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rules import messages
from rules.nodes import Literal, Operator
from rules.sentences import Speaker, Words
from rules.sql import Query
from rules.tree import Binding, Checker
from rules.types import Type

if TYPE_CHECKING:
    from rules.smt import Formulas, Term

from rules.comparison import Comparison


@dataclass
class Equality(Comparison):
    """A comparison that any type but a list of objects allows."""

    def admit(self, checker: Checker, common: Type) -> None:
        if common.kind == "object" or (common.of is not None and common.of.kind == "object"):
            shown = self.arguments[0].shown
            checker.report(
                "type-mismatch",
                self,
                messages.not_for_type(self.operator, shown, common, "单个的值", "single values"),
            )

    def sql(self, query: Query) -> str | None:
        kinds = {argument.type.kind for argument in self.arguments}
        return None if {"tags", "list"} <= kinds else super().sql(query)

    def pair(self, one: str, two: str, type_: str, query: Query) -> str | None:
        if self.arguments[0].type.kind != "tags":
            return super().pair(one, two, type_, query)
        same = f"({one} @> {two} AND {one} <@ {two})"
        return (same if self.sign == "=" else f"(NOT {same})") if query.repeatable(one, two) else None

    def smt(self, formulas: Formulas) -> Term:
        if any(argument.type.kind == "list" for argument in self.arguments):
            same = formulas.same_list([formulas.of(argument) for argument in self.arguments])
            return same if type(self).compare is operator.eq else formulas.term(formulas.no(same.value), same.known)
        return super().smt(formulas)


@dataclass
class Equal(Equality):
    """Whether values of one type are the same."""

    title = Words("相等", "Equal")
    zh = "两个同一类型的值是否相同；三个时，是否都相同。"
    example = ({"var": "member.tier"}, "gold")

    compare = operator.eq
    verb = Words("是", "is")
    sign = "="

    def sentence(self, speaker: Speaker) -> str:
        match self.arguments:
            case [condition, Literal(json=True)]:
                return speaker.part(condition, Binding.CLAUSE)
            case [condition, Literal(json=False)]:
                return Words("{} 不成立", "{} is false").of(speaker.language).format(speaker.part(condition))
            case [_, _]:
                return super().sentence(speaker)
            case _:
                parts = [speaker.part(argument) for argument in self.arguments]
                return speaker.fill(Words("{all} 都相同", "{all} are all the same"), parts)


@dataclass
class NotEqual(Equality):
    """Whether two values of one type differ. Of three, readers of JSONLogic disagree what it would mean."""

    title = Words("不相等", "Not equal")
    zh = "两个同一类型的值是否不同。三个值的「不同」各家 JSONLogic 说法不一，所以只能写两个。"
    example = ({"var": "member.tier"}, "gold")

    arity = (2, 2)
    compare = operator.ne
    verb = Words("不是", "is not")
    sign = "<>"


FAMILY = Words("比较", "Comparison")

OPERATORS: dict[str, type[Operator]] = {"==": Equal, "===": Equal, "!=": NotEqual, "!==": NotEqual}
