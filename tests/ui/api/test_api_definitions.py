"""Definitions from outside: drafts, findings, publishing, versions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from httpx import AsyncClient

from engine.database.connection import Database
from engine.journeys.catalogue import Catalogue
from tests.engine.definitions.samples import CATALOGUE, journey, text_of
from tests.engine.funnel.world import make_world
from tests.ui.api.conftest import ClientFor

BASE = "/api/v1/definitions/journey/small"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def catalogue() -> Catalogue:
    return CATALOGUE


async def put(api: AsyncClient, text: str | None = None, key: str = "small", **headers: str) -> Any:
    address = f"/api/v1/definitions/journey/{key}/draft"
    return await api.put(address, content=text or text_of(), headers={**JSON, **headers})


async def test_a_draft_goes_in_and_comes_out_to_the_letter(api: AsyncClient) -> None:
    first, again = await put(api, '{"b": 1,\n "a": [1e400, "\\u0000"]}'), await put(api)
    assert (first.status_code, first.json()["revision"], first.headers["etag"]) == (201, 1, '"1"')
    assert {finding["code"] for finding in first.json()["findings"]} == {"schema"}
    assert (again.status_code, again.json()) == (200, {"revision": 2, "findings": []})
    read = await api.get(f"{BASE}/draft")
    assert (read.text, read.headers["etag"], read.headers["content-type"]) == (text_of(), '"2"', "application/json")


@pytest.mark.parametrize(
    "text", ['{"a": ' + "9" * 5_000 + "}", '{"title": "\\ud800", "nodes": [1e400]}', '{"a\\u0000": 1}']
)
async def test_an_odd_draft_stands_in_no_list_s_way(api: AsyncClient, text: str) -> None:
    assert (await put(api, text)).status_code == 201
    assert (await api.get("/api/v1/definitions/journey")).json()["items"][0]["key"] == "small"
    for path in ("", "/draft", "/draft/diff"):
        assert (await api.get(BASE + path)).status_code == 200


@pytest.mark.parametrize(
    ("text", "place"),
    [('{"a": 1,\n "a": 2}', "line 2, column 2"), ("[1]", "line 1, column 1"), ('{"a": NaN}', "line 1, column 7")],
)
async def test_what_is_no_json_object_is_refused_at_its_place(api: AsyncClient, text: str, place: str) -> None:
    answer = await put(api, text)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert place in answer.json()["errors"][0]["message"]
    assert (await api.get(f"{BASE}/draft")).status_code == 404


async def test_bytes_that_are_no_text_are_refused(api: AsyncClient) -> None:
    answer = await api.put(f"{BASE}/draft", content=b'{"a":\n "\xff"}', headers=JSON)
    assert "line 2, column 3" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("revision", "status"), [('"1"', 200), ('W/"1"', 200), ("*", 200), ('"7", "1"', 200), ('"7"', 412), ("what", 412)]
)
async def test_a_stale_revision_is_refused(api: AsyncClient, revision: str, status: int) -> None:
    await put(api)
    assert (await put(api, **{"If-Match": revision})).status_code == status


async def test_other_media_types_and_keys_are_refused(api: AsyncClient) -> None:
    assert (await put(api, **{"Content-Type": "text/plain"})).status_code == 415
    assert (await put(api, key="Not-A-Key")).status_code == 422
    assert (await api.get("/api/v1/definitions/poem/small/draft")).status_code == 404


async def test_checks_tests_and_differences_speak_about_the_draft(api: AsyncClient) -> None:
    await put(api)
    assert (await api.post(f"{BASE}/draft/check")).json() == {"findings": []}
    tests = (await api.post(f"{BASE}/draft/test")).json()
    assert tests["tests"] == [{"name": "who adds is done", "ok": True, "differences": []}]
    assert {"node": "wait", "port": "timeout", "visited": False} in tests["coverage"]["ports"]
    await api.post(f"{BASE}/publish")
    await put(api, text_of(title="Other"))
    assert (await api.get(f"{BASE}/draft/diff")).json() == {
        "version": 1,
        "changes": [{"op": "changed", "pointer": "/title", "before": journey()["title"], "after": "Other"}],
        "outcomes": [],
    }


async def test_a_draft_that_cannot_run_has_findings_in_place_of_tests(api: AsyncClient) -> None:
    await put(api, text_of(start="nowhere"))
    answer = await api.post(f"{BASE}/draft/test")
    assert answer.status_code == 422
    assert "unknown-node" in {finding["code"] for finding in answer.json()["findings"]}


async def test_publishing_answers_with_version_and_hashes(api: AsyncClient) -> None:
    await put(api)
    answer = await api.post(f"{BASE}/publish", json={"note": "first", "in_flight": "stay"})
    assert answer.status_code == 201
    done = answer.json()
    assert (done["version"], len(done["hash"]), len(done["bundle_hash"])) == (1, 64, 64)
    [item] = (await api.get(f"{BASE}/versions")).json()["items"]
    assert (item["version"], item["hash"], item["note"], item["live"]) == (1, done["hash"], "first", True)
    version = (await api.get(f"{BASE}/versions/1")).json()
    assert (version["document"], version["published_by"]) == (journey(), "key:key-0")


async def test_errors_block_publishing_and_come_with_the_answer(api: AsyncClient) -> None:
    await put(api, text_of(start="nowhere"))
    answer = await api.post(f"{BASE}/publish")
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert {"unknown-node"} <= {finding["code"] for finding in answer.json()["findings"]}
    assert (await api.get(f"{BASE}/versions")).status_code == 404


@pytest.mark.parametrize("in_flight", [{"migrate": {"a": "b"}, "rest": 1}, "leave", 3, {"migrate": 1}])
async def test_runs_in_flight_stay_or_go_by_a_map(api: AsyncClient, in_flight: Any) -> None:
    await put(api)
    answer = await api.post(f"{BASE}/publish", json={"in_flight": in_flight})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/in_flight")


async def test_a_version_can_be_restored_as_the_draft(api: AsyncClient) -> None:
    await put(api)
    await api.post(f"{BASE}/publish")
    await put(api, "{}")
    answer = await api.post(f"{BASE}/versions/1/restore")
    assert (answer.status_code, answer.json()) == (200, {"revision": 3, "findings": []})
    assert (await api.get(f"{BASE}/draft")).text == text_of()
    assert (await api.post(f"{BASE}/versions/9/restore")).status_code == 404


async def test_a_deleted_draft_is_gone_and_its_versions_are_not(api: AsyncClient) -> None:
    await put(api)
    await api.post(f"{BASE}/publish")
    assert (await api.delete(f"{BASE}/draft", headers={"If-Match": '"9"'})).status_code == 412
    assert (await api.delete(f"{BASE}/draft")).status_code == 204
    assert (await api.delete(f"{BASE}/draft")).status_code == 404
    assert (await api.get(BASE)).json()["version"] == 1


async def test_lists_are_pages(api: AsyncClient) -> None:
    for key in ("c", "a", "b"):
        await put(api, json.dumps({"title": "T"}), key=key)
    first = (await api.get("/api/v1/definitions/journey", params={"limit": 2})).json()
    assert [(item["key"], item["state"], item["title"]["en"]) for item in first["items"]] == [
        ("a", "draft", "T"),
        ("b", "draft", "T"),
    ]
    rest = (await api.get("/api/v1/definitions/journey", params={"limit": 2, "cursor": first["next"]})).json()
    assert ([item["key"] for item in rest["items"]], rest["next"]) == (["c"], None)
    assert (await api.get("/api/v1/definitions/journey", params={"limit": 0})).status_code == 422


async def test_a_journey_is_paused_resumed_and_retired(api: AsyncClient) -> None:
    await put(api)
    assert (await api.post(f"{BASE}/pause")).status_code == 404
    await api.post(f"{BASE}/publish")
    assert (await api.post(f"{BASE}/pause")).json() == {"key": "small", "state": "paused", "version": 1}
    assert (await api.post(f"{BASE}/pause")).status_code == 409
    assert (await api.post(f"{BASE}/resume", json={"deadlines": "stretch"})).status_code == 422
    assert (await api.post(f"{BASE}/resume", json={"deadlines": "extend"})).json()["state"] == "live"
    assert (await api.post(f"{BASE}/resume")).status_code == 409
    assert (await api.post(f"{BASE}/retire")).json()["state"] == "retired"


async def test_keys_of_a_store_read_and_change_nothing(client_for: ClientFor, database: Database) -> None:
    with database.begin() as session:
        store = make_world(session).stores[0]
    everywhere, here = client_for("definitions"), client_for("definitions", store_id=store)
    await put(everywhere)
    assert (await here.get(f"{BASE}/draft")).status_code == 200
    assert (await put(here)).status_code == 403
    assert (await here.post(f"{BASE}/publish")).status_code == 403
    assert (await put(client_for("events"))).status_code == 403


async def test_the_catalogue_tells_what_can_be_named(api: AsyncClient) -> None:
    types = {item["name"]: item for item in (await api.get("/api/v1/activity-types")).json()["items"]}
    assert types["coupon.issue"]["outcomes"] == ["sold_out"]
    assert types["coupon.issue"]["params"]["required"] == ["batch"]
    fields = {item["path"]: item for item in (await api.get("/api/v1/fields")).json()["items"]}
    assert fields["member.nickname"]["personal"] is True
    events = {item["type"]: item for item in (await api.get("/api/v1/event-types")).json()["items"]}
    assert "event.welcome_code" in {field["path"] for field in events["contact.added"]["fields"]}


async def test_what_no_answer_can_carry_is_replaced_in_it(api: AsyncClient) -> None:
    await put(api, '{"title": "\\ud800", "a": [1e400, {"\\udfff": "\\u0000"}]}')
    changes = (await api.get(f"{BASE}/draft/diff")).json()["changes"]
    assert {change["pointer"]: change["after"] for change in changes} == {"/title": "?", "/a": [None, {"?": "\0"}]}
    [item] = (await api.get("/api/v1/definitions/journey")).json()["items"]
    assert item["title"] == {"zh": "?", "en": "?"}
    for deed in ("draft/check", "draft/test", "publish"):
        answer = await api.post(f"{BASE}/{deed}")
        assert "schema" in {finding["code"] for finding in answer.json()["findings"]}


async def test_a_document_that_is_sent_is_checked_and_tested_in_place_of_the_draft(api: AsyncClient) -> None:
    sent = {"content": text_of(start="nowhere"), "headers": JSON}
    found = (await api.post(f"{BASE}/draft/check", **sent)).json()["findings"]
    assert "unknown-node" in {finding["code"] for finding in found}
    assert (await api.post(f"{BASE}/draft/test", content=text_of(), headers=JSON)).json()["tests"][0]["ok"]
    assert (await api.get(f"{BASE}/draft")).status_code == 404
    assert (await api.post(f"{BASE}/draft/check")).status_code == 404
