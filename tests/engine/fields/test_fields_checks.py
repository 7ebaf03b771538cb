"""What is found in definitions of fields, and where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.definitions.context import event_fields
from engine.fields.check import check
from engine.journeys.context import CheckContext
from engine.members.fields import base_fields
from rules.types import Declaration
from tests.engine.fields.own import document

OTHERS = {"member.level": Declaration(type="integer"), "event.secret": Declaration(type="text", personal=True)}
AROUND = CheckContext(
    {}, {**base_fields(), **OTHERS}, event_fields(), dict.fromkeys(OTHERS, "theirs"),
    derivations={"member.level": {"count": "custom.x", "when": {"is_set": "event.mark"}}},
    readers=lambda path: [f"ruleset/reads-{path}"],
)  # fmt: skip
WHEN = "/fields/member.x/derive/when"
PAID = {"type": "integer", "derive": {"count": "order.paid"}}


def found(given: Any, key: str = "ours") -> list[tuple[str, str, str]]:
    """Severity, code and place of each finding."""
    return [(each.severity, each.code, each.pointer) for each in check(key, given, AROUND)]


def derived(type_: str = "integer", /, **derive: Any) -> dict[str, Any]:
    return document(member_x={"type": type_, "derive": derive})


def when(condition: Any) -> dict[str, Any]:
    return derived(count="order.paid", when=condition)


@pytest.mark.parametrize(
    "given",
    [
        document(),
        document(member_stars={"type": "integer", "title": {"zh": "星级", "en": "Stars"}, "min": 1, "max": 5}),
        document(store_size={"type": "enum", "values": ["s", "l"]}, event_weight={"type": "decimal"}),
        document(member_id_card={"type": "text", "personal": True, "key": "member.id_card"}),
        document(member_mobile={"type": "text", "personal": True}),
        derived(count="order.paid", within="P90D"),
        derived(days_with="custom.checked-in", within="P1M", time_zone="Asia/Urumqi"),
        derived("money", sum="order.paid", of="event.amount"),
        derived(sum="order.paid", of={"*": [{"var": "event.amount"}, 2]}),
        derived("instant", last="order.paid"),
        derived("date", first="order.paid"),
        derived("text", last="order.paid", of="event.order_no"),
        derived("ref:store", last="order.paid", of={"default": [{"var": "event.store.key"}, ""]}),
        derived("decimal", sum="custom.weighed", of="event.kg", fields={"event.kg": {"type": "decimal"}}),
        derived(count="order.paid", when={">=": [{"var": "event.amount"}, 10000]}),
        {**document(), "key": "ours", "title": "Ours", "note": "Why"},
    ],
)  # fmt: skip
def test_what_is_right_has_no_findings(given: dict[str, Any]) -> None:
    assert found(given) == []


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([], ("error", "schema", "")),
        ({}, ("error", "schema", "")),
        ({**document(), "surprise": 1}, ("error", "schema", "/surprise")),
        ({**document(), "fields": []}, ("error", "schema", "/fields")),
        (document(member_x={"type": "number"}), ("error", "schema", "/fields/member.x/type")),
        (document(member_x={}), ("error", "schema", "/fields/member.x")),
        (document(member_x={"type": "enum"}), ("error", "schema", "/fields/member.x")),
        (document(member_x={"type": "text", "kind": 1}), ("error", "schema", "/fields/member.x/kind")),
        (document(member_x={"type": "text", "key": "member.y"}), ("error", "schema", "/fields/member.x/key")),
        (document(order_x={"type": "text"}), ("error", "schema", "/fields/order.x")),
        ({**document(), "fields": {"member.a.b": {"type": "text"}}}, ("error", "schema", "/fields/member.a.b")),
        ({**document(), "fields": {"member": {"type": "text"}}}, ("error", "schema", "/fields/member")),
        (document(member_link={"type": "text"}), ("error", "schema", "/fields/member.link")),
        (document(member_mobile={"type": "text"}), ("error", "schema", "/fields/member.mobile")),
        (document(member_tier={"type": "text"}), ("error", "duplicate-field", "/fields/member.tier")),
        (document(event_amount={"type": "text"}), ("error", "duplicate-field", "/fields/event.amount")),
        (document(event_store={"type": "text"}), ("error", "duplicate-field", "/fields/event.store")),
        (document(member_level={"type": "integer"}), ("error", "duplicate-field", "/fields/member.level")),
        (document(store_x={**PAID}), ("error", "schema", "/fields/store.x/derive")),
        (document(member_x={**PAID, "personal": True}), ("error", "schema", "/fields/member.x/derive")),
        (derived(within="P1D"), ("error", "schema", "/fields/member.x/derive")),
        (derived(count="order.paid", last="order.paid"), ("error", "schema", "/fields/member.x/derive")),
        (derived(count="order.paid", within="90 days"), ("error", "schema", "/fields/member.x/derive/within")),
        (derived(count="order.paid", time_zone="Mars"), ("error", "schema", "/fields/member.x/derive/time_zone")),
        (derived(count="order.payed"), ("error", "unknown-event", "/fields/member.x/derive/count")),
        (derived(sum="order.paid"), ("error", "schema", "/fields/member.x/derive")),
        (derived(count="order.paid", of="event.amount"), ("error", "schema", "/fields/member.x/derive/of")),
        (derived(sum="order.paid", of="event.order_no"), ("error", "schema", "/fields/member.x/derive/of")),
        (derived(sum="order.paid", of="event.total"), ("error", "unknown-field", "/fields/member.x/derive/of/var")),
        (derived("text", count="order.paid"), ("error", "type-mismatch", "/fields/member.x/derive")),
        (derived("integer", last="order.paid"), ("error", "type-mismatch", "/fields/member.x/derive")),
        (when({"var": "member.tier"}), ("error", "unknown-field", "/fields/member.x/derive/when/var")),
        (when({"var": "event.amount"}), ("error", "type-mismatch", WHEN)),
        (derived("text", last="custom.x", of="event.secret"), ("error", "schema", "/fields/member.x/derive/of")),
        (when({"==": [{"var": "event.sales_channel"}, "pos"]}), ("warning", "maybe-missing", WHEN)),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_at_its_place(given: Any, told: tuple[str, str, str]) -> None:
    assert told in found(given)


def test_one_bad_field_hides_no_other() -> None:
    given = document(member_a={"type": "number"}, member_tier={"type": "text"}, member_b={"type": "text", "x": 1})
    assert found(given) == [
        ("error", "schema", "/fields/member.a/type"),
        ("error", "schema", "/fields/member.b/x"),
        ("error", "duplicate-field", "/fields/member.tier"),
    ]


def test_a_definition_may_declare_its_own_fields_again_and_is_warned_of_another_type() -> None:
    assert found(document(event_secret={"type": "text", "personal": True}), "theirs")[1:] == []
    told = found(document(event_secret={"type": "integer"}), "theirs")
    assert ("warning", "changed-type", "/fields/event.secret/type") in told


def test_who_takes_a_derived_attribute_away_is_told_who_reads_it() -> None:
    [gone] = check("theirs", document(), AROUND)
    assert (gone.severity, gone.code, gone.pointer) == ("warning", "field-in-use", "/fields")
    assert "ruleset/reads-member.level" in gone.message["en"]
    same = {"type": "integer", "derive": {"count": "custom.x", "when": {"is_set": "event.mark"}}}
    declared = {"event_mark": {"type": "text"}}
    assert found(document(member_level=same, **declared), "theirs") == []
    other = {**same, "derive": {"count": "custom.x", "within": "P1D"}}
    told = [("warning", "field-in-use", "/fields/member.level")]
    assert found(document(member_level=other), "theirs") == told
    assert found(document(), "ours") == []


def test_what_others_are_derived_from_cannot_become_personal() -> None:
    given = document(event_mark={"type": "text", "personal": True})
    assert found(given) == [("error", "schema", "/fields/event.mark")]


def test_every_finding_speaks_both_languages() -> None:
    given = document(member_tier={"type": "x", "derive": {}}, order_x={"type": "text", "derive": {"sum": "a.b"}})
    assert all(each.message["zh"].strip() and each.message["en"].strip() for each in check("ours", given, AROUND))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
ways = st.sampled_from(["count", "sum", "last", "first", "days_with", "of", "when", "within", "fields", "time_zone"])
parts = st.fixed_dictionaries(
    {"type": st.sampled_from(["integer", "money", "text", "instant"]) | json_values},
    optional={"derive": st.dictionaries(ways, st.sampled_from(["order.paid", "event.amount", "P1D"]) | json_values)},
)


fields = st.dictionaries(st.sampled_from(["member.a", "event.b", "member.tier", "x"]), parts)


@given(json_values | fields.map(lambda fields: {"schema": "waystation/fields@1", "fields": fields}))
def test_any_json_is_checked_without_an_error_of_ours(given: Any) -> None:
    findings = check("ours", given, AROUND)
    assert all(isinstance(each.message, Mapping) and each.pointer[:1] in ("", "/") for each in findings)
