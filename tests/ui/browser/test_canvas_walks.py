"""A journey is designed in Chromium: by mouse, by keys alone, on a phone; undone, and never out of sight."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.edits.commands import parse
from engine.edits.store import edit, editable, put_draft
from engine.journeys.editing.beginning import empty_journey
from tests.ui.browser.conftest import Address, Walk
from tests.ui.browser.holding import Holding
from tests.ui.browser.test_walks import grave_findings
from ui.app import Dependencies
from workflows.activities.registry import catalogue_of, load_activities

pytestmark = pytest.mark.browser
RESTS: dict[str, object] = {
    "first": {"type": "delay", "title": {"zh": "先", "en": "First"}, "for": "P1D", "ports": {"done": "second"}},
    "second": {"type": "delay", "title": {"zh": "后", "en": "Second"}, "for": "P2D", "ports": {"done": "end"}},
}


@pytest.fixture
def deps(deps: Dependencies) -> Dependencies:
    """With the activity types that ship."""
    return replace(deps, catalogue=catalogue_of(load_activities()))


@pytest.fixture
def empty(database: Database, clock: FixedClock, address: Address) -> str:
    """The key of an empty journey."""
    document = empty_journey("fresh", {"zh": "新旅程", "en": "Fresh"})
    with database.begin() as session:
        put_draft(session, "journey", "fresh", json.dumps(document), by="user:admin", now=clock.now())
    assert address
    return "fresh"


def nodes(database: Database, key: str) -> dict[str, dict[str, object]]:
    with database.begin() as session:
        found: dict[str, dict[str, object]] = editable(session, "journey", key).document["nodes"]  # type: ignore[assignment]  # ours
        return found


def choose(page: Page, node: str) -> None:
    """Click on a node, once the wheel has brought it into sight."""
    drawn = page.locator(f"#node-{node}")
    page.locator("#canvas > svg").hover(position={"x": 8, "y": 8})
    frame = page.locator("#canvas > svg").bounding_box()
    for _ in range(40):
        box = drawn.bounding_box()
        assert box is not None
        assert frame is not None
        if frame["y"] < box["y"] and box["y"] + box["height"] < min(frame["y"] + frame["height"], 880):
            break
        page.mouse.wheel(0, 120 if box["y"] > frame["y"] else -120)
        page.wait_for_timeout(20)
    drawn.click()


def focused(page: Page) -> str | None:
    name: str | None = page.evaluate("document.activeElement.dataset.node || null")
    return name


def test_nodes_are_inserted_on_ways_by_the_mouse(walk: Walk, empty: str, database: Database) -> None:
    page = walk.page
    walk.enter(lang="en")
    walk.go(f"/journeys/{empty}/edit")
    page.locator('#canvas .plus[data-add-after="@entry"]').click()
    assert grave_findings(walk) == []
    page.get_by_label("Search, such as").fill("joined")
    page.locator(".offer", has_text="Wait: Joined a group").click()
    expect(page.locator("#node-wait_joined")).to_have_attribute("aria-current", "true")
    expect(page).to_have_url(f"{walk.address}/journeys/{empty}/edit?node=wait_joined")
    expect(page.locator("#panel-title")).to_have_text("Wait for event")
    page.locator('#canvas .plus[data-add-after="wait_joined"][data-port="joined"]').click()
    expect(page.locator("#palette-after")).to_have_text("After “Wait: Joined a group”, by the way out")
    page.locator(".offer", has_text="Issue a coupon").click()
    expect(page.get_by_label("After “Wait: Joined a group”")).to_be_focused()
    assert page.evaluate("document.activeElement.validationMessage") == "Choose the way out to go on from"
    assert page.locator("#palette-where option").all_inner_texts()[1:] == [
        "Joined → end “Done”",
        "Not within 1 d → end “Done”",
        "Joined / Not within 1 d → end “Done”",
    ]
    page.get_by_label("After “Wait: Joined a group”").select_option("joined")
    page.locator("#side").evaluate("side => side.scrollTo(0, side.scrollHeight)")
    assert page.locator("#side").evaluate("side => side.scrollTop") > 100
    page.locator(".offer", has_text="Issue a coupon").click()
    expect(page.locator("#node-issue_coupon")).to_be_visible()
    expect(page.locator("#panel-title")).to_have_text("Issue a coupon")
    page.wait_for_function("() => document.getElementById('side').scrollTop === 0")
    assert nodes(database, empty)["wait_joined"]["ports"] == {"joined": "issue_coupon", "timeout": "done"}
    assert nodes(database, empty)["issue_coupon"]["ports"] == {"done": "done", "sold_out": "done"}
    assert grave_findings(walk) == []
    assert walk.complaints == []


def test_a_journey_is_designed_by_keys_alone(walk: Walk, empty: str, database: Database) -> None:
    page, keys = walk.page, walk.page.keyboard
    walk.enter(lang="en")
    walk.go(f"/journeys/{empty}/edit")
    page.locator("#node-done").focus()
    keys.press("ArrowUp")
    assert focused(page) == "@entry"
    keys.press("a")
    expect(page.locator("#palette-search")).to_be_focused()
    keys.type("coupon")
    keys.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    keys.press("a")
    keys.type("split")
    keys.press("Enter")
    expect(page.locator("#node-split")).to_be_focused()
    keys.press("Insert")
    keys.type("delay")
    keys.press("Enter")
    expect(page.locator("#node-delay")).to_be_focused()
    keys.press("d")
    expect(page.locator("#node-delay_2")).to_be_focused()
    keys.press("Enter")
    expect(page.locator("#chosen-title")).to_be_focused()
    page.locator("#node-delay_2").focus()
    keys.press("Delete")
    expect(page.locator("#node-delay_2")).to_have_count(0)
    expect(page.locator("#node-done")).to_be_focused()
    keys.press("Control+z")
    expect(page.locator("#node-delay_2")).to_be_visible()
    keys.press("Control+Shift+Z")
    expect(page.locator("#node-delay_2")).to_have_count(0)
    assert nodes(database, empty).keys() == {"done", "split", "delay"}
    keys.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert grave_findings(walk) == []
    keys.press("Escape")
    assert walk.complaints == []


def test_undo_and_redo_that_are_pressed_in_quick_succession_follow_each_other(
    walk: Walk, empty: str, database: Database
) -> None:
    page, keys = walk.page, walk.page.keyboard
    walk.enter(lang="en")
    walk.go(f"/journeys/{empty}/edit")
    page.locator("#node-done").focus()
    keys.press("ArrowUp")
    for node in ("split", "delay"):
        keys.press("Insert")
        keys.type(node)
        keys.press("Enter")
        expect(page.locator(f"#node-{node}")).to_be_focused()
    slow = Holding(page, "**/commands")
    keys.press("Delete")
    for _ in range(3):
        keys.press("Control+z")
    slow.wait()
    slow.let_go()
    expect(page.locator("#edit-undo")).to_be_disabled()
    assert nodes(database, empty).keys() == {"done"}
    for _ in range(2):
        keys.press("Control+Shift+Z")
    expect(page.locator("#node-delay")).to_be_visible()
    assert nodes(database, empty).keys() == {"done", "split", "delay"}
    page.locator("#edit-undo").dblclick()
    expect(page.locator("#edit-undo")).to_be_disabled()
    assert nodes(database, empty).keys() == {"done"}
    expect(page.locator("#edit-notice")).to_be_empty()
    assert walk.complaints == []


def test_what_is_chosen_can_be_connected_moved_labelled_renamed_and_gone_back_to(
    walk: Walk, database: Database
) -> None:
    page = walk.page
    walk.enter(lang="en")
    walk.go("/journeys/hook-coupon/edit?node=wait_join")
    page.locator("#more > summary").click()
    assert grave_findings(walk) == []
    form = page.locator("form", has=page.get_by_role("heading", name="Connect a way out"))
    form.get_by_label("Way out").select_option("timeout")
    form.get_by_label("Leads to").select_option("no_stock")
    form.get_by_role("button").click()
    expect(page.locator('#canvas path.edge[data-from="wait_join"][data-to="no_stock"]')).to_be_attached()
    page.locator("#more > summary").click()
    page.locator("#more").get_by_label("Id", exact=True).fill("join_wait")
    page.get_by_role("button", name="Change the id").click()
    expect(page).to_have_url(f"{walk.address}/journeys/hook-coupon/edit?node=join_wait")
    expect(page.locator("#node-join_wait")).to_have_attribute("aria-current", "true")
    choose(page, "coupon")
    expect(page).to_have_url(f"{walk.address}/journeys/hook-coupon/edit?node=coupon")
    page.go_back()
    expect(page.locator("#node-join_wait")).to_have_attribute("aria-current", "true")
    assert nodes(database, "hook-coupon")["join_wait"]["ports"] == {"joined": "coupon", "timeout": "no_stock"}
    assert walk.complaints == []


def test_what_is_written_beside_a_node_stays_open_and_written_while_others_change_the_draft(
    walk: Walk, database: Database
) -> None:
    page = walk.page
    walk.enter(lang="en")
    walk.go("/journeys/hook-coupon/edit?node=wait_join")
    page.locator("#more > summary").click()
    name = page.locator("#more").get_by_label("Id", exact=True)
    name.fill("join_wait")
    with database.begin() as session:
        edit(
            session, "journey", "hook-coupon", parse({"command": "set", "pointer": "/title/en", "value": "Another"}),
            by="user:lin", now=datetime(2026, 11, 22, tzinfo=UTC),
        )  # fmt: skip
    expect(page.locator("#edit-notice")).to_contain_text("changed", timeout=15_000)
    expect(page.locator("#chosen")).not_to_have_attribute("data-revision", "0")
    expect(name).to_be_focused()
    expect(name).to_have_value("join_wait")
    page.get_by_role("button", name="Change the id").click()
    expect(page.locator("#node-join_wait")).to_have_attribute("aria-current", "true")
    assert walk.complaints == []


def test_on_a_phone_the_outline_does_the_same(
    browser: Browser, address: Address, empty: str, database: Database
) -> None:
    walk = Walk(browser.new_page(viewport={"width": 390, "height": 844}), address)
    page = walk.page
    walk.enter(lang="zh")
    walk.go(f"/journeys/{empty}/edit")
    expect(page.locator("#canvas")).to_be_hidden()
    page.locator("#outline").get_by_role("button").first.click()
    page.locator(".offer", has_text="等待 入群").click()
    expect(page.locator("#outline a[data-node=wait_joined]")).to_have_attribute("aria-current", "true")
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    page.locator("#chosen").get_by_role("button", name="删除").first.click()
    expect(page.locator("#outline a[data-node=wait_joined]")).to_have_count(0)
    assert nodes(database, empty).keys() == {"done"}
    assert grave_findings(walk) == []
    assert walk.complaints == []
    page.close()


def test_the_panel_is_that_of_the_node_chosen_last_however_slow_the_one_before(
    walk: Walk, empty: str, database: Database, clock: FixedClock
) -> None:
    with database.begin() as session:
        document = editable(session, "journey", empty).document
        document = {**document, "start": "first", "nodes": {**RESTS, **cast("dict[str, object]", document["nodes"])}}
        put_draft(session, "journey", empty, json.dumps(document), by="user:admin", now=clock.now())
    page = walk.page
    held: list[Route] = []
    walk.enter(lang="en")
    walk.go(f"/journeys/{empty}/edit")
    expect(page.locator("#panel-title")).to_have_text("Settings of the journey")
    page.route("**/edit/panel?node=first", lambda route: held.append(route))  # noqa: PLW0108 - playwright marks what it is given
    choose(page, "first")
    expect(page.locator("#chosen-title")).to_contain_text("First")
    choose(page, "second")
    expect(page.locator("#chosen-title")).to_contain_text("Second")
    expect(page.locator('#panel [data-pointer^="/nodes/second"]').first).to_be_visible()
    assert len(held) == 1
    assert held[0].request.url.endswith("node=first")


def test_a_command_that_did_not_arrive_is_told_and_sent_again(walk: Walk, empty: str, database: Database) -> None:
    page = walk.page
    walk.sign_in(lang="en")
    walk.go(f"/journeys/{empty}/edit?node=done")
    page.route("**/commands", lambda route: route.abort())
    page.locator("#node-done").focus()
    page.keyboard.press("d")
    unsent = page.locator("#edit-notice [data-unsent]")
    expect(unsent).to_contain_text("Not saved")
    page.unroute("**/commands")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#node-done_2")).to_be_visible()
    expect(unsent).to_have_count(0)
    assert nodes(database, empty).keys() == {"done", "done_2"}


def test_whoever_is_signed_out_is_led_to_sign_in_by_the_next_command(walk: Walk, empty: str) -> None:
    page = walk.page
    walk.sign_in(lang="en")
    walk.go(f"/journeys/{empty}/edit?node=done")
    for part in ("#edit-bar .btn", "#panel-title", "#edit-problems .panel-head"):  # what it asks by itself is there
        expect(page.locator(part).first).to_be_visible()
    page.locator("#node-done").focus()
    page.context.clear_cookies()
    page.keyboard.press("d")
    expect(page).to_have_url(f"{walk.address}/sign-in")


def test_the_wheel_scrolls_the_page_and_zooms_with_ctrl(walk: Walk) -> None:
    page = walk.page
    walk.enter(lang="en")
    walk.go("/journeys/hook-coupon/edit")
    page.locator("#canvas > svg").hover(position={"x": 8, "y": 120})
    view = page.locator("#canvas > svg").get_attribute("viewBox") or ""
    page.mouse.wheel(0, 300)
    page.wait_for_function(
        "() => scrollY > 200 && (window.before === scrollY || void (window.before = scrollY))", polling=200
    )
    assert page.locator("#canvas > svg").get_attribute("viewBox") == view
    at = page.evaluate("scrollY")
    page.keyboard.down("Control")
    page.mouse.wheel(0, 300)
    page.keyboard.up("Control")
    page.wait_for_function("view => document.querySelector('#canvas > svg').getAttribute('viewBox') !== view", arg=view)
    assert page.evaluate("scrollY") == at
    last = page.locator("#canvas .node").last
    page.locator("[data-zoom=fit]").click()
    assert last.evaluate(
        "node => node.getBoundingClientRect().bottom < node.ownerSVGElement.getBoundingClientRect().bottom"
    )
    expect(page.locator("#side")).to_be_in_viewport()
    assert walk.complaints == []


def test_on_a_phone_the_picture_is_whole_signs_lie_on_top_and_tabs_tell_that_there_are_more(
    browser: Browser, address: Address, database: Database
) -> None:
    walk = Walk(browser.new_page(viewport={"width": 390, "height": 844}), address)
    page = walk.page
    walk.enter(lang="en")
    walk.go("/journeys/hook-coupon/edit")
    page.locator("label", has=page.locator("input[value=canvas]")).click()
    boxes = [node.bounding_box() for node in page.locator("#canvas .node").all()]
    lowest = max(box["y"] + box["height"] for box in boxes if box)
    frame = page.locator("#canvas > svg").bounding_box()
    assert frame is not None
    assert frame["y"] <= lowest <= frame["y"] + frame["height"]
    entry = page.locator("#canvas .node-entry").bounding_box()
    assert entry is not None
    assert entry["x"] >= 0
    assert entry["x"] + entry["width"] <= 390
    assert page.locator("#canvas .signs > .mark").count() >= 1
    assert page.locator("#canvas .signs ~ .plus, #canvas .node .mark").count() == 0
    tabs = page.locator("nav.tabs").first
    assert "gradient" in tabs.evaluate("tabs => getComputedStyle(tabs).maskImage")
    expect(tabs).to_have_attribute("data-more-after", "")
    tabs.evaluate("tabs => { tabs.scrollLeft = 9999; }")
    expect(tabs).not_to_have_attribute("data-more-after", "")
    expect(tabs).to_have_attribute("data-more-before", "")
    walk.picture("canvas-390")
    assert walk.complaints == []
    page.close()
