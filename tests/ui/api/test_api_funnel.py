"""`GET /journeys/{key}/funnel` from outside."""

from __future__ import annotations

from datetime import timedelta

import pytest
from httpx import AsyncClient

from engine.database.connection import Database
from engine.funnel.deltas import ended, held_out, reached
from engine.journeys.catalogue import Catalogue
from tests.engine.definitions.samples import CATALOGUE, journey
from tests.engine.funnel.world import NOON, World, make_world
from tests.ui.api.conftest import ClientFor

FUNNEL = "/api/v1/journeys/small/funnel"
STAGES = ("scanned", "added")


@pytest.fixture
def catalogue() -> Catalogue:
    return CATALOGUE


@pytest.fixture
async def published(api: AsyncClient) -> None:
    nodes = journey()["nodes"]
    nodes["added"] = {**nodes["note"], "stage": "added", "title": "Added", "ports": {"done": "end"}}
    nodes["end"] = {"type": "end", "outcome": "done"}
    tests = [{"name": "none", "when": [], "then": {}}]
    await api.put("/api/v1/definitions/journey/small/draft", json=journey(nodes=nodes, tests=tests))
    answer = await api.post("/api/v1/definitions/journey/small/publish")
    assert answer.status_code == 201, answer.text


@pytest.fixture
def world(database: Database) -> World:
    """Three scanned at two stores, two of them added; one more is held out."""
    with database.begin() as session:
        world = make_world(session)
        runs = [world.run(number, store=number // 2, channel=None, journey="small") for number in range(3)]
        for run in runs:
            reached(session, run, "scanned", stages=STAGES, at=NOON)
        for run in runs[1:]:
            reached(session, run, "added", stages=STAGES, at=NOON + timedelta(seconds=60))
        ended(session, runs[1], "done")
        held_out(session, world.run(3, journey="small"))
    return world


@pytest.mark.usefixtures("published", "world")
async def test_the_funnel_tells_stages_groups_outcomes_and_the_holdout(api: AsyncClient) -> None:
    funnel = (await api.get(FUNNEL, params={"by": "store"})).json()
    first, second = funnel["stages"]
    assert (first["stage"], first["title"]) == ("scanned", {"zh": "扫码", "en": "Scanned"})
    assert (first["times"], first["people"], first["conversion"]) == (3, 3, None)
    assert (second["times"], second["conversion"], second["entered_here"]) == (2, 0.666667, 0)
    assert second["median_seconds"] == pytest.approx(60, rel=0.05)
    assert [(group["key"], group["title"]["en"], group["stages"][0]["times"]) for group in funnel["groups"]] == [
        ("E01", "Store 1", 2),
        ("E02", "Store 2", 1),
    ]
    assert (funnel["outcomes"], funnel["holdout"]) == ({"done": 1}, {"times": 1, "outcomes": {}})


@pytest.mark.usefixtures("published", "world")
@pytest.mark.parametrize(
    ("by", "key", "title"),
    [
        ("channel", None, "No channel"),
        ("associate", None, "No associate"),
        ("version", "1", "1"),
        ("day", "2026-01-07", "2026-01-07"),
    ],
)
async def test_groups_have_keys_and_titles(api: AsyncClient, by: str, key: str | None, title: str) -> None:
    group = (await api.get(FUNNEL, params={"by": by})).json()["groups"][0]
    assert (group["key"], group["title"]["en"]) == (key, title)


@pytest.mark.usefixtures("published", "world")
@pytest.mark.parametrize(
    ("span", "times"),
    [
        ({"from": "2026-01-07", "to": "2026-01-07"}, 3),
        ({"from": "2026-01-08"}, 0),
        ({"to": "2026-01-06"}, 0),
        ({"to": "2026-01-07"}, 3),
        ({"from": "0001-01-01", "to": "9999-12-31"}, 3),
    ],
)
async def test_both_days_are_included(api: AsyncClient, span: dict[str, str], times: int) -> None:
    assert (await api.get(FUNNEL, params=span)).json()["stages"][0]["times"] == times


@pytest.mark.usefixtures("published")
async def test_a_key_of_a_store_sees_its_own_runs(client_for: ClientFor, world: World) -> None:
    funnel = (await client_for("runs", store_id=world.stores[1]).get(FUNNEL, params={"by": "store"})).json()
    assert [stage["times"] for stage in funnel["stages"]] == [1, 1]
    assert [group["key"] for group in funnel["groups"]] == ["E02"]


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(
    ("query", "pointer"),
    [({"by": "mood"}, "by"), ({"from": "yesterday"}, "from"), ({"from": "2026-01-08", "to": "2026-01-07"}, "to")],
)
async def test_bad_parameters_are_named(api: AsyncClient, query: dict[str, str], pointer: str) -> None:
    answer = await api.get(FUNNEL, params=query)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


async def test_a_journey_that_was_never_published_has_no_funnel(api: AsyncClient) -> None:
    assert (await api.get(FUNNEL)).status_code == 404
