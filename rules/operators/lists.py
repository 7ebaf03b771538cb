"""all, some, none, any_line, every_line, no_line, sum_lines: what holds of the items of a list.

The condition sees the fields of an item by their own names, the item itself as `{"var": ""}`, and every other field
that the item does not have.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar

from rules import messages
from rules.errors import EvaluationError
from rules.exact import add, computed
from rules.fields import Field
from rules.moment import Moment
from rules.nodes import Operator
from rules.sentences import Speaker, Words
from rules.tree import Checker, Closure, Expression, Facts, Item, Value
from rules.types import ANY, BOOLEAN, NUMBERS, Type, tag_of
from rules.unknown import Unknown, unknown_of


@dataclass
class OfItems(Operator):
    """An operator over a list, then expressions about each of its items; `item` is what they see of one."""

    item: Item | None = field(default=None, init=False)

    @property
    def timed(self) -> bool:
        return True

    def infer(self, checker: Checker) -> Type:
        lines, *rest = self.arguments
        found = checker.infer(lines)
        if found.kind not in {"list", "tags", "any"}:
            message = messages.not_for_type(self.operator, lines.shown, found, "列表和标签", "lists and tags")
            checker.report("type-mismatch", lines, message)
        with checker.each(_named(lines), _item_type(found)) as self.item:
            return self.infer_each(checker, rest)

    def infer_each(self, checker: Checker, about: list[Expression]) -> Type:
        """Find the types of the expressions about an item; the operator's own type."""
        checker.expect_all(about, BOOLEAN)
        return BOOLEAN

    @property
    def key(self) -> str:
        """Under which an item stands in the facts while the expressions about it are evaluated."""
        return self.item.key if self.item else ""

    def items(self) -> Closure:
        """A closure that gives the items, and charges for the work on them."""
        lines, *about = self.arguments
        closure = lines.closure()
        work = sum(1 for expression in about for _ in expression.walk())

        def run(facts: Facts, moment: Moment) -> Value:
            items = closure(facts, moment)
            if type(items) is Unknown:
                return items
            moment.charge(len(items) * work)
            return sorted(items) if isinstance(items, frozenset) else items

        return run

    def views(self, facts: Facts, moment: Moment, most: int) -> Iterator[tuple[Expression, Facts, int | None]]:
        lines, *about = self.arguments
        yield lines, facts, None
        try:
            items = self.items()(facts, moment)
        except EvaluationError:
            return
        if not isinstance(items, Unknown):
            for number, item in enumerate(items[:most]):
                yield from ((expression, {**facts, self.key: item}, number) for expression in about)


def _named(lines: Expression) -> str:
    fields = (node for node in lines.walk() if isinstance(node, Field))
    return next((field.name for field in fields), "")


def _item_type(found: Type) -> Type:
    if found.kind == "tags":
        return tag_of(found)
    return found.of or ANY


@dataclass
class Quantifier(OfItems):
    """A condition on the items of a list. Unknown when it is of an item, unless the others settle it."""

    arity = (2, 2)
    settling: ClassVar[bool]
    """The verdict on one item that settles the whole."""
    settled: ClassVar[bool]
    """What the whole is then; the opposite when no item settles it."""
    of_none: ClassVar[bool]
    """What the whole is for an empty list."""

    def closure(self) -> Closure:
        source, condition, key = self.items(), self.arguments[1].closure(), self.key
        settling, settled, of_none = self.settling, self.settled, self.of_none

        def run(facts: Facts, moment: Moment) -> Value:
            items = source(facts, moment)
            if type(items) is Unknown:
                return items
            if not items:
                return of_none
            unknown: Unknown | None = None
            for item in items:
                value = condition({**facts, key: item}, moment)
                if value is settling:
                    return settled
                if type(value) is Unknown:
                    unknown = value if unknown is None else unknown | value
            return not settled if unknown is None else unknown

        return run


@dataclass
class Some(Quantifier):
    """Whether a condition is true of at least one item of a list."""

    title = Words("有一项", "Some")
    zh = "列表里是否至少有一项满足条件。"
    example = ({"var": "event.lines"}, {">": [{"var": "qty"}, 1]})
    template = Words("{0} 中至少有一项满足 {1}", "at least one of {0} meets {1}")

    settling, settled, of_none = True, True, False


@dataclass
class No(Quantifier):
    """Whether a condition is true of no item of a list."""

    title = Words("没有一项", "None")
    zh = "列表里是否没有一项满足条件。"
    example = ({"var": "event.lines"}, {">": [{"var": "qty"}, 1]})
    template = Words("{0} 中没有一项满足 {1}", "none of {0} meets {1}")

    settling, settled, of_none = True, False, True


@dataclass
class Every(Quantifier):
    """Whether a condition is true of every item of a list; it is of an empty one."""

    title = Words("每一项", "Every")
    zh = "列表里是否每一项都满足条件；空列表算满足。"
    example = ({"var": "event.lines"}, {">": [{"var": "qty"}, 1]})
    template = Words("{0} 中每一项都满足 {1}", "each of {0} meets {1}")

    settling, settled, of_none = False, False, True


@dataclass
class All(Every):
    """Whether a list has items and a condition is true of every one, as in JSONLogic. See `every_line`."""

    title = Words("全部", "All")
    zh = "列表是否有内容，而且每一项都满足条件，和 JSONLogic 一样。另见 `every_line`。"
    example = ({"var": "event.lines"}, {">": [{"var": "qty"}, 1]})
    template = Words("{0} 有内容且每一项都满足 {1}", "{0} has items and each meets {1}")

    of_none = False


@dataclass
class SumLines(OfItems):
    """The sum of a number over the items of a list; with a condition, over those of which it is true.

    0 for no item. Unknown when the condition is of an item, or the number is of an item that counts.
    """

    title = Words("各项之和", "Sum over items")
    zh = (
        "列表各项的一个数之和；写了条件时，只算满足条件的项。没有项时是 0。\n\n"
        "某一项的条件无法判断，或算进去的一项没有这个数，结果就无法判断。"
    )
    example = ({"var": "event.lines"}, {"var": "amount"})

    arity = (2, 3)

    def infer_each(self, checker: Checker, about: list[Expression]) -> Type:
        number, *conditions = about
        found = checker.infer(number, self.hint if self.hint and self.hint.kind in NUMBERS else None)
        checker.expect_all(conditions, BOOLEAN)
        if found.kind in NUMBERS | {"any"}:
            return found
        message = messages.not_for_type("sum_lines", number.shown, found, "数字和金额", "numbers and money")
        checker.report("type-mismatch", number, message)
        return ANY

    def closure(self) -> Closure:
        source, number, key = self.items(), self.arguments[1].closure(), self.key
        counts = self.arguments[2].closure() if len(self.arguments) > 2 else _always
        zero = Decimal(0) if self.type.kind == "decimal" else 0

        def run(facts: Facts, moment: Moment) -> Value:
            items = source(facts, moment)
            if type(items) is Unknown:
                return items
            values = [zero]
            for item in items:
                seen = {**facts, key: item}
                verdict = counts(seen, moment)
                if verdict is not False:
                    values.append(number(seen, moment) if verdict is True else verdict)
            unknown = unknown_of(values)
            return computed("sum_lines", add, values) if unknown is None else unknown

        return run

    def sentence(self, speaker: Speaker) -> str:
        parts = [speaker.part(argument) for argument in self.arguments]
        if len(parts) == 2:
            return speaker.fill(Words("{0} 各项的 {1} 之和", "the sum of {1} over {0}"), parts)
        words = Words("{0} 中满足 {2} 的各项的 {1} 之和", "the sum of {1} over those of {0} that meet {2}")
        return speaker.fill(words, parts)


def _always(_facts: Facts, _moment: Moment) -> Value:
    return True


FAMILY = Words("列表", "Lists")

OPERATORS: dict[str, type[Operator]] = {
    "all": All,
    "some": Some,
    "none": No,
    "any_line": Some,
    "every_line": Every,
    "no_line": No,
    "sum_lines": SumLines,
}
