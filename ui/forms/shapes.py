"""What a JSON schema says of a value, as far as a form shows it: its kind, its words, its parts.

Any schema is read; what no form can show is of the kind `json`, to be written as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias, cast, get_args

from pydantic import BaseModel

from rules.documents.pointers import ABSENT, Absent
from rules.types import Json

Schema: TypeAlias = Mapping[str, Any]

Kind: TypeAlias = Literal[
    "text", "long_text", "name", "integer", "number", "money", "share", "boolean", "enum", "duration", "clock", "date",
    "instant", "reference", "event", "node", "activity", "zone", "field", "condition", "expression", "any", "object",
    "list", "map", "union", "const", "json",
]  # fmt: skip
KINDS: Final = frozenset(get_args(Kind))

LEAVES: Final = KINDS - {"object", "list", "map", "union", "const"}
"""What is written in one field."""


Value: TypeAlias = Json | Absent


@dataclass(frozen=True)
class Shape:
    """One value as its schema describes it.

    `owner` is the model that it stands in and `name` its name there. `computable` values may be an expression
    (`{"$": …}`), and texts among them may show fields. `signed` durations may lie before.
    """

    kind: Kind
    schema: Schema
    definitions: Schema
    owner: str = ""
    name: str = ""
    required: bool = False
    nullable: bool = False
    computable: bool = False

    @property
    def default(self) -> Value:
        """What holds where nothing is said; null is as good as nothing."""
        return cast("Value", self.schema.get("default", ABSENT)) if self.schema.get("default") is not None else ABSENT

    @property
    def choices(self) -> tuple[Json, ...]:
        """The values of an enum."""
        return tuple(self.schema.get("enum", ()))

    @property
    def reference(self) -> str:
        """What kind of thing a reference names."""
        return str(self.schema.get("x-reference", ""))

    @property
    def longest(self) -> int | None:
        """How many characters a text may have; None where nobody says."""
        most = self.schema.get("maxLength")
        return most if isinstance(most, int) and self.kind in {"text", "long_text", "name"} else None

    @property
    def signed(self) -> bool:
        """Whether a duration may be negative."""
        return bool(self.schema.get("x-signed"))

    @property
    def model(self) -> str:
        """The name of the model of an object."""
        return str(self.schema.get("title", ""))

    @property
    def properties(self) -> dict[str, Shape]:
        """The parts of an object by name, as they are declared."""
        required = self.schema.get("required", ())
        return {
            name: self._part(_schema(schema), name, required=name in required)
            for name, schema in self.schema.get("properties", {}).items()
        }

    @property
    def item(self) -> Shape:
        """The items of a list, or the values of a map."""
        if self.kind == "list":
            return self._part(_schema(self.schema.get("items")), "", required=True)
        patterns = list(self.schema.get("patternProperties", {}).values())
        more = self.schema.get("additionalProperties", {})
        return self._part(_schema(patterns[0] if patterns else more), "", required=True)

    @property
    def options(self) -> tuple[Shape, ...]:
        """The forms of a union."""
        found = (self._part(each, self.name, required=self.required) for each in _forms(self.schema))
        return tuple(replace(each, owner=self.owner) for each in found)

    @property
    def tag(self) -> str:
        """The key that tells the forms of a union apart; none where they are told apart by what they hold."""
        return str(self.schema.get("discriminator", {}).get("propertyName", ""))

    def option_for(self, value: Value) -> Shape:
        """The form of a union that a value has, or comes nearest to."""
        held = value if isinstance(value, dict) else {}
        return max(self.options, key=lambda option: _nearness(option, held))

    def part(self, step: str, value: Value) -> Shape | None:
        """The shape of the part that a pointer's step leads to; None where the schema knows of none."""
        match self.kind:
            case "union":
                return self.option_for(value).part(step, value)
            case "object":
                return self.properties.get(step)
            case "list" if re.fullmatch(r"\d+|-", step):
                return replace(self.item, name=step)
            case "map":
                return replace(self.item, name=step)
            case _:
                return None

    def _part(self, schema: Schema, name: str, *, required: bool) -> Shape:
        found = shape(schema, self.definitions, owner=self.model, name=name, computable=self.computable)
        return replace(found, required=required)


def shape(
    schema: Schema, definitions: Schema | None = None, *, owner: str = "", name: str = "", computable: bool = False
) -> Shape:
    """Reads a schema. `definitions` are its `$defs`, where the schema does not bring them itself."""
    known = definitions if definitions is not None else schema.get("$defs", {})
    plain, nullable = _plain(schema, known)
    return Shape(
        _kind(plain, known, name), plain, known, owner=owner, name=name, nullable=nullable, computable=computable
    )


def shape_of(model: type[BaseModel], *, computable: bool = False) -> Shape:
    """The shape of a model's JSON."""
    return shape(model.model_json_schema(), computable=computable)


def _plain(schema: Schema, definitions: Schema, depth: int = 0) -> tuple[Schema, bool]:
    """The schema without references and without a null beside one other form; whether there was one."""
    if "$ref" in schema and depth < 50:
        target = _schema(definitions.get(str(schema["$ref"]).rpartition("/")[2]))
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        plain, nullable = _plain(target, definitions, depth + 1)
        return {**plain, **beside}, nullable
    for key in ("anyOf", "oneOf", "allOf"):
        forms = schema.get(key, ())
        kept = _but_null(forms)
        if len(kept) == 1 and depth < 50:
            beside = {name: value for name, value in schema.items() if name != key}
            plain, nullable = _plain(kept[0], definitions, depth + 1)
            return {**plain, **beside}, nullable or len(kept) < len(forms)
    return schema, False


def _schema(given: object) -> Schema:
    """A schema below another; `true` and nothing allow anything."""
    return given if isinstance(given, Mapping) else {}


def _forms(schema: Schema) -> list[Schema]:
    """The forms of a union, but null."""
    return _but_null(schema.get("oneOf") or schema.get("anyOf") or ())


def _but_null(forms: Sequence[object]) -> list[Schema]:
    return [form for form in map(_schema, forms) if form.get("type") != "null"]


_MARKS: Mapping[str, Kind] = {"x-reference": "reference", "const": "const", "enum": "enum"}
_FORMATS: Mapping[str, Kind] = {"duration": "duration", "date-time": "instant", "date": "date", "time": "clock"}
_TYPES: Mapping[str, Kind] = {"integer": "integer", "number": "number", "boolean": "boolean"}


def _kind(schema: Schema, definitions: Schema, name: str) -> Kind:
    told = schema.get("x-kind")
    if told in KINDS:
        return cast("Kind", told)
    marked = next((kind for mark, kind in _MARKS.items() if mark in schema), None)
    if marked is not None:
        return marked
    if "oneOf" in schema or "anyOf" in schema:
        return _kind_of_forms(schema, definitions)
    match schema.get("type"):
        case "string":
            return _FORMATS.get(str(schema.get("format")), "text")
        case "integer" if name.endswith("_bp"):
            return "share"
        case "object":
            return _kind_of_object(schema)
        case "array":
            return "json" if "prefixItems" in schema else "list"
        case None:
            return "any" if not schema.keys() - _WORDS else "json"
        case other:
            return _TYPES.get(str(other), "json")


_WORDS = frozenset({"title", "description", "default", "examples", "x-title", "x-help"})


def _kind_of_object(schema: Schema) -> Kind:
    properties = schema.get("properties", {})
    if properties.keys() == {"minor", "currency"}:
        return "money"
    if properties:
        return "object"
    return "map" if schema.get("additionalProperties") is not False or "patternProperties" in schema else "json"


def _kind_of_forms(schema: Schema, definitions: Schema) -> Kind:
    forms = [_plain(each, definitions)[0] for each in _forms(schema)]
    if forms and all(form.get("type") == "object" and form.get("properties") for form in forms):
        return "union"
    return "any"


def _nearness(option: Shape, held: Mapping[str, Json]) -> int:
    """How well an object fits a form: what the form names is for it, a constant that differs decides against it."""
    known = option.properties
    constants = [part.schema.get("const") == held.get(name) for name, part in known.items() if part.kind == "const"]
    needed = [name in held for name, part in known.items() if part.required]
    return 100 * constants.count(True) + 10 * needed.count(True) + len(known.keys() & held.keys())
