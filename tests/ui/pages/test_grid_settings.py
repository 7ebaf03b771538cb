"""The settings of a ruleset on its page: columns, terms, own fields and promises, each saved as an edit."""

from __future__ import annotations

import html
from typing import Any

import pytest

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.edits.commands import parse
from engine.edits.store import edit
from tests.engine.rulesets.zones import zones
from tests.ui.pages.test_grid_page import kept, save
from tests.ui.visitor import Visitor


def sent(visitor: Visitor, path: str, status: int = 204, /, **data: str) -> str:
    answer = visitor.post(f"/rules/grid/edit/{path}?lang=en", data={"base": "1", **data})
    assert answer.status_code == status, answer.text
    return html.unescape(answer.text)


@pytest.fixture
def desk(admin: Visitor, database: Database, clock: FixedClock) -> Visitor:
    save(database, clock, zones(key="grid"))
    return admin


@pytest.mark.parametrize(("term", "data", "expected"), [
    ("title", {"zh": "新名", "en": ""}, {"zh": "新名", "en": "新名"}),
    ("note", {"zh": "说明", "en": "Note"}, {"zh": "说明", "en": "Note"}),
    ("hit", {"value": "first"}, "first"),
    ("on_unknown", {"value": "skip"}, "skip"),
    ("time_zone", {"value": "Asia/Tokyo"}, "Asia/Tokyo"),
    ("complete", {"value": "true"}, True),
    ("complete", {}, None),
    ("total", {"of": "zone", "kind": "is", "amount": "10000"}, {"of": "zone", "is": 10_000}),
    ("total", {"of": "zone", "kind": "max", "amount": "5"}, {"of": "zone", "max": 5}),
    ("otherwise", {"has": "true", "given.zone": "NONE"}, {"zone": "NONE"}),
    ("otherwise", {"has": "true", "json": '[{"zone": "A"}]'}, None),
    ("otherwise", {}, None),
])  # fmt: skip
def test_a_term_is_set(desk: Visitor, database: Database, term: str, data: dict[str, str], expected: Any) -> None:
    if "json" in data:
        assert "is not JSON" in sent(desk, "settings/otherwise", 422, has="true", json="[{")
        return
    sent(desk, f"settings/{term}", **data)
    assert kept(database).get(term) == expected


def test_columns_fields_and_promises_are_added(desk: Visitor, database: Database) -> None:
    sent(desk, "inputs", field="member.in_group")
    sent(desk, "outputs", base="2", key="bp", type="enum", values="a, b、c", zh="份额", optional="true")
    sent(desk, "fields", base="3", path="event.weight", type="integer", min="0", max="9", optional="true")
    sent(desk, "promises", base="4", vary="event.sales_channel", among="pos, mall", same="zone", severity="error")
    document = kept(database)
    assert document["inputs"][-1] == {"field": "member.in_group"}
    assert document["outputs"][-1] == {
        "key": "bp", "type": "enum", "values": ["a", "b", "c"], "optional": True, "title": {"zh": "份额", "en": "份额"},
    }  # fmt: skip
    assert document["fields"]["event.weight"] == {"type": "integer", "min": 0, "max": 9, "optional": True}
    assert document["fields"]["event.score"] == zones()["fields"]["event.score"]
    assert document["agree"] == [
        {"id": "promise-1", "vary": "event.sales_channel", "among": ["pos", "mall"], "same": ["zone"],
         "severity": "error"},
    ]  # fmt: skip
    page = html.unescape(desk.get("/rules/grid/edit/settings?lang=en").text)
    for told in ("member.in_group", "event.weight", "promise-1", '"command": "remove_output"'):
        assert told in page


@pytest.mark.parametrize(("path", "data", "said"), [
    ("inputs", {"field": "member.tier"}, "a column already"),
    ("outputs", {"key": "a b"}, "cannot be a name"),
    ("fields", {"path": ""}, "write the path"),
    ("promises", {"vary": "member.tier", "among": "gold", "same": "zone"}, "at least two values"),
    ("settings/total", {"of": "zone", "kind": "is", "amount": "much"}, "whole number"),
    ("settings/otherwise", {"has": "true", "given.zone": '"x'}, "quotes"),
])  # fmt: skip
def test_what_cannot_be_set_is_told(
    desk: Visitor, database: Database, path: str, data: dict[str, str], said: str
) -> None:
    assert said in sent(desk, path, 422, **data)
    assert kept(database) == zones(key="grid")


@pytest.mark.parametrize("changes", [
    {"hit": "collect", "otherwise": [{"zone": "x"}], "total": {"of": "zone", "max": 5}},
    {"title": "plain", "inputs": [5], "outputs": "x", "fields": 3, "agree": [7], "otherwise": 5},
    {"inputs": [], "outputs": [], "rows": [], "note": "n", "hit": "strange"},
])  # fmt: skip
def test_the_form_shows_any_document(
    admin: Visitor, database: Database, clock: FixedClock, changes: dict[str, Any]
) -> None:
    save(database, clock, {**zones(key="grid"), **changes})
    for part in ("settings", "findings", "tests", "try"):
        assert admin.get(f"/rules/grid/edit/{part}").status_code == 200, part


@pytest.mark.parametrize(("path", "data"), [
    ("settings/title", {"zh": "x", "base": "9" * 5_000}),
    ("settings/title", {"zh": "x", "base": "--5"}),
    ("settings/title", {"zh": "x", "base": "²"}),
    ("settings/total", {"of": "zone", "kind": "is", "amount": "9" * 5_000}),
])  # fmt: skip
def test_numbers_beyond_all_bounds_are_refused(
    desk: Visitor, database: Database, path: str, data: dict[str, str]
) -> None:
    before = kept(database)
    sent(desk, path, 422, **data)
    assert kept(database) == before


def test_a_bound_that_is_no_whole_number_is_kept_as_it_was_written(desk: Visitor, database: Database) -> None:
    sent(desk, "fields", path="event.weight", type="integer", min="--5", max="-5")
    assert kept(database)["fields"]["event.weight"] == {"type": "integer", "min": "--5", "max": -5}


def test_what_others_changed_in_a_term_stands(desk: Visitor, database: Database, clock: FixedClock) -> None:
    with database.begin() as session:
        command = parse({"command": "set_term", "term": "title", "value": {"zh": "原", "en": "Old"}})
        base = edit(session, "ruleset", "grid", command, by="user:b", now=clock.now()).revision
        theirs = parse({"command": "set", "pointer": "/title/en", "value": "Theirs"})
        edit(session, "ruleset", "grid", theirs, by="user:b", now=clock.now())
    sent(desk, "settings/title", zh="我的", en="Old", base=str(base))
    assert kept(database)["title"] == {"zh": "我的", "en": "Theirs"}
