"""Forms of any model: what a schema says is shown so, and what it does not foresee is shown as JSON."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from engine.journeys.catalogue import Reference, ShownAs, label
from rules.documents.pointers import ABSENT, Absent
from rules.types import Json
from tests.ui.forms.documents import ANYTHING, TEXTS
from ui.forms.fields import form_of
from ui.forms.mistakes import Mistake
from ui.forms.posting import Sent, Unchanged, meant
from ui.forms.shapes import Kind, shape, shape_of
from ui.forms.speech import Speech

ZH, EN = Speech("zh"), Speech("en")


class Colour(Enum):
    """One of two."""

    RED = "red"
    BLUE = "blue"


class Money(BaseModel):
    """An amount."""

    minor: int
    currency: str


class Line(BaseModel):
    """One of a list."""

    sku: str
    count: int = 1


class Params(BaseModel):
    """Params as a plug-in may have them."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, label("文字", "Text", help_zh="写点什么。", help_en="Write something.")]
    colour: Colour = Colour.RED
    size: Literal["s", "m"] = "s"
    store: Annotated[str, Reference("store")] | None = None
    stores: list[Annotated[str, Reference("store")]] = []
    wait: timedelta = timedelta(days=1)
    length: Annotated[str, ShownAs("duration")] = "P1D"
    on: date | None = None
    at: datetime | None = None
    price: Money | None = None
    cents: Annotated[int, ShownAs("money")] = 0
    share: Annotated[int, ShownAs("share")] = 0
    fee_bp: int = 0
    lines: list[Line] = []
    headers: dict[str, str] = {}
    body: Any = None
    pair: tuple[int, str] | None = None
    nested: dict[str, list[dict[str, int]]] = {}
    limit: int | None = Field(default=None, ge=1)
    factor: float = 1.0
    careful: bool = False


FORM = shape_of(Params, computable=True)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("text", "text"), ("colour", "enum"), ("size", "enum"), ("store", "reference"), ("stores", "list"),
        ("wait", "duration"), ("length", "duration"), ("on", "date"), ("at", "instant"), ("price", "money"),
        ("cents", "money"), ("share", "share"), ("fee_bp", "share"), ("lines", "list"), ("headers", "map"),
        ("body", "any"), ("pair", "json"), ("nested", "map"), ("limit", "integer"), ("factor", "number"),
        ("careful", "boolean"),
    ],
)  # fmt: skip
def test_a_schema_says_how_people_write_a_value(name: str, kind: Kind) -> None:
    assert FORM.properties[name].kind == kind


def test_words_are_those_of_the_schema_and_the_name_stands_where_there_are_none() -> None:
    form = form_of(FORM, {}, "/params", ZH)
    assert (form.part("text").title, form.part("text").help) == ("文字", "写点什么。")
    assert form_of(FORM, {}, "/params", EN).part("text").title == "Text"
    assert form.part("careful").title == "careful"


@pytest.mark.parametrize(
    ("name", "present", "typed", "value"),
    [
        ("text", ABSENT, "你好", "你好"),
        ("text", "你好", "", ABSENT),
        ("colour", ABSENT, "blue", "blue"),
        ("colour", "blue", "", ABSENT),
        ("colour", ABSENT, "red", "red"),
        ("careful", ABSENT, "true", True),
        ("careful", True, "false", False),
        ("careful", True, "", ABSENT),
        ("wait", ABSENT, "3天", "P3D"),
        ("length", "P2W", "十四天", "P14D"),
        ("on", ABSENT, "2026/11/05", "2026-11-05"),
        ("at", ABSENT, "2026-11-05 10:00", "2026-11-05T10:00:00+08:00"),
        ("price", ABSENT, "¥9.90", {"minor": 990, "currency": "CNY"}),
        ("price", {"minor": 990, "currency": "JPY"}, "1,200", {"minor": 1200, "currency": "JPY"}),
        ("cents", 0, "12 元", 1200),
        ("share", 500, "12.5%", 1250),
        ("fee_bp", ABSENT, "0", 0),
        ("limit", ABSENT, "1,000", 1000),
        ("limit", 5, "", ABSENT),
        ("factor", ABSENT, "1.5", 1.5),
        ("pair", ABSENT, '[1, "a"]', [1, "a"]),
        ("store", ABSENT, " E01 ", "E01"),
    ],
)
def test_what_is_typed_is_the_value_that_people_mean(name: str, present: Any, typed: str, value: Any) -> None:
    held: dict[str, Json] = {} if isinstance(present, Absent) else {name: present}
    field = form_of(FORM, held, "/params", ZH).part(name)
    assert meant(field, Sent(texts=(typed,)), "zh") == value


@pytest.mark.parametrize(
    ("name", "typed", "key"),
    [
        ("limit", "a few", "forms.mistake.integer"),
        ("limit", "1.5", "forms.mistake.integer"),
        ("factor", "1,5x", "forms.mistake.number"),
        ("share", "101", "forms.mistake.share"),
        ("share", "1.234", "forms.mistake.share"),
        ("price", "9.999", "forms.mistake.cents"),
        ("price", "free", "forms.mistake.money"),
        ("on", "05.11.2026", "forms.mistake.date"),
        ("at", "soon", "forms.mistake.instant"),
        ("colour", "green", "forms.mistake.choice"),
        ("careful", "perhaps", "forms.mistake.boolean"),
        ("pair", "{", "forms.mistake.json"),
        ("wait", "3", "forms.duration.no_unit"),
    ],
)
def test_what_cannot_be_meant_is_told(name: str, typed: str, key: str) -> None:
    field = form_of(FORM, {}, "/params", ZH).part(name)
    with pytest.raises(Mistake) as caught:
        meant(field, Sent(texts=(typed,)), "zh")
    assert caught.value.key == key
    assert caught.value.told("zh") != caught.value.told("en")


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (5, "json"),
        (["a"], "json"),
        ({"a": 1}, "json"),
        (None, "text"),
        ("你好", "text"),
        ({"$": {"var": "member.tier"}}, "expression"),
        ({"$": {"default": [{"var": "a.b"}, {"var": "c.d"}, "x"]}}, "expression"),
        ({"$": {"cat": ["a", "b"]}}, "json"),
        ({"$": {"default": [{"var": "a.b"}, None]}}, "json"),
    ],
)
def test_a_value_that_its_field_cannot_show_is_shown_as_json(value: Json, kind: Kind) -> None:
    assert form_of(FORM, {"text": value}, "/params", ZH).part("text").kind == kind


def test_the_items_of_a_list_are_called_by_their_list() -> None:
    form = form_of(FORM, {"stores": ["E01", "E02"]}, "/params", ZH).part("stores")
    assert [part.title for part in form.parts] == ["stores 1", "stores 2"]


def test_a_key_that_nobody_foresees_has_a_field_of_its_own() -> None:
    form = form_of(FORM, {"text": "a", "later": {"x": 1}}, "/params", ZH)
    assert [(field.pointer, field.kind) for field in form.unknown] == [("/params/later", "json")]


TYPES = st.sampled_from(["string", "integer", "number", "boolean", "null", "object", "array", "of tomorrow"])
PLAIN = st.fixed_dictionaries(
    {}, optional={"type": TYPES, "format": TEXTS, "enum": st.lists(ANYTHING, max_size=2), "const": ANYTHING,
                  "default": ANYTHING, "x-kind": st.sampled_from(["money", "share", "of tomorrow"])},
)  # fmt: skip
SCHEMAS = st.recursive(
    PLAIN | st.just(True) | st.sampled_from([{"$ref": "#/$defs/A"}, {"$ref": "elsewhere"}]),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "type": TYPES,
            "anyOf": st.lists(inner, max_size=3),
            "oneOf": st.lists(inner, max_size=3),
            "allOf": st.lists(inner, max_size=2),
            "properties": st.dictionaries(TEXTS, inner, max_size=3),
            "patternProperties": st.dictionaries(TEXTS, inner, max_size=1),
            "additionalProperties": inner,
            "required": st.lists(TEXTS, max_size=2),
            "items": inner,
        },
    ),
    max_leaves=8,
)


@given(schema=SCHEMAS.filter(lambda schema: schema is not True), other=SCHEMAS, value=ANYTHING)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_a_shape_of_any_kind_gives_a_form_and_never_fails(schema: dict[str, Any], other: Any, value: Json) -> None:
    form = form_of(shape(schema, {"A": other}, computable=True), value, "/a", EN)
    for leaf in form.leaves():
        assert isinstance(meant(leaf, Sent(leaf.kind if leaf.modes else None, (leaf.text,)), "en"), Unchanged) or (
            leaf.kind == "expression"
        )
