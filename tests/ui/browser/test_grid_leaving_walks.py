"""Whoever turns from a cell of a decision table to something else loses nothing, and changes nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Dialog, expect

from engine.clock import FixedClock
from engine.database.connection import Database
from tests.engine.rulesets.zones import zones
from tests.ui.browser.conftest import Address, Walk
from tests.ui.browser.test_grid_walks import cell, held_back, kept, save, saved

pytestmark = pytest.mark.browser


def rows_of(*names: str) -> list[dict[str, Any]]:
    return [{"id": name, "when": ["gold", None], "then": {"zone": name}} for name in names]


def ids(database: Database) -> list[str]:
    return [row["id"] for row in kept(database, "grid")["rows"]]


@pytest.fixture
def table(database: Database, clock: FixedClock, address: Address) -> str:
    """A draft of three rows: its key. The address brings the sample's people along."""
    save(database, clock, zones(key="grid", rows=rows_of("r1", "r2", "r3"), tests=[]))
    return "grid"


def test_delete_takes_the_row_that_is_written_in_though_somebody_inserts_one_above(
    walk: Walk, database: Database, clock: FixedClock, table: str
) -> None:
    page = walk.page
    walk.enter(lang="en")
    walk.go("/rules/grid/edit")
    cell(walk, "r2", 1).focus()
    page.keyboard.type("silver")
    save(database, clock, zones(key=table, rows=rows_of("theirs", "r1", "r2", "r3"), tests=[]))
    page.evaluate("document.body.dispatchEvent(new CustomEvent('draft-changed', { detail: { revision: 2 } }))")
    expect(page.locator("tbody tr[data-id]")).to_have_count(4)
    expect(cell(walk, "r2", 1).locator(".grid-field")).to_have_value("silver")
    page.get_by_role("button", name="Delete row").click()
    saved(walk, 4)
    assert ids(database) == ["theirs", "r1", "r3"]
    assert walk.complaints == []


def test_whoever_is_refused_a_text_on_leaving_stays_and_reads_why(walk: Walk, database: Database, table: str) -> None:
    page, keys = walk.page, walk.page.keyboard
    walk.enter(lang="en")
    walk.go("/rules/grid/edit")
    cell(walk, "r1", 0).focus()
    keys.press("F2")
    keys.press("Control+a")
    keys.type("r2")
    page.locator("nav.tabs a[href$='/versions']").click()
    expect(page.locator("#edit-notice [role=alert]")).to_contain_text("Another row has the id r2")
    expect(page).to_have_url(f"{walk.address}/rules/grid/edit")
    page.locator("nav.tabs a[href$='/versions']").click()
    page.wait_for_url("**/rules/grid/versions")
    assert ids(database) == ["r1", "r2", "r3"]


def test_whoever_follows_a_link_while_edits_wait_arrives_with_all_of_them_saved(
    walk: Walk, database: Database, table: str
) -> None:
    page, keys = walk.page, walk.page.keyboard
    walk.enter(lang="en")
    walk.go("/rules/grid/edit")
    under_way = held_back(walk)
    cell(walk, "r1", 1).focus()
    with page.expect_request("**/edit/send"):
        keys.type("silver")
        keys.press("Enter")
    keys.type("black")
    page.locator("nav.tabs a[href$='/versions']").click()
    under_way.let_go()
    page.wait_for_url("**/rules/grid/versions")
    assert [row["when"][0] for row in kept(database, table)["rows"]] == ["silver", "black", "gold"]
    assert walk.complaints == []


@pytest.mark.parametrize("written", ['"mini', "black"])
def test_a_table_with_a_text_that_is_not_saved_asks_before_it_is_left(walk: Walk, table: str, written: str) -> None:
    """One that was refused, and one that is still being written."""
    page, asked = walk.page, list[str]()

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", answer)
    walk.enter(lang="en")
    walk.go("/rules/grid/edit")
    cell(walk, "r1", 2).focus()
    page.keyboard.press("Enter")
    page.reload()
    assert asked == []
    cell(walk, "r1", 2).focus()
    page.keyboard.type(written)
    if written == '"mini':
        page.keyboard.press("Tab")
        expect(cell(walk, "r1", 2)).to_have_attribute("aria-invalid", "true")
    page.reload()
    assert asked == ["beforeunload"]


def test_the_condition_beside_the_table_holds_its_author_and_saves_what_is_good(
    walk: Walk, database: Database, table: str
) -> None:
    page = walk.page
    walk.enter(lang="en")
    walk.go("/rules/grid/edit")
    cell(walk, "r1", 0).click()
    page.get_by_role("button", name="Build condition").click()
    page.locator("#grid-condition .cond-json > summary").click()
    written = page.locator("#grid-condition .cond-json textarea")
    written.fill('{"==": [1, 1]}')
    page.get_by_role("button", name="Close").click()
    held = page.locator("#grid-condition [data-held]")
    expect(held).to_contain_text("lost if you go on")
    page.locator("nav.tabs a[href$='/versions']").click()
    expect(page).to_have_url(f"{walk.address}/rules/grid/edit")
    held.get_by_role("button", name="Go on without it").click()
    page.wait_for_url("**/rules/grid/versions")
    walk.go("/rules/grid/edit")
    cell(walk, "r1", 0).click()
    page.get_by_role("button", name="Build condition").click()
    page.get_by_role("combobox", name="Add a condition: search a field").fill("member.friend_of")
    page.locator("#grid-condition .cond-option").first.click()
    expect(page.locator("#grid-condition .cond")).to_have_attribute("data-revision", "2")
    page.locator("#grid-condition [name='value.1']").fill("li.na")
    page.locator("nav.tabs a[href$='/versions']").click()
    page.wait_for_url("**/rules/grid/versions")
    assert "li.na" in json.dumps(kept(database, table)["rows"][0]["and"])
    assert walk.complaints == []
