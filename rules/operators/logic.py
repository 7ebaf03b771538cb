"""and, or, !, !!, if: Kleene's three values. What is unknown stays so unless the known parts settle it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

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
class Junction(Operator):
    """Conditions joined; `settling` is the value of one that settles the whole."""

    settling: ClassVar[bool]
    conjunction: ClassVar[Words]

    @property
    def binding(self) -> Binding:
        return Binding.JOINED if len(self.arguments) > 1 else self.arguments[0].binding

    def infer(self, checker: Checker) -> Type:
        checker.expect_all(self.arguments, BOOLEAN)
        return BOOLEAN

    def closure(self) -> Closure:
        closures = tuple(argument.closure() for argument in self.arguments)
        settling, neutral = self.settling, not self.settling

        def run(facts: Facts, moment: Moment) -> Value:
            unknown: Unknown | None = None
            for closure in closures:
                value = closure(facts, moment)
                if value is settling:
                    return settling
                if value is not neutral:
                    unknown = value if unknown is None else unknown | value
            return neutral if unknown is None else unknown

        return run

    def sentence(self, speaker: Speaker) -> str:
        parts = (
            speaker.say(argument) if type(argument) is type(self) else speaker.part(argument, self._least)
            for argument in self.arguments
        )
        return self.conjunction.of(speaker.language).join(parts)

    @property
    def _least(self) -> Binding:
        return Binding.CLAUSE if len(self.arguments) > 1 else Binding.CHOICE

    def sql(self, query: Query) -> str | None:
        found = forms(self.arguments, query)
        return None if found is None else f"({(' OR ' if self.settling else ' AND ').join(found)})"

    def smt(self, formulas: Formulas) -> Term:
        return formulas.joined_in_turn(self.arguments, settling=self.settling)


@dataclass
class And(Junction):
    """True when all conditions are true, false when one is false."""

    title = Words("并且", "And")
    zh = "所有条件都成立时成立；有一个不成立就不成立。"
    example = ({"var": "member.friend"}, {"var": "member.registered"})

    settling = False
    conjunction = Words("，并且 ", " and ")

    @property
    def assured(self) -> frozenset[str]:
        return frozenset[str]().union(*(argument.assured for argument in self.arguments))


@dataclass
class Or(Junction):
    """True when one condition is true, false when all are false."""

    title = Words("或者", "Or")
    zh = "有一个条件成立就成立；全都不成立才不成立。"
    example = ({"var": "member.friend"}, {"var": "member.registered"})

    settling = True
    conjunction = Words("，或者 ", " or ")


@dataclass
class Not(Operator):
    """The opposite of a condition."""

    title = Words("并非", "Not")
    zh = "条件的反面。条件无法判断时，反面也无法判断。"
    example = ({"var": "member.friend"},)

    arity = (1, 1)

    def infer(self, checker: Checker) -> Type:
        checker.expect(self.arguments[0], BOOLEAN)
        return BOOLEAN

    def closure(self) -> Closure:
        closure = self.arguments[0].closure()

        def run(facts: Facts, moment: Moment) -> Value:
            value = closure(facts, moment)
            return value if type(value) is Unknown else not value

        return run

    def sentence(self, speaker: Speaker) -> str:
        return Words("并非 ({})", "not ({})").of(speaker.language).format(speaker.say(self.arguments[0]))

    def sql(self, query: Query) -> str | None:
        found = self.arguments[0].sql(query)
        return None if found is None else f"(NOT {found})"

    def smt(self, formulas: Formulas) -> Term:
        term = formulas.of(self.arguments[0])
        return formulas.term(formulas.no(term.value), term.known)


@dataclass
class Yes(Not):
    """A condition as it is. It turns nothing into a condition: there is no truthiness."""

    title = Words("即", "As it is")
    zh = "条件本身。它不会把别的值变成条件：数字、文本和列表都不代表「是」或「否」。"
    example = ({"var": "member.friend"},)

    @property
    def binding(self) -> Binding:
        return self.arguments[0].binding

    def closure(self) -> Closure:
        return self.arguments[0].closure()

    def sentence(self, speaker: Speaker) -> str:
        return speaker.say(self.arguments[0])

    def sql(self, query: Query) -> str | None:
        return self.arguments[0].sql(query)

    def smt(self, formulas: Formulas) -> Term:
        return formulas.of(self.arguments[0])


@dataclass
class If(Operator):
    """if, then, else if, then, …, else: the value behind the first true condition.

    Unknown when a condition is reached that is unknown; no value behind a null, nor without an else when none is true.
    """

    title = Words("如果", "If")
    zh = (
        "如果、则、否则如果、则……否则：第一个成立的条件后面的值。\n\n"
        "走到的条件无法判断时，结果也无法判断。值写成 null，或没有「否则」而条件都不成立，就是没有值。"
    )
    example = ({"var": "member.friend"}, 2, 1)

    arity = (2, None)

    @property
    def conditions(self) -> Sequence[Expression]:
        """The conditions, in order."""
        return self.arguments[: len(self.arguments) // 2 * 2 : 2]

    @property
    def branches(self) -> Sequence[Expression]:
        """The values behind the conditions, and the else if there is one."""
        return (*self.arguments[1::2], *(self.arguments[-1:] if len(self.arguments) % 2 else ()))

    @property
    def needed(self) -> frozenset[str]:
        conditions = frozenset[str]().union(*(condition.needed for condition in self.conditions))
        chosen = [
            branch.needed - condition.assured for condition, branch in zip(self.conditions, self.branches, strict=False)
        ]
        return conditions.union(*chosen, *(branch.needed for branch in self.branches[len(chosen) :]))

    @property
    def flexible(self) -> bool:
        return all(branch.flexible for branch in self.branches)

    def infer(self, checker: Checker) -> Type:
        checker.expect_all(self.conditions, BOOLEAN)
        return checker.unify(
            [branch for branch in self.branches if not is_null(branch)], self.hint, self.beside, literals=as_choice
        )

    def closure(self) -> Closure:
        branches = [_nothing if is_null(branch) else branch.closure() for branch in self.branches]
        pairs = tuple(zip((condition.closure() for condition in self.conditions), branches, strict=False))
        otherwise = branches[-1] if len(branches) > len(pairs) else _nothing

        def run(facts: Facts, moment: Moment) -> Value:
            for condition, branch in pairs:
                value = condition(facts, moment)
                if value is True:
                    return branch(facts, moment)
                if value is not False:
                    return value
            return otherwise(facts, moment)

        return run

    @property
    def binding(self) -> Binding:
        return Binding.CHOICE

    def sentence(self, speaker: Speaker) -> str:
        conditions = [speaker.part(condition, Binding.JOINED) for condition in self.conditions]
        branches = [speaker.part(branch, Binding.CLAUSE) for branch in self.branches]
        then = Words("如果 {} 则 {}", "if {} then {}").of(speaker.language)
        joined = Words("，否则", ", else ").of(speaker.language)
        choices = joined.join(then.format(*each) for each in zip(conditions, branches, strict=False))
        otherwise = branches[-1] if len(branches) > len(conditions) else Words("无值", "no value").of(speaker.language)
        return f"{choices}{joined.rstrip()} {otherwise}"

    def sql(self, query: Query) -> str | None:
        """One CASE in the other, so that no condition stands twice; a NULL is neither of its branches."""
        known = [branch for branch in self.branches if not is_null(branch)]
        type_, conditions, branches = common_type(known), forms(self.conditions, query), forms(known, query)
        if type_ is None or conditions is None or branches is None:
            return None
        left = iter(branches)
        values = [f"NULL::{type_}" if is_null(branch) else next(left) for branch in self.branches]
        found = values[-1] if len(values) > len(conditions) else f"NULL::{type_}"
        for condition, value in zip(reversed(conditions), reversed(values[: len(conditions)]), strict=True):
            found = f"(CASE {condition} WHEN TRUE THEN {value} WHEN FALSE THEN {found} END)"
        return found

    def smt(self, formulas: Formulas) -> Term:
        return formulas.chosen(self.conditions, self.branches)


def is_null(branch: Expression) -> bool:
    """Whether a branch is a literal null: no value."""
    return isinstance(branch, Literal) and branch.json is None


def _nothing(_facts: Facts, _moment: Moment) -> Value:
    return _NO_VALUE


_NO_VALUE = Unknown()

FAMILY = Words("逻辑", "Logic")

OPERATORS: dict[str, type[Operator]] = {"and": And, "or": Or, "!": Not, "!!": Yes, "if": If}
