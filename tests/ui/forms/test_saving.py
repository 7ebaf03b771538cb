"""Fields and panels over HTTP: what is typed is an edit of the draft, what cannot be kept is told beside the field."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest

from engine.access.roles import Place
from engine.access.store import add_user
from engine.clock import FixedClock
from engine.database.connection import Database
from engine.edits.store import editable, put_draft
from tests.ui.sample import JOURNEY, PASSWORD, Sample
from tests.ui.visitor import Visitor

FIELD = "/edit/journey/hook-coupon/field"
PANEL = "/journeys/hook-coupon/edit/panel"


def document(database: Database) -> dict[str, Any]:
    with database.begin() as session:
        return editable(session, "journey", "hook-coupon").document


def revision(database: Database) -> int:
    with database.begin() as session:
        return editable(session, "journey", "hook-coupon").revision


def save(browser: Visitor, pointer: str, value: str | list[str], **more: str) -> httpx.Response:
    return browser.post(FIELD, data={"pointer": pointer, "value": value, **more})


def test_a_field_saves_itself_as_an_edit(admin: Visitor, database: Database) -> None:
    answer = save(admin, "/nodes/wait_join/timeout", "10 天", base=str(revision(database)))
    assert answer.status_code == 200
    assert document(database)["nodes"]["wait_join"]["timeout"] == "P10D"
    assert json.loads(answer.headers["HX-Trigger"])["draft-changed"]["revision"] == revision(database)
    assert "按日历" in answer.text


def test_a_field_that_says_what_it_said_changes_nothing(admin: Visitor, database: Database) -> None:
    before = revision(database)
    answer = save(admin, "/nodes/wait_join/timeout", "7 天", base=str(before))
    assert answer.status_code == 200
    assert "HX-Trigger" not in answer.headers
    assert revision(database) == before


@pytest.mark.parametrize(
    ("pointer", "typed", "said"),
    [
        ("/nodes/wait_join/timeout", "10", "还缺单位"),
        ("/policies/quiet_hours/from", "25:00", "时刻"),
        ("/policies/holdout/share_bp", "120", "0 到 100"),
        ("/nodes/how/cases/0/port", "", "出口的编号"),
        ("/title/zh", "长" * 201, "最多 200 个字"),
        ("/nodes/how/title/zh", "长" * 240, "现在有 240 个"),
        ("/nodes/how/cases/7/port", "a", "已不在草稿中"),
        ("nonsense", "a", "已不在草稿中"),
        ("/nodes/welcome/params/text", "{{who are you|顾客}},您好", "“{{who are you|顾客}}”里要写字段"),
        ("/nodes/coupon/params", "a", "已不在草稿中"),
        ("/nodes/gone/outcome", "a", "已不在草稿中"),
    ],
)
def test_what_cannot_be_kept_is_told_and_nothing_changes(
    admin: Visitor, database: Database, pointer: str, typed: str, said: str
) -> None:
    before = document(database)
    answer = save(admin, pointer, typed)
    assert answer.status_code == 422
    assert said in answer.text
    assert document(database) == before


@pytest.mark.parametrize(
    ("data", "place", "value"),
    [
        ({"pointer": "/policies/max_age", "value": ""}, ("policies", "max_age"), None),
        ({"pointer": "/exits/0/outcome", "value": "gone"}, ("exits", 0, "outcome"), "gone"),
        ({"pointer": "/nodes/coupon/params/batch", "value": "AUTUMN"},
         ("nodes", "coupon", "params"), {"batch": "AUTUMN"}),
        (
            {"pointer": "/nodes/coupon/params/batch", "as": "expression", "value": ["event.batch", "vars.a.b", ""]},
            ("nodes", "coupon", "params", "batch"),
            {"$": {"default": [{"var": "event.batch"}, {"var": "vars.a.b"}]}},
        ),
        ({"pointer": "/nodes/welcome/params/text", "value": "{{member.nickname|顾客}},您好"},
         ("nodes", "welcome", "params", "text"),
         {"$": {"cat": [{"default": [{"var": "member.nickname"}, "顾客"]}, ",您好"]}}),
        ({"pointer": "/nodes/no_stock/title/zh", "value": "没有了"}, ("nodes", "no_stock", "title"), {"zh": "没有了"}),
        ({"pointer": "/nodes/wait_join/for", "op": "add", "value": "contact.lost"},
         ("nodes", "wait_join", "for", 1), {"on": "contact.lost", "port": "lost"}),
        ({"pointer": "/nodes/welcome/params/attachments", "op": "add", "option": "Link"},
         ("nodes", "welcome", "params", "attachments", 1), {"kind": "link"}),
        ({"pointer": "/nodes/welcome/params/attachments/0", "op": "remove"},
         ("nodes", "welcome", "params", "attachments"), None),
        ({"pointer": "/fields", "op": "put", "value": "event.score"}, ("fields", "event.score"), {"type": "text"}),
        ({"pointer": "/nodes/how/ports/friend", "op": "port", "value": "coupon"},
         ("nodes", "how", "ports", "friend"), "coupon"),
        ({"pointer": "/nodes/how/ports/friend", "op": "port", "value": ""}, ("nodes", "how", "ports", "friend"), None),
        ({"pointer": "/nodes/how", "op": "node", "value": "start_here"}, ("start",), "start_here"),
    ],
)  # fmt: skip
def test_what_is_done_on_a_form_stands_in_the_draft(
    admin: Visitor, database: Database, data: dict[str, Any], place: tuple[str | int, ...], value: object
) -> None:
    answer = admin.post(FIELD, data=data)
    assert answer.status_code == 200, answer.text
    found: Any = document(database)
    for step in place[:-1]:
        found = found[step]
    assert (found.get(place[-1]) if isinstance(found, dict) else found[place[-1]]) == value


def test_a_port_keeps_its_way_when_it_is_renamed(admin: Visitor, database: Database) -> None:
    save(admin, "/nodes/how/cases/0/port", "known")
    node = document(database)["nodes"]["how"]
    assert node["cases"][0]["port"] == "known"
    assert node["ports"] == {"known": "wait_join", "else": "wait_add"}


def test_an_awaited_event_goes_with_its_way(admin: Visitor, database: Database) -> None:
    admin.post(FIELD, data={"pointer": "/nodes/wait_join/for/0", "op": "remove"})
    node = document(database)["nodes"]["wait_join"]
    assert node["for"] == []
    assert node["ports"] == {"timeout": "not_joined"}


def test_a_delay_says_one_of_its_forms(admin: Visitor, database: Database) -> None:
    save(admin, "/nodes/wait_redeem/until/time", "09:00")
    node = document(database)["nodes"]["wait_redeem"]
    assert (node.get("for"), node["until"]) == (None, {"time": "09:00"})
    save(admin, "/nodes/wait_redeem/until", "event.time", **{"as": "field"})
    assert document(database)["nodes"]["wait_redeem"]["until"] == {"var": "event.time"}
    save(admin, "/nodes/wait_redeem/until/time", "10:00")
    assert document(database)["nodes"]["wait_redeem"]["until"] == {"time": "10:00"}
    save(admin, "/nodes/wait_redeem/for", "2 天")
    node = document(database)["nodes"]["wait_redeem"]
    assert (node["for"], node.get("until")) == ("P2D", None)


def test_who_changed_the_same_place_is_told_and_both_ways_on_are_offered(
    admin: Visitor, chain: Sample, database: Database, clock: FixedClock
) -> None:
    seen = revision(database)
    with database.begin() as session:
        add_user(session, name="lin", title="林", role="operator", password=PASSWORD, now=clock.now())
    save(admin, "/title/zh", "甲")
    admin.post("/sign-out")
    admin.post("/sign-in", data={"username": "lin", "password": PASSWORD})
    answer = save(admin, "/title/zh", "乙", base=str(seen))
    assert answer.status_code == 412
    assert "刚刚改了这一处" in answer.text
    assert document(database)["title"]["zh"] == "甲"
    over = re.search(r'data-again="(\d+)"', answer.text)
    assert over is not None
    assert save(admin, "/title/zh", "乙", base=str(seen), over=over[1]).status_code == 200
    assert document(database)["title"]["zh"] == "乙"


def test_who_may_only_look_changes_nothing(
    client: Visitor, chain: Sample, database: Database, clock: FixedClock
) -> None:
    with database.begin() as session:
        add_user(
            session,
            name="north",
            title="北",
            role="operator",
            password=PASSWORD,
            now=clock.now(),
            place=Place(store_id=chain.stores["E02"]),
        )
    client.post("/sign-in", data={"username": "north", "password": PASSWORD})
    assert save(client, "/title/zh", "丙").status_code == 403
    panel = client.get(PANEL, params={"node": "coupon"})
    assert panel.status_code == 200
    assert '<fieldset class="panel-fields" disabled>' in panel.text


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_node_and_every_part_has_its_panel(admin: Visitor, lang: str) -> None:
    for node in JOURNEY["nodes"]:
        panel = admin.get(PANEL, params={"node": node, "lang": lang})
        assert panel.status_code == 200
        assert f'data-pointer="/nodes/{node}' in panel.text
    for part in ("settings", "entry", "policies", "goal", "exits", "fields"):
        assert admin.get(PANEL, params={"part": part, "lang": lang}).status_code == 200


def test_a_panel_shows_what_no_page_can_carry(admin: Visitor, database: Database, clock: FixedClock) -> None:
    odd = document(database)
    odd["nodes"]["coupon"] |= {
        "\ud800": 1,
        "params": {"batch": "\ud800", "\ud800": ["\0"]},
        "ports": {"\ud800": "\ud800"},
    }
    for name, key in (("odd", "\ud800"), ("nul", "a\0")):
        odd["nodes"][name] = {"type": "decide", "ruleset": key, "ports": {}}
    odd["fields"] = {"event.\ud800": {"type": "text"}}
    with database.begin() as session:
        put_draft(session, "journey", "hook-coupon", json.dumps(odd), by="user:lin", now=clock.now())
    for shown in ({"node": "coupon"}, {"node": "odd"}, {"node": "nul"}, {"part": "fields"}):
        assert admin.get(PANEL, params=shown).status_code == 200


def test_a_node_that_is_gone_is_told(admin: Visitor) -> None:
    assert "没有这个节点" in admin.get(PANEL, params={"node": "nowhere"}).text


@pytest.mark.parametrize(
    ("of", "typed", "found"),
    [
        ("thing:coupon-batch", "hook", "HOOK-2026"),
        ("thing:store", "灯塔", "灯塔"),
        ("thing:no-such-kind", "", "没有找到"),
        ("event", "入群", "group.joined"),
        ("event", "join", "group.joined"),
        ("field", "昵称", "member.nickname"),
        ("field", "batch", "event.batch"),
        ("zone", "shang", "Asia/Shanghai"),
    ],
)
def test_what_can_be_chosen_is_searched_by_title_and_key(admin: Visitor, of: str, typed: str, found: str) -> None:
    at = "/nodes/wait_claim/for/0/when"
    answer = admin.get("/edit/journey/hook-coupon/choices", params={"of": of, "q": typed, "at": at})
    assert answer.status_code == 200
    assert found in answer.text


def test_a_text_with_a_fallback_is_shown_as_it_was_written(admin: Visitor) -> None:
    written = "{{member.nickname|顾客}},您好"
    save(admin, "/nodes/welcome/params/text", written)
    shown = admin.get("/journeys/hook-coupon/edit/panel?node=welcome").text
    assert written in shown
    assert "没有时：顾客" in shown
