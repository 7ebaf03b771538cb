"""Parameters that an address does not know: refused below `/api/v1`, whatever the method, before anything is done."""

from __future__ import annotations

import httpx
import pytest
from fastapi.routing import APIRoute
from sqlalchemy import text

from engine.database.connection import Database
from ui import api as doors

EVERY = [
    (method, f"/api/v1{route.path}")
    for module in doors.MODULES
    for route in module.router.routes
    if isinstance(route, APIRoute)
    for method in sorted(route.methods)
]


@pytest.mark.parametrize(("method", "path"), EVERY)
async def test_every_door_refuses_a_parameter_that_it_does_not_know(
    api: httpx.AsyncClient, method: str, path: str
) -> None:
    address = path.replace("{", "").replace("}", "")
    answer = await api.request(method, address, params={"bogus": "1"})
    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (422, ["bogus"])


async def test_a_misspelt_option_changes_nothing_and_the_right_one_is_named_first(
    api: httpx.AsyncClient, database: Database
) -> None:
    line = b'{"kind": "region", "key": "north", "title": "North"}'
    answer = await api.post("/api/v1/org/import", content=line, params={"dry-run": "true"})
    [error] = answer.json()["errors"]
    assert error["message"] == "There is no such parameter here; there are: dry_run, partial."
    with database.begin() as session:
        assert session.execute(text("SELECT count(*) FROM jobs")).scalar_one() == 0


async def test_where_no_parameter_is_taken_that_is_said(api: httpx.AsyncClient) -> None:
    answer = await api.post("/api/v1/runs/40/pause?mode=check")
    [error] = answer.json()["errors"]
    assert error == {"pointer": "mode", "message": "This address takes no parameters: leave it out."}


async def test_an_address_outside_of_ours_may_be_given_what_others_add(api: httpx.AsyncClient) -> None:
    answer = await api.post("/wecom/callback/nobody?utm_source=mail&msg_signature=a&timestamp=1&nonce=b", content=b"")
    assert answer.status_code == 404
    assert "WeCom app" in answer.json()["detail"]
