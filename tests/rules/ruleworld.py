"""The fields, the moment and the facts that the tests of rules share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from rules.compile import compile_rule
from rules.reader import NO_CONDITIONS
from rules.types import Conditions, Declaration, Fields, Json
from rules.unknown import Unknown

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 1, 7, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai


def declared(**declarations: dict[str, Any]) -> Fields:
    """Fields from `member__tier={"type": "enum", …}`: two underscores stand for a dot."""
    return {name.replace("__", "."): Declaration.model_validate(given) for name, given in declarations.items()}


FIELDS = declared(
    member__tier={"type": "enum", "values": ["gold", "silver", "black"]},
    member__friend={"type": "boolean"},
    member__orders={"type": "integer"},
    member__visits={"type": "integer", "optional": True},
    member__spend={"type": "money", "currency": "CNY"},
    member__debt={"type": "money", "currency": "CNY"},
    member__dollars={"type": "money", "currency": "USD"},
    member__weight={"type": "decimal"},
    member__nickname={"type": "text", "optional": True},
    member__tags={"type": "tags"},
    member__interests={"type": "tags", "values": ["tea", "wine"]},
    member__birthday={"type": "date"},
    member__last_order_at={"type": "instant"},
    member__patience={"type": "duration"},
    member__home_store={"type": "ref:store"},
    event__store={"type": "ref:store"},
    event__region={"type": "ref:region"},
    event__category={"type": "text"},
    event__sku={"type": "ref:product"},
    store__region={"type": "ref:region"},
    store__regions={"type": "tags"},
    event__channel__kind={"type": "text"},
    event__lines={
        "type": "list",
        "of": {
            "sku": {"type": "text"},
            "quantity": {"type": "integer"},
            "amount": {"type": "money", "currency": "CNY", "optional": True},
            "weight": {"type": "decimal"},
            "score": {"type": "integer"},
            "gifts": {"type": "list", "of": {"sku": {"type": "text"}, "kind": {"type": "text"}}},
        },
    },
    event__scores={"type": "list", "of": {"type": "integer"}},
    event__days={"type": "list", "of": {"type": "date"}},
    vars__added__welcome_code={"type": "text", "optional": True},
    score={"type": "integer"},
)

FACTS: dict[str, Any] = {
    "member": {
        "tier": "gold",
        "friend": True,
        "orders": 3,
        "visits": 5,
        "spend": 60_000,
        "debt": {"minor": 100, "currency": "CNY"},
        "dollars": 5,
        "weight": "12.50",
        "nickname": "小林",
        "tags": ["vip", "tea"],
        "interests": [],
        "birthday": "2000-01-31",
        "last_order_at": "2026-01-01T00:30:00+08:00",
        "patience": "P1W",
        "home_store": "s1",
    },
    "event": {
        "store": "s1",
        "region": "south",
        "channel": {"kind": "pos"},
        "category": "food/tea",
        "sku": "TEA-001",
        "lines": [
            {"sku": "a", "quantity": 2, "amount": 500, "weight": "0.5", "score": 1, "gifts": []},
            {
                "sku": "b",
                "quantity": 1,
                "amount": {"minor": 250, "currency": "CNY"},
                "weight": "1.25",
                "score": 9,
                "gifts": [{"sku": "g", "kind": "cup"}],
            },
        ],
        "scores": [1, 2, 3],
        "days": ["2026-01-07"],
    },
    "store": {"region": "east", "regions": ["east", "china"]},
    "vars": {"added": {"welcome_code": "c1"}},
    "score": 7,
}


def var(path: str) -> Json:
    return {"var": path}


def decide(
    rule: Json,
    facts: Mapping[str, Any] = FACTS,
    *,
    fields: Fields = FIELDS,
    now: datetime = NOW,
    zone: ZoneInfo = SHANGHAI,
    conditions: Conditions = NO_CONDITIONS,
) -> object:
    """What a rule of any type yields."""
    return compile_rule(rule, fields, expect=None, conditions=conditions).evaluate(facts, now=now, zone=zone)


def unknown(*paths: str) -> Unknown:
    return Unknown(frozenset(paths))
