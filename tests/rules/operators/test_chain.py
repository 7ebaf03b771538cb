"""Where a store lies, which product it is, and who is in which share."""

from __future__ import annotations

from typing import Any

import pytest

from engine.journeys.walk import pick_arm
from rules.compile import check_rule, compile_rule
from rules.types import Json
from tests.rules.ruleworld import FIELDS, decide, unknown, var

REGION, REGIONS = var("store.region"), var("store.regions")

PRESENT: list[tuple[Json, object]] = [
    ({"in_region": [REGION, "east"]}, True),
    ({"in_region": [REGION, "china"]}, True),
    ({"in_region": [REGION, "south"]}, False),
    ({"in_region": [REGION, var("event.region")]}, False),
    ({"in_region": [REGIONS, "china"]}, True),
    ({"in_region": [REGIONS, "south"]}, False),
    ({"sku_in_list": [var("event.sku"), ["TEA-001", "X"]]}, True),
    ({"sku_in_list": [var("event.sku"), ["TEA-*"]]}, True),
    ({"sku_in_list": [var("event.sku"), ["TEA-", "WINE-*"]]}, False),
    ({"sku_in_list": [var("event.sku"), ["*"]]}, True),
    ({"sku_in_list": [var("event.sku"), []]}, False),
    ({"sku_in_list": [var("member.nickname"), ["小*"]]}, True),
    ({"bucket": ["m1", "spring", 1]}, 0),
    ({"bucket": [var("member.orders"), "spring", 100]}, 78),
    ({"bucket": [var("member.home_store"), "spring", 100]}, 18),
]

MISSING: list[tuple[Json, object]] = [
    ({"in_region": [REGION, "east"]}, unknown("store.region", "store.regions")),
    ({"in_region": [REGIONS, "east"]}, unknown("store.regions")),
    ({"in_region": [REGIONS, var("event.region")]}, unknown("store.regions", "event.region")),
    ({"sku_in_list": [var("event.sku"), ["*"]]}, unknown("event.sku")),
    ({"bucket": [var("member.home_store"), "spring", 100]}, unknown("member.home_store")),
]


@pytest.mark.parametrize(("rule", "expected"), PRESENT)
def test_on_present_facts(rule: Json, expected: object) -> None:
    found = decide(rule)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(("rule", "expected"), MISSING)
def test_on_missing_facts(rule: Json, expected: object) -> None:
    assert decide(rule, {}) == expected


@pytest.mark.parametrize(("store", "expected"), [
    ({"region": "east"}, True),
    ({"region": "west"}, unknown("store.regions")),
    ({"region": "west", "regions": ["china", "west"]}, False),
    ({"regions": ["china", "east"]}, True),
    ({"regions": ["china", "west"]}, unknown("store.region")),
])  # fmt: skip
def test_one_of_region_and_regions_may_settle_it(store: dict[str, Any], expected: object) -> None:
    assert decide({"in_region": [REGION, "east"]}, {"store": store}) == expected


def test_a_rule_on_a_region_reads_the_regions_above_it() -> None:
    assert compile_rule({"in_region": [REGION, "east"]}, FIELDS).fields == {"store.region", "store.regions"}


def test_a_bucket_is_the_share_of_a_split() -> None:
    arms = [("a", 3_000), ("b", 7_000)]
    for member in map(str, range(200)):
        place = decide({"bucket": [var("member.nickname"), "test", 10_000]}, {"member": {"nickname": member}})
        assert isinstance(place, int)
        assert pick_arm(arms, "test", member) == ("a" if place < 3_000 else "b")


@pytest.mark.parametrize(("rule", "pointer"), [
    ({"in_region": [var("event.region"), "east"]}, "/in_region/0"),
    ({"in_region": [{"default": [REGION, "east"]}, "east"]}, "/in_region/0"),
    ({"in_region": [var("member.home_store"), "east"]}, "/in_region/0"),
    ({"in_region": [REGION, 5]}, "/in_region/1"),
    ({"in_region": [REGION, var("member.home_store")]}, "/in_region/1"),
    ({"sku_in_list": [var("member.orders"), ["1"]]}, "/sku_in_list/0"),
    ({"sku_in_list": [var("event.sku"), "TEA"]}, "/sku_in_list/1"),
    ({"sku_in_list": [var("event.sku"), [var("member.nickname")]]}, "/sku_in_list/1"),
    ({"sku_in_list": [var("event.sku"), ["A*B"]]}, "/sku_in_list/1/0"),
    ({"sku_in_list": [var("event.sku"), [5]]}, "/sku_in_list/1/0"),
    ({"==": [{"bucket": [var("member.spend"), "s", 10]}, 1]}, "/==/0/bucket/0"),
    ({"==": [{"bucket": [var("member.nickname"), var("member.nickname"), 10]}, 1]}, "/==/0/bucket/1"),
    ({"==": [{"bucket": [var("member.nickname"), "s", 0]}, 1]}, "/==/0/bucket/2"),
    ({"==": [{"bucket": [var("member.nickname"), "s", var("member.orders")]}, 1]}, "/==/0/bucket/2"),
    ({"==": [{"bucket": [var("member.nickname"), "s", "10"]}, 1]}, "/==/0/bucket/2"),
])  # fmt: skip
def test_what_does_not_fit_is_found(rule: Json, pointer: str) -> None:
    assert [(p.code, p.pointer) for p in check_rule(rule, FIELDS)] == [("type-mismatch", pointer)]
