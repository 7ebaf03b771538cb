"""Beginning a journey: from nothing, from another one, from the library, from a file; and letting a draft go."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.definitions.context import event_fields
from engine.definitions.keys import proposed_key
from engine.edits.commands import parse
from engine.edits.store import edit, editable
from engine.journeys.canonical import content_hash
from engine.journeys.check import check
from engine.journeys.context import CheckContext
from engine.journeys.editing.beginning import empty_journey
from engine.library.shelf import find_template
from engine.members.fields import base_fields
from tests.ui.sample import JOURNEY
from tests.ui.visitor import Visitor


def sent(admin: Visitor, **form: Any) -> Any:
    return admin.post("/journeys/new?lang=en", data={"source": "empty", **form})


def draft(database: Database, key: str) -> dict[str, Any]:
    with database.begin() as session:
        return editable(session, "journey", key).document


def test_an_empty_journey_has_no_finding() -> None:
    context = CheckContext(fields=base_fields(), events=event_fields())
    assert check(empty_journey("new-one", {"zh": "新", "en": "New"}), context) == []


@pytest.mark.parametrize(
    ("en", "zh", "key"),
    [
        ("Scan, add & join", "扫码", "scan-add-join"),
        ("  7 Days! ", "", "days"),
        ("", "收银码送券", "shou-yin-ma-song-quan"),
        ("", "银行 VIP 9.9 元", "yin-hang-vip-9-9-yuan"),
        ("", "9.9 元券", "yuan-quan"),
        ("", "", "journey"),
        ("!", "！", "journey"),
        ("taken", "", "taken-2"),
        ("", "拿", "na-2"),
        ("x" * 80, "", "x" * 59),
    ],
)
def test_a_key_is_proposed_from_the_english_title_else_the_pinyin_of_the_chinese_one(
    en: str, zh: str, key: str
) -> None:
    assert proposed_key(en, zh, {"taken", "na"}, "journey") == key


@pytest.mark.parametrize("place", ["journeys", "rules"])
def test_the_key_follows_the_names_while_none_is_written(admin: Visitor, place: str) -> None:
    def proposed(**names: str) -> str:
        return admin.get(f"/{place}/new/key", params=names).text

    assert "shou-yin-ma" in proposed(zh="收银码")
    assert "till-code" in proposed(zh="收银码", en="Till code")
    assert proposed().strip() == ""
    assert 'name="key" value=""' in admin.get(f"/{place}/new").text


def test_a_journey_named_in_chinese_alone_has_a_key_that_says_its_name(admin: Visitor) -> None:
    assert sent(admin, zh="收银码送券").headers["location"] == "/journeys/shou-yin-ma-song-quan/edit"
    assert sent(admin, zh="收银码送券").headers["location"] == "/journeys/shou-yin-ma-song-quan-2/edit"


def test_a_journey_begins_empty_and_leads_to_its_desk(admin: Visitor, database: Database) -> None:
    answer = sent(admin, zh="扫码领券", en="Scan and claim")
    assert (answer.status_code, answer.headers["location"]) == (303, "/journeys/scan-and-claim/edit")
    assert draft(database, "scan-and-claim") == empty_journey(
        "scan-and-claim", {"zh": "扫码领券", "en": "Scan and claim"}
    )
    assert admin.get("/journeys/scan-and-claim/edit").status_code == 200


def test_one_language_stands_for_the_other(admin: Visitor, database: Database) -> None:
    sent(admin, zh="扫码领券", key="scan")
    assert draft(database, "scan")["title"] == {"zh": "扫码领券", "en": "扫码领券"}


def test_a_copy_is_the_same_but_for_key_and_title(admin: Visitor, database: Database) -> None:
    form = admin.get("/journeys/new?from=hook-coupon&lang=en").text
    assert 'value="Copy of Scan, add, join, coupon"' in form
    assert ">copy-of-scan-add-join-coupon<" in form
    sent(admin, source="journey:hook-coupon", zh="副本", en="Copy", key="copy")
    assert draft(database, "copy") == {**JOURNEY, "key": "copy", "title": {"zh": "副本", "en": "Copy"}}


def test_a_template_of_the_library_is_a_start(admin: Visitor, database: Database) -> None:
    assert "template:new-member" in admin.get("/journeys/new?template=new-member").text
    template = find_template("journey", "new-member")
    assert template is not None
    sent(admin, source="template:new-member", zh="新", en="Nurture", key="nurture")
    made = {**template.document, "key": "nurture", "title": {"zh": "新", "en": "Nurture"}}
    assert draft(database, "nurture") == made


def test_a_file_keeps_its_own_key_and_title_unless_others_are_given(admin: Visitor, database: Database) -> None:
    document = {**JOURNEY, "key": "from-file"}
    file = {"file": ("journey.json", json.dumps(document).encode(), "application/json")}
    answer = admin.post("/journeys/new", data={"source": "file"}, files=file)
    assert answer.headers["location"] == "/journeys/from-file/edit"
    assert content_hash(draft(database, "from-file")) == content_hash(document)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"key": "fresh"}, "Write a name."),
        ({"zh": "x", "key": "hook-coupon"}, "is taken. “hook-coupon-2” is free"),
        ({"zh": "x", "key": "new"}, "is taken"),
        ({"zh": "x", "key": "7 days"}, "Use lower-case letters"),
        ({"zh": "x", "source": "journey:gone"}, "not there any more"),
        ({"zh": "x", "source": "?"}, "not there any more"),
        ({"zh": "x", "source": "file"}, "cannot be read beyond line 1, column 1"),
    ],
)
def test_what_is_wrong_is_told_and_what_was_written_is_kept(admin: Visitor, form: dict[str, str], said: str) -> None:
    answer = sent(admin, **form)
    assert answer.status_code == 422
    assert said in answer.text
    assert all(f'value="{value}"' in answer.text for name, value in form.items() if name != "source")


@pytest.mark.parametrize("kind", ["journeys", "rules"])
def test_a_file_in_another_encoding_is_refused(admin: Visitor, kind: str) -> None:
    body = json.dumps({"key": "from-gbk", "title": "回访"}, ensure_ascii=False, indent=1).encode("gbk")
    file = {"file": ("a.json", body, "application/json")}
    answer = admin.post(f"/{kind}/new?lang=en", data={"source": "file"}, files=file)
    assert (answer.status_code, "not UTF-8 (from line 3 on); it may be GBK" in answer.text) == (422, True)


def test_a_draft_is_thrown_away_and_what_is_live_stays(admin: Visitor, database: Database) -> None:
    assert admin.post("/journeys/win-back/edit/discard").headers["location"] == "/journeys"
    assert admin.get("/journeys/win-back/edit").status_code == 404
    assert admin.post("/journeys/win-back/edit/discard").status_code == 404


def test_a_draft_that_others_changed_since_it_was_shown_is_not_thrown_away(
    admin: Visitor, database: Database, clock: FixedClock
) -> None:
    shown = admin.get("/journeys/win-back/edit").text
    [base] = re.findall(r'edit/discard".*?name="base" value="(\d+)"', shown, flags=re.DOTALL)
    with database.begin() as session:
        theirs = parse({"command": "set", "pointer": "/title/zh", "value": "又"})
        edit(session, "journey", "win-back", theirs, by="user:lin", now=clock.now())
    refused = admin.post("/journeys/win-back/edit/discard?lang=en", data={"base": base}, headers={"HX-Request": "true"})
    assert (refused.status_code, refused.headers["hx-retarget"]) == (412, "#edit-notice")
    assert "Not deleted" in refused.text
    assert draft(database, "win-back")["title"]["zh"] == "又"
    seen = {"base": str(int(base) + 1)}
    gone = admin.post("/journeys/win-back/edit/discard", data=seen, headers={"HX-Request": "true"})
    assert gone.headers["hx-redirect"] == "/journeys"


def test_the_list_leads_to_a_new_journey(admin: Visitor) -> None:
    assert 'href="/journeys/new"' in admin.get("/journeys").text
