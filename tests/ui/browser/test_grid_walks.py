"""Walks through the editor of decision tables: by mouse, by keyboard alone, on a phone, with five hundred rows."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, expect

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.definitions.source import read_source
from engine.edits.store import editable, put_draft
from tests.engine.rulesets.zones import zones
from tests.ui.browser.conftest import Address, Walk
from tests.ui.browser.holding import Holding
from tests.ui.browser.test_walks import grave_findings

pytestmark = pytest.mark.browser


@pytest.fixture
def table(database: Database, clock: FixedClock, address: Address) -> str:
    """A draft to be edited: its key. The address brings the sample's people along."""
    save(database, clock, zones(key="grid"))
    return "grid"


def save(database: Database, clock: FixedClock, document: dict[str, Any]) -> None:
    with database.begin() as session:
        text = json.dumps(document, ensure_ascii=False)
        put_draft(session, "ruleset", document["key"], text, by="user:a", now=clock.now())


def kept(database: Database, key: str) -> dict[str, Any]:
    """The draft as it is kept."""
    with database.begin() as session:
        return read_source(editable(session, "ruleset", key).text).document


def cell(walk: Walk, row: str, column: int) -> Locator:
    return walk.page.locator(f'tr[data-id="{row}"] > :nth-child({column + 1})')


def saved(walk: Walk, revision: int) -> None:
    expect(walk.page.locator("[data-grid]")).to_have_attribute("data-revision", str(revision))


def held_back(walk: Walk) -> Holding:
    """Edits on their way to the server, until each is told to go on."""
    return Holding(walk.page, "**/edit/send")


def test_a_table_is_edited_by_keys_alone(walk: Walk, database: Database, table: str) -> None:
    walk.enter(lang="en")
    walk.go("/rules/grid/edit")
    page, keys = walk.page, walk.page.keyboard
    cell(walk, "app", 0).focus()
    keys.press("ArrowRight")
    keys.press("Enter")
    keys.press("Control+a")
    keys.type("gold, silver")
    keys.press("Enter")
    saved(walk, 2)
    expect(cell(walk, "app", 1)).to_have_text("gold or silver")
    expect(cell(walk, "score", 1)).to_be_focused()
    keys.type("not black")
    keys.press("Tab")
    saved(walk, 3)
    expect(cell(walk, "score", 2)).to_be_focused()
    keys.press("Control+Enter")
    saved(walk, 4)
    expect(cell(walk, "r1", 1)).to_be_focused()
    keys.type("black")
    keys.press("Escape")
    expect(cell(walk, "r1", 1)).to_have_text("")
    keys.press("Alt+ArrowUp")
    saved(walk, 5)
    keys.press("Control+d")
    saved(walk, 6)
    keys.press("Control+Delete")
    saved(walk, 7)
    assert [row["id"] for row in kept(database, table)["rows"]] == ["app", "r1", "score"]
    assert kept(database, table)["rows"][0]["when"] == [["gold", "silver"], "mini_program"]
    page.keyboard.press("Delete")
    assert walk.complaints == []


def test_what_cannot_be_read_stays_with_its_reason(walk: Walk, database: Database, table: str) -> None:
    walk.enter(lang="en")
    walk.go("/rules/grid/edit")
    cell(walk, "app", 2).click()
    cell(walk, "app", 2).click()
    walk.page.keyboard.press("Control+a")
    walk.page.keyboard.type('"mini')
    walk.page.keyboard.press("Tab")
    expect(cell(walk, "app", 2)).to_have_attribute("aria-invalid", "true")
    expect(cell(walk, "app", 2)).to_have_text('"mini')
    cell(walk, "app", 2).focus()
    expect(walk.page.locator("[data-line=fault]")).to_contain_text("quotes")
    assert kept(database, table)["rows"][0]["when"][1] == "mini_program"
    walk.page.keyboard.press("Enter")
    walk.page.keyboard.press("Control+a")
    walk.page.keyboard.type("pos")
    walk.page.keyboard.press("Enter")
    saved(walk, 2)
    expect(cell(walk, "app", 2)).not_to_have_attribute("aria-invalid", "true")
    walk.complaints.clear()  # the refusal itself, which browsers log


def large(count: int = 500) -> dict[str, Any]:
    rows = [
        {
            "id": f"r{i}",
            "when": ["gold", {"from": i * 10, "to": i * 10 + 10}],
            "then": {"zone": f"Z{i}"},
            "note": f"行 {i}",
        }
        for i in range(1, count + 1)
    ]
    fields = {"event.score": {"type": "integer", "min": 0, "optional": True}}
    inputs = [{"field": "member.tier"}, {"field": "event.score"}]
    return zones(key="large", rows=rows, fields=fields, inputs=inputs, tests=[], conditions={})


def test_five_hundred_rows_change_one_at_a_time(walk: Walk, database: Database, clock: FixedClock) -> None:
    save(database, clock, large())
    walk.enter(lang="en")
    walk.go("/rules/large/edit")
    expect(walk.page.locator("tbody tr")).to_have_count(500)
    walk.page.evaluate("document.querySelector('tr[data-id=r250]').untouched = true")
    cell(walk, "r249", 2).focus()
    walk.page.keyboard.type(">= 5")
    walk.page.keyboard.press("Enter")
    saved(walk, 2)
    assert walk.page.evaluate("document.querySelector('tr[data-id=r250]').untouched")
    assert kept(database, "large")["rows"][248]["when"][1] == {"from": 5}


OVERLAPPING = [
    {"id": "app", "when": ["gold", "mini_program"], "then": {"zone": "SPECIAL"}},
    {"id": "wide", "when": [["gold", "silver"], None], "then": {"zone": "FULL"}, "note": "双十一"},
]


@pytest.mark.parametrize(("lang", "theme", "width"), [("zh", "light", 1280), ("en", "dark", 390)])
def test_the_editor_is_clean_accessible_and_fits(
    browser: Browser, address: Address, database: Database, clock: FixedClock, lang: str, theme: str, width: int
) -> None:
    save(database, clock, zones(key="grid", rows=OVERLAPPING, tests=[]))
    walk = Walk(browser.new_page(viewport={"width": width, "height": 844}), address)
    walk.enter(lang=lang, theme=theme)
    walk.go("/rules/grid/edit")
    expect(walk.page.locator("#grid-findings-title + .aside")).to_be_visible()
    expect(walk.page.locator("#try-1")).to_be_visible()
    cell(walk, "wide", 1).click()
    cell(walk, "wide", 1).click()
    assert grave_findings(walk) == []
    assert not walk.page.evaluate("document.documentElement.scrollWidth > innerWidth")
    walk.picture(f"grid-{lang}-{theme}-{width}")
    walk.page.close()
    assert walk.complaints == []


def test_a_block_goes_to_a_spreadsheet_and_comes_back(walk: Walk, database: Database, table: str) -> None:
    walk.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    walk.enter(lang="en")
    walk.go("/rules/grid/edit")
    cell(walk, "app", 1).click()
    walk.page.keyboard.press("Shift+ArrowRight")
    walk.page.keyboard.press("Control+c")
    assert walk.page.evaluate("navigator.clipboard.readText()") == "gold\tmini_program"
    walk.page.evaluate('navigator.clipboard.writeText("silver\\tpos\\n\\"not a\\"\\t\\nblack\\tmall, jd\\n")')
    cell(walk, "score", 1).click()
    walk.page.keyboard.press("Control+v")
    saved(walk, 2)
    assert [row["when"] for row in kept(database, table)["rows"]] == [
        ["gold", "mini_program"], ["silver", "pos"], [{"not": "a"}, None], ["black", ["mall", "jd"]],
    ]  # fmt: skip
    assert [row["id"] for row in kept(database, table)["rows"]] == ["app", "score", "r1", "r2"]
    assert walk.complaints == []


def test_a_whole_table_goes_to_a_spreadsheet_and_comes_back_unchanged(
    walk: Walk, database: Database, clock: FixedClock
) -> None:
    save(database, clock, large())
    before = kept(database, "large")
    walk.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    walk.enter(lang="en")
    walk.go("/rules/large/edit")
    cell(walk, "r1", 0).focus()
    walk.page.keyboard.press("Control+a")
    walk.page.keyboard.press("Control+c")
    lines = walk.page.evaluate("navigator.clipboard.readText()").split("\n")
    assert (len(lines), lines[6]) == (500, "r7\tgold\t70 .. 80\tZ7\t行 7")
    with walk.page.expect_response("**/edit/send") as answer:
        walk.page.keyboard.press("Control+v")
    assert answer.value.status == 200
    assert kept(database, "large") == before
    expect(walk.page.locator('[data-grid] [aria-busy="true"]')).to_have_count(0)
    assert walk.complaints == []


def test_a_finding_is_mended_and_the_mend_taken_back_by_mouse(
    walk: Walk, database: Database, clock: FixedClock, address: Address
) -> None:
    rows = [*OVERLAPPING, {"id": "twice", "when": ["gold", 5], "then": {"zone": "X"}}]
    save(database, clock, zones(key="grid", rows=rows, tests=[]))
    walk.enter(lang="en")
    walk.go("/rules/grid/edit")
    expect(cell(walk, "twice", 2)).to_have_attribute("aria-invalid", "true")
    walk.page.get_by_role("button", name="Empty this cell").click()
    saved(walk, 2)
    expect(cell(walk, "twice", 2)).not_to_have_attribute("aria-invalid", "true")
    walk.page.locator("#edit-undo").click()
    expect(cell(walk, "twice", 2)).to_have_text("json:5")
    assert kept(database, "grid")["rows"][2]["when"] == ["gold", 5]
    assert walk.complaints == []


def test_a_ruleset_is_built_from_an_empty_page_by_mouse(walk: Walk, database: Database, address: Address) -> None:
    page = walk.page
    walk.enter(lang="en")
    walk.go("/rules")
    page.get_by_role("link", name="New ruleset").click()
    page.fill("#new-zh", "价格")
    page.fill("#new-en", "Prices")
    expect(page.locator("#new-key-proposed")).to_contain_text("prices")
    page.get_by_role("button", name="Start designing").click()
    page.wait_for_url("**/rules/prices/edit")
    page.fill("#input-field", "member.in_group")
    page.get_by_role("button", name="Add input").click()
    saved(walk, 2)
    page.fill("#output-key", "zone")
    page.get_by_role("button", name="Add output").click()
    saved(walk, 3)
    page.get_by_role("button", name="Add row", exact=True).click()
    saved(walk, 4)
    cell(walk, "r1", 1).click()
    page.get_by_role("button", name="Edit cell").click()
    page.locator(".grid-choices li", has_text="true").click()
    page.keyboard.press("Tab")
    saved(walk, 5)
    cell(walk, "r1", 5).click()
    page.keyboard.type("GROUP")
    page.keyboard.press("Enter")
    saved(walk, 6)
    page.locator("#terms-box > summary").click()
    page.check("input[name=has]")
    saved(walk, 7)
    page.fill("#given-1", "FULL")
    page.keyboard.press("Tab")
    saved(walk, 8)
    document = kept(database, "prices")
    assert document["rows"] == [{"id": "r1", "when": [True], "then": {"zone": "GROUP"}}]
    assert document["otherwise"] == {"zone": "FULL"}
    expect(page.locator("#grid-findings")).to_contain_text("Nothing was found")
    walk.picture("grid-built")
    assert walk.complaints == []


def test_a_condition_is_built_beside_the_table(walk: Walk, database: Database, table: str) -> None:
    walk.enter(lang="en")
    walk.go("/rules/grid/edit")
    cell(walk, "app", 3).click()
    walk.page.get_by_role("button", name="Build condition").click()
    expect(walk.page.locator("#grid-condition")).to_contain_text("app")
    expect(walk.page.locator("#grid-condition-body .cond, #grid-condition-body form").first).to_be_visible()
    assert grave_findings(walk) == []
    walk.picture("grid-condition")
    walk.page.get_by_role("button", name="Close").click()
    expect(cell(walk, "app", 3)).to_be_focused()
    assert walk.complaints == []


def test_a_spreadsheet_is_looked_at_and_applied(walk: Walk, database: Database, table: str) -> None:
    walk.enter(lang="en")
    walk.go("/rules/grid/edit")
    with walk.page.expect_download() as download:
        walk.page.locator('a[href$="format=csv"]').click()
    text = download.value.path().read_text(encoding="utf-8-sig").replace("not gold", "black")
    file: Any = {"name": "rows.csv", "mimeType": "text/csv", "buffer": text.encode()}
    walk.page.set_input_files("#sheet-file", file)
    walk.page.get_by_role("button", name="See what differs").click()
    expect(walk.page.locator("#sheet-preview")).to_contain_text("1 cell changed")
    walk.page.get_by_role("button", name="Apply").click()
    saved(walk, 2)
    expect(cell(walk, "score", 1)).to_have_text("black")
    expect(walk.page.locator("#sheet-preview")).to_be_empty()
    walk.page.locator("#edit-undo").click()
    expect(cell(walk, "score", 1)).to_have_text("not gold")
    file = {"name": "rows.csv", "mimeType": "text/csv", "buffer": text.replace("black", '"not"""').encode()}
    walk.page.set_input_files("#sheet-file", file)
    walk.page.get_by_role("button", name="See what differs").click()
    expect(walk.page.locator("#sheet-preview")).to_contain_text("Row 3, column B")
    walk.complaints = [each for each in walk.complaints if "422" not in each]
    assert walk.complaints == []


def test_whoever_writes_on_while_an_edit_is_being_saved_loses_nothing(
    walk: Walk, database: Database, table: str
) -> None:
    walk.sign_in(lang="en")
    walk.go("/rules/grid/edit")
    page, keys = walk.page, walk.page.keyboard
    under_way = held_back(walk)
    cell(walk, "app", 1).focus()
    keys.type("silver")
    with page.expect_request("**/edit/send"):
        keys.press("Tab")
    keys.type("po")
    with page.expect_response("**/edit/send"):
        under_way.go_on()
    saved(walk, 2)
    keys.type("s")
    expect(page.locator(".grid-field")).to_have_value("pos")
    with page.expect_request("**/edit/send"):
        keys.press("Enter")
    with page.expect_response("**/edit/send"):
        under_way.go_on()
    saved(walk, 3)
    assert kept(database, table)["rows"][0]["when"] == ["silver", "pos"]
    cell(walk, "app", 1).focus()
    with page.expect_request("**/edit/send"):
        keys.press("Control+Enter")
    keys.type("black")
    keys.press("Enter")
    under_way.let_go()
    saved(walk, 5)
    assert [row["when"][0] for row in kept(database, table)["rows"]][:2] == ["silver", "black"]


def test_an_edit_that_did_not_arrive_is_told_and_sent_again(walk: Walk, database: Database, table: str) -> None:
    page, keys = walk.page, walk.page.keyboard
    walk.sign_in(lang="en")
    walk.go("/rules/grid/edit")
    page.route("**/edit/send", lambda route: route.abort())
    cell(walk, "app", 1).focus()
    keys.press("Control+d")
    expect(page.locator("#edit-notice [data-unsent]")).to_contain_text("Not saved")
    page.unroute("**/edit/send")
    page.get_by_role("button", name="Try again").click()
    saved(walk, 2)
    expect(page.locator("#edit-notice [data-unsent]")).to_have_count(0)
    assert len(kept(database, table)["rows"]) == 3
    cell(walk, "app", 1).focus()
    page.context.clear_cookies()
    keys.press("Control+d")
    expect(page).to_have_url(f"{walk.address}/sign-in")


def test_a_text_stands_at_once_and_goes_back_with_a_notice_where_it_is_refused(
    walk: Walk, database: Database, table: str
) -> None:
    page, keys = walk.page, walk.page.keyboard
    walk.enter(lang="en")
    walk.go("/rules/grid/edit")
    under_way = held_back(walk)
    named = cell(walk, "app", 0)
    words = named.locator(".grid-id")
    named.focus()
    keys.press("F2")
    keys.press("Control+a")
    keys.type("score")
    with page.expect_request("**/edit/send"):
        keys.press("Enter")
    expect(words).to_have_text("score")
    expect(named).to_have_attribute("aria-busy", "true")
    expect(cell(walk, "score", 0)).to_be_focused()
    walk.picture("grid-being-saved")
    under_way.go_on()
    expect(words).to_have_text("app")
    expect(named).not_to_have_attribute("aria-busy", "true")
    expect(named).not_to_have_attribute("aria-invalid", "true")
    notice = page.locator("#edit-notice [role=alert]")
    expect(notice).to_contain_text("Not saved: “score” in row app, column Row")
    expect(notice).to_contain_text("Another row has the id score")
    walk.picture("grid-refused")
    assert [row["id"] for row in kept(database, table)["rows"]] == ["app", "score"]
    expect(cell(walk, "score", 0)).to_be_focused()
    under_way.let_go()
    cell(walk, "app", 1).focus()
    keys.type("silver")
    keys.press("Enter")
    saved(walk, 2)
    expect(notice).to_have_count(0)
    assert kept(database, table)["rows"][0]["when"][0] == "silver"


def test_undo_takes_back_what_was_written_last_though_it_is_still_being_saved(
    walk: Walk, database: Database, table: str
) -> None:
    page, keys = walk.page, walk.page.keyboard
    walk.enter(lang="en")
    walk.go("/rules/grid/edit")
    cell(walk, "app", 1).focus()
    keys.type("silver")
    keys.press("Enter")
    saved(walk, 2)
    expect(page.locator("#edit-undo")).to_be_enabled()
    under_way = held_back(walk)
    cell(walk, "app", 1).focus()
    keys.type("black")
    with page.expect_request("**/edit/send"):
        keys.press("Enter")
    keys.press("Control+z")
    under_way.let_go()
    saved(walk, 4)
    expect(cell(walk, "app", 1)).to_have_text("silver")
    expect(page.locator("#edit-notice")).to_be_empty()
    assert kept(database, table)["rows"][0]["when"][0] == "silver"
    expect(page.locator("#edit-redo")).to_be_enabled()
    keys.press("Control+y")
    saved(walk, 5)
    expect(cell(walk, "app", 1)).to_have_text("black")
    assert walk.complaints == []
