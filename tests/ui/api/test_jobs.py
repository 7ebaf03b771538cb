"""Jobs through the API: bulk actions asked for and tried, progress, stop and continue, and whose jobs are seen."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.jobs import bulk
from engine.jobs.kinds import BULK, SCOPES
from engine.jobs.pages import within
from engine.secrets.keyring import KeyRing
from tests.ui.api.conftest import ClientFor
from tests.ui.api.made import audit_lines
from tests.workflows.world import World
from workflows.job_pages import JobPages


@pytest.fixture
def world(database: Database, clock: FixedClock, keys: KeyRing) -> World:
    """Three runs that wait."""
    world = World(database, clock, keys)
    world.publish()
    for who in ("member:1", "member:2", "member:3"):
        world.tell("contact.scanned", {"channel": "c"}, who=who)
    world.route()
    for run in world.runs():
        world.take(run)
    return world


async def do(world: World, job: str) -> None:
    pages = JobPages(world.database, world.clock, {BULK: within(bulk.page(world.clock))})
    while not await pages.turn(int(job)):
        pass


async def ask(api: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await api.post("/api/v1/runs/bulk", json=body)
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.json()
    assert answer.headers["Location"] == f"/api/v1/jobs/{job['id']}"
    return job


async def test_a_bulk_action_is_a_job_that_can_be_followed(api: httpx.AsyncClient, world: World) -> None:
    key = world.document["key"]
    job = await ask(api, action="exit", filter={"journey": key}, outcome="cancelled")
    assert (job["kind"], job["state"], job["done"], job["total"], job["errors"]) == (BULK, "waiting", 0, 3, [])
    await do(world, job["id"])
    found = (await api.get(f"/api/v1/jobs/{job['id']}")).json()
    assert (found["state"], found["done"], found["total"], found["errors"]) == ("done", 3, 3, [])
    again = await ask(api, action="exit", filter={"journey": key})
    await do(world, again["id"])
    found = (await api.get(f"/api/v1/jobs/{again['id']}")).json()
    assert (found["done"], found["failed"]) == (3, 3)
    assert found["errors"][0] == {
        "id": str(world.runs()[0].id),
        "message": "An earlier order has not been taken yet; try again shortly.",
    }
    listed = (await api.get("/api/v1/jobs", params={"limit": 1})).json()
    assert [item["id"] for item in listed["items"]] == [again["id"]]
    assert "errors" not in listed["items"][0]
    rest = (await api.get("/api/v1/jobs", params={"limit": 1, "cursor": listed["next"]})).json()
    assert ([item["id"] for item in rest["items"]], rest["next"]) == ([job["id"]], None)


async def test_a_dry_run_tells_how_many_and_changes_nothing(api: httpx.AsyncClient, world: World) -> None:
    body = {"action": "retry", "filter": {"journey": world.document["key"]}, "dry_run": True}
    answer = await api.post("/api/v1/runs/bulk", json=body)
    assert answer.status_code == 200
    found = answer.json()
    assert (found["id"], found["state"], found["total"], len(found["errors"])) == (None, "dry-run", 3, 3)
    assert (await api.get("/api/v1/jobs")).json()["items"] == []


async def test_runs_are_named_by_id(api: httpx.AsyncClient, world: World) -> None:
    job = await ask(api, action="pause", ids=[str(world.runs()[0].id), "4711"])
    await do(world, job["id"])
    found = (await api.get(f"/api/v1/jobs/{job['id']}")).json()
    assert [error["id"] for error in found["errors"]] == ["4711"]
    paused = (await api.get("/api/v1/runs", params={"status": "paused"})).json()["items"]
    assert [run["id"] for run in paused] == [str(world.runs()[0].id)]


async def test_an_id_is_a_number_or_what_lists_show(api: httpx.AsyncClient, world: World) -> None:
    [first, second, _] = [run.id for run in world.runs()]
    job = await ask(api, action="pause", ids=[first, str(second)])
    await do(world, job["id"])
    paused = (await api.get("/api/v1/runs", params={"status": "paused"})).json()["items"]
    assert {run["id"] for run in paused} == {str(first), str(second)}


async def test_jobs_of_an_unknown_kind_are_refused_with_the_kinds_that_there_are(api: httpx.AsyncClient) -> None:
    answer = await api.get("/api/v1/jobs", params={"kind": "runs.bulky"})
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["pointer"] == "kind"
    assert all(kind in error["message"] for kind in SCOPES)
    for kind in SCOPES:
        assert (await api.get("/api/v1/jobs", params={"kind": kind})).status_code == 200


async def test_a_filter_that_names_what_does_not_exist_chooses_nobody(api: httpx.AsyncClient, world: World) -> None:
    for chosen in ({"store": "S9"}, {"member": "member:9"}, {"journey": "unheard-of"}):
        job = await ask(api, action="exit", filter=chosen)
        await do(world, job["id"])
        found = (await api.get(f"/api/v1/jobs/{job['id']}")).json()
        assert (found["state"], found["done"], found["total"]) == ("done", 0, 0)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "/action"),
    ({"action": "delete", "ids": ["1"]}, "/action"),
    ({"action": "exit"}, "/filter"),
    ({"action": "exit", "filter": {}}, "/filter"),
    ({"action": "exit", "filter": {"colour": "red"}}, "/filter/colour"),
    ({"action": "exit", "ids": ["one"]}, "/ids/0"),
    ({"action": "exit", "ids": [1, True]}, "/ids/1"),
    ({"action": "exit", "ids": [5.0]}, "/ids/0"),
    ({"action": "exit", "ids": ["5.0"]}, "/ids/0"),
    ({"action": "exit", "ids": [-5]}, "/ids/0"),
    ({"action": "exit", "ids": [None]}, "/ids/0"),
    ({"action": "exit", "ids": []}, "/ids"),
    ({"action": "exit", "ids": ["1"], "outcome": "No!"}, "/outcome"),
    ({"action": "skip", "ids": ["1"]}, "/port"),
    ({"action": "resume", "ids": ["1"], "deadlines": "later"}, "/deadlines"),
]


@pytest.mark.parametrize(("body", "pointer"), REFUSED)
async def test_a_bad_body_is_refused_by_place(api: httpx.AsyncClient, body: dict[str, Any], pointer: str) -> None:
    answer = await api.post("/api/v1/runs/bulk", json=body)
    assert answer.status_code == 422
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]
    assert (await api.get("/api/v1/jobs")).json()["items"] == []


async def test_an_idempotency_key_asks_for_one_job(api: httpx.AsyncClient, world: World) -> None:
    body = {"action": "exit", "filter": {"journey": world.document["key"]}}
    answers = [await api.post("/api/v1/runs/bulk", json=body, headers={"Idempotency-Key": "one"}) for _ in range(2)]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert len((await api.get("/api/v1/jobs")).json()["items"]) == 1


async def test_a_job_is_stopped_and_continued(api: httpx.AsyncClient, world: World, database: Database) -> None:
    job = (await ask(api, action="exit", filter={"journey": world.document["key"]}))["id"]
    states = []
    for act in ("stop", "stop", "continue", "continue"):
        answer = await api.post(f"/api/v1/jobs/{job}/{act}")
        states.append((answer.status_code, answer.json().get("state")))
    assert states == [(200, "stopped"), (409, None), (200, "waiting"), (409, None)]
    assert [line[0] for line in audit_lines(database, f"job/{job}")] == ["job.created", "job.stopped", "job.continued"]
    await do(world, job)
    assert (await api.post(f"/api/v1/jobs/{job}/continue")).status_code == 409


async def test_a_key_sees_the_jobs_that_it_could_ask_for(
    api: httpx.AsyncClient, client_for: ClientFor, world: World
) -> None:
    job = (await ask(api, action="exit", filter={"journey": world.document["key"]}))["id"]
    assert (await client_for("runs").get(f"/api/v1/jobs/{job}")).status_code == 200
    chain = client_for("chain")
    assert (await chain.get(f"/api/v1/jobs/{job}")).status_code == 404
    assert (await chain.post(f"/api/v1/jobs/{job}/stop")).status_code == 404
    assert (await chain.get("/api/v1/jobs")).json()["items"] == []
    assert (await client_for("events").get("/api/v1/jobs")).status_code == 403
    assert (await client_for("events").post("/api/v1/runs/bulk", json={})).status_code == 403
    assert (await api.get("/api/v1/jobs/99")).status_code == 404
    assert (await api.get("/api/v1/jobs", params={"state": "odd"})).status_code == 422
