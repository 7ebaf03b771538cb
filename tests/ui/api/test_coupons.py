"""Coupons by HTTP: batches with their figures, lists, and redeeming at the till."""

from __future__ import annotations

from typing import Any

import pytest
from httpx import AsyncClient

from engine.coupons.issue import Issued, issue
from engine.database.connection import Database
from engine.members.lookup import find_member
from engine.secrets.keyring import KeyRing
from tests.engine.chain import NOW
from tests.ui.api.conftest import ClientFor
from tests.ui.api.made import make_chain, tell

BATCH: dict[str, Any] = {"title": "券", "stock": 5, "value": {"minor": 500, "currency": "CNY"}, "valid_for": "P30D"}


@pytest.fixture
async def code(api: AsyncClient, database: Database, keys: KeyRing) -> str:
    """A coupon that member 1001 holds, in a chain with one batch."""
    await make_chain(api)
    await tell(api, "store.visited", "member:1001", "first", store="S1")
    with database.begin() as session:
        member = find_member(session, keys, "member:1001")
        assert member is not None
        given = issue(session, batch_key="HOOK", member_id=member, effect_key="1", keys=keys, now=NOW)
    assert isinstance(given, Issued)
    return given.code


async def test_a_batch_is_made_and_tells_its_figures(api: AsyncClient) -> None:
    made = await api.put("/api/v1/coupon-batches/SPRING", json=BATCH)
    assert made.status_code == 201
    body = (await api.get("/api/v1/coupon-batches/SPRING")).json()
    assert body["title"] == {"zh": "券", "en": "券"}
    assert body["value"] == {"minor": 500, "currency": "CNY"}
    assert {name: body[name] for name in ("stock", "issued", "claimed", "redeemed", "expired", "left")} == {
        "stock": 5, "issued": 0, "claimed": 0, "redeemed": 0, "expired": 0, "left": 5,
    }  # fmt: skip
    assert (await api.get("/api/v1/coupon-batches/NOPE")).status_code == 404


async def test_stock_may_grow_but_not_fall_below_what_was_issued(api: AsyncClient, code: str) -> None:
    hook = {"title": "券", "value": {"minor": 1000}}
    assert (await api.put("/api/v1/coupon-batches/HOOK", json={**hook, "stock": 10})).json()["left"] == 9
    assert (await api.put("/api/v1/coupon-batches/HOOK", json={**hook, "stock": 1})).json()["left"] == 0
    refused = await api.put("/api/v1/coupon-batches/HOOK", json={**hook, "stock": 0})
    assert refused.status_code == 409
    assert (await api.get("/api/v1/coupon-batches/HOOK")).json()["stock"] == 1


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"stock": -1}, "/stock"),
        ({"stock": 1_000_001}, "/stock"),
        ({"stock": "5"}, "/stock"),
        ({"value": 500}, "/value"),
        ({"value": {"minor": 5.5}}, "/value/minor"),
        ({"value": {"minor": 5, "currency": "yuan"}}, "/value/currency"),
        ({"valid_for": "30 days"}, "/valid_for"),
        ({"valid_for": "P1D", "valid_until": "2026-02-01T00:00:00Z"}, ""),
        ({"valid_for": None, "valid_until": "tomorrow"}, "/valid_until"),
        ({"valid_for": None, "valid_until": "9999-12-31T23:59:59-23:00"}, "/valid_until"),
        ({"valid_for": None, "valid_until": "0001-01-01T00:00:00+23:00"}, "/valid_until"),
        ({"per_member": 0}, "/per_member"),
        ({"colour": "red"}, "/colour"),
    ],
)
async def test_a_bad_batch_is_refused_with_its_place(api: AsyncClient, changes: dict[str, Any], pointer: str) -> None:
    answer = await api.put("/api/v1/coupon-batches/SPRING", json={**BATCH, **changes})
    assert answer.status_code == 422
    assert pointer in [one["pointer"] for one in answer.json()["errors"]]
    assert (await api.get("/api/v1/coupon-batches/SPRING")).status_code == 404


async def test_a_coupon_is_redeemed_once(api: AsyncClient, code: str) -> None:
    answer = await api.post(f"/api/v1/coupons/{code}/redeem", json={"store": "S1", "order_no": "o1"})
    assert (answer.status_code, answer.json()["status"]) == (200, "redeemed")
    assert (await api.post(f"/api/v1/coupons/{code}/redeem")).status_code == 409
    assert (await api.post("/api/v1/coupons/NOPE/redeem")).status_code == 404
    figures = (await api.get("/api/v1/coupon-batches/HOOK")).json()
    assert (figures["issued"], figures["redeemed"], figures["left"]) == (1, 1, 2)
    kinds = [item["kind"] for item in (await api.get("/api/v1/members/member:1001/timeline")).json()["items"]]
    assert sorted(kinds) == ["coupon.issued", "coupon.redeemed", "store.visited"]


async def test_coupons_are_listed_by_batch_member_and_status(api: AsyncClient, code: str) -> None:
    async def found(**params: str) -> list[str]:
        return [item["code"] for item in (await api.get("/api/v1/coupons", params=params)).json()["items"]]

    assert await found() == [code]
    assert await found(batch="HOOK", member="member:1001", status="issued") == [code]
    assert await found(status="redeemed") == []
    assert await found(batch="NOPE") == []
    assert await found(member="member:nobody") == []
    assert (await api.get("/api/v1/coupons", params={"status": "free"})).status_code == 422


async def test_a_till_redeems_at_its_own_store(
    api: AsyncClient, client_for: ClientFor, database: Database, code: str
) -> None:
    stores = _stores(database)
    till = client_for("coupons", store_id=stores["S2"])
    assert (await till.post(f"/api/v1/coupons/{code}/redeem", json={"store": "S1"})).status_code == 403
    assert (await till.post(f"/api/v1/coupons/{code}/redeem")).status_code == 200
    assert (await till.put("/api/v1/coupon-batches/SPRING", json=BATCH)).status_code == 403


def _stores(database: Database) -> dict[str, int]:
    with database.begin() as session:
        rows = session.connection().exec_driver_sql("SELECT key, id FROM stores")
        return {row.key: row.id for row in rows}
