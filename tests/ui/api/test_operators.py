"""What the API tells of operators; each example is decided as it stands there."""

from __future__ import annotations

import httpx

from rules.operators import OPERATORS
from tests.ui.api.conftest import ClientFor


async def test_every_operator_is_told_with_its_words_and_forms(api: httpx.AsyncClient) -> None:
    items = (await api.get("/api/v1/operators", params={"limit": 200})).json()["items"]
    assert [one["name"] for one in items] == sorted(OPERATORS)
    by_name = {one["name"]: one for one in items}
    assert by_name["in_region"] == {
        "name": "in_region",
        "family": {"zh": "连锁", "en": "The chain"},
        "title": {"zh": "在大区内", "en": "In region"},
        "doc": by_name["in_region"]["docs"]["en"],
        "docs": by_name["in_region"]["docs"],
        "arity": {"least": 2, "most": 2},
        "example": {"in_region": [{"var": "store.region"}, "south"]},
        "sentence": {"zh": "大区 在大区 south 内", "en": "region is in region south"},
        "forms": {"sql": True, "smt": True},
    }
    assert by_name["in_region"]["docs"]["zh"].startswith("大区是否")
    assert by_name["and"]["arity"] == {"least": 1, "most": None}


async def test_the_examples_can_be_tried(api: httpx.AsyncClient) -> None:
    items = (await api.get("/api/v1/operators", params={"limit": 200})).json()["items"]
    for one in items:
        if one["name"] == "condition":  # names a condition of a ruleset, which is HQ's own
            continue
        answer = await api.post("/api/v1/rules/evaluate", json={"expression": one["example"], "facts": {}})
        assert answer.status_code == 200, one["name"]
        assert answer.json()["sentence"] == one["sentence"]


async def test_pages_of_the_list_and_scopes(api: httpx.AsyncClient, client_for: ClientFor) -> None:
    first = (await api.get("/api/v1/operators", params={"limit": 3})).json()
    second = (await api.get("/api/v1/operators", params={"limit": 3, "cursor": first["next"]})).json()
    assert [one["name"] for one in first["items"] + second["items"]] == sorted(OPERATORS)[:6]
    assert (await client_for("events").get("/api/v1/operators")).status_code == 403
