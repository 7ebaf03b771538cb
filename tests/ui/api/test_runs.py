"""Runs through the API: lists with filters, one run, a start by hand, and what operators do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.members.models import Identity, Member
from engine.organisation.models import Region, Store
from engine.secrets.keyring import KeyRing
from tests.ui.api.conftest import ClientFor
from tests.workflows.world import Stage, World, failure, journey, only

ASKER = "key:key-0"


@pytest.fixture
def world(database: Database, clock: FixedClock, keys: KeyRing) -> World:
    return World(database, clock, keys, Stage(give=[failure(final=True)]))


def enter(world: World, who: str = "member:1") -> None:
    world.tell("contact.scanned", {"channel": "c"}, who=who)
    world.route()
    world.take()


def get_stuck(world: World) -> str:
    world.publish(only("test.give", {"what": "x"}))
    enter(world)
    return str(world.run().id)


@asynccontextmanager
async def turning(world: World) -> AsyncIterator[None]:
    """Takes a turn again and again, as a woken shell would."""

    stop = asyncio.Event()

    async def turn() -> None:
        while not stop.is_set():
            await asyncio.to_thread(world.route)
            for run in await asyncio.to_thread(world.runs):
                if run.ended_at is None:
                    await asyncio.to_thread(world.take, run)
            await asyncio.sleep(0.05)

    task = asyncio.create_task(turn())
    try:
        yield
    finally:
        stop.set()
        await task


async def listed(api: httpx.AsyncClient, **filters: Any) -> list[dict[str, Any]]:
    answer = await api.get("/api/v1/runs", params=filters)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_a_run_shows_where_it_stands_what_it_waits_for_and_what_happened(
    api: httpx.AsyncClient, world: World, clock: FixedClock
) -> None:
    world.publish()
    enter(world)
    answer = (await api.get(f"/api/v1/runs/{world.run().id}")).json()
    until = (clock.now() + timedelta(minutes=30)).isoformat().replace("+00:00", "Z")
    assert answer["waiting"] == {"for": ["contact.added"], "until": until}
    assert (answer["status"], answer["node"], answer["outcome"]) == ("waiting", "wait_add", None)
    assert [line["kind"] for line in answer["timeline"]] == ["entered"]
    assert answer["temporal"]["workflow_id"] == f"journey/{answer['journey']}/{answer['member']}/1"
    assert len(answer["hash"]) == 64


async def test_an_unknown_run_is_404(api: httpx.AsyncClient) -> None:
    assert (await api.get("/api/v1/runs/4711")).status_code == 404


async def test_filters_choose_and_what_is_unknown_gives_an_empty_list(
    api: httpx.AsyncClient, world: World, clock: FixedClock
) -> None:
    world.publish()
    enter(world, "member:1")
    enter(world, "member:2")
    key = world.run().journey
    assert len(await listed(api, journey=key, version=1, status="waiting", node="wait_add", stage="scanned")) == 2
    assert len(await listed(api, member="member:1")) == 1
    assert await listed(api, member="member:3") == []
    assert await listed(api, store="nowhere") == []
    assert await listed(api, status="stuck") == []
    assert await listed(api, overdue="true") == []
    clock.advance(timedelta(hours=1))
    assert len(await listed(api, overdue="true")) == 2


@pytest.mark.parametrize(
    "query", ["status=unheard", "limit=0", "limit=201", "cursor=x", "version=0", "overdue=perhaps", "colour=red"]
)
async def test_a_parameter_with_an_unknown_value_is_422(api: httpx.AsyncClient, query: str) -> None:
    answer = await api.get(f"/api/v1/runs?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"]


async def test_lists_go_on_where_the_page_before_ended(api: httpx.AsyncClient, world: World) -> None:
    world.publish()
    for number in range(3):
        enter(world, f"member:{number}")
    first = (await api.get("/api/v1/runs?limit=2")).json()
    second = (await api.get("/api/v1/runs", params={"limit": 2, "cursor": first["next"]})).json()
    assert [len(first["items"]), len(second["items"]), second["next"]] == [2, 1, None]
    assert len({run["id"] for run in [*first["items"], *second["items"]]}) == 3


async def test_a_run_that_is_paused_says_so_at_once_and_goes_on_after(api: httpx.AsyncClient, world: World) -> None:
    world.publish()
    enter(world)
    path = f"/api/v1/runs/{world.run().id}"
    assert (await api.post(f"{path}/pause")).json()["status"] == "paused"
    assert len(await listed(api, status="paused")) == 1
    assert (await api.post(f"{path}/pause")).status_code == 409
    world.tell("contact.added", {"associate": "a"})
    world.take()
    assert world.run().node == "wait_add"
    assert (await api.post(f"{path}/resume", json={"deadlines": "extend"})).status_code == 200
    world.take()
    assert world.run().node == "welcome"
    assert (await api.post(f"{path}/resume")).status_code == 409


async def test_a_stuck_run_is_retried_under_the_same_key(api: httpx.AsyncClient, world: World) -> None:
    path = f"/api/v1/runs/{get_stuck(world)}"
    async with turning(world):
        answer = await api.post(f"{path}/retry")
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["outcome"]) == ("completed", "over")
    assert len(set(world.stage.given)) == 1
    assert "operator" in [line["kind"] for line in answer.json()["timeline"]]


async def test_a_stuck_run_is_skipped_through_a_port_that_it_has(api: httpx.AsyncClient, world: World) -> None:
    path = f"/api/v1/runs/{get_stuck(world)}"
    assert (await api.post(f"{path}/skip", json={"port": "nowhere"})).status_code == 422
    async with turning(world):
        answer = await api.post(f"{path}/skip", json={"port": "sold_out"})
    assert answer.json()["outcome"] == "over"


async def test_a_live_run_is_ended_by_hand_and_an_ended_one_is_409(api: httpx.AsyncClient, world: World) -> None:
    world.publish()
    enter(world)
    path = f"/api/v1/runs/{world.run().id}"
    assert (await api.post(f"{path}/retry")).status_code == 409
    async with turning(world):
        answer = await api.post(f"{path}/exit", json={"outcome": "by_hand"})
    assert (answer.json()["status"], answer.json()["outcome"]) == ("exited", "by_hand")
    assert (await api.post(f"{path}/exit")).status_code == 409


async def test_an_order_that_nobody_takes_within_two_seconds_is_202(api: httpx.AsyncClient, world: World) -> None:
    world.publish()
    enter(world)
    assert (await api.post(f"/api/v1/runs/{world.run().id}/exit")).status_code == 202


async def test_a_start_by_hand_is_an_event_and_obeys_re_entry(api: httpx.AsyncClient, world: World) -> None:
    world.publish(journey(policies={"reentry": {"mode": "once"}}))
    body = {"journey": world.document["key"], "subject": "member:1", "data": {"why": "asked"}}
    async with turning(world):
        answer = await api.post("/api/v1/runs", json=body, headers={"Idempotency-Key": "k1"})
        again = await api.post("/api/v1/runs", json=body, headers={"Idempotency-Key": "k1"})
        refused = await api.post("/api/v1/runs", json=body)
    assert answer.status_code == 201, answer.text
    assert again.json() == answer.json()
    assert (refused.status_code, refused.json()["run"]) == (202, None)
    assert len(world.runs()) == 1


async def test_a_start_of_somebody_new_makes_them_and_the_audit_says_who_asked(
    api: httpx.AsyncClient, world: World
) -> None:
    world.publish()
    body = {"journey": world.document["key"], "subject": "unionid:o6_new", "data": {"requested_by": "somebody"}}
    async with turning(world):
        answer = await api.post("/api/v1/runs", json=body)
    assert answer.status_code == 201, answer.text
    run = (await api.get(f"/api/v1/runs/{answer.json()['run']}")).json()
    assert (run["timeline"][0]["kind"], run["timeline"][0]["detail"]) == ("operator", {"action": "start", "by": ASKER})
    entries = (await api.get("/api/v1/audit", params={"object": f"journey/{run['journey']}"})).json()["items"]
    [entry] = [each for each in entries if each["action"] == "run.requested"]
    assert entry["actor"] == ASKER
    assert entry["after"] == {"event": answer.json()["event"], "member": run["member"]}


@pytest.mark.parametrize(
    "subject", ["unionid:zz zz", "#1001", "nobody", "card:a\tb", "unionid:", "external_userid:<b>"]
)
async def test_a_start_of_what_is_no_identity_is_422(api: httpx.AsyncClient, world: World, subject: str) -> None:
    world.publish()
    answer = await api.post("/api/v1/runs", json={"journey": world.document["key"], "subject": subject})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/subject")


async def test_a_start_of_what_is_not_published_is_404(api: httpx.AsyncClient) -> None:
    answer = await api.post("/api/v1/runs", json={"journey": "nothing", "subject": "member:1"})
    assert answer.status_code == 404


async def test_a_key_of_one_store_starts_nobody_of_another_and_is_not_told_that_they_exist(
    client_for: ClientFor, database: Database, world: World
) -> None:
    world.publish()
    enter(world)
    with database.begin() as session:
        region = Region(key="r")
        session.add(region)
        session.flush()
        theirs, own = [Store(key=key, region_id=region.id) for key in ("theirs", "own")]
        session.add_all([theirs, own])
        session.flush()
        member = session.execute(select(Member)).scalar_one()
        member.store_id = theirs.id
        mine = Member(created_at=world.clock.now(), store_id=own.id)
        session.add(mine)
        session.flush()
        alias = Member(created_at=world.clock.now(), store_id=own.id, merged_into=member.id)
        session.add(alias)
        session.flush()
        session.add(
            Identity(kind="member", lookup=world.keys.lookup("member", "mine"), value_enc=b"", member_id=mine.id)
        )
    bound = client_for("runs", store_id=own.id)

    async def start(subject: str, **data: Any) -> httpx.Response:
        body = {"journey": world.document["key"], "subject": subject, "data": {"store": "own", **data}}
        return await bound.post("/api/v1/runs", json=body)

    of_others = [await start(name) for name in (str(member.id), "member:1", str(alias.id), "member:none", "4711")]
    assert [answer.status_code for answer in of_others] == [404] * 5
    assert len({answer.text for answer in of_others}) == 1
    named_aside = await start("member:mine", identities=["member:1"])
    assert [error["pointer"] for error in named_aside.json()["errors"]] == ["/data/identities"]
    world.route()
    assert len(world.runs()) == 1
    assert (await start("member:mine")).status_code == 202
    assert (await start(str(mine.id))).status_code == 202


async def test_runs_want_their_scope(client_for: ClientFor) -> None:
    assert (await client_for("events").get("/api/v1/runs")).status_code == 403
