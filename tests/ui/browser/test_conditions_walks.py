"""Walks through the builder of conditions: by mouse and by keyboard alone, at a desk and on a phone."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from engine.clock import FixedClock
from engine.database.connection import Database
from tests.ui.browser.conftest import Address, Walk
from tests.ui.browser.holding import Holding
from tests.ui.browser.test_walks import grave_findings
from tests.ui.conditions.branch import CASE, condition_in, put_branch

pytestmark = pytest.mark.browser

ADDRESS = f"/edit/journey/branch/condition?at={CASE}"
EVERYTHING: dict[str, Any] = {"and": [
    {"==": [{"var": "member.friend"}, True]},
    {"or": [
        {"within_last": [{"var": "member.friend_since"}, "P30D"]},
        {">=": [{"days_since": [{"var": "member.created_at"}]}, 7]},
    ]},
    {"!": [{"has_any": [{"var": "member.tags"}, ["vip"]]}]},
    {"in": [{"var": "event.channel.kind"}, ["pos", "shelf"]]},
    {"<": [{"+": [{"var": "member.points"}, 1]}, 5]},
    {"==": [{"var": "member.store"}, "E01"]},
    {"any_line": [{"var": "event.lines"}, {">": [{"var": "qty"}, 1]}]},
    {"in": [{"var": "member.gender"}, ["female"]]},
    {"weekday_in": [{"var": "now"}, [6, 7]]},
    {"condition": "zones/vip"},
    {"==": [{"var": "member.tir"}, "gold"]},
]}  # fmt: skip


def settled(page: Page, revision: int) -> None:
    """Wait until the builder shows this revision."""
    expect(page.locator(".cond")).to_have_attribute("data-revision", str(revision))


def rows(page: Page) -> Locator:
    return page.locator(".cond-body form.cond-row")


@pytest.mark.parametrize(("lang", "theme", "width"), [("zh", "light", 1280), ("en", "dark", 390)])
def test_every_kind_of_part_is_clean_accessible_and_fits(
    browser: Browser, address: Address, database: Database, clock: FixedClock, lang: str, theme: str, width: int
) -> None:
    walk = Walk(browser.new_page(viewport={"width": width, "height": 900}), address)
    put_branch(database, clock, EVERYTHING)
    walk.enter(lang=lang, theme=theme)
    walk.go(ADDRESS)
    expect(walk.page.locator(".cond-below [role=status]")).to_be_visible()
    walk.page.locator(".cond-try > button").click()
    expect(walk.page.locator(".cond-box [role=alert]")).to_be_visible()
    walk.page.locator(".cond-json > summary").click()
    assert grave_findings(walk) == []
    assert not walk.page.evaluate("document.documentElement.scrollWidth > innerWidth")
    walk.picture(f"condition-{lang}-{theme}-{width}")
    assert walk.complaints == []
    walk.page.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_a_condition_is_built_by_mouse(
    browser: Browser, address: Address, database: Database, clock: FixedClock, width: int
) -> None:
    walk = Walk(browser.new_page(viewport={"width": width, "height": 900}), address)
    page = walk.page
    put_branch(database, clock, None)
    walk.enter(lang="en")
    walk.go(ADDRESS)
    expect(page.get_by_text("No condition yet")).to_be_visible()
    adder = page.get_by_role("combobox", name="Add a condition: search a field")
    adder.click()
    page.locator(".cond-option", has_text="Is a friend").click()
    settled(page, 2)
    expect(page.locator('select[name="value.1"]')).to_be_focused()
    adder.fill("渠道名称")
    page.locator(".cond-option", has_text="Channel title").click()
    settled(page, 3)
    page.locator('input[name="value.1"]').fill("pos")
    page.get_by_role("button", name="Duplicate").last.click()
    settled(page, 5)
    rows(page).nth(1).locator(".cond-operator").select_option("in")
    settled(page, 6)
    page.locator('textarea[name="value.1"]').fill("pos, shelf")
    page.locator('textarea[name="value.1"]').blur()
    settled(page, 7)
    page.get_by_role("button", name="Move up").last.click()
    settled(page, 8)
    page.get_by_role("button", name="Turn round").nth(1).click()
    settled(page, 9)
    page.get_by_role("combobox", name="All or any").select_option("or")
    settled(page, 10)
    kind = {"var": "event.channel.title"}
    friend = {"!": [{"==": [{"var": "member.friend"}, True]}]}
    assert condition_in(database) == {"or": [friend, {"==": [kind, "pos"]}, {"in": [kind, ["pos", "shelf"]]}]}
    expect(page.locator(".cond-below")).to_contain_text("or channel title is pos")
    page.get_by_role("button", name="Remove").last.click()
    settled(page, 11)
    page.get_by_role("button", name="Try it on").click()
    page.get_by_label("Channel title").fill("pos")
    page.get_by_role("button", name="Decide").click()
    expect(page.locator(".cond-box [role=status]").first).to_contain_text("True")
    assert grave_findings(walk) == []
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    walk.picture(f"condition-mouse-{width}")
    assert walk.complaints == []
    page.close()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def tab_to(page: Page, wanted: str) -> None:
    """Press Tab until the focus is on what is wanted."""
    for _ in range(60):
        if page.evaluate("selector => document.activeElement.matches(selector)", wanted):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"no way by Tab to {wanted}")


@pytest.mark.parametrize("width", [1280, 390])
def test_a_condition_is_built_by_keyboard_alone(
    browser: Browser, address: Address, database: Database, clock: FixedClock, width: int
) -> None:
    walk = Walk(browser.new_page(viewport={"width": width, "height": 900}), address)
    page = walk.page
    put_branch(database, clock, None)
    walk.enter(lang="zh")
    walk.go(ADDRESS)
    tab_to(page, ".cond-add [role=combobox]")
    page.keyboard.type("Is a fr")
    expect(page.locator(".cond-option").first).to_contain_text("Is a friend")
    press(page, "Enter")
    settled(page, 2)
    expect(page.locator('select[name="value.1"]')).to_be_focused()
    tab_to(page, ".cond-add [role=combobox]")
    page.keyboard.type("成为好友")
    press(page, "ArrowDown", "ArrowUp", "Enter")
    settled(page, 3)
    expect(page.locator('input[name="value.1"]')).to_be_focused()
    press(page, "Control+a")
    page.keyboard.type("半天")
    press(page, "Enter")
    settled(page, 4)
    tab_to(page, ".cond-knob[value=up]:not(:disabled)")
    press(page, "Enter")
    settled(page, 5)
    expect(page.locator(":focus")).to_have_attribute("value", "down")
    press(page, "Enter")
    settled(page, 6)
    expect(page.locator(":focus")).to_have_attribute("value", "up")
    press(page, "Shift+Tab", "Shift+Tab")
    tab_to(page, ".cond-knob[value=group]")
    press(page, "Space")
    settled(page, 7)
    tab_to(page, ".cond-add [role=combobox]")
    page.keyboard.type("member.tier")
    press(page, "Escape")
    expect(page.locator(".cond-list:visible")).to_have_count(0)
    page.keyboard.type("member.tier")
    press(page, "Enter")
    settled(page, 8)
    friend, since = {"==": [{"var": "member.friend"}, True]}, {"var": "member.friend_since"}
    tier = {"==": [{"var": "member.tier"}, ""]}
    assert condition_in(database) == {"and": [friend, {"or": [{"within_last": [since, "PT12H"]}, tier]}]}
    assert grave_findings(walk) == []
    assert walk.complaints == []
    page.close()


def test_what_is_no_value_stays_typed_and_is_told_beside_its_field(
    walk: Walk, database: Database, clock: FixedClock
) -> None:
    page = walk.page
    put_branch(database, clock, {"within_last": [{"var": "member.friend_since"}, "P30D"]})
    walk.enter(lang="en")
    walk.go(ADDRESS)
    field = page.locator('input[name="value.1"]')
    expect(field).to_have_value("30 days")
    field.fill("soon")
    field.press("Enter")
    expect(page.locator(".cond-mistake")).to_be_visible()
    expect(field).to_have_value("soon")
    assert grave_findings(walk) == []
    field.fill("2 weeks")
    field.press("Enter")
    settled(page, 2)
    expect(page.locator(".cond-mistake")).to_have_count(0)
    assert condition_in(database) == {"within_last": [{"var": "member.friend_since"}, "P2W"]}
    assert [each for each in walk.complaints if "422" not in each] == []


def test_what_is_ticked_while_an_answer_is_under_way_stays_ticked(
    walk: Walk, database: Database, clock: FixedClock
) -> None:
    page = walk.page
    put_branch(database, clock, {"in": [{"var": "event.channel.kind"}, []]})
    walk.enter(lang="en")
    walk.go(ADDRESS)
    slow = Holding(page, "**/condition?at=*")
    tick = {kind: page.locator(f'.cond-ticks input[value="{kind}"]') for kind in ("pos", "receipt", "shelf")}
    page.locator(".cond-many > summary").click()
    tick["pos"].check()
    slow.wait()
    tick["receipt"].check()
    slow.go_on()
    settled(page, 2)
    expect(tick["receipt"]).to_be_checked()
    tick["shelf"].check()
    for revision in (3, 4):
        slow.wait()
        slow.go_on()
        settled(page, revision)
    assert condition_in(database) == {"in": [{"var": "event.channel.kind"}, [*tick]]}
    assert walk.complaints == []


def test_two_windows_on_one_condition_see_each_other_and_lose_nothing(
    browser: Browser, address: Address, walk: Walk, database: Database, clock: FixedClock
) -> None:
    put_branch(database, clock, {"and": [
        {"==": [{"var": "member.friend"}, True]}, {"starts_with": [{"var": "member.tier"}, "g"]},
    ]})  # fmt: skip
    other = Walk(browser.new_context().new_page(), address)
    for each in (walk, other):
        each.sign_in(lang="en")
        each.go(ADDRESS)
    walk.page.locator('input[name="value.1"]').fill("go")
    walk.page.locator('input[name="value.1"]').press("Enter")
    settled(walk.page, 2)
    other.page.locator('select[name="value.1"]').select_option("false")
    settled(other.page, 3)
    expect(other.page.locator('input[name="value.1"]')).to_have_value("go")
    assert condition_in(database) == {
        "and": [{"==": [{"var": "member.friend"}, False]}, {"starts_with": [{"var": "member.tier"}, "go"]}]
    }
    walk.page.locator('input[name="value.1"]').fill("gol")
    walk.page.locator('input[name="value.1"]').press("Enter")
    settled(walk.page, 4)
    other.page.locator('input[name="value.1"]').fill("silver")
    other.page.locator('input[name="value.1"]').press("Enter")
    expect(other.page.locator("#edit-notice")).to_contain_text("Apply")
    expect(other.page.locator('input[name="value.1"]')).to_have_value("silver")
    other.page.get_by_role("button", name="Apply").click()
    settled(other.page, 5)
    assert condition_in(database)["and"][1] == {"starts_with": [{"var": "member.tier"}, "silver"]}
    other.page.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_builder_stands_in_the_panel_of_a_journey(
    browser: Browser, address: Address, database: Database, clock: FixedClock, width: int
) -> None:
    walk = Walk(browser.new_page(viewport={"width": width, "height": 900}), address)
    page = walk.page
    put_branch(database, clock, {"==": [{"var": "member.friend"}, True]})
    walk.enter(lang="en")
    walk.go("/journeys/branch/edit?node=how")
    builder = page.locator('.cond-place[data-pointer="/nodes/how/cases/0/when"] .cond')
    builder.locator(".cond-add [role=combobox]").fill("points")
    page.locator(".cond-option", has_text="Points").click()
    expect(builder).to_have_attribute("data-revision", "2")
    builder.locator('input[name="value.1"]').fill("7")
    builder.locator('input[name="value.1"]').press("Enter")
    expect(builder).to_have_attribute("data-revision", "3")
    expect(builder.locator('input[name="value.1"]')).to_have_value("7")
    assert condition_in(database) == {
        "and": [{"==": [{"var": "member.friend"}, True]}, {">=": [{"var": "member.points"}, 7]}]
    }
    expect(builder.locator(".cond-below")).to_contain_text("points is at least 7")
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert grave_findings(walk) == []
    walk.picture(f"condition-panel-{width}")
    assert walk.complaints == []
    page.close()


@pytest.mark.parametrize(
    ("place", "width"), [(ADDRESS, 1280), ("/journeys/branch/edit?node=how", 1280), (ADDRESS, 390)]
)
def test_many_kinds_are_folded_named_and_found_by_keys(
    browser: Browser, address: Address, database: Database, clock: FixedClock, place: str, width: int
) -> None:
    walk = Walk(browser.new_page(viewport={"width": width, "height": 900}), address)
    page, keys = walk.page, walk.page.keyboard
    put_branch(database, clock, {"in": [{"var": "event.channel.kind"}, ["pos", "shelf"]]})
    walk.enter(lang="en")
    walk.go(place)
    many = page.locator(".cond-many")
    expect(many.locator("summary")).to_contain_text("2 chosen")
    expect(many.locator(".cond-ticks")).to_be_hidden()
    folded = many.bounding_box()
    assert folded is not None
    assert folded["height"] < 80
    many.locator("summary").focus()
    keys.press("Enter")
    keys.press("Tab")
    keys.type("receipt")
    expect(many.locator(".cond-ticks label:visible")).to_have_count(1)
    keys.press("Tab")
    keys.press("Space")
    expect(many.locator("summary")).to_contain_text("3 chosen")
    expect(many.locator(".cond-ticks label:visible")).to_have_count(1)
    expect(many.locator("input[value=receipt]")).to_be_focused()
    assert grave_findings(walk) == []
    walk.picture(f"many-ticks-{width}-{place.count('edit')}")
    keys.press("Escape")
    expect(many.locator("summary")).to_be_focused()
    expect(many.locator(".cond-ticks")).to_be_hidden()
    assert condition_in(database) == {"in": [{"var": "event.channel.kind"}, ["pos", "receipt", "shelf"]]}
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert walk.complaints == []
    page.close()


@pytest.mark.parametrize(("lang", "width"), [("zh", 1280), ("en", 1280), ("zh", 390)])
def test_an_instant_is_shown_whole_in_the_side_panel(
    browser: Browser, address: Address, database: Database, clock: FixedClock, lang: str, width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, locale="zh-CN" if lang == "zh" else "en-US")
    walk = Walk(context.new_page(), address)
    put_branch(database, clock, {">": [{"var": "now"}, "2026-11-22T10:30:00+08:00"]})
    walk.enter(lang=lang)
    walk.go("/journeys/branch/edit?node=how")
    field = walk.page.locator("#panel .cond-instant")
    expect(field).to_be_visible()
    walk.picture(f"instant-{lang}-{width}")
    assert field.evaluate("one => one.clientWidth") >= 216
    panel, box = walk.page.locator("#panel").bounding_box(), field.bounding_box()
    assert panel is not None
    assert box is not None
    assert box["x"] + box["width"] <= panel["x"] + panel["width"]
    assert walk.complaints == []
    context.close()
