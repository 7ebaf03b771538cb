"""Searches beside a text, a reference and a cell, where answers are late or never come."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.secrets.keyring import KeyRing
from tests.engine.rulesets.zones import zones
from tests.ui.browser.conftest import Walk
from tests.ui.browser.holding import Holding
from tests.ui.browser.test_forms_walks import drafted, field, open_node, saved
from tests.ui.browser.test_grid_walks import cell, kept, save
from ui.app import Dependencies
from workflows.activities.registry import catalogue_of, load_activities

pytestmark = pytest.mark.browser

CHOICES = "**/choices?**"


@pytest.fixture
def deps(database: Database, keys: KeyRing, clock: FixedClock) -> Dependencies:
    return Dependencies(database, clock, keys, catalogue=catalogue_of(load_activities()))


def test_a_search_without_an_answer_inserts_nothing_and_is_asked_again_for_what_is_written(
    walk: Walk, database: Database
) -> None:
    walk.enter()
    open_node(walk, "welcome")
    before = drafted(database)
    text = field(walk, "/nodes/welcome/params/text")
    text.locator(".picker > summary").click()
    expect(text.locator("[data-inserts] .combo-option").first).to_be_visible()
    walk.page.route(CHOICES, lambda route: route.abort())
    walk.page.keyboard.type("门店名称")
    expect(text.locator("[data-inserts] .combo-list")).to_be_hidden()
    walk.page.keyboard.press("Enter")
    expect(text.locator("[data-inserts] input")).to_be_focused()
    assert drafted(database) == before
    walk.page.unroute(CHOICES)
    walk.page.keyboard.press("ArrowDown")
    expect(text.locator(".combo-option[aria-selected=true]")).to_contain_text("store.title")
    walk.page.keyboard.press("Enter")
    saved(walk, database, lambda draft: draft["nodes"]["welcome"]["params"]["text"][-15:], "{{store.title}}")


def test_enter_takes_what_is_written_not_what_was_walked_to_before(walk: Walk, database: Database) -> None:
    walk.enter()
    open_node(walk, "coupon")
    batch = field(walk, "/nodes/coupon/params/batch")
    batch.locator(".combo input").click()
    walk.page.keyboard.type("hook")
    walk.page.keyboard.press("ArrowDown")
    expect(batch.locator(".combo-option[aria-selected=true]")).to_have_count(1)
    late = Holding(walk.page, CHOICES, "GET")
    walk.page.keyboard.type("s")
    walk.page.keyboard.press("Enter")
    saved(walk, database, lambda draft: draft["nodes"]["coupon"]["params"], {"batch": "hooks"})
    late.let_go()
    assert walk.complaints == []


@pytest.mark.parametrize("comma", [",", ", ", "\uff0c"])
def test_a_cell_offers_its_values_for_the_word_behind_either_comma(
    walk: Walk, database: Database, clock: FixedClock, comma: str
) -> None:
    save(database, clock, zones(key="grid"))
    walk.enter(lang="en")
    walk.go("/rules/grid/edit")
    cell(walk, "app", 2).focus()
    walk.page.keyboard.press("Enter")
    walk.page.keyboard.press("Control+a")
    walk.page.keyboard.type(f"mini_program{comma}tma")
    expect(walk.page.locator(".grid-choices li")).to_contain_text(["tmall"])
    walk.page.keyboard.press("ArrowDown")
    walk.page.keyboard.press("Enter")
    walk.page.keyboard.press("Enter")
    expect(walk.page.locator("[data-grid]")).to_have_attribute("data-revision", "2")
    assert kept(database, "grid")["rows"][0]["when"][1] == ["mini_program", "tmall"]
    assert walk.complaints == []
