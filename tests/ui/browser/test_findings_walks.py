"""From a finding to its place and back: the problem is clicked, its place has the focus, the mend does away with it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.edits.store import put_draft
from tests.ui.browser.conftest import Walk
from tests.ui.browser.test_walks import grave_findings
from tests.ui.conditions.branch import put_branch
from tests.ui.finding_codes.clean import journey, ruleset

pytestmark = pytest.mark.browser

TEST: dict[str, Any] = {
    "name": "a friend",
    "given": {"member": {"friend": True}},
    "when": [{"at": "PT0S", "on": "order.paid"}],
    "then": {"path": ["how", "add"]},
}


def broken_journey() -> dict[str, Any]:
    """A beginning of an unknown event, a wait of one, a key too many, and a test that fails."""
    document = journey("broken")
    document["nodes"] = {name: each for name, each in document["nodes"].items() if name not in {"coupon", "ab"}}
    document["nodes"]["how"]["ports"] = {"friend": "rest", "else": "add"}
    document["nodes"]["add"] |= {
        "for": [{"on": "contact.addd", "port": "added"}],
        "ports": {"added": "rest", "timeout": "gone"},
    }
    return {**document, "entry": [{"on": "order.paid"}, {"on": "order.payed"}], "tests": [TEST]}


def save(database: Database, clock: FixedClock, kind: Any, document: dict[str, Any]) -> None:
    with database.begin() as session:
        put_draft(session, kind, document["key"], json.dumps(document), by="user:a", now=clock.now())


def problem(walk: Walk, pointer: str) -> Locator:
    return walk.page.locator(f'#edit-problems li[data-pointer="{pointer}"]')


@pytest.mark.parametrize(
    ("pointer", "focused", "mend"),
    [
        ("/nodes/add/for/0/on", '[id="f:/nodes/add/for/0/on"] input', "Write “Added as a friend”"),
        ("/entry/1/on", '[id="f:/entry/1/on"] input', "Write “Order paid”"),
        ("/tests/0", '[id="f:/tests/0"]', "Let the test state what comes out now"),
    ],
)
def test_a_problem_of_a_journey_leads_to_its_place(
    walk: Walk, database: Database, clock: FixedClock, pointer: str, focused: str, mend: str
) -> None:
    save(database, clock, "journey", broken_journey())
    walk.sign_in(lang="en")
    walk.go("/journeys/broken/edit")
    problem(walk, pointer).locator("a").click()
    expect(walk.page.locator(f"{focused}:focus")).to_have_count(1)
    expect(walk.page.locator(f"{focused}:focus")).to_be_in_viewport()
    walk.go("/journeys/broken/edit")
    problem(walk, pointer).get_by_role("button", name=mend, exact=True).click()
    expect(problem(walk, pointer)).to_have_count(0)
    assert walk.complaints == []


def test_a_problem_of_the_node_that_is_shown_leads_to_its_field_without_a_new_page(
    walk: Walk, database: Database, clock: FixedClock
) -> None:
    save(database, clock, "journey", broken_journey())
    walk.sign_in(lang="en")
    walk.go("/journeys/broken/edit?node=add")
    expect(walk.page.locator("#panel .field").first).to_be_visible()
    walk.page.evaluate("window.stays = true")
    problem(walk, "/nodes/add/for/0/on").locator("a").press("Enter")
    expect(walk.page.locator('[id="f:/nodes/add/for/0/on"] input:focus')).to_have_count(1)
    assert walk.page.evaluate("window.stays") is True


@pytest.mark.parametrize("width", [1280, 390])
def test_an_overlap_is_accepted_on_the_page_of_publishing_by_keys(
    walk: Walk, database: Database, clock: FixedClock, width: int
) -> None:
    put_branch(database, clock, {"==": [{"var": "member.friend"}, True]})
    page = walk.page
    page.set_viewport_size({"width": width, "height": 700})
    walk.enter(lang="en")
    walk.go("/journeys/branch/publish")
    box = page.locator(".overlap")
    warnings = page.locator(".stat", has_text="Warnings").locator(".value")
    expect(warnings).to_have_text("1")
    page.locator("#note").fill("kept")
    box.get_by_text("Accept with a reason").focus()
    page.keyboard.press("Enter")
    expect(box.locator("textarea")).to_be_focused()
    expect(box.get_by_role("button", name="Accept")).to_be_in_viewport(ratio=1)
    assert grave_findings(walk, ".overlap") == []
    walk.picture(f"overlap-open-{width}")
    page.keyboard.type("Both may run")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(box).to_contain_text("Accepted by admin: Both may run")
    expect(box).to_be_focused()
    expect(box.locator("form")).to_have_count(0)
    expect(warnings).to_have_text("0")
    expect(page.locator("#note")).to_have_value("kept")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert grave_findings(walk, ".overlap") == []
    walk.picture(f"overlap-accepted-{width}")
    assert walk.complaints == []


@pytest.mark.parametrize("width", [1280, 390])
def test_on_the_desk_the_form_is_shown_whole_and_the_mark_goes_with_the_warning(
    walk: Walk, database: Database, clock: FixedClock, width: int
) -> None:
    put_branch(database, clock, {"==": [{"var": "member.friend"}, True]})
    page = walk.page
    page.set_viewport_size({"width": width, "height": 600})
    walk.enter(lang="en")
    walk.go("/journeys/branch/edit?part=entry")
    found = problem(walk, "/entry/0")
    mark = page.locator("#graph .mark-warn, #graph .state-waiting")
    expect(found).to_have_count(1)
    expect(mark).not_to_have_count(0)
    page.locator("#panel a[data-accepts]").click()
    expect(found.locator("textarea")).to_be_focused()
    expect(found.locator("textarea")).to_be_in_viewport(ratio=1)
    expect(found.get_by_role("button", name="Accept")).to_be_in_viewport(ratio=1)
    found.locator("summary").press("Enter")
    found.locator("summary").press("Enter")
    expect(found.locator("textarea")).to_be_focused()
    expect(found.get_by_role("button", name="Accept")).to_be_in_viewport(ratio=1)
    page.keyboard.type("Both may run")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(found).to_contain_text("Accepted by admin: Both may run")
    expect(found).to_be_focused()
    expect(mark).to_have_count(0)
    expect(page.locator("#panel .finding-accepted")).to_have_count(1)
    assert page.locator("#panel .finding-warning").count() == 0
    walk.picture(f"overlap-desk-{width}")
    assert walk.complaints == []


def broken_table() -> dict[str, Any]:
    """Two rows that overlap, a column of an unknown field in a table of its own, a test that fails."""
    document = ruleset(
        "broken", agree=[{"id": "p", "vary": "member.tier", "among": ["gold", "black"], "same": ["zone"]}]
    )
    document["rows"][0]["and"] = {"==": [{"var": "member.teir"}, 1]}
    return {**document, "inputs": [*document["inputs"], {"field": "member.pionts"}]}


def test_a_finding_of_a_table_leads_to_its_cell_and_its_column(
    walk: Walk, database: Database, clock: FixedClock
) -> None:
    document = broken_table()
    for row in document["rows"]:
        row["when"].append(None)
    save(database, clock, "ruleset", document)
    walk.sign_in(lang="en")
    walk.go("/rules/broken/edit")
    page = walk.page
    found = page.locator('#grid-findings li[data-code="unknown-field"]')
    expect(found).to_have_count(2)
    found.locator('a[data-place^="/rows"]').click()
    expect(page.locator('tr[data-id="gold"] td.of-and:focus')).to_have_count(1)
    expect(page.locator('[data-line="fault"]')).to_contain_text("member.teir")
    found.locator('a[data-place^="/inputs"]').click()
    expect(page.locator('#columns-box[open] li:has(:focus) [data-says="/inputs/2"]')).to_contain_text("member.pionts")
    expect(page.locator('th[data-place="/inputs/2"] .mark-error')).to_be_visible()
    found.get_by_role("button", name="Write “Points (member.points)”").click()
    expect(found).to_have_count(1)
    expect(page.locator('[data-says="/inputs/2"]')).to_be_hidden()
    assert walk.complaints == []
