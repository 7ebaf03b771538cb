"""Every write of the API, found by walking its routes: who may do it, and that one `Idempotency-Key` does it once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlmodel import Session

from engine.access.idempotency import PATIENCE
from engine.clock import FixedClock
from engine.database.connection import Database, Scope
from engine.jobs import store
from engine.journeys.canonical import content_hash
from engine.journeys.catalogue import Catalogue
from engine.secrets.keyring import KeyRing
from tests.engine.rulesets.zones import zones
from tests.ui.api.conftest import ClientFor
from tests.ui.api.made import make_chain
from tests.ui.api.walking import BASE, PASSWORD, SIMPLE, WRITES, Ground, routes, stuck_journey
from tests.ui.apps import lent_app
from tests.workflows.world import Stage, World, failure
from ui.app import create_app
from ui.dependencies import Dependencies
from workflows.activities.registry import catalogue_of

Request = tuple[str, Any]
"""The path and body of a write that succeeds."""
Making = Callable[[Ground], Awaitable[Request]]


@pytest.fixture
def world(database: Database, clock: FixedClock, keys: KeyRing) -> World:
    return World(database, clock, keys, Stage(give=[failure(final=True) for _ in range(20)]))


@pytest.fixture
def catalogue(world: World) -> Catalogue:
    """The activity types of the world, which its stuck runs stand at."""
    return catalogue_of(world.activities)


@pytest.fixture
def wecom_apps() -> dict[str, dict[str, str]]:
    """An app to ask for a sync; nobody calls it here."""
    return {"staff": {"corp_id": "ww1", "agent_id": "1", "secret": "s", "token": "t", "aes_key": "a" * 43}}


@pytest.fixture
def deps(
    database: Database, keys: KeyRing, clock: FixedClock, catalogue: Catalogue, wecom_apps: dict[str, dict[str, str]]
) -> Dependencies:
    return Dependencies(database, clock, keys, catalogue, wecom_apps)


@pytest.fixture
def app(database: Database, keys: KeyRing, clock: FixedClock) -> Iterator[FastAPI]:
    with lent_app(Dependencies(database, clock, keys)) as app:
        yield app


@pytest.fixture
async def ground(api: httpx.AsyncClient, world: World) -> Ground:
    """A small chain with a journey whose runs get stuck."""
    await make_chain(api)
    world.publish(stuck_journey())
    return Ground(api, world)


def record(noun: str) -> Making:
    async def make(ground: Ground) -> Request:
        ground.number += 1
        return next((path, body) for path, body in ground.records() if path.startswith(f"/{noun}/"))

    return make


def on(made: Callable[[Ground], Awaitable[str]], path: str, body: Any = None) -> Making:
    async def make(ground: Ground) -> Request:
        return path.format(await made(ground)), body

    return make


async def an_event(_: Ground) -> Request:
    time = "2026-01-07T10:00:00+08:00"
    return "/events", {"specversion": "1.0", "id": "1", "source": "x", "type": "store.visited", "subject": "card:1",
                       "time": time}  # fmt: skip


async def a_start(ground: Ground) -> Request:
    return "/runs", {"journey": ground.world.document["key"], "subject": "member:1", "data": {"channel": "till-1"}}


async def a_list(ground: Ground) -> Request:
    document = {**SIMPLE, "key": "listed", "entry": [{"list": True}]}
    await ground.done("PUT", "/definitions/journey/listed/draft", document)
    await ground.done("POST", "/definitions/journey/listed/publish")
    return "/journeys/listed/list", {"members": [await ground.member()]}


async def a_ruleset(ground: Ground) -> str:
    await ground.api.put(f"{BASE}/definitions/ruleset/zones/draft", json=zones())
    return "zones"


async def a_table(ground: Ground) -> Request:
    path = f"/definitions/ruleset/{await a_ruleset(ground)}/draft/table?format=csv"
    return path, (await ground.api.get(f"{BASE}{path}")).content


async def a_finding(ground: Ground) -> str:
    """A draft that saves an event and never looks at it."""
    unwise = {**SIMPLE, "key": "unwise", "entry": [{**SIMPLE["entry"][0], "save": "seen"}]}
    await ground.api.put(f"{BASE}/definitions/journey/unwise/draft", json=unwise)
    return "unwise"


async def edited_draft(ground: Ground) -> str:
    key = await ground.draft()
    title = {"command": "set", "pointer": "/title", "value": "Anew"}
    await ground.done("POST", f"/definitions/journey/{key}/draft/commands", title)
    return key


async def undone_draft(ground: Ground) -> str:
    key = await edited_draft(ground)
    await ground.done("POST", f"/definitions/journey/{key}/draft/undo")
    return key


async def an_approval(ground: Ground) -> Request:
    """Of a draft that another key has written."""
    made = await ground.done("POST", "/api-keys", {"name": "second", "scopes": ["definitions"]})
    document = {**SIMPLE, "key": "twice"}
    second = {"Authorization": f"Bearer {made['key']}"}
    await ground.api.put(f"{BASE}/definitions/journey/twice/draft", json=document, headers=second)
    return "/definitions/journey/twice/draft/approve", {"hash": content_hash(document)}


async def a_sync(_: Ground) -> Request:
    return "/org/sync", {}


async def a_file(_: Ground) -> Request:
    return "/org/import", {"kind": "region", "key": "r1", "title": "区", "parent": "all"}


async def a_bulk_action(ground: Ground) -> Request:
    return "/runs/bulk", {"action": "pause", "ids": [await ground.stuck()]}


async def paused_run(ground: Ground) -> str:
    run = await ground.stuck()
    await ground.done("POST", f"/runs/{run}/pause")
    return run


async def stopped_job(ground: Ground) -> str:
    job = await ground.job()
    await ground.done("POST", f"/jobs/{job}/stop")
    return job


async def paused_journey(ground: Ground) -> str:
    key = await ground.published()
    await ground.done("POST", f"/definitions/journey/{key}/pause")
    return key


JOURNEY = "/definitions/journey/{}"
WAYS: dict[tuple[str, str], Making] = {
    ("POST", "/events"): an_event,
    ("DELETE", "/api-keys/{key_id}"): on(Ground.key, "/api-keys/{}"),
    ("PUT", "/users/{name}"): record("users"),
    ("PUT", "/regions/{key}"): record("regions"),
    ("PUT", "/stores/{key}"): record("stores"),
    ("PUT", "/associates/{key}"): record("associates"),
    ("PUT", "/group-chats/{chat_id}"): record("group-chats"),
    ("PUT", "/channels/{key}"): record("channels"),
    ("PUT", "/coupon-batches/{key}"): record("coupon-batches"),
    ("POST", "/coupons/{code}/redeem"): on(Ground.coupon, "/coupons/{}/redeem", {"order_no": "7"}),
    ("PUT", "/members/{member}/owner"): on(Ground.member, "/members/{}/owner", {"associate": "lin"}),
    ("POST", "/audiences/count"): on(Ground.member, "/audiences/count", {"condition": True}),
    ("PUT", "/definitions/{kind}/{key}/draft"): on(Ground.draft, "/definitions/journey/x{}/draft", SIMPLE),
    ("DELETE", "/definitions/{kind}/{key}/draft"): on(Ground.draft, f"{JOURNEY}/draft"),
    ("POST", "/definitions/{kind}/{key}/draft/check"): on(Ground.draft, f"{JOURNEY}/draft/check"),
    ("POST", "/definitions/{kind}/{key}/draft/test"): on(Ground.draft, f"{JOURNEY}/draft/test"),
    ("POST", "/definitions/{kind}/{key}/draft/findings/accept"): on(
        a_finding, f"{JOURNEY}/draft/findings/accept", {"code": "unused-value", "reason": "on purpose"}
    ),
    ("POST", "/definitions/{kind}/{key}/draft/backtest"): on(
        Ground.draft, f"{JOURNEY}/draft/backtest", {"from": "2026-01-01", "to": "2026-01-07"}
    ),
    ("POST", "/definitions/{kind}/{key}/draft/simulate"): on(Ground.draft, f"{JOURNEY}/draft/simulate", {"when": []}),
    ("POST", "/definitions/{kind}/{key}/versions/{n}/simulate"): on(
        Ground.published, f"{JOURNEY}/versions/1/simulate", {"when": []}
    ),
    ("POST", "/definitions/{kind}/{key}/draft/commands"): on(
        Ground.draft, f"{JOURNEY}/draft/commands", {"command": "set", "pointer": "/title", "value": "Anew"}
    ),
    ("POST", "/definitions/{kind}/{key}/draft/undo"): on(edited_draft, f"{JOURNEY}/draft/undo"),
    ("POST", "/definitions/{kind}/{key}/draft/redo"): on(undone_draft, f"{JOURNEY}/draft/redo"),
    ("PUT", "/definitions/ruleset/{key}/draft/table"): a_table,
    ("POST", "/decisions/{ruleset}"): on(a_ruleset, "/decisions/{}", {"version": "draft"}),
    ("POST", "/decisions/{ruleset}/batch"): on(a_ruleset, "/decisions/{}/batch", {"items": [{"version": "draft"}]}),
    ("POST", "/definitions/{kind}/{key}/draft/plan"): on(Ground.draft, f"{JOURNEY}/draft/plan"),
    ("POST", "/definitions/{kind}/{key}/draft/approve"): an_approval,
    ("POST", "/definitions/{kind}/{key}/publish"): on(Ground.draft, f"{JOURNEY}/publish", {"note": "n"}),
    ("POST", "/definitions/{kind}/{key}/versions/{n}/restore"): on(Ground.published, f"{JOURNEY}/versions/1/restore"),
    ("POST", "/definitions/journey/{key}/pause"): on(Ground.published, f"{JOURNEY}/pause"),
    ("POST", "/definitions/journey/{key}/resume"): on(paused_journey, f"{JOURNEY}/resume", {"deadlines": "extend"}),
    ("POST", "/definitions/journey/{key}/retire"): on(Ground.published, f"{JOURNEY}/retire"),
    ("POST", "/runs"): a_start,
    ("POST", "/journeys/{key}/list"): a_list,
    ("POST", "/runs/{run_id}/pause"): on(Ground.stuck, "/runs/{}/pause"),
    ("POST", "/runs/{run_id}/resume"): on(paused_run, "/runs/{}/resume", {"deadlines": "extend"}),
    ("POST", "/runs/{run_id}/retry"): on(Ground.stuck, "/runs/{}/retry"),
    ("POST", "/runs/{run_id}/skip"): on(Ground.stuck, "/runs/{}/skip", {"port": "done"}),
    ("POST", "/runs/{run_id}/exit"): on(Ground.stuck, "/runs/{}/exit", {"outcome": "by_hand"}),
    ("POST", "/runs/bulk"): a_bulk_action,
    ("POST", "/org/sync"): a_sync,
    ("POST", "/org/import"): a_file,
    ("POST", "/jobs/{job_id}/stop"): on(Ground.job, "/jobs/{}/stop"),
    ("POST", "/jobs/{job_id}/continue"): on(stopped_job, "/jobs/{}/continue"),
    ("POST", "/alerts/{alert_id}/acknowledge"): on(Ground.alert, "/alerts/{}/acknowledge"),
    ("POST", "/parked/{member}/release"): on(Ground.parked, "/parked/{}/release"),
}
"""A request for each write. One more route: one more line."""
MEDIA_TYPES = {"/events": "application/cloudevents+json", "/org/import": "application/x-ndjson"}
ELSEWHERE = {("POST", "/api-keys"), ("POST", "/rules/evaluate")}
"""Their answers hold a secret, or the facts of somebody, and are not kept: see test_access, test_rules."""


def test_every_write_is_among_these(app: FastAPI) -> None:
    assert {found for found in routes(app) if found[0] in WRITES} == WAYS.keys() | ELSEWHERE


async def send(api: httpx.AsyncClient, method: str, path: str, body: Any, key: str) -> httpx.Response:
    kind = "text/csv" if isinstance(body, bytes) else MEDIA_TYPES.get(path, "application/json")
    sent = {"content": body} if isinstance(body, bytes) else {"json": body}
    headers = {"Idempotency-Key": key, **({"Content-Type": kind} if body else {})}
    return await api.request(method, f"{BASE}{path}", headers=headers, **sent)


@pytest.mark.parametrize(("method", "path"), WAYS)
async def test_a_write_is_done_once_under_one_key(
    api: httpx.AsyncClient, ground: Ground, database: Database, method: str, path: str
) -> None:
    address, body = await WAYS[method, path](ground)
    first = await send(api, method, address, body, "once")
    assert first.status_code < 300, first.text
    audited = len((await ground.done("GET", "/audit?limit=200"))["items"])
    again = await send(api, method, address, body, "once")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers.get("etag") == first.headers.get("etag")
    assert len((await ground.done("GET", "/audit?limit=200"))["items"]) == audited
    other = await send(api, method, address, {"another": "body"}, "once")
    assert (other.status_code, "another body" in other.json()["detail"]) == (422, True)


async def test_twins_at_one_moment_do_it_once(api: httpx.AsyncClient, ground: Ground) -> None:
    address, body = await a_bulk_action(ground)
    answers = await asyncio.gather(*(send(api, "POST", address, body, "twins") for _ in range(5)))
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 202}) == 1
    assert len((await ground.done("GET", "/jobs"))["items"]) == 1


class KilledError(Exception):
    """The process is no more."""


class Dying(Database):
    """Dies when the transaction that asks for a job has been committed."""

    dead = False

    @contextmanager
    def begin(self, stores: Scope = "*") -> Iterator[Session]:
        if self.dead:
            raise KilledError
        with super().begin(stores) as session:
            yield session
        with super().begin() as session:
            self.dead = bool(store.list_jobs(session))


@pytest.mark.parametrize("make", [a_bulk_action, a_sync, a_file])
async def test_a_job_is_asked_for_once_though_the_process_dies_before_its_answer_is_stored(
    api: httpx.AsyncClient, ground: Ground, deps: Dependencies, clock: FixedClock, make: Making
) -> None:
    address, body = await make(ground)
    database = Dying(deps.database.url, pool_size=2, application="test")
    transport = httpx.ASGITransport(create_app(replace(deps, database=database)))
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=api.headers) as dying:
        with pytest.raises(KilledError):
            await send(dying, "POST", address, body, "once")
    database.close()
    [asked] = (await ground.done("GET", "/jobs"))["items"]
    with deps.database.begin() as session:
        store.begin(session, int(asked["id"]), now=clock.now())
    clock.advance(PATIENCE + timedelta(seconds=1))
    again = await send(api, "POST", address, body, "once")
    assert (again.status_code, again.json()["id"]) == (202, asked["id"])
    assert again.headers["location"] == f"{BASE}/jobs/{asked['id']}"
    assert again.headers["content-type"] == "application/json"
    assert len((await ground.done("GET", "/jobs"))["items"]) == 1


async def test_what_was_refused_may_be_mended_under_its_key(api: httpx.AsyncClient) -> None:
    bad = await send(api, "PUT", "/users/mei", {"role": "king", "password": PASSWORD}, "k")
    good = await send(api, "PUT", "/users/mei", {"role": "auditor", "password": PASSWORD}, "k")
    assert (bad.status_code, good.status_code) == (422, 201)


async def test_keys_of_two_callers_and_of_two_paths_are_apart(
    api: httpx.AsyncClient, client_for: ClientFor, ground: Ground
) -> None:
    title = {"title": "区"}
    answers = [
        await send(api, "PUT", "/regions/one", title, "k"),
        await send(api, "PUT", "/regions/two", title, "k"),
        await send(client_for("chain"), "PUT", "/regions/one", title, "k"),
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 200]


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_a_key_that_cannot_be_one_is_refused(api: httpx.AsyncClient, key: str) -> None:
    answer = await send(api, "PUT", "/users/mei", {"role": "auditor", "password": PASSWORD}, key)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "Idempotency-Key")


def some(path: str) -> str:
    """An address that fits a path."""
    values = {"kind": "journey", **dict.fromkeys(("key_id", "run_id", "job_id", "alert_id", "n"), "1")}
    names = [part.partition("}")[0] for part in path.split("{")[1:]]
    return BASE + path.format(**{name: values.get(name, "x") for name in names})


async def test_no_route_answers_without_a_key_or_to_a_key_of_another_scope(
    app: FastAPI, api: httpx.AsyncClient, client_for: ClientFor
) -> None:
    other = client_for("phone-tokens")
    wrong = []
    for method, path in routes(app):
        nobody = await other.request(method, some(path), headers={"Authorization": ""})
        stranger = await other.request(method, some(path), headers={"Authorization": "Bearer nonsense"})
        limited = await other.request(method, some(path))
        statuses = (nobody.status_code, stranger.status_code, limited.status_code)
        if statuses != (401, 401, 403):
            wrong.append((method, path, *statuses))
    assert wrong == []
