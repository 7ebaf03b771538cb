"""Every list of the API, found by walking its routes: limits, cursors, and pages that new rows do not disturb."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.journeys.catalogue import Catalogue
from engine.secrets.keyring import KeyRing
from tests.ui.api.made import make_chain
from tests.ui.api.walking import BASE, Ground, lists, stuck_journey
from tests.workflows.world import Stage, World, failure
from ui.app import create_app
from ui.dependencies import Dependencies
from ui.http.lists import cursor_after, key_after
from workflows.activities.registry import catalogue_of

IDENTITIES = ("id", "key", "chat_id", "code", "path", "type", "version", "name", "member")
"""What tells one item of a list from another; where an item has none of these, all of it does."""


@pytest.fixture
def world(database: Database, clock: FixedClock, keys: KeyRing) -> World:
    return World(database, clock, keys, Stage(give=[failure(final=True) for _ in range(20)]))


@pytest.fixture
def catalogue(world: World) -> Catalogue:
    """The activity types of the world: a list, too."""
    return catalogue_of(world.activities)


@pytest.fixture
def paths(database: Database, keys: KeyRing, clock: FixedClock) -> list[str]:
    """The paths of all lists."""
    found = lists(create_app(Dependencies(database, clock, keys)))
    assert {"/runs", "/regions", "/definitions/{kind}", "/members/{member}/timeline", "/fields"} <= set(found)
    return found


@pytest.fixture
async def ground(api: httpx.AsyncClient, world: World) -> Ground:
    """Three of everything."""
    await make_chain(api)
    world.publish(stuck_journey())
    made = Ground(api, world)
    for _ in range(3):
        await made.one_of_each()
    return made


def test_every_list_comes_in_fifties_and_at_most_in_two_hundreds(
    database: Database, keys: KeyRing, clock: FixedClock, paths: list[str]
) -> None:
    described = create_app(Dependencies(database, clock, keys)).openapi()["paths"]
    limits = {
        path: next(one["schema"] for one in described[BASE + path]["get"]["parameters"] if one["name"] == "limit")
        for path in paths
    }
    assert {(limit["default"], limit["maximum"]) for limit in limits.values()} == {(50, 200)}, limits


def address(path: str, ground: Ground) -> str:
    """The path with something in it that is there."""
    values = {"kind": "journey", "key": str(ground.world.document["key"]), "member": "member:1001"}
    return BASE + path.format(**values)


def name_of(item: dict[str, Any]) -> str:
    return next((str(item[name]) for name in IDENTITIES if name in item), json.dumps(item, sort_keys=True))


async def read(api: httpx.AsyncClient, path: str, cursor: str | None, limit: int) -> tuple[list[str], str | None]:
    answer = await api.get(path, params={"limit": limit, **({"cursor": cursor} if cursor else {})})
    assert answer.status_code == 200, (path, answer.text)
    page = answer.json()
    assert len(page["items"]) <= limit, path
    return [name_of(item) for item in page["items"]], page["next"]


async def read_on(api: httpx.AsyncClient, path: str, cursor: str | None, limit: int) -> list[str]:
    seen: list[str] = []
    while cursor is not None:
        names, cursor = await read(api, path, cursor, limit)
        seen += names
    return seen


async def test_a_limit_or_cursor_that_cannot_be_meant_is_refused_by_every_list(
    api: httpx.AsyncClient, paths: list[str], ground: Ground
) -> None:
    wrong = []
    bad = [("limit", given) for given in ("0", "201", "x", "-1", "1.5", "")]
    bad += [
        ("cursor", given) for given in ("!!!", "garbage", "-1", "1e3", "9" * 30, "é", "x" * 5000, "Zm9v", str(2**63))
    ]
    for path in paths:
        for name, given in bad:
            answer = await api.get(address(path, ground), params={name: given})
            pointers = [error["pointer"] for error in answer.json().get("errors", [])]
            if (answer.status_code, pointers) != (422, [name]):
                wrong.append((path, name, given, answer.status_code, pointers))
    assert wrong == []


async def test_pages_lead_to_the_end_and_lose_and_repeat_nothing_while_rows_are_added(
    api: httpx.AsyncClient, paths: list[str], ground: Ground
) -> None:
    there = [address(path, ground) for path in paths]
    whole = {path: (await read(api, path, None, 200))[0] for path in there}
    begun = {path: await read(api, path, None, 2) for path in there}
    await ground.one_of_each()
    for path, (seen, cursor) in begun.items():
        names = seen + await read_on(api, path, cursor, 2)
        assert len(names) == len(set(names)), path
        assert [name for name in whole[path] if name not in names] == [], path
    short = [path for path in there if len(whole[path]) < 3]
    assert short == [f"{BASE}/definitions/journey/{ground.world.document['key']}/versions"]


async def test_versions_come_in_pages(api: httpx.AsyncClient, ground: Ground) -> None:
    path = f"{BASE}/definitions/journey/{await ground.published()}/versions"
    first, cursor = await read(api, path, None, 1)
    assert (first, await read_on(api, path, cursor, 1)) == (["2"], ["1"])


@pytest.mark.parametrize("path", ["/definitions/journey/a/versions?cursor={}", "/runs?version={}"])
async def test_a_number_that_no_version_has_is_refused_by_name(api: httpx.AsyncClient, path: str) -> None:
    answer = await api.get(f"{BASE}{path.format(2**31)}")
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [path[:-3].rpartition("?")[2]]
    assert (await api.get(f"{BASE}{path.format(2**31 - 1)}")).status_code in {200, 404}


async def test_the_largest_id_is_a_cursor_of_every_list_by_id(
    api: httpx.AsyncClient, paths: list[str], ground: Ground
) -> None:
    answers = {path: await api.get(address(path, ground), params={"cursor": str(2**63 - 1)}) for path in paths}
    assert {answer.status_code for answer in answers.values()} == {200, 422}
    assert all("cursor" in answer.text for answer in answers.values() if answer.status_code == 422)


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-01-07T00:00:00"])
async def test_a_moment_out_of_all_bounds_is_refused_or_finds_nothing(
    api: httpx.AsyncClient, ground: Ground, at: str
) -> None:
    cursor = base64.urlsafe_b64encode(f"{at} x".encode()).decode().rstrip("=")
    answer = await api.get(address("/members/{member}/timeline", ground), params={"cursor": cursor})
    assert answer.status_code in {200, 422}


@pytest.mark.parametrize("key", ["", "a", "S1", "红颜", "x" * 300])
def test_a_cursor_stands_for_a_key(key: str) -> None:
    assert key_after(cursor_after(key)) == key


OF_FILTERS = [
    "/runs?status=unheard", "/runs?version=x", "/runs?overdue=perhaps", "/runs?colour=red",
    "/members?friend=perhaps", "/members?in_group=2", "/members?colour=red",
    "/coupons?status=lost", "/alerts?state=seen", "/alerts?kind=flood", "/jobs?state=lost",
]  # fmt: skip


@pytest.mark.parametrize("path", OF_FILTERS)
async def test_a_filter_with_an_unknown_value_is_refused(api: httpx.AsyncClient, path: str) -> None:
    answer = await api.get(f"{BASE}{path}")
    assert answer.status_code == 422
    assert answer.json()["errors"]


OF_NOTHING = [
    "/runs?journey=no-such", "/runs?member=member:77", "/runs?member=4711", "/runs?store=nowhere", "/runs?node=x",
    "/members?member=phone:77", "/members?owner_store=nowhere", "/members?store=nowhere",
    "/coupons?batch=nothing", "/coupons?member=unionid:x", "/audit?actor=nobody",
]  # fmt: skip


@pytest.mark.parametrize("path", OF_NOTHING)
async def test_a_filter_that_names_what_does_not_exist_gives_an_empty_list(api: httpx.AsyncClient, path: str) -> None:
    answer = await api.get(f"{BASE}{path}")
    assert (answer.status_code, answer.json()) == (200, {"items": [], "next": None})
