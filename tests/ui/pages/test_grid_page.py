"""The editor of a ruleset's table: what the page holds, and what comes back for each edit."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from engine.access.store import add_user
from engine.clock import FixedClock
from engine.database.connection import Database
from engine.definitions.source import read_source
from engine.edits.store import edit, editable, put_draft
from rules.tables.commands import SetCell
from tests.engine.rulesets.zones import publish_ruleset, zones
from tests.ui.sample import PASSWORD, Sample
from tests.ui.visitor import Visitor
from ui.messages import text as message


class Desk:
    """A browser at the page of one ruleset: what it shows, and the edits that it sends."""

    def __init__(self, visitor: Visitor, key: str) -> None:
        self.visitor, self.key = visitor, key
        page = visitor.get(f"/rules/{key}/edit?lang=en").text
        self.frame = self.found(page, 'data-frame="(.*?)"')
        self.stamps = re.findall(r'data-stamp="(.*?)"', page)
        self.revision = int(self.found(page, 'data-revision="(.*?)"'))
        self.page = page

    @staticmethod
    def found(page: str, pattern: str) -> str:
        found = re.search(pattern, page)
        assert found
        return found[1]

    @property
    def seen(self) -> dict[str, Any]:
        return {"frame": self.frame, "stamps": self.stamps, "first": 1}

    def send(self, expected: int = 200, **edit: Any) -> dict[str, Any]:
        body = {"seen": self.seen, "base": self.revision, **edit}
        answer = self.visitor.post(f"/rules/{self.key}/edit/send?lang=en", json=body)
        assert answer.status_code == expected, answer.text
        told: dict[str, Any] = answer.json()
        if expected == 200:
            self.frame, self.stamps, self.revision = told["frame"], told["order"], told["revision"]
        return told

    def type(self, row: str | int, column: str, text: str, expected: int = 200) -> dict[str, Any]:
        return self.send(expected, typed={"row": row, "column": column, "text": text})


@pytest.fixture
def desk(admin: Visitor, database: Database, clock: FixedClock) -> Desk:
    save(database, clock, zones(key="grid"))
    return Desk(admin, "grid")


def save(database: Database, clock: FixedClock, document: dict[str, Any]) -> None:
    with database.begin() as session:
        text = json.dumps(document, ensure_ascii=False)
        put_draft(session, "ruleset", document["key"], text, by="user:a", now=clock.now())


def kept(database: Database, key: str = "grid") -> dict[str, Any]:
    with database.begin() as session:
        return read_source(editable(session, "ruleset", key).text).document


def test_the_page_shows_cells_in_words_and_carries_what_is_edited(desk: Desk) -> None:
    assert re.search(r'data-text="not gold"[^>]*>not gold<', desk.page)
    assert 'data-column="when:member.tier"' in desk.page
    assert 'data-hint="a value · values with commas' in desk.page
    assert len(desk.stamps) == 2


def test_an_edit_of_a_cell_brings_its_row_alone(desk: Desk, database: Database) -> None:
    told = desk.type("app", "when:member.tier", "gold, silver")
    assert told["whole"] is False
    assert re.findall(r'data-id="(\w+)"', told["html"]) == ["app"]
    assert "gold or silver" in told["html"]
    assert kept(database)["rows"][0]["when"][0] == ["gold", "silver"]
    desk.type("app", "when:member.tier", "")
    assert kept(database)["rows"][0]["when"][0] is None


def test_rows_come_and_go_in_one_order(desk: Desk, database: Database) -> None:
    told = desk.send(command={"command": "insert_row", "index": 1})
    assert (told["count"], len(told["order"])) == (3, 3)
    assert re.findall(r'data-id="(\w+)"', told["html"]) == ["r1"]
    told = desk.send(command={"command": "move_row", "row": "r1", "to": 0})
    assert told["html"].strip() == ""
    desk.send(command={"command": "delete_row", "row": ["app", "score"]})
    assert [row["id"] for row in kept(database)["rows"]] == ["r1"]


def test_a_block_is_read_by_the_types_of_the_catalogue(desk: Desk, database: Database) -> None:
    block = {
        "command": "paste",
        "row": "score",
        "column": "when:member.tier",
        "cells": [["gold", "1001"], ["black", ""]],
    }
    desk.send(command=block)
    assert [row["when"] for row in kept(database)["rows"][1:]] == [["gold", "1001"], ["black", None]]


def test_other_columns_bring_the_whole_table(desk: Desk) -> None:
    told = desk.send(command={"command": "add_input", "field": "member.in_group"})
    assert told["whole"] is True
    assert 'data-column="when:member.in_group"' in told["html"]


@pytest.mark.parametrize(("edit", "said"), [
    ({"typed": {"row": "app", "column": "when:member.tier", "text": '"gold'}}, "quotes"),
    ({"typed": {"row": "gone", "column": "when:member.tier", "text": "gold"}}, "There is no row gone"),
    ({"typed": {"row": "app", "column": "id", "text": "score"}}, "Another row has the id score"),
    ({"command": {"command": "fly"}}, "no such command"),
    ({"command": {"command": "paste", "row": "app", "column": "then:zone", "cells": [["a"] * 9]}}, "9 columns"),
])  # fmt: skip
def test_what_cannot_be_done_is_refused_with_its_reason(
    desk: Desk, database: Database, edit: dict[str, Any], said: str
) -> None:
    before = kept(database)
    told = desk.send(422, **edit)
    assert said in told["said"]
    assert told["stays"] is (said == "quotes")
    assert kept(database) == before


def test_what_others_changed_comes_along_and_what_they_changed_here_is_asked(desk: Desk, database: Database) -> None:
    other = Desk(desk.visitor, "grid")
    other.type("score", "note", "theirs")
    told = desk.type("app", "note", "mine")
    assert sorted(re.findall(r'data-id="(\w+)"', told["html"])) == ["app", "score"]
    assert [row["note"] for row in kept(database)["rows"]] == ["mine", "theirs"]


def test_a_place_that_somebody_else_changed_is_asked_about(desk: Desk, database: Database, clock: FixedClock) -> None:
    theirs = SetCell(command="set_cell", row="app", column="note", value="theirs")
    with database.begin() as session:
        edit(session, "ruleset", "grid", theirs, by="user:b", now=clock.now())
    body = {"seen": desk.seen, "base": 1, "typed": {"row": "app", "column": "note", "text": "mine"}}
    answer = desk.visitor.post("/rules/grid/edit/send?lang=en", json=body)
    assert answer.status_code == 412
    assert "theirs" in answer.text
    assert "data-settles" in answer.text
    assert kept(database)["rows"][0]["note"] == "theirs"


def test_sync_brings_what_is_not_shown(desk: Desk) -> None:
    Desk(desk.visitor, "grid").type("score", "note", "theirs")
    told = desk.visitor.post("/rules/grid/edit/sync", json=desk.seen).json()
    assert re.findall(r'data-id="(\w+)"', told["html"]) == ["score"]
    assert told["revision"] == 2


def test_a_live_ruleset_without_a_draft_is_edited_into_one(
    admin: Visitor, database: Database, clock: FixedClock
) -> None:
    with database.begin() as session:
        publish_ruleset(session, zones(key="fresh"), clock.now())
        session.connection().exec_driver_sql("DELETE FROM draft_edits WHERE key = 'fresh'")
        session.connection().exec_driver_sql("DELETE FROM drafts WHERE key = 'fresh'")
    desk = Desk(admin, "fresh")
    assert desk.revision == 0
    desk.type("app", "note", "begun")
    assert kept(database, "fresh")["rows"][0]["note"] == "begun"


@pytest.mark.parametrize("changes", [
    {"rows": [{"id": "a"}, 5, {"id": "b", "when": "x", "then": 3}, {"id": "a", "when": [None, None]}, {}]},
    {"rows": "none"}, {"inputs": 5}, {"inputs": [], "outputs": []}, {"hit": 7, "otherwise": [1], "fields": []},
])  # fmt: skip
def test_unfinished_drafts_are_shown_all_the_same(
    admin: Visitor, database: Database, clock: FixedClock, changes: dict[str, Any]
) -> None:
    save(database, clock, {**zones(key="odd"), **changes})
    answer = admin.get("/rules/odd/edit?lang=en")
    assert answer.status_code == 200
    if isinstance(changes.get("rows"), list):
        assert len(re.findall("<tr data-stamp", answer.text)) == 5


def test_whoever_may_not_edit_reads(client: Visitor, database: Database, chain: Sample, clock: FixedClock) -> None:
    save(database, clock, zones(key="grid"))
    with database.begin() as session:
        add_user(session, "reader", PASSWORD, "auditor", now=clock.now(), title="看")
    client.post("/sign-in", data={"username": "reader", "password": PASSWORD})
    desk = Desk(client, "grid")
    assert "You may look" in desk.page
    assert 'aria-readonly="true"' in desk.page
    body = {"seen": desk.seen, "base": 1, "typed": {"row": "app", "column": "note", "text": "x"}}
    assert client.post("/rules/grid/edit/send", json=body).status_code == 403
    assert client.get("/rules/none/edit").status_code == 404


def test_an_edit_is_taken_back_and_done_again_with_the_rows_in_the_answer(desk: Desk, database: Database) -> None:
    desk.type("app", "note", "mine")
    told = desk.send(turn={"deed": "undo", "n": 1})
    assert told["revision"] == 3
    assert re.findall(r'data-id="(\w+)"', told["html"]) == ["app"]
    assert "note" not in kept(database)["rows"][0]
    told = desk.send(turn={"deed": "redo", "n": 1})
    assert "mine" in told["html"]
    assert kept(database)["rows"][0]["note"] == "mine"


@pytest.mark.parametrize(("turn", "said"), [
    ({"deed": "undo", "n": 7}, "edits.not_the_latest"),
    ({"deed": "redo", "n": 1}, "edits.nothing_to_redo"),
])  # fmt: skip
def test_another_edit_than_the_page_showed_is_not_taken_back(
    desk: Desk, database: Database, turn: dict[str, Any], said: str
) -> None:
    desk.type("app", "note", "mine")
    body = {"seen": desk.seen, "base": desk.revision, "turn": turn}
    answer = desk.visitor.post("/rules/grid/edit/send?lang=en", json=body)
    assert answer.status_code == 422
    assert message("en", said) in answer.text
    assert kept(database)["rows"][0]["note"] == "mine"
