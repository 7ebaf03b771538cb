"""Editing a draft from pages: commands and notices, the bar, what others did meanwhile, problems, the JSON view."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from engine.access.roles import Place
from engine.access.store import add_user
from engine.clock import FixedClock
from engine.database.connection import Database
from engine.definitions.drafts import read_draft
from engine.definitions.source import read_source
from engine.edits.store import editable, put_draft
from tests.ui.conftest import SignIn
from tests.ui.sample import PASSWORD, Sample
from tests.ui.visitor import Visitor, visiting

DRAFT: dict[str, Any] = {"title": {"zh": "标题", "en": "T"}, "nodes": {"a": {"type": "end", "title": "终点"}}}
EDIT = "/edit/journey/j"


@pytest.fixture
def draft(database: Database, clock: FixedClock, chain: Sample) -> Callable[[], dict[str, Any]]:
    """A draft, and what it says now."""
    with database.begin() as session:
        put_draft(session, "journey", "j", json.dumps(DRAFT), by="user:admin", now=clock.now())
        add_user(session, "lin", PASSWORD, "operator", now=clock.now(), title="林")
        add_user(session, "eyes", PASSWORD, "auditor", now=clock.now(), title="审计", place=Place())

    def now() -> dict[str, Any]:
        with database.begin() as session:
            return read_source(read_draft(session, "journey", "j").document).document

    return now


@pytest.fixture
def sign_in(admin: Visitor) -> Iterator[SignIn]:
    """Other people's browsers on the same application."""
    opened: list[Any] = []

    def open_browser(name: str) -> Visitor:
        context = visiting(admin.app)
        browser = context.__enter__()
        opened.append(context)
        assert browser.post("/sign-in", data={"username": name, "password": PASSWORD}).status_code == 303
        return browser

    yield open_browser
    for context in opened:
        context.__exit__(None, None, None)


def send(browser: Visitor, base: int | None = None, **command: Any) -> httpx.Response:
    data = {"command": json.dumps(command), **({} if base is None else {"base": str(base)})}
    return browser.post(f"{EDIT}/commands", data=data)


def set_title(browser: Visitor, value: str, base: int | None = None) -> httpx.Response:
    return send(browser, base, command="set", pointer="/title/zh", value=value)


def text_of(answer: httpx.Response) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text)))


def test_a_command_is_carried_out_and_every_part_of_the_page_hears_of_it(admin: Visitor, draft: Any) -> None:
    done = set_title(admin, "新", base=1)
    assert done.status_code == 204
    assert json.loads(done.headers["hx-trigger"]) == {"draft-changed": {"revision": 2, "target": "body"}}
    assert draft()["title"]["zh"] == "新"
    assert admin.post(f"{EDIT}/undo", data={"n": "1"}).status_code == 204
    assert draft() == DRAFT
    assert admin.post(f"{EDIT}/redo").status_code == 204
    assert draft()["title"]["zh"] == "新"


REFUSED = [
    ({"command": "fly"}, "没有这个命令"),
    ({"command": "set", "pointer": "/nodes/z/x", "value": 1}, "草稿里没有这个位置"),
]


@pytest.mark.parametrize(("command", "words"), REFUSED)
def test_a_refusal_goes_to_the_notices_and_changes_nothing(
    admin: Visitor, draft: Any, command: dict[str, Any], words: str
) -> None:
    refused = send(admin, **command)
    assert (refused.status_code, refused.headers["hx-retarget"]) == (422, "#edit-notice")
    assert words in text_of(refused)
    assert draft() == DRAFT


def test_what_is_no_json_or_cannot_be_undone_is_told(admin: Visitor, draft: Any) -> None:
    assert "不是可读的 JSON" in text_of(admin.post(f"{EDIT}/commands", data={"command": "{"}))
    assert "没有可撤销的修改" in text_of(admin.post(f"{EDIT}/undo"))
    assert "没有可重做的修改" in text_of(admin.post(f"{EDIT}/redo"))
    set_title(admin, "一")
    set_title(admin, "二", base=2)
    assert "没有撤销任何内容" in text_of(admin.post(f"{EDIT}/undo", data={"n": "9"}))


def test_a_conflict_tells_who_when_what_and_offers_to_apply_it_again(
    admin: Visitor, sign_in: SignIn, draft: Any
) -> None:
    set_title(sign_in("lin"), "林的")
    refused = set_title(admin, "我的", base=1)
    said = text_of(refused)
    assert (refused.status_code, refused.headers["hx-retarget"]) == (412, "#edit-notice")
    assert "林 修改了 标题 › 中文" in said
    assert re.search("修改之前 标题 对方的 林的 我的 我的", said)
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', refused.text))
    again = admin.post(f"{EDIT}/commands", data={name: html.unescape(value) for name, value in fields.items()})
    assert again.status_code == 204
    assert draft()["title"]["zh"] == "我的"


def test_another_browser_of_the_same_person_is_another_author(admin: Visitor, sign_in: SignIn, draft: Any) -> None:
    set_title(sign_in("admin"), "那边")
    refused = set_title(admin, "这边", base=1)
    assert refused.status_code == 412
    assert "您在另一个窗口 修改了" in text_of(refused)
    assert draft()["title"]["zh"] == "那边"


def test_another_tab_of_the_same_browser_is_another_author(admin: Visitor, draft: Any) -> None:
    def set_in(tab: str, value: str) -> httpx.Response:
        command = json.dumps({"command": "set", "pointer": "/title/zh", "value": value})
        return admin.post(f"{EDIT}/commands", data={"command": command, "base": "1"}, headers={"X-Tab": tab})

    assert set_in("a1", "那边").status_code == 204
    refused = set_in("b2", "这边")
    assert refused.status_code == 412
    assert "您在另一个窗口 修改了" in text_of(refused)
    assert set_in("a1", "还是那边").status_code == 204, "what the same tab did never clashes"
    assert draft()["title"]["zh"] == "还是那边"


def test_only_those_who_edit_for_the_whole_chain_change_a_draft(sign_in: SignIn, draft: Any) -> None:
    eyes = sign_in("eyes")
    assert set_title(eyes, "x").status_code == 403
    assert eyes.post(f"{EDIT}/undo").status_code == 403
    assert eyes.post(f"{EDIT}/json", data={"text": "{}"}).status_code == 403
    assert draft() == DRAFT
    bar = eyes.get(f"{EDIT}/bar")
    assert "edit-undo" not in bar.text
    assert "readonly" in eyes.get(f"{EDIT}/json").text


def test_the_bar_names_the_step_and_asks_before_it_takes_back_anothers(
    admin: Visitor, sign_in: SignIn, draft: Any
) -> None:
    assert "disabled" in admin.get(f"{EDIT}/bar").text
    set_title(admin, "一")
    bar = admin.get(f"{EDIT}/bar")
    assert "撤销 : 修改了 标题 › 中文" in text_of(bar)
    assert "hx-confirm" not in bar.text
    set_title(sign_in("lin"), "二")
    asked = html.unescape(re.findall(r'hx-confirm="([^"]*)"', admin.get(f"{EDIT}/bar").text)[0])
    assert asked == "这一步是 林 做的：修改了 标题 › 中文。要撤销吗？"


def test_the_bar_says_what_stays_live_while_the_draft_differs(admin: Visitor, chain: Sample) -> None:
    live = "/edit/journey/hook-coupon"

    def bar() -> str:
        return text_of(admin.get(f"{live}/bar"))

    assert "与已发布版本相同" in bar()
    rename = {"command": "set", "pointer": "/title/zh", "value": "新名字"}
    assert admin.post(f"{live}/commands", data={"command": json.dumps(rename)}).status_code == 204
    assert "发布之前线上仍是 v2" in bar()
    assert "第一处修改" not in text_of(admin.get("/journeys/hook-coupon/edit"))
    assert admin.post(f"{live}/undo").status_code == 204
    assert "与已发布版本相同" in bar()
    assert "第一处修改" in text_of(admin.get("/journeys/hook-coupon/edit"))


def test_the_pulse_tells_what_others_did_and_who_is_here(
    admin: Visitor, sign_in: SignIn, clock: FixedClock, draft: Any
) -> None:
    lin = sign_in("lin")
    assert admin.get(f"{EDIT}/pulse?revision=1").status_code == 204
    assert lin.get(f"{EDIT}/pulse?revision=1").headers["hx-trigger"] == '{"presence-changed": {"target": "body"}}'
    mark = re.findall(r"people=(\w*)", admin.get(f"{EDIT}/bar").text)[0]
    assert "林 也在编辑" in text_of(admin.get(f"{EDIT}/bar"))
    assert "hx-trigger" not in admin.get(f"{EDIT}/pulse?revision=1&people={mark}").headers
    set_title(lin, "林的")
    lin.post(f"{EDIT}/undo")
    told = admin.get(f"{EDIT}/pulse?revision=1&people={mark}")
    now = {"revision": 3, "target": "body"}
    assert json.loads(told.headers["hx-trigger"]) == {"draft-changed": now, "others-told": now}
    assert re.search("林 撤销：修改了 标题 › 中文 .* 林 修改了 标题 › 中文", text_of(told))
    shown_already = admin.get(f"{EDIT}/pulse?revision=3&told=2&people={mark}")
    assert json.loads(shown_already.headers["hx-trigger"]) == {"others-told": now}
    assert re.search("^ ?林 撤销：修改了 标题 › 中文 ·", text_of(shown_already))
    assert lin.get(f"{EDIT}/pulse?revision=1").status_code == 204
    clock.advance(timedelta(seconds=16))
    assert "也在编辑" not in text_of(admin.get(f"{EDIT}/bar"))


def test_problems_are_listed_at_their_places(admin: Visitor, draft: Any) -> None:
    page = admin.get(f"{EDIT}/problems")
    assert 'data-pointer="/nodes/a"' in page.text
    assert 'href="/journeys/j/edit?node=a#f:/nodes/a"' in page.text
    assert "终点" in text_of(page)
    assert "个错误" in text_of(page)


def test_a_mend_of_several_commands_is_one_edit(admin: Visitor, draft: Any) -> None:
    title = {"zh": "两处都改", "en": "Mend both"}
    both = [{"command": "set", "pointer": f"/{name}", "value": name} for name in ("key", "subject")]
    assert send(admin, command="several", title=title, commands=both).status_code == 204
    assert (draft()["key"], draft()["subject"]) == ("key", "subject")
    assert "撤销 : 两处都改" in text_of(admin.get(f"{EDIT}/bar"))
    admin.post(f"{EDIT}/undo")
    assert draft() == DRAFT


def shown_text(page: httpx.Response) -> str:
    [found] = re.findall(r"<textarea[^>]*>\n(.*?)</textarea>", page.text, flags=re.DOTALL)
    return html.unescape(found)


def test_the_json_view_keeps_the_text_to_the_letter(admin: Visitor, database: Database, draft: Any) -> None:
    text = '{\n  "b": 1.0,\r\n "a": "\\u0000 \\ud800 </textarea> &amp; é"\n}\n'
    saved = admin.post(f"{EDIT}/json", data={"text": text, "base": "1"})
    assert (saved.status_code, saved.headers["location"]) == (303, f"{EDIT}/json?saved=1")
    with database.begin() as session:
        assert read_draft(session, "journey", "j").document == text.replace("\r\n", "\n")
    assert shown_text(admin.get(f"{EDIT}/json")) == text.replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [('{"a": 1,}', "第 1 行第 9 列"), ("[]", "第 1 行第 1 列"), ('{"a": 1, "a": 2}', "第 1 行第 10 列")],
)
def test_what_is_no_json_object_is_told_by_line_and_stays_in_the_field(
    admin: Visitor, draft: Any, text: str, said: str
) -> None:
    refused = admin.post(f"{EDIT}/json", data={"text": text, "base": "1"})
    assert refused.status_code == 422
    assert said in text_of(refused)
    assert shown_text(refused) == text
    assert said in text_of(admin.post(f"{EDIT}/json/check", data={"text": text}))
    assert draft() == DRAFT


def test_findings_in_the_json_view_stand_at_their_lines(admin: Visitor, draft: Any) -> None:
    found = admin.post(f"{EDIT}/json/check", data={"text": '{\n "nodes": {\n  "a": {"type": "end"}\n }\n}'})
    assert re.search(r'data-line="3" data-column="8"', found.text)


def test_a_text_saved_late_keeps_what_others_did_elsewhere(admin: Visitor, sign_in: SignIn, draft: Any) -> None:
    send(sign_in("lin"), command="set", pointer="/nodes/b", value={"type": "end"})
    mine = json.dumps({**DRAFT, "key": "j"})
    assert admin.post(f"{EDIT}/json", data={"text": mine, "base": "1"}).status_code == 303
    assert draft() == {**DRAFT, "key": "j", "nodes": {**DRAFT["nodes"], "b": {"type": "end"}}}


def test_a_conflict_of_texts_keeps_what_was_typed_and_what_the_other_did_elsewhere(
    admin: Visitor, sign_in: SignIn, draft: Any
) -> None:
    lin = sign_in("lin")
    set_title(lin, "林的")
    send(lin, command="set", pointer="/nodes/b", value={"type": "end"})
    mine = json.dumps({**DRAFT, "title": {"zh": "我的", "en": "T"}}, ensure_ascii=False)
    refused = admin.post(f"{EDIT}/json", data={"text": mine, "base": "1"})
    assert refused.status_code == 412
    assert shown_text(refused) == mine
    assert "林改了同一处" in text_of(refused)
    assert "标题 › 中文 修改 林的 → 我的" in text_of(refused)
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="(\d+)"', refused.text))
    assert hidden == {"base": "1", "over": "3"}
    assert admin.post(f"{EDIT}/json", data={"text": mine, **hidden}).status_code == 303
    assert draft() == {"title": {"zh": "我的", "en": "T"}, "nodes": {**DRAFT["nodes"], "b": {"type": "end"}}}


def test_a_published_definition_without_a_draft_is_edited_from_its_live_version(admin: Visitor, chain: Sample) -> None:
    assert "与已发布版本相同" in text_of(admin.get("/edit/journey/hook-coupon/bar"))
    command = json.dumps({"command": "set", "pointer": "/title/zh", "value": "新"})
    data = {"command": command, "base": "0"}
    assert admin.post("/edit/journey/hook-coupon/commands", data=data).status_code == 204
    assert "已保存" in text_of(admin.get("/edit/journey/hook-coupon/bar"))


@pytest.mark.parametrize("path", ["bar", "problems", "json", "pulse?revision=0"])
def test_what_does_not_exist_is_not_found(admin: Visitor, path: str) -> None:
    assert admin.get(f"/edit/journey/nothing/{path}").status_code == 404
    assert admin.get(f"/edit/poem/nothing/{path}").status_code == 404


def test_the_json_of_what_is_live_is_kept_to_the_letter_as_the_first_draft(
    admin: Visitor, database: Database, chain: Sample
) -> None:
    with database.begin() as session:
        live = editable(session, "journey", "hook-coupon")
    assert live.revision == 0
    text = live.text.rstrip().removesuffix("}") + '  , "note":   "to the letter"}'
    saved = admin.post("/edit/journey/hook-coupon/json", data={"text": text, "base": "0"})
    assert saved.status_code == 303
    with database.begin() as session:
        kept = editable(session, "journey", "hook-coupon")
    assert (kept.text, kept.revision) == (text, 1)


def test_a_draft_that_is_too_long_with_spaces_is_edited_and_undone(
    admin: Visitor, database: Database, clock: FixedClock, draft: Any
) -> None:
    long = {**DRAFT, "rows": [[] for _ in range(700_000)]}
    with database.begin() as session:
        put_draft(session, "journey", "j", json.dumps(long), by="user:admin", now=clock.now())
    assert set_title(admin, "新").status_code == 204
    assert admin.post(f"{EDIT}/undo").status_code == 204
    assert draft() == long
