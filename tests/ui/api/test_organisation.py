"""The chain by HTTP: written and read by key, refused by place, seen within one's own scope."""

from __future__ import annotations

from typing import Any

from httpx import AsyncClient
from sqlalchemy import select
from sqlmodel import col

from engine.database.connection import Database
from engine.organisation.models import Channel, ContactWay
from tests.ui.api.conftest import ClientFor
from tests.ui.api.made import audit_lines, make_chain


async def test_the_chain_is_written_and_read_by_key(api: AsyncClient) -> None:
    await make_chain(api)
    region = (await api.get("/api/v1/regions/east")).json()
    assert region == {"key": "east", "title": {"zh": "东湾", "en": "East"}, "parent": "all"}
    store = (await api.get("/api/v1/stores/S1")).json()
    assert store["title"] == {"zh": "一店", "en": "一店"}
    assert (store["region"], store["ownership"], store["price_kind"], store["mode"]) == (
        "east", "own", "full", "distributed",
    )  # fmt: skip
    assert store["city"] == "星澜"
    associate = (await api.get("/api/v1/associates/lin")).json()
    assert (associate["name"], associate["store"], associate["wecom_userid"]) == ("林小橙", "S1", "wecom-lin")
    chat = (await api.get("/api/v1/group-chats/wr1")).json()
    assert (chat["store"], chat["owner"], chat["hosts"], chat["seats"]) == ("S1", "lin", ["lin"], 0)


async def test_a_channel_gets_a_code_of_its_own_that_stays(api: AsyncClient) -> None:
    await make_chain(api)
    first = (await api.get("/api/v1/channels/till-1")).json()
    assert first["class"] == "store"
    assert 0 < len(first["state"]) <= 30
    assert first["url"].endswith(f"/q/{first['state']}")
    assert first["wecom"] is None
    again = await api.put("/api/v1/channels/till-1", json={"title": "收银", "kind": "receipt", "store": "S1"})
    assert again.status_code == 200
    assert again.json()["state"] == first["state"]


async def test_a_write_answers_201_when_new_and_200_after(api: AsyncClient) -> None:
    body = {"title": "东"}
    assert [(await api.put("/api/v1/regions/r", json=body)).status_code for _ in range(2)] == [201, 200]


async def test_a_write_from_an_older_state_is_refused(api: AsyncClient) -> None:
    made = await api.put("/api/v1/regions/r", json={"title": "东"})
    etag = made.headers["etag"]
    assert (await api.get("/api/v1/regions/r")).headers["etag"] == etag
    newer = await api.put("/api/v1/regions/r", json={"title": "西"}, headers={"If-Match": etag})
    assert newer.status_code == 200
    stale = await api.put("/api/v1/regions/r", json={"title": "北"}, headers={"If-Match": etag})
    assert stale.status_code == 412
    assert (await api.get("/api/v1/regions/r")).json()["title"]["zh"] == "西"
    none = await api.put("/api/v1/regions/new", json={"title": "北"}, headers={"If-Match": "*"})
    assert none.status_code == 412


async def test_changes_are_audited_without_names(api: AsyncClient, database: Database) -> None:
    await make_chain(api)
    await api.put("/api/v1/associates/lin", json={"name": "林大橙", "store": "S2"})
    action, before, after = audit_lines(database, "associate/lin")[-1]
    assert action == "associate.changed"
    assert (before["store"], after["store"]) == ("S1", "S2")
    assert "林" not in str((before, after))


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("regions/Ä", {"title": "x"}, "key"),
    ("regions/-x", {"title": "x"}, "key"),
    ("regions/" + "x" * 65, {"title": "x"}, "key"),
    ("regions/r", {}, "/title"),
    ("regions/r", {"title": ""}, "/title/zh"),
    ("regions/r", {"title": {"zh": "x"}}, "/title/en"),
    ("regions/r", {"title": "x\u0007"}, "/title"),
    ("regions/r", {"title": "x", "size": 3}, "/size"),
    ("regions/r", {"title": "x", "parent": "nowhere"}, "/parent"),
    ("regions/all", {"title": "x", "parent": "east"}, "/parent"),
    ("stores/S1", {"title": "x"}, "/region"),
    ("stores/S1", {"title": "x", "region": "nowhere"}, "/region"),
    ("stores/S1", {"title": "x", "region": "east", "ownership": "mine"}, "/ownership"),
    ("stores/S1", {"title": "x", "region": "east", "location": {"lat": 91, "lon": 0}}, "/location/lat"),
    ("associates/a", {"name": "x"}, "/store"),
    ("associates/a", {"name": "x", "store": "nowhere"}, "/store"),
    ("associates/a", {"name": "x", "store": "S1", "wecom_userid": "wecom-lin"}, "/wecom_userid"),
    ("associates/a", {"name": "x", "store": "S1", "active": "maybe"}, "/active"),
    ("group-chats/w", {"title": "x", "store": "S1", "hosts": ["lin", "nobody"]}, "/hosts/1"),
    ("channels/c", {"title": "x", "kind": "carrier-pigeon"}, "/kind"),
    ("channels/c", {"title": "x", "kind": "pos", "hours": {"from": "9", "to": "21:00"}}, "/hours/from"),
    ("channels/c", {"title": "x", "kind": "pos", "expires_at": "2026-01-01T00:00:00"}, "/expires_at"),
    ("channels/c", {"title": "x", "kind": "pos", "expires_at": "9999-12-31T23:59:59-23:00"}, "/expires_at"),
]  # fmt: skip


async def test_a_bad_record_is_refused_with_its_place(api: AsyncClient) -> None:
    await make_chain(api)
    for path, body, pointer in BAD:
        answer = await api.put(f"/api/v1/{path}", json=body)
        assert (path, body, answer.status_code) == (path, body, 422)
        assert pointer in [one["pointer"] for one in answer.json()["errors"]], (body, answer.json())


async def test_what_is_unknown_is_404(api: AsyncClient) -> None:
    for path in ("regions/x", "stores/x", "associates/x", "group-chats/x", "channels/x"):
        assert (await api.get(f"/api/v1/{path}")).status_code == 404


async def test_lists_are_read_page_by_page(api: AsyncClient) -> None:
    for number in range(5):
        await api.put(f"/api/v1/regions/r{number}", json={"title": "x"})
    seen, cursor = [], ""
    while True:
        page = (await api.get("/api/v1/regions", params={"limit": 2, "cursor": cursor})).json()
        seen += [item["key"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = page["next"]
    assert seen == [f"r{number}" for number in range(5)]
    assert (await api.get("/api/v1/regions", params={"limit": 201})).status_code == 422


async def test_a_store_sees_and_writes_its_own_only(
    api: AsyncClient, client_for: ClientFor, database: Database
) -> None:
    stores = await make_chain(api, database)
    own = client_for("chain", store_id=stores["S1"])
    assert [item["key"] for item in (await own.get("/api/v1/stores")).json()["items"]] == ["S1"]
    assert [item["key"] for item in (await own.get("/api/v1/associates")).json()["items"]] == ["lin"]
    assert (await own.get("/api/v1/associates/su")).status_code == 404
    assert (await own.put("/api/v1/associates/new", json={"name": "新", "store": "S1"})).status_code == 201
    assert (await own.put("/api/v1/associates/other", json={"name": "新", "store": "S2"})).status_code == 403
    assert (await own.put("/api/v1/associates/su", json={"name": "新", "store": "S1"})).status_code == 403
    assert (await own.put("/api/v1/associates/hq", json={"name": "新", "store": None})).status_code == 403
    assert (await own.put("/api/v1/stores/S1", json={"title": "x", "region": "east"})).status_code == 403
    assert (await own.put("/api/v1/regions/r", json={"title": "x"})).status_code == 403


async def test_a_key_without_the_scope_is_refused(client_for: ClientFor) -> None:
    assert (await client_for("events").get("/api/v1/stores")).status_code == 403


async def test_a_channel_shows_its_wecom_code_once_there_is_one_and_keeps_its_etag(
    api: AsyncClient, database: Database
) -> None:
    await make_chain(api)
    before = await api.get("/api/v1/channels/till-1")
    with database.begin() as session:
        channel = session.execute(select(col(Channel.id)).where(col(Channel.key) == "till-1")).scalar_one()
        session.add(ContactWay(channel_id=channel, userid="wecom-lin", config_id="w1", qr_url="https://w.example/1"))
        session.add(ContactWay(channel_id=channel, userid="wecom-gone", config_id="w0", qr_url="https://w.example/0"))
    after = await api.get("/api/v1/channels/till-1")
    assert after.json()["wecom"] == {"associate": "lin", "config_id": "w1", "qr_code": "https://w.example/1"}
    assert before.headers["etag"] == after.headers["etag"]
    assert (await api.get("/api/v1/channels")).json()["items"][0]["wecom"]["config_id"] == "w1"
