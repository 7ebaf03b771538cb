"""The chain from a file and from WeCom, through the API: both are jobs."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.jobs.kinds import IMPORT, SYNC
from engine.jobs.pages import within
from engine.organisation.importing import applying
from engine.secrets.keyring import KeyRing
from tests.ui.api.conftest import ClientFor
from tests.ui.api.made import make_chain
from ui.app import create_app
from ui.dependencies import Dependencies
from workflows.job_pages import JobPages

LINES: list[dict[str, Any]] = [
    {"kind": "store", "key": "N1", "title": "新店", "region": "north"},
    {"kind": "region", "key": "north", "title": "北"},
]


def jsonl(*records: dict[str, Any]) -> bytes:
    return "\n".join(map(json.dumps, records)).encode()


async def send(
    api: httpx.AsyncClient, content: bytes, media_type: str = "application/x-ndjson", **query: str
) -> httpx.Response:
    headers = {"Content-Type": media_type}
    return await api.post("/api/v1/org/import", content=content, headers=headers, params=query)


async def do(database: Database, clock: FixedClock, keys: KeyRing, job: str) -> None:
    pages = JobPages(database, clock, {IMPORT: within(applying.page(clock, keys))})
    while not await pages.turn(int(job)):
        pass


async def test_a_file_becomes_the_chain(
    api: httpx.AsyncClient, database: Database, clock: FixedClock, keys: KeyRing
) -> None:
    answer = await send(api, jsonl(*LINES))
    assert answer.status_code == 202, answer.text
    job = answer.json()
    assert (job["kind"], job["state"], job["total"]) == (IMPORT, "waiting", 2)
    assert (await api.get("/api/v1/stores/N1")).status_code == 404
    await do(database, clock, keys, job["id"])
    found = (await api.get(f"/api/v1/jobs/{job['id']}")).json()
    assert (found["state"], found["done"], found["errors"]) == ("done", 2, [])
    assert (await api.get("/api/v1/stores/N1")).json()["region"] == "north"


async def test_a_wrong_line_keeps_all_others_out(api: httpx.AsyncClient) -> None:
    wrong = {"kind": "store", "key": "N2", "title": "x", "region": "south"}
    answer = await send(api, jsonl(*LINES, wrong))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    [error] = answer.json()["errors"]
    assert (error["id"], error["pointer"]) == ("line 3", "/region")
    assert "south" in error["message"]
    assert (await api.get("/api/v1/jobs")).json()["items"] == []
    looked = await send(api, jsonl(*LINES, wrong), dry_run="true")
    assert looked.status_code == 200
    assert (looked.json()["state"], looked.json()["total"], looked.json()["failed"]) == ("dry-run", 3, 1)
    assert (await api.get("/api/v1/jobs")).json()["items"] == []


async def test_a_part_is_applied_when_asked_for(
    api: httpx.AsyncClient, database: Database, clock: FixedClock, keys: KeyRing
) -> None:
    answer = await send(api, jsonl(*LINES, {"kind": "store"}), partial="true")
    job = answer.json()
    assert (answer.status_code, job["total"], job["failed"], job["errors"][0]["id"]) == (202, 2, 1, "line 3")
    await do(database, clock, keys, job["id"])
    found = (await api.get(f"/api/v1/jobs/{job['id']}")).json()
    assert (found["state"], found["done"], [error["id"] for error in found["errors"]]) == ("done", 2, ["line 3"])
    nothing = await send(api, jsonl({"kind": "store"}), partial="true")
    assert nothing.status_code == 422


async def test_csv_and_unnamed_forms_are_known_by_their_look(api: httpx.AsyncClient) -> None:
    rows = "\ufeffkind,key,title,region\r\nregion,north,北,\r\nstore,N1,新店,north\r\n".encode()
    for content, media_type in (
        (rows, "text/csv; charset=utf-8"),
        (rows, "application/octet-stream"),
        (jsonl(*LINES), "text/plain"),
    ):
        answer = await send(api, content, media_type, dry_run="true")
        assert (answer.status_code, answer.json().get("errors")) == (200, []), media_type


REFUSED = [
    (b"", "text/csv", 422),
    ("kind,key,title\nregion,n,北岸\n".encode("gb18030"), "text/csv", 422),
    (b"{}", "application/json", 415),
    (b"x", "application/vnd.ms-excel", 415),
    (b"x" * (4 * 1024 * 1024 + 1), "text/csv", 413),
]


@pytest.mark.parametrize(("content", "media_type", "status"), REFUSED)
async def test_what_is_no_such_file_is_refused(
    api: httpx.AsyncClient, content: bytes, media_type: str, status: int
) -> None:
    answer = await send(api, content, media_type)
    assert answer.status_code == status
    assert answer.json()["detail"]
    if status == 413:
        assert "4 MiB" in answer.json()["detail"]


async def test_the_same_file_under_one_key_is_one_job(api: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "text/csv", "Idempotency-Key": "monday"}
    content = "kind,key,title\nregion,north,北\n".encode()
    answers = [await api.post("/api/v1/org/import", content=content, headers=headers) for _ in range(2)]
    assert answers[0].json()["id"] == answers[1].json()["id"]


async def test_keys_of_a_place_neither_import_nor_sync(
    api: httpx.AsyncClient, client_for: ClientFor, database: Database
) -> None:
    stores = await make_chain(api, database)
    placed = client_for("chain", store_id=stores["S1"])
    assert (await send(placed, jsonl(*LINES))).status_code == 403
    assert (await placed.post("/api/v1/org/sync")).status_code == 403
    assert (await client_for("runs").post("/api/v1/org/sync")).status_code == 403


@pytest.fixture
async def wecom_api(api: httpx.AsyncClient, database: Database, clock: FixedClock, keys: KeyRing) -> httpx.AsyncClient:
    """A client of an application with two WeCom apps."""
    deps = Dependencies(database, clock, keys)
    app = create_app(replace(deps, wecom_apps={"main": {}, "second": {}}))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test", headers=api.headers)


async def test_a_sync_is_a_job_and_one_waits_at_a_time(wecom_api: httpx.AsyncClient) -> None:
    first = await wecom_api.post("/api/v1/org/sync")
    assert (first.status_code, first.json()["kind"], first.json()["state"]) == (202, SYNC, "waiting")
    assert first.headers["Location"] == f"/api/v1/jobs/{first.json()['id']}"
    again = await wecom_api.post("/api/v1/org/sync", json={"app": "main", "parts": ["groups"]})
    assert again.json()["id"] == first.json()["id"]
    other = await wecom_api.post("/api/v1/org/sync", json={"app": "second"})
    assert other.json()["id"] != first.json()["id"]


NOT_THERE: list[tuple[dict[str, Any], str]] = [
    ({"app": "third"}, "/app"),
    ({"app": ""}, "/app"),
    ({"parts": []}, "/parts"),
    ({"parts": ["weather"]}, "/parts/0"),
    ({"now": True}, "/now"),
]


@pytest.mark.parametrize(("body", "pointer"), NOT_THERE)
async def test_a_sync_of_what_is_not_there_is_refused(
    wecom_api: httpx.AsyncClient, body: dict[str, Any], pointer: str
) -> None:
    answer = await wecom_api.post("/api/v1/org/sync", json=body)
    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (422, [pointer])


async def test_without_an_app_there_is_nothing_to_sync_with(api: httpx.AsyncClient) -> None:
    answer = await api.post("/api/v1/org/sync")
    assert answer.status_code == 422
    assert "describe one in WAYSTATION_WECOM_APPS" in answer.json()["detail"]
    assert (await api.post("/api/v1/org/sync", json={"app": "main"})).json()["detail"] == answer.json()["detail"]
