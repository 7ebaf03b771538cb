"""Errors, headers and limits: what surrounds every page and every answer of the API."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import DataError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from engine.access.store import add_key
from engine.clock import FixedClock
from engine.database.connection import Database
from tests.ui.visitor import Visitor, visiting
from ui.app import Dependencies, create_app
from ui.http.auth import Caller, require
from ui.http.limits import MAX_BODY
from ui.http.problems import Conflict, FieldError, Unprocessable
from ui.http.routing import api_router

KEY = {"Authorization": "Bearer k-test"}


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    n: int = 0


def _try_out(app: FastAPI) -> None:
    """Routes as modules of `ui/api` write them."""
    router = api_router(tags=["Test"])

    @router.post("/echo")
    def echo(body: Body, caller: Annotated[Caller, Depends(require("events"))]) -> dict[str, str]:
        return {"name": body.name, "actor": caller.actor}

    @router.get("/limited")
    def limited(limit: int, caller: Annotated[Caller, Depends(require("runs"))]) -> dict[str, int]:
        return {"limit": limit}

    @router.get("/fails/{how}")
    def fails(how: str) -> None:
        match how:
            case "conflict":
                raise Conflict("It is in use.")
            case "errors":
                raise Unprocessable("No.", errors=[FieldError("/a", "mend it")], more={"findings": []})
            case "data":
                raise DataError("SELECT 1", None, ValueError("out of range"))
            case "pool":
                raise PoolTimeoutError
            case _:
                raise RuntimeError("a secret detail")

    app.include_router(router, prefix="/api/v1")


@pytest.fixture
def api(deps: Dependencies, database: Database, clock: FixedClock) -> Iterator[Visitor]:
    with database.begin() as session:
        add_key(session, "test", "k-test", {"events"}, now=clock.now())
    app = create_app(deps)
    _try_out(app)
    with visiting(app) as client:
        yield client


def problem(answer: httpx.Response) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == answer.status_code
    assert body["title"]
    assert body["detail"]
    return body


def test_a_key_is_needed_known_and_in_scope(api: Visitor) -> None:
    assert problem(api.post("/api/v1/echo", json={"name": "a"}))["status"] == 401
    wrong = api.post("/api/v1/echo", json={"name": "a"}, headers={"Authorization": "Bearer nope"})
    assert problem(wrong)["status"] == 401
    assert wrong.headers["www-authenticate"].startswith("Bearer")
    beyond = api.get("/api/v1/limited?limit=1", headers=KEY)
    assert problem(beyond)["status"] == 403
    assert "runs" in str(problem(beyond)["detail"])
    assert api.post("/api/v1/echo", json={"name": "a"}, headers=KEY).json() == {"name": "a", "actor": "key:test"}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ('{"name": 1}', "/name"),
        ("{}", "/name"),
        ('{"name": "a", "what~is/this": 1}', "/what~0is~1this"),
        ('{"name": "a", "name": "b"}', ""),
        ('{"name": "a", "n": NaN}', None),
        ('{"name": "\\u0000"}', "/name"),
        ('{"name": "\\ud800"}', "/name"),
        ('{"name": ', ""),
        ("\xff", ""),
        ("[" * 3000, ""),
    ],
)
def test_bad_content_is_answered_by_pointers(api: Visitor, body: str, pointer: str | None) -> None:
    headers = {**KEY, "Content-Type": "application/json"}
    answer = api.post("/api/v1/echo", content=body.encode("latin-1"), headers=headers)
    assert answer.status_code == 422
    errors = problem(answer)["errors"]
    assert isinstance(errors, list)
    assert all(error["message"] for error in errors)
    if pointer is not None:
        assert pointer in [error["pointer"] for error in errors]


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""])
def test_another_media_type_is_415(api: Visitor, media_type: str) -> None:
    answer = api.post("/api/v1/echo", content=b'{"name": "a"}', headers={**KEY, "Content-Type": media_type})
    assert problem(answer)["status"] == 415


def test_unknown_places_and_methods_are_problems_too(api: Visitor) -> None:
    assert problem(api.get("/api/v1/nothing"))["status"] == 404
    answer = api.request("DELETE", "/api/v1/echo")
    assert problem(answer)["status"] == 405
    assert answer.headers["allow"] == "POST"


def test_a_bad_parameter_is_named(api: Visitor, database: Database, clock: FixedClock) -> None:
    with database.begin() as session:
        add_key(session, "runs", "k-runs", {"runs"}, now=clock.now())
    answer = api.get("/api/v1/limited?limit=x", headers={"Authorization": "Bearer k-runs"})
    assert [error["pointer"] for error in problem(answer)["errors"]] == ["limit"]


def test_problems_carry_their_errors_and_more(api: Visitor) -> None:
    assert problem(api.get("/api/v1/fails/conflict"))["detail"] == "It is in use."
    body = problem(api.get("/api/v1/fails/errors"))
    assert body["errors"] == [{"pointer": "/a", "message": "mend it"}]
    assert body["findings"] == []


def test_an_unexpected_error_tells_nothing_and_still_has_its_headers(api: Visitor) -> None:
    answer = api.get("/api/v1/fails/unexpectedly")
    assert problem(answer)["status"] == 500
    assert "secret" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


async def _in_parts(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 65536):
        yield content[start : start + 65536]


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_over_4_mib_is_413(api: Visitor, announced: bool) -> None:
    content = b" " * (MAX_BODY + 1)
    parts = content if announced else _in_parts(content)
    answer = api.post("/api/v1/echo", content=parts, headers={**KEY, "Content-Type": "application/json"})
    assert problem(answer)["status"] == 413


def test_a_body_of_just_4_mib_is_read(api: Visitor) -> None:
    content = b'{"name": "a"}'.ljust(MAX_BODY)
    answer = api.post("/api/v1/echo", content=content, headers={**KEY, "Content-Type": "application/json"})
    assert answer.status_code == 200


def test_every_page_has_its_own_nonce_and_no_inline_style_or_script(admin: Visitor) -> None:
    nonces = set()
    for path in ("/", "/journeys", "/journeys/hook-coupon", "/journeys/hook-coupon/live", "/nothing", "/docs"):
        answer = admin.get(path)
        found = re.search(r"script-src 'nonce-([\w-]+)'", answer.headers["content-security-policy"])
        assert found is not None
        nonces.add(found[1])
        for script in re.findall(r"<script[^>]*>", answer.text):
            assert f'nonce="{found[1]}"' in script
        assert not re.search(r"<[^>]+\s(style|on\w+)=", answer.text)
        assert "<style" not in answer.text
    assert len(nonces) == 6


def test_people_get_a_page_for_an_error_and_programs_a_problem(admin: Visitor) -> None:
    page = admin.get("/journeys/nothing-here?lang=en")
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert "Nothing is here" in page.text
    assert problem(admin.get("/api/v1/nothing-here"))["status"] == 404


def test_probes_are_open_and_say_nothing_but_ok(client: Visitor) -> None:
    assert client.get("/livez").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ok"}


def test_readiness_is_503_without_a_database(deps: Dependencies, keys: object, clock: FixedClock) -> None:
    nowhere = Database("postgresql://nobody@127.0.0.1:1/nothing", pool_size=1)
    with visiting(create_app(Dependencies(nowhere, clock, deps.keys))) as client:
        assert client.get("/livez").status_code == 200
        answer = client.get("/readyz")
    nowhere.close()
    assert problem(answer)["status"] == 503
    assert answer.headers["retry-after"]


def test_static_files_that_name_their_digest_may_be_kept(client: Visitor) -> None:
    address = re.search(r'href="(/static/css/base\.css\?v=\w+)"', client.get("/sign-in").text)
    assert address is not None
    assert "immutable" in client.get(address[1]).headers["cache-control"]
    assert "immutable" not in client.get("/static/css/base.css").headers.get("cache-control", "")
    assert client.get("/static/../app.py").status_code == 404


def test_the_api_describes_itself_without_a_cdn(client: Visitor) -> None:
    page = client.get("/docs").text
    assert "http://" not in page.replace("http://testserver", "")
    assert "https://" not in page
    for address in re.findall(r'(?:src|href)="([^"]+)"', page):
        assert client.get(address).status_code == 200
    assert client.get("/openapi.json").json()["info"]["title"] == "Waystation"


def test_a_write_with_an_idempotency_key_is_done_once(api: Visitor) -> None:
    made: list[str] = []
    router = api_router(tags=["Test"])

    @router.post("/things", status_code=201)
    def make(body: Body, caller: Annotated[Caller, Depends(require("events"))]) -> dict[str, int]:
        if body.name == "refused":
            raise Conflict("no")
        made.append(body.name)
        return {"made": len(made)}

    api.app.include_router(router, prefix="/api/v1")
    headers = {**KEY, "Idempotency-Key": "one"}
    refused = api.post("/api/v1/things", json={"name": "refused"}, headers=headers)
    assert refused.status_code == 409
    first = api.post("/api/v1/things", json={"name": "a"}, headers=headers)
    again = api.post("/api/v1/things", json={"name": "a"}, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json() == {"made": 1}
    assert problem(api.post("/api/v1/things", json={"name": "b"}, headers=headers))["status"] == 422
    assert api.post("/api/v1/things", json={"name": "b"}, headers={**KEY, "Idempotency-Key": "two"}).json() == {
        "made": 2
    }
    assert api.post("/api/v1/things", json={"name": "a"}, headers=KEY).json() == {"made": 3}
    assert api.post("/api/v1/things", json={"name": "a"}, headers={"Idempotency-Key": "one"}).status_code == 401
    assert (
        api.post("/api/v1/things", json={"name": "a"}, headers={**KEY, "Idempotency-Key": "x" * 256}).status_code == 422
    )


@pytest.mark.parametrize(
    ("address", "part"), [("/api/v1/stores/a%00b", "path"), ("/api/v1/stores?cursor=%00", "query"), ("/q/%07", "path")]
)
def test_addresses_hold_no_control_characters(api: Visitor, address: str, part: str) -> None:
    answer = api.get(address, headers=KEY)
    assert answer.status_code == 422
    assert [error["pointer"] for error in problem(answer)["errors"]] == [part]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_value_that_the_database_cannot_hold_is_refused(api: Visitor) -> None:
    assert problem(api.get("/api/v1/fails/data"))["status"] == 422
    assert problem(api.get("/api/v1/fails/pool"))["status"] == 503
