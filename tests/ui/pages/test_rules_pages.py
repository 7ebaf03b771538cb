"""The pages of rulesets: the table in words, what the checks find, tests, versions, and trying it."""

from __future__ import annotations

import html
import json
import re

import pytest
from sqlalchemy import text

from engine.access.roles import Place
from engine.access.store import add_user
from engine.clock import FixedClock
from engine.database.connection import Database
from engine.edits.store import put_draft
from rules.documents.report import Difference, TestResult
from tests.engine.rulesets.zones import publish_ruleset, zones
from tests.ui.sample import PASSWORD, Sample
from tests.ui.visitor import Visitor
from ui.messages import Language
from ui.rulesets.unmet import unmet


def words(page: str) -> str:
    """What a page says, without its markup."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.partition("<main")[2])))


def test_the_list_shows_what_is_live_and_what_is_drafted(admin: Visitor) -> None:
    page = words(admin.get("/rules?lang=en").text)
    assert re.search(r"Price zones zones Live .*v1 .*2 .*There is a draft|Price zones zones", page)
    assert "price-drafts" in page


@pytest.mark.parametrize(("changes", "told"), [({"on_unknown": "error"}, True), ({}, False)])
def test_a_draft_is_told_where_it_says_something_else_whenever_it_was_saved(
    admin: Visitor, database: Database, clock: FixedClock, changes: dict[str, str], told: bool
) -> None:
    with database.begin() as session:
        publish_ruleset(session, zones(key="same"), clock.now())
        text = json.dumps({**dict(reversed(zones(key="same").items())), **changes})
        put_draft(session, "ruleset", "same", text, by="user:a", now=clock.now())
    listed = admin.get("/rules?lang=en").text.partition('href="/rules/same"')[2].partition("</tr>")[0]
    assert ("Changes not live" in listed) is told
    assert ('href="/rules/same?version=draft"' in admin.get("/rules/same").text) is told
    assert ('href="/rules/same?version=draft"' in admin.get("/rules/same?version=1").text) is told


def test_without_rulesets_the_list_says_what_to_do_next(admin: Visitor, database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("RESET ROLE"))
        connection.execute(text("DELETE FROM live WHERE kind = 'ruleset'"))
        connection.execute(text("DELETE FROM drafts WHERE kind = 'ruleset'"))
    page = admin.get("/rules").text
    assert "还没有规则集" in page
    assert 'href="/rules/new"' in page.partition("<main")[2]


@pytest.mark.parametrize(("lang", "expected"), [
    ("en", [
        "if tier is gold and", "If tier is not gold and", "then zone = SPECIAL", "双十一", "Otherwise FULL",
        "From 2026-01-01 until before 2026-11-13", "Tests come to 1 of 2 rows", "gold in the app Passed",
        "There is a newer draft",
    ]),
    ("zh", [
        "会员等级 是 gold", "则 zone = SPECIAL", "自 2026-01-01 起至 2026-11-13 前", "其余情况 FULL",
        "测试走到 2 行中的 1 行", "gold in the app 通过",
    ]),
])  # fmt: skip
def test_a_ruleset_stands_in_words(admin: Visitor, lang: str, expected: list[str]) -> None:
    page = words(admin.get(f"/rules/zones?lang={lang}").text)
    assert [phrase for phrase in expected if phrase not in page] == []


def test_a_draft_with_errors_shows_its_findings_by_row(admin: Visitor) -> None:
    page = admin.get("/rules/zones?version=draft&lang=en").text
    assert "cannot decide yet" in page
    assert 'hx-get="/rules/zones/findings?version=draft"' in page
    found = admin.get("/rules/zones/findings?version=draft&lang=en").text
    assert "type-mismatch" in found
    assert 'href="#row-a"' in found
    assert "Nothing was found" in admin.get("/rules/zones/findings?lang=en").text


def test_what_is_not_there_is_not_found(admin: Visitor) -> None:
    for path in ("/rules/none", "/rules/zones?version=9", "/rules/none?version=draft", "/rules/none/findings"):
        assert admin.get(path).status_code == 404, path
    assert admin.get("/rules/zones?version=x").status_code == 422
    assert admin.post("/rules/zones/try?version=draft", data={}).status_code == 404


def test_a_long_table_is_shown_in_parts(admin: Visitor, database: Database, clock: FixedClock) -> None:
    rows = [{"id": f"r{i}", "when": [f"t{i}", None], "then": {"zone": "X"}} for i in range(1, 251)]
    with database.begin() as session:
        publish_ruleset(session, zones(key="long", rows=rows, tests=[]), clock.now())
    first, last = admin.get("/rules/long?lang=en").text, admin.get("/rules/long?from=201&lang=en").text
    assert "Rows 1–100 of 250" in first
    assert "Rows 201–250 of 250" in last
    assert 'href="/rules/long?from=101"' in first
    assert 'id="row-r250"' in last
    assert admin.get("/rules/long?from=0").status_code == 422
    assert "no rows" in admin.get("/rules/long?from=9999&lang=en").text


@pytest.mark.parametrize(("lang", "expected"), [
    ("en", ["Asia/Shanghai", "share sums to exactly 100%", "gold", "tier is gold", "share: the same", "unless"]),
    ("zh", ["Asia/Shanghai", "share 合计恰好 100%", "会员等级 是 gold", "share 都相同", "除非"]),
])  # fmt: skip
def test_what_holds_beside_the_rows_stands_in_words(
    admin: Visitor, database: Database, clock: FixedClock, lang: str, expected: list[str]
) -> None:
    gold = {"condition": "gold"}
    promise = {
        "id": "fair",
        "vary": "event.sales_channel",
        "among": ["pos", "mini_program"],
        "same": ["share"],
        "except": gold,
    }
    document = zones(
        key="shares", hit="collect", aggregate="sum", outputs=[{"key": "share", "type": "share"}], tests=[],
        agree=[promise],
        rows=[{"id": "all", "when": [None, None], "then": {"share": 10_000}}], otherwise={"share": 10_000},
        total={"of": "share", "is": 10_000}, on_unknown="skip",
    )  # fmt: skip
    with database.begin() as session:
        publish_ruleset(session, document, clock.now())
    terms = words("<main" + admin.get(f"/rules/shares?lang={lang}").text.partition('id="terms-title"')[2])
    assert [phrase for phrase in expected if phrase not in terms] == []


def test_the_rows_of_a_draft_are_downloaded(admin: Visitor, database: Database, clock: FixedClock) -> None:
    with database.begin() as session:
        publish_ruleset(session, zones(key="same"), clock.now())
    page = admin.get("/rules/same").text
    for form, begins in (("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK")):
        address = f"/rules/same/draft/table?format={form}"
        assert f'href="{address}"' in page
        answer = admin.get(address)
        assert answer.status_code == 200
        assert answer.content.startswith(begins)
        assert f'filename="same.{form}"' in answer.headers["content-disposition"]
    assert admin.get("/rules/none/draft/table").status_code == 404
    assert admin.get("/rules/zones/draft/table").status_code == 422


# Trying


def tried(visitor: Visitor, **sent: str) -> str:
    named = {name.replace("__", "."): value for name, value in sent.items()}
    answer = visitor.post("/rules/zones/try?lang=en", data=named)
    assert answer.status_code == 200
    return words(answer.text)


def test_a_try_shows_outcome_rows_and_reasons(admin: Visitor, database: Database) -> None:
    page = tried(admin, fact__member__tier="gold", fact__event__sales_channel="mini_program")
    assert 'Matched {"zone": "SPECIAL"} Rows: app.' in page
    assert "member.tier: Holds" in page
    with database.begin() as session:
        assert session.connection().execute(text("SELECT count(*) FROM decisions")).scalar_one() == 0
        assert session.connection().execute(text("SELECT count(*) FROM alert_signals")).scalar_one() == 0


def test_a_try_masks_what_is_personal(admin: Visitor, database: Database, clock: FixedClock) -> None:
    rows = [{"id": "a", "when": [{"is_set": ""}], "then": {"zone": {"var": "member.name"}}}]
    document = zones(key="named", inputs=[{"field": "member.name"}], rows=rows, conditions={}, tests=[])
    with database.begin() as session:
        publish_ruleset(session, document, clock.now())
    answer = admin.post("/rules/named/try?lang=en", data={"fact.member.name": "林小橙"})
    assert 'Matched {"zone": "•••"}' in words(answer.text)


def test_a_try_names_what_is_missing(admin: Visitor) -> None:
    page = tried(admin, fact__member__tier="silver")
    assert 'Uncertain {"zone": "FULL"}' in page
    assert "Missing: event.score" in page


def test_a_try_reads_a_member(admin: Visitor, chain: Sample) -> None:
    page = tried(admin, subject=str(chain.members[0]), now="2026-01-07T10:00")
    assert "Uncertain" in page


@pytest.mark.parametrize(("sent", "expected"), [
    ({"fact__event__score": "many"}, "what is marked does not fit its field"),
    ({"subject": "member:nobody"}, "no such member"),
    ({"now": "soon"}, "the time is wrong"),
])  # fmt: skip
def test_what_cannot_be_tried_is_told_and_the_form_kept(admin: Visitor, sent: dict[str, str], expected: str) -> None:
    assert expected in tried(admin, **sent)
    [(name, value)] = sent.items()
    page = admin.post("/rules/zones/try", data={name.replace("__", "."): value}).text
    assert f'value="{value}"' in page
    assert 'aria-invalid="true"' in page


def test_a_member_out_of_sight_cannot_be_tried(
    client: Visitor, database: Database, chain: Sample, clock: FixedClock
) -> None:
    with database.begin() as session:
        place = Place(store_id=chain.stores["E02"])
        add_user(session, "shop", PASSWORD, "store", now=clock.now(), title="店长", place=place)
    client.post("/sign-in", data={"username": "shop", "password": PASSWORD})
    seen = [member for member in chain.members if client.get(f"/members/{member}").status_code == 404]
    assert "no such member" in tried(client, subject=str(seen[0]))


def test_an_alert_leads_to_its_ruleset(admin: Visitor) -> None:
    page = admin.get("/alerts?lang=en").text
    assert 'href="/rules/zones"' in page
    assert "Decisions want data" in page


def test_the_timeline_of_a_run_leads_to_the_version_that_decided(admin: Visitor, chain: Sample) -> None:
    page = admin.get(f"/runs/{chain.runs['lost']}?lang=en").text
    assert 'href="/rules/zones?version=1"' in page
    assert re.search(r"Ruleset zones Matched\s+Rows: app", words(page))


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("zh", "结果：应为 归谁 = STORE、份额 = 60%；归谁 = OWNER、份额 = 40%，实际为 空"),
        ("en", "Outcome: For = STORE, Share = 60%; For = OWNER, Share = 40% was expected, nothing came"),
    ],
)
def test_what_a_test_misses_is_told_by_titles_and_in_per_cent(language: Language, told: str) -> None:
    outputs = [
        {"key": "party", "type": "text", "title": {"zh": "归谁", "en": "For"}},
        {"key": "bp", "type": "share", "title": {"zh": "份额", "en": "Share"}},
    ]
    given = [{"party": "STORE", "bp": 6000}, {"party": "OWNER", "bp": 4000}]
    result = TestResult("x", (Difference("outcome", given, None),))
    assert unmet(result, {"outputs": outputs}, language) == [told]
