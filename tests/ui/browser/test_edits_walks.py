"""Two browsers edit one draft: nobody's edit is lost, and both see what happened."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from engine.access.store import add_user
from engine.clock import FixedClock
from engine.database.connection import Database
from engine.definitions.drafts import read_draft
from engine.definitions.source import read_source
from engine.edits.store import editable
from tests.ui.browser.conftest import Address, Walk
from tests.ui.sample import PASSWORD, Sample

pytestmark = pytest.mark.browser

EDIT = "/edit/journey/win-back"


@pytest.fixture
def lin(browser: Browser, address: Address, database: Database, clock: FixedClock, chain: Sample) -> Iterator[Walk]:
    """The browser of another operator."""
    with database.begin() as session:
        add_user(session, "lin", PASSWORD, "operator", now=clock.now(), title="林")
    other = Walk(browser.new_context(viewport={"width": 1280, "height": 900}).new_page(), address)
    other.go("/sign-in")
    other.page.fill("#username", "lin")
    other.page.fill("#password", PASSWORD)
    other.page.click("form button[type=submit]")
    other.page.wait_for_url(address + "/")
    yield other
    other.page.context.close()


def document(database: Database) -> dict[str, Any]:
    with database.begin() as session:
        return read_source(read_draft(session, "journey", "win-back").document).document


def command(page: Page, base: int, **given: Any) -> int:
    """A command as a part of the page sends it: by a form of the page, and htmx."""
    form = """([address, command, base]) => {
      const form = document.createElement("form");
      form.setAttribute("hx-post", address);
      form.setAttribute("hx-swap", "none");
      form.innerHTML = '<input name="command"><input name="base"><button>go</button>';
      form.elements.command.value = command;
      form.elements.base.value = base;
      document.querySelector("main").append(form);
      htmx.process(form);
    }"""
    journey = "hook-coupon" if "hook-coupon" in page.url else "win-back"
    address = f"/edit/journey/{journey}/commands"
    page.evaluate(form, [address, json.dumps(given), str(base)])
    with page.expect_response(lambda response: response.url.endswith("/commands")) as answered:
        page.locator("main > form:last-child button").click()
    page.locator("main > form:last-child").evaluate("form => form.remove()")
    return answered.value.status


def set_title(page: Page, base: int, value: str) -> int:
    return command(page, base, command="set", pointer="/title", value=value)


def test_two_browsers_edit_one_draft_and_nobodys_edit_is_lost(walk: Walk, lin: Walk, database: Database) -> None:
    walk.enter()
    for each in (walk, lin):
        each.go(f"{EDIT}/json")
        expect(each.page.locator("#edit-pulse")).to_have_attribute("data-revision", "1")
    expect(walk.page.locator("#edit-people")).to_contain_text("林", timeout=15_000)
    expect(lin.page.locator("#edit-people")).to_contain_text("运营管理员", timeout=15_000)

    assert set_title(lin.page, 1, "林的标题") == 204
    notice = walk.page.locator("#edit-notice [data-notice]")
    expect(notice).to_contain_text("林 修改了 标题", timeout=15_000)
    expect(walk.page.locator("#edit-pulse")).to_have_attribute("data-revision", "2")
    assert walk.page.evaluate("document.activeElement === document.body"), "a notice takes no focus"
    notice.locator("[data-dismiss]").click()
    expect(notice).to_have_count(0)

    assert command(walk.page, 1, command="set", pointer="/note", value="我的备注") == 204
    expect(lin.page.locator("#edit-notice")).to_contain_text("运营管理员 修改了 备注", timeout=15_000)
    both = document(database)
    assert (both["title"], both["note"]) == ("林的标题", "我的备注")

    assert set_title(walk.page, 1, "我的标题") == 412
    conflict = walk.page.locator(".edit-note-conflict")
    expect(conflict).to_contain_text("林 修改了 标题")
    conflict.get_by_text("查看差异").click()
    expect(conflict).to_contain_text("林的标题")
    expect(conflict).to_contain_text("我的标题")
    walk.picture("conflict")
    assert document(database)["title"] == "林的标题"
    conflict.get_by_role("button", name="仍用我的修改").click()
    expect(conflict).to_have_count(0)
    expect(lin.page.locator("#edit-notice")).to_contain_text("运营管理员 修改了 标题", timeout=15_000)
    assert document(database)["title"] == "我的标题"
    assert [each for each in walk.complaints if "412" not in each] == []
    assert lin.complaints == []


def test_undo_and_redo_by_keys_survive_a_reload_and_ask_before_they_take_back_anothers(
    walk: Walk, lin: Walk, database: Database
) -> None:
    first = document(database)
    walk.enter()
    for each in (walk, lin):
        each.go(f"{EDIT}/json")
        expect(each.page.locator("#edit-pulse")).to_have_attribute("data-revision", "1")
    set_title(walk.page, 1, "一")
    set_title(lin.page, 2, "二")
    walk.go(f"{EDIT}/json")
    expect(walk.page.locator("#edit-undo")).to_have_attribute("title", "撤销: 修改了 标题 (林)")
    answers = ["dismiss", "accept"]
    asked: list[str] = []

    def answer(dialog: Any) -> None:
        asked.append(dialog.message)
        getattr(dialog, answers.pop(0))()

    walk.page.on("dialog", answer)
    walk.page.keyboard.press("Control+z")
    assert document(database)["title"] == "二"
    walk.page.keyboard.press("Control+z")
    expect(walk.page.locator("#edit-undo")).to_have_attribute("title", "撤销: 修改了 标题")
    assert asked == ["这一步是 林 做的：修改了 标题。要撤销吗？"] * 2
    walk.page.keyboard.press("Control+z")
    expect(walk.page.locator("#edit-undo")).to_be_disabled()
    assert document(database) == first
    expect(lin.page.locator("#edit-notice")).to_contain_text("运营管理员 撤销：修改了 标题", timeout=15_000)
    walk.page.keyboard.press("Control+Shift+z")
    expect(walk.page.locator("#edit-undo")).to_be_enabled()
    assert document(database)["title"] == "一"
    assert walk.complaints == []


def test_a_text_that_was_typed_meanwhile_is_kept_through_a_conflict(walk: Walk, lin: Walk, database: Database) -> None:
    walk.enter()
    walk.go(f"{EDIT}/json")
    lin.go(f"{EDIT}/json")
    expect(lin.page.locator("#edit-pulse")).to_have_attribute("data-revision", "1")
    text = walk.page.locator("#json-text")
    mine = {**document(database), "title": "我的", "note": "备注"}
    text.fill(json.dumps(mine, ensure_ascii=False, indent=1))
    set_title(lin.page, 1, "林的")
    command(lin.page, 2, command="set", pointer="/goal", value={"on": "coupon.redeemed"})
    walk.page.get_by_role("button", name="保存", exact=True).click()
    expect(walk.page.locator(".edit-stale")).to_contain_text("林改了同一处")
    expect(text).to_have_value(json.dumps(mine, ensure_ascii=False, indent=1))
    walk.page.get_by_text("查看差异").click()
    walk.picture("json-conflict")
    walk.page.get_by_role("button", name="仍用我的修改").click()
    expect(walk.page.locator(".edit-note")).to_contain_text("已保存")
    assert document(database) == {**mine, "goal": {"on": "coupon.redeemed"}}


def test_a_finding_leads_to_its_line_while_one_types(walk: Walk, chain: Sample) -> None:
    walk.enter()
    walk.go(f"{EDIT}/json")
    walk.page.locator("#json-text").fill('{\n "schema": "waystation/journey@1",\n "key": 7\n}')
    line = walk.page.locator('#json-lines [data-line="3"]').first
    expect(line).to_contain_text("第 3 行", timeout=15_000)
    line.click()
    chosen = walk.page.evaluate(
        "(() => { const it = document.activeElement; return it.value.slice(it.selectionStart, it.selectionEnd); })()"
    )
    assert chosen == "7"
    walk.picture("json-lines")
    assert walk.complaints == []


def test_two_people_work_in_one_editor_and_lose_nothing(walk: Walk, lin: Walk, database: Database) -> None:
    """The same with the picture and the panel: each sees the other's edit, and a conflict keeps what was typed."""

    def timeout() -> object:
        with database.begin() as session:
            document: Any = editable(session, "journey", "hook-coupon").document
        return document["nodes"]["wait_add"]["timeout"]

    walk.enter()
    for each in (walk, lin):
        each.go("/journeys/hook-coupon/edit?node=wait_add")
        expect(each.page.locator("#edit-pulse")).to_have_attribute("data-revision", "0")
    place = '[data-field][data-pointer="/nodes/wait_add/timeout"]'
    mine, theirs = (each.page.locator(f"{place} input[name=value]") for each in (walk, lin))
    lin.page.route("**/pulse?*", lambda route: route.fulfill(status=204))
    expect(theirs).to_be_visible()
    mine.fill("2 小时")
    mine.press("Tab")
    expect(walk.page.locator("#edit-pulse")).not_to_have_attribute("data-revision", "0")
    theirs.fill("3 小时")
    theirs.press("Tab")
    clash = lin.page.locator(f"{place} .clash")
    expect(clash).to_contain_text("运营管理员")
    assert (theirs.input_value(), timeout()) == ("3 小时", "PT2H")
    lin.picture("editor-conflict")
    clash.locator("[data-again]").click()
    expect(clash).to_have_count(0)
    lin.page.unroute("**/pulse?*")
    expect(walk.page.locator("#edit-notice")).to_contain_text("林 修改了 wait_add › 最长等待", timeout=15_000)
    expect(mine).to_have_value("3 小时")
    assert timeout() == "PT3H"

    revision = int(lin.page.locator("#edit-pulse").get_attribute("data-revision") or 0)
    assert command(lin.page, revision, command="delete", node="not_added") == 204
    expect(walk.page.locator("#edit-notice")).to_contain_text("删除了节点 not_added", timeout=15_000)
    expect(walk.page.locator('.canvas [data-node="not_added"]')).to_have_count(0)
    walk.picture("editor-notice")
    assert [each for each in (*walk.complaints, *lin.complaints) if "412" not in each] == []


def test_what_others_did_is_told_though_an_edit_of_ones_own_showed_it_already(walk: Walk, lin: Walk) -> None:
    walk.enter()
    for each in (walk, lin):
        each.go(f"{EDIT}/json")
        expect(each.page.locator("#edit-pulse")).to_have_attribute("data-revision", "1")
    with walk.page.expect_response("**/pulse?*"):
        pass
    walk.page.route("**/pulse?*", lambda route: route.fulfill(status=204))
    set_title(lin.page, 1, "林的")
    revision = 2
    assert command(walk.page, revision, command="set", pointer="/note", value="我的") == 204
    walk.page.evaluate("htmx.trigger(document.body, 'draft-changed', { revision: 3 })")
    expect(walk.page.locator("#edit-pulse")).to_have_attribute("data-revision", "3")
    walk.page.unroute("**/pulse?*")
    expect(walk.page.locator("#edit-notice")).to_contain_text("林 修改了 标题", timeout=15_000)
    expect(walk.page.locator("#edit-notice [data-notice]")).to_have_count(1)
    assert walk.complaints == []


def test_versions_are_compared_by_keys_and_an_old_one_is_restored(walk: Walk, database: Database) -> None:
    walk.enter()
    walk.go("/journeys/hook-coupon/versions")
    walk.picture("versions")
    walk.page.focus('[name=b][value="2"]')
    walk.page.keyboard.press("Enter")
    walk.page.wait_for_url("**/versions/compare?b=2&a=1")
    expect(walk.page.locator(".diff-title")).to_have_text("v1 → v2")
    walk.go("/journeys/hook-coupon/versions")
    walk.page.get_by_role("button", name="恢复为草稿 v1").click()
    walk.page.wait_for_url("**/journeys/hook-coupon/edit")
    expect(walk.page.locator("#edit-undo, #edit-redo").first).to_be_visible()
    with database.begin() as session:
        assert read_draft(session, "journey", "hook-coupon").revision == 1
    assert walk.complaints == []
