"""Members by HTTP: the till's question, one member, the timeline, lists, and who may see whom."""

from __future__ import annotations

from typing import Any

from httpx import AsyncClient

from engine.database.connection import Database
from tests.ui.api.conftest import ClientFor
from tests.ui.api.made import audit_lines, make_chain, tell


async def get(api: AsyncClient, path: str, **params: Any) -> Any:
    answer = await api.get(f"/api/v1/{path}", params=params)
    return answer.json() if answer.status_code == 200 else answer.status_code


async def test_a_till_learns_whether_the_customer_is_a_friend(api: AsyncClient) -> None:
    await make_chain(api)
    assert await get(api, "members/lookup", phone="13800000000") == 404
    await tell(api, "member.registered", "member:1001", "a", phone="138 0000 0000", nickname="小林")
    unknown = await get(api, "members/lookup", phone="+8613800000000")
    assert (unknown["friend"], unknown["friend_basis"], unknown["friend_of"]) == (None, "none", [])
    await tell(api, "member.updated", "member:1001", "b", identities=["unionid:u1"])
    knowable = await get(api, "members/lookup", member="1001")
    assert (knowable["friend"], knowable["friend_basis"]) == (False, "unionid")
    await tell(api, "contact.added", "unionid:u1", "c", associate="wecom-lin", channel="till-1")
    await tell(api, "group.joined", "unionid:u1", "d", chat="wr1")
    await tell(api, "coupon.claimed", "unionid:u1", "e", batch="HOOK", code="nope")
    known = await get(api, "members/lookup", unionid="u1")
    assert known["friend"] is True
    assert [(one["associate"], one["store"]) for one in known["friend_of"]] == [("lin", "S1")]
    assert [(one["chat_id"], one["store"]) for one in known["in_groups"]] == [("wr1", "S1")]
    assert (known["owner"], known["price_zone"], known["coupons"], known["prompts"]) == (None, None, [], [])
    assert known["member"] == unknown["member"]


async def test_a_look_up_names_exactly_one_identity(api: AsyncClient) -> None:
    for params in ({}, {"phone": "13800000000", "card": "1"}, {"phone": "abc"}, {"name": "x"}, {"unionid": ""}):
        assert await get(api, "members/lookup", **params) == 422


async def test_one_member_is_found_by_id_and_by_identity_with_personal_data_masked(api: AsyncClient) -> None:
    await make_chain(api)
    await tell(
        api, "member.registered", "member:1001", "a", phone="13800000000", nickname="小林", tier="gold", store="S1"
    )
    by_identity = await get(api, "members/member:1001")
    by_id = await get(api, f"members/{by_identity['id']}")
    assert by_id == by_identity
    assert by_id["attributes"] == {"tier": "gold"}
    assert by_id["store"] == "S1"
    assert by_id["personal"] == {"nickname": "小*", "phone": "138****0000"}
    assert {one["kind"] for one in by_id["identities"]} == {"member", "phone"}
    assert "13800000000" not in str(by_id)
    for name in ("9999999", "member:nobody", "who:1", "9" * 23, "9" * 5_000):
        assert await get(api, f"members/{name}") == 404


async def test_a_merged_member_is_shown_as_the_survivor(api: AsyncClient) -> None:
    await tell(api, "store.visited", "card:1", "a")
    await tell(api, "store.visited", "openid:1", "b")
    older, younger = await get(api, "members/card:1"), await get(api, "members/openid:1")
    await tell(api, "store.visited", "card:1", "c", identities=["openid:1"])
    assert (await get(api, f"members/{younger['id']}"))["id"] == older["id"]


async def test_the_timeline_has_one_item_per_accepted_event(api: AsyncClient) -> None:
    await make_chain(api)
    for number in range(5):
        await tell(api, "custom.step", "member:1001", f"e{number}", n=number)
        await tell(api, "custom.step", "member:1001", f"e{number}", n=number)
    await tell(api, "contact.lost", "member:1001", "lost", associate="lin", by="customer")
    whole = await get(api, "members/member:1001/timeline")
    assert len(whole["items"]) == 6
    assert whole["next"] is None
    first = whole["items"][0]
    assert first["kind"] == "contact.lost"
    assert first["title"] == {"zh": "好友流失", "en": "Friend lost"}
    assert (first["source"], first["data"]["last"], first["run"]) == ("test", True, None)
    seen, cursor = [], None
    while cursor is not None or not seen:
        page = await get(api, "members/member:1001/timeline", limit=4, **({"cursor": cursor} if cursor else {}))
        seen += page["items"]
        cursor = page["next"]
    assert seen == whole["items"]
    for cursor in ("x", "!!!", "Zm9v"):
        assert await get(api, "members/member:1001/timeline", cursor=cursor) == 422
    assert await get(api, "members/member:nobody/timeline") == 404


async def test_the_timeline_masks_identities(api: AsyncClient) -> None:
    await tell(api, "store.visited", "member:1001", "e", identities=["openid:oABCDEFG12345", "card:880012345678"])
    [item] = (await get(api, "members/member:1001/timeline"))["items"]
    assert item["data"]["identities"] == ["openid:oAB****2345", "card:880****5678"]


async def test_members_are_listed_by_what_they_are(api: AsyncClient) -> None:
    await make_chain(api)
    await tell(api, "contact.added", "external_userid:a", "1", associate="lin")
    await tell(api, "contact.added", "external_userid:b", "2", associate="su")
    await tell(api, "group.joined", "external_userid:b", "3", chat="wr2")
    await tell(api, "member.registered", "member:1001", "4", store="S1")
    ids = {
        name: (await get(api, f"members/{name}"))["id"]
        for name in ("external_userid:a", "external_userid:b", "member:1001")
    }
    a, b, c = ids.values()

    async def found(**params: Any) -> list[str]:
        return [item["id"] for item in (await get(api, "members", **params))["items"]]

    assert await found() == [c, b, a]
    assert await found(friend="true") == [b, a]
    assert await found(friend="true", in_group="false") == [a]
    assert await found(registered="true") == [c]
    assert await found(store="S1") == [c, a]
    assert await found(member="external_userid:b") == [b]
    assert await found(member="external_userid:nobody") == []
    assert await get(api, "members", friend="perhaps") == 422
    assert await get(api, "members", colour="red") == 422
    page = await get(api, "members", limit=2)
    assert [item["id"] for item in (await get(api, "members", cursor=page["next"]))["items"]] == [a]


async def test_an_owner_is_set_by_hand_and_audited(api: AsyncClient, database: Database) -> None:
    await make_chain(api)
    await tell(api, "store.visited", "member:1001", "a")
    answer = await api.put("/api/v1/members/member:1001/owner", json={"associate": "lin"})
    assert (answer.status_code, answer.json()["owner"]) == (200, "lin")
    member = await get(api, "members/member:1001")
    assert member["owner"] == "lin"
    assert [item["id"] for item in (await get(api, "members", owner_store="S1"))["items"]] == [member["id"]]
    assert audit_lines(database, f"member/{member['id']}") == [("member.owner", {"owner": None}, {"owner": "lin"})]
    assert (await api.put("/api/v1/members/member:1001/owner", json={"associate": "nobody"})).status_code == 422


async def test_a_store_sees_its_own_members_only(api: AsyncClient, client_for: ClientFor, database: Database) -> None:
    stores = await make_chain(api, database)
    await tell(api, "contact.added", "external_userid:a", "1", associate="lin")
    await tell(api, "contact.added", "external_userid:b", "2", associate="su")
    own = client_for("members", store_id=stores["S1"])
    assert len((await get(own, "members"))["items"]) == 1
    assert (await get(own, "members/lookup", external_userid="a"))["friend"] is True
    for path in ("members/external_userid:b", "members/external_userid:b/timeline"):
        assert await get(own, path) == 404
    assert await get(own, "members/lookup", external_userid="b") == 404


async def test_a_store_tells_of_itself_only(api: AsyncClient, client_for: ClientFor, database: Database) -> None:
    stores = await make_chain(api, database)
    own = client_for("events", store_id=stores["S1"])
    assert (await tell(own, "store.visited", "member:1", "a", store="S1"))["accepted"] == 1
    event = {"specversion": "1.0", "id": "b", "source": "till", "type": "store.visited", "time": "2026-01-07T02:00:00Z",
             "subject": "member:1", "data": {"store": "S2"}}  # fmt: skip
    refused = await own.post("/api/v1/events", json=event, headers={"Content-Type": "application/cloudevents+json"})
    assert refused.status_code == 403
