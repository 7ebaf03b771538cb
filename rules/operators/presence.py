"""var, is_set, default, missing, missing_some: reading fields, and speaking about their absence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rules.fields import Field
from rules.moment import Moment
from rules.nodes import Items, Literal, Operator, as_choice
from rules.sentences import Speaker, Words
from rules.sql import Query, common_type, forms
from rules.tree import Binding, Checker, Closure, Expression, Facts, Value
from rules.types import BOOLEAN, INTEGER, TEXT, Json, Type
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
        "一个字段的值;写了第二个参数时,字段缺失就用它。\n\n"
        '`now` 和 `today` 是判断时的时间和日期。列表条件里,`""` 是这一项本身。'
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
    return found[0] if len(found) == 1 else f"COALESCE({', '.join(found)})"


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
        return None if found is None else f"({found} IS NOT NULL)"

    def smt(self, formulas: Formulas) -> Term:
        return formulas.term(formulas.of(self.subject).known, formulas.true)


@dataclass
class Missing(Operator):
    """Which of the fields named have no value, in their order. Never unknown."""

    title = Words("缺失的字段", "Missing fields")
    zh = "列出的字段里哪些没有值,按写的顺序。它自己总能判断。"
    example: ClassVar[tuple[Json, ...]] = ("member.birthday", "member.tier")

    arity: ClassVar[tuple[int, int | None]] = (0, None)

    def __post_init__(self) -> None:
        self.wanted = _fields(self.arguments)

    @property
    def parts(self) -> Sequence[Expression]:
        return self.wanted

    @property
    def needed(self) -> frozenset[str]:
        return frozenset()

    def infer(self, checker: Checker) -> Type:
        for field in self.wanted:
            checker.infer(field)
        return Type("list", of=TEXT)

    def closure(self) -> Closure:
        tests = [(field.path, field.presence()) for field in self.wanted]
        return lambda facts, moment: [path for path, present in tests if not present(facts, moment)]

    def sentence(self, speaker: Speaker) -> str:
        return speaker.fill(Words("{all} 中缺失的字段", "the missing fields of {all}"), self._said(speaker))

    def _said(self, speaker: Speaker) -> list[str]:
        return [speaker.part(field) for field in self.wanted] or [speaker.none]

    def sql(self, query: Query) -> str | None:
        found = []
        for field in self.wanted:
            present = field.presence_sql(query)
            if present is None:
                return None
            found.append(f"CASE WHEN {present} THEN NULL ELSE {query.bind(field.path, 'text')} END")
        return f"array_remove(ARRAY[{', '.join(found)}]::text[], NULL)"

    def smt(self, formulas: Formulas) -> Term:
        return formulas.listing((str(field.path), formulas.no(formulas.of(field).known)) for field in self.wanted)


@dataclass
class MissingSome(Missing):
    """Nothing when at least so many of the fields have a value, else those that have none. Never unknown."""

    title = Words("不够的字段", "Missing of several")
    zh = "列出的字段里有值的够不够数:够了就是空列表,不够则是没有值的那些。它自己总能判断。"
    example = (1, ["member.birthday", "member.tier"])

    arity = (2, 2)

    def __post_init__(self) -> None:
        self.least, *paths = self.arguments
        self.wanted = _fields(paths)

    @property
    def parts(self) -> Sequence[Expression]:
        return (self.least, *self.wanted)

    @property
    def needed(self) -> frozenset[str]:
        return self.least.needed

    def infer(self, checker: Checker) -> Type:
        checker.expect(self.least, INTEGER)
        return super().infer(checker)

    def closure(self) -> Closure:
        least, absent = self.least.closure(), super().closure()
        total = len(self.wanted)

        def run(facts: Facts, moment: Moment) -> Value:
            enough, found = least(facts, moment), absent(facts, moment)
            if type(enough) is Unknown:
                return enough
            return [] if total - len(found) >= enough else found

        return run

    def sentence(self, speaker: Speaker) -> str:
        words = Words("{1} 中有值的不足 {0} 个时缺失的字段", "the missing fields of {1} where fewer than {0} are known")
        return speaker.fill(words, [speaker.part(self.least), speaker.listed(self._said(speaker))])

    def sql(self, query: Query) -> str | None:
        least, found = self.least.sql(query), super().sql(query)
        if least is None or found is None or not query.repeatable(found):
            return None
        enough = f"{len(self.wanted)} - cardinality({found}) >= {least}"
        return f"(CASE {enough} WHEN TRUE THEN '{{}}'::text[] WHEN FALSE THEN {found} END)"

    def smt(self, formulas: Formulas) -> Term:
        [least] = formulas.each([self.least])
        known = [formulas.of(field).known for field in self.wanted]
        few = formulas.no(formulas.numbers.count(known, formulas.literal(0, INTEGER).value) >= least.value)
        entries = zip(self.wanted, known, strict=True)
        listed = [(str(field.path), formulas.all_of([few, formulas.no(there)])) for field, there in entries]
        return formulas.term(formulas.listing(listed).value, least.known)


def _fields(arguments: Sequence[Expression]) -> list[Field]:
    match arguments:
        case [Items(items=items)]:
            return [Field.of(item) for item in items]
        case _:
            return [Field.of(argument) for argument in arguments]


OPERATORS: dict[str, type[Operator]] = {
    "var": Var,
    "is_set": IsSet,
    "default": Default,
    "missing": Missing,
    "missing_some": MissingSome,
}
