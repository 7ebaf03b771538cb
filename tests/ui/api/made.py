"""What tests of the API make through it."""

from __future__ import annotations

from typing import Any

from httpx import AsyncClient
from sqlalchemy import text

from engine.database.connection import Database

RECORDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("regions/all", {"title": "全国"}),
    ("regions/east", {"title": {"zh": "东湾", "en": "East"}, "parent": "all"}),
    ("regions/west", {"title": "西岭", "parent": "all"}),
    ("stores/S1", {"title": "一店", "region": "east", "city": "星澜"}),
    ("stores/S2", {"title": "二店", "region": "west", "ownership": "franchise", "price_kind": "outlet"}),
    ("associates/lin", {"name": "林小橙", "store": "S1", "wecom_userid": "wecom-lin"}),
    ("associates/su", {"name": "苏荔", "store": "S2", "wecom_userid": "wecom-su", "role": "manager"}),
    ("group-chats/wr1", {"title": "一店福利群", "store": "S1", "owner": "lin", "hosts": ["lin"]}),
    ("group-chats/wr2", {"title": "二店福利群", "store": "S2", "owner": "su", "hosts": []}),
    ("channels/till-1", {"title": "收银台", "kind": "pos", "store": "S1", "associates": ["lin"]}),
    ("coupon-batches/HOOK", {"title": "钩子券", "stock": 3, "value": {"minor": 1000, "currency": "CNY"}}),
)


async def make_chain(api: AsyncClient, database: Database | None = None) -> dict[str, int]:
    """Makes a small chain; with the database given, tells the internal ids of its stores."""
    for path, body in RECORDS:
        answer = await api.put(f"/api/v1/{path}", json=body)
        assert answer.status_code == 201, (path, answer.text)
    if database is None:
        return {}
    with database.begin() as session:
        return {key: store for key, store in session.connection().execute(text("SELECT key, id FROM stores"))}  # noqa: C416


async def tell(api: AsyncClient, kind: str, subject: str | None, name: str, **data: Any) -> dict[str, Any]:
    """Posts one event of now."""
    event = {
        "specversion": "1.0",
        "id": name,
        "source": "test",
        "type": kind,
        "time": "2026-01-07T10:00:00+08:00",
        "data": data,
        **({"subject": subject} if subject else {}),
    }
    answer = await api.post("/api/v1/events", json=event, headers={"Content-Type": "application/cloudevents+json"})
    assert answer.status_code == 202, answer.text
    body: dict[str, Any] = answer.json()
    return body


def audit_lines(database: Database, target: str) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """The audit of one thing, oldest first: action, before, after."""
    with database.begin() as session:
        wanted = text("SELECT action, before, after FROM audit WHERE object = :object ORDER BY id")
        return [tuple(row) for row in session.connection().execute(wanted, {"object": target})]
