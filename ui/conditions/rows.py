"""Rows of fields that were changed: one field of a test at a time, on the test as it is now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rules.types import Fields, Json, Type
from ui.conditions import actions
from ui.conditions.actions import ActionError, Command, Edited
from ui.conditions.asked import Desk, Done, MovedError, Sent
from ui.conditions.choices import (
    Choice,
    NoFieldError,
    begin,
    choice_of,
    choices,
    field_of,
    new_test,
    other_kind,
    values_of,
)
from ui.conditions.shapes import MEASURES, Slot, offered
from ui.conditions.tree import (
    FieldOf,
    Holds,
    Lines,
    Measure,
    Node,
    Operand,
    Test,
    Value,
    digest,
    operand_place,
    same,
    written,
)
from ui.conditions.troubles import subject_place
from ui.conditions.typed import scope_at, type_of
from ui.conditions.values import MistakeError, read
from ui.scope import MOMENTS


def row(edited: Edited, sent: Sent, desk: Desk) -> Done:
    """One field of a row was changed: just that, on the row as it is now."""
    node = edited.node(sent.at)
    fields = scope_at(edited.tree, node.at, desk.fields)
    if not isinstance(node, Test | Lines | Holds):
        raise MovedError
    _demand_same_row(node, sent)
    if sent.changed == "field":
        return _with_field(edited, node, sent.text("field"), fields, desk)
    if sent.changed == "operator":
        return _with_operator(edited, node, sent.text("operator"), fields, desk)
    found = next((each for each in _places(node) if each.index == sent.changed.partition(".")[2]), None)
    if found is None:
        raise MovedError
    value = _sent(sent, found, node, fields, desk)
    if same(value, written(found.operand)):
        return Done(None, found.at)
    return Done(*actions.replace(edited, found.at, value))


def _with_field(edited: Edited, node: Test | Lines | Holds, path: str, fields: Fields, desk: Desk) -> Done:
    old = field_of(node)
    if old is None or (path not in fields and path not in MOMENTS):
        raise ActionError("conditions.failure.field")
    if path == old.path:
        return Done(None, node.at)
    new = FieldOf(path, old.written)
    if type_of(new, fields) == type_of(old, fields):
        return Done(actions.replace(edited, _pointer_of_field(node), written(new))[0], node.at)
    choice = choice_of(node)
    available = {each.key for each in choices(FieldOf(path), fields)}
    test = (
        begin(choice, FieldOf(path), fields, desk.start)
        if choice.key in available
        else new_test(path, fields, desk.start)
    )
    return Done(*actions.replace(edited, node.at, test))


def _with_operator(edited: Edited, node: Test | Lines | Holds, key: str, fields: Fields, desk: Desk) -> Done:
    now, subject = choice_of(node), field_of(node)
    if key == now.key or subject is None:
        return Done(None, node.at)
    choice = next((each for each in choices(subject, fields) if each.key == key), None)
    if choice is None:
        raise ActionError("conditions.failure.operator")
    renamed = _renamed(edited, node, choice, fields)
    if renamed is not None:
        return Done(renamed, node.at)
    plain = FieldOf(subject.path)
    return Done(*actions.replace(edited, node.at, begin(choice, plain, fields, desk.start, values_of(node))))


def _renamed(edited: Edited, node: Node, choice: Choice, fields: Fields) -> Command | None:
    """Another operator over the same operands, where nothing but its name changes."""
    if isinstance(node, Lines):
        return actions.named_otherwise(edited, node.at, node.operator, choice.shape)
    if not isinstance(node, Test) or choice.measure != choice_of(node).measure or choice.operator:
        return None
    kind = type_of(node.subject, fields).kind
    shape = next((each for each in offered(kind) if each.key == choice.shape), None)
    if shape is None or shape.slots != node.shape.slots or shape.operator == node.shape.operator:
        return None
    return actions.named_otherwise(edited, node.at, node.shape.operator, shape.operator)


@dataclass(frozen=True)
class _Place:
    """An operand beside what is tested: its index on the page, itself, its slot, and its pointer."""

    index: str
    operand: Operand
    slot: Slot
    at: str


def _places(node: Node) -> Iterator[_Place]:
    """The operands beside what is tested."""
    if isinstance(node, Test | Holds) and isinstance(node.subject, Measure):
        subject, at = node.subject, subject_place(node)
        for i, slot in enumerate(MEASURES[subject.operator].slots[1:], start=1):
            place = operand_place(at, subject.operator, i, listed=subject.listed)
            yield _Place(f"of.{i}", subject.operands[i], slot, place)
    if isinstance(node, Test):
        for i in node.shape.others:
            place = operand_place(node.at, node.shape.operator, i, listed=node.listed)
            yield _Place(str(i), node.operands[i], node.shape.slots[i], place)


def _beside(place: _Place, node: Node, fields: Fields) -> Type:
    """The type of what an operand stands beside."""
    subject = node.subject if isinstance(node, Test | Holds) else FieldOf("")
    if place.index.startswith("of.") and isinstance(subject, Measure):
        subject = subject.operands[0]
    return type_of(subject, fields)


def _sent(sent: Sent, place: _Place, node: Node, fields: Fields, desk: Desk) -> Json:
    """What an operand is to be: a value that was written, a field or a number that was chosen, or the other kind."""
    of = _beside(place, node, fields)
    match sent.changed.partition(".")[0]:
        case "source":
            wants_field = sent.text(f"source.{place.index}") == "field"
            try:
                return other_kind(place.slot, of, fields, desk.start, field=wants_field, but=field_of(node))
            except NoFieldError:
                raise ActionError("conditions.failure.no_field") from None
        case "other":
            path = sent.text(f"other.{place.index}")
            if path not in fields and path not in MOMENTS:
                raise ActionError("conditions.failure.field")
            return {"var": path}
        case "number":
            return {"var": sent.text(f"number.{place.index}")}
        case _ if isinstance(place.operand, Value):
            texts = sent.values.get(f"value.{place.index}", ())
            return read(place.slot, of, texts, place.operand.json, desk.speaking)
        case _:
            raise MovedError


def _pointer_of_field(node: Test | Lines | Holds) -> str:
    if isinstance(node, Lines):
        return operand_place(node.at, node.operator, 0, listed=True)
    at, subject = subject_place(node), node.subject
    return operand_place(at, subject.operator, 0, listed=subject.listed) if isinstance(subject, Measure) else at


# What was seen


def _demand_same_row(node: Node, sent: Sent) -> None:
    """Raises MovedError unless the row still tests what was seen, but for the field that was changed."""
    tested = field_of(node)
    if sent.changed != "field" and sent.text("field") != (tested.path if tested else ""):
        raise MovedError
    if sent.changed not in {"field", "operator"} and sent.text("operator") != choice_of(node).key:
        raise MovedError


def demand_seen(edited: Edited, sent: Sent, desk: Desk) -> None:
    """Raises MovedError unless the part is what was seen, or a row that says what its fields said when it was sent."""
    node = edited.node(sent.at)
    if sent.seen == digest(edited.json(sent.at)):
        return
    if "operator" not in sent.values or not isinstance(node, Test | Lines | Holds):
        raise MovedError
    _demand_same_row(node, sent)
    fields = scope_at(edited.tree, node.at, desk.fields)
    for place in _places(node):
        if isinstance(place.operand, Value) and not _says(place, node, sent, fields, desk):
            raise MovedError


def _says(place: _Place, node: Node, sent: Sent, fields: Fields, desk: Desk) -> bool:
    """Whether a field was sent as it is shown now."""
    present = written(place.operand)
    texts = sent.values.get(f"value.{place.index}", ())
    try:
        return same(read(place.slot, _beside(place, node, fields), texts, present, desk.speaking), present)
    except MistakeError:
        return False
