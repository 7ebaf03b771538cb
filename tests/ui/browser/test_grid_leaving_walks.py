"""Whoever turns from a cell of a decision table to something else loses nothing, and changes nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from engine.clock import FixedClock
from engine.database.connection import Database
from tests.engine.rulesets.zones import zones
from tests.ui.browser.conftest import Address, Walk
from tests.ui.browser.test_grid_walks import cell, kept, save, saved

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
