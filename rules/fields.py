"""A field as a node of the tree: what `var` reads, and whose absence `is_set` and `missing` speak about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rules import messages
from rules.facts import COUNTED, is_present, reader
from rules.nodes import Literal
from rules.sentences import Speaker, Words
from rules.sql import Query, sql_type
from rules.tree import Checker, Closure, Expression, Item, Place
from rules.types import ANY, DATE, INSTANT, Declaration, Type

if TYPE_CHECKING:
    from rules.smt import Formulas, Term

MOMENT = {"now": INSTANT, "today": DATE}
"""What every rule may read beside its facts."""


@dataclass
class Field(Expression):
    """A field by its path; None where the rule wrote no path. `place` is what the checker found there."""

    path: str | None = None
    place: Place | None = None

    @property
    def declaration(self) -> Declaration | None:
        """The declaration of the field, once it is checked."""
        return self.place.declaration if self.place else None

    @property
    def item(self) -> Item | None:
        """The item of a list that the field is a part of; None for a field outside of all lists."""
        return self.place.item if self.place else None

    @property
    def name(self) -> str:
        """How unknowns call it: the path, behind that of the list whose items have it."""
        if self.item is None:
            return self.path or ""
        return f"{self.item.path}.{self.path}" if self.path else self.item.path

    @property
    def needed(self) -> frozenset[str]:
        optional = self.declaration is not None and self.declaration.optional and self.item is None
        return frozenset({self.path} if self.path is not None and optional else ())

    @classmethod
    def of(cls, argument: Expression) -> Field:
        """The field that a literal names; null is the empty path, the value at hand in a cell or a list's item."""
        match argument:
            case Literal(json=str(path)):
                return cls("field", pointer=argument.pointer, path=path)
            case Literal(json=None):
                return cls("field", pointer=argument.pointer, path="")
            case _:
                return cls("field", pointer=argument.pointer)

    @property
    def timed(self) -> bool:
        return self.path in MOMENT or self.type.kind in COUNTED

    @property
    def shown(self) -> str:
        return str(self.path)

    def infer(self, checker: Checker) -> Type:
        if self.path is None:
            checker.report("schema", self, messages.not_a_path("var"))
            return ANY
        if self.path in MOMENT:
            return MOMENT[self.path]
        self.place = checker.field(self.path, self)
        return self.place.type

    def closure(self) -> Closure:
        match self.path:
            case "now":
                return lambda _facts, moment: moment.now
            case "today":
                return lambda _facts, moment: moment.today
            case _:
                return reader(self._keys, self.type, self.name)

    def sentence(self, speaker: Speaker) -> str:
        if self.path in MOMENT:
            return (Words("现在", "now") if self.path == "now" else Words("今天", "today")).of(speaker.language)
        declaration = self.declaration
        if declaration is not None and declaration.title is not None:
            title = declaration.title
            return speaker.called(title if isinstance(title, str) else Words(title.zh, title.en).of(speaker.language))
        here = Words("这一项", "the item") if self.item is not None else Words("这个值", "the value")
        return self.path or here.of(speaker.language)

    def sql(self, query: Query) -> str | None:
        match self.path:
            case "now":
                return query.bind(query.now, "timestamptz")
            case "today":
                return query.bind(query.today, "date")
            case str(path) if self.item is None and sql_type(self.type) is not None:
                return query.value(path)
            case _:
                return None

    def smt(self, formulas: Formulas) -> Term:
        match self.path:
            case "now":
                return formulas.term(formulas.calendar.now, formulas.true)
            case "today":
                return formulas.term(formulas.calendar.today, formulas.true)
            case str(path) if self.item is None:
                return formulas.field(path, self.type)
            case _:
                return formulas.opaque(self)

    def presence(self) -> Closure:
        """A closure that tells whether the field is there, whatever its value."""
        if self.path in MOMENT:
            return lambda _facts, _moment: True
        keys = self._keys
        return lambda facts, _moment: is_present(facts, keys)

    def presence_sql(self, query: Query) -> str | None:
        """The same in SQL."""
        if self.path in MOMENT:
            return "TRUE"
        return query.present(self.path) if self.path is not None and self.item is None else None

    @property
    def _keys(self) -> tuple[str, ...]:
        return self.place.keys if self.place else tuple((self.path or "").split("."))


def tags_in_json(node: Expression, query: Query) -> str | None:
    """A field's tags as JSON, where they stand so and the node is no more than the field."""
    match node.parts:
        case [Field(path=str(path), item=None)] if node.type.kind == "tags":
            return query.json(path)
        case _:
            return None
