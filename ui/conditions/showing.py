"""A condition as a page shows it: each part with its words, its choices, its values, and what is wrong there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from zoneinfo import ZoneInfo

from rules.compile import compile_rule
from rules.errors import RuleError
from rules.sentences import sentence
from rules.types import Conditions, Fields, Json, Type
from ui.conditions.choices import choice_of, choices, field_of, seen_inside, summable
from ui.conditions.labels import grouped
from ui.conditions.shapes import MEASURES, Slot
from ui.conditions.tree import (
    Always,
    Block,
    Expression,
    FieldOf,
    Group,
    Holds,
    Lines,
    Measure,
    Named,
    Node,
    Operand,
    Test,
    Value,
    Wrapped,
    digest,
    operand_place,
    to_json,
    walk,
    written,
)
from ui.conditions.troubles import Found, Troubles, subject_place
from ui.conditions.typed import type_of, wanted
from ui.conditions.values import Speaking, entry
from ui.conditions.views import OperandView, Option, PartView, Standing, Trouble
from ui.messages import Language, known, text
from ui.scope import MOMENTS, Offer, offer, offers

SHOWN_OPEN = 40
"""Tests of a condition that are all open to be changed at once; of more, each is opened when it is wanted."""

_NO_FIELD_FOR: frozenset[Slot] = frozenset({"weekdays", "clock", "codes", "count", "tags", "number", "any"})
"""Slots in which another field makes no sense, or is not allowed."""


@dataclass(frozen=True)
class World:
    """What is known around a condition: the fields and named conditions that it may use, what is wrong with it."""

    fields: Fields
    conditions: Conditions
    found: Sequence[Found]
    zone: ZoneInfo
    language: Language


@dataclass(frozen=True)
class Stand:
    """How a part stands among its neighbours."""

    listed: bool = False
    first: bool = True
    last: bool = True
    removable: bool = False


@dataclass
class Showing:
    """One look at a condition. `root` is its pointer in the document; `opened` the one test that is open in a long one.

    `scopes` fills with the fields that parts may name, each list under its number.
    """

    tree: Node
    root: str
    world: World
    opened: str | None = None
    scopes: list[list[Offer]] = field(default_factory=list)

    def view(self) -> PartView:
        """The whole."""
        scope = self._scope(offers(self.world.fields))
        return self._part(self.tree, self.world.fields, scope, Stand(removable=True))

    @cached_property
    def is_long(self) -> bool:
        """Whether there are so many tests that they are shown as words, and opened one by one."""
        return sum(isinstance(node, Test | Lines | Holds) for node in walk(self.tree)) > SHOWN_OPEN

    def _scope(self, offered: list[Offer]) -> int:
        self.scopes.append(offered)
        return len(self.scopes) - 1

    def _part(self, node: Node, fields: Fields, scope: int, stand: Stand) -> PartView:
        standing = Standing(
            node.at,
            self.id_of(node.at),
            digest(to_json(node)),
            scope,
            self._troubles_of(node),
            stand.listed,
            stand.first,
            stand.last,
            stand.removable,
        )
        match node:
            case Always(value):
                return PartView("always" if value else "never", standing)
            case Group(operator, parts):
                return PartView("group", standing, operator, parts=self._parts(node, parts, fields, scope))
            case Wrapped(operator, part):
                inner = self._part(part, fields, scope, Stand())
                return PartView("not", standing, operator, parts=(inner,))
            case Lines():
                return self._lines(node, fields, standing)
            case Test() | Holds():
                return self._test(node, fields, standing)
            case Named(name):
                return PartView("named", standing, choices={"": self._names(name)}, words=self._means(name, fields))
            case Block(given):
                return PartView("block", standing, words=self._words(given, fields), json=pretty(given))

    def _parts(self, node: Group, parts: Sequence[Node], fields: Fields, scope: int) -> tuple[PartView, ...]:
        ends = len(parts) - 1
        stands = [Stand(node.listed, i == 0, i == ends, removable=True) for i in range(len(parts))]
        return tuple(self._part(part, fields, scope, stand) for part, stand in zip(parts, stands, strict=True))

    def _lines(self, node: Lines, fields: Fields, standing: Standing) -> PartView:
        seen = seen_inside(node, fields)
        own = {path: each for path, each in seen.items() if fields.get(path) is not each}
        inner = self._part(node.part, seen, self._scope(offers(seen, own=own)), Stand(removable=True))
        return PartView(
            "lines",
            standing,
            node.operator,
            path=node.lines.path if isinstance(node.lines, FieldOf) else "",
            tested=self._offer(node.lines, fields),
            tested_troubles=self._at(operand_place(node.at, node.operator, 0, listed=True), node.lines, fields),
            choices=self._choices(node, fields),
            parts=(inner,),
        )

    def _test(self, node: Test | Holds, fields: Fields, standing: Standing) -> PartView:
        if self.is_long and self.opened != node.at:
            given = to_json(node)
            return PartView("brief", standing, words=self._words(given, fields) or pretty(given))
        tested = field_of(node) or FieldOf("")
        return PartView(
            "test",
            standing,
            path=tested.path,
            tested=self._offer(tested, fields),
            tested_troubles=self._at(subject_place(node), node.subject, fields),
            choices=self._choices(node, fields),
            operands=tuple(self._operands(node, fields)),
        )

    # What stands in a test

    def _choices(self, node: Node, fields: Fields) -> Mapping[str, Sequence[Option]]:
        subject, chosen = field_of(node) or FieldOf(""), choice_of(node)
        found = choices(subject, fields)
        measures = {each.measure for each in (*found, chosen)}
        types = {name: self._measured_type(name, subject, fields) for name in measures}
        return grouped(found, chosen, types, self.world.language)

    def _measured_type(self, measure: str, subject: FieldOf, fields: Fields) -> Type:
        if not measure:
            return type_of(subject, fields)
        gives = MEASURES[measure].gives
        return Type(gives) if gives else type_of(subject, fields)

    def _operands(self, node: Test | Holds, fields: Fields) -> Iterator[OperandView]:
        subject = node.subject
        if isinstance(subject, Measure):
            of, at = type_of(subject.operands[0], fields), subject_place(node)
            for i, slot in enumerate(MEASURES[subject.operator].slots[1:], start=1):
                place = operand_place(at, subject.operator, i, listed=subject.listed)
                label = self._label(f"{subject.operator}.{i}")
                if slot == "number":
                    yield self._number(f"of.{i}", place, label, subject, fields)
                else:
                    yield self._operand(f"of.{i}", place, label, subject.operands[i], (slot, of), fields)
        if isinstance(node, Test):
            type_ = type_of(subject, fields)
            for number, i in enumerate(node.shape.others):
                place = operand_place(node.at, node.shape.operator, i, listed=node.listed)
                label = self._label(f"{node.shape.key}.{number}")
                yield self._operand(str(i), place, label, node.operands[i], (node.shape.slots[i], type_), fields)

    def _operand(
        self, index: str, place: str, label: str, operand: Operand, of: tuple[Slot, Type], fields: Fields
    ) -> OperandView:
        slot, subject = of
        troubles = self._at(place, operand, fields, wanted(slot, subject))
        id_, may_be_field = self.id_of(place), slot not in _NO_FIELD_FOR
        match operand:
            case Value(value):
                shown = entry(slot, subject, value, Speaking(self.world.language, self.world.zone))
                return OperandView(index, id_, label, shown, may_be_field=may_be_field, troubles=troubles)
            case FieldOf(path):
                found = self._offer(operand, fields)
                return OperandView(index, id_, label, field=found, path=path, may_be_field=True, troubles=troubles)
            case Measure() | Expression():
                given = written(operand)
                words = self._words(given, fields)
                return OperandView(index, id_, label, words=words, json=pretty(given), troubles=troubles)

    def _number(self, index: str, place: str, label: str, measure: Measure, fields: Fields) -> OperandView:
        """Which number of a list's items is summed."""
        lines, number = measure.operands[:2]
        path = number.path if isinstance(number, FieldOf) else ""
        declared = fields.get(lines.path) if isinstance(lines, FieldOf) else None
        of = declared.of if declared is not None and isinstance(declared.of, dict) else {}
        names = dict.fromkeys([*summable(lines, fields), path])
        titles = {name: self._title(offer(name, of[name])) if name in of else name for name in names}
        options = tuple(Option(name, titles[name], name == path) for name in names)
        return OperandView(index, self.id_of(place), label, options=options, troubles=self._at(place, number, fields))

    def _offer(self, operand: Operand, fields: Fields) -> Offer | None:
        if not isinstance(operand, FieldOf):
            return None
        declared = fields.get(operand.path) or MOMENTS.get(operand.path)
        return offer(operand.path, declared) if declared is not None else None

    def _label(self, key: str) -> str:
        name, plain = f"conditions.label.{key}", "conditions.label.value"
        return text(self.world.language, name if known(self.world.language, name) else plain)

    def _title(self, found: Offer) -> str:
        return found.title.zh if self.world.language == "zh" else found.title.en

    def _names(self, chosen: str) -> list[Option]:
        names = dict.fromkeys([*sorted(self.world.conditions), chosen])
        return [Option(name, name, name == chosen) for name in names]

    # Words

    def _means(self, name: str, fields: Fields) -> str:
        return self._words(self.world.conditions.get(name), fields)

    def _words(self, given: Json, fields: Fields) -> str:
        """A part in words; nothing where something is wrong with it."""
        try:
            rule = compile_rule(given, fields, expect=None, conditions=self.world.conditions)
        except RuleError:
            return ""
        return sentence(rule.tree, self.world.language, self.world.zone)

    # What is wrong

    @cached_property
    def troubles(self) -> Troubles:
        """What is wrong, by place."""
        return Troubles(self.tree, self.world.found, self.world.conditions, self.world.language)

    def _troubles_of(self, node: Node) -> tuple[Trouble, ...]:
        if self.is_long and isinstance(node, Test | Holds) and self.opened != node.at:
            return self.troubles.below(node)
        return () if isinstance(node, Holds) else self.troubles.of_node(node)

    def _at(self, place: str, operand: Operand, fields: Fields, type_: Type | None = None) -> tuple[Trouble, ...]:
        return self.troubles.of_operand(place, operand, fields, (type_.values if type_ is not None else None) or ())

    def id_of(self, at: str) -> str:
        """The id of the element that shows a place; the same as long as the place is."""
        return f"c{hashlib.sha1(f'{self.root} {at}'.encode(), usedforsecurity=False).hexdigest()[:10]}"


def pretty(given: Json) -> str:
    """JSON to be read by people."""
    return json.dumps(given, ensure_ascii=False, indent=2)
