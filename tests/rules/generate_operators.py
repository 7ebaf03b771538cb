"""How each operator is written at random: one maker for every operator, or for those of one shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from hypothesis import strategies as st

from rules.exact import MODES
from rules.types import Declaration, Json

if TYPE_CHECKING:
    from tests.rules.generate import Writer

Make: TypeAlias = "Callable[[Writer, Declaration, str, int], Json]"
"""Of a writer, the wanted type, the operator's name and the depth that is left; None where it cannot be written."""


@dataclass(frozen=True)
class Maker:
    """Writes one operator; `gives` are the kinds that it can be of."""

    operator: str
    gives: frozenset[str]
    make: Make


MAKERS: list[Maker] = []

EVERY_KIND = ("boolean", "integer", "decimal", "money", "text", "enum", "tags", "date", "instant", "duration", "ref")
ONE_VALUE = tuple(kind for kind in EVERY_KIND if kind != "boolean")
ORDERED = ("integer", "decimal", "money", "text", "date", "instant")
MEASURED = ("integer", "decimal", "money", "date", "instant")
BOOLEAN, INTEGER, TEXT = (Declaration(type=name) for name in ("boolean", "integer", "text"))
TIMES = ["00:00", "08:30", "10:00", "22:00", "23:59"]
WHOLE_DAYS: list[Json] = ["P0D", "P1D", "P7D", "P1M", "P1Y"]


def maker(*operators: str, gives: tuple[str, ...] = ("boolean",)) -> Callable[[Make], Make]:
    """Registers a function for these operators."""

    def register(make: Make) -> Make:
        MAKERS.extend(Maker(operator, frozenset(gives), make) for operator in operators)
        return make

    return register


# logic


@maker("and", "or")
def junction(w: Writer, _like: Declaration, name: str, depth: int) -> Json:
    return {name: [w.condition(depth) for _ in range(w.draw(st.integers(1, 3)))]}


@maker("!", "!!")
def negation(w: Writer, _like: Declaration, name: str, depth: int) -> Json:
    return {name: w.one([[w.condition(depth)], w.condition(depth)])}


@maker("if", gives=EVERY_KIND)
def choice(w: Writer, like: Declaration, _name: str, depth: int) -> Json:
    parts: list[Json] = [w.condition(depth), w.write(like, depth, firm=True)]
    if w.draw(st.booleans()):
        parts += [w.condition(depth), w.write(like, depth)]
    if not w.language.absent:
        return {"if": [*parts, w.write(like, depth)]}
    return {"if": w.one([[*parts, w.write(like, depth)], [*parts, None], parts])}


# comparisons


@maker("==", "===", "!=", "!==")
def equality(w: Writer, _like: Declaration, name: str, depth: int) -> Json:
    like = w.some(*EVERY_KIND) or BOOLEAN
    return {name: w.shuffled(w.several(like, depth, 2, 2 if name.startswith("!") else 3))}


@maker("<", "<=", ">", ">=")
def ordering(w: Writer, _like: Declaration, name: str, depth: int) -> Json:
    like = w.some(*ORDERED)
    return like and {name: w.shuffled(w.several(like, depth, 2, 3))}


@maker("between")
def between(w: Writer, _like: Declaration, _name: str, depth: int) -> Json:
    like = w.some(*ORDERED)
    return like and {"between": w.several(like, depth, 3, 3)}


# presence


@maker("is_set")
def is_set(w: Writer, _like: Declaration, _name: str, depth: int) -> Json:
    path = w.one(w.language.usable)
    expression = w.write(w.some(*EVERY_KIND) or BOOLEAN, depth, firm=True)
    return w.one(
        [{"is_set": path}, {"is_set": {"var": path}}, {"is_set": expression if isinstance(expression, dict) else path}]
    )


@maker("default", gives=EVERY_KIND)
def default(w: Writer, like: Declaration, _name: str, depth: int) -> Json:
    return {"default": w.several(like, depth, 1, 3)}


@maker("var", gives=EVERY_KIND)
def var_with_fallback(w: Writer, like: Declaration, _name: str, depth: int) -> Json:
    paths = w.language.paths(like)
    return {"var": [w.one(paths), w.write(like, depth)]} if paths and w.language.absent else None


@maker("missing", "missing_some")
def missing(w: Writer, _like: Declaration, name: str, _depth: int) -> Json:
    paths = w.draw(st.lists(st.sampled_from(sorted(w.language.usable)), min_size=1, max_size=3, unique=True))
    asked: Json = {"missing": paths} if name == "missing" else {"missing_some": [w.one([0, 1, 2]), paths]}
    equal = w.language.equal_lists and "==" in w.language.operators
    if "in" in w.language.operators and (not equal or w.draw(st.booleans())):
        return {"in": [w.one(paths), asked]}
    return {"==": [asked, w.one([[], paths])]} if equal else None


# members of sets, pieces of texts


@maker("in")
def member(w: Writer, _like: Declaration, _name: str, depth: int) -> Json:
    ways = [_in_items, _in_items, *([_in_tags] if w.some("tags") else []), *([_in_text] if w.some("text") else [])]
    ways += [_in_list] if _lists_of_values(w) else []
    return w.one(ways)(w, depth)


def _in_items(w: Writer, depth: int) -> Json:
    like = w.some(*EVERY_KIND) or BOOLEAN
    if w.draw(st.booleans()):
        return {"in": [w.write(like, depth, firm=True), [w.literal(like) for _ in range(w.draw(st.integers(0, 3)))]]}
    return {"in": [w.write(like, depth, firm=True), [w.write(like, depth) for _ in range(w.draw(st.integers(0, 3)))]]}


def _in_tags(w: Writer, depth: int) -> Json:
    tags = w.some("tags")
    assert tags is not None
    return {"in": [w.one(w.language.pool("", tags)), w.write(tags, depth, firm=True)]}


def _in_list(w: Writer, depth: int) -> Json:
    path, of = w.one(_lists_of_values(w))
    return {"in": [w.write(of, depth, firm=True), {"var": path}]}


def _lists_of_values(w: Writer) -> list[tuple[str, Declaration]]:
    return [(path, each.of) for path, each in w.language.usable.items() if isinstance(each.of, Declaration)]


def _in_text(w: Writer, depth: int) -> Json:
    return {"in": [w.write(TEXT, depth), w.write(TEXT, depth)]}


@maker("has_any", "has_all", "has_none")
def tag_test(w: Writer, _like: Declaration, name: str, depth: int) -> Json:
    tags = w.some("tags")
    return tags and {name: [w.write(tags, depth, firm=True), w.write(tags, depth)]}


@maker("starts_with", "category_under")
def text_test(w: Writer, _like: Declaration, name: str, depth: int) -> Json:
    return {name: [w.write(TEXT, depth), w.one([w.write(TEXT, depth), "food", "a", "小"])]}


@maker("sku_in_list")
def sku_in_list(w: Writer, _like: Declaration, _name: str, depth: int) -> Json:
    like = w.some("text", "enum", "ref")
    entries = ["SKU-1", "SKU-*", "a", "a*", "小*", "gold"]
    return like and {
        "sku_in_list": [w.write(like, depth, firm=True), w.draw(st.lists(st.sampled_from(entries), max_size=3))]
    }


@maker("in_region")
def in_region(w: Writer, _like: Declaration, _name: str, _depth: int) -> Json:
    usable = w.language.usable
    regions = [path for path, each in usable.items() if each.type == "ref:region" and f"{path}s" in usable]
    above = [path for path, each in usable.items() if each.value_type.kind == "tags" and not each.values]
    if not regions and not above:
        return None
    places: list[Json] = [{"var": path} for path in (*regions, *above)]
    return {"in_region": [w.one(places), w.one(["east", "china", *({"var": path} for path in regions)])]}


@maker("bucket", gives=("integer",))
def bucket(w: Writer, _like: Declaration, _name: str, depth: int) -> Json:
    like = w.some("text", "enum", "ref", "integer") or TEXT
    return {"bucket": [w.write(like, depth, firm=True), w.one(["spring", ""]), w.one([1, 2, 3, 100])]}


# numbers and texts


@maker("+", "-", gives=("integer", "decimal", "money"))
def arithmetic(w: Writer, like: Declaration, name: str, depth: int) -> Json:
    return {name: w.several(like, depth, 1, 2 if name == "-" else 3)}


@maker("*", gives=("integer", "decimal", "money"))
def product(w: Writer, like: Declaration, _name: str, depth: int) -> Json:
    if like.value_type.kind != "money":
        return {"*": w.several(like, min(depth, 1), 1, 2)}
    return {"*": w.shuffled([w.write(like, min(depth, 1), firm=True), w.write(INTEGER, 0)])}


@maker("min", "max", gives=MEASURED)
def extreme(w: Writer, like: Declaration, name: str, depth: int) -> Json:
    return {name: w.shuffled(w.several(like, depth, 1, 3))}


@maker("ratio_bp", gives=("integer",))
def ratio(w: Writer, _like: Declaration, _name: str, depth: int) -> Json:
    like = w.some("integer", "decimal", "money") or INTEGER
    whole = next(value for value in w.draw(st.permutations(w.language.pool("", like))) if value not in (0, "0"))
    return {"ratio_bp": [w.write(like, min(depth, 1), firm=True), whole, w.one(MODES)]}


@maker("round_money", gives=("money",))
def round_money(w: Writer, like: Declaration, _name: str, depth: int) -> Json:
    return {
        "round_money": [w.write(like, min(depth, 1), firm=True), w.write(INTEGER, 0), w.one([-7, 3, 100]), w.one(MODES)]
    }


@maker("cat", gives=("text",))
def cat(w: Writer, _like: Declaration, _name: str, depth: int) -> Json:
    likes = [w.some("text", "enum", "ref", "integer", "decimal", "date", "boolean") or TEXT for _ in range(2)]
    return {"cat": [w.write(like, depth, firm=True) for like in likes]}


# time


@maker("days_since", "days_until", gives=("integer",))
def days(w: Writer, _like: Declaration, name: str, depth: int) -> Json:
    return {name: w.time(depth)}


@maker("within_last")
def within_last(w: Writer, _like: Declaration, _name: str, depth: int) -> Json:
    like = w.some("date", "instant")
    return like and {"within_last": [w.write(like, depth, firm=True), w.length(like, depth)]}


@maker("in_window")
def in_window(w: Writer, _like: Declaration, _name: str, depth: int) -> Json:
    like = w.some("date", "instant")
    return like and {"in_window": w.several(like, depth, 3, 3)}


@maker("add_duration", gives=("date", "instant"))
def add_duration(w: Writer, like: Declaration, _name: str, depth: int) -> Json:
    return {"add_duration": [w.write(like, depth, firm=True), w.length(like, depth)]}


@maker("same_month_day")
def same_month_day(w: Writer, _like: Declaration, _name: str, depth: int) -> Json:
    return {"same_month_day": [w.time(depth), w.time(depth)]}


@maker("weekday_in")
def weekday_in(w: Writer, _like: Declaration, _name: str, depth: int) -> Json:
    return {"weekday_in": [w.time(depth), w.draw(st.lists(st.integers(1, 7), max_size=4, unique=True))]}


@maker("time_of_day_in")
def time_of_day_in(w: Writer, _like: Declaration, _name: str, depth: int) -> Json:
    like = w.some("instant")
    ends = w.draw(st.permutations(TIMES))[:2]
    return like and {"time_of_day_in": [w.write(like, depth, firm=True), *ends]}


# lists


@maker("all", "some", "none", "any_line", "every_line", "no_line")
def quantifier(w: Writer, _like: Declaration, name: str, depth: int) -> Json:
    lines = w.lines()
    return lines and {name: [lines[0], w.inside(lines[1]).condition(depth)]}


@maker("sum_lines", gives=("integer", "decimal", "money"))
def sum_lines(w: Writer, like: Declaration, _name: str, depth: int) -> Json:
    lines = w.lines()
    if not lines:
        return None
    inside = w.inside(lines[1])
    number = inside.write(like, min(depth, 1), firm=True)
    return {"sum_lines": [lines[0], number, *([inside.condition(depth)] if w.draw(st.booleans()) else [])]}
