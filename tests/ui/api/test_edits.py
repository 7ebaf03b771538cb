"""Commands on drafts over HTTP: one line of edits, refusals that name place and remedy, conflicts that tell who."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.ui.api.conftest import ClientFor
from tests.ui.api.walking import SIMPLE

DRAFT = "/api/v1/definitions/journey/j/draft"
TITLE = {"command": "set", "pointer": "/title", "value": "U"}


@pytest.fixture
async def draft(api: httpx.AsyncClient) -> httpx.AsyncClient:
    """The API, with a draft at revision 1."""
    await api.put(DRAFT, json={"title": "T", "nodes": {}})
    return api


async def test_commands_are_undone_and_done_again(draft: httpx.AsyncClient) -> None:
    done = await draft.post(f"{DRAFT}/commands", json=TITLE)
    assert (done.status_code, done.json(), done.headers["etag"]) == (200, {"revision": 2, "edit": 1}, '"2"')
    assert (await draft.post(f"{DRAFT}/undo")).json() == {"revision": 3, "edit": 1}
    assert (await draft.get(DRAFT)).json() == {"title": "T", "nodes": {}}
    assert (await draft.post(f"{DRAFT}/redo")).json() == {"revision": 4, "edit": 1}
    assert (await draft.get(DRAFT)).json()["title"] == "U"
    assert (await draft.post(f"{DRAFT}/redo")).status_code == 409
    same = await draft.post(f"{DRAFT}/commands", json=TITLE)
    assert same.json() == {"revision": 4, "edit": None}


async def test_restoring_a_version_is_an_edit_that_can_be_undone(api: httpx.AsyncClient) -> None:
    simple = {**SIMPLE, "key": "j", "title": "One"}
    await api.put(DRAFT, json=simple)
    await api.post("/api/v1/definitions/journey/j/publish")
    await api.post(f"{DRAFT}/commands", json={**TITLE, "value": "Two"})
    await api.post("/api/v1/definitions/journey/j/versions/1/restore")
    assert (await api.get(DRAFT)).json()["title"] == "One"
    await api.post(f"{DRAFT}/undo")
    assert (await api.get(DRAFT)).json()["title"] == "Two"


async def test_a_published_draft_that_was_deleted_begins_anew_with_the_first_command(
    api: httpx.AsyncClient,
) -> None:
    simple = {**SIMPLE, "key": "j", "title": "One"}
    await api.put(DRAFT, json=simple)
    await api.post("/api/v1/definitions/journey/j/publish")
    await api.delete(DRAFT)
    assert (await api.post(f"{DRAFT}/undo")).status_code == 404
    assert (await api.post(f"{DRAFT}/commands", json={**TITLE, "base": 0})).json() == {"revision": 3, "edit": 1}
    assert (await api.get(DRAFT)).json() == {**simple, "title": "U"}


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"command": "fly"}, "/command"),
    ({}, "/command"),
    ({**TITLE, "base": "1"}, "/base"),
    ({**TITLE, "base": True}, "/base"),
    ({**TITLE, "base": -1}, "/base"),
    ({**TITLE, "colour": "red"}, "/colour"),
    ({**TITLE, "pointer": "title"}, "title"),
    ({**TITLE, "pointer": "/nodes/x/y"}, "/nodes/x/y"),
    ({"command": "insert", "pointer": "/nodes", "value": 1}, "/nodes"),
]


@pytest.mark.parametrize(("command", "pointer"), REFUSED)
async def test_a_command_that_cannot_be_carried_out_changes_nothing(
    draft: httpx.AsyncClient, command: dict[str, Any], pointer: str
) -> None:
    refused = await draft.post(f"{DRAFT}/commands", json=command)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
    assert (await draft.get(DRAFT)).headers["etag"] == '"1"'


async def test_a_stale_base_tells_who_changed_what(draft: httpx.AsyncClient, client_for: ClientFor) -> None:
    await client_for("full").post(f"{DRAFT}/commands", json={**TITLE, "value": "B"})
    refused = await draft.post(f"{DRAFT}/commands", json={**TITLE, "base": 1})
    conflict = refused.json()["conflict"]
    assert refused.status_code == 412
    assert conflict.pop("by").startswith("key:")
    assert conflict.pop("at").startswith("2026-01-07")
    assert conflict == {
        "revision": 2, "pointer": "/title", "before": "T", "theirs": "B", "yours": "U",
        "deed": {"zh": "修改了 title", "en": "changed title"},
    }  # fmt: skip
    elsewhere = await draft.post(f"{DRAFT}/commands", json={**TITLE, "pointer": "/note", "base": 1})
    assert elsewhere.status_code == 200
    assert (await draft.get(DRAFT)).json() == {"title": "B", "nodes": {}, "note": "U"}


async def test_if_match_stays_exact(draft: httpx.AsyncClient) -> None:
    await draft.post(f"{DRAFT}/commands", json=TITLE, headers={"If-Match": '"1"'})
    note = {**TITLE, "pointer": "/note"}
    stale = await draft.post(f"{DRAFT}/commands", json=note, headers={"If-Match": '"1"'})
    assert stale.status_code == 412


async def test_only_authors_of_the_whole_chain_may_edit(draft: httpx.AsyncClient, client_for: ClientFor) -> None:
    other = client_for("runs")
    for path in ("commands", "undo", "redo"):
        assert (await other.post(f"{DRAFT}/{path}", json=TITLE)).status_code == 403
