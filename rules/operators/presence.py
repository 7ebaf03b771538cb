"""var, is_set, default: reading fields, and speaking about their absence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rules.fields import Field
from rules.moment import Moment
from rules.nodes import Literal, Operator, as_choice
from rules.sentences import Speaker, Words
from rules.sql import Query, common_type, forms
from rules.tree import Binding, Checker, Closure, Expression, Facts, Value
from rules.types import BOOLEAN, Type
from rules.unknown import Unknown

if TYPE_CHECKING:
    from rules.smt import Formulas, Term


@dataclass
class Var(Operator):
    """The value of a field; with a second argument, that value where the field is missing.

    `now` and `today` are the evaluation's own.
    """

    title = Words("字段", "Field")
    zh = (
        "一个字段的值；写了第二个参数时，字段缺失就用它。\n\n"
        '`now` 和 `today` 是判断时的时间和日期。列表条件里，`""` 是这一项本身。'
    )
    example = ("member.tier",)

    arity = (0, 2)

    def __post_init__(self) -> None:
        path = self.arguments[0] if self.arguments else Literal("literal")
        self.field = Field.of(path)
        self.fallback = self.arguments[1:]

    @property
    def parts(self) -> Sequence[Expression]:
        return (self.field, *self.fallback)

    def views(self, facts: Facts, moment: Moment, most: int) -> Iterator[tuple[Expression, Facts, int | None]]:
        """Without a second argument it is its field and nothing else."""
        return super().views(facts, moment, most) if self.fallback else iter(())

    @property
    def needed(self) -> frozenset[str]:
        return needed_by_all(self.parts)

    @property
    def shown(self) -> str:
        return self.field.shown

    def infer(self, checker: Checker) -> Type:
        self.field.pointer = self.field.pointer or self.pointer
        return checker.unify(self.parts, self.hint, self.beside, literals=as_choice)

    @property
    def binding(self) -> Binding:
        return Binding.ATOM

    def closure(self) -> Closure:
        return first_known([part.closure() for part in self.parts])

    def sentence(self, speaker: Speaker) -> str:
        return _first_of(self.parts, speaker)

    def sql(self, query: Query) -> str | None:
        return first_known_sql(self.parts, query)

    def smt(self, formulas: Formulas) -> Term:
        return formulas.first_known_of(self.parts)


@dataclass
class Default(Operator):
    """The first of its arguments that is known."""

    title = Words("缺省值", "Default")
    zh = "参数里第一个有值的。"
    example = ({"var": "member.tier"}, "none")

    @property
    def needed(self) -> frozenset[str]:
        return needed_by_all(self.arguments)

    @property
    def flexible(self) -> bool:
        return all(argument.flexible for argument in self.arguments)

    def infer(self, checker: Checker) -> Type:
        return checker.unify(self.arguments, self.hint, self.beside, literals=as_choice)

    @property
    def binding(self) -> Binding:
        return Binding.ATOM if len(self.arguments) > 1 else self.arguments[0].binding

    def closure(self) -> Closure:
        return first_known([argument.closure() for argument in self.arguments])

    def sentence(self, speaker: Speaker) -> str:
        return _first_of(self.arguments, speaker)

    def sql(self, query: Query) -> str | None:
        return first_known_sql(self.arguments, query)

    def smt(self, formulas: Formulas) -> Term:
        return formulas.first_known_of(self.arguments)


def _first_of(alternatives: Sequence[Expression], speaker: Speaker) -> str:
    if len(alternatives) == 1:
        return speaker.say(alternatives[0])
    parts = [speaker.part(alternative) for alternative in alternatives]
    if len(parts) == 2:
        return speaker.fill(Words("{0}(缺失时为 {1})", "{0} ({1} if missing)"), parts)
    return speaker.fill(Words("({all} 中第一个有值的)", "(the first known of {all})"), parts)


def needed_by_all(alternatives: Sequence[Expression]) -> frozenset[str]:
    """What is needed where any one of the alternatives will do: nothing, if one of them needs nothing."""
    found = [alternative.needed for alternative in alternatives]
    return frozenset[str]().union(*found) if all(found) else frozenset()


def first_known(closures: Sequence[Closure]) -> Closure:
    """A closure that gives the first known value; when there is none, an Unknown that names what would be needed."""
    if len(closures) == 1:
        return closures[0]
    first, *others = closures

    def run(facts: Facts, moment: Moment) -> Value:
        found = first(facts, moment)
        if type(found) is not Unknown:
            return found
        for closure in others:
            value = closure(facts, moment)
            if type(value) is not Unknown:
                return value
            found = found | value
        return found

    return run


def first_known_sql(nodes: Sequence[Expression], query: Query) -> str | None:
    """The same in SQL."""
    found = forms(nodes, query)
    if found is None or common_type(nodes) is None:
        return None
    if len(found) == 1:
        return found[0]
    query.looks_at_absence()
    return f"COALESCE({', '.join(found)})"


@dataclass
class IsSet(Operator):
    """Whether a field, or an expression, has a value. Never unknown."""

    title = Words("有值", "Is known")
    zh = "字段或表达式有没有值。它自己总能判断。"
    example = ({"var": "member.birthday"},)

    arity = (1, 1)

    def __post_init__(self) -> None:
        match self.arguments:
            case [Literal() as path]:
                self.subject: Expression = Field.of(path)
            case [Var(fallback=()) as var]:
                self.subject = var.field
            case [expression]:
                self.subject = expression

    @property
    def parts(self) -> Sequence[Expression]:
        return (self.subject,)

    @property
    def needed(self) -> frozenset[str]:
        return frozenset()

    @property
    def assured(self) -> frozenset[str]:
        subject = self.subject
        return frozenset({subject.path} if isinstance(subject, Field) and subject.path and not subject.item else ())

    def infer(self, checker: Checker) -> Type:
        checker.infer(self.subject)
        return BOOLEAN

    def closure(self) -> Closure:
        if isinstance(self.subject, Field):
            return self.subject.presence()
        closure = self.subject.closure()
        return lambda facts, moment: type(closure(facts, moment)) is not Unknown

    def sentence(self, speaker: Speaker) -> str:
        return speaker.fill(Words("{0} 有值", "{0} is known"), [speaker.part(self.subject)])

    def sql(self, query: Query) -> str | None:
        if isinstance(self.subject, Field):
            return self.subject.presence_sql(query)
        found = self.subject.sql(query)
        query.looks_at_absence()
        return None if found is None else f"({found} IS NOT NULL)"

    def smt(self, formulas: Formulas) -> Term:
        return formulas.term(formulas.of(self.subject).known, formulas.true)


FAMILY = Words("字段与缺失", "Fields")

OPERATORS: dict[str, type[Operator]] = {"var": Var, "is_set": IsSet, "default": Default}
