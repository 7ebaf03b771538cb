"""in: members of lists and of tag sets, pieces of text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rules import messages
from rules.fields import tags_in_json
from rules.moment import Moment
from rules.nodes import Items, Literal, Operator
from rules.sentences import Speaker, Words
from rules.sql import EASY_WORK, Query, common_type, forms, in_array, of_known, sql_type
from rules.tree import Checker, Closure, Facts, Value
from rules.types import BOOLEAN, TEXT, WORDS, Type, tag_of
from rules.unknown import Unknown

if TYPE_CHECKING:
    from rules.smt import Formulas, Term

TEXT_PER_STEP = 64
"""Characters searched for one step of the work budget."""


@dataclass
class In(Operator):
    """Whether a value is in a list or tag set, or a text is part of another text."""

    title = Words("属于", "In")
    zh = "一个值是否在列表或标签里，或一段文字是否含有另一段文字。"
    example = ({"var": "member.tier"}, ["gold", "black"])

    arity = (2, 2)

    @property
    def timed(self) -> bool:
        return not isinstance(self.arguments[1], Items)

    def infer(self, checker: Checker) -> Type:
        value, place = self.arguments
        if isinstance(place, Items):
            place.type = Type("list", of=checker.unify([value, *place.items]))
        else:
            self._infer_within(checker, checker.infer(place))
        return BOOLEAN

    def _infer_within(self, checker: Checker, within: Type) -> None:
        value, place = self.arguments
        match within.kind:
            case "tags":
                checker.expect(value, tag_of(within), place.shown)
            case "list" if within.of is not None and within.of.kind != "object":
                checker.expect(value, within.of, place.shown)
            case "text" | "enum":
                checker.expect(value, TEXT)
            case "any":
                checker.infer(value)
            case _:
                message = messages.not_for_type("in", place.shown, within, "列表、标签和文本", "lists, tags and texts")
                checker.report("type-mismatch", place, message)

    def closure(self) -> Closure:
        value, place = self.arguments
        if not isinstance(place, Items):
            return _within(value.closure(), place.closure())
        constants = [item.value for item in place.items if isinstance(item, Literal)]
        if len(constants) == len(place.items):
            return _among(value.closure(), frozenset(constants))
        return _equals_any(value.closure(), [item.closure() for item in place.items])

    def sentence(self, speaker: Speaker) -> str:
        value, place = self.arguments
        parts = [speaker.part(value), speaker.part(place)]
        if isinstance(place, Items):
            either = speaker.either([speaker.part(item) for item in place.items])
            return speaker.fill(Words("{0} 是 {1}", "{0} is {1}"), [parts[0], either])
        if place.type.kind in WORDS:
            return speaker.fill(Words("{1} 中含有文字 {0}", "{1} contains the text {0}"), parts)
        return speaker.fill(Words("{1} 包含 {0}", "{1} include {0}"), parts)

    def sql(self, query: Query) -> str | None:
        value, place = self.arguments
        type_, found = sql_type(value.type), value.sql(query)
        if type_ is None or found is None or type_.endswith("[]"):
            return None
        if isinstance(place, Items):
            return _among_sql(found, type_, place, query)
        if type_ == "text" and (json := tags_in_json(place, query)):
            return f"({json} ? {found})"
        within = place.sql(query)
        if within is None:
            return None
        if sql_type(place.type) == "text":
            query.fault(f"length({within}) > {TEXT_PER_STEP * (EASY_WORK - 1)}")
            return f"(strpos({within}, {found}) > 0)"
        return in_array(found, within, query) if sql_type(place.type) == f"{type_}[]" else None

    def smt(self, formulas: Formulas) -> Term:
        value, place = self.arguments
        if isinstance(place, Items):
            found, *items = formulas.each([value, *place.items])
            equal = [formulas.term(found.value == item.value, item.known) for item in items]
            among = formulas.joined(equal, settling=True)
            return formulas.term(among.value, formulas.all_of([found.known, among.known]))
        if place.type.kind not in {"tags", "list"}:
            return formulas.opaque(self)
        [found], held = formulas.each([value]), formulas.of(place)
        return formulas.term(formulas.contains(held.value, found.value), formulas.known((found, held)))


def _among_sql(value: str, type_: str, place: Items, query: Query) -> str | None:
    """Of an empty list nothing is a member, except what is unknown; = ANY follows Kleene, but for that."""
    if not place.items:
        return of_known(value, "FALSE", query)
    if all(isinstance(item, Literal) for item in place.items):
        values = [item.value for item in place.items if isinstance(item, Literal)]
        return f"({value} = ANY ({query.bind(values, f'{type_}[]')}))"
    found = forms(place.items, query)
    if found is None or common_type(place.items) != type_:
        return None
    return f"({value} = ANY (ARRAY[{', '.join(found)}]::{type_}[]))"


def _among(value: Closure, constants: frozenset[Value]) -> Closure:
    def run(facts: Facts, moment: Moment) -> Value:
        found = value(facts, moment)
        return found if type(found) is Unknown else found in constants

    return run


def _within(value: Closure, place: Closure) -> Closure:
    def run(facts: Facts, moment: Moment) -> Value:
        part, whole = value(facts, moment), place(facts, moment)
        if type(part) is Unknown:
            return part | whole if type(whole) is Unknown else part
        if type(whole) is Unknown:
            return whole
        if not isinstance(whole, frozenset):
            moment.charge(1 + len(whole) // TEXT_PER_STEP if isinstance(whole, str) else len(whole))
        return part in whole

    return run


def _equals_any(value: Closure, items: list[Closure]) -> Closure:
    def run(facts: Facts, moment: Moment) -> Value:
        found = value(facts, moment)
        if type(found) is Unknown:
            return found
        unknown: Unknown | None = None
        for item in items:
            other = item(facts, moment)
            if type(other) is Unknown:
                unknown = other if unknown is None else unknown | other
            elif other == found:
                return True
        return False if unknown is None else unknown

    return run


FAMILY = Words("集合", "Sets")

OPERATORS: dict[str, type[Operator]] = {"in": In}
