"""Rulesets as definitions, from outside."""

from __future__ import annotations

import json
from typing import Any

from httpx import AsyncClient

from rules.tables.document import MAX_ROWS
from tests.engine.rulesets.zones import zones

BASE = "/api/v1/definitions/ruleset/zones"


async def put(api: AsyncClient, **changes: Any) -> Any:
    content = json.dumps(zones(**changes))
    return await api.put(f"{BASE}/draft", content=content, headers={"Content-Type": "application/json"})


async def test_a_ruleset_is_checked_tested_and_published(api: AsyncClient) -> None:
    first = await put(api)
    assert (first.status_code, first.json()) == (201, {"revision": 1, "findings": []})
    assert (await api.post(f"{BASE}/draft/check")).json() == {"findings": []}
    told = (await api.post(f"{BASE}/draft/test")).json()
    assert [test["ok"] for test in told["tests"]] == [True, True]
    assert told["coverage"] == {"rows": [{"row": "app", "visited": True}, {"row": "score", "visited": False}]}
    done = (await api.post(f"{BASE}/publish", json={"note": "first"})).json()
    assert done["version"] == 1
    assert done["hash"] != done["bundle_hash"]
    [version] = (await api.get(f"{BASE}/versions")).json()["items"]
    assert (version["version"], version["live"], version["note"]) == (1, True, "first")
    assert (await api.get(f"{BASE}/versions/1")).json()["document"] == zones()


async def test_a_ruleset_with_errors_is_kept_and_not_published(api: AsyncClient) -> None:
    draft = await put(api, rows=[{"id": "a", "when": [5], "then": {"zone": 1.5}}] * 2)
    found = {(each["code"], each["pointer"]) for each in draft.json()["findings"]}
    assert found == {
        ("type-mismatch", "/rows/0/when/0"), ("schema", "/rows/0/when"), ("type-mismatch", "/rows/0/then/zone"),
        ("type-mismatch", "/rows/1/when/0"), ("schema", "/rows/1/when"), ("type-mismatch", "/rows/1/then/zone"),
        ("schema", "/rows/1/id"),
    }  # fmt: skip
    refused = await api.post(f"{BASE}/publish")
    assert refused.status_code == 422
    assert {each["code"] for each in refused.json()["findings"]} == {"schema", "type-mismatch"}
    assert (await api.post(f"{BASE}/draft/test")).status_code == 422


async def test_the_largest_table_is_published(api: AsyncClient) -> None:
    rows = [{"id": f"r{i}", "when": [f"t{i}", None], "then": {"zone": "X"}} for i in range(MAX_ROWS)]
    assert (await put(api, rows=rows, tests=[])).json()["findings"] == []
    assert (await api.post(f"{BASE}/publish")).status_code == 201
    rows.append({"id": "more", "when": [None, None], "then": {"zone": "X"}})
    [found] = (await put(api, rows=rows, tests=[])).json()["findings"]
    assert (found["code"], found["pointer"]) == ("schema", "/rows")
