"""Trying a journey in Chromium: a walk by mouse and by keys, on a desk and on a phone, in both languages."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.secrets.keyring import KeyRing
from tests.ui.browser.conftest import Address, Walk
from tests.ui.browser.test_walks import grave_findings
from tests.ui.pages.test_backtesting import done
from ui.dependencies import Dependencies
from workflows.activities.registry import catalogue_of, load_activities

pytestmark = pytest.mark.browser

SIMULATE = "/journeys/hook-coupon/simulate"


@pytest.fixture
def deps(database: Database, keys: KeyRing, clock: FixedClock) -> Dependencies:
    return Dependencies(database, clock, keys, catalogue_of(load_activities()), demo=True)


@pytest.mark.parametrize(
    ("lang", "theme", "width"),
    [("zh", "light", 1280), ("en", "dark", 1280), ("zh", "dark", 390), ("en", "light", 390)],
)
def test_a_walk_is_clean_accessible_and_fits(
    browser: Browser, address: Address, deps: Dependencies, lang: str, theme: str, width: int
) -> None:
    walk = Walk(browser.new_page(viewport={"width": width, "height": 844 if width < 500 else 900}), address)
    page, wrong = walk.page, dict[str, list[str]]()

    def look(name: str) -> None:
        wrong[name] = grave_findings(walk)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wrong[name].append("wider than the screen")
        walk.picture(f"trying-{name}-{lang}-{theme}-{width}")

    walk.enter(lang=lang, theme=theme)
    walk.go(SIMULATE)
    look("who")
    page.locator(".feed button").first.click()
    look("real")
    walk.go(SIMULATE)
    page.fill('[name="fact.member.nickname"]', "小林")
    page.fill('[name="fact.store.title"]', "灯塔路店")
    page.locator('form:has(#walk-on) button[type="submit"]').click()
    look("begun")
    page.locator('button[value="inject"]').first.click()
    page.locator('button[value="inject"]').first.click()
    look("welcomed")
    page.locator('[data-deed="run"]').click()
    look("ended")
    walk.go("/journeys/hook-coupon/tests")
    page.locator(".test-more > summary").first.click()
    look("tests")
    walk.go("/journeys/hook-coupon/backtest")
    page.fill("#from", "2026-01-01")
    page.locator('form:has(#from) button[type="submit"]').click()
    page.wait_for_url("**job=*")
    done(deps, int(page.url.rpartition("=")[2]))
    expect(page.locator("#backtest .state-done")).to_be_visible(timeout=15_000)
    look("backtest")
    page.close()
    assert {name: found for name, found in wrong.items() if found} == {}
    assert walk.complaints == []


def test_a_walk_by_keys_alone_goes_back_and_survives_a_reload(walk: Walk) -> None:
    page = walk.page
    walk.enter(lang="en")
    walk.go(SIMULATE)
    page.focus("#walk-on")
    page.keyboard.press("Enter")
    page.locator('form:has(#walk-on) button[type="submit"]').focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**walk=*")
    expect(page.locator("#station-wait_add")).to_be_visible()
    page.keyboard.press("b")
    expect(page.locator("#station-wait_add")).to_have_count(0)
    expect(page.locator('[data-node="how"].node-visited')).to_have_count(1)
    page.keyboard.press("w")
    expect(page.locator("#station-wait_add")).to_be_visible()
    rested = page.locator(".station").count()
    page.keyboard.press("d")
    expect(page.locator(".station")).not_to_have_count(rested)
    stations = page.locator(".station").count()
    page.reload()
    expect(page.locator(".station")).to_have_count(stations)
    page.go_back()
    expect(page.locator(".station")).to_have_count(rested)
    page.keyboard.press("r")
    expect(page.locator(".station")).not_to_have_count(rested)
    page.keyboard.press("b")
    expect(page.locator(".station")).to_have_count(rested)
    assert walk.complaints == []


def test_a_walk_is_saved_and_its_test_changed_without_a_reload(walk: Walk) -> None:
    page = walk.page
    walk.enter(lang="en")
    walk.go(SIMULATE)
    page.locator('form:has(#walk-on) button[type="submit"]').click()
    page.locator('[data-deed="run"]').click()
    page.locator(".walk-save > summary").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".station")).not_to_have_count(0)
    page.locator("#saved a").click()
    page.wait_for_url("**/tests#**")
    tests = page.locator(".test")
    count = tests.count()
    page.evaluate("window.notReloaded = true")
    page.locator(".test-more > summary").last.click()
    page.locator(".test").last.get_by_role("button", name="Duplicate").click()
    expect(tests).to_have_count(count + 1)
    expect(page.locator("#edit-undo")).to_be_enabled()
    page.locator("#edit-undo").click()
    expect(tests).to_have_count(count)
    assert page.evaluate("window.notReloaded")
    tests.last.get_by_role("link", name="Step by step").click()
    expect(page.locator(".station")).not_to_have_count(0)
    assert walk.complaints == []


def test_any_event_is_chosen_by_its_title_and_what_was_refused_stays(walk: Walk) -> None:
    page = walk.page
    walk.enter(lang="en")
    walk.go(SIMULATE)
    page.locator('form:has(#walk-on) button[type="submit"]').click()
    page.locator("#other-event > summary").click()
    page.select_option("#other-on", label="Left a group")
    page.get_by_label("Customer group").fill("wr1")
    page.locator(".other-json > summary").click()
    page.fill("#other-data", "{")
    page.locator('#other-event button[type="submit"]').click()
    expect(page.locator("#other-data")).to_be_focused()
    expect(page.locator("#other-data-wrong")).to_be_visible()
    expect(page.get_by_label("Customer group")).to_have_value("wr1")
    page.fill("#other-data", "")
    page.locator('#other-event button[type="submit"]').click()
    page.wait_for_url("**walk=*")
    assert [each for each in walk.complaints if "422" not in each] == []
