"""What rows make of an outcome: hit policies, missing facts, windows, totals, errors."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from rules.tables.decide import WORK, Decision
from rules.types import Json
from tests.rules.ruleworld import NOW
from tests.rules.tables.tableworld import decided, member, row, ruleset

GOLD, SILVER = member(tier="gold", orders=5), member(tier="silver", orders=5)
NONE_WRITTEN: Json = {"out": "no"}


def brief(found: Decision) -> tuple[Json, str, tuple[str, ...], tuple[str, ...]]:
    return found.outcome, found.reason, found.rows, found.missing


def two(hit: str, **more: Json) -> dict[str, Json]:
    """A row for gold, one for five orders."""
    inputs = ("member.tier", "member.orders")
    return ruleset(row("a", "gold", None), row("b", None, 5), inputs=inputs, hit=hit, **more)


@pytest.mark.parametrize(("document", "facts", "expected"), [
    # one row, none, several
    (two("unique"), SILVER, ({"out": "b"}, "matched", ("b",), ())),
    (two("unique"), GOLD, (None, "error", ("a", "b"), ())),
    (two("unique"), member(tier="silver", orders=1), (None, "error", (), ())),
    (two("unique", otherwise=NONE_WRITTEN), member(tier="silver", orders=1), (NONE_WRITTEN, "otherwise", (), ())),
    (two("first"), GOLD, ({"out": "a"}, "matched", ("a",), ())),
    (two("any"), GOLD, (None, "error", ("a", "b"), ())),
    (two("collect"), GOLD, ([{"out": "a"}, {"out": "b"}], "matched", ("a", "b"), ())),
    (two("collect", aggregate="count"), GOLD, ({"count": 2}, "matched", ("a", "b"), ())),
    (two("collect", aggregate="count", otherwise={"count": 0}), member(tier="silver", orders=1),
     ({"count": 0}, "otherwise", (), ())),
    (two("collect", otherwise=NONE_WRITTEN), member(tier="silver", orders=1), ([NONE_WRITTEN], "otherwise", (), ())),
    (two("collect", otherwise=[]), member(tier="silver", orders=1), ([], "otherwise", (), ())),
    (two("collect"), member(tier="silver", orders=1), (None, "error", (), ())),
    # a missing fact
    (two("unique"), member(tier="gold"), (None, "uncertain", ("b",), ("member.orders",))),
    (two("unique"), member(tier="silver"), (None, "uncertain", ("b",), ("member.orders",))),
    (two("unique"), {}, (None, "uncertain", ("a", "b"), ("member.orders", "member.tier"))),
    (two("unique", on_unknown="skip"), member(tier="gold"), ({"out": "a"}, "uncertain", ("a",), ("member.orders",))),
    (two("unique", on_unknown="skip"), member(tier="silver"), (None, "uncertain", ("b",), ("member.orders",))),
    (two("unique", on_unknown="skip", otherwise=NONE_WRITTEN), member(tier="silver"),
     (NONE_WRITTEN, "uncertain", ("b",), ("member.orders",))),
    (two("unique", on_unknown="otherwise", otherwise=NONE_WRITTEN), member(tier="gold"),
     (NONE_WRITTEN, "uncertain", ("b",), ("member.orders",))),
    (two("first"), member(tier="gold"), ({"out": "a"}, "matched", ("a",), ())),
    (two("first"), member(orders=5), (None, "uncertain", ("a",), ("member.tier",))),
    (two("first", on_unknown="skip"), member(orders=5), ({"out": "b"}, "uncertain", ("b",), ("member.tier",))),
    (two("collect"), member(tier="gold"), (None, "uncertain", ("b",), ("member.orders",))),
    (two("any"), member(tier="gold"), (None, "uncertain", ("b",), ("member.orders",))),
    # two rows that match are an error, whatever else is unknown
    (ruleset(row("a", "gold", None), row("b", "gold", None), row("c", None, 5), inputs=("member.tier", "member.orders"),
             on_unknown="skip"), member(tier="gold"), (None, "error", ("a", "b"), ())),
    # any: rows that agree
    (ruleset(row("a", "gold", then={"out": "x"}), row("b", None, then={"out": "x"}), hit="any"), GOLD,
     ({"out": "x"}, "matched", ("a", "b"), ())),
    # a fact of a wrong type concerns the rows that read it
    (two("first"), member(tier="gold", orders="5"), ({"out": "a"}, "matched", ("a",), ())),
    (two("unique"), member(tier="gold", orders="5"), (None, "error", ("b",), ())),
    (ruleset(row("a", "gold", 5), inputs=("member.tier", "member.orders"), otherwise=NONE_WRITTEN),
     member(tier="silver", orders="5"), (NONE_WRITTEN, "otherwise", (), ())),
])  # fmt: skip
def test_what_rows_make_of_an_outcome(document: Json, facts: dict[str, Any], expected: object) -> None:
    assert brief(decided(document, facts)) == expected


def test_what_went_wrong_is_told_in_both_languages() -> None:
    for document, facts, named in [
        (two("unique"), GOLD, "a"),
        (two("any"), GOLD, "b"),
        (two("unique"), member(tier="silver", orders=1), "otherwise"),
        (two("unique"), member(tier="silver", orders="5"), "member.orders"),
    ]:
        trouble = decided(document, facts).trouble
        assert trouble is not None
        assert named in trouble["zh"]
        assert named in trouble["en"]


# Conditions beside the cells

AFTER: Json = {"within_last": [{"var": "member.seen_at"}, "P7D"]}


@pytest.mark.parametrize(("facts", "expected"), [
    (member(tier="gold", seen_at="2026-01-06T00:00:00Z"), ({"out": "a"}, "matched", ("a",), ())),
    (member(tier="gold", seen_at="2025-01-06T00:00:00Z"), (NONE_WRITTEN, "otherwise", (), ())),
    (member(tier="gold"), (None, "uncertain", ("a",), ("member.seen_at",))),
    (member(), (None, "uncertain", ("a",), ("member.seen_at", "member.tier"))),
    (member(seen_at="2025-01-06T00:00:00Z"), (NONE_WRITTEN, "otherwise", (), ())),
    (member(tier="silver"), (NONE_WRITTEN, "otherwise", (), ())),
    (member(tier="gold", seen_at="yesterday"), (None, "error", ("a",), ())),
    (member(tier="silver", seen_at="yesterday"), (NONE_WRITTEN, "otherwise", (), ())),
])  # fmt: skip
def test_a_row_holds_when_its_cells_and_its_condition_do(facts: dict[str, Any], expected: object) -> None:
    document = ruleset(row("a", "gold", **{"and": AFTER}), otherwise=NONE_WRITTEN)
    assert brief(decided(document, facts)) == expected


def test_a_condition_may_be_named() -> None:
    named: Json = {"fresh": AFTER, "vip": {"and": [{"condition": "fresh"}, {"==": [{"var": "member.tier"}, "gold"]}]}}
    document = ruleset(row("a", {"condition": "vip"}), conditions=named, otherwise=NONE_WRITTEN)
    assert decided(document, member(tier="gold", seen_at="2026-01-06T00:00:00Z")).outcome == {"out": "a"}
    assert decided(document, member(tier="gold")).missing == ("member.seen_at",)


# Windows

WINDOW: Json = {"from": "2026-11-01", "to": "2026-11-13"}
UTC_ZONE = ZoneInfo("UTC")


@pytest.mark.parametrize(("window", "zone", "now", "holds"), [
    (WINDOW, None, "2026-10-31T15:59:59Z", False),
    (WINDOW, None, "2026-10-31T16:00:00Z", True),
    (WINDOW, None, "2026-11-12T15:59:59.999999Z", True),
    (WINDOW, None, "2026-11-12T16:00:00Z", False),
    (WINDOW, "UTC", "2026-10-31T16:00:00Z", False),
    (WINDOW, "UTC", "2026-11-01T00:00:00Z", True),
    ({"from": "2026-11-01T10:00:00+08:00"}, "UTC", "2026-11-01T02:00:00Z", True),
    ({"from": "2026-11-01T10:00:00+08:00"}, None, "2026-11-01T01:59:59Z", False),
    ({"to": "2026-11-01T10:00:00+08:00"}, None, "2026-11-01T02:00:00Z", False),
    ({"from": "2026-11-02", "to": "2026-11-01"}, None, "2026-11-01T12:00:00Z", False),
])  # fmt: skip
def test_a_window_is_half_open_in_the_zone_of_the_evaluation(
    window: Json, zone: str | None, now: str, holds: bool
) -> None:
    document = ruleset(row("a", None, valid=window), otherwise=NONE_WRITTEN)
    at = datetime.fromisoformat(now)
    for spelled, of_call in [(document, ZoneInfo(zone) if zone else None), ({**document, "time_zone": zone}, None)]:
        if spelled.get("time_zone", "") is not None:
            found = decided(spelled, {}, now=at, zone=of_call)
            assert found.reason == ("matched" if holds else "otherwise")


def test_the_zone_of_a_call_counts_before_that_of_the_document() -> None:
    document = ruleset(row("a", None, valid=WINDOW), otherwise=NONE_WRITTEN, time_zone="Asia/Shanghai")
    at = datetime(2026, 10, 31, 20, tzinfo=UTC)
    assert decided(document, {}, now=at).reason == "matched"
    assert decided(document, {}, now=at, zone=UTC_ZONE).reason == "otherwise"


# Outputs

OUTPUTS: list[Json] = [
    {"key": "word", "type": "enum", "values": ["x", "y"]},
    {"key": "count", "type": "integer", "optional": True},
    {"key": "bp", "type": "share"},
    {"key": "fee", "type": "money", "currency": "CNY"},
    {"key": "until", "type": "instant", "optional": True},
    {"key": "to", "type": "ref:store"},
    {"key": "wait", "type": "duration"},
    {"key": "yes", "type": "boolean"},
]
THEN: dict[str, Json] = {
    "word": "x", "count": 3, "bp": 10_000, "fee": 500, "until": "2026-01-31T10:00:00+08:00", "to": "s1", "wait": "P2W",
    "yes": True,
}  # fmt: skip


def one_row(then: Json) -> dict[str, Json]:
    return ruleset(row("a", None, then=then), outputs=OUTPUTS)


def test_literals_come_out_in_the_form_of_facts() -> None:
    assert decided(one_row(THEN), {}).outcome == {
        "word": "x", "count": 3, "bp": 10_000, "fee": {"minor": 500, "currency": "CNY"},
        "until": "2026-01-31T02:00:00Z", "to": "s1", "wait": "P14D", "yes": True,
    }  # fmt: skip


@pytest.mark.parametrize(("key", "expression", "facts", "expected", "reason"), [
    ("count", {"+": [{"var": "member.orders"}, 1]}, member(orders=2), 3, "matched"),
    ("count", {"+": [{"var": "member.orders"}, 1]}, {}, None, "uncertain"),
    ("count", {"if": [False, 1, None]}, {}, None, "matched"),
    ("until", None, {}, None, "matched"),
    ("bp", {"var": "member.orders"}, member(orders=10_000), 10_000, "matched"),
    ("bp", {"var": "member.orders"}, member(orders=10_001), None, "error"),
    ("bp", {"if": [False, 1, None]}, {}, None, "error"),
    ("word", {"if": [{"var": "member.friend"}, "x", "y"]}, member(friend=False), "y", "matched"),
    ("to", {"var": "store.key"}, {"store": {"key": "s2"}}, "s2", "matched"),
    ("fee", {"var": "member.spend"}, member(spend=7), {"minor": 7, "currency": "CNY"}, "matched"),
    ("until", {"var": "now"}, {}, "2026-01-07T02:00:00Z", "matched"),
    ("yes", {"var": "member.friend"}, member(friend="yes"), None, "error"),
])  # fmt: skip
def test_an_output_may_be_an_expression(
    key: str, expression: Json, facts: dict[str, Any], expected: Json, reason: str
) -> None:
    found = decided(one_row({**THEN, key: expression}), facts)
    assert found.reason == reason
    assert (found.outcome or {}).get(key) == expected  # type: ignore[union-attr]  # an object, or null
    assert found.rows == ("a",)


@pytest.mark.parametrize(("key", "expression"), [
    ("word", {"var": "member.name"}), ("bp", {"var": "event.secret"}),
])  # fmt: skip
def test_what_went_wrong_with_an_output_does_not_tell_its_value(key: str, expression: Json) -> None:
    fields: Json = {
        "member.name": {"type": "enum", "values": ["x"]}, "event.secret": {"type": "integer", "personal": True},
    }  # fmt: skip
    document = {**one_row({**THEN, key: expression}), "fields": fields}
    found = decided(document, {"member": {"name": "98765"}, "event": {"secret": 98765}})
    assert found.trouble is not None
    assert found.trouble["zh"] != found.trouble["en"]
    assert [told for told in found.trouble.values() if key not in told or "98765" in told] == []


# Bringing rows together

SHARES: list[Json] = [{"key": "party", "type": "text"}, {"key": "bp", "type": "share"}]


def shares(*parts: tuple[str, Json, int], **more: Json) -> dict[str, Json]:
    rows = [row(party, cell, then={"party": party, "bp": bp}) for party, cell, bp in parts]
    return ruleset(*rows, hit="collect", outputs=SHARES, total={"of": "bp", "is": 10_000}, **more)


def test_a_promised_total_is_kept_or_an_error() -> None:
    document = shares(("owner", None, 6000), ("seller", "gold", 4000), ("store", "silver", 3900))
    kept, broken = decided(document, GOLD), decided(document, SILVER)
    assert kept.outcome == [{"party": "owner", "bp": 6000}, {"party": "seller", "bp": 4000}]
    assert brief(broken) == (None, "error", ("owner", "store"), ())
    assert broken.trouble is not None
    assert "sums to 99%" in broken.trouble["en"]


@pytest.mark.parametrize(("on_unknown", "outcome"), [
    ("error", None), ("otherwise", [{"party": "hq", "bp": 10_000}]), ("skip", None),
])  # fmt: skip
def test_a_missing_fact_never_yields_another_total(on_unknown: str, outcome: Json) -> None:
    document = shares(
        ("owner", None, 6000), ("seller", "gold", 4000), otherwise={"party": "hq", "bp": 10_000}, on_unknown=on_unknown
    )
    found = decided(document, {})
    assert (found.outcome, found.reason) == (outcome, "uncertain")


def test_an_otherwise_that_breaks_the_total_is_an_error() -> None:
    document = shares(("owner", "gold", 10_000), otherwise={"party": "hq", "bp": 9_999})
    assert decided(document, SILVER).reason == "error"


def test_a_total_may_be_a_maximum() -> None:
    document = shares(("owner", None, 8000), ("seller", None, 8000)) | {"total": {"of": "bp", "max": 16_000}}
    assert decided(document, {}).reason == "matched"
    assert decided({**document, "total": {"of": "bp", "max": 15_999}}, {}).reason == "error"


@pytest.mark.parametrize(("aggregate", "expected"), [("sum", 800), ("min", 300), ("max", 500)])
def test_numbers_of_several_rows_are_brought_together(aggregate: str, expected: int) -> None:
    outputs: Json = [{"key": "fee", "type": "money", "currency": "CNY"}, {"key": "n", "type": "integer"}]
    rows = [row("a", None, then={"fee": 300, "n": 300}), row("b", None, then={"fee": 500, "n": 500})]
    document = ruleset(*rows, hit="collect", aggregate=aggregate, outputs=outputs)
    assert decided(document, {}).outcome == {"fee": {"minor": expected, "currency": "CNY"}, "n": expected}


# Work


def test_too_much_work_is_an_error_and_no_verdict() -> None:
    lines = [{"sku": "b", "qty": 1}] * 10_000
    condition: Json = {"any_line": [{"var": "event.lines"}, {"==": [{"var": "sku"}, "a"]}]}
    rows = [row(f"r{i}", None, **{"and": condition}) for i in range(WORK // 10_000)]
    found = decided(ruleset(*rows, otherwise=NONE_WRITTEN), {"event": {"lines": lines}})
    assert found.reason == "error"
    assert "steps" in (found.trouble or {})["en"]


def test_now_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        decided(two("unique"), GOLD, now=NOW.replace(tzinfo=None))
