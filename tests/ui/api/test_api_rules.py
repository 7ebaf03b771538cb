"""Trying a rule on facts: value, sentence and explanation; and what is refused, each at its place."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.ui.api.conftest import ClientFor
from tests.ui.api.made import make_chain

URL = "/api/v1/rules/evaluate"
GOLD = {"==": [{"var": "member.tier"}, "gold"]}


async def evaluate(api: httpx.AsyncClient, expression: Any, facts: Any = None, **more: Any) -> httpx.Response:
    return await api.post(URL, json={"expression": expression, "facts": facts or {}, **more})


async def test_a_rule_is_decided_and_told_in_words(api: httpx.AsyncClient) -> None:
    answer = await evaluate(api, GOLD, {"member": {"tier": "gold"}})
    assert answer.status_code == 200
    found = answer.json()
    explanation = found.pop("explanation")
    assert found == {
        "value": True,
        "unknown": False,
        "missing": [],
        "type": "boolean",
        "sentence": {"zh": "会员等级 是 gold", "en": "tier is gold"},
    }
    assert (explanation["pointer"], explanation["value"]) == ("/expression", True)
    [tier] = explanation["parts"]
    assert (tier["pointer"], tier["value"], tier["sentence"]["zh"]) == ("/expression/==/0", "gold", "会员等级")
    assert answer.headers["Cache-Control"] == "no-store"


async def test_what_is_missing_is_unknown_and_never_false(api: httpx.AsyncClient) -> None:
    found = (await evaluate(api, {"!": [GOLD]})).json()
    assert (found["value"], found["unknown"], found["missing"]) == (None, True, ["member.tier"])


@pytest.mark.parametrize(("expression", "type_", "value"), [
    ({"+": [1, 2]}, "integer", 3),
    ({"+": [{"var": "w"}, "0.05"]}, "decimal", "12.55"),
    ({"var": "price"}, "money", {"minor": 500, "currency": "CNY"}),
    ({"add_duration": ["2026-01-31T10:00:00+08:00", "P1M"]}, "instant", "2026-02-28T02:00:00Z"),
    ({"var": "today"}, "date", "2026-01-07"),
    ({"cat": ["a", 1]}, "text", "a1"),
    ({"missing": ["member.tier"]}, "list", ["member.tier"]),
])  # fmt: skip
async def test_an_expression_may_be_of_any_type(
    api: httpx.AsyncClient, expression: Any, type_: str, value: Any
) -> None:
    fields = {"w": {"type": "decimal"}, "price": {"type": "money", "currency": "CNY"}}
    found = (await evaluate(api, expression, {"w": "12.50", "price": 500}, fields=fields)).json()
    assert (found["type"], found["value"]) == (type_, value)


async def test_now_is_the_clock_s_and_the_zone_shanghai_unless_they_are_given(api: httpx.AsyncClient) -> None:
    hour = {"time_of_day_in": [{"var": "now"}, "10:00", "10:01"]}
    assert (await evaluate(api, hour)).json()["value"] is True
    assert (await evaluate(api, hour, time_zone="UTC")).json()["value"] is False
    assert (await evaluate(api, hour, now="2026-01-07T10:00:30Z", time_zone="UTC")).json()["value"] is True


async def test_the_regions_above_a_store_follow_from_its_region(api: httpx.AsyncClient) -> None:
    await make_chain(api)
    await api.put("/api/v1/regions/asia", json={"title": "亚洲"})
    await api.put("/api/v1/regions/japan", json={"title": "日本", "parent": "asia"})
    rule = {"in_region": [{"var": "store.region"}, "asia"]}
    assert (await evaluate(api, rule, {"store": {"region": "japan"}})).json()["value"] is True
    told = await evaluate(api, rule, {"store": {"region": "japan", "regions": ["japan"]}})
    assert told.json()["value"] is False
    unheard = (await evaluate(api, rule, {"store": {"region": "atlantis"}})).json()
    assert (unheard["unknown"], unheard["missing"]) == (True, ["store.regions"])


async def test_a_field_of_the_catalogue_may_be_declared_more_narrowly_and_of_no_other_type(
    api: httpx.AsyncClient,
) -> None:
    narrow = {"member.tier": {"type": "enum", "values": ["gold", "silver"], "title": {"zh": "级别", "en": "Level"}}}
    found = (await evaluate(api, GOLD, {"member": {"tier": "gold"}}, fields=narrow)).json()
    assert found["sentence"] == {"zh": "级别 是 gold", "en": "level is gold"}
    refused = await evaluate(api, GOLD, fields={"member.tier": {"type": "integer"}})
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/fields/member.tier"]


async def test_personal_values_are_marked(api: httpx.AsyncClient) -> None:
    rule = {"==": [{"var": "member.nickname"}, "小林"]}
    [nickname] = (await evaluate(api, rule, {"member": {"nickname": "小林"}})).json()["explanation"]["parts"]
    assert (nickname["personal"], nickname["value"]) == (True, "小林")


def nested(levels: int) -> Any:
    rule: Any = True
    for _ in range(levels):
        rule = {"!": rule}
    return rule


MONEY = {"price": {"type": "money", "currency": "CNY"}}
BAD: list[tuple[dict[str, Any], str, str]] = [
    # body, pointer, what the message names
    ({"expression": {"and": [True], "or": [True]}}, "/expression", "2 keys"),
    ({"expression": {}}, "/expression", "empty"),
    ({"expression": {"annd": [True]}}, "/expression", "Did you mean `and`?"),
    ({"expression": {"==": [{"var": "member.teir"}, "gold"]}}, "/expression/==/0/var", "member.tier"),
    ({"expression": {"==": [1]}}, "/expression", "2 to 3"),
    ({"expression": {"==": [{"var": "member.tier"}, 5]}}, "/expression/==/1", "text"),
    ({"expression": {"and": [{"var": "member.points"}]}}, "/expression/and/0", "true or false"),
    ({"expression": {"<": [{"var": "price"}, 12.5]}, "fields": MONEY}, "/expression/</1", "minor units"),
    ({"expression": {"<": [{"var": "price"}, 5.0]}, "fields": MONEY}, "/expression/</1", "decimal point"),
    ({"expression": {"filter": [{"var": "member.tags"}, True]}}, "/expression", "leaves out `filter`"),
    ({"expression": {"reduce": [[1], 1, 0]}}, "/expression", "leaves out `reduce`"),
    ({"expression": {"%": [5, 2]}}, "/expression", "leaves out `%`"),
    ({"expression": {"condition": "no-such/vip"}}, "/expression", "no-such/vip"),
    ({"expression": nested(33)}, "/expression" + "/!" * 32, "32"),
    ({"expression": {"and": [nested(32)]}}, "/expression/and/0" + "/!" * 31, "32"),
    ({"expression": {"in": ["x", ["y" * 1000] * 1000]}}, "/expression", "64 kB"),
    ({"expression": {"and": [True] * 9_999}}, "/expression/and/1999", "2000"),
    ({"expression": True, "time_zone": "Mars/Olympus"}, "/time_zone", "Mars/Olympus"),
    ({"expression": True, "time_zone": "../etc/passwd"}, "/time_zone", "time zone"),
    ({"expression": True, "now": "tomorrow"}, "/now", "offset"),
    ({"expression": True, "now": "2026-01-01T00:00:00"}, "/now", "offset"),
    ({"expression": True, "now": 5}, "/now", "offset"),
    ({"expression": True, "facts": [1]}, "/facts", "dictionary"),
    ({"facts": {}}, "/expression", "required"),
    ({"expression": True, "more": 1}, "/more", "not permitted"),
    ({"expression": True, "fields": {"x": {"type": "number"}}}, "/fields/x/type", "number"),
    ({"expression": True, "fields": {"x": {"type": "enum"}}}, "/fields/x", "values"),
    ({"expression": {">": [{"var": "member.points"}, 1]}, "facts": {"member": {"points": "9"}}},
     "/facts/member/points", "integer"),
    ({"expression": {"<": [{"var": "price"}, 5]}, "fields": MONEY, "facts": {"price": 4.5}}, "/facts/price", "money"),
    ({"expression": {"!": {"==": [{"ratio_bp": [1, {"var": "member.points"}, "up"]}, 1]}},
      "facts": {"member": {"points": 0}}}, "/expression/!/==/0", "zero"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "pointer", "named"), BAD)
async def test_what_cannot_be_decided_is_refused_at_its_place_and_is_never_false(
    api: httpx.AsyncClient, body: dict[str, Any], pointer: str, named: str
) -> None:
    answer = await api.post(URL, json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    [error] = answer.json()["errors"]
    assert error["pointer"] == pointer
    assert named in error["message"]


@pytest.mark.parametrize("text", [
    json.dumps({"expression": nested(100), "facts": {}}),
    '{"expression": {"and": [true], "and": [false]}, "facts": {}}',
    '{"expression": NaN, "facts": {}}',
    '{"expression": true, "facts": {"x": ' + json.dumps([1] * 10_001) + "}}",
    '{"expression": true, "facts": {"x": "' + "\\u0000" + '"}}',
])  # fmt: skip
async def test_a_body_that_is_no_json_of_ours_is_refused(api: httpx.AsyncClient, text: str) -> None:
    answer = await api.post(URL, content=text, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["errors"]


async def test_the_limits_themselves_are_within_bounds(api: httpx.AsyncClient) -> None:
    assert (await evaluate(api, nested(32))).json()["value"] is True
    deep: Any = True
    for _ in range(32):
        deep = {"and": [deep]}
    assert (await evaluate(api, deep)).json()["value"] is True
    assert (await evaluate(api, {"in": [1, [1] * 10_000]})).json()["value"] is True
    assert (await evaluate(api, {"and": [True] * 1_999})).json()["value"] is True


async def test_it_needs_a_key_for_decisions_or_definitions(client_for: ClientFor) -> None:
    for scopes, status in ((("decisions",), 200), (("definitions",), 200), (("events", "members"), 403)):
        assert (await evaluate(client_for(*scopes), True)).status_code == status
