"""Audiences by HTTP: counts and samples, in whose sight, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from httpx import AsyncClient

from engine.database.connection import Database
from rules.types import Json
from tests.engine.rulesets.zones import publish_ruleset, zones
from tests.ui.api.conftest import ClientFor
from tests.ui.api.made import make_chain, tell

GOLD: Json = {"==": [{"var": "member.tier"}, "gold"]}


async def count(api: AsyncClient, condition: Json, **more: Any) -> Any:
    answer = await api.post("/api/v1/audiences/count", json={"condition": condition, **more})
    return answer.json() if answer.status_code == 200 else (answer.status_code, answer.json().get("errors"))


async def test_members_are_counted_and_some_are_named(api: AsyncClient) -> None:
    await make_chain(api)
    for number, tier in enumerate(("gold", "gold", "silver", None)):
        await tell(api, "member.registered", f"member:{number}", f"e{number}", store="S1", tier=tier, shoe=40 + number)
    found = await count(api, GOLD)
    assert (found["members"], found["exact"], len(found["sample"])) == (2, True, 2)
    for one in found["sample"]:
        assert (await api.get(f"/api/v1/members/{one}")).json()["attributes"]["tier"] == "gold"
    assert (await count(api, GOLD, sample=1))["sample"] == found["sample"][:1]
    assert (await count(api, GOLD, sample=0))["sample"] == []
    assert (await count(api, {"!": GOLD}))["members"] == 1
    assert (await count(api, {"!": {"is_set": "member.tier"}}))["members"] == 1
    assert (await count(api, {"==": [{"var": "store.key"}, "S1"]}))["members"] == 4
    shoe = {"member.shoe": {"type": "integer", "optional": True}}
    assert (await count(api, {">": [{"var": "member.shoe"}, 41]}, fields=shoe))["members"] == 2
    assert (await count(api, GOLD, fields={"member.tier": {"type": "text"}}))["members"] == 2


async def test_named_conditions_of_published_rulesets_may_be_used(api: AsyncClient, database: Database) -> None:
    await tell(api, "member.registered", "member:1", "a", tier="gold")
    assert (await count(api, {"condition": "zones/vip"}))[0] == 422
    with database.begin() as session:
        publish_ruleset(session, zones(), datetime(2026, 1, 7, tzinfo=UTC))
    assert (await count(api, {"condition": "zones/vip"}))["members"] == 1
    assert (await count(api, {"!": {"condition": "zones/vip"}}))["members"] == 0


async def test_days_are_those_of_the_zone_that_is_asked_for(api: AsyncClient) -> None:
    await tell(api, "member.registered", "member:1", "a", birthday="2000-01-06")
    born: Json = {"same_month_day": [{"var": "member.birthday"}, {"var": "today"}]}
    assert (await count(api, born))["members"] == 0
    assert (await count(api, born, time_zone="America/New_York"))["members"] == 1


async def test_a_store_counts_its_own_members(api: AsyncClient, client_for: ClientFor, database: Database) -> None:
    stores = await make_chain(api, database)
    await tell(api, "contact.added", "external_userid:a", "1", associate="lin")
    await tell(api, "contact.added", "external_userid:b", "2", associate="su")
    own = client_for("members", store_id=stores["S1"])
    assert (await count(api, {"var": "member.friend"}))["members"] == 2
    assert (await count(own, {"var": "member.friend"}))["members"] == 1
    assert (await count(client_for("events"), True))[0] == 403


@pytest.mark.parametrize(("body", "pointer", "words"), [
    ({"condition": {"==": [{"var": "member.colour"}, "red"]}}, "/condition/==/0/var", "no field `member.colour`"),
    ({"condition": {"==": [{"var": "event.store"}, "S1"]}}, "/condition/==/0/var", "no field `event.store`"),
    ({"condition": {"==": [{"var": "member.phone"}, "1"]}}, "/condition/==/0/var", "kept sealed"),
    ({"condition": {"is_set": "member.nickname"}}, "/condition/is_set", "kept sealed"),
    ({"condition": {"is_set": "associate.name"}}, "/condition/is_set", "kept sealed"),
    ({"condition": {"is_set": "member.mobile"}, "fields": {"member.mobile": {"type": "text"}}}, "/condition/is_set",
     "kept sealed"),
    ({"condition": {"is_set": "member.id_no"}, "fields": {"member.id_no": {"type": "text", "personal": True}}},
     "/condition/is_set", "kept sealed"),
    ({"condition": {"==": [{"var": "member.points"}, "many"]}}, "/condition/==/1", "integer"),
    ({"condition": {"+": [{"var": "member.points"}, 1]}}, "/condition", "true or false"),
    ({"condition": {"frobnicate": []}}, "/condition", "frobnicate"),
    ({"condition": None}, "/condition", "null"),
    ({}, "/condition", "required"),
    ({"condition": True, "sample": 201}, "/sample", "200"),
    ({"condition": True, "sample": -1}, "/sample", "0"),
    ({"condition": True, "sample": "3"}, "/sample", "integer"),
    ({"condition": True, "time_zone": "Mars/Olympus"}, "/time_zone", "no time zone"),
    ({"condition": True, "colour": 1}, "/colour", ""),
    ({"condition": True, "fields": {"event.weight": {"type": "date"}}}, "/fields/event.weight", "begin with"),
    ({"condition": True, "fields": {"member.points": {"type": "text"}}}, "/fields/member.points", "integer"),
    ({"condition": True, "fields": {"member.shoe": {"type": "size"}}}, "/fields/member.shoe/type", "type"),
])  # fmt: skip
async def test_what_cannot_be_counted_is_refused_where_it_stands(
    api: AsyncClient, body: dict[str, Json], pointer: str, words: str
) -> None:
    answer = await api.post("/api/v1/audiences/count", json=body)
    assert answer.status_code == 422, answer.json()
    errors = answer.json()["errors"]
    assert any(each["pointer"] == pointer and words in each["message"] for each in errors), errors
