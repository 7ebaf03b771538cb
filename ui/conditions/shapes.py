"""How each operator is shown in the builder: which argument is tested, what stands in the others, for which fields.

An operator that has no shape here, of a plug-in above all, is shown by its own title with its arguments as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from rules.types import ORDERED, Kind

Slot: TypeAlias = Literal[
    "subject", "same", "many", "tag", "tags", "length", "weekdays", "clock", "region", "text", "codes", "count", "day",
    "number", "any",
]  # fmt: skip
"""What an argument is: the one that is tested; a value of its type, or several; a piece of it; a length of time, …"""


@dataclass(frozen=True)
class Shape:
    """One way to show an operator. `key` names it in addresses and in messages; `slots` tell of each argument.

    `kinds` are those of the subjects for which a new test may take it; none for what is only shown where it stands.
    """

    key: str
    operator: str
    slots: tuple[Slot, ...]
    kinds: frozenset[str] = frozenset()

    @property
    def subject(self) -> int:
        """Which argument is tested."""
        return self.slots.index("subject")

    @property
    def others(self) -> tuple[int, ...]:
        """The other arguments, in the order in which they are shown."""
        return tuple(i for i in range(len(self.slots)) if i != self.subject)


_EVERY: tuple[Kind, ...] = (
    "boolean", "integer", "decimal", "money", "text", "enum", "tags", "date", "instant", "duration", "ref", "list",
)  # fmt: skip
_TIMES = ("date", "instant")
_LISTED = ("integer", "decimal", "money", "text", "enum", "ref", "date")
_COMPARED = ("boolean", "integer", "decimal", "money", "text", "enum", "date", "instant", "duration", "ref")


def _shape(key: str, operator: str, slots: tuple[Slot, ...], kinds: tuple[str, ...] = ()) -> Shape:
    return Shape(key, operator, slots, frozenset(kinds))


_ORDERED = tuple(sorted(ORDERED - {"text"}))

SHAPES: tuple[Shape, ...] = (
    _shape("within_last", "within_last", ("subject", "length"), _TIMES),
    _shape("has_any", "has_any", ("subject", "tags"), ("tags",)),
    _shape("has_all", "has_all", ("subject", "tags"), ("tags",)),
    _shape("has_none", "has_none", ("subject", "tags"), ("tags",)),
    _shape("is", "==", ("subject", "same"), _COMPARED),
    _shape("is_not", "!=", ("subject", "same"), tuple(kind for kind in _COMPARED if kind != "boolean")),
    _shape("in", "in", ("subject", "many"), _LISTED),
    _shape("at_least", ">=", ("subject", "same"), _ORDERED),
    _shape("at_most", "<=", ("subject", "same"), _ORDERED),
    _shape("greater", ">", ("subject", "same"), _ORDERED),
    _shape("less", "<", ("subject", "same"), _ORDERED),
    _shape("between", "between", ("subject", "same", "same"), _ORDERED),
    _shape("in_window", "in_window", ("subject", "same", "same"), _TIMES),
    _shape("contains", "in", ("tag", "subject"), ("text", "tags", "list")),
    _shape("starts_with", "starts_with", ("subject", "text"), ("text",)),
    _shape("category_under", "category_under", ("subject", "text"), ("text",)),
    _shape("in_region", "in_region", ("subject", "region"), ("ref",)),
    _shape("sku_in_list", "sku_in_list", ("subject", "codes"), ("text", "ref")),
    _shape("same_month_day", "same_month_day", ("subject", "day"), _TIMES),
    _shape("weekday_in", "weekday_in", ("subject", "weekdays"), _TIMES),
    _shape("time_of_day_in", "time_of_day_in", ("subject", "clock", "clock"), ("instant",)),
    _shape("is_set", "is_set", ("subject",), _EVERY),
    # Only shown where they stand
    _shape("is", "===", ("subject", "same")),
    _shape("is_not", "!==", ("subject", "same")),
    _shape("is", "==", ("same", "subject")),
    _shape("is_not", "!=", ("same", "subject")),
    _shape("is", "===", ("same", "subject")),
    _shape("is_not", "!==", ("same", "subject")),
    _shape("at_most", ">=", ("same", "subject")),
    _shape("at_least", "<=", ("same", "subject")),
    _shape("less", ">", ("same", "subject")),
    _shape("greater", "<", ("same", "subject")),
    _shape("both", "==", ("subject", "same", "same")),
    _shape("both", "===", ("subject", "same", "same")),
    _shape("inside", "<", ("same", "subject", "same")),
    _shape("within", "<=", ("same", "subject", "same")),
    _shape("inside_down", ">", ("same", "subject", "same")),
    _shape("within_down", ">=", ("same", "subject", "same")),
    _shape("returns_on", "same_month_day", ("day", "subject")),
)
"""Those that new tests may take stand first, in the order in which they are offered."""


@dataclass(frozen=True)
class MeasureShape:
    """What may be made of a field before it is compared: for which kinds of fields, and the slots behind the field."""

    operator: str
    slots: tuple[Slot, ...]
    kinds: frozenset[str]
    gives: Kind | None
    """The kind of what comes out; None where it is that of the field, or of what is summed."""


MEASURES: dict[str, MeasureShape] = {
    each.operator: each
    for each in (
        MeasureShape("days_since", ("subject",), frozenset(_TIMES), "integer"),
        MeasureShape("days_until", ("subject",), frozenset(_TIMES), "integer"),
        MeasureShape("default", ("subject", "same"), frozenset(_COMPARED), None),
        MeasureShape("bucket", ("subject", "text", "count"), frozenset({"text", "enum", "ref"}), "integer"),
        MeasureShape("sum_lines", ("subject", "number"), frozenset({"list"}), None),
    )
}

LINE_OPERATORS = ("any_line", "every_line", "no_line", "some", "all", "none")
"""Conditions on the items of a list; those that new conditions may take stand first."""
NEW_LINE_OPERATORS = LINE_OPERATORS[:3]
GROUP_OPERATORS = ("and", "or")
WRAPPERS = ("!", "!!")


def shapes_of(operator: str, count: int) -> Iterator[Shape]:
    """The ways to show an operator with so many arguments, the usual one first."""
    return (shape for shape in SHAPES if shape.operator == operator and len(shape.slots) == count)


def fallback(operator: str, count: int, subject: int) -> Shape:
    """How an operator is shown that has no shape of its own."""
    slots: list[Slot] = ["any"] * count
    slots[subject] = "subject"
    return Shape("other", operator, tuple(slots))


def offered(kind: str) -> list[Shape]:
    """The shapes that a new test of a subject of this kind may take."""
    return [shape for shape in SHAPES if kind in shape.kinds]


HAS_SHAPE = frozenset(shape.operator for shape in SHAPES)
