"""What an author may choose: the operators for a field, and the test that a choice begins with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from rules.compile import check_rule
from rules.fields import MOMENT
from rules.operators import OPERATORS
from rules.types import NUMBERS, Fields, Json, Type, fits
from ui.conditions.shapes import (
    GROUP_OPERATORS,
    HAS_SHAPE,
    LINE_OPERATORS,
    MEASURES,
    NEW_LINE_OPERATORS,
    WRAPPERS,
    MeasureShape,
    Shape,
    Slot,
    offered,
)
from ui.conditions.tree import (
    FieldOf,
    Lines,
    Measure,
    Node,
    Operand,
    Test,
    Value,
    written,
)
from ui.conditions.typed import declaration_of, type_of, wanted
from ui.scope import MOMENTS, inside

HOLDS = "holds"
"""A field of yes or no as a condition by itself."""

_NO_TESTS = frozenset({*GROUP_OPERATORS, *WRAPPERS, *LINE_OPERATORS, *MEASURES, "var", "condition", "if"})


_PLAIN_ONLY = frozenset({"is_set", "in_region"})
"""Shapes for a field itself, never for what is made of it."""


@dataclass(frozen=True)
class Choice:
    """One operator to choose: `shape` as its key, after the measure that is taken of the field, if one is."""

    shape: str
    measure: str = ""
    operator: str = ""
    """Of an operator without a shape: its name."""

    @property
    def key(self) -> str:
        return "/".join(part for part in (self.measure, self.shape, self.operator) if part)


@dataclass(frozen=True)
class Start:
    """What the first values of tests depend on: the day, and the zone of the document."""

    today: date
    zone: ZoneInfo


def choices(subject: FieldOf, fields: Fields) -> list[Choice]:
    """The operators for a field, the usual one first; then those for what can be made of the field."""
    type_ = type_of(subject, fields)
    found = [Choice(shape.key) for shape in _shapes(type_)]
    if type_.kind == "list" and type_.of is not None and type_.of.kind == "object":
        found = [Choice(name) for name in NEW_LINE_OPERATORS] + found
    found += [Choice("other", operator=name) for name in _without_shape(subject, fields)]
    for measure in _measures(subject, type_, fields):
        made = _measured(measure, subject, fields)
        found += [
            Choice(shape.key, measure.operator)
            for shape in _shapes(type_of(made, fields))
            if shape.key not in _PLAIN_ONLY
        ]
    return found


def _shapes(type_: Type) -> list[Shape]:
    return [shape for shape in offered(type_.kind) if _is_for(shape, type_)]


def _is_for(shape: Shape, type_: Type) -> bool:
    match shape.key, type_.kind:
        case "in_region", _:
            return type_.ref == "region"
        case "sku_in_list", "ref":
            return type_.ref == "product"
        case "contains", "list":
            return type_.of is not None and type_.of.kind != "object"
        case _:
            return True


def _measures(subject: FieldOf, type_: Type, fields: Fields) -> list[MeasureShape]:
    found = [each for each in MEASURES.values() if type_.kind in each.kinds and subject.path not in MOMENT]
    return [each for each in found if each.operator != "sum_lines" or summable(subject, fields)]


def summable(subject: Operand, fields: Fields) -> list[str]:
    """The fields of a list's items that can be summed."""
    lines = declaration_of(subject, fields)
    of = lines.of if lines is not None and isinstance(lines.of, dict) else {}
    return [name for name, each in of.items() if each.value_type.kind in NUMBERS]


def _without_shape(subject: FieldOf, fields: Fields) -> list[str]:
    """Operators that have no shape of their own, of plug-ins above all, where their example suits this field."""
    others = [name for name in OPERATORS if name not in HAS_SHAPE and name not in _NO_TESTS]
    return [name for name in others if not check_rule(_example(name, written(subject)), fields)]


def _example(operator: str, subject: Json) -> Json:
    _, *rest = OPERATORS[operator].example or (None,)
    return {operator: [subject, *rest]}


# Beginnings


def new_test(path: str, fields: Fields, start: Start) -> Json:
    """The test that a field begins with."""
    subject = FieldOf(path)
    found = choices(subject, fields)
    if not found:
        return {"is_set": written(subject)}
    usual = _USUAL.get(type_of(subject, fields).kind)
    return begin(next((each for each in found if each.key == usual), found[0]), subject, fields, start)


_USUAL = {"enum": "in", "integer": "at_least", "decimal": "at_least", "money": "at_least"}
"""The shape that a new test takes, by the kind of its field, where that is not the first one offered."""


def begin(choice: Choice, subject: FieldOf, fields: Fields, start: Start, old: Sequence[Json] = ()) -> Json:
    """The test of a field that a choice begins with; `old` are the values beside it until now, kept where they suit."""
    if choice.shape in LINE_OPERATORS:
        return {choice.shape: [written(subject), True]}
    if choice.shape == HOLDS:
        return written(subject)
    if choice.operator:
        return _example(choice.operator, written(subject))
    tested = _measured(MEASURES[choice.measure], subject, fields, start) if choice.measure else subject
    type_ = type_of(tested, fields)
    shape = next(each for each in _shapes(type_) if each.key == choice.shape)
    left = [*old]
    arguments: list[Json] = []
    for i, slot in enumerate(shape.slots):
        if i == shape.subject:
            arguments.append(written(tested))
        else:
            first = "18:00" if slot == "clock" and i > 1 else first_value(slot, type_, start)
            arguments.append(_kept(left.pop(0) if left else None, slot, first))
    return {shape.operator: arguments}


def _measured(measure: MeasureShape, subject: FieldOf, fields: Fields, start: Start | None = None) -> Measure:
    type_, rest = type_of(subject, fields), measure.slots[1:]
    others = [_operand_for(slot, subject, type_, fields, start or _ANY_DAY) for slot in rest]
    return Measure(measure.operator, (FieldOf(subject.path), *others))


_ANY_DAY = Start(date(2026, 1, 1), ZoneInfo("UTC"))
"""Where only types are asked for."""


def _operand_for(slot: Slot, subject: FieldOf, type_: Type, fields: Fields, start: Start) -> Operand:
    if slot == "number":
        return FieldOf(next(iter(summable(subject, fields)), ""))
    return Value(first_value(slot, type_, start))


def other_kind(slot: Slot, subject: Type, fields: Fields, start: Start, *, field: bool, but: FieldOf | None) -> Json:
    """What stands in a slot at first when a value becomes a field, or a field a value. A field is one that suits."""
    if not field:
        return first_value(slot, subject, start)
    type_ = wanted(slot, subject)
    suiting = [path for path, each in {**MOMENTS, **fields}.items() if fits(each.value_type, type_)]
    path = next((path for path in suiting if but is None or path != but.path), None)
    if path is None:
        raise NoFieldError
    return {"var": path}


class NoFieldError(ValueError):
    """There is no field of the type that is wanted."""


def _kept(old: Json, slot: Slot, first: Json) -> Json:
    """A value that stood there before, where it may stand there now; else the first one."""
    if old is None:
        return first
    if slot in {"many", "tags", "codes"}:
        return old if isinstance(old, list) else [old] if isinstance(old, str) or slot == "many" else first
    if isinstance(old, list):
        return old[0] if old and type(old[0]) is type(first) else first
    return old if type(old) is type(first) and slot in {"same", "text", "tag", "count"} else first


def first_value(slot: Slot, subject: Type, start: Start) -> Json:
    """What stands in a slot at first."""
    match slot:
        case "many" | "tags" | "codes":
            return []
        case "length":
            return "P30D"
        case "weekdays":
            return [6, 7]
        case "clock":
            return "09:00"
        case "count":
            return 100
        case "day":
            return {"var": "today"}
        case "any":
            return ""
        case _:
            return _first_of(wanted(slot, subject), start)


def _first_of(type_: Type, start: Start) -> Json:
    match type_.kind:
        case "boolean":
            return True
        case "integer" | "money":
            return 0
        case "decimal":
            return "0"
        case "enum":
            return type_.values[0] if type_.values else ""
        case "tags" | "list":
            return []
        case "date":
            return start.today.isoformat()
        case "instant":
            return datetime.combine(start.today, time(), start.zone).isoformat()
        case "duration":
            return "P1D"
        case _:
            return ""


# What stands there now


def choice_of(node: Node) -> Choice:
    """The choice that a test shows."""
    match node:
        case Test(shape=shape):
            subject = node.subject
            measure = subject.operator if isinstance(subject, Measure) else ""
            return Choice(shape.key, measure, shape.operator if shape.key == "other" else "")
        case Lines(operator=operator):
            return Choice(operator)
        case _:
            return Choice(HOLDS)


def field_of(node: Node) -> FieldOf | None:
    """The field that a test is about."""
    subject: Operand | None = getattr(node, "lines", None) or getattr(node, "subject", None)
    match subject:
        case FieldOf():
            return subject
        case Measure(operands=(FieldOf() as field, *_)):
            return field
        case _:
            return None


def values_of(node: Node) -> list[Json]:
    """The values beside what is tested."""
    match node:
        case Test(shape=shape, operands=operands):
            return [each.json for i in shape.others if isinstance(each := operands[i], Value)]
        case _:
            return []


def seen_inside(node: Lines, fields: Fields) -> Fields:
    """What the condition on the items of a list sees."""
    lines = declaration_of(node.lines, fields)
    return fields if lines is None else inside(fields, lines)
