"""Rulesets as spreadsheets over HTTP: out, in again, and refused with row and column."""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx
import pytest

from tests.engine.rulesets.zones import zones
from tests.ui.api.conftest import ClientFor

DRAFT = "/api/v1/definitions/ruleset/zones/draft"
CSV = {"Content-Type": "text/csv"}


@pytest.fixture
async def draft(api: httpx.AsyncClient) -> dict[str, Any]:
    document = zones()
    assert (await api.put(DRAFT, json=document)).status_code == 201
    return document


@pytest.mark.parametrize("form", ["xlsx", "csv"])
async def test_a_table_goes_out_and_comes_in_without_loss(
    api: httpx.AsyncClient, draft: dict[str, Any], form: str
) -> None:
    out = await api.get(f"{DRAFT}/table", params={"format": form})
    assert out.headers["Content-Disposition"] == f'attachment; filename="zones.{form}"'
    assert out.headers["ETag"] == '"1"'
    media_type = out.headers["Content-Type"]
    back = await api.put(
        f"{DRAFT}/table", params={"format": form}, content=out.content, headers={"Content-Type": media_type}
    )
    assert (back.status_code, back.json(), back.headers["ETag"]) == (200, {"revision": 2, "findings": []}, '"2"')
    assert (await api.get(DRAFT)).json() == draft


async def test_what_people_change_is_checked_as_any_draft_is(api: httpx.AsyncClient, draft: dict[str, Any]) -> None:
    out = (await api.get(f"{DRAFT}/table", params={"format": "csv"})).content.decode("utf-8-sig")
    headings, first, *_ = csv.reader(io.StringIO(out))
    first[headings.index("and")] = '{">": [{"var": "event.scores"}, 9]}'
    body = io.StringIO()
    csv.writer(body).writerows([headings, first])
    answer = await api.put(f"{DRAFT}/table", params={"format": "csv"}, content=body.getvalue().encode(), headers=CSV)
    assert ("unknown-field", "/rows/0/and/>/0/var") in {(f["code"], f["pointer"]) for f in answer.json()["findings"]}
    rows = (await api.get(DRAFT)).json()["rows"]
    assert rows == [{**draft["rows"][0], "and": {">": [{"var": "event.scores"}, 9]}}]


async def test_a_file_with_faults_changes_nothing_and_is_told_by_row_and_column(
    api: httpx.AsyncClient, draft: dict[str, Any]
) -> None:
    out = (await api.get(f"{DRAFT}/table", params={"format": "csv"})).content.decode("utf-8-sig")
    broken = out.replace("mini_program", "=A1")
    answer = await api.put(f"{DRAFT}/table", params={"format": "csv"}, content=broken.encode(), headers=CSV)
    problem = answer.json()
    assert (answer.status_code, problem["errors"][0]["pointer"]) == (422, "C2")
    [found] = problem["findings"]
    assert (found["row"], found["column"], found["message"]["zh"][:9]) == (2, "C", "第 2 行 C 列")
    assert (await api.get(DRAFT)).json() == draft


async def test_a_draft_that_is_no_table_is_told_by_pointer(api: httpx.AsyncClient) -> None:
    await api.put(DRAFT, json=zones(inputs=5))
    answer = await api.get(f"{DRAFT}/table")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/inputs")


async def test_an_older_revision_another_form_and_another_kind_are_refused(
    api: httpx.AsyncClient, client_for: ClientFor, draft: dict[str, Any]
) -> None:
    out = (await api.get(f"{DRAFT}/table", params={"format": "csv"})).content
    asked: dict[str, Any] = {"params": {"format": "csv"}, "content": out}
    statuses = [
        (await api.put(f"{DRAFT}/table", **asked, headers={**CSV, "If-Match": '"7"'})).status_code,
        (await api.put(f"{DRAFT}/table", **asked, headers={**CSV, "If-Match": '"1"'})).status_code,
        (await api.put(f"{DRAFT}/table", **asked, headers={"Content-Type": "application/json"})).status_code,
        (await api.get(f"{DRAFT}/table", params={"format": "ods"})).status_code,
        (await api.get("/api/v1/definitions/ruleset/nothing/draft/table")).status_code,
        (await api.get("/api/v1/definitions/journey/zones/draft/table")).status_code,
        (await client_for("events").get(f"{DRAFT}/table")).status_code,
    ]
    assert statuses == [412, 200, 415, 422, 404, 404, 403]
