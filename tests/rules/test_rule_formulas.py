"""Closures and the prover's formulas say the same, and what a formula finds is found true by the closure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import z3
from hypothesis import given
from hypothesis import strategies as st

from rules.codes import Codes, after_prefix, between
from rules.compile import compile_rule
from rules.errors import EvaluationError
from rules.scalars import PARSERS
from rules.smt import Formula, Formulas
from rules.smt_facts import NoFactsError, decimal_text, example_of
from rules.smt_time import instant_code
from rules.types import Json
from rules.unknown import Unknown
from tests.rules.examples import differential
from tests.rules.generate import Draw, Language, nested
from tests.rules.ruleworld import NOW, SHANGHAI, declared, var

BERLIN = ZoneInfo("Europe/Berlin")
FIELDS = declared(
    m__tier={"type": "enum", "values": ["gold", "silver", "black"]},
    m__other_tier={"type": "enum", "values": ["gold", "red"], "optional": True},
    m__nick={"type": "text"},
    m__name={"type": "text", "optional": True},
    m__friend={"type": "boolean"},
    m__vip={"type": "boolean", "optional": True},
    m__orders={"type": "integer", "min": 0, "max": 100},
    m__visits={"type": "integer", "optional": True},
    m__spend={"type": "money", "currency": "CNY"},
    m__debt={"type": "money", "currency": "CNY", "optional": True},
    m__weight={"type": "decimal"},
    m__rate={"type": "decimal", "optional": True, "min": "0.5"},
    m__tags={"type": "tags"},
    m__likes={"type": "tags", "values": ["tea", "wine"], "optional": True},
    m__birthday={"type": "date"},
    m__day={"type": "date", "optional": True},
    m__last={"type": "instant"},
    m__first={"type": "instant", "optional": True},
    m__patience={"type": "duration", "optional": True},
    m__store={"type": "ref:store"},
    e__store={"type": "ref:store", "optional": True},
    m__region={"type": "ref:region", "optional": True},
    m__regions={"type": "tags", "optional": True},
)
LANGUAGE = Language(FIELDS, pools={"m.orders": [0, 1, 2, 3, 100], "m.rate": ["0.5", "1", "1.50", "3"]})


class Proof:
    """One rule in both forms."""

    def __init__(self, rule: Json, zone: ZoneInfo = SHANGHAI, fields: Any = FIELDS) -> None:
        self.rule = compile_rule(rule, fields)
        self.zone = zone
        self.formulas = Formulas(fields, zone)
        self.term = self.formulas.of(self.rule.tree)
        self.solver = z3.Solver(ctx=self.formulas.values.context)
        self.solver.set("timeout", 2_000)
        self.solver.add(*self.formulas.values.axioms, *self.formulas.needs)

    def claim(self, verdict: object) -> Formula:
        """The formula for a verdict."""
        match verdict:
            case True:
                return self.formulas.holds(self.term)
            case False:
                return self.formulas.fails(self.term)
            case _:
                return self.formulas.no(self.term.known)

    def is_possible(self, *claims: Formula) -> bool:
        """Whether all claims can hold together; a solver that gives up counts as yes."""
        self.solver.push()
        self.solver.add(*claims)
        found = self.solver.check()
        self.solver.pop()
        return found != z3.unsat

    def agrees(self, facts: dict[str, Any], now: datetime) -> None:
        """The closure's verdict on these facts is possible; where all has a form, it is the only one."""
        given = [*self._given(facts), self.formulas.calendar.now == instant_code(now)]
        verdict = self.claim(self.rule.evaluate(facts, now=now, zone=self.zone))
        self.solver.add(*self.formulas.values.axioms)
        assert self.is_possible(verdict, *given), "the formula denies what the closure says"
        if self.formulas.exact:
            assert not self.is_possible(self.formulas.no(verdict), *given), "the formula allows what the closure denies"

    def is_confirmed(self, wanted: object) -> bool | None:
        """Whether the closure gives the verdict on the facts that a model describes; None where there is no model."""
        self.solver.push()
        self.solver.add(self.claim(wanted), *self.formulas.calendar.regular, *self._with_few_digits())
        model = self.solver.model() if self.solver.check() == z3.sat else None
        self.solver.pop()
        if model is None:
            return None
        found = example_of(model, self.formulas, self.zone)
        try:
            verdict = self.rule.evaluate(nested(found.values), now=found.now or NOW, zone=self.zone)
        except EvaluationError:
            return False
        return isinstance(verdict, Unknown) if wanted is None else verdict is wanted

    def _given(self, facts: dict[str, Any]) -> Iterator[Formula]:
        for path, (type_, term) in self.formulas.read.items():
            scope, name = path.split(".")
            value = facts.get(scope, {}).get(name)
            value = value["minor"] if isinstance(value, dict) else value
            yield term.known if value is not None else self.formulas.no(term.known)
            if value is not None:
                yield term.value == self.formulas.values.constant(PARSERS[type_.kind](value), type_)

    def _with_few_digits(self) -> Iterator[Formula]:
        for type_, term in self.formulas.read.values():
            if type_.kind == "decimal":
                yield z3.IsInt(term.value * 100)


@st.composite
def cases(draw: Draw) -> tuple[Json, dict[str, Any], datetime]:
    """A condition, facts that its fields' declarations allow, and a moment."""
    values = {path: LANGUAGE.values(path, each, missing=each.optional) for path, each in FIELDS.items()}
    hours = draw(st.integers(-6_000, 6_000))
    return (
        draw(LANGUAGE.conditions),
        nested({path: draw(each) for path, each in values.items()}),
        NOW + timedelta(hours=hours),
    )


SEEN: Counter[str] = Counter()


@differential()
@given(cases())
def test_closures_and_formulas_never_differ(case: tuple[Json, dict[str, Any], datetime]) -> None:
    rule, facts, now = case
    proof = Proof(rule)
    proof.agrees(facts, now)
    for verdict in (True, False, None):
        confirmed = proof.is_confirmed(verdict)
        SEEN[f"{verdict} {confirmed}"] += 1
        assert confirmed is not False or not proof.formulas.exact, (
            f"{verdict} is not what the closure says of the facts found"
        )
    SEEN.update(["rules", *(["exact"] if proof.formulas.exact else [])])


def test_most_rules_were_of_operators_with_a_form() -> None:
    print(f"formulas against closures: {dict(sorted(SEEN.items()))}")  # noqa: T201  told with -s
    assert SEEN["exact"] > SEEN["rules"] / 2
    assert all(SEEN[f"{verdict} True"] for verdict in (True, False, None))


@differential(100)
@given(cases())
def test_where_clocks_change_formulas_deny_nothing_that_closures_say(
    case: tuple[Json, dict[str, Any], datetime],
) -> None:
    rule, facts, now = case
    Proof(rule, BERLIN).agrees(facts, now)


CASES: list[tuple[str, Json, dict[object, bool]]] = [
    ("a condition that contradicts itself", {"and": [{"<": [var("n"), 3]}, {">": [var("n"), 2]}]}, {True: False}),
    ("a field that is declared with bounds", {"<": [var("n"), 0]}, {True: False, None: False}),
    ("a field that may be missing", {"<": [var("m"), 0]}, {True: True, False: True, None: True}),
    ("what is true of every value and still not known", {"or": [{"<": [var("m"), 3]}, {">=": [var("m"), 3]}]},
     {True: True, False: False, None: True}),
    ("an enum has no other values", {"!": [{"in": [var("e"), ["a", "b"]]}]}, {True: False, False: True}),
    ("a text lies between two texts", {"<": ["gold", var("t"), "golf"]}, {True: True, False: True}),
    ("no text is less than the empty one", {"<": [var("t"), ""]}, {True: False}),
    ("a set is not two sets", {"and": [{"==": [var("g"), ["a"]]}, {"has_any": [var("g"), ["b"]]}]}, {True: False}),
    ("a set may hold what nobody names", {"and": [{"!=": [var("g"), []]}, {"has_none": [var("g"), ["b"]]}]},
     {True: True}),
    ("a day is not within a week and longer ago", {"and": [{"within_last": [var("d"), "P7D"]},
     {">": [{"days_since": [var("d")]}, 7]}]}, {True: False}),
    ("an instant of eight days ago may be within seven times 24 hours of no day",
     {"and": [{"within_last": [var("i"), "P7D"]}, {"==": [{"days_since": [var("i")]}, 7]}]}, {True: True}),
    ("eight midnights do not fit into seven days",
     {"and": [{"within_last": [var("i"), "P7D"]}, {"==": [{"days_since": [var("i")]}, 8]}]}, {True: False}),
    ("money times three is not seven", {"==": [{"*": [var("n"), 3]}, 7]}, {True: False}),
    ("a decimal times three may not be one", {"==": [{"*": [var("x"), 2]}, 1]}, {True: True}),
    ("is_set of what is always there", {"is_set": ["n"]}, {False: False}),
    ("both missing", {"==": [{"missing": ["m", "k"]}, ["m", "k"]]}, {True: True, None: False}),
    ("one of the two", {"==": [{"missing_some": [1, ["m", "k"]]}, ["k"]]}, {True: False}),
]  # fmt: skip

SMALL = declared(
    n={"type": "integer", "min": 0, "max": 10}, m={"type": "integer", "optional": True}, x={"type": "decimal"},
    k={"type": "integer", "optional": True}, e={"type": "enum", "values": ["a", "b"]}, t={"type": "text"},
    g={"type": "tags"}, d={"type": "date"}, i={"type": "instant"},
)  # fmt: skip


@pytest.mark.parametrize(("rule", "possible"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_formulas_tell_what_is_possible(rule: Json, possible: dict[object, bool]) -> None:
    proof = Proof(rule, fields=SMALL)
    assert {verdict: proof.is_confirmed(verdict) is True for verdict in possible} == possible


def test_a_part_without_a_form_is_one_free_variable() -> None:
    part: Json = {"in": ["林", var("t")]}
    alike = Proof({"and": [part, {"!": [part]}]}, fields=SMALL)
    assert len(alike.formulas.free) == 1
    assert not alike.is_possible(alike.claim(True))


def test_texts_keep_their_order_as_codes() -> None:
    codes = Codes()
    texts = ["gold", "silver", "b", "", "golf", "go", "林", "a", "小林", "golden", "aa"]
    given = {text: codes.of(text) for text in texts}
    assert sorted(texts) == sorted(texts, key=given.__getitem__)
    middle = codes.text((given["gold"] + given["golden"]) / 2)
    assert middle is not None
    assert "gold" < middle < "golden"
    assert codes.text((given["gold"] + given["golden"]) / 2) == middle


@pytest.mark.parametrize(
    ("prefix", "after"),
    [("food/", "food0"), ("a", "b"), ("", None), ("\U0010ffff", None), ("a\U0010ffff", "b"), ("\ud7ff", "\ue000")],
)
def test_the_texts_with_a_prefix_end_somewhere(prefix: str, after: str | None) -> None:
    assert after_prefix(prefix) == after


def test_between_two_texts_may_be_none() -> None:
    assert between("a", "a\x01") is None
    assert between("gold", None) == "goldm"
    assert between("food", "food/") == "food."
    assert between("food", "food.") == "food-"


def test_decimals_have_an_end() -> None:
    assert [decimal_text(Fraction(*each)) for each in ((-25, 2), (3, 1), (1, 1000))] == ["-12.5", "3", "0.001"]
    with pytest.raises(NoFactsError):
        decimal_text(Fraction(1, 3))
