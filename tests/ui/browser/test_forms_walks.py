"""The side panel of the journey editor in Chromium: written into by mouse and by keyboard."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, expect

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.edits.store import editable, put_draft
from engine.secrets.keyring import KeyRing
from tests.ui.browser.conftest import SCREENSHOTS, Address, Walk
from tests.ui.browser.test_walks import grave_findings
from ui.app import Dependencies
from workflows.activities.registry import catalogue_of, load_activities

pytestmark = pytest.mark.browser

EDIT = "/journeys/hook-coupon/edit"
WHOLLY_SEEN = """parts => [...document.querySelectorAll(parts)].every((part) => {
  const { left, right, top, bottom } = part.getBoundingClientRect();
  const isSeen = (y) => document.elementFromPoint((left + right) / 2, y)?.closest(parts) === part;
  return left >= 0 && right <= innerWidth && isSeen(top + 2) && isSeen(bottom - 2);
})"""
"""Whether nothing of these parts of the page is beyond an edge or covered."""


@pytest.fixture
def deps(database: Database, keys: KeyRing, clock: FixedClock) -> Dependencies:
    """What the application is given: the activity types too."""
    return Dependencies(database, clock, keys, catalogue=catalogue_of(load_activities()))


def drafted(database: Database) -> dict[str, Any]:
    with database.begin() as session:
        return editable(session, "journey", "hook-coupon").document


def saved(walk: Walk, database: Database, read: Callable[[dict[str, Any]], object], wanted: object) -> None:
    """Waits until the draft says so."""
    for _ in range(100):
        if read(drafted(database)) == wanted:
            return
        walk.page.wait_for_timeout(100)
    assert read(drafted(database)) == wanted


def field(walk: Walk, pointer: str) -> Locator:
    return walk.page.locator(f'[data-field][data-pointer="{pointer}"]')


def open_node(walk: Walk, node: str) -> None:
    walk.go(f"{EDIT}?node={node}")
    expect(walk.page.locator("#panel-title")).to_be_visible()


def test_a_text_is_saved_while_it_is_written_and_the_caret_stays(walk: Walk, database: Database) -> None:
    walk.enter()
    open_node(walk, "welcome")
    text = field(walk, "/nodes/welcome/params/text").locator("textarea")
    expect(walk.page.locator(".from-live")).to_be_visible()
    text.click()
    walk.page.keyboard.press("Control+Home")
    walk.page.keyboard.type("您好,")
    saved(walk, database, lambda draft: draft["nodes"]["welcome"]["params"]["text"][:3], "您好,")
    expect(walk.page.locator(".from-live")).to_be_hidden()
    walk.page.keyboard.type("亲爱的")
    saved(walk, database, lambda draft: draft["nodes"]["welcome"]["params"]["text"][:6], "您好,亲爱的")
    assert text.evaluate("one => [one === document.activeElement, one.selectionStart]") == [True, 6]
    expect(field(walk, "/nodes/welcome/params/text").locator(".field-chip").first).to_have_text("昵称")
    assert walk.complaints == []


def test_a_field_is_put_into_a_text_by_keyboard(walk: Walk, database: Database) -> None:
    walk.enter()
    open_node(walk, "welcome")
    text = field(walk, "/nodes/welcome/params/text")
    text.locator("textarea").focus()
    walk.page.keyboard.press("Control+End")
    walk.page.keyboard.press("Tab")
    walk.page.keyboard.press("Enter")
    expect(text.locator("[data-inserts] input")).to_be_focused()
    walk.page.keyboard.type("门店名称")
    expect(text.locator(".combo-option").first).to_contain_text("store.title")
    walk.page.keyboard.press("ArrowDown")
    walk.page.keyboard.press("ArrowUp")
    walk.page.keyboard.press("Enter")
    saved(walk, database, lambda draft: draft["nodes"]["welcome"]["params"]["text"][-15:], "{{store.title}}")
    assert walk.complaints == []


def test_a_field_stands_where_the_caret_was_and_escape_leads_back(walk: Walk, database: Database) -> None:
    walk.enter()
    open_node(walk, "welcome")
    field(walk, "/nodes/welcome/params/text").locator("textarea").fill("一二三")
    text = field(walk, "/nodes/welcome/params/text")
    text.locator("textarea").press("ArrowLeft")
    text.locator(".picker > summary").click()
    expect(text.locator(".combo-option").first).to_have_attribute("aria-selected", "true")
    walk.page.keyboard.type("门店")
    walk.page.keyboard.press("Escape")
    expect(text.locator("textarea")).to_be_focused()
    expect(text.locator("[data-inserts]")).to_be_hidden()
    text.locator(".picker > summary").click()
    expect(text.locator("[data-inserts] input")).to_be_focused()
    walk.page.keyboard.type("门店名称")
    walk.page.keyboard.press("Enter")
    saved(walk, database, lambda draft: draft["nodes"]["welcome"]["params"]["text"], "一二{{store.title}}三")
    expect(text.locator("textarea")).to_be_focused()
    assert walk.complaints == []


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (390, 844)])
def test_what_stands_where_a_field_is_absent_is_asked_in_view(
    browser: Browser, address: Address, database: Database, width: int, height: int
) -> None:
    walk = Walk(browser.new_page(viewport={"width": width, "height": height}), address)
    walk.enter()
    open_node(walk, "welcome")
    text = field(walk, "/nodes/welcome/params/text")
    text.locator(".picker > summary").click()
    walk.page.keyboard.type("member.nickname")
    walk.page.keyboard.press("Enter")
    expect(text.locator("[data-absent-text]")).to_be_focused()
    walk.page.wait_for_function(WHOLLY_SEEN, arg="[data-absent]:not([hidden]) > *")
    walk.picture(f"picker-{width}")
    walk.page.keyboard.type("顾客")
    walk.page.keyboard.press("Enter")
    wanted = {"default": [{"var": "member.nickname"}, "顾客"]}

    def last_piece(draft: dict[str, Any]) -> object:
        text = draft["nodes"]["welcome"]["params"]["text"]
        return text["$"]["cat"][-1] if isinstance(text, dict) else text

    saved(walk, database, last_piece, wanted)
    walk.page.close()
    assert walk.complaints == []


def test_a_thing_is_searched_by_its_title_and_an_unknown_one_is_told(walk: Walk, database: Database) -> None:
    walk.enter()
    open_node(walk, "coupon")
    batch = field(walk, "/nodes/coupon/params/batch")
    batch.locator(".combo input").fill("NOPE")
    walk.page.keyboard.press("Tab")
    saved(walk, database, lambda draft: draft["nodes"]["coupon"]["params"], {"batch": "NOPE"})
    expect(batch).to_contain_text("没有这个编号")
    batch.locator(".combo input").click()
    batch.locator(".combo input").fill("hook")
    batch.locator(".combo-option").first.click()
    saved(walk, database, lambda draft: draft["nodes"]["coupon"]["params"], {"batch": "HOOK-2026"})
    assert walk.complaints == []


def test_what_is_no_duration_is_kept_and_told_until_it_is_one(walk: Walk, database: Database) -> None:
    walk.enter()
    open_node(walk, "wait_join")
    timeout = field(walk, "/nodes/wait_join/timeout")
    timeout.locator("input[name=value]").fill("10")
    walk.page.keyboard.press("Tab")
    expect(timeout.get_by_role("alert")).to_contain_text("还缺单位")
    assert drafted(database)["nodes"]["wait_join"]["timeout"] == "P7D"
    field(walk, "/nodes/wait_join/stage").locator("input[name=value]").fill("waiting")
    saved(walk, database, lambda draft: draft["nodes"]["wait_join"].get("stage"), "waiting")
    walk.page.wait_for_timeout(500)
    expect(timeout.locator("input[name=value]")).to_have_value("10")
    timeout.locator("input[name=value]").fill("10 天")
    walk.page.keyboard.press("Tab")
    saved(walk, database, lambda draft: draft["nodes"]["wait_join"]["timeout"], "P10D")
    expect(timeout.get_by_role("alert")).to_have_count(0)
    assert [complaint for complaint in walk.complaints if "422" not in complaint] == []


def test_what_somebody_else_wrote_comes_in_but_not_over_what_is_being_written(
    walk: Walk, database: Database, clock: FixedClock
) -> None:
    walk.enter()
    open_node(walk, "no_stock")
    outcome = field(walk, "/nodes/no_stock/outcome").locator("input[name=value]")
    outcome.click()
    walk.page.keyboard.press("End")
    theirs = drafted(database)
    theirs["nodes"]["no_stock"] = {**theirs["nodes"]["no_stock"], "outcome": "theirs", "stage": "last"}
    with database.begin() as session:
        put_draft(session, "journey", "hook-coupon", json.dumps(theirs), by="user:lin", now=clock.now())
    walk.page.evaluate("htmx.trigger(document.body, 'draft-changed')")
    expect(field(walk, "/nodes/no_stock/stage").locator("input[name=value]")).to_have_value("last")
    expect(outcome).to_have_value("no_stock")
    walk.page.keyboard.type("_x")
    clash = field(walk, "/nodes/no_stock/outcome").get_by_role("alert")
    expect(clash).to_contain_text("lin")
    walk.page.get_by_role("button", name="仍用我的").click()
    saved(walk, database, lambda draft: draft["nodes"]["no_stock"]["outcome"], "no_stock_x")
    assert [complaint for complaint in walk.complaints if "412" not in complaint] == []


def with_every_type(database: Database, clock: FixedClock) -> list[str]:
    """A draft with a node of every type, and of every activity type with its example's params; their ids."""
    draft = drafted(database)
    catalogue = catalogue_of(load_activities())
    more: dict[str, Any] = {
        "split": {"type": "split", "arms": [{"port": "A", "share_bp": 3333}, {"port": "B", "share_bp": 6667}]},
        "decide": {"type": "decide", "ruleset": "zones", "save": "zone", "facts": {"event.x": {"$": {"var": "now"}}}},
        "task": {"type": "task", "task": "visit", "assign": {"to": "store"}},
        "call": {"type": "journey", "journey": "win-back", "mode": "call"},
        "morning": {"type": "delay", "until": {"time": "09:00", "days": 1, "working_day": True}},
        "instant": {"type": "delay", "until": {"var": "event.time"}},
    }
    for number, (name, one) in enumerate(sorted(catalogue.items())):
        more[f"act{number}"] = {"type": "activity", "activity": name, "params": dict(one.example)}
    draft["nodes"] |= more
    draft["entry"] += [
        {"schedule": "FREQ=DAILY", "at": "09:00", "audience": {"==": [{"var": "member.friend"}, True]}},
        {"becomes": {"==": [{"var": "member.friend"}, True]}, "check": "P1D"},
        {"date": {"var": "member.birthday"}, "offset": "-P7D", "at": "10:00", "yearly": True},
        {"list": True},
    ]
    draft["fields"] = {"event.score": {"type": "integer", "optional": True, "title": {"zh": "得分", "en": "Score"}}}
    with database.begin() as session:
        put_draft(session, "journey", "hook-coupon", json.dumps(draft), by="user:lin", now=clock.now())
    return [*more]


@pytest.mark.parametrize(
    ("lang", "theme", "width"),
    [("zh", "light", 1280), ("en", "dark", 1280), ("zh", "dark", 390), ("en", "light", 390)],
)
def test_every_panel_is_clean_accessible_and_fits(
    browser: Browser, address: Address, database: Database, clock: FixedClock, lang: str, theme: str, width: int
) -> None:
    walk = Walk(browser.new_page(viewport={"width": width, "height": 844 if width < 500 else 900}), address)
    walk.enter(lang=lang, theme=theme)
    more = with_every_type(database, clock)
    nodes = ["how", "wait_add", "welcome", "wait_redeem", "not_added", *(more if width > 500 else more[:3])]
    places = [f"node={node}" for node in nodes]
    places += [f"part={part}" for part in ("settings", "entry", "policies", "goal", "exits", "fields")]
    wrong: dict[str, list[str]] = {}
    for place in places:
        walk.go(f"{EDIT}?{place}")
        expect(walk.page.locator("#panel-title")).to_be_visible()
        wrong[place] = grave_findings(walk, "#panel")
        if walk.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wrong[place].append("wider than the screen")
        if SCREENSHOTS:
            walk.page.locator("#panel").screenshot(path=Path(SCREENSHOTS) / f"panel-{place}-{lang}-{theme}-{width}.png")
    walk.page.close()
    assert {place: found for place, found in wrong.items() if found} == {}
    assert walk.complaints == []
