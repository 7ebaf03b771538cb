"""The nodes of the operator tree: literals, lists, operators, and what stands in for a place that cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self, cast

from rules import messages
from rules.moment import Moment
from rules.scalars import PARSERS
from rules.sentences import Speaker, Words
from rules.sql import Query, forms, sql_type
from rules.tree import Binding, Checker, Closure, Expression, Facts, Value
from rules.types import ANY, BOOLEAN, INTEGER, TEXT, Json, Type, tag_of
from rules.unknown import Unknown
from rules.words import literal

if TYPE_CHECKING:
    from jsonlogic.typing import OperatorArgument

    from rules.smt import Formulas, Term


@dataclass
class Literal(Expression):
    """A value written in the rule: `json` as written, `value` as its type wants it."""

    json: Json = None
    value: Value = None

    @property
    def flexible(self) -> bool:
        return True

    @property
    def shown(self) -> str:
        return literal(self.json)

    def infer(self, checker: Checker) -> Type:
        if self.json is None:
            checker.report("type-mismatch", self, messages.null_literal())
            return ANY
        wanted = self.hint if self.hint is not None and self.hint.kind in PARSERS else self._own_type()
        message = self._take(wanted)
        if message is None:
            return wanted
        checker.report("type-mismatch", self, message)
        return ANY

    def _own_type(self) -> Type:
        match self.json:
            case bool():
                return BOOLEAN
            case str():
                return TEXT
            case _:
                return INTEGER

    def _take(self, wanted: Type) -> messages.Message | None:
        """Take the value as `wanted`; the message says why not."""
        if isinstance(self.json, float) and (not self.json.is_integer() or wanted.kind in {"money", "decimal"}):
            return messages.inexact_literal(self.shown, wanted, self.beside)
        try:
            self.value = PARSERS[wanted.kind](self.json)
        except ValueError:
            return messages.bad_literal(self.shown, wanted, self.beside)
        if wanted.kind == "enum" and wanted.values is not None and self.value not in wanted.values:
            return messages.not_among(self.shown, wanted.values, self.beside)
        return None

    def closure(self) -> Closure:
        value = self.value
        return lambda _facts, _moment: value

    def sentence(self, speaker: Speaker) -> str:
        match self.json:
            case None:
                return Words("无值", "no value").of(speaker.language)
            case bool():
                return (Words("成立", "true") if self.json else Words("不成立", "false")).of(speaker.language)
            case _:
                return speaker.value(self.value, self.type)

    def sql(self, query: Query) -> str | None:
        type_ = sql_type(self.type)
        return None if type_ is None else query.bind(self.value, type_)

    def smt(self, formulas: Formulas) -> Term:
        return formulas.literal(self.value, self.type) if self.json is not None else formulas.nothing


@dataclass
class Items(Expression):
    """A list written in the rule; its items may be expressions."""

    items: tuple[Expression, ...] = ()

    @property
    def parts(self) -> Sequence[Expression]:
        return self.items

    @property
    def flexible(self) -> bool:
        return all(item.flexible for item in self.items)

    @property
    def shown(self) -> str:
        return "[" + ", ".join(item.shown for item in self.items[:5]) + ("…]" if len(self.items) > 5 else "]")

    def infer(self, checker: Checker) -> Type:
        if self.hint is not None and self.hint.kind == "tags":
            checker.expect_all(self.items, tag_of(self.hint), self.beside)
            return self.hint
        of = self.hint.of if self.hint is not None else None
        return Type("list", of=checker.unify(self.items, of, self.beside))

    def closure(self) -> Closure:
        closures = tuple(item.closure() for item in self.items)
        collect = frozenset if self.type.kind == "tags" else list

        def run(facts: Facts, moment: Moment) -> Value:
            found = []
            unknown: Unknown | None = None
            for closure in closures:
                value = closure(facts, moment)
                if type(value) is Unknown:
                    unknown = value if unknown is None else unknown | value
                else:
                    found.append(value)
            return collect(found) if unknown is None else unknown

        return run

    def sentence(self, speaker: Speaker) -> str:
        return speaker.listed([speaker.part(item) for item in self.items]) or speaker.none

    def sql(self, query: Query) -> str | None:
        type_ = sql_type(self.type)
        if type_ is None:
            return None
        if all(isinstance(item, Literal) for item in self.items):
            return query.bind([item.value for item in self.items if isinstance(item, Literal)], type_)
        found = forms(self.items, query)
        if found is None or not query.repeatable(*found):
            return None
        listed = ", ".join(found)
        return f"(CASE WHEN num_nulls({listed}) = 0 THEN ARRAY[{listed}]::{type_} END)"

    def smt(self, formulas: Formulas) -> Term:
        texts = [item.value for item in self.items if isinstance(item, Literal) and isinstance(item.value, str)]
        if len(texts) < len(self.items):
            return formulas.opaque(self)
        if self.type.kind == "tags":
            return formulas.literal(frozenset(texts), self.type)
        return formulas.listing([(text, formulas.true) for text in texts])


@dataclass
class Broken(Expression):
    """Stands where the reader found a problem, so that the rest can still be checked."""

    def infer(self, checker: Checker) -> Type:  # noqa: ARG002  nothing below it is checked
        return ANY

    def closure(self) -> Closure:
        raise NotImplementedError("a rule with problems has no closure")

    def sentence(self, speaker: Speaker) -> str:
        raise NotImplementedError("a rule with problems has no sentence")


@dataclass
class Operator(Expression):
    """An operator of the profile. One class says all about it.

    Its reference in English is the docstring, in Chinese `zh`; `title` is what it is called, `example` arguments that
    work. `template` puts it in words: `{0}`, `{1}` … are its arguments in words, `{all}` all of them.
    """

    arguments: tuple[Expression, ...] = ()

    arity: ClassVar[tuple[int, int | None]] = (1, None)
    """The least and the greatest number of arguments."""
    title: ClassVar[Words | None] = None
    zh: ClassVar[str] = ""
    example: ClassVar[tuple[Json, ...]] = ()
    template: ClassVar[Words | None] = None

    @classmethod
    def from_expression(cls, operator: str, arguments: list[OperatorArgument]) -> Self:
        """The operator over arguments that are nodes already."""
        return cls(operator=operator, arguments=tuple(cast("list[Expression]", arguments)))

    @property
    def parts(self) -> Sequence[Expression]:
        return self.arguments

    @property
    def binding(self) -> Binding:
        return Binding.CLAUSE if self.type.kind == "boolean" else Binding.TERM

    def sentence(self, speaker: Speaker) -> str:
        parts = [speaker.part(argument) for argument in self.arguments]
        if self.template is not None:
            return speaker.fill(self.template, parts)
        name = self.title.of(speaker.language) if self.title else self.operator
        return f"{name}({speaker.listed(parts)})"


def as_choice(common: Type, literal: Expression) -> Type:
    """What a literal is where it stands for a field, not beside it: a word that the field's enum lacks is text."""
    if common.kind == "enum" and isinstance(literal, Literal) and literal.json not in (common.values or ()):
        return TEXT
    return common
