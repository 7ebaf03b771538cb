"""The builder's address: what it shows of a condition, and what each thing that is sent does to the draft."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings

from engine.access.roles import Place
from engine.access.store import add_user
from engine.clock import FixedClock
from engine.database.connection import Database
from engine.definitions.drafts import find_draft
from engine.definitions.source import value_at
from engine.journeys.context import Proofs
from rules.proofs.solver import Z3Prover
from tests.rules.generate import FIELDS, Language
from tests.ui.conditions.branch import CASE, branch, condition_in, put_branch, put_document, table
from tests.ui.sample import PASSWORD, Sample
from tests.ui.visitor import Visitor, visiting
from ui.app import Dependencies, create_app

BRANCH = "/edit/journey/branch/condition"
FRIEND = {"==": [{"var": "member.friend"}, True]}
BOTH = {"and": [FRIEND, {"in": [{"var": "event.channel.title"}, ["pos"]]}]}


def address(at: str = CASE, base: str = BRANCH) -> str:
    return f"{base}?at={quote(at, safe='')}"


def shown(admin: Visitor, at: str = CASE, base: str = BRANCH, lang: str = "en") -> str:
    answer = admin.get(f"{address(at, base)}&lang={lang}", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    return answer.text


def forms(page: str) -> list[dict[str, list[str]]]:
    """What each form of a fragment would send, its buttons left aside."""
    found = []
    revision = re.search(r'data-revision="(\d+)"', page)
    for form in re.findall(r"<form\b.*?</form>", page, re.DOTALL):
        sent: dict[str, list[str]] = {"base": [revision[1] if revision else ""]}
        for tag in re.findall(r"<input\b[^>]*>", form):
            name, value = re.search(r'name="([^"]*)"', tag), re.search(r"""value=("[^"]*"|'[^']*')""", tag)
            ticked = "checkbox" not in tag or " checked" in tag
            if name and value and ticked:
                sent.setdefault(name[1], []).append(html.unescape(value[1][1:-1]))
        for name, options in re.findall(r'<select\b[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
            chosen = re.search(r'value="([^"]*)" selected', options)
            sent.setdefault(name, []).append(html.unescape(chosen[1]) if chosen else "")
        for name, text in re.findall(r'<textarea\b[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
            sent.setdefault(name, []).append(html.unescape(text))
        found.append(sent)
    return found


def row(page: str, at: str) -> dict[str, list[str]]:
    """The fields of the row at a place."""
    return next(each for each in forms(page) if each.get("at") == [at] and "operator" in each)


def send(admin: Visitor, sent: dict[str, Any], at: str = CASE, base: str = BRANCH, **more: Any) -> httpx.Response:
    return admin.post(address(at, base), data={**sent, **more})


@pytest.fixture
def built(admin: Visitor, database: Database, clock: FixedClock) -> Visitor:
    """A browser before a branch with two conditions."""
    put_branch(database, clock, BOTH)
    return admin


def test_the_builder_shows_titles_words_and_values_in_both_languages(built: Visitor) -> None:
    zh, en = shown(built, lang="zh"), shown(built, lang="en")
    assert 'value="是企微好友"' in zh
    assert 'value="Is a friend"' in en
    assert "以下全部成立" in zh
    assert "All of these" in en
    assert "pos" in zh
    assert "unknown-field" not in zh


def test_as_an_address_of_its_own_it_is_a_whole_page(built: Visitor) -> None:
    page = built.get(address()).text
    assert "<!doctype html>" in page
    assert "js/conditions.js" in page


def test_where_no_condition_stands_there_is_no_builder(built: Visitor) -> None:
    for at in ("", "/title", "/nodes/how", "/nodes/none/cases/0/when", "/nodes/how/cases/7/when", "x", "/~"):
        assert built.get(address(at)).status_code == 404
        assert send(built, {"do": "json", "json": "true"}, at).status_code == 404


def test_what_does_not_exist_has_no_builder(built: Visitor) -> None:
    assert built.get(address(base="/edit/journey/none/condition")).status_code == 404
    assert built.get(address(base="/edit/nothing/branch/condition")).status_code == 404


def test_the_first_condition_is_begun_by_its_field(admin: Visitor, database: Database, clock: FixedClock) -> None:
    for turn, (nothing, said) in enumerate([(None, "No condition yet"), (True, "This branch is always taken")]):
        put_branch(database, clock, nothing)
        assert said in shown(admin)
        answer = send(admin, {"do": "add", "at": "", "path": "member.friend", "base": str(2 * turn + 1)})
        assert answer.status_code == 200
        assert json.loads(answer.headers["HX-Trigger"])["draft-changed"]["revision"] == 2 * turn + 2
        assert condition_in(database) == FRIEND


BUTTONS: list[tuple[str, str, Any]] = [
    ("up", "/and/1", {"and": [BOTH["and"][1], FRIEND]}),
    ("down", "/and/0", {"and": [BOTH["and"][1], FRIEND]}),
    ("duplicate", "/and/0", {"and": [FRIEND, FRIEND, BOTH["and"][1]]}),
    ("remove", "/and/0", {"and": [BOTH["and"][1]]}),
    ("not", "/and/0", {"and": [{"!": [FRIEND]}, BOTH["and"][1]]}),
    ("group", "/and/0", {"and": [{"or": [FRIEND]}, BOTH["and"][1]]}),
]


def test_a_button_does_what_it_says(admin: Visitor, database: Database, clock: FixedClock) -> None:
    for deed, at, after in BUTTONS:
        put_branch(database, clock, BOTH)
        sent = row(shown(admin), at)
        assert send(admin, sent, do=deed).status_code == 200, deed
        assert condition_in(database) == after
        again = send(admin, sent, do=deed)
        assert again.status_code in {200, 412}, "what was pressed twice is done once, or to what it was meant for"


def test_a_group_is_switched_added_to_and_taken_away(built: Visitor, database: Database) -> None:
    group = next(each for each in forms(shown(built)) if each.get("do") == ["switch"])
    send(built, group, to="or")
    assert condition_in(database) == {"or": BOTH["and"]}
    send(built, {"do": "add-group", "at": ""})
    assert condition_in(database)["or"][2] == {"and": []}
    assert "This group is still empty" in shown(built)
    send(built, {"do": "add", "at": "/or/2", "path": "member.points"})
    assert condition_in(database)["or"][2] == {"and": [{">=": [{"var": "member.points"}, 0]}]}
    whole = next(each for each in forms(shown(built)) if each.get("at") == [""] and each.get("do") == [""])
    send(built, whole, do="remove")
    assert condition_in(database) is True


CHANGES: list[tuple[str, str, Any]] = [
    ("field", "event.type", {"in": [{"var": "event.type"}, ["pos"]]}),
    ("field", "member.points", {"in": [{"var": "member.points"}, []]}),
    ("field", "member.tags", {"has_any": [{"var": "member.tags"}, []]}),
    ("operator", "is", {"==": [{"var": "event.channel.title"}, "pos"]}),
    ("operator", "starts_with", {"starts_with": [{"var": "event.channel.title"}, "pos"]}),
    ("operator", "is_set", {"is_set": [{"var": "event.channel.title"}]}),
    ("value.1", "pos，shelf；till", {"in": [{"var": "event.channel.title"}, ["pos", "shelf", "till"]]}),
    ("value.1", "pos\nshelf", {"in": [{"var": "event.channel.title"}, ["pos", "shelf"]]}),
    ("value.1", "", {"in": [{"var": "event.channel.title"}, []]}),
]


def test_a_change_of_one_field_of_a_row_changes_that(admin: Visitor, database: Database, clock: FixedClock) -> None:
    for changed, value, after in CHANGES:
        put_branch(database, clock, BOTH)
        assert send(admin, row(shown(admin), "/and/1"), changed=changed, **{changed: value}).status_code == 200
        assert condition_in(database) == {"and": [FRIEND, after]}


def test_a_value_becomes_a_field_and_a_value_again(built: Visitor, database: Database) -> None:
    sent = row(shown(built), "/and/0")
    assert send(built, sent, swap="field:1").status_code == 200
    compared = condition_in(database)["and"][0]["=="][1]
    assert compared == {"var": "member.in_group"}
    sent = row(shown(built), "/and/0")
    assert send(built, sent, changed="other.1", **{"other.1": "member.registered"}).status_code == 200
    assert condition_in(database)["and"][0]["=="][1] == {"var": "member.registered"}
    assert send(built, row(shown(built), "/and/0"), swap="value:1").status_code == 200
    assert condition_in(database)["and"][0] == FRIEND


REFUSED: list[tuple[dict[str, Any], int]] = [
    ({"do": "add", "at": "", "path": "member.nothing"}, 422),
    ({"do": "add", "at": "/and/9", "path": "member.friend"}, 422),
    ({"do": "nonsense", "at": ""}, 422),
    ({"do": "switch", "at": "", "to": "xor"}, 422),
    ({"do": "switch", "at": "/and/0", "to": "or"}, 422),
    ({"do": "named", "at": "", "name": "none/such"}, 422),
    ({"do": "remove", "at": "/and/0", "seen": "other"}, 412),
    ({"do": "row", "at": "/and/0", "field": "member.tier", "operator": "is", "changed": "value.1"}, 412),
    ({"do": "row", "at": "", "changed": "value.1"}, 412),
    ({"do": "json", "json": "{"}, 422),
    ({"do": "json", "json": '{"a": 1, "a": 2}'}, 422),
    ({"do": "json", "json": '"' + "x" * 70_000 + '"'}, 422),
    ({}, 412),
]


def test_what_cannot_be_done_is_told_and_changes_nothing(built: Visitor, database: Database) -> None:
    for sent, status in REFUSED:
        answer = send(built, sent)
        assert answer.status_code == status, sent
        assert 'role="alert"' in answer.text
    assert condition_in(database) == BOTH


def test_what_is_no_value_is_told_beside_its_field_and_stays_typed(
    admin: Visitor, database: Database, clock: FixedClock
) -> None:
    put_branch(database, clock, {"within_last": [{"var": "member.friend_since"}, "P30D"]})
    answer = send(admin, row(shown(admin), ""), changed="value.1", **{"value.1": "soon"})
    assert answer.status_code == 422
    field = re.search(r'<input class="form-control cond-duration"[^>]*>', answer.text)
    assert field is not None
    assert 'value="soon"' in field[0]
    assert 'aria-invalid="true"' in field[0]
    described = re.search(r'aria-describedby="([^"]*)"', field[0])
    assert described is not None
    assert f'id="{described[1]}" role="alert"' in answer.text


MENDED = [
    ("member.tir", "unknown-field", "member.tier", '{"==": [{"var": "member.tir"}, "gold"]}'),
    ("femal", "type-mismatch", "female", '{"==": [{"var": "member.gender"}, "femal"]}'),
    ("betwen", "schema", "between", '{"betwen": [{"var": "member.points"}, 1, 2]}'),
    ("zones/vipp", "unknown-condition", "zones/vip", '{"condition": "zones/vipp"}'),
]


def test_what_is_wrong_is_told_at_its_place_and_mended_by_one_press(
    admin: Visitor, database: Database, clock: FixedClock
) -> None:
    for wrong, code, right, text in MENDED:
        put_branch(database, clock, {"and": [FRIEND, json.loads(text)]})
        page = shown(admin)
        assert f"<code>{code}</code>" in page
        offered = next(each for each in forms(page) if each.get("do") == ["mend"] and f'"{right}"' in each["value"][0])
        assert send(admin, offered).status_code == 200
        assert condition_in(database) == {"and": [FRIEND, json.loads(text.replace(f'"{wrong}"', f'"{right}"'))]}
        assert f"<code>{code}</code>" not in shown(admin)


def test_two_authors_change_two_values_of_one_condition_and_both_stand(
    built: Visitor, client: Visitor, database: Database, clock: FixedClock
) -> None:
    mine, theirs = row(shown(built), "/and/0"), row(shown(built), "/and/1")
    assert send(built, theirs, changed="value.1", **{"value.1": "shelf"}).status_code == 200
    assert send(built, mine, changed="value.1", **{"value.1": "false"}).status_code == 200
    assert condition_in(database) == {
        "and": [{"==": [{"var": "member.friend"}, False]}, {"in": [{"var": "event.channel.title"}, ["shelf"]]}]
    }


def test_whoever_may_only_look_sees_the_condition_and_changes_nothing(
    client: Visitor, chain: Sample, database: Database, clock: FixedClock
) -> None:
    put_branch(database, clock, BOTH)
    with database.begin() as session:
        add_user(session, "auditor", PASSWORD, "auditor", now=clock.now())
        add_user(session, "manager", PASSWORD, "store", now=clock.now(), place=Place(store_id=chain.stores["E02"]))
    for name in ("auditor", "manager"):
        client.post("/sign-in", data={"username": name, "password": PASSWORD})
        page = shown(client)
        assert "Is a friend" in page
        assert "cond-knob" not in page
        assert send(client, {"do": "json", "json": "true"}).status_code == 403
        client.post("/sign-out")
    assert condition_in(database) == BOTH


# How many


def reach(admin: Visitor, at: str = CASE, base: str = BRANCH) -> str:
    answer = admin.get(f"{base}/reach?at={quote(at, safe='')}&lang=en")
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.text)


def test_members_who_match_are_counted_and_three_of_them_named_masked(
    admin: Visitor, database: Database, clock: FixedClock, chain: Sample
) -> None:
    put_branch(database, clock, {"==": [{"var": "member.is_staff"}, False]})
    page = reach(admin)
    assert re.search(r"\d+ members match now", page)
    found = re.findall(r'href="/members/(\d+)">#\d+ ([^<]*)<', page)
    assert len(found) == 3
    assert all("*" in name or name == "No name" for _, name in found)
    assert "is staff is false" in page


def test_what_depends_on_the_event_is_told_and_left_aside(built: Visitor) -> None:
    page = reach(built)
    assert "match now" in page
    assert "Left aside" in page
    assert "Channel title" in page or "channel title" in page


UNCOUNTED = [
    ({"in": [{"var": "event.channel.title"}, ["pos"]]}, "decided when that happens"),
    ({"==": [{"var": "member.name"}, "x"]}, "personal data"),
    ({"==": [{"var": "member.tir"}, "x"]}, "Something is wrong"),
    ({"and": []}, "Something is wrong"),
]


def test_who_cannot_be_counted_is_told_why(admin: Visitor, database: Database, clock: FixedClock) -> None:
    for condition, said in UNCOUNTED:
        put_branch(database, clock, condition)
        page = reach(admin)
        assert said in page
        assert "match now" not in page


# Trying


def test_a_condition_is_tried_on_a_member_and_on_made_up_facts(built: Visitor, chain: Sample) -> None:
    member = chain.members[0]
    asked = built.get(f"{BRANCH}/try?at={quote(CASE, safe='')}&who={member}&lang=en").text
    assert "Missing: Channel title" in asked
    sent = {"who": str(member), "fact.event.channel.title": "pos", "fact.member.friend": "false"}
    answer = built.post(f"{BRANCH}/try?at={quote(CASE, safe='')}", data=sent).text
    assert "<strong>False</strong>" in answer
    answer = built.post(f"{BRANCH}/try?at={quote(CASE, safe='')}", data={**sent, "fact.member.friend": "true"}).text
    assert "<strong>True</strong>" in answer
    assert "cond-tree" in answer


UNREADABLE: list[tuple[dict[str, str], str]] = [
    ({"who": "unionid:nobody"}, "no such member"),
    ({"who": "nonsense"}, "no such member"),
    ({"now": "soon"}, "time cannot be read"),
    ({"fact.member.friend": "maybe"}, "does not fit"),
]


def test_no_address_takes_what_identifies_a_person(built: Visitor) -> None:
    answer = built.get(f"{BRANCH}/try?at={quote(CASE, safe='')}&who=phone:13800000000")
    assert answer.status_code == 422


def test_a_try_that_cannot_be_read_is_told(built: Visitor) -> None:
    built.get("/?lang=en")
    for sent, said in UNREADABLE:
        assert said in built.post(f"{BRANCH}/try?at={quote(CASE, safe='')}", data=sent).text


def test_a_broken_condition_is_not_tried(admin: Visitor, database: Database, clock: FixedClock) -> None:
    put_branch(database, clock, {"==": [{"var": "member.tir"}, 1]})
    admin.get("/?lang=en")
    assert "Mend it first" in admin.get(f"{BRANCH}/try?at={quote(CASE, safe='')}").text


# Rulesets

TABLE = "/edit/ruleset/segments/condition"


def test_conditions_of_rulesets_are_built_the_same_way(admin: Visitor, database: Database, clock: FixedClock) -> None:
    put_document(database, clock, "ruleset", table())
    for at in ("/rows/0/and", "/rows/0/when/0", "/conditions/vip", "/rows/1/and", "/rows/1/when/0", "/conditions/new"):
        page = shown(admin, at, TABLE)
        assert "unknown-field" not in page
        assert "cond-row" in page
        assert admin.get(f"{TABLE}/reach?at={quote(at, safe='')}").status_code == 200


def test_the_condition_of_a_cell_counts_by_its_column(admin: Visitor, database: Database, clock: FixedClock) -> None:
    put_document(database, clock, "ruleset", table())
    page = reach(admin, "/rows/0/when/0", TABLE)
    assert "match now" in page or "matches now" in page or "No member" in page


# Odd and large conditions


def deep(levels: int) -> Any:
    condition: Any = FRIEND
    for _ in range(levels):
        condition = {"!": [condition]}
    return condition


ODD: list[Any] = [
    deep(30), deep(31), deep(60), {"and": [FRIEND] * 660}, {"or": [{"and": [FRIEND] * 30}] * 15},
    {"in": [{"var": "x"}, ["y"] * 9_000]},
    {"==": [{"var": "member.name"}, "x" * 60_000]}, {"a": 1, "b": 2}, [], 7, "x", 1.5, {"": None}, {"~/": [1]},
    {"==": [{"var": "member.name"}, "<script>alert(1)</script>"]}, {"<script>": 1},
]  # fmt: skip


def test_whatever_stands_there_is_shown_and_kept(admin: Visitor, database: Database, clock: FixedClock) -> None:
    for condition in ODD:
        put_branch(database, clock, condition)
        page = shown(admin)
        assert "<script>alert" not in page
        assert condition_in(database) == condition
        assert len(page) < 4_000_000


def test_a_long_condition_is_told_in_words_and_opened_test_by_test(
    admin: Visitor, database: Database, clock: FixedClock
) -> None:
    put_branch(database, clock, {"or": [{"==": [{"var": "member.tier"}, f"t{i}"]} for i in range(60)]})
    page = shown(admin)
    assert "tier is t7" in page
    assert not [each for each in forms(page) if "operator" in each]
    page = admin.get(f"{address()}&open=/or/7", headers={"HX-Request": "true"}).text
    [opened] = [each for each in forms(page) if "operator" in each]
    answer = send(admin, opened, changed="value.1", **{"value.1": "gold"})
    assert condition_in(database)["or"][7] == {"==": [{"var": "member.tier"}, "gold"]}
    assert [each["at"] for each in forms(answer.text) if "operator" in each] == [["/or/7"]], "it stays open"
    answer = send(admin, {"do": "add", "at": "", "path": "member.friend"})
    assert [each["at"] for each in forms(answer.text) if "operator" in each] == [["/or/60"]]


LANGUAGE = Language()
NAMED = ("field", "operator", "value.", "other.", "number.")


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(condition=LANGUAGE.conditions)
def test_sending_what_is_shown_changes_nothing(
    admin: Visitor, database: Database, clock: FixedClock, condition: Any
) -> None:
    """Whatever row is sent back as it is shown, with any of its fields named as changed, leaves the draft alone."""
    put_branch(database, clock, condition, fields=FIELDS)
    for sent in forms(shown(admin)):
        if "changed" in sent and sent["field"] != [""]:
            for name in [
                name for name in sent if name.startswith(("field", "operator", "value.", "other.", "number."))
            ]:
                assert send(admin, sent, changed=name).status_code == 200
    assert json.dumps(condition_in(database)) == json.dumps(condition)


# What only proofs find


def test_what_proofs_find_of_a_condition_stands_below_it(
    deps: Dependencies, chain: Sample, database: Database, clock: FixedClock
) -> None:
    document = branch(FRIEND)
    never = {"and": [{"==": [{"var": "member.gender"}, "female"]}, {"==": [{"var": "member.gender"}, "male"]}]}
    cases = [{"when": FRIEND, "port": "yes"}, {"when": {"and": [FRIEND, BOTH["and"][1]]}, "port": "yes"}]
    document["nodes"]["how"]["cases"] = [*cases, {"when": never, "port": "yes"}]
    put_document(database, clock, "journey", document)
    with visiting(create_app(replace(deps, proofs=Proofs(Z3Prover(), seconds=600)))) as browser:
        browser.post("/sign-in", data={"username": "admin", "password": PASSWORD})
        found = [reach(browser, f"/nodes/how/cases/{i}/when") for i in range(3)]
    assert ["hidden-case" in page for page in found] == [False, True, False]
    assert ["impossible-condition" in page for page in found] == [False, False, True]


def test_the_first_change_to_what_is_published_begins_a_draft(admin: Visitor, database: Database) -> None:
    base, at = "/edit/journey/hook-coupon/condition", "/nodes/how/cases/0/when"
    page = shown(admin, at, base)
    assert 'data-revision="0"' in page
    assert send(admin, row(page, ""), at, base, changed="value.1", **{"value.1": "false"}).status_code == 200
    with database.begin() as session:
        draft = find_draft(session, "journey", "hook-coupon")
        assert draft is not None
        assert value_at(json.loads(draft.document), at) == {"==": [{"var": "member.friend"}, False]}
