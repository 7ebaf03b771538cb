"""ratio_bp, round_money: division, with the rounding written out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rules import messages, operator_messages
from rules.exact import MODES, divided
from rules.limits import MAX_INTEGER
from rules.moment import Moment
from rules.nodes import Literal, Operator
from rules.sentences import Speaker, Words
from rules.sql import Query, forms
from rules.strict import Strict
from rules.tree import Binding, Checker, Value
from rules.types import INTEGER, NUMBERS, Type

if TYPE_CHECKING:
    from rules.smt import Formula, Formulas


@dataclass
class Rounded(Strict):
    """A quotient, rounded in the way that its last argument names."""

    def infer_mode(self, checker: Checker) -> None:
        """Report a last argument that is no mode."""
        mode = self.arguments[-1]
        if not isinstance(mode, Literal) or mode.json not in MODES:
            checker.report("type-mismatch", mode, operator_messages.no_rounding_mode(self.operator, mode.shown, MODES))
        else:
            checker.infer(mode)

    def sentence(self, speaker: Speaker) -> str:
        *others, mode = self.arguments
        rounded = ROUNDED[str(mode.source)].of(speaker.language)
        return speaker.fill(
            self.template or Words("", ""), [*(speaker.part(each, Binding.ATOM) for each in others), rounded]
        )

    def sql(self, query: Query) -> str | None:
        found = forms(self.arguments[:-1], query)
        mode = self.arguments[-1]
        if found is None or not isinstance(mode, Literal):
            return None
        *factors, divisor = found
        return divided_sql(factors if len(factors) > 1 else [*factors, "10000"], divisor, str(mode.value), query)


ROUNDED = {
    "half_up": Words("四舍五入", "rounded, a half away from zero"),
    "half_even": Words("四舍六入五成双", "rounded, a half to the even one"),
    "up": Words("远离零取整", "rounded away from zero"),
    "down": Words("舍去零头", "rounded towards zero"),
    "floor": Words("向下取整", "rounded down"),
    "ceil": Words("向上取整", "rounded up"),
}


@dataclass
class RatioBp(Rounded):
    """How much of a whole a part is, in basis points: 10000 is all of it. The last argument says how it is rounded."""

    title = Words("占比(万分比)", "Ratio in basis points")
    zh = (
        "部分占整体多少，以万分之一计：10000 就是全部。最后一个参数写明怎样取整："
        "`half_up` 四舍五入、`half_even` 四舍六入五成双、`up` 远离零、`down` 舍去、`floor` 向下、`ceil` 向上。\n\n"
        "整体是零时出错，不会当作零。"
    )
    example = ({"var": "member.points"}, 1000, "half_up")
    template = Words("{0} 占 {1} 的万分比({2})", "{0} in basis points of {1} ({2})")

    arity = (3, 3)

    def infer(self, checker: Checker) -> Type:
        self.infer_mode(checker)
        part, whole, _ = self.arguments
        found = checker.unify([part, whole])
        if found.kind not in NUMBERS | {"any"}:
            message = messages.not_for_type(self.operator, part.shown, found, "数字和金额", "numbers and money")
            checker.report("type-mismatch", self, message)
        return INTEGER

    def compute(self, _moment: Moment, *values: Value) -> Value:
        part, whole, mode = values
        over, under = part.as_integer_ratio()
        times, per = whole.as_integer_ratio()
        return divided(self.operator, over * per * 10_000, under * times, mode)

    def formula(self, formulas: Formulas, *values: Formula) -> Formula | None:
        part, whole, _ = values
        return formulas.numbers.quotient(part * 10_000, whole, str(self.arguments[-1].source))


@dataclass
class RoundMoney(Rounded):
    """An amount times a numerator, divided by a denominator, and rounded to whole minor units as the last says."""

    title = Words("金额按比例", "Money by a ratio")
    zh = "金额乘以分子、除以分母，再取整到分。最后一个参数写明怎样取整，同 `ratio_bp`。\n\n分母是零时出错。"
    example = (1999, 85, 100, "half_up")
    template = Words("{0} × {1} ÷ {2}({3})", "{0} × {1} ÷ {2} ({3})")

    arity = (4, 4)

    def infer(self, checker: Checker) -> Type:
        self.infer_mode(checker)
        amount, numerator, denominator, _ = self.arguments
        money = Type("money")
        checker.expect(amount, money)
        checker.expect_all([numerator, denominator], INTEGER)
        return amount.type if amount.type.kind == "money" else money

    def compute(self, _moment: Moment, *values: Value) -> Value:
        amount, numerator, denominator, mode = values
        return divided(self.operator, amount * numerator, denominator, mode)

    def formula(self, formulas: Formulas, *values: Formula) -> Formula | None:
        amount, numerator, denominator, _ = values
        over = formulas.numbers.product(amount, numerator)
        return formulas.numbers.quotient(over, denominator, str(self.arguments[-1].source))


def divided_sql(factors: Sequence[str], divisor: str, mode: str, query: Query) -> str | None:
    """In SQL: a product divided and rounded. `div` and `mod` of numerics are exact."""
    if not query.repeatable(*factors, divisor):
        return None
    whole, over = f"NULLIF(abs({divisor}), 0)", f"abs({' * '.join(factors)})"
    quotient, rest = f"div({over}, {whole})", f"mod({over}, {whole})"
    signs = [f"sign({one})" for one in (*factors, divisor)]
    negative = f"{' * '.join(signs)} < 0"
    away = {
        "half_up": f"2 * {rest} >= {whole}",
        "half_even": f"2 * {rest} > {whole} OR (2 * {rest} = {whole} AND mod({quotient}, 2) = 1)",
        "up": f"{rest} > 0",
        "down": "FALSE",
        "floor": f"{rest} > 0 AND {negative}",
        "ceil": f"{rest} > 0 AND NOT {negative}",
    }[mode]
    query.fault(f"({divisor} = 0 OR {quotient} >= {MAX_INTEGER})")
    return f"({' * '.join(signs)} * ({quotient} + CASE WHEN {away} THEN 1 ELSE 0 END))"


FAMILY = Words("数与金额", "Numbers")

OPERATORS: dict[str, type[Operator]] = {"ratio_bp": RatioBp, "round_money": RoundMoney}
