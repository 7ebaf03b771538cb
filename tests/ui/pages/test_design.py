"""The page on which a journey is designed: all ports, loose ends, problems where they are, and who may do what."""

from __future__ import annotations

import copy
import html
import json
import re
from typing import Any

import pytest
from hypothesis import given, settings

from engine.access.store import add_user
from engine.clock import FixedClock
from engine.database.connection import Database
from engine.edits.store import put_draft
from engine.journeys.check import check
from engine.journeys.context import CheckContext
from tests.engine.journeys.strategies import broken_journeys
from tests.ui.sample import JOURNEY, PASSWORD
from tests.ui.visitor import Visitor
from ui.journeys.canvas import ENTRY
from ui.journeys.design import Design, design

CONTEXT = CheckContext()


def designed(change: dict[str, Any] | None = None) -> Design:
    """The design of the sample journey, with some nodes changed."""
    source = copy.deepcopy(JOURNEY)
    source["nodes"] |= change or {}
    return design(source, check(source, CONTEXT), {}, "en")


def test_every_needed_port_has_a_way_and_those_that_lead_to_one_node_share_it() -> None:
    drawn = [way.way for way in designed().drawing.ways if way.way.source == "welcome"]
    assert [(way.port, way.also, way.target) for way in drawn] == [("done", ("error", "expired"), "wait_join")]
    assert all(way.way.plus for way in designed().drawing.ways)


def test_the_way_out_of_a_wait_whose_time_ran_out_tells_how_long_that_is() -> None:
    read = designed()
    wait = read.find("wait_add")
    assert wait is not None
    assert [each.word for each in wait.exits if each.port == "timeout"] == ["Not within 30 min"]
    ways = {(drawn.way.source, drawn.way.port): drawn.way.word for drawn in read.drawing.ways}
    assert ways["wait_add", "timeout"] == "Not within 30 min"


def test_the_panel_calls_the_ways_out_of_a_wait_as_the_picture_does(admin: Visitor) -> None:
    shown = admin.get("/journeys/hook-coupon/edit/panel?node=wait_add&lang=en").text
    assert "Not within 30 min" in shown
    assert "Timed out" not in shown


def test_a_port_that_leads_nowhere_ends_loosely() -> None:
    read = designed({"loose": {"type": "delay", "for": "P1D"}, "lost": {"type": "delay", "ports": {"done": "gone"}}})
    loose, lost = read.find("loose"), read.find("lost")
    assert loose is not None
    assert lost is not None
    assert [(each.port, each.target, each.is_needed) for each in loose.exits] == [("done", None, True)]
    assert [(each.target, each.name) for each in lost.exits] == [(None, "gone")]
    assert {box.box.kind for box in read.drawing.boxes} >= {"loose"}
    assert not loose.is_reached


def test_where_a_way_leads_cannot_be_taken_for_a_way_out() -> None:
    end = {"type": "end", "outcome": "done"}
    read = designed({"stop": end, "rest": {"type": "delay", "for": "P1D", "ports": {"done": "stop", "x": "gone"}}})
    rest = read.find("rest")
    assert rest is not None
    assert [(each.word, each.to) for each in rest.exits] == [("Done", "end “Done”"), ("x", "“gone” does not exist")]
    wait = read.find("wait_add")
    assert wait is not None
    assert ("Not within 30 min", "“Delay 1 min”") in [(each.word, each.to) for each in wait.exits]
    assert [begin.to for begin in read.begins] == ["“Scanned”", "“Added”"]


def test_a_branch_that_makes_no_difference_says_so_first_and_leads_to_its_ways(
    admin: Visitor, database: Database, clock: FixedClock
) -> None:
    source = copy.deepcopy(JOURNEY)
    source["nodes"]["how"]["ports"] = dict.fromkeys(source["nodes"]["how"]["ports"], "wait_add")
    with database.begin() as session:
        put_draft(session, "journey", "hook-coupon", json.dumps(source), by="user:admin", now=clock.now())
    shown = admin.get("/journeys/hook-coupon/edit/panel?node=how").text
    assert shown.count("data-decides-nothing") == 1
    assert shown.index("data-decides-nothing") < shown.index("panel-fields")
    assert 'href="#f:/nodes/how/ports" data-place' in shown
    assert 'id="f:/nodes/how/ports"' in shown
    assert "data-decides-nothing" not in admin.get("/journeys/hook-coupon/edit/panel?node=wait_add").text


def test_an_entry_without_a_first_node_says_where_it_begins(admin: Visitor) -> None:
    shown = admin.get("/journeys/hook-coupon/edit/panel?part=entry&lang=en").text
    assert "As the journey: “Scanned”" in shown
    assert "As the journey" not in admin.get("/journeys/hook-coupon/edit/panel?part=settings&lang=en").text


def test_entries_that_begin_elsewhere_have_a_way_of_their_own() -> None:
    begins = designed().begins
    assert [(begin.entry, begin.target) for begin in begins] == [(None, "how"), (1, "welcome")]
    assert [way.way.port for way in designed().drawing.ways if way.way.source == ENTRY] == ["", "1"]


def test_problems_are_marked_at_the_node_that_they_concern() -> None:
    read = designed({"loose": {"type": "delay", "for": "P1D"}})
    assert read.marks["loose"].kind == "bad"
    assert "`done`" in read.marks["loose"].words


@settings(max_examples=60, deadline=None)
@given(broken_journeys())
def test_any_document_is_designed(source: Any) -> None:
    if isinstance(source, dict):
        read = design(source, check(source, CONTEXT), {}, "zh")
        assert len(read.steps) <= 300


def test_whoever_may_only_look_has_nothing_that_changes_the_journey(
    client: Visitor, admin: Visitor, database: Database, clock: FixedClock
) -> None:
    assert "data-add-after" in admin.get("/journeys/hook-coupon/edit").text
    assert "data-command" in admin.get("/journeys/hook-coupon/edit?node=how").text
    with database.begin() as session:
        add_user(session, "looker", PASSWORD, "region", now=clock.now())
    client.post("/sign-out")
    client.post("/sign-in", data={"username": "looker", "password": PASSWORD})
    page = client.get("/journeys/hook-coupon/edit?node=how").text
    assert "data-add-after" not in page
    assert "data-command" not in page
    assert 'id="node-how"' in page


def test_what_is_wrong_at_a_node_is_mended_there(admin: Visitor, database: Database, clock: FixedClock) -> None:
    source = copy.deepcopy(JOURNEY)
    source["nodes"]["wait_redeem"]["ports"] = {"done": "expird"}
    with database.begin() as session:
        put_draft(session, "journey", "hook-coupon", json.dumps(source), by="user:admin", now=clock.now())
    page = admin.get("/journeys/hook-coupon/edit/chosen?node=wait_redeem&lang=en").text
    [command] = re.findall(r'data-command="([^"]*)">(?:(?!</button>).)*Lead to “Coupon expired”', page, re.DOTALL)
    assert "Lead to “Coupon expired”" in admin.get("/edit/journey/hook-coupon/problems").text
    form = {"command": html.unescape(command), "base": "1"}
    assert admin.post("/edit/journey/hook-coupon/commands", data=form).status_code == 204
    assert "expird" not in admin.get("/journeys/hook-coupon/edit/chosen?node=wait_redeem").text


def test_the_chosen_node_is_in_the_address(admin: Visitor) -> None:
    page = admin.get("/journeys/hook-coupon/edit?node=wait_add&lang=en").text
    assert re.search(r'id="node-wait_add"[^>]*aria-current="true"', page)
    assert re.search(r'<h2 id="chosen-title"[^>]*>Wait: ', page)
    gone = admin.get("/journeys/hook-coupon/edit?node=gone&lang=en")
    assert gone.status_code == 200
    assert "No node is chosen" in gone.text
    assert admin.get("/journeys/nothing/edit").status_code == 404


@pytest.mark.parametrize("document", [{}, {"nodes": 7}, {"nodes": {"@entry": {}, "a/b ~c": {"type": []}}}])
def test_a_draft_that_is_hardly_one_has_its_page(
    admin: Visitor, database: Database, clock: FixedClock, document: dict[str, Any]
) -> None:
    with database.begin() as session:
        put_draft(session, "journey", "odd", json.dumps(document), by="user:admin", now=clock.now())
    for path in ("", "/graph", "/chosen?node=a%2Fb%20~c"):
        assert admin.get(f"/journeys/odd/edit{path}").status_code == 200
