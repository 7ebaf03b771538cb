"""in_region, sku_in_list, bucket: where a store lies, which product it is, and who is in which share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rules import messages, operator_messages
from rules.fields import Field
from rules.moment import Moment
from rules.nodes import Items, Literal, Operator
from rules.sentences import Speaker, Words
from rules.shares import salted, share_of
from rules.sql import Query, forms, in_array, of_known
from rules.strict import Strict
from rules.tree import Checker, Closure, Expression, Facts, Value
from rules.types import BOOLEAN, INTEGER, TEXT, Type
from rules.unknown import Unknown

if TYPE_CHECKING:
    from rules.smt import Formula, Formulas, Term

REGION = Type("ref", ref="region")


@dataclass
class InRegion(Operator):
    """Whether a region is another one or lies under it.

    The regions above are read from the field beside it that is named like it with an `s`: `store.regions` beside
    `store.region`. That field may also be given itself.
    """

    title = Words("在大区内", "In region")
    zh = (
        "大区是否就是另一个，或在它之下。\n\n"
        "上面的各级大区从旁边名字多一个 `s` 的字段读取：`store.region` 旁边是 `store.regions`。也可以直接写那个字段。"
    )
    example = ({"var": "store.region"}, "south")
    template = Words("{0} 在大区 {1} 内", "{0} is in region {1}")

    arity = (2, 2)
    above: Field | None = field(default=None, init=False)

    @property
    def parts(self) -> Sequence[Expression]:
        return self.arguments if self.above is None else (*self.arguments, self.above)

    def infer(self, checker: Checker) -> Type:
        place, region = self.arguments
        found = checker.infer(place)
        checker.expect(region, REGION, place.shown)
        if found.kind == "ref" and found.ref == "region":
            self._find_above(checker)
        elif found.kind not in {"tags", "any"}:
            message = messages.not_for_type("in_region", place.shown, found, "大区", "regions")
            checker.report("type-mismatch", place, message)
        return BOOLEAN

    def _find_above(self, checker: Checker) -> None:
        """Read the field beside that of the region, or report that there is none."""
        place = self.arguments[0]
        match place.parts:
            case [Field(path=str(path))]:
                beside = checker.find(f"{path}s")
            case _:
                path, beside = "", None
        if beside is None or beside.type.kind != "tags":
            checker.report("type-mismatch", place, operator_messages.no_regions_above(place.shown))
            return
        self.above = Field("field", pointer=place.pointer, path=f"{path}s")
        checker.infer(self.above)

    def closure(self) -> Closure:
        place, region = (argument.closure() for argument in self.arguments)
        if self.above is None:
            return _lies_in(place, region)
        return _is_or_lies_in(place, region, self.above.closure())

    def sql(self, query: Query) -> str | None:
        found = forms(self.arguments, query)
        if found is None or not query.repeatable(*found):
            return None
        place, region = found
        if self.above is None:
            return in_array(region, place, query)
        above = self.above.sql(query)
        lies_in = None if above is None else in_array(region, above, query)
        return None if lies_in is None else f"({place} = {region} OR {lies_in})"

    def smt(self, formulas: Formulas) -> Term:
        here, region, *above = formulas.each(self.parts)
        within = above[0] if above else here
        lies = formulas.term(formulas.contains(within.value, region.value), formulas.known((within, region)))
        if not above:
            return lies
        same = formulas.term(here.value == region.value, formulas.known((here, region)))
        return formulas.joined([same, lies], settling=True)


def _lies_in(above: Closure, region: Closure) -> Closure:
    def run(facts: Facts, moment: Moment) -> Value:
        regions, key = above(facts, moment), region(facts, moment)
        if type(regions) is Unknown:
            return regions | key if type(key) is Unknown else regions
        return key if type(key) is Unknown else key in regions

    return run


def _is_or_lies_in(place: Closure, region: Closure, above: Closure) -> Closure:
    lies_in = _lies_in(above, region)

    def run(facts: Facts, moment: Moment) -> Value:
        here, key = place(facts, moment), region(facts, moment)
        if type(here) is not Unknown and type(key) is not Unknown and here == key:
            return True
        found = lies_in(facts, moment)
        if found is True or type(here) is not Unknown:
            return found
        return here | found if type(found) is Unknown else here

    return run


@dataclass
class SkuInList(Operator):
    """Whether a product is in a list that is written out; an entry that ends in `*` stands for all that begin so."""

    title = Words("商品在清单内", "Product in list")
    zh = "商品是否在写出的清单里；以 `*` 结尾的一项代表所有以它开头的商品。"
    example = ({"var": "event.sku"}, ["TEA-001", "WINE-*"])

    arity = (2, 2)

    def infer(self, checker: Checker) -> Type:
        sku, listed = self.arguments
        found = checker.infer(sku, TEXT)
        if found.kind not in {"text", "enum", "ref", "any"}:
            message = messages.not_for_type("sku_in_list", sku.shown, found, "文本和引用", "texts and references")
            checker.report("type-mismatch", sku, message)
        if not isinstance(listed, Items) or not all(isinstance(item, Literal) for item in listed.items):
            checker.report("type-mismatch", listed, operator_messages.not_written_out("sku_in_list", '["A1", "B2*"]'))
            return BOOLEAN
        listed.type = Type("list", of=TEXT)
        checker.expect_all(listed.items, TEXT)
        for item in listed.items:
            if isinstance(item, Literal) and "*" in str(item.json)[:-1]:
                checker.report("type-mismatch", item, operator_messages.star_inside(item.shown))
        return BOOLEAN

    @property
    def exact(self) -> frozenset[str]:
        """The entries that stand for one product."""
        return frozenset(entry for entry in self._entries if not entry.endswith("*"))

    @property
    def prefixes(self) -> tuple[str, ...]:
        """What the products of the other entries begin with."""
        return tuple(entry.removesuffix("*") for entry in self._entries if entry.endswith("*"))

    @property
    def _entries(self) -> list[str]:
        listed = self.arguments[1]
        items = listed.items if isinstance(listed, Items) else ()
        return [item.value for item in items if isinstance(item, Literal)]

    def closure(self) -> Closure:
        closure, exact, prefixes = self.arguments[0].closure(), self.exact, self.prefixes

        def run(facts: Facts, moment: Moment) -> Value:
            sku = closure(facts, moment)
            return sku if type(sku) is Unknown else sku in exact or sku.startswith(prefixes)

        return run

    def sentence(self, speaker: Speaker) -> str:
        begins = Words("以 {} 开头的商品", "a product that begins with {}").of(speaker.language)
        entries = [*sorted(self.exact), *(begins.format(prefix) for prefix in self.prefixes)]
        return speaker.fill(
            Words("{0} 是 {1}", "{0} is {1}"), [speaker.part(self.arguments[0]), speaker.either(entries)]
        )

    def sql(self, query: Query) -> str | None:
        sku = self.arguments[0].sql(query)
        if sku is None or not query.repeatable(sku):
            return None
        tests = []
        if self.exact:
            tests.append(f"{sku} = ANY ({query.bind(sorted(self.exact), 'text[]')})")
        if self.prefixes:
            tests.append(f"{sku} ^@ ANY ({query.bind(self.prefixes, 'text[]')})")
        return f"({' OR '.join(tests)})" if tests else of_known(sku, "FALSE", query)

    def smt(self, formulas: Formulas) -> Term:
        [sku] = formulas.each(self.arguments[:1])
        same = [sku.value == formulas.literal(entry, TEXT).value for entry in sorted(self.exact)]
        begun = [formulas.starts_with(sku.value, prefix) for prefix in self.prefixes]
        return formulas.term(formulas.any_of([*same, *begun]), sku.known)


@dataclass
class Bucket(Strict):
    """The number, from 0, of the part that a value falls into when all are dealt into equal parts by hash.

    A value, a salt, the number of parts. The same salt deals alike everywhere, also in the splits of journeys.
    """

    title = Words("分组号", "Bucket")
    zh = (
        "把所有值按哈希均分成若干份时，这个值落在第几份，从 0 数起。\n\n"
        "参数是值、盐和份数。同样的盐在哪里都分得一样，旅程的分流也是。"
    )
    example = ({"var": "member.id"}, "spring-2026", 100)
    template = Words("{0} 按 {1} 均分成 {2} 份后的份号", "the part of {0} among {2} dealt by {1}")

    arity = (3, 3)

    def infer(self, checker: Checker) -> Type:
        value, salt, parts = self.arguments
        found = checker.infer(value)
        if found.kind not in {"text", "enum", "ref", "integer", "any"}:
            words = "文本、引用和整数", "texts, references and integers"
            checker.report("type-mismatch", value, messages.not_for_type("bucket", value.shown, found, *words))
        checker.expect(salt, TEXT)
        if not isinstance(salt, Literal):
            checker.report("type-mismatch", salt, operator_messages.not_written_out("bucket", '"spring-2026"'))
        checker.expect(parts, INTEGER)
        if not isinstance(parts, Literal) or (parts.type.kind == "integer" and parts.value < 1):
            checker.report("type-mismatch", parts, operator_messages.no_number_of_parts(parts.shown))
        return INTEGER

    def compute(self, _moment: Moment, *values: Value) -> Value:
        value, salt, parts = values
        return share_of(salted(salt, value), parts)

    def sql(self, query: Query) -> str | None:
        value, salt, parts = self.arguments
        found = value.sql(query)
        if found is None or not isinstance(salt, Literal) or not query.repeatable(found):
            return None
        text = f"trunc({found})::text" if value.type.kind == "integer" else found
        salted_text = f"({query.bind(salted(salt.value, ''), 'text')} || {text})"
        digest = f"encode(sha256(convert_to({salted_text}, 'UTF8')), 'hex')"
        high, low = (f"('x' || substr({digest}, {at}, 8))::bit(32)::bigint::numeric" for at in (1, 9))
        return f"mod({high} * 4294967296 + {low}, {parts.sql(query)})"

    def formula(self, formulas: Formulas, *values: Formula) -> Formula | None:
        """Any of the parts: nothing tells which, but that it is the same at each question."""
        part = formulas.opaque(self).value
        formulas.assume(formulas.all_of([part >= 0, part < values[2]]))
        return part


FAMILY = Words("连锁", "The chain")

OPERATORS: dict[str, type[Operator]] = {"in_region": InRegion, "sku_in_list": SkuInList, "bucket": Bucket}
