"""Entries that choose members in Chromium: the outlook and a list, by keys, on a desk and on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.secrets.keyring import KeyRing
from tests.engine.occurrences.world import Chosen, journey
from tests.ui.browser.conftest import Address, Walk
from tests.ui.browser.test_walks import grave_findings
from tests.ui.pages.test_entries_pages import EVERY
from tests.ui.sample import Sample

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("lang", "theme", "width"),
    [("zh", "light", 1280), ("en", "dark", 1280), ("zh", "dark", 390), ("en", "light", 390)],
)
def test_a_list_is_given_by_keys_and_the_outlook_is_clean_accessible_and_fits(  # noqa: PLR0917  fixtures
    browser: Browser,
    address: Address,
    chain: Sample,
    database: Database,
    keys: KeyRing,
    clock: FixedClock,
    lang: str,
    theme: str,
    width: int,
) -> None:
    assert chain.runs
    chosen = Chosen(database, keys, clock)
    [one, *_] = chosen.people(*["gold"] * 12, "silver")
    chosen.publish(journey(entry=EVERY, policies={"holdout": {"share_bp": 2000, "salt": "x"}}))
    chosen.tell_and_route()
    chosen.until("01-07 10:30")
    chosen.tell_and_route()
    walk = Walk(browser.new_page(viewport={"width": width, "height": 844 if width < 500 else 900}), address)
    page, wrong = walk.page, dict[str, list[str]]()

    def look(name: str) -> None:
        wrong[name] = grave_findings(walk)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wrong[name].append("wider than the screen")
        walk.picture(f"entries-{name}-{lang}-{theme}-{width}")

    walk.enter(lang=lang, theme=theme)
    walk.go("/journeys/test/entries")
    expect(page.locator(".entry-outlook")).to_have_count(len(EVERY))
    look("outlook")
    page.focus("#list-members")
    page.keyboard.type(f"{one}\nnobody")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/entries?given=1")
    expect(page.locator(".entry-outlook")).to_have_count(len(EVERY))
    look("given")
    chosen.tell_and_route()
    walk.go(f"/runs/{chosen.world.run().id}")
    look("run")
    page.close()
    assert {name: found for name, found in wrong.items() if found} == {}
    assert walk.complaints == []
