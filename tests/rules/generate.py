"""Random typed expressions and the facts for them, for every law that compares two forms of a rule.

    language = Language(FIELDS)                                  # all operators, all kinds
    language = Language(fields, operators={"and", "==", "var"})   # only what another form knows
    @given(language.cases(missing=True))                          # (condition, facts)

Every expression that comes out has no problems, and is evaluated without error on the facts that come out. Literals and
facts of a field come from one small pool of values, so that comparisons hold about as often as not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias

from hypothesis import strategies as st

from rules.operators import OPERATORS
from rules.types import Declaration, Fields, Json, Kind
from tests.rules.generate_operators import MAKERS, WHOLE_DAYS
from tests.rules.ruleworld import declared

Draw: TypeAlias = Callable[[st.SearchStrategy[Any]], Any]

POOLS: Mapping[str, list[Json]] = {
    "boolean": [True, False],
    "integer": [-2, 0, 1, 2, 3, 100],
    "decimal": ["-2.25", "0", "0.5", "1", "1.50", "3"],
    "money": [-500, 0, 1, 100, 500, 5_000],
    "text": ["", "a", "ab", "Ab", "b", "food/tea", "小林", "SKU-1"],
    "tags": ["a", "b", "vip", "小林"],
    "date": ["2000-02-29", "2001-02-28", "2025-12-31", "2026-01-06", "2026-01-07", "2026-02-28"],
    "instant": [
        "2000-02-29T12:00:00Z", "2025-12-31T16:30:00Z", "2026-01-06T15:59:59Z", "2026-01-06T16:00:00Z",
        "2026-01-07T02:00:00Z", "2026-01-07T02:00:01Z", "2026-02-28T22:15:00+08:00",
    ],
    "duration": ["P0D", "P1D", "P7D", "P1M", "P1Y", "PT1H", "P1DT30M"],
    "ref": ["east", "china", "s1", "SKU-1"],
}  # fmt: skip

FIELDS = declared(
    member__friend={"type": "boolean"}, member__registered={"type": "boolean"},
    member__orders={"type": "integer"}, member__visits={"type": "integer", "optional": True},
    member__weight={"type": "decimal"}, member__height={"type": "decimal"},
    member__spend={"type": "money", "currency": "CNY"}, member__debt={"type": "money", "currency": "CNY"},
    member__nickname={"type": "text", "optional": True, "personal": True}, member__city={"type": "text"},
    member__tier={"type": "enum", "values": ["gold", "silver", "black"]},
    member__tags={"type": "tags"}, member__interests={"type": "tags", "values": ["tea", "wine"]},
    member__birthday={"type": "date"}, member__registered_on={"type": "date"},
    member__last_order_at={"type": "instant"}, member__first_order_at={"type": "instant"},
    member__patience={"type": "duration"},
    member__store={"type": "ref:store"}, event__store={"type": "ref:store"}, event__sku={"type": "ref:product"},
    store__region={"type": "ref:region"}, store__regions={"type": "tags"},
    event__scores={"type": "list", "of": {"type": "integer"}}, event__words={"type": "list", "of": {"type": "text"}},
    event__lines={"type": "list", "of": {
        "sku": {"type": "text"}, "qty": {"type": "integer"}, "amount": {"type": "money", "currency": "CNY"},
        "weight": {"type": "decimal"}, "gift": {"type": "boolean"}, "colours": {"type": "tags"},
    }},
)  # fmt: skip
"""Fields of every kind, two of most."""


@dataclass(frozen=True)
class Language:
    """What expressions may be made of.

    `operators` and `kinds` leave out the others; `outer` lets conditions on items read fields outside of the list,
    `absent` lets an `if` end without a value, `equal_lists` lets lists be compared, `pools` gives other values by path
    or kind.
    """

    fields: Fields = field(default_factory=lambda: FIELDS)
    operators: Collection[str] = field(default_factory=lambda: frozenset(OPERATORS))
    kinds: Collection[str] = frozenset({*POOLS, "enum", "list"})
    outer: bool = True
    absent: bool = True
    equal_lists: bool = True
    depth: int = 3
    pools: Mapping[str, list[Json]] = field(default_factory=dict)

    @cached_property
    def conditions(self) -> st.SearchStrategy[Json]:
        """Expressions that are true, false or unknown."""
        return self.expressions("boolean")

    def expressions(self, kind: Kind) -> st.SearchStrategy[Json]:
        """Expressions of a kind; of kinds with details (enum, money, ref, tags), like one of the fields."""

        @st.composite
        def made(draw: Draw) -> Json:
            likes = self.of_kind(kind) or [Declaration(type=kind)]
            return Writer(draw, self).write(draw(st.sampled_from(likes)), self.depth)

        return made()

    def cases(self, kind: Kind = "boolean", *, missing: bool = False) -> st.SearchStrategy[tuple[Json, dict[str, Any]]]:
        """Expressions of a kind, each with facts for the fields that it reads; with `missing` as in `facts`."""
        return self.cases_by_path(self.expressions(kind), missing=missing).map(lambda case: (case[0], nested(case[1])))

    def cases_by_path(
        self, rules: st.SearchStrategy[Json], *, missing: bool = False
    ) -> st.SearchStrategy[tuple[Json, dict[str, Any]]]:
        """The same for other rules, or lists of them; the facts by path, GONE for those that are absent."""
        values = {path: self.values(path, each, missing=missing) for path, each in self.usable.items()}

        @st.composite
        def made(draw: Draw) -> tuple[Json, dict[str, Any]]:
            rule = draw(rules)
            text = json.dumps(rule, ensure_ascii=False)
            return rule, {path: draw(value) for path, value in values.items() if path.removesuffix("s") in text}

        return made()

    def facts(self, *, missing: bool = False) -> st.SearchStrategy[dict[str, Any]]:
        """Nested facts for the fields; with `missing`, any of them may be absent or null, also in items of lists."""
        values = {path: self.values(path, each, missing=missing) for path, each in self.usable.items()}
        return st.fixed_dictionaries(values).map(nested)

    def values(self, path: str, declaration: Declaration, *, missing: bool) -> st.SearchStrategy[Any]:
        """What may stand in the facts for a field; GONE for absence."""
        present = self._present(path, declaration, missing=missing)
        return st.one_of(present, present, st.sampled_from([GONE, None])) if missing else present

    def _present(self, path: str, declaration: Declaration, *, missing: bool) -> st.SearchStrategy[Any]:
        type_ = declaration.value_type
        if type_.kind == "tags":
            return st.lists(st.sampled_from(self.pool(path, declaration)), max_size=3, unique=True)
        if type_.kind == "money" and type_.currency:
            amounts = st.sampled_from(self.pool(path, declaration))
            return amounts | amounts.map(lambda minor: {"minor": minor, "currency": type_.currency})
        if type_.kind != "list":
            return st.sampled_from(self.pool(path, declaration))
        if isinstance(declaration.of, Declaration):
            return st.lists(self._present(path, declaration.of, missing=False), max_size=3)
        names = {name: self.values(name, each, missing=missing) for name, each in (declaration.of or {}).items()}
        return st.lists(st.fixed_dictionaries(names).map(nested), max_size=3)

    def pool(self, path: str, declaration: Declaration) -> list[Any]:
        """The values of a field, or of one tag of it."""
        kind = declaration.value_type.kind
        return self.pools.get(path) or declaration.values or self.pools.get(kind) or POOLS[kind]

    @property
    def usable(self) -> Fields:
        """The fields of allowed kinds."""
        return {path: each for path, each in self.fields.items() if each.value_type.kind in self.kinds}

    def of_kind(self, *kinds: str) -> list[Declaration]:
        """The declarations of usable fields of these kinds, one of each."""
        return [each for each in self.usable.values() if each.value_type.kind in kinds]

    def paths(self, like: Declaration) -> list[str]:
        """The usable fields of one type."""
        return [path for path, each in self.usable.items() if each.value_type == like.value_type]

    def inside(self, lines: Declaration) -> Language:
        """The language of conditions on the items of a list."""
        of = {"": lines.of} if isinstance(lines.of, Declaration) else dict(lines.of or {})
        if lines.value_type.kind == "tags":
            of = {"": Declaration(type="enum", values=lines.values) if lines.values else Declaration(type="text")}
        outside = {path: each for path, each in self.fields.items() if path and self.outer}
        return replace(self, fields={**outside, **of})


@dataclass
class Writer:
    """Writes one expression. The makers of `generate_operators` call it for their arguments."""

    draw: Draw
    language: Language

    def one(self, options: Iterable[Any]) -> Any:
        """One of several."""
        return self.draw(st.sampled_from(list(options)))

    def write(self, like: Declaration, depth: int, *, firm: bool = False) -> Json:
        """An expression of the type of a declaration. A `firm` one has that type also where nothing asks for it."""
        kind = like.value_type.kind
        makers = [maker for maker in MAKERS if kind in maker.gives and maker.operator in self.language.operators]
        if depth > 0 and makers and self.draw(st.integers(0, 3)):
            maker = self.one(makers)
            found = maker.make(self, like, maker.operator, depth - 1)
            if found is not None:
                return found
        return self.leaf(like, firm=firm)

    def leaf(self, like: Declaration, *, firm: bool = False) -> Json:
        """A field, or a literal where one will do."""
        paths = self.language.paths(like)
        if like.value_type.kind in MOMENTS and (not paths or self.draw(st.integers(0, 5)) == 0):
            return {"var": MOMENTS[like.value_type.kind]}
        if paths and (firm or self.draw(st.booleans())):
            return {"var": self.one(paths)}
        return self.literal(like)

    def literal(self, like: Declaration) -> Json:
        """A literal of the type."""
        path = next(iter(self.language.paths(like)), "")
        pool = st.sampled_from(self.language.pool(path, like))
        return self.draw(st.lists(pool, max_size=3) if like.value_type.kind == "tags" else pool)

    def some(self, *kinds: str) -> Declaration | None:
        """The declaration of some field of these kinds; None when there is none."""
        likes = self.language.of_kind(*kinds)
        return self.one(likes) if likes else None

    def several(self, like: Declaration, depth: int, least: int, most: int) -> list[Json]:
        """Expressions of one type, of which the first is firm."""
        count = self.draw(st.integers(least, most))
        return [self.write(like, depth, firm=number == 0) for number in range(count)]

    def shuffled(self, expressions: list[Json]) -> list[Json]:
        """The same in another order."""
        return list(self.draw(st.permutations(expressions)))

    def condition(self, depth: int) -> Json:
        """A condition."""
        return self.write(Declaration(type="boolean"), depth)

    def time(self, depth: int) -> Json:
        """A date or an instant."""
        return self.write(self.some("date", "instant") or Declaration(type="instant"), depth, firm=True)

    def length(self, time: Declaration, depth: int) -> Json:
        """A duration that may be added to a date or an instant."""
        if time.value_type.kind == "date":
            return self.one(WHOLE_DAYS)
        return self.write(Declaration(type="duration"), min(depth, 1))

    def lines(self) -> tuple[Json, Declaration] | None:
        """A list or a set of tags, and its declaration; None when there is none."""
        found = [
            (path, each) for path, each in self.language.usable.items() if each.value_type.kind in ("list", "tags")
        ]
        path, each = self.one(found) if found else ("", None)
        return ({"var": path}, each) if each else None

    def inside(self, lines: Declaration) -> Writer:
        """A writer of expressions on the items of a list."""
        return replace(self, language=self.language.inside(lines))


GONE = object()
MOMENTS = {"date": "today", "instant": "now"}


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Facts by path as nested objects, without what is gone."""
    facts: dict[str, Any] = {}
    for path, value in values.items():
        *scopes, name = path.split(".")
        inner = facts
        for scope in scopes:
            inner = inner.setdefault(scope, {})
        if value is not GONE:
            inner[name] = value
    return facts
