"""cat, starts_with, category_under: texts put together and looked at from the front."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from rules import messages
from rules.moment import Moment
from rules.nodes import Literal, Operator
from rules.sentences import Words
from rules.sql import EASY_WORK, Query, forms
from rules.strict import Strict
from rules.tree import Checker, Expression, Value
from rules.types import BOOLEAN, TEXT, Type

if TYPE_CHECKING:
    from rules.smt import Formula, Formulas

TEXT_PER_STEP = 64
"""Characters written for one step of the work budget."""

JOINED = frozenset({"text", "enum", "ref", "integer", "decimal", "boolean", "date", "any"})
"""Kinds with one plain form as text: that in which facts carry them."""


@dataclass
class Cat(Strict):
    """Texts put together, one after the other; numbers and dates as facts carry them."""

    title = Words("连接", "Put together")
    zh = "把文字依次连在一起；数字和日期按数据里的写法。"
    example = ({"var": "store.title"}, "-", {"var": "member.tier"})
    template = Words("连起来的 {all}", "{all} put together")

    arity: ClassVar[tuple[int, int | None]] = (0, None)

    @property
    def timed(self) -> bool:
        return True

    def infer(self, checker: Checker) -> Type:
        for argument in self.arguments:
            found = checker.infer(argument)
            if found.kind not in JOINED:
                words = "文本、数字、日期和是非值", "texts, numbers, dates and true or false"
                checker.report("type-mismatch", argument, messages.not_for_type("cat", argument.shown, found, *words))
        return TEXT

    def compute(self, moment: Moment, *values: Value) -> Value:
        joined = "".join(map(_plain, values))
        moment.charge(1 + len(joined) // TEXT_PER_STEP)
        return joined

    def sql(self, query: Query) -> str | None:
        found = [_plain_sql(argument, query) for argument in self.arguments]
        pieces = [form for form in found if form is not None]
        if len(pieces) < len(found):
            return None
        joined = f"({' || '.join([query.bind('', 'text'), *pieces])})"
        query.fault(f"length({joined}) > {TEXT_PER_STEP * (EASY_WORK - 1)}")
        return joined


def _plain(value: Value) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal():
            return format(value, "f")
        case date():
            return value.isoformat()
        case _:
            return str(value)


def _plain_sql(node: Expression, query: Query) -> str | None:
    """In SQL, where decimals have no such form: there 12.50 may have become 12.5 on the way."""
    found = node.sql(query)
    if found is None:
        return None
    match node.type.kind:
        case "text" | "enum" | "ref":
            return found
        case "integer":
            return f"trunc({found})::text"
        case "boolean":
            return f"(CASE {found} WHEN TRUE THEN 'true' WHEN FALSE THEN 'false' END)"
        case "date":
            return f"to_char({found}, 'YYYY-MM-DD')"
        case _:
            return None


@dataclass
class TextTest(Strict):
    """A test of two texts."""

    arity = (2, 2)

    def infer(self, checker: Checker) -> Type:
        checker.expect_all(self.arguments, TEXT)
        return BOOLEAN

    def sql(self, query: Query) -> str | None:
        found = forms(self.arguments, query)
        return None if found is None or not query.repeatable(*found) else self.test_sql(*found)

    @staticmethod
    @abstractmethod
    def test_sql(one: str, other: str) -> str:
        """The test in SQL."""


@dataclass
class StartsWith(TextTest):
    """Whether a text begins with another one."""

    title = Words("开头是", "Begins with")
    zh = "一段文字是否以另一段文字开头。"
    example = ({"var": "store.key"}, "S1")
    template = Words("{0} 以 {1} 开头", "{0} begins with {1}")

    def compute(self, _moment: Moment, *values: Value) -> Value:
        text, prefix = values
        return text.startswith(prefix)

    @staticmethod
    def test_sql(one: str, other: str) -> str:
        return f"({one} ^@ {other})"

    def formula(self, formulas: Formulas, *values: Formula) -> Formula | None:
        prefix = self.arguments[1]
        return formulas.starts_with(values[0], prefix.value) if isinstance(prefix, Literal) else None


@dataclass
class CategoryUnder(TextTest):
    """Whether a category is another one or lies under it; categories are paths, such as `food/tea/green`."""

    title = Words("属于品类", "In category")
    zh = "品类是否就是另一个，或在它之下；品类写成路径，例如 `food/tea/green`。"
    example = ("food/tea/green", "food/tea")
    template = Words("{0} 属于品类 {1}", "{0} is in category {1}")

    def compute(self, _moment: Moment, *values: Value) -> Value:
        category, above = values
        return category == above or category.startswith(f"{above}/")

    @staticmethod
    def test_sql(one: str, other: str) -> str:
        return f"({one} = {other} OR {one} ^@ ({other} || '/'))"

    def formula(self, formulas: Formulas, *values: Formula) -> Formula | None:
        category, above = values
        if not isinstance(self.arguments[1], Literal):
            return None
        under = formulas.starts_with(category, f"{self.arguments[1].value}/")
        return formulas.any_of([category == above, under])


FAMILY = Words("文字", "Texts")

OPERATORS: dict[str, type[Operator]] = {"cat": Cat, "starts_with": StartsWith, "category_under": CategoryUnder}
