"""missing, missing_some: which of several fields have no value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rules.fields import Field
from rules.moment import Moment
from rules.nodes import Items, Operator
from rules.sentences import Speaker, Words
from rules.sql import Query
from rules.tree import Checker, Closure, Expression, Facts, Value
from rules.types import INTEGER, TEXT, Json, Type
from rules.unknown import Unknown

if TYPE_CHECKING:
    from rules.smt import Formulas, Term


@dataclass
class Missing(Operator):
    """Which of the fields named have no value, in their order. Never unknown."""

    title = Words("缺失的字段", "Missing fields")
    zh = "列出的字段里哪些没有值，按写的顺序。它自己总能判断。"
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
    zh = "列出的字段里有值的够不够数：够了就是空列表，不够则是没有值的那些。它自己总能判断。"
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


FAMILY = Words("字段与缺失", "Fields")

OPERATORS: dict[str, type[Operator]] = {"missing": Missing, "missing_some": MissingSome}
