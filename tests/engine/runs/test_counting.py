"""Who stands where is counted by what is stored, and means what lists of runs say of each one now."""

from __future__ import annotations

from collections import Counter

import pytest

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.runs.counting import LIVE, counted, live_by_journey, standing
from engine.runs.listing import RunFilter, list_runs
from engine.secrets.keyring import KeyRing
from tests.workflows.world import World

MEMBERS = 4


@pytest.fixture
def world(database: Database, clock: FixedClock, keys: KeyRing) -> World:
    """Four people inside, two of them a node further than the others."""
    world = World(database, clock, keys)
    world.publish()
    for number in range(MEMBERS):
        world.tell("contact.scanned", {"channel": "c"}, who=f"unionid:u{number}")
    world.route()
    for run in world.runs()[:2]:
        world.take(run)
    return world


def listed(world: World) -> Counter[tuple[str, str]]:
    """What the list of runs says, run by run."""
    with world.database.begin() as session:
        items = list_runs(session, RunFilter(journey=world.document["key"])).items
    return Counter((item.node, item.status) for item in items if item.node is not None and item.status in LIVE)


def told(world: World) -> Counter[tuple[str, str]]:
    with world.database.begin() as session:
        found = standing(session, world.document["key"])
    return Counter({(each.node, each.status): each.runs for each in found})


def test_counts_are_those_of_the_list_whoever_is_paused(world: World) -> None:
    first, *_, last = world.runs()
    assert told(world) == listed(world) != {}
    world.pause(first)
    assert told(world) == listed(world)
    assert told(world)[first_node(world), "paused"] == 1
    world.take(first)
    world.pause(last)
    assert told(world) == listed(world)
    world.resume(first)
    assert told(world) == listed(world)
    world.pause()
    assert told(world) == listed(world)
    assert {status for _, status in told(world)} == {"paused"}
    world.resume()
    assert told(world) == listed(world)


def first_node(world: World) -> str:
    node = world.the(world.runs()[0]).node
    assert node is not None
    return node


def test_a_sum_over_all_journeys_has_those_on_the_way_to_their_first_node_too(world: World) -> None:
    with world.database.begin() as session:
        by_journey = live_by_journey(session)
        places = counted(session)
    assert {key: sum(by_status.values()) for key, by_status in by_journey.items()} == {world.document["key"]: MEMBERS}
    assert sum(places.values()) == MEMBERS
