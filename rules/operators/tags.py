"""has_any, has_all, has_none: two sets of tags."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rules.fields import tags_in_json
from rules.moment import Moment
from rules.nodes import Items, Literal, Operator
from rules.sentences import Words
from rules.sql import Query, common_type, forms, sql_type
from rules.tree import Checker, Closure, Expression, Facts, Value
from rules.types import BOOLEAN, TAGS, Type
from rules.unknown import Unknown

if TYPE_CHECKING:
    from rules.smt import Formula, Formulas, Term


@dataclass
class TagTest(Operator):
    """A test of two sets: the tags of somebody, and the tags asked about."""

    arity = (2, 2)

    def infer(self, checker: Checker) -> Type:
        tags, asked = self.arguments
        checker.expect(tags, TAGS)
        checker.expect(asked, tags.type if tags.type.kind == "tags" else TAGS, tags.shown)
        return BOOLEAN

    @staticmethod
    @abstractmethod
    def test(tags: frozenset[str], asked: frozenset[str]) -> bool:
        """The verdict on two known sets."""

    test_sql: ClassVar[str]
    """The same in SQL, on two arrays."""
    test_json: ClassVar[str]
    """The same on an array in JSON, and an array."""

    def closure(self) -> Closure:
        left, right = (_as_set(argument) for argument in self.arguments)
        test = self.test

        def run(facts: Facts, moment: Moment) -> Value:
            tags, asked = left(facts, moment), right(facts, moment)
            if type(tags) is Unknown:
                return tags | asked if type(asked) is Unknown else tags
            return asked if type(asked) is Unknown else test(tags, asked)

        return run

    def sql(self, query: Query) -> str | None:
        held, asked = self.arguments
        if (json := tags_in_json(held, query)) and (listed := asked.sql(query)) and sql_type(asked.type) == "text[]":
            return self.test_json.format(json, listed)
        found = forms(self.arguments, query)
        if found is None or common_type(self.arguments) != "text[]":
            return None
        return self.test_sql.format(*found)

    @staticmethod
    @abstractmethod
    def formula(held: Sequence[Formula], formulas: Formulas) -> Formula:
        """The verdict, given of each tag asked about whether it is there."""

    def smt(self, formulas: Formulas) -> Term:
        tags, asked = self.arguments
        if not isinstance(asked, Items) or not all(isinstance(item, Literal) for item in asked.items):
            return formulas.opaque(self)
        [there, *wanted] = formulas.each([tags, *asked.items])
        held = [formulas.contains(there.value, tag.value) for tag in wanted]
        return formulas.term(self.formula(held, formulas), there.known)


def _as_set(tags: Expression) -> Closure:
    closure = tags.closure()
    if tags.type.kind == "tags":
        return closure

    def run(facts: Facts, moment: Moment) -> Value:
        value = closure(facts, moment)
        return value if type(value) is Unknown else frozenset(value)

    return run


@dataclass
class HasAny(TagTest):
    """Whether at least one of the tags asked about is there."""

    title = Words("含任意", "Has any")
    zh = "是否含有问到的标签中的至少一个。"
    example = ({"var": "member.tags"}, ["vip", "tea"])
    template = Words("{0} 含有 {1} 中的任意一个", "{0} include any of {1}")

    test_sql = "({} && {})"
    test_json = "({} ?| {})"

    @staticmethod
    def test(tags: frozenset[str], asked: frozenset[str]) -> bool:
        return not tags.isdisjoint(asked)

    @staticmethod
    def formula(held: Sequence[Formula], formulas: Formulas) -> Formula:
        return formulas.any_of(held)


@dataclass
class HasAll(TagTest):
    """Whether all of the tags asked about are there."""

    title = Words("含全部", "Has all")
    zh = "是否含有问到的全部标签。"
    example = ({"var": "member.tags"}, ["vip", "tea"])
    template = Words("{0} 含有全部 {1}", "{0} include all of {1}")

    test_sql = "({} @> {})"
    test_json = "({} ?& {})"

    @staticmethod
    def test(tags: frozenset[str], asked: frozenset[str]) -> bool:
        return tags.issuperset(asked)

    @staticmethod
    def formula(held: Sequence[Formula], formulas: Formulas) -> Formula:
        return formulas.all_of(held)


@dataclass
class HasNone(TagTest):
    """Whether none of the tags asked about is there."""

    title = Words("不含", "Has none")
    zh = "是否一个也不含问到的标签。"
    example = ({"var": "member.tags"}, ["vip", "tea"])
    template = Words("{0} 不含 {1} 中的任何一个", "{0} include none of {1}")

    test_sql = "(NOT {} && {})"
    test_json = "(NOT {} ?| {})"

    @staticmethod
    def test(tags: frozenset[str], asked: frozenset[str]) -> bool:
        return tags.isdisjoint(asked)

    @staticmethod
    def formula(held: Sequence[Formula], formulas: Formulas) -> Formula:
        return formulas.no(formulas.any_of(held))


FAMILY = Words("集合", "Sets")

OPERATORS: dict[str, type[Operator]] = {"has_any": HasAny, "has_all": HasAll, "has_none": HasNone}
