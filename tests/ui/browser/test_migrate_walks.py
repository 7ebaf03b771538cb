"""A draft is published in Chromium while people are inside: with a map, a share first, and a second person."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.definitions.versions import last_number
from engine.edits.store import editable, put_draft
from engine.jobs import store
from engine.jobs.kinds import MIGRATE
from tests.ui.browser.conftest import Address, Walk
from tests.ui.browser.test_walks import grave_findings
from ui.app import Dependencies
from workflows.activities.registry import catalogue_of, load_activities

pytestmark = pytest.mark.browser


@pytest.fixture
def deps(deps: Dependencies) -> Dependencies:
    """With the activity types that ship."""
    return replace(deps, catalogue=catalogue_of(load_activities()))


@pytest.fixture
def drafted(database: Database, clock: FixedClock, address: Address) -> str:
    """A draft of the hook coupon without one of its waits."""
    with database.begin() as session:
        document: dict[str, Any] = editable(session, "journey", "hook-coupon").document
        nodes = document["nodes"]
        nodes["wait_group"] = {**nodes.pop("wait_join"), "timeout": "P3D"}
        for node in nodes.values():
            for port, target in node.get("ports", {}).items():
                node["ports"][port] = "wait_group" if target == "wait_join" else target
        document["tests"] = []
        put_draft(session, "journey", "hook-coupon", json.dumps(document), by="user:someone", now=clock.now())
    assert address
    return "hook-coupon"


def test_a_journey_is_published_and_those_inside_go_where_its_page_says(
    walk: Walk, drafted: str, database: Database
) -> None:
    page = walk.page
    walk.enter(lang="en")
    walk.go(f"/journeys/{drafted}/publish")
    expect(page.locator("h1")).to_contain_text("Publish")
    expect(page.locator("main")).to_contain_text("For 1,000 who enter")
    expect(page.locator('[name="in_flight"][value="stay"]')).to_be_checked()
    expect(page.locator(".groups")).to_contain_text("Finishes on v2")
    page.locator('[name="in_flight"][value="migrate"]').check()
    expect(page.locator('[name="to:wait_join"]')).to_have_value("wait_group")
    expect(page.locator("#restarts")).to_contain_text("begin to wait 3 d from the moment they are moved")
    page.locator('[name="to:wait_join"]').select_option("coupon")
    expect(page.locator(".groups")).to_contain_text("Goes to Joined")
    page.locator('[name="in_flight"][value="stay"]').check()
    expect(page.locator(".groups")).to_contain_text("Finishes on v2")
    page.locator('[name="in_flight"][value="migrate"]').check()
    expect(page.locator('[name="to:wait_join"]')).to_be_visible()
    page.locator('[name="to:wait_join"]').select_option("wait_group")
    page.locator("#share").fill("20")
    page.locator("#note").fill("A shorter wait")
    expect(page.locator(".groups")).to_contain_text("Goes to Wait: Joined a group")
    walk.picture("publish-map")
    assert grave_findings(walk) == []
    page.locator('[name="sure"]').check()
    page.get_by_role("button", name="Publish").click()
    expect(page.locator(".migration")).to_contain_text("Runs go over to v3")
    walk.picture("publish-done")
    assert grave_findings(walk) == []
    with database.begin() as session:
        assert last_number(session, "journey", drafted) == 3
        [job] = store.list_jobs(session, kinds=[MIGRATE])
        assert (job.args["migrate"], job.args["canary_bp"]) == ({"wait_join": "wait_group"}, 2000)
    assert walk.complaints == []


def test_on_a_phone_in_the_dark_nothing_is_cut_off(browser: Browser, address: Address, drafted: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844}, color_scheme="dark")
    walk = Walk(page, address)
    walk.enter(theme="dark")
    walk.go(f"/journeys/{drafted}/publish")
    page.locator('[name="in_flight"][value="migrate"]').check()
    expect(page.locator('[name="to:wait_join"]')).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    walk.picture("publish-phone")
    assert grave_findings(walk) == []
    assert walk.complaints == []
    page.close()


class TestTheSecondPerson:
    @pytest.fixture
    def deps(self, deps: Dependencies) -> Dependencies:
        return replace(deps, approvals=frozenset({"journey"}))

    def test_who_has_not_edited_it_approves_it_on_its_page(self, walk: Walk, drafted: str) -> None:
        page = walk.page
        walk.enter(lang="en")
        walk.go(f"/journeys/{drafted}/publish")
        expect(page.get_by_role("button", name="Publish")).to_be_disabled()
        page.get_by_role("button", name="Approve").click()
        expect(page.locator(".notice-good")).to_contain_text("has approved the draft")
        expect(page.get_by_role("button", name="Publish")).to_be_enabled()
        walk.picture("publish-approved")
        assert walk.complaints == []
