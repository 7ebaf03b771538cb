"""`/api-keys`, `/users` and `/audit`."""

from __future__ import annotations

import httpx
import pytest
from sqlalchemy import func, select

from engine.access.models import IdempotencyRecord
from engine.access.sign_in import check_password
from engine.clock import FixedClock
from engine.database.connection import Database
from engine.organisation.models import Region, Store
from tests.ui.api.conftest import ClientFor

PASSWORD = "correct horse battery"


@pytest.fixture
def store_id(database: Database) -> int:
    """A store `E01` in a region `east`."""
    with database.begin() as session:
        region = Region(key="east")
        session.add(region)
        session.flush()
        store = Store(key="E01", region_id=region.id)
        session.add(store)
        session.flush()
        return store.id


async def test_a_key_is_told_once_and_works_until_it_is_revoked(api: httpx.AsyncClient, store_id: int) -> None:
    made = await api.post("/api/v1/api-keys", json={"name": "till", "scopes": ["access"], "store": "E01"})
    assert made.status_code == 201
    body = made.json()
    assert (body["scopes"], body["store"], body["region"]) == (["access"], "E01", None)
    listed = (await api.get("/api/v1/api-keys")).json()["items"]
    assert "till" in [key["name"] for key in listed]
    assert all("key" not in key for key in listed)
    mine = {"Authorization": f"Bearer {body['key']}"}
    bound = await api.get("/api/v1/api-keys", headers=mine)
    assert (bound.status_code, "bound to a place" in bound.json()["detail"]) == (403, True)
    assert (await api.delete(f"/api/v1/api-keys/{body['id']}")).status_code == 204
    assert (await api.delete(f"/api/v1/api-keys/{body['id']}")).status_code == 404
    assert (await api.get("/api/v1/api-keys", headers=mine)).status_code == 401


async def test_a_key_gives_away_no_more_than_it_has(client_for: ClientFor) -> None:
    keeper = client_for("access", "events")
    for scopes, status in ((["events"], 201), (["full"], 403), (["events", "runs"], 403)):
        answer = await keeper.post("/api/v1/api-keys", json={"name": f"of {scopes}", "scopes": scopes})
        assert answer.status_code == status
    assert (await client_for("events").get("/api/v1/api-keys")).status_code == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "x", "scopes": ["everything"]}, 422),
        ({"name": "x", "scopes": []}, 422),
        ({"name": "", "scopes": ["events"]}, 422),
        ({"name": "key-0", "scopes": ["events"]}, 409),
        ({"name": "x", "scopes": ["events"], "store": "nowhere"}, 422),
        ({"name": "x", "scopes": ["events"], "region": "nowhere"}, 422),
        ({"name": "x", "scopes": ["events"], "store": ""}, 422),
        ({"name": "x", "scopes": ["events"], "store": "E01", "region": "east"}, 422),
        ({"name": "x", "scopes": ["events"], "more": 1}, 422),
    ],
)
async def test_a_bad_key_is_refused(api: httpx.AsyncClient, body: dict[str, object], status: int) -> None:
    assert (await api.post("/api/v1/api-keys", json=body)).status_code == status


async def test_users_are_made_changed_and_signed_out(
    api: httpx.AsyncClient, database: Database, clock: FixedClock, store_id: int
) -> None:
    address = "/api/v1/users/mei"
    assert (await api.get(address)).status_code == 404
    assert (await api.put(address, json={"role": "store", "store": "E01"})).status_code == 422
    assert (await api.put(address, json={"role": "store", "password": "short"})).status_code == 422
    made = await api.put(address, json={"role": "store", "store": "E01", "title": "小梅", "password": PASSWORD})
    assert (made.status_code, made.json()["store"]) == (201, "E01")
    with database.begin() as session:
        assert check_password(session, "mei", PASSWORD).title == "小梅"
    changed = await api.put(address, json={"role": "region", "region": "east", "active": False})
    assert (changed.status_code, changed.json()["region"], changed.json()["title"]) == (200, "east", "小梅")
    assert (await api.get(address)).json() == changed.json()
    lines = (await api.get("/api/v1/audit?object=user/mei")).json()["items"]
    assert [line["action"] for line in lines] == ["user.written", "user.written"]
    assert PASSWORD not in str(lines)
    assert [user["name"] for user in (await api.get("/api/v1/users")).json()["items"]] == ["mei"]


async def test_only_a_key_of_full_scope_writes_users(client_for: ClientFor) -> None:
    body = {"role": "admin", "password": PASSWORD}
    assert (await client_for("access").put("/api/v1/users/root", json=body)).status_code == 403


async def test_a_change_from_an_older_state_is_refused(api: httpx.AsyncClient) -> None:
    made = await api.put("/api/v1/users/mei", json={"role": "auditor", "password": PASSWORD})
    stale = {"If-Match": made.headers["etag"]}
    assert (await api.get("/api/v1/users/mei")).headers["etag"] == made.headers["etag"]
    assert (await api.put("/api/v1/users/mei", json={"role": "operator"}, headers=stale)).status_code == 200
    assert (await api.put("/api/v1/users/mei", json={"role": "admin"}, headers=stale)).status_code == 412


async def test_the_audit_does_not_say_what_people_are_called(api: httpx.AsyncClient) -> None:
    for title in ("小梅", "小桃"):
        await api.put("/api/v1/users/u1", json={"role": "auditor", "title": title, "password": PASSWORD})
    assert "小" not in (await api.get("/api/v1/audit")).text


async def test_no_answer_with_the_value_of_a_key_is_kept(api: httpx.AsyncClient, database: Database) -> None:
    headers, body = {"Idempotency-Key": "once"}, {"name": "till", "scopes": ["events"]}
    made, again = [await api.post("/api/v1/api-keys", json=body, headers=headers) for _ in range(2)]
    assert (made.status_code, made.headers["cache-control"], again.status_code) == (201, "no-store", 409)
    with database.begin() as session:
        assert session.execute(select(func.count()).select_from(IdempotencyRecord)).scalar_one() == 0


async def test_the_last_administrator_stays_one(api: httpx.AsyncClient) -> None:
    await api.put("/api/v1/users/root", json={"role": "admin", "password": PASSWORD})
    for change in ({"role": "operator"}, {"role": "admin", "active": False}):
        assert (await api.put("/api/v1/users/root", json=change)).status_code == 409
    await api.put("/api/v1/users/second", json={"role": "admin", "password": PASSWORD})
    assert (await api.put("/api/v1/users/root", json={"role": "operator"})).status_code == 200


async def test_lists_come_in_pages(api: httpx.AsyncClient) -> None:
    for n in range(3):
        await api.put(f"/api/v1/users/user{n}", json={"role": "auditor", "password": PASSWORD})
    first = (await api.get("/api/v1/users?limit=2")).json()
    rest = (await api.get(f"/api/v1/users?limit=2&cursor={first['next']}")).json()
    assert [user["name"] for user in first["items"] + rest["items"]] == ["user0", "user1", "user2"]
    assert rest["next"] is None
    newest = (await api.get("/api/v1/audit?limit=2")).json()
    older = (await api.get(f"/api/v1/audit?limit=2&cursor={newest['next']}")).json()
    assert [line["object"] for line in newest["items"] + older["items"]] == ["user/user2", "user/user1", "user/user0"]
