"""Rows of a ruleset as files on its page, and rulesets that begin on a page."""

from __future__ import annotations

import html
import io
import json
import re
from typing import Any

import openpyxl
import pytest

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.edits.commands import parse
from engine.edits.store import edit, put_draft
from engine.journeys.canonical import canonical
from engine.library.shelf import templates
from tests.engine.rulesets.zones import zones
from tests.ui.pages.test_grid_page import Desk, kept, save
from tests.ui.visitor import Visitor

CSV = "text/csv"


def uploaded(visitor: Visitor, body: bytes, name: str = "rows.csv", key: str = "grid") -> tuple[int, str]:
    answer = visitor.post(f"/rules/{key}/edit/file?lang=en", files={"file": (name, body, CSV)})
    return answer.status_code, html.unescape(answer.text)


def command_in(page: str) -> dict[str, Any]:
    [found] = re.findall(r'data-command="(\[.*?\])" data-base', page)
    [command] = json.loads(found)
    assert isinstance(command, dict)
    return command


def test_an_edited_file_is_looked_at_and_then_one_edit(admin: Visitor, database: Database, clock: FixedClock) -> None:
    save(database, clock, zones(key="grid"))
    text = admin.get("/rules/grid/edit/file?format=csv").content.decode("utf-8-sig")
    lines = text.replace("not gold", '"gold, black"').splitlines()
    status, page = uploaded(admin, "\r\n".join([*lines, lines[1].replace("app", "new")]).encode())
    assert status == 200
    assert "1 row added, 0 deleted, 1 cell changed." in page
    assert re.search(r"<th scope=\"row\" class=\"code\">score</th><td>Tier</td><td><del>not gold</del>", page)
    desk = Desk(admin, "grid")
    desk.send(command=command_in(page))
    assert [row["id"] for row in kept(database)["rows"]] == ["app", "score", "new"]
    assert admin.post("/edit/ruleset/grid/undo", data={}).status_code == 204
    assert kept(database)["rows"] == zones()["rows"]


def test_what_others_changed_since_the_preview_stands(admin: Visitor, database: Database, clock: FixedClock) -> None:
    save(database, clock, zones(key="grid"))
    text = admin.get("/rules/grid/edit/file?format=csv").content.decode("utf-8-sig")
    _, page = uploaded(admin, text.replace("not gold", '"gold, black"').encode())
    with database.begin() as session:
        theirs = parse({"command": "set_cell", "row": "app", "column": "note", "value": "theirs"})
        edit(session, "ruleset", "grid", theirs, by="user:b", now=clock.now())
    desk = Desk(admin, "grid")
    [base] = re.findall(r'data-base="(\d+)" data-empties="sheet-preview"', page)
    desk.send(command=command_in(page), base=int(base))
    rows = {row["id"]: row for row in kept(database)["rows"]}
    assert (rows["app"]["note"], rows["score"]["when"][0]) == ("theirs", ["gold", "black"])


def test_faults_are_told_by_row_and_column_and_nothing_changes(
    admin: Visitor, database: Database, clock: FixedClock
) -> None:
    save(database, clock, zones(key="grid"))
    text = admin.get("/rules/grid/edit/file?format=csv").content.decode("utf-8-sig")
    status, page = uploaded(admin, text.replace("not gold", '"not """').encode())
    assert status == 422
    assert "Row 3, column B" in page
    assert kept(database) == zones(key="grid")
    assert uploaded(admin, b"nothing", "rows.xlsx")[0] == 422


@pytest.mark.parametrize("form", ["xlsx", "csv"])
@pytest.mark.parametrize("shipped", templates("ruleset"), ids=lambda each: each.key)
def test_a_shipped_ruleset_goes_out_and_comes_in_with_the_same_hash(
    admin: Visitor, database: Database, clock: FixedClock, shipped: Any, form: str
) -> None:
    with database.begin() as session:
        put_draft(session, "ruleset", "shipped", shipped.text, by="user:a", now=clock.now())
    before = canonical(kept(database, "shipped"))
    content = admin.get(f"/rules/shipped/edit/file?format={form}").content
    status, page = uploaded(admin, content, f"rows.{form}", "shipped")
    assert (status, "nothing to apply" in page) == (200, True)
    if form == "xlsx":  # as a spreadsheet program would write it again
        again = io.BytesIO()
        openpyxl.load_workbook(io.BytesIO(content)).save(again)
        assert "nothing to apply" in uploaded(admin, again.getvalue(), "rows.xlsx", "shipped")[1]
    assert canonical(kept(database, "shipped")) == before


# New rulesets


def begun(visitor: Visitor, **sent: Any) -> Any:
    files = {"file": sent.pop("file")} if "file" in sent else {"file": ("", b"", CSV)}
    return visitor.post("/rules/new?lang=en", data=sent, files=files)


def test_a_ruleset_begins_empty_copied_shipped_or_from_a_spreadsheet(
    admin: Visitor, database: Database, clock: FixedClock
) -> None:
    assert "New ruleset" in admin.get("/rules?lang=en").text
    page = admin.get("/rules/new?from=zones&lang=en").text
    assert 'value="ruleset:zones" checked' in page
    empty = begun(admin, zh="新表", source="empty", key="one")
    assert (empty.status_code, empty.headers["location"]) == (303, "/rules/one/edit")
    assert kept(database, "one")["title"] == {"zh": "新表", "en": "新表"}
    copied = begun(admin, zh="副本", en="A copy", source="ruleset:zones")
    assert copied.headers["location"] == "/rules/a-copy/edit"
    assert kept(database, "a-copy")["rows"] == kept(database, "zones")["rows"]
    assert kept(database, "a-copy")["key"] == "a-copy"
    begun(admin, zh="分佣", key="two", source="template:commission")
    assert kept(database, "two")["hit"] == "collect"
    sheet = ("table.csv", b"member.tier,zone\ngold,SPECIAL\n,FULL\n", CSV)
    begun(admin, zh="导入", key="three", source="file", file=sheet)
    assert kept(database, "three")["rows"][0] == {"id": "r1", "when": ["gold"], "then": {"zone": "SPECIAL"}}
    whole = ("file.json", json.dumps(zones(key="four")).encode(), "application/json")
    assert begun(admin, source="file", file=whole).headers["location"] == "/rules/four/edit"


@pytest.mark.parametrize(("sent", "said"), [
    ({"source": "empty", "key": "x"}, "Write a name"),
    ({"source": "empty", "zh": "a", "key": "zones"}, "“zones” is taken. “zones-2” is free"),
    ({"source": "empty", "zh": "a", "key": "new"}, "“new” is taken"),
    ({"source": "empty", "zh": "a", "key": "Ü"}, "Use lower-case letters"),
    ({"source": "ruleset:gone", "zh": "a", "key": "x"}, "not there any more"),
    ({"source": "file", "zh": "a", "key": "x", "file": ("a.csv", b"member.orders_x,out\n", CSV)}, None),
    ({"source": "file", "zh": "a", "key": "x", "file": ("a.xlsx", b"no", CSV)}, "no xlsx workbook"),
    ({"source": "file", "zh": "a", "key": "x", "file": ("a.json", b"[]", CSV)}, "beyond line 1, column 1"),
])  # fmt: skip
def test_what_cannot_begin_is_told_and_the_form_kept(admin: Visitor, sent: dict[str, Any], said: str | None) -> None:
    answer = begun(admin, **sent)
    if said is None:
        assert answer.status_code == 303
        return
    assert answer.status_code == 422
    assert said in html.unescape(answer.text)


def test_a_draft_that_was_never_published_can_be_let_go(admin: Visitor, database: Database, clock: FixedClock) -> None:
    save(database, clock, zones(key="grid"))
    assert admin.post("/rules/grid/edit/discard").headers["location"] == "/rules"
    assert admin.get("/rules/grid/edit").status_code == 404
