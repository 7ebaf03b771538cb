"""Walks through the pages in Chromium: both languages, both themes, desk and phone."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect
from sqlalchemy import update
from sqlmodel import col

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.edits.store import put_draft
from engine.runs.models import Run, RunCommand
from engine.seeds.published import documents
from tests.ui.browser.conftest import Address, Walk
from tests.ui.sample import Sample

pytestmark = pytest.mark.browser

GRAVE = {"serious", "critical"}


def pages(chain: Sample) -> dict[str, str]:
    return {
        "overview": "/",
        "journeys": "/journeys",
        "canvas": "/journeys/hook-coupon",
        "draft": "/journeys/win-back",
        "new-journey": "/journeys/new?template=hook-coupon",
        "design": "/journeys/hook-coupon/edit",
        "design-node": "/journeys/hook-coupon/edit?node=wait_add",
        "design-draft": "/journeys/win-back/edit",
        "funnel": "/journeys/hook-coupon/funnel",
        "entries": "/journeys/hook-coupon/entries",
        "simulate": "/journeys/hook-coupon/simulate",
        "tests": "/journeys/hook-coupon/tests",
        "backtest": "/journeys/hook-coupon/backtest",
        "backtest-table": "/rules/zones/backtest",
        "runs": "/journeys/hook-coupon/runs",
        "filtered": "/journeys/hook-coupon/runs?status=stuck",
        "nothing": "/journeys/hook-coupon/runs?stage=redeemed",
        "versions": "/journeys/hook-coupon/versions",
        "run": f"/runs/{chain.runs['wait_join']}",
        "stuck": f"/runs/{chain.runs['stuck']}",
        "ended": f"/runs/{chain.runs['goal']}",
        "publish": "/journeys/hook-coupon/publish",
        "publish-draft": "/journeys/win-back/publish",
        "publish-ruleset": "/rules/zones/publish",
        "rules": "/rules",
        "ruleset": "/rules/zones",
        "ruleset-edit": "/rules/zones/edit",
        "ruleset-new": "/rules/new",
        "ruleset-broken": "/rules/zones?version=draft",
        "ruleset-draft": "/rules/price-drafts",
        "members": "/members",
        "member": f"/members/{chain.members[0]}",
        "start": "/journeys/hook-coupon/start",
        "start-refused": "/journeys/win-back/start",
        "deferred": f"/runs/{chain.runs['wait_claim']}",
        "merged": f"/runs/{chain.runs['lost']}",
        "alerts": "/alerts",
        "alerts-seen": "/alerts?state=acknowledged",
        "parked": "/parked",
        "jobs": "/jobs",
        "import": "/import",
        "operators": "/operators",
        "condition": "/edit/journey/hook-coupon/condition?at=/entry/0/when",
        "library": "/library",
        "template": "/library/journey/new-member",
        "template-table": "/library/ruleset/ownership",
        "template-fields": "/library/fields/shopping",
        "glossary": "/glossary",
        "compare": "/journeys/win-back/versions/compare?a=live&b=draft",
        "ruleset-versions": "/rules/zones/versions",
        "ruleset-compare": "/rules/zones/versions/compare?a=live&b=draft",
        "json": "/edit/journey/hook-coupon/json",
        "json-ruleset": "/edit/ruleset/zones/json",
        "parked-member": f"/members/{chain.members[1]}",
    }


def grave_findings(walk: Walk, within: str | None = None) -> list[str]:
    """What axe holds against the page, or against a part of it."""
    found = Axe().run(walk.page, within).response["violations"]
    return [f"{one['id']}: {[node['target'] for node in one['nodes']][:4]}" for one in found if one["impact"] in GRAVE]


@pytest.mark.parametrize(
    ("lang", "theme", "width"),
    [("zh", "light", 1280), ("en", "dark", 1280), ("zh", "dark", 390), ("en", "light", 390)],
)
def test_every_page_is_clean_accessible_and_fits(
    browser: Browser, address: Address, chain: Sample, lang: str, theme: str, width: int
) -> None:
    walk = Walk(browser.new_page(viewport={"width": width, "height": 844 if width < 500 else 900}), address)
    wrong: dict[str, list[str]] = {}
    walk.go(f"/sign-in?lang={lang}&theme={theme}")
    wrong["sign-in"] = grave_findings(walk)
    walk.picture(f"sign-in-{lang}-{theme}-{width}")
    walk.sign_in(lang=lang, theme=theme)
    for name, path in pages(chain).items():
        walk.go(path)
        wrong[name] = grave_findings(walk)
        if walk.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wrong[name].append("wider than the screen")
        walk.picture(f"{name}-{lang}-{theme}-{width}")
    walk.page.close()
    assert {name: found for name, found in wrong.items() if found} == {}
    assert walk.complaints == []


def test_counts_follow_the_people_without_a_reload(walk: Walk, database: Database, chain: Sample) -> None:
    walk.enter()
    walk.go("/journeys/hook-coupon")
    drawn = walk.page.locator('[data-people="wait_claim"]')
    expect(drawn).to_have_attribute("data-count", "4")
    walk.page.evaluate("window.notReloaded = true")
    with database.begin() as session:
        session.execute(update(Run).where(col(Run.node) == "wait_join").values(node="wait_claim"))
    expect(drawn).to_have_attribute("data-count", "9", timeout=15_000)
    expect(drawn.locator("text")).to_have_text("9")
    expect(walk.page.locator("#here-wait_claim")).to_contain_text("9")
    assert walk.page.evaluate("window.notReloaded")
    assert walk.complaints == []


def test_the_canvas_is_walked_by_keys(walk: Walk) -> None:
    walk.enter()
    walk.go("/journeys/hook-coupon")
    walk.page.focus("[data-canvas]")
    start = walk.page.get_attribute("[data-canvas] > svg", "viewBox")
    walk.page.keyboard.press("ArrowDown")
    walk.page.keyboard.press("+")
    assert walk.page.get_attribute("[data-canvas] > svg", "viewBox") != start
    walk.page.keyboard.press("Escape")
    assert walk.page.get_attribute("[data-canvas] > svg", "viewBox") == start
    walk.page.focus('.node[data-node="how"]')
    walk.page.keyboard.press("ArrowDown")
    assert walk.page.evaluate("document.activeElement.dataset.node") == "wait_add"
    walk.page.keyboard.press("Enter")
    walk.page.wait_for_url("**/runs?node=wait_add")
    assert walk.complaints == []


def test_the_canvas_is_dragged_and_zoomed_by_the_mouse(walk: Walk) -> None:
    walk.enter()
    walk.go("/journeys/hook-coupon")
    svg = walk.page.locator("[data-canvas] > svg")
    start = svg.get_attribute("viewBox")
    box = svg.bounding_box()
    assert box is not None
    walk.page.mouse.move(box["x"] + 30, box["y"] + 300)
    walk.page.mouse.down()
    walk.page.mouse.move(box["x"] + 130, box["y"] + 200, steps=4)
    walk.page.mouse.up()
    dragged = svg.get_attribute("viewBox")
    assert dragged != start
    walk.page.click("[data-zoom=in]")
    assert svg.get_attribute("viewBox") != dragged
    walk.page.click("[data-zoom=fit]")
    assert svg.get_attribute("viewBox") == start


def test_a_visit_from_the_door_to_a_run_and_out_again(walk: Walk) -> None:
    page = walk.page
    walk.go("/journeys?lang=en")
    page.fill("#username", "admin")
    page.fill("#password", "wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    assert [complaint[:4] for complaint in walk.complaints] == ["401:", "erro"]
    walk.complaints.clear()
    page.fill("#password", "correct horse battery")
    page.keyboard.press("Enter")
    page.wait_for_url(walk.address + "/journeys?lang=en")
    page.get_by_role("link", name="Scan, add, join, coupon").click()
    page.get_by_role("link", name="Runs", exact=True).click()
    page.get_by_text("Filter").first.click()
    page.get_by_label("Status").select_option("stuck")
    page.get_by_role("button", name="Apply").click()
    page.get_by_role("link", name="#6", exact=True).click()
    expect(page.get_by_role("heading", name="Run #6")).to_be_visible()
    page.get_by_text("Technical information").click()
    expect(page.get_by_role("link", name="See in Temporal")).to_have_attribute("rel", "noopener")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(walk.address + "/sign-in")
    assert walk.complaints == []


@pytest.mark.parametrize("width", [1280, 390])
def test_an_operator_stops_and_starts_things_without_losing_the_way(
    browser: Browser, address: Address, chain: Sample, database: Database, width: int
) -> None:
    walk = Walk(browser.new_page(viewport={"width": width, "height": 844}), address)
    page = walk.page
    walk.enter(lang="en")
    walk.go("/journeys/hook-coupon")
    page.locator("summary", has_text="Pause").click()
    assert grave_findings(walk) == []
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    page.get_by_role("button", name="Pause the journey").click()
    expect(page.locator(".head .state")).to_contain_text("Paused")
    page.locator("summary", has_text="Resume").click()
    page.get_by_label("Deadlines meanwhile").select_option("extend")
    assert grave_findings(walk) == []
    page.get_by_role("button", name="Resume the journey").click()
    expect(page.locator(".head .state")).to_contain_text("Published")
    walk.go(f"/runs/{chain.runs['stuck']}")
    page.locator("summary", has_text="End").click()
    assert grave_findings(walk) == []
    page.get_by_label("Leave through").select_option("timeout")
    page.get_by_role("button", name="Skip").click()
    page.wait_for_url(f"**/runs/{chain.runs['stuck']}")
    expect(page.get_by_text("Skip was asked by admin")).to_be_visible()
    expect(page.get_by_role("button", name="Retry")).to_be_disabled()
    with database.begin() as session:
        session.execute(update(RunCommand).values(taken_turn=3))
    expect(page.get_by_text("Skip was asked by admin")).to_have_count(0, timeout=10_000)
    expect(page.get_by_role("button", name="Retry")).to_be_enabled()
    assert walk.complaints == []
    page.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_many_runs_are_ticked_tried_and_done_by_keys_alone(
    browser: Browser, address: Address, chain: Sample, width: int
) -> None:
    walk = Walk(browser.new_page(viewport={"width": width, "height": 844}), address)
    page = walk.page
    walk.enter(lang="en")
    walk.go("/journeys/hook-coupon/runs?node=wait_add")
    for run in ("stuck", "wait_add"):
        page.get_by_label(f"Choose run #{chain.runs[run]}").press("Space")
    ticked = page.locator("[data-ticked]").first
    expect(ticked).to_have_text("2")
    page.get_by_label("Tick all on this page").press("Space")
    expect(ticked).to_have_text("6")
    page.get_by_label("Tick all on this page").press("Space")
    expect(ticked).to_have_text("0")
    for run in ("stuck", "wait_add"):
        page.get_by_label(f"Choose run #{chain.runs[run]}").press("Space")
    page.locator("summary", has_text="Bulk action").press("Enter")
    page.get_by_label("Action", exact=True).select_option("retry")
    assert grave_findings(walk) == []
    walk.picture(f"bulk-{width}")
    page.get_by_role("button", name="Try first").press("Enter")
    expect(page.get_by_text("2 runs are meant")).to_be_visible()
    expect(page.get_by_text("1 of the first 2 cannot be done")).to_be_visible()
    assert grave_findings(walk) == []
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    walk.picture(f"bulk-tried-{width}")
    page.get_by_role("button", name="Do it").press("Enter")
    page.wait_for_url("**/jobs/*")
    assert walk.complaints == []
    page.close()


def test_an_operator_sees_to_what_needs_them(walk: Walk, chain: Sample) -> None:
    page = walk.page
    walk.enter(lang="en")
    walk.go("/")
    page.get_by_role("link", name="Operations").click()
    page.get_by_role("row", name="A run is stuck").get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_role("row", name="A run is stuck")).to_have_count(0)
    page.get_by_role("link", name="Parked members").click()
    page.locator("summary", has_text="Release all").click()
    assert grave_findings(walk) == []
    page.get_by_role("button", name="Release all of them").click()
    expect(page.get_by_text("No member is parked.")).to_be_visible()
    walk.go("/journeys/hook-coupon")
    page.get_by_role("link", name="Start by hand").click()
    page.get_by_label("Member").fill(f"#{chain.members[3]}")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Ask all the same").click()
    expect(page.get_by_role("status")).to_contain_text("waits its turn")
    assert walk.complaints == []


def test_without_a_choice_the_theme_is_the_system_s(browser: Browser, address: Address) -> None:
    for scheme in ("dark", "light"):
        page = browser.new_page(color_scheme=scheme)
        page.goto(address + "/sign-in")
        assert page.evaluate("document.documentElement.dataset.bsTheme") == scheme
        page.close()


def test_the_api_s_description_works_under_the_policy(walk: Walk) -> None:
    walk.go("/docs")
    expect(walk.page.locator(".swagger-ui .info .title")).to_contain_text("Waystation", timeout=30_000)
    assert walk.complaints == []


@pytest.mark.parametrize("key", ["price-zone", "commission"])
def test_what_the_rows_of_a_wide_table_give_is_in_sight(
    walk: Walk, database: Database, clock: FixedClock, key: str
) -> None:
    text = next(each for name, each in documents("ruleset") if name == key)
    with database.begin() as session:
        put_draft(session, "ruleset", key, text, by="user:admin", now=clock.now())
    walk.enter(lang="en")
    walk.go(f"/rules/{key}?lang=en")
    frame = walk.page.locator(".table-wrap", has=walk.page.locator("table.decisions"))
    assert frame.evaluate("each => each.scrollWidth <= each.clientWidth")
