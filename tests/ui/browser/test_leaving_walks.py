"""Whoever leaves the journey editor loses nothing silently: what is good is saved, what is refused holds its author."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Dialog, Locator, Page, expect

from engine.database.connection import Database
from engine.edits.store import editable
from tests.ui.browser.conftest import Walk
from tests.ui.browser.test_walks import grave_findings
from ui.app import Dependencies
from workflows.activities.registry import catalogue_of, load_activities

pytestmark = pytest.mark.browser
EDIT = "/journeys/hook-coupon/edit"


@pytest.fixture
def deps(deps: Dependencies) -> Dependencies:
    """With the activity types that ship."""
    return replace(deps, catalogue=catalogue_of(load_activities()))


def drafted(database: Database) -> dict[str, Any]:
    with database.begin() as session:
        return editable(session, "journey", "hook-coupon").document


def open_node(walk: Walk, node: str) -> None:
    walk.enter(lang="en")
    walk.go(f"{EDIT}?node={node}")
    expect(walk.page.locator("#panel-title")).to_be_visible()
    expect(walk.page.locator("#edit-bar .btn", has_text="JSON")).to_be_visible()


def control(page: Page, pointer: str) -> Locator:
    return page.locator(f'[data-field][data-pointer="{pointer}"]').locator("textarea, input[name=value]").first


def held(page: Page) -> Locator:
    return page.locator("#panel [data-held]")


def commands(page: Page) -> list[str]:
    """What forms of the page send, from now on."""
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or "") if request.method == "POST" else None)
    return sent


def refused(page: Page) -> Locator:
    """A field with what is no duration, whose author has not left it yet."""
    timeout = control(page, "/nodes/wait_join/timeout")
    timeout.click()
    page.keyboard.press("Control+a")
    page.keyboard.type("10")
    return timeout


def test_what_is_good_is_saved_before_the_page_is_left(walk: Walk, database: Database) -> None:
    open_node(walk, "welcome")
    control(walk.page, "/nodes/welcome/params/text").press_sequentially("!")
    walk.page.locator("nav.tabs a[href$='/publish']").click()
    walk.page.wait_for_url("**/hook-coupon/publish")
    assert "!" in drafted(database)["nodes"]["welcome"]["params"]["text"]
    assert walk.complaints == []


def test_what_is_good_is_saved_before_another_node_is_shown(walk: Walk, database: Database) -> None:
    open_node(walk, "wait_join")
    sent = commands(walk.page)
    control(walk.page, "/nodes/wait_join/timeout").fill("12 days")
    walk.page.locator("#node-how").dispatch_event("click", {"detail": 1})
    expect(walk.page).to_have_url(f"{walk.address}{EDIT}?node=how")
    assert drafted(database)["nodes"]["wait_join"]["timeout"] == "P12D"
    assert len(sent) == 1
    assert walk.complaints == []


def test_what_was_written_and_erased_again_is_neither_sent_nor_in_the_way(walk: Walk, database: Database) -> None:
    open_node(walk, "wait_join")
    before = drafted(database)
    sent = commands(walk.page)
    control(walk.page, "/nodes/wait_join/for/-").press_sequentially("g")
    walk.page.keyboard.press("Backspace")
    walk.page.locator("#node-how").dispatch_event("click", {"detail": 1})
    expect(walk.page.locator("#node-how")).to_have_attribute("aria-current", "true")
    expect(walk.page).to_have_url(f"{walk.address}{EDIT}?node=how")
    assert (drafted(database), sent) == (before, [])
    assert walk.complaints == []


@pytest.mark.parametrize(
    ("way", "arrives"),
    [
        ("nav.tabs a[href$='/publish']", "**/hook-coupon/publish"),
        ("#edit-bar a[href$='/json']", "**/edit/journey/hook-coupon/json"),
        ("#node-how", "**/edit?node=how"),
        ("form.who button", "**/sign-in"),
    ],
)
def test_what_is_refused_holds_its_author_until_they_go_on_without_it(
    walk: Walk, database: Database, way: str, arrives: str
) -> None:
    page = walk.page
    walk.sign_in(lang="en")
    walk.go(f"{EDIT}?node=wait_join")
    timeout = refused(page)
    page.locator(way).first.dispatch_event("click", {"detail": 1})
    expect(held(page)).to_contain_text("Wait at most")
    expect(held(page)).to_be_in_viewport()
    expect(timeout).to_be_focused()
    expect(timeout).to_have_value("10")
    expect(page).to_have_url(f"{walk.address}{EDIT}?node=wait_join")
    assert grave_findings(walk) == []
    held(page).get_by_role("button", name="Go on without it").click()
    page.wait_for_url(arrives)
    assert drafted(database)["nodes"]["wait_join"]["timeout"] == "P7D"


def test_whoever_stays_corrects_it_and_goes_on_by_the_way_back(walk: Walk, database: Database) -> None:
    page = walk.page
    open_node(walk, "how")
    page.locator("#node-wait_join").dispatch_event("click", {"detail": 1})
    expect(control(page, "/nodes/wait_join/timeout")).to_be_visible()
    timeout = refused(page)
    page.go_back()
    held(page).get_by_role("button", name="Stay and correct it").click()
    expect(timeout).to_be_focused()
    expect(page).to_have_url(f"{walk.address}{EDIT}?node=wait_join")
    timeout.fill("9 days")
    page.go_back()
    expect(page.locator("#node-how")).to_have_attribute("aria-current", "true")
    expect(page).to_have_url(f"{walk.address}{EDIT}?node=how")
    expect(held(page)).to_have_count(0)
    assert drafted(database)["nodes"]["wait_join"]["timeout"] == "P9D"


def test_a_page_that_is_closed_asks_first_while_something_is_not_saved(walk: Walk) -> None:
    open_node(walk, "wait_join")
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    walk.page.on("dialog", answer)
    walk.page.reload()
    assert asked == []
    expect(walk.page.locator("#panel-title")).to_be_visible()
    refused(walk.page)
    walk.page.keyboard.press("Tab")
    expect(walk.page.locator("#panel [data-unsaved]")).to_be_visible()
    walk.page.reload()
    assert asked == ["beforeunload"]


def test_a_part_of_a_condition_holds_its_author_too(walk: Walk) -> None:
    page = walk.page
    walk.enter(lang="en")
    walk.go(f"{EDIT}?part=goal")
    text = page.locator("#panel .cond-json textarea")
    page.locator("#panel .cond-json > summary").click()
    text.fill('{"==": [1, 1]}')
    page.locator("nav.tabs a[href$='/publish']").click()
    expect(held(page)).to_contain_text("lost if you go on")
    expect(page).to_have_url(f"{walk.address}{EDIT}?part=goal")


def test_focus_stays_in_a_refused_field_and_returns_to_the_node_once_it_is_shut(walk: Walk) -> None:
    page = walk.page
    open_node(walk, "wait_join")
    timeout = refused(page)
    page.locator("a[data-unchoose]").first.click()
    expect(held(page)).to_be_visible()
    expect(timeout).to_be_focused()
    held(page).get_by_role("button", name="Go on without it").click()
    expect(page).to_have_url(f"{walk.address}{EDIT}")
    expect(page.locator("#node-wait_join")).to_be_focused()
