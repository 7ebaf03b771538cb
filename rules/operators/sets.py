"""in, has_any, has_all, has_none: members of lists and of tag sets, pieces of text."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rules import messages
from rules.fields import Field
from rules.moment import Moment
from rules.nodes import Items, Literal, Operator
from rules.sentences import Speaker, Words
from rules.sql import EASY_WORK, Query, common_type, forms, in_array, of_known, sql_type
from rules.tree import Checker, Closure, Expression, Facts, Value
from rules.types import BOOLEAN, TAGS, TEXT, WORDS, Type, tag_of
from rules.unknown import Unknown

if TYPE_CHECKING:
    from rules.smt import Formula, Formulas, Term

TEXT_PER_STEP = 64
"""Characters searched for one step of the work budget."""


@dataclass
class In(Operator):
    """Whether a value is in a list or tag set, or a text is part of another text."""

    title = Words("属于", "In")
    zh = "一个值是否在列表或标签里,或一段文字是否含有另一段文字。"
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


@dataclass
class TagTest(Operator):
    """A test of two sets: the tags of somebody, and the tags asked about."""

    arity = (2, 2)

    def infer(self, checker: Checker) -> Type:
        tags, asked = self.arguments
        checker.expect(tags, TAGS)
        checker.expect(asked, tags.type if tags.type.kind == "tags" else TAGS, tags.shown)
        return BOOLEAN

    @staticmethod
    @abstractmethod
    def test(tags: frozenset[str], asked: frozenset[str]) -> bool:
        """The verdict on two known sets."""

    test_sql: ClassVar[str]
    """The same in SQL, on two arrays."""
    test_json: ClassVar[str]
    """The same on an array in JSON, and an array."""

    def closure(self) -> Closure:
        left, right = (_as_set(argument) for argument in self.arguments)
        test = self.test

        def run(facts: Facts, moment: Moment) -> Value:
            tags, asked = left(facts, moment), right(facts, moment)
            if type(tags) is Unknown:
                return tags | asked if type(asked) is Unknown else tags
            return asked if type(asked) is Unknown else test(tags, asked)

        return run

    def sql(self, query: Query) -> str | None:
        held, asked = self.arguments
        if (json := tags_in_json(held, query)) and (listed := asked.sql(query)) and sql_type(asked.type) == "text[]":
            return self.test_json.format(json, listed)
        found = forms(self.arguments, query)
        if found is None or common_type(self.arguments) != "text[]":
            return None
        return self.test_sql.format(*found)

    @staticmethod
    @abstractmethod
    def formula(held: Sequence[Formula], formulas: Formulas) -> Formula:
        """The verdict, given of each tag asked about whether it is there."""

    def smt(self, formulas: Formulas) -> Term:
        tags, asked = self.arguments
        if not isinstance(asked, Items) or not all(isinstance(item, Literal) for item in asked.items):
            return formulas.opaque(self)
        [there, *wanted] = formulas.each([tags, *asked.items])
        held = [formulas.contains(there.value, tag.value) for tag in wanted]
        return formulas.term(self.formula(held, formulas), there.known)


def tags_in_json(node: Expression, query: Query) -> str | None:
    """A field's tags as JSON, where they stand so and the node is no more than the field."""
    match node.parts:
        case [Field(path=str(path), item=None)] if node.type.kind == "tags":
            return query.json(path)
        case _:
            return None


def _as_set(tags: Expression) -> Closure:
    closure = tags.closure()
    if tags.type.kind == "tags":
        return closure

    def run(facts: Facts, moment: Moment) -> Value:
        value = closure(facts, moment)
        return value if type(value) is Unknown else frozenset(value)

    return run


@dataclass
class HasAny(TagTest):
    """Whether at least one of the tags asked about is there."""

    title = Words("含任意", "Has any")
    zh = "是否含有问到的标签中的至少一个。"
    example = ({"var": "member.tags"}, ["vip", "tea"])
    template = Words("{0} 含有 {1} 中的任意一个", "{0} include any of {1}")

    test_sql = "({} && {})"
    test_json = "({} ?| {})"

    @staticmethod
    def test(tags: frozenset[str], asked: frozenset[str]) -> bool:
        return not tags.isdisjoint(asked)

    @staticmethod
    def formula(held: Sequence[Formula], formulas: Formulas) -> Formula:
        return formulas.any_of(held)


@dataclass
class HasAll(TagTest):
    """Whether all of the tags asked about are there."""

    title = Words("含全部", "Has all")
    zh = "是否含有问到的全部标签。"
    example = ({"var": "member.tags"}, ["vip", "tea"])
    template = Words("{0} 含有全部 {1}", "{0} include all of {1}")

    test_sql = "({} @> {})"
    test_json = "({} ?& {})"

    @staticmethod
    def test(tags: frozenset[str], asked: frozenset[str]) -> bool:
        return tags.issuperset(asked)

    @staticmethod
    def formula(held: Sequence[Formula], formulas: Formulas) -> Formula:
        return formulas.all_of(held)


@dataclass
class HasNone(TagTest):
    """Whether none of the tags asked about is there."""

    title = Words("不含", "Has none")
    zh = "是否一个也不含问到的标签。"
    example = ({"var": "member.tags"}, ["vip", "tea"])
    template = Words("{0} 不含 {1} 中的任何一个", "{0} include none of {1}")

    test_sql = "(NOT {} && {})"
    test_json = "(NOT {} ?| {})"

    @staticmethod
    def test(tags: frozenset[str], asked: frozenset[str]) -> bool:
        return tags.isdisjoint(asked)

    @staticmethod
    def formula(held: Sequence[Formula], formulas: Formulas) -> Formula:
        return formulas.no(formulas.any_of(held))


FAMILY = Words("集合", "Sets")

OPERATORS: dict[str, type[Operator]] = {"in": In, "has_any": HasAny, "has_all": HasAll, "has_none": HasNone}
