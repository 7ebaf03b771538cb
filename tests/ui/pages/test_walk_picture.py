"""The picture of a simulated walk: what was walked is marked, and nothing else; what failed is drawn as failed."""

from __future__ import annotations

import re

import pytest

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.secrets.keyring import KeyRing
from tests.ui.pages.test_simulating import PAGE, begun, moved, seen, stations
from tests.ui.visitor import Visitor
from ui.app import Dependencies
from workflows.activities.registry import catalogue_of, load_activities


@pytest.fixture
def deps(database: Database, keys: KeyRing, clock: FixedClock) -> Dependencies:
    return Dependencies(database, clock, keys, catalogue_of(load_activities()), demo=True)


def test_nothing_is_marked_as_walked_where_nobody_came_in(admin: Visitor) -> None:
    walk = begun(admin, **{"fact.event.channel.kind": "poster"})
    page = admin.get(f"{PAGE}?walk={walk}&lang=en").text
    assert "lets nobody in" in page
    assert re.findall(r"(?:edge|edge-end|node|mark)-visited", page) == []
    assert "edge-visited" in admin.get(f"{PAGE}?walk={begun(admin)}").text


def test_each_way_that_was_walked_is_marked_and_no_other(admin: Visitor) -> None:
    def walked(walk: str) -> list[tuple[str, str]]:
        page = admin.get(f"{PAGE}?walk={walk}").text
        return re.findall(r'class="edge [^"]*edge-visited" data-from="([@\w]+)" data-to="(\w+)"', page)

    by_scan = moved(admin, begun(admin), "inject", on="contact.added", after="PT2M")
    failed = moved(admin, by_scan, "answer", activity="wecom.send_welcome", nth="0", port="!")
    ways = [("@entry", "how"), ("how", "wait_add"), ("wait_add", "welcome"), ("welcome", "wait_join")]
    assert sorted(walked(failed)) == ways
    assert sorted(walked(begun(admin, on="contact.added"))) == [("@entry", "welcome"), ("welcome", "wait_join")]


@pytest.mark.parametrize(
    ("activity", "node", "goes_on"), [("wecom.send_welcome", "welcome", True), ("coupon.issue", "coupon", False)]
)
def test_a_node_whose_activity_failed_is_drawn_as_failed_with_the_reason_in_words(
    admin: Visitor, activity: str, node: str, goes_on: bool
) -> None:
    walk = begun(admin)
    walk = moved(admin, walk, "inject", on="contact.added", after="PT2M", **{"fact.event.welcome_code": "c1"})
    walk = moved(admin, walk, "inject", on="group.joined", after="PT1M")
    assert "node-bad" not in admin.get(f"{PAGE}?walk={walk}").text
    walk = moved(admin, walk, "answer", activity=activity, nth="0", port="!")
    page = admin.get(f"{PAGE}?walk={walk}&lang=en").text
    assert re.findall(r'class="node node-\w+ node-bad" id="node-(\w+)"', page) == [node]
    assert page.count("mark mark-bad") == 1
    assert "The trial lets it fail here; no other reason was given." in page
    assert "failed: " not in page
    assert (stations(admin, walk)[-1] != node) is goes_on
    assert "试走中让它失败" in seen(admin, walk, "zh")
