"""Of which type each part of a condition is, as far as fields tell; and what those inside of lists see."""

from __future__ import annotations

from rules.fields import MOMENT
from rules.types import ANY, DATE, DURATION, INTEGER, TEXT, Declaration, Fields, Type, tag_of
from ui.conditions.shapes import MEASURES, Slot
from ui.conditions.tree import Expression, FieldOf, Lines, Measure, Node, Operand, Value, children
from ui.scope import inside

REGION = Type("ref", ref="region")


def declaration_of(operand: Operand, fields: Fields) -> Declaration | None:
    """How the field is declared that an operand is, or is made of; `now` and `today` are not declared."""
    match operand:
        case FieldOf(path):
            return fields.get(path)
        case Measure(operands=(FieldOf(path), *_)):
            return fields.get(path)
        case _:
            return None


def type_of(operand: Operand, fields: Fields) -> Type:
    """The type of an operand; `any` where nothing tells it."""
    match operand:
        case FieldOf(path) if path in MOMENT:
            return MOMENT[path]
        case FieldOf(path):
            return fields[path].value_type if path in fields else ANY
        case Measure(operator, operands):
            return _type_of_measure(operator, operands, fields)
        case Value() | Expression():
            return ANY


def _type_of_measure(operator: str, operands: tuple[Operand, ...], fields: Fields) -> Type:
    gives = MEASURES[operator].gives
    if gives is not None:
        return Type(gives)
    if operator != "sum_lines":
        return type_of(operands[0], fields)
    lines = declaration_of(operands[0], fields)
    return ANY if lines is None else type_of(operands[1], inside(fields, lines))


def wanted(slot: Slot, subject: Type) -> Type:
    """The type of what stands in a slot beside a subject; of a list, that of the list's items."""
    match slot:
        case "same" | "subject" | "many":
            return subject
        case "tags":
            return tag_of(subject)
        case "tag":
            return _piece(subject)
        case _:
            return _OWN_TYPES.get(slot, ANY)


_OWN_TYPES: dict[Slot, Type] = {
    "length": DURATION, "region": REGION, "count": INTEGER, "day": DATE, "text": TEXT, "codes": TEXT, "clock": TEXT,
}  # fmt: skip


def _piece(of: Type) -> Type:
    """What a set, a list or a text contains."""
    match of.kind:
        case "tags":
            return tag_of(of)
        case "list":
            return of.of or ANY
        case _:
            return TEXT


def scope_at(root: Node, at: str, fields: Fields) -> Fields:
    """The fields that a part of a condition sees: inside of lists, those of the items first."""
    node = root
    while True:
        if isinstance(node, Lines) and is_below(at, node.part.at):
            lines = declaration_of(node.lines, fields)
            fields = fields if lines is None else inside(fields, lines)
        below = next((child for child in children(node) if is_below(at, child.at)), None)
        if below is None:
            return fields
        node = below


def is_below(at: str, place: str) -> bool:
    """Whether a place is another one, or lies below it."""
    return at == place or at.startswith(f"{place}/")


def node_at(root: Node, at: str) -> Node | None:
    """The part of a condition that stands at a place, if the builder shows one there."""
    node = root
    while node.at != at:
        below = next((child for child in children(node) if is_below(at, child.at)), None)
        if below is None:
            return None
        node = below
    return node


def parent_of(root: Node, at: str) -> Node | None:
    """The part of a condition directly above the one at a place."""
    node = root
    while True:
        below = next((child for child in children(node) if is_below(at, child.at)), None)
        if below is None or below.at == at:
            return node if below is not None else None
        node = below
