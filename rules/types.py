"""What a field is: its declaration as authors write it, and the type that the checker works with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeAlias, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    PrivateAttr,
    StrictInt,
    StrictStr,
    field_validator,
    model_validator,
)

Json: TypeAlias = JsonValue
"""None, bool, int, float, str, list or dict with text keys, to any depth."""

Kind: TypeAlias = Literal[
    "boolean", "integer", "decimal", "money", "text", "enum", "tags", "date", "instant", "duration", "ref", "list",
    "object", "null", "any",
]  # fmt: skip
"""What a value is. `null` is the type of a literal null, `any` that of an expression already found wrong."""

DECLARED = get_args(Kind)[:12]
"""The kinds that a declaration may name; a reference as `ref:<kind of thing>`."""

ORDERED = frozenset({"integer", "decimal", "money", "text", "date", "instant"})
NUMBERS = frozenset({"integer", "decimal", "money"})
WORDS = frozenset({"text", "enum"})


@dataclass(frozen=True)
class Problem:
    """What is wrong with a rule: `code` is that of the finding that it becomes, `pointer` a JSON pointer."""

    code: str
    pointer: str
    message: dict[str, str]


@dataclass(frozen=True)
class Type:
    """The type of an expression. Two types that `join` may be compared with each other."""

    kind: Kind
    currency: str | None = None
    values: tuple[str, ...] | None = None
    ref: str | None = None
    of: Type | None = None
    shape: tuple[tuple[str, Type], ...] = ()
    declared: Fields = field(default_factory=dict, compare=False, repr=False)
    """Of an object: the declarations that its shape was made of, with what a type does not tell."""
    titles: Mapping[str, Title] = field(default_factory=dict, compare=False, repr=False)
    """What sentences call its values, where somebody has said."""

    @property
    def name(self) -> str:
        """The type as a declaration names it: `integer`, `ref:store`, …"""
        return f"ref:{self.ref}" if self.kind == "ref" else self.kind

    @classmethod
    def named(cls, name: str) -> Type:
        """The type of a declaration's `type`, without its details. Raises ValueError for a name that there is not."""
        kind, colon, ref = name.partition(":")
        if kind not in DECLARED or (kind == "ref") != bool(colon and ref):
            raise ValueError(f"{name!r} is no type; use one of {', '.join(DECLARED)} (a reference as ref:store)")
        return cls(kind, ref=ref or None)  # type: ignore[arg-type]  # kind was just found among DECLARED


ANY = Type("any")
BOOLEAN, INTEGER, DECIMAL, TEXT = Type("boolean"), Type("integer"), Type("decimal"), Type("text")
TAGS, DATE, INSTANT, DURATION = Type("tags"), Type("date"), Type("instant"), Type("duration")


class Title(BaseModel):
    """A name in both languages of the pages."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zh: str
    en: str


class Declaration(BaseModel):
    """One field as the catalogue, a journey or a ruleset declares it. `min` and `max` are both inclusive."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str
    optional: bool = Field(default=False, strict=True)
    title: Title | str | None = None
    values: list[str] | None = None
    min: StrictInt | StrictStr | None = None
    max: StrictInt | StrictStr | None = None
    currency: str | None = Field(default=None, pattern="^[A-Z]{3}$")
    of: Declaration | dict[str, Declaration] | None = None
    personal: bool = Field(default=False, strict=True)

    _titles: Mapping[str, Title] = PrivateAttr(default_factory=dict)

    @field_validator("type")
    @classmethod
    def _type_exists(cls, name: str) -> str:
        Type.named(name)
        return name

    @model_validator(mode="after")
    def _details_fit_the_type(self) -> Declaration:
        kind = self.type.partition(":")[0]
        if kind == "enum" and not self.values:
            raise ValueError("an enum lists its `values`")
        if kind == "list" and self.of is None:
            raise ValueError("a list says in `of` what its items are")
        for key, kinds in _DETAILS.items():
            if kind not in kinds and getattr(self, key) is not None:
                raise ValueError(f"`{key}` does not belong to the type {self.type}; it is for {', '.join(kinds)}")
        return self

    @cached_property
    def value_type(self) -> Type:
        """The type of this field's values."""
        plain = Type.named(self.type)
        values = tuple(self.values) if self.values is not None else None
        of = _item_type(self.of)
        return Type(plain.kind, currency=self.currency, values=values, ref=plain.ref, of=of, titles=self._titles)

    def calling(self, titles: Mapping[str, Title]) -> Declaration:
        """The same, whose values sentences call by these titles; no part of the format, so no document has them."""
        made = self.model_copy()
        made._titles = titles  # noqa: SLF001  a copy of ourselves
        return made

    @property
    def titles(self) -> Mapping[str, Title]:
        """What its values are called, by value; none where nobody has said."""
        return self._titles

    @property
    def tells_personal(self) -> bool:
        """Whether the field, or a part of its items, is personal data."""
        items: Sequence[Declaration] = ()
        if isinstance(self.of, Declaration):
            items = [self.of]
        elif self.of is not None:
            items = [*self.of.values()]
        return self.personal or any(item.tells_personal for item in items)


_RANGED = ("integer", "decimal", "money", "date", "instant")
_DETAILS = {
    "values": ("enum", "tags"), "min": _RANGED, "max": _RANGED, "currency": ("money",), "of": ("list",),
}  # fmt: skip

Fields: TypeAlias = Mapping[str, Declaration]
"""Path to declaration: `member.tier`, `event.channel.kind`, `vars.added.welcome_code`."""

Conditions: TypeAlias = Mapping[str, Json]
"""Named conditions: a ruleset's own as `vip`, those of others as `<ruleset>/vip`."""


def _item_type(of: Declaration | dict[str, Declaration] | None) -> Type | None:
    if of is None:
        return None
    if isinstance(of, Declaration):
        return of.value_type
    shape = sorted(((name, item.value_type) for name, item in of.items()), key=lambda named: named[0])
    return Type("object", shape=tuple(shape), declared=of)


def tag_of(tags: Type) -> Type:
    """The type of one tag of a set."""
    return Type("enum", values=tags.values, titles=tags.titles) if tags.values is not None else TEXT


def join(one: Type, other: Type) -> Type | None:
    """The type that holds the values of both, or None when they cannot be compared."""
    if one.kind in {"any", "null"} or other.kind in {"any", "null"}:
        return one if other.kind in {"any", "null"} else other
    if one.kind != other.kind:
        return _join_kinds(one, other)
    match one.kind:
        case "money":
            if one.currency and other.currency and one.currency != other.currency:
                return None
            return one if one.currency else other
        case "enum" | "tags":
            return Type(one.kind, values=_both(one.values, other.values), titles={**other.titles, **one.titles})
        case "ref":
            return one if one.ref == other.ref else None
        case "object":
            return one if one.shape == other.shape else None
        case "list" if one.of and other.of:
            of = join(one.of, other.of)
            return Type("list", of=of) if of else None
        case _:
            return one


def _join_kinds(one: Type, other: Type) -> Type | None:
    match {one.kind, other.kind}:
        case kinds if kinds == {"integer", "decimal"}:
            return DECIMAL
        case kinds if kinds == WORDS:
            return TEXT
        case kinds if kinds == {"tags", "list"}:
            tags, items = (one, other) if one.kind == "tags" else (other, one)
            return tags if items.of is None or items.of.kind in WORDS | {"any"} else None
        case _:
            return None


def _both(one: tuple[str, ...] | None, other: tuple[str, ...] | None) -> tuple[str, ...] | None:
    return None if one is None or other is None else tuple(dict.fromkeys(one + other))


def fits(actual: Type, wanted: Type) -> bool:
    """Whether a value of `actual` may stand where `wanted` is asked for."""
    joined = join(actual, wanted)
    return joined is not None and (joined.kind == wanted.kind or "any" in {actual.kind, wanted.kind})
