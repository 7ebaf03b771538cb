"""Versions of journeys and rulesets, and any two states compared: in words, on the canvas, row by row."""

from __future__ import annotations

import copy
import html
import json
import re
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from sqlmodel import col

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.definitions.models import Draft, Version
from engine.edits.store import put_draft
from engine.journeys.context import CheckContext
from engine.secrets.keyring import KeyRing
from tests.engine.rulesets.zones import publish_ruleset, zones
from tests.ui.sample import JOURNEY, Sample
from tests.ui.visitor import Visitor
from ui.app import Dependencies
from ui.definitions.differences import Differences, Sides, differences
from workflows.activities.registry import catalogue_of, load_activities


@pytest.fixture
def deps(database: Database, keys: KeyRing, clock: FixedClock) -> Dependencies:
    return Dependencies(database, clock, keys, catalogue_of(load_activities()), demo=True)


def text_of(answer: httpx.Response) -> str:
    assert answer.status_code == 200
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text)))


def changed(**more: Any) -> dict[str, Any]:
    """The hook-coupon journey with a node gone, one new, one changed, and a way that leads elsewhere."""
    document = copy.deepcopy(JOURNEY)
    document["nodes"]["wait_add"]["timeout"] = "P3D"
    document["nodes"]["wait_add"]["ports"]["timeout"] = "pause"
    document["nodes"]["pause"] = {"type": "delay", "for": "PT1H", "title": "歇一歇", "ports": {"done": "wait_join"}}
    document["nodes"]["welcome"]["ports"] = dict.fromkeys(document["nodes"]["welcome"]["ports"], "pause")
    return document | more


def journeys(before: dict[str, Any], after: dict[str, Any]) -> Differences:
    return differences(Sides("journey", before, after, CheckContext()), "zh")


def test_what_differs_is_told_in_words_and_marked_on_the_canvas() -> None:
    found = journeys(JOURNEY, changed())
    told = {part.id: (part.op, [(line.place, line.before, line.after) for line in part.lines]) for part in found.parts}
    assert told["nodes/wait_add"] == (
        "changed", [("最长等待", "30 分", "3 天"), ("连线 › 超时未发生", "延时 1 分", "歇一歇")],
    )  # fmt: skip
    assert told["nodes/pause"] == (
        "added", [("类型", "", "延时"), ("等多久", "", "1 小时"), ("连线 › 完成", "", "等待 入群")],
    )  # fmt: skip
    assert told["nodes/welcome"][1][0] == ("连线 › 完成", "等待 入群", "歇一歇")
    assert found.picture is not None
    assert {node: mark.kind for node, mark in found.picture.marks.items()} == {
        "wait_add": "changed", "pause": "added", "welcome": "changed",
    }  # fmt: skip
    assert {mark.kind for mark in found.picture.way_marks.values()} == {"added", "removed"}
    back = journeys(changed(), JOURNEY)
    assert back.picture is not None
    assert back.picture.marks["pause"].kind == "removed"
    assert "pause" in {drawn.box.id for drawn in back.picture.drawing.boxes}, "what was removed is drawn"
    assert journeys(JOURNEY, JOURNEY).parts == ()


ADDED: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"policies": {"reentry": {"mode": "once"}}}, [("再次进入", "仅一次")]),
    (
        {"policies": {"reentry": {"mode": "after_exit", "cooldown": "P30D"}, "max_age": "P45D"}},
        [("再次进入", "结束后可再入"), ("再次进入 › 再入间隔", "30 天"), ("最长停留", "45 天")],
    ),
    (
        {"policies": {"quiet_hours": {"from": "21:30", "to": "08:30"}, "holdout": {"share_bp": 500}}},
        [("免打扰时段 › 从", "21:30"), ("免打扰时段 › 到", "08:30"), ("对照组(不触达) › 比例(%)", "5%")],
    ),
    (
        {"goal": {"on": "coupon.redeemed", "stage": "redeemed", "title": {"zh": "核销", "en": "Redeemed"}}},
        [("事件", "核销"), ("漏斗环节", "核销"), ("标题", "核销 / Redeemed")],
    ),
    ({"exits": [{"on": "contact.lost", "outcome": "lost"}]}, [("事件", "好友流失"), ("好友流失 › 结果", "客户流失")]),
    (
        {"entry": [{"on": "group.left"}, {"schedule": "FREQ=DAILY", "at": "09:00", "audience": True}]},
        [
            ("事件", "退群"),
            ("定时圈选 › 重复规则", "每天"),
            ("定时圈选 › 时刻", "09:00"),
            ("定时圈选 › 圈选人群", "成立"),
        ],
    ),
]


@pytest.mark.parametrize(("added", "told"), ADDED)
def test_what_came_or_went_as_a_whole_is_told_value_by_value(
    added: dict[str, Any], told: list[tuple[str, str]]
) -> None:
    plain = {name: value for name, value in JOURNEY.items() if name not in added}
    [part] = journeys(plain, plain | added).parts
    assert [(part.op, line.place, line.before, line.after) for line in part.lines] == [
        ("added", place, "", value) for place, value in told
    ]
    [part] = journeys(plain | added, plain).parts
    assert [(line.op, line.place, line.before, line.after) for line in part.lines] == [
        ("removed", place, value, "") for place, value in told
    ]


def test_one_policy_among_others_is_told_by_its_title() -> None:
    before = JOURNEY | {"policies": {"max_age": "P45D"}}
    after = JOURNEY | {"policies": {"max_age": "P45D", "reentry": {"mode": "once"}}}
    [part] = journeys(before, after).parts
    assert (part.name, part.op) == ("策略", "changed")
    assert [(line.op, line.place, line.after) for line in part.lines] == [("added", "再次进入", "仅一次")]


def test_things_are_told_by_their_titles() -> None:
    after = copy.deepcopy(JOURNEY)
    after["nodes"]["coupon"]["params"]["batch"] = "NEW"
    catalogue = CheckContext(catalogue=catalogue_of(load_activities()))
    titles = {("coupon-batch", "NEW"): {"zh": "新人券", "en": "New"}}
    sides = Sides("journey", JOURNEY, after, catalogue, lambda kind, key: titles.get((kind, key)))
    [line] = differences(sides, "zh").parts[0].lines
    assert (line.before, line.after) == ("HOOK-2026", "新人券")


def test_conditions_are_told_as_sentences() -> None:
    before = {"goal": {"on": "coupon.redeemed", "when": {"==": [{"var": "event.channel.kind"}, "pos"]}}}
    after = {"goal": {"on": "coupon.redeemed", "when": {"odd": 1}}}
    [line] = journeys(before, after).parts[0].lines
    assert "{" in line.before + line.after
    assert line.place == "条件"


def greeting(says: Any) -> dict[str, Any]:
    """The hook-coupon journey with another text of its welcome."""
    document = copy.deepcopy(JOURNEY)
    document["nodes"]["welcome"]["params"]["text"] = says
    return document


def with_fallback(words: str, otherwise: str) -> dict[str, Any]:
    return {"$": {"cat": [words, {"default": [{"var": "member.name"}, otherwise]}]}}


CHOSEN = {"$": {"if": [True, "甲", {"var": "member.name"}]}}


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("旧", with_fallback("顾客：", "某顾客"), ("旧", "顾客：{{member.name|某顾客}}")),
        (with_fallback("顾客：", "某顾客"), with_fallback("您好，", "某顾客"),
         ("顾客：{{member.name|某顾客}}", "您好，{{member.name|某顾客}}")),
        (with_fallback("顾客：", "某顾客"), "{{member.name}}", ("顾客：{{member.name|某顾客}}", "{{member.name}}")),
        (CHOSEN, with_fallback("（", "某顾客"),
         ('{"if": [true, "甲", {"var": "member.name"}]}', "（{{member.name|某顾客}}")),
    ],
)  # fmt: skip
def test_a_text_with_fields_is_one_value_as_its_author_writes_it(
    before: Any, after: Any, told: tuple[str, str]
) -> None:
    context = CheckContext(catalogue=catalogue_of(load_activities()))
    [part] = differences(Sides("journey", greeting(before), greeting(after), context), "zh").parts
    assert [(line.place, line.before, line.after) for line in part.lines] == [("参数 › 内容", *told)]


def test_every_page_that_tells_differences_tells_a_text_with_fields_as_it_is_written(
    admin: Visitor, chain: Sample
) -> None:
    for says in (with_fallback("你好，", "顾客"), with_fallback("顾客：", "某顾客")):
        command = {"command": "set_params", "node": "welcome", "params": greeting(says)["nodes"]["welcome"]["params"]}
        assert admin.post("/edit/journey/hook-coupon/commands", data={"command": json.dumps(command)}).is_success
    for page in ("versions", "versions/compare?a=live&b=draft", "publish"):
        said = text_of(admin.get(f"/journeys/hook-coupon/{page}"))
        assert re.search(r"参数 › 内容 .*顾客：\{\{member\.name\|某顾客\}\}", said), page
        assert "› $" not in said


ODD: list[tuple[Any, Any]] = [
    ({"nodes": 1}, {"nodes": []}),
    ({"nodes": {"a": 1}}, {"nodes": {"a": None, "b": []}}),
    ({"rows": [1, {"id": "x"}, {"id": "x"}]}, {"rows": [{"id": "x"}, []]}),
    ({"a": {"b": [1, 2]}}, {"a": {"b": [2, {"c": True}]}}),
    ({"entry": ["x"]}, {"entry": [{"on": 7}], "\u0000": "\ud800"}),
    ({"when": {"and": []}}, {"when": []}),
]


@pytest.mark.parametrize(("before", "after"), ODD)
@pytest.mark.parametrize("kind", ["journey", "ruleset", "fields"])
def test_documents_that_are_broken_are_compared_all_the_same(before: Any, after: Any, kind: Any) -> None:
    assert differences(Sides(kind, before, after, CheckContext()), "en").parts
    assert differences(Sides(kind, after, before, CheckContext()), "zh").parts


def test_the_versions_are_listed_with_author_note_and_hash_and_any_two_are_compared(
    admin: Visitor, chain: Sample, database: Database, clock: FixedClock
) -> None:
    with database.begin() as session:
        put_draft(session, "journey", "hook-coupon", json.dumps(changed()), by="user:admin", now=clock.now())
        found = session.execute(select(Version).where(col(Version.key) == "hook-coupon")).scalars().all()
        [last] = [each for each in found if each.n == max(one.n for one in found)]
        hash_ = last.hash
    page = admin.get("/journeys/hook-coupon/versions")
    assert hash_ in page.text
    assert "运营管理员" in text_of(page)
    assert "草稿" in text_of(page)
    compared = admin.get("/journeys/hook-coupon/versions/compare?a=live&b=draft")
    assert re.search("最长等待 30 分 3 天", text_of(compared))
    assert "node-added" in compared.text
    assert "mark-changed" in compared.text
    assert text_of(admin.get("/journeys/hook-coupon/versions/compare")) == text_of(compared)
    same = admin.get(f"/journeys/hook-coupon/versions/compare?a=live&b={last.n}")
    assert "两者没有差异" in text_of(same)


@pytest.mark.parametrize("query", ["a=draft&b=live", "a=9&b=live", "a=live&b=77"])
def test_a_state_that_does_not_exist_is_not_found(admin: Visitor, database: Database, query: str) -> None:
    with database.begin() as session:
        for draft in session.execute(select(Draft)).scalars():
            session.delete(draft)
    assert admin.get(f"/journeys/hook-coupon/versions/compare?{query}").status_code == 404


def test_the_edits_of_the_draft_are_listed_with_their_authors(admin: Visitor, chain: Sample) -> None:
    command = json.dumps({"command": "set", "pointer": "/nodes/wait_add/timeout", "value": "P3D"})
    admin.post("/edit/journey/hook-coupon/commands", data={"command": command})
    admin.post("/edit/journey/hook-coupon/undo")
    listed = text_of(admin.get("/journeys/hook-coupon/versions")).partition("草稿的修改记录")[2]
    assert re.search(r"运营管理员\s+已被 运营管理员 撤销.*最长等待 30 分 3 天", listed)


def test_each_edit_tells_the_part_the_field_and_both_values_and_whether_it_was_taken_back(
    admin: Visitor, chain: Sample
) -> None:
    for pointer, value in (("/nodes/wait_add/timeout", "PT45M"), ("/nodes/wait_add/timeout", "PT50M"), ("/max", 1)):
        command = json.dumps({"command": "set", "pointer": pointer, "value": value})
        assert admin.post("/edit/journey/hook-coupon/commands", data={"command": command}).status_code == 204
    listed = text_of(admin.get("/journeys/hook-coupon/versions?lang=en")).partition("Edits of the draft")[2]
    assert "Wait: Added as a friend · Wait at most 30 min 50 min" in listed, "typing that goes on is one edit"
    assert listed.index("added") < listed.index("30 min"), "the latest first"
    assert "/nodes" not in listed


def test_rulesets_are_compared_row_by_row(admin: Visitor, chain: Sample, database: Database, clock: FixedClock) -> None:
    before = zones(key="compared")
    after = zones(key="compared", otherwise={"zone": "NONE"})
    after["rows"] = [
        {**after["rows"][1], "when": ["silver", None]},
        {**after["rows"][0], "then": {"zone": "GROUP"}},
        {"id": "new", "when": [None, None], "then": {"zone": "FULL"}},
    ]
    with database.begin() as session:
        publish_ruleset(session, before, clock.now())
        put_draft(session, "ruleset", "compared", json.dumps(after), by="user:admin", now=clock.now())
    page = admin.get("/rules/compared/versions/compare?a=live&b=draft")
    said = text_of(page)
    assert re.search("<del>SPECIAL</del>\\s*<ins>GROUP</ins>", page.text)
    assert re.search("diff-row-added.*?new", page.text, re.DOTALL)
    assert "其余情况" in said
    assert admin.get("/rules/compared/versions").status_code == 200


def test_an_old_version_is_restored_as_an_edit_of_the_draft(admin: Visitor, chain: Sample, database: Database) -> None:
    restored = admin.post("/journeys/hook-coupon/versions/1/restore")
    assert (restored.status_code, restored.headers["location"]) == (303, "/journeys/hook-coupon/edit")
    with database.begin() as session:
        first = session.get_one(Version, ("journey", "hook-coupon", 1)).document
        assert session.get_one(Draft, ("journey", "hook-coupon")).document == first
    admin.post("/journeys/hook-coupon/versions/1/restore")
    assert "恢复了版本 1" in text_of(admin.get("/journeys/hook-coupon/versions"))
    assert admin.post("/journeys/hook-coupon/versions/9/restore").status_code == 404
